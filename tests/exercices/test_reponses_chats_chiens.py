"""La dernière question du projet « Chats et chiens » : des prédictions notées sur des images cachées."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from banc import ROOT, bench_of, check_french

from cours_cnn.checks.chats_chiens.predictions import visible_drawings
from cours_cnn.grading.scoring import accuracy, share

pytestmark = pytest.mark.lent   # le corrigé entraîne un réseau


@pytest.fixture(autouse=True)
def seed(monkeypatch):
    """Une graine de session, différente de celle des sorties enregistrées."""
    monkeypatch.setenv("COURS_CNN_GRAINE", "20260")


@pytest.fixture(scope="module")
def project():
    """Le banc du projet « Chats et chiens »."""
    return bench_of("chats_chiens")


def score_of(bench, printed: str) -> tuple[float, float]:
    """Rend (exactitude, part des points) de ce qu'a écrit la cellule d'évaluation de la dernière question."""
    settings = bench.master["q7-evaluation"].metadata["cours"]["score"]
    labels = json.loads((ROOT / "solutions" / settings["etiquettes"]).read_text(encoding="utf-8"))
    value, _ = accuracy([{"output_type": "stream", "name": "stdout", "text": printed}], labels)
    return value, share(value, settings["seuils"])


@pytest.mark.long
class TestTrainedModels:
    """Vérifiés puis évalués par le même processus, qui ne les entraîne qu'une fois."""

    def test_reference_passes_and_earns_everything(self, project):
        message = project.reply("q7", project.solution("q7"))
        assert message.state == "reussi", message
        assert len(message.paragraphs[0]) > 60
        check_french(message)
        value, part = score_of(project, project.evaluate("q7", project.solution("q7")))
        assert part == 1, value

    def test_another_model_passes_and_earns_at_least_half(self, project):
        source = project.answers["q7"]["justes"][0]["code"]
        message = project.reply("q7", source)
        assert message.state == "reussi", message
        value, part = score_of(project, project.evaluate("q7", source))
        assert part >= 0.5, value


def test_stub_and_constant_answers_earn_nothing(project):
    assert score_of(project, project.evaluate("q7", project.stub("q7")))[1] == 0
    for constant in (0, 1):
        answer = f"def predict(images):\n    return [{constant}] * len(images)"
        assert score_of(project, project.evaluate("q7", answer)) == (0.5, 0)


def test_a_wrong_margin_does_not_hide_a_wrong_answer_at_one_half(project):
    answer = """
def summary(labels, probabilities):
    dogs = probabilities >= 0.5
    right = dogs == labels
    return {"accuracy": right.mean(), "margin": 1.96 * right.std(),
            "cats_as_dogs": (dogs & (labels == 0)).sum(), "dogs_as_cats": (~dogs & (labels == 1)).sum()}
"""
    message = project.reply("q5", answer)
    assert "exactement est comptée pour un chien" in message.paragraphs[0]


def test_labels_are_nowhere_in_the_notebooks(project):
    labels = (ROOT / "solutions" / "chats_chiens_etiquettes.json").read_text(encoding="utf-8")
    compact = "".join(re.findall(r"\d", labels))
    assert len(compact) == 80
    assert compact.count("1") == 40
    for cells in (project.master, project.exercise):
        for cell in cells.values():
            digits = "".join(re.findall(r"(?<![\d.])[01](?![\d.])", cell.source))
            assert compact not in digits


def test_hidden_pictures_are_neither_the_visible_ones_nor_each_other(project):
    answer = "seen = []\ndef predict(images):\n    seen.append(images)\n    return [0] * len(images)"
    namespace = project.namespace(answer, project.master["q7-evaluation"].source)
    hidden = namespace["seen"][0].astype(float)
    assert hidden.shape == (80, 64, 64, 3)
    known = np.concatenate([visible_drawings()[0], namespace["x_train"], namespace["x_validation"]])
    for rank, tile in enumerate(hidden):
        assert np.abs(known - tile).mean(axis=(1, 2, 3)).min() > 8, rank
        others = np.delete(hidden, rank, axis=0)
        assert np.abs(others - tile).mean(axis=(1, 2, 3)).min() > 8, rank

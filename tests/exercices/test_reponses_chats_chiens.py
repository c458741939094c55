"""Chaque question du projet « Chats et chiens », éprouvée par des réponses justes, vides et fausses."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Bench

from cours_cnn.checks.chats_chiens import EXERCISE, sections
from cours_cnn.checks.chats_chiens.predictions import visible_drawings
from cours_cnn.grading.scoring import accuracy, share

ANSWERS = tomllib.loads((Path(__file__).parent / "chats_chiens.toml").read_text(encoding="utf-8"))
QUESTIONS = list(EXERCISE.questions)
COMPARED = QUESTIONS[:-1]   # la dernière n'est pas comparée au corrigé : ses prédictions sont notées
SEED = "20260"

RIGHT = [pytest.param(q, case["code"], id=f"{q}-{rank}") for q in QUESTIONS
         for rank, case in enumerate(ANSWERS[q]["justes"], start=1)]
WRONG = [pytest.param(q, case, id=f"{q}-{rank}") for q in QUESTIONS
         for rank, case in enumerate(ANSWERS[q]["fausses"], start=1)]
DISTINGUISHABLE = [param for param in WRONG if param.values[0] in COMPARED
                   and not param.values[1].get("equivalente")]

pytestmark = pytest.mark.lent   # le corrigé entraîne un réseau


def text_of(message) -> str:
    """Le texte d'un message, espaces insécables et retours à la ligne compris, ramené à des espaces ordinaires."""
    return re.sub(r"\s+", " ", repr(message).replace("\u00a0", " "))


@pytest.fixture(autouse=True)
def seed(monkeypatch):
    """Une graine de session, différente de celle des sorties enregistrées."""
    monkeypatch.setenv("COURS_CNN_GRAINE", SEED)


class ProjectBench(Bench):
    """Le banc du projet : les dessins d'entraînement sont préparés une seule fois."""

    @property
    def _prepared(self) -> dict:
        if "_ready" not in self.__dict__:
            namespace: dict = {"__name__": "__main__"}
            for name in ("preparation", "q7-donnees"):
                exec(self.master[name].source, namespace)
            self._ready = namespace
        return self._ready


@pytest.fixture(scope="session")
def project() -> ProjectBench:
    """Le banc du projet « Chats et chiens »."""
    return ProjectBench("chats_chiens")


@cache
def _reference(bench, question):
    return bench.evaluate(question, bench.solution(question))


def score_of(bench, printed: str) -> tuple[float, float]:
    """Rend (exactitude, part des points) de ce qu'a écrit la cellule d'évaluation de la dernière question."""
    settings = bench.master["q7-evaluation"].metadata["cours"]["score"]
    labels = json.loads((ROOT / "solutions" / settings["etiquettes"]).read_text(encoding="utf-8"))
    value, _ = accuracy([{"output_type": "stream", "name": "stdout", "text": printed}], labels)
    return value, share(value, settings["seuils"])


def test_every_question_has_enough_known_answers():
    assert list(ANSWERS) == QUESTIONS
    for question in QUESTIONS:
        assert len(ANSWERS[question]["fausses"]) >= 4
        assert len(ANSWERS[question]["justes"]) >= 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_reference_passes(project, question):
    message = project.reply(question, project.solution(question))
    assert message.state == "reussi", message
    assert len(message.paragraphs[0]) > 60


@pytest.mark.parametrize("question", QUESTIONS)
def test_untouched_stub_is_not_an_error(project, question):
    message = project.check(question, project.stub(question))
    assert message.state == "a-faire"
    assert "pas encore de réponse" in text_of(message)


@pytest.mark.parametrize(("question", "code"), RIGHT)
def test_other_right_answer_passes(project, question, code):
    message = project.reply(question, code)
    assert message.state == "reussi", message


@pytest.mark.parametrize(("question", "case"), WRONG)
def test_wrong_answer_gets_its_message(project, question, case):
    message = project.reply(question, case["code"])
    assert message.state == "a-revoir", case["idee"]
    assert case["message"] in text_of(message), f"{case['idee']} → {message}"


@pytest.mark.parametrize("question", QUESTIONS)
def test_messages_tell_wrong_answers_apart(project, question):
    cases = ANSWERS[question]["fausses"]
    shown = [text_of(project.reply(question, case["code"])) for case in cases]
    for case in cases:
        assert sum(case["message"] in text for text in shown) == 1, case["message"]


@pytest.mark.parametrize(("question", "case"), DISTINGUISHABLE)
def test_evaluation_tells_wrong_from_right(project, question, case):
    found = project.evaluate(question, case["code"])
    assert project.gaps(question, _reference(project, question), found), case["idee"]


@pytest.mark.parametrize(("question", "code"), [param for param in RIGHT if param.values[0] in COMPARED])
def test_evaluation_accepts_every_right_answer(project, question, code):
    assert project.gaps(question, _reference(project, question), project.evaluate(question, code)) == []


@pytest.mark.parametrize("question", COMPARED)
def test_evaluation_prints_rich_data_never_verdicts(project, question, monkeypatch):
    text = _reference(project, question)
    assert len(set(re.findall(r"-?\d+(?:\.\d+)?", text))) >= 12
    assert not re.search(r"réussi|juste|faux|correct|points|assert", text, re.I)
    monkeypatch.setenv("COURS_CNN_GRAINE", "7")
    other = project.evaluate(question, project.solution(question))
    assert project.gaps(question, text, other), "la graine ne change rien"


@pytest.mark.parametrize("question", COMPARED)
def test_untouched_stub_earns_nothing(project, question):
    found = project.evaluate(question, project.stub(question))
    assert project.gaps(question, _reference(project, question), found)


class TestHiddenPictures:
    def test_reference_earns_everything(self, project):
        value, part = score_of(project, project.evaluate("q7", project.solution("q7")))
        assert part == 1, value

    def test_another_model_earns_at_least_half(self, project):
        value, part = score_of(project, project.evaluate("q7", ANSWERS["q7"]["justes"][0]["code"]))
        assert part >= 0.5, value

    def test_stub_and_constant_answers_earn_nothing(self, project):
        assert score_of(project, project.evaluate("q7", project.stub("q7")))[1] == 0
        for constant in (0, 1):
            answer = f"def predict(images):\n    return [{constant}] * len(images)"
            assert score_of(project, project.evaluate("q7", answer)) == (0.5, 0)

    def test_labels_are_nowhere_in_the_notebooks(self, project):
        labels = (ROOT / "solutions" / "chats_chiens_etiquettes.json").read_text(encoding="utf-8")
        compact = "".join(re.findall(r"\d", labels))
        assert len(compact) == 80
        assert compact.count("1") == 40
        for cells in (project.master, project.exercise):
            for cell in cells.values():
                digits = "".join(re.findall(r"(?<![\d.])[01](?![\d.])", cell.source))
                assert compact not in digits

    def test_hidden_pictures_are_neither_the_visible_ones_nor_each_other(self, project):
        seen = []
        project._prepared["spy"] = seen
        answer = "def predict(images):\n    spy.append(images)\n    return [0] * len(images)"
        project.evaluate("q7", answer)
        hidden = seen[0].astype(float)
        assert hidden.shape == (80, 64, 64, 3)
        known = np.concatenate([visible_drawings()[0], project._prepared["x_train"], project._prepared["x_validation"]])
        for rank, tile in enumerate(hidden):
            assert np.abs(known - tile).mean(axis=(1, 2, 3)).min() > 8, rank
            others = np.delete(hidden, rank, axis=0)
            assert np.abs(others - tile).mean(axis=(1, 2, 3)).min() > 8, rank


def test_chapter_sections_exist(root):
    import nbformat

    cells = nbformat.reads((root / "chapters" / "chats_chiens.ipynb").read_text(encoding="utf-8"), as_version=4).cells
    source = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = re.findall(r"^#{1,4} (.+)$", source, flags=re.M)
    titles = [title.replace("\u00a0", " ").replace("*", "") for title in found]
    for section in sections.ALL:
        assert section.title in titles, f"{section.name} : cette section n'existe pas"

"""Noter des prédictions : ce qui est lu, ce qui est compté, ce qui est refusé."""

from __future__ import annotations

import json

import pytest

from cours_cnn.grading.scoring import accuracy, drawn, predictions, share


def written(*lines: str) -> list[dict]:
    """Les sorties d'une cellule qui a écrit ``lines``."""
    return [{"output_type": "stream", "name": "stderr", "text": "[9, 9]"},
            *({"output_type": "stream", "name": "stdout", "text": f"{line}\n"} for line in lines)]


@pytest.mark.parametrize(("lines", "expected"), [
    (["[0, 1]"], [0, 1]), (["[[0, 1]]"], [0, 1]), (["bruit", "[0, 1]", ""], [0, 1]), (["[0, 1]", "bruit"], None),
    ([], None), (["3"], None), (["[" * 5000], None), (["[[0], [1]]"], [[0], [1]])])
def test_predictions_are_the_last_line(lines, expected):
    assert predictions(written(*lines)) == expected


def test_accuracy_counts_exact_answers_of_the_same_type():
    labels = [0, 1, 1, 0]
    assert accuracy(written(json.dumps([labels])), labels) == (1.0, "")
    assert accuracy(written("[0, 1, 0, 1]"), labels) == (0.5, "")
    assert accuracy(written("[false, true, true, false]"), labels) == (0.0, "")
    for line in ("[0, 1]", "rien"):
        value, reason = accuracy(written(line), labels)
        assert value == 0
        assert reason


def test_share_climbs_by_steps():
    steps = [[0.5, 0.25], [0.75, 1]]
    assert [share(value, steps) for value in (0.49, 0.5, 0.74, 0.75, 1)] == [0, 0.25, 0.25, 1, 1]
    for wrong in ([[0.5]], [[2, 1]], [["a", 1]]):
        with pytest.raises(ValueError, match="seuils"):
            share(0.5, wrong)


def test_a_draw_follows_the_seed():
    labels = list(range(50))
    chosen = drawn(labels, {"tirage": [3, 10]}, 1)
    assert len(set(chosen)) == 10
    assert chosen == drawn(labels, {"tirage": [3, 10]}, 1) != drawn(labels, {"tirage": [3, 10]}, 2)
    assert drawn(labels, {}, 1) == labels
    for wrong in (3, [3], [3, 51], [0, 10], [True, 10]):
        with pytest.raises(ValueError, match="tirage"):
            drawn(labels, {"tirage": wrong}, 1)

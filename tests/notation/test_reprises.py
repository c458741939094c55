"""Reprendre une copie sans la réponse qui a tué ou saturé son noyau : les autres questions sont jugées à part."""

from __future__ import annotations

import nbformat
import pytest

from cours_cnn.grading import marking
from cours_cnn.grading.rebuild import Rebuilt


def cell(passed: bool, headline: str = "la sortie diffère") -> dict:
    return {"passed": passed, "headline": "" if passed else headline}


def copy() -> Rebuilt:
    notebook = nbformat.v4.new_notebook()
    for name in ("q1", "q2"):
        notebook.cells += [nbformat.v4.new_code_cell("réponse", id=f"{name}-reponse"),
                           nbformat.v4.new_code_cell("évaluation", id=f"{name}-evaluation",
                                                     metadata={"nbgrader": {"grade": True}})]
    groups = {f"{name}-{kind}": f"{name}-reponse" for name in ("q1", "q2") for kind in ("reponse", "evaluation")}
    return Rebuilt(notebook, {}, groups)


def cells(*passed: bool, headline: str) -> dict[str, dict]:
    """Rend les quatre cellules jugées ; la première qui échoue porte ``headline``."""
    names = ("q1-reponse", "q1-evaluation", "q2-reponse", "q2-evaluation")
    first = passed.index(False)
    return {name: cell(right, headline if rank == first else "la sortie diffère")
            for rank, (name, right) in enumerate(zip(names, passed, strict=True))}


@pytest.fixture
def played(monkeypatch):
    """Rend une fonction qui joue ``run_all`` sur des exécutions données, et compte celles qui ont servi."""
    def play(*runs):
        sources, waiting = [], list(runs)

        def run(notebook, session):
            sources.append([one.source for one in notebook.cells])
            return waiting.pop(0)

        monkeypatch.setattr(marking, "run", run)
        found = marking.run_all(copy(), None)
        return {name: one["passed"] for name, one in found.items()}, sources, found

    return play


@pytest.mark.parametrize("headline", ["le noyau s'est arrêté pendant cette cellule", "l'exécution dépasse 3 s.",
                                      "la cellule affiche plus de 2 Mo", "dépasse 3 s et refuse de s'interrompre"])
def test_the_other_question_is_judged_without_the_culprit(played, headline):
    passed, sources, found = played(cells(False, False, False, False, headline=headline),
                                    cells(False, False, True, True, headline="NameError"))
    assert passed == {"q1-reponse": False, "q1-evaluation": False, "q2-reponse": True, "q2-evaluation": True}
    assert found["q1-reponse"]["headline"] == headline
    assert sources[1] == ["", "évaluation", "réponse", "évaluation"]


def test_a_timeout_that_harms_no_other_question_is_not_replayed(played):
    passed, sources, _ = played(cells(False, False, True, True, headline="l'exécution dépasse 3 s."))
    assert len(sources) == 1
    assert passed["q2-evaluation"]


def test_what_passed_the_first_time_is_kept(played):
    # La reprise prive q2 d'une fonction de q1 dont sa réponse se sert : elle était juste, elle le reste.
    passed, _, _ = played(cells(True, False, False, True, headline="l'exécution dépasse 3 s."),
                          cells(True, False, True, False, headline="NameError"))
    assert passed["q2-evaluation"]


def test_replaying_ends(played):
    dead = cells(False, False, False, False, headline="l'exécution dépasse 3 s.")
    other = {**dead, "q2-reponse": cell(False, "l'exécution dépasse 3 s.")}
    _, sources, _ = played(other, other, other, other)
    assert len(sources) <= 3

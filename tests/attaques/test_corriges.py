"""Les corrigés eux-mêmes : référence, faiblesses cherchées, et devoirs au format de nbgrader écrits par d'autres."""

from __future__ import annotations

import json

import nbformat
import pytest
from conftest_attaques import SOLUTIONS, Class, assignment, grader, write_assignment

from cours_cnn import data
from cours_cnn.fetch import cache_folder
from cours_cnn.grading.lint import constant, weaknesses
from cours_cnn.grading.marking import mark
from cours_cnn.grading.session import SessionError, open_session
from tools.pages import ROOT

pytestmark = pytest.mark.lent
MASTERS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.mark.long
@pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)
def test_each_master_gets_everything_and_its_exercise_nothing(path, monkeypatch):
    if path.stem == "chats_chiens":   # sans quoi les huit cents dessins du projet seraient refaits dix fois
        data.cats_and_dogs("dessins")
        monkeypatch.setenv("COURS_CNN_CACHE", str(cache_folder()))
    session = open_session(path)
    assert mark(session, None)["points"] == 20
    untouched = mark(session, (ROOT / "exercises" / path.name).read_bytes())
    assert (untouched["status"], untouched["points"]) == ("notée", 0)
    assert untouched["repairs"] == []
    assert weaknesses(session) == []


def test_weaknesses_are_found(tmp_path):
    weak = {"q2": "def parameters(kernel, channels, maps):\n    ### BEGIN SOLUTION\n    return 0\n    ### END SOLUTION"}
    nbformat.write(assignment(weak, evaluations=True), tmp_path / "faible.ipynb")
    found = weaknesses(open_session(tmp_path / "faible.ipynb"))
    assert any("réponse constante (0) obtient 3 sur 3" in line for line in found)


def test_constant_answers_define_every_name():
    assert constant("def f(x):\n    return x\nclass A: pass\ny = 3", "0").splitlines() == [
        "def f(*args, **kwargs): return 0", "def A(*args, **kwargs): return 0", "y = None"]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> Class:
    """Un devoir nbgrader au format 4.4, sans identifiants de cellule, dont les tests sont des ``assert``."""
    cells = [
        nbformat.v4.new_markdown_cell("# Squares"),
        nbformat.v4.new_code_cell("def squares(n):\n    ### BEGIN SOLUTION\n    return [k**2 for k in range(1, n+1)]\n"
                                  "    ### END SOLUTION", metadata=grader("squares", solution=True, locked=False)),
        nbformat.v4.new_code_cell("assert squares(1) == [1]\nassert squares(3) == [1, 4, 9]\n### BEGIN HIDDEN TESTS\n"
                                  "assert squares(4) == [1, 4, 9, 16]\n### END HIDDEN TESTS",
                                  metadata=grader("correct_squares", grade=True, points=2)),
        nbformat.v4.new_code_cell("def total(n):\n    ### BEGIN SOLUTION\n    return sum(squares(n))\n"
                                  "    ### END SOLUTION",
                                  metadata=grader("sum_of_squares", solution=True, locked=False)),
        nbformat.v4.new_code_cell("assert total(3) == 14", metadata=grader("correct_sum", grade=True, points=1)),
    ]
    for cell in cells:
        del cell["id"]
    notebook = nbformat.v4.new_notebook(nbformat_minor=4)
    notebook.cells = cells
    path = tmp_path_factory.mktemp("ailleurs") / "ps1.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return Class(open_session(path, cell_limit=8))


def submitted(**answers: str) -> bytes:
    cells = [nbformat.v4.new_code_cell(source, metadata=grader(name, solution=True, locked=False))
             for name, source in answers.items()]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = cells
    return nbformat.writes(notebook).encode()


RIGHT = {"squares": "def squares(n):\n    print('essai')\n    return [k * k for k in range(1, n + 1)]",
         "sum_of_squares": "def total(n): return n * (n + 1) * (2 * n + 1) // 6"}


@pytest.mark.parametrize(("changed", "expected"), [
    ({}, [2, 1]),
    ({"squares": "def squares(n):\n    raise NotImplementedError()"}, [0, 1]),
    ({"squares": "def squares(n): return [1, 4, 9][:n]"}, [0, 1]),
    ({"sum_of_squares": "import os\nos._exit(0)"}, [2, 0]),
    ({"sum_of_squares": "def total(n): return 13"}, [2, 0]),
])
def test_foreign_assignments_are_marked(foreign, changed, expected):
    result = foreign.mark(submitted(**{**RIGHT, **changed}))
    assert [question["earned"] for question in result["questions"]] == expected
    assert [question["id"] for question in result["questions"]] == ["correct_squares", "correct_sum"]


def test_a_foreign_assignment_is_told_to_be_fragile(foreign):
    assert sum("n'écrit aucune donnée" in line for line in weaknesses(foreign.session)) == 2


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda text: text.replace("return (kernel", "raise ValueError(kernel"), "échoue"),
    (lambda text: "{", "ne peut être lu"),
    (lambda text: text.replace('"grade": true', '"grade": false'), "aucune cellule d'évaluation"),
    (lambda text: text.replace("etiquettes.json", "absent.json"), "étiquettes cachées"),
    (lambda text: text.replace("images.npz", "absent.npz"), "images cachées absent.npz"),
    (lambda text: text.replace("40", "61"), "avec au plus 60 images ; reçu : .3, 61."),
])
def test_a_broken_master_stops_everything_with_a_reason(tmp_path, spoil, words):
    path = write_assignment(tmp_path, spoil(nbformat.writes(assignment(SOLUTIONS, evaluations=True))))
    with pytest.raises(SessionError, match=words):
        open_session(path, cell_limit=8)

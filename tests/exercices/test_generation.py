"""Les exercices distribués sont exactement ceux que donnent leurs corrigés."""

from __future__ import annotations

import ast
import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from banc import NAMES, ROOT, run_cell

from tools import exercices
from tools.exercices import MasterError, check_master, exercise_path, generated, generated_text, state

MASTERS = exercices.master_paths()


@pytest.fixture(params=MASTERS, ids=lambda path: path.stem)
def master_path(request):
    """Chaque corrigé du cours."""
    return request.param


def read(path):
    """Lit un notebook."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


@pytest.fixture
def copied(tmp_path):
    """Un petit dépôt qui contient le corrigé et l'exercice LeNet-5."""
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / "lenet.ipynb", tmp_path / folder)
    return tmp_path / "solutions" / "lenet.ipynb"


def test_there_is_a_master_for_each_known_exercise():
    assert [path.stem for path in MASTERS] == NAMES


def test_committed_exercise_is_the_generated_one(master_path):
    assert exercise_path(master_path).read_text(encoding="utf-8") == generated_text(master_path), \
        "l'exercice ne concorde pas avec son corrigé : lancez « make exercices »"


def test_make_exercices_runs_the_generator():
    shown = subprocess.run(["make", "--dry-run", "exercices", "TEMOINS=/dev/null", f"PY={sys.executable}"], cwd=ROOT,
                           capture_output=True, text=True, check=False).stdout
    command = next(line for line in shown.splitlines() if "tools.exercices" in line)
    with pytest.raises(SystemExit, match="0"):   # « --help » : l'appel est compris, et rien n'est écrit
        exercices.main([*command.split()[3:], "--help"])
    assert command.split()[1:] == ["-m", "tools.exercices", "generer"]


def test_a_manual_edit_of_the_exercise_is_noticed(copied, capsys):
    assert state(copied) == "concorde"
    target = exercise_path(copied)
    target.write_text(target.read_text(encoding="utf-8").replace("trois indices", "deux indices", 1)
                      .replace("Trois indices", "Deux indices", 1), encoding="utf-8")
    assert state(copied) == "ne concorde pas"
    target.unlink()
    assert state(copied) == "absent"


def test_a_manual_edit_of_the_master_is_noticed(copied):
    content = read(copied)
    next(cell for cell in content.cells if cell["id"] == "q1-enonce").source += "\nUne précision."
    copied.write_text(nbformat.writes(content), encoding="utf-8")
    assert state(copied) == "ne concorde pas"


def test_generation_ignores_the_outputs_of_the_master(master_path):
    master = read(master_path)
    bare = copy.deepcopy(master)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("mystnb", None)
    assert generated(bare, "lenet") == generated(master, "lenet")


def test_nothing_of_the_solution_is_left(master_path):
    master, exercise = read(master_path), read(exercise_path(master_path))
    text = json.dumps(exercise, ensure_ascii=False)
    for word in ("BEGIN", "HIDDEN", "SOLUTION", "corrige\"", "checks.probing", "Erreurs courantes"):
        assert word not in text
    for cell in master.cells:
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, flags=re.S):
            assert region.strip() not in text.replace("\\n", "\n").replace('\\"', '"')
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in exercise.cells)


def test_what_the_student_receives(master_path):
    master, exercise = read(master_path), read(exercise_path(master_path))
    kept = [cell["id"] for cell in master.cells if "corrige" not in cell.metadata.get("tags", [])]
    assert [cell["id"] for cell in exercise.cells] == kept
    assert exercise.cells[0].source.startswith("# Exercice")
    assert exercise.metadata["cours"]["source"] == f"solutions/{master_path.name}"
    assert "ne pas le modifier" in exercise.metadata["cours"]["avis"]
    for cell in exercise.cells:
        grader = cell.metadata.get("nbgrader")
        if cell.cell_type == "code" and "installation" not in cell.metadata.get("tags", []):
            ast.parse(cell.source)
        if grader and grader["solution"]:
            assert "# Votre réponse ici\n" in cell.source
            assert cell.metadata.get("deletable") is False
            assert cell.metadata.get("editable", True)
        elif grader:
            assert cell.metadata["editable"] is False


# Ce qui tient lieu des entraînements d'un exercice vierge : les noms que lisent les cellules suivantes.
UNTRAINED = {"lenet": "measure = compare(None, [], [])"}


def test_untouched_exercise_runs_to_the_end_and_earns_nothing(bench):
    namespace = {"__name__": "__main__"}
    heavy = {"installation", "nbval-ignore-output", "verification"}
    for name, cell in bench.exercise.items():
        if cell.cell_type == "code" and not heavy & set(cell.metadata.get("tags", [])):
            run_cell(cell.source, namespace, name)
    run_cell(UNTRAINED.get(bench.name, ""), namespace)
    for name in {"lenet": ("q7-mesure-verification", "q8-essai")}.get(bench.name, ()):
        run_cell(bench.exercise[name].source, namespace, name)
    run_cell("table = bilan()", namespace)
    assert namespace["table"].rows[-1][2:4] == ("0 / 20", f"0\u00a0sur\u00a0{len(bench.questions)}")


@pytest.mark.lent
def test_nbgrader_accepts_the_master(master_path, tmp_path, monkeypatch):
    from nbgrader.api import Gradebook
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    # nbgrader lance la commande alembic, installée à côté de Python.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    source = tmp_path / "source" / "tp"
    source.mkdir(parents=True)
    shutil.copy(master_path, source)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.assignment_id = "tp"
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    converter.start()
    released = read(tmp_path / "release" / "tp" / master_path.name)
    assert "BEGIN" not in json.dumps(released)
    with Gradebook(converter.coursedir.db_url) as gradebook:
        assert gradebook.find_notebook(master_path.stem, "tp").max_score == 20


@pytest.mark.lent
def test_nbgrader_validates_what_can_be_run_quickly(bench, tmp_path):
    from nbgrader.validator import Validator

    from cours_cnn.grading.provisioner import chosen

    heavy = {"nbval-ignore-output", "verification", "installation"}
    trained = {f"{name}-{part}" for name in filter(bench.scored, bench.questions)   # leur réponse entraîne un réseau
               for part in ("reponse", "verification", "evaluation")}
    quick = nbformat.v4.new_notebook(cells=[cell for name, cell in copy.deepcopy(bench.master).items()
                                            if name not in trained and not heavy & set(cell.metadata.get("tags", []))])
    quick.metadata = read(ROOT / "solutions" / f"{bench.name}.ipynb").metadata
    path = tmp_path / f"{bench.name}.ipynb"
    path.write_text(nbformat.writes(quick), encoding="utf-8")
    with chosen("cours-cnn-rapide"):   # nbgrader, sur des noyaux où TensorFlow est déjà chargé
        assert Validator().validate(str(path)) == {}


BROKEN = {
    "fin de solution absente": (lambda c: c.update(source=c.source.replace("### END SOLUTION", "")), "nbgrader refuse"),
    "talon invalide": (lambda c: c.update(source="x = (\n### BEGIN SOLUTION\n1)\n### END SOLUTION"),
                       "n'est plus valide"),
    "talon affiché": (lambda c: c.update(source="### BEGIN SOLUTION\n1\n### END SOLUTION"), "Ellipsis"),
    "identifiant": (lambda c: c.metadata.nbgrader.update(grade_id="q1-autre"), "attendu : l'identifiant de la cellule"),
    "rôle": (lambda c: c.metadata.nbgrader.update(solution=False), "renommez-la"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_master_is_refused(lenet, name):
    change, expected = BROKEN[name]
    master = read(ROOT / "solutions" / "lenet.ipynb")
    change(next(cell for cell in master.cells if cell["id"] == "q1-reponse"))
    with pytest.raises(MasterError, match=re.escape(expected)):
        generated(master, "lenet")


@pytest.mark.parametrize(("cell_id", "change", "expected"), [
    ("q2-evaluation", lambda c: c.metadata.nbgrader.update(points=5), "le total est de 23 points"),
    ("q2-verification", lambda c: c.metadata.update(tags=[]), "verification-eleve"),
    ("q2-verification", lambda c: c.metadata.pop("nbgrader"), "attendu : réponse, vérification, évaluation"),
])
def test_an_incomplete_master_is_refused(cell_id, change, expected):
    master = read(ROOT / "solutions" / "lenet.ipynb")
    change(next(cell for cell in master.cells if cell["id"] == cell_id))
    with pytest.raises(MasterError, match=re.escape(expected)):
        check_master(master)


def test_the_title_says_what_the_page_is():
    master = read(ROOT / "solutions" / "lenet.ipynb")
    master.cells[0].source = "# LeNet-5"
    with pytest.raises(MasterError, match="Corrigé"):
        generated(master, "lenet")


def test_commands(copied, monkeypatch, capsys):
    monkeypatch.setattr(exercices, "master_paths", lambda names=None, root=None: [copied])
    assert exercices.main(["verifier"]) == 0
    exercise_path(copied).unlink()
    assert exercices.main(["verifier"]) == 1
    assert "make exercices" in capsys.readouterr().out
    assert exercices.main(["generer"]) == 0
    assert "engendré" in capsys.readouterr().out
    assert exercices.main(["generer"]) == 0
    assert "inchangé" in capsys.readouterr().out
    assert exercices.main(["verifier"]) == 0


def test_unknown_name_is_refused(capsys):
    assert exercices.main(["verifier", "inconnu"]) == 2
    assert "Corrigés connus" in capsys.readouterr().err


def test_the_table_lists_every_known_wrong_idea(bench, capsys):
    assert exercices.main(["tableau", bench.name]) == 0
    shown = capsys.readouterr().out
    for question, cases in bench.answers.items():
        for case in cases["fausses"]:
            assert f"| {question} | {case['idee']} |" in shown

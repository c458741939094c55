"""Compare le correcteur du cours à nbgrader 0.9.6, à ``otter run`` 7.0.0 et à nbval employé seul.

Méthode : le devoir de :mod:`benchmarks.devoir` et les mêmes réponses d'élèves (six variantes, justes ou fausses, tour à
tour) sont donnés aux quatre. Chacun est employé par sa commande, telle qu'elle se lance :

- le cours : ``cours-cnn noter`` sur une classe de trente copies, deux travailleurs ; la durée comprend tout : exécution
  et examen du corrigé, démarrage des processus, prison, rapports ;
- nbgrader : ``nbgrader autograde`` sur six copies (il n'en traite qu'une à la fois) ;
- otter-grader : ``otter run``, une commande par copie, six copies ;
- nbval : ``pytest --nbval`` sur six copies déjà reconstruites, sans prison ni points.

Les quatre passent l'un après l'autre, tour après tour : la charge de la machine se partage entre eux. Par outil, le
temps retenu est la médiane des tours, divisée par le nombre de copies. Les préparations (``generate_assignment``,
``otter assign``) ne sont pas comptées. Le calcul propre des élèves est la somme des durées de leurs cellules, partagée
entre les travailleurs. nbgrader et otter sont installés dans ``.venv-bench``, TensorFlow étant celui du cours.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import site
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median

import nbformat

from benchmarks import devoir
from cours_cnn.grading import reading, rebuild
from cours_cnn.grading.session import Session, open_session

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".venv-bench"
RIVALS = ("nbgrader==0.9.6", "otter-grader==7.0.0")
CLASS = 30
CHUNK = len(devoir.VARIANTS)
WORKERS = 2
# nbgrader lance d'autres commandes par leur nom.
PROGRAMS = [str(PLACE / "bin"), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": os.pathsep.join(PROGRAMS),
               "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}


def measure(rounds: int, tell: Callable[[str], None]) -> dict:
    """Rend les durées et les rapports, en secondes par copie."""
    python = rivals_environment(tell)
    times: dict[str, list[float]] = {"cours": [], "nbgrader": [], "otter": [], "nbval": []}
    own: list[dict] = []
    with tempfile.TemporaryDirectory(prefix="cours-cnn-bench-") as folder:
        tell("Préparation du devoir aux trois formats…")
        session = prepare(Path(folder), python)
        for turn in range(1, rounds + 1):
            for name, run in (("nbgrader", nbgrader), ("otter", otter), ("nbval", nbval)):
                times[name].append(run(Path(folder), python, turn, session) / CHUNK)
                tell(f"Tour {turn}, {name} : {times[name][-1]:.2f} s par copie")
            seconds, results = course(Path(folder), turn)
            times["cours"].append(seconds / CLASS)
            own.append(results)
            tell(f"Tour {turn}, cours : {times['cours'][-1]:.2f} s par copie")
        exact = {"nbgrader": nbgrader_exact(Path(folder)), "otter": otter_exact(Path(folder)),
                 "cours": mean(one["notes_justes"] for one in own)}
    return report(times, own, exact)


def report(times: dict[str, list[float]], own: Sequence[dict], exact: dict[str, float]) -> dict:
    """Rend le bilan d'après les durées par copie de chaque tour."""
    each = {name: median(values) for name, values in times.items()}
    beyond = median(seconds - one["calcul_s"] / WORKERS for seconds, one in zip(times["cours"], own, strict=True))
    return {
        "copies": CLASS, "travailleurs": WORKERS, "tours": len(own),
        "secondes_par_copie": {name: round(value, 2) for name, value in each.items()},
        "copies_par_minute": {name: round(60 / value, 1) for name, value in each.items()},
        "calcul_propre_par_copie_s": round(median(one["calcul_s"] for one in own), 2),
        "au_dela_du_calcul_propre_s": round(beyond, 2),
        "rapport_a_nbgrader": round(each["nbgrader"] / each["cours"], 1),
        "rapport_a_otter": round(each["otter"] / each["cours"], 1),
        "rapport_a_nbval_seul": round(each["nbval"] / each["cours"], 1),
        "part_de_notes_justes": {name: round(value, 3) for name, value in exact.items()},
        "etendue_s": {name: [round(min(values), 2), round(max(values), 2)] for name, values in times.items()}}


def rivals_environment(tell: Callable[[str], None]) -> Path:
    """Rend l'interpréteur de ``.venv-bench``, créé au besoin, où nbgrader et otter-grader sont installés."""
    python = PLACE / "bin" / "python"
    marker = PLACE / "pret"
    if not marker.is_file() or marker.read_text(encoding="utf-8") != "\n".join(RIVALS):
        tell(f"Installation de {' et '.join(RIVALS)} dans {PLACE.name}…")
        shutil.rmtree(PLACE, ignore_errors=True)
        venv.create(PLACE, with_pip=True)
        inner = next((PLACE / "lib").glob("python3*")) / "site-packages"
        (inner / "cours.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
        command([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *RIVALS], ROOT)
        marker.write_text("\n".join(RIVALS), encoding="utf-8")
    return python


def prepare(folder: Path, python: Path) -> Session:
    """Écrit le devoir et les copies aux formats des quatre outils."""
    master = folder / "corriges" / "devoir.ipynb"
    save(master, nbformat.writes(devoir.course_master()))
    session = open_session(master)
    expected = devoir.reference(session.expected)

    save(folder / "nbgrader" / "source" / "devoir" / "devoir.ipynb", nbformat.writes(devoir.nbgrader_source(expected)))
    command([python, "-m", "nbgrader", "generate_assignment", "devoir", "--create"], folder / "nbgrader")
    received = nbformat.read(folder / "nbgrader" / "release" / "devoir" / "devoir.ipynb", as_version=4)
    for rank, answers in enumerate(devoir.VARIANTS):
        save(folder / "nbgrader" / "modele" / f"{rank}.ipynb", devoir.filled(received, answers))

    save(folder / "otter" / "devoir.ipynb", nbformat.writes(devoir.otter_master(expected)))
    command([python, "-m", "otter", "assign", "devoir.ipynb", "dist", "--no-run-tests"], folder / "otter")
    student = nbformat.read(folder / "otter" / "dist" / "student" / "devoir.ipynb", as_version=4)
    for rank, answers in enumerate(devoir.VARIANTS):
        save(folder / "otter" / "copies" / str(rank) / "devoir.ipynb", devoir.filled(student, answers))
        (folder / "otter" / "notes" / str(rank)).mkdir(parents=True)

    for number in range(CLASS):
        answers = devoir.VARIANTS[number % CHUNK]
        save(folder / "classe" / f"eleve-{number:02d}" / "devoir.ipynb", devoir.filled(_received(), answers))
    for rank, answers in enumerate(devoir.VARIANTS):
        copy = reading.read(devoir.filled(_received(), answers).encode())
        save(folder / "nbval" / f"{rank}.ipynb",
             nbformat.writes(rebuild.rebuild(session.notebook, copy, session.expected).notebook))
    return session


def _received() -> nbformat.NotebookNode:
    """Rend ce que l'élève du cours reçoit : sans solutions ni évaluations."""
    notebook = devoir.course_master()
    stubs = {question.name: question.stub for question in devoir.QUESTIONS}
    for cell in notebook.cells:
        name, _, kind = cell.id.partition("-")
        cell.source = {"reponse": stubs.get(name, ""), "evaluation": ""}.get(kind, cell.source)
    return notebook


def nbgrader(folder: Path, python: Path, turn: int, _session: Session) -> float:
    """Rend la durée de ``nbgrader autograde`` sur les copies d'un tour."""
    place = folder / "nbgrader"
    for rank in range(CHUNK):
        name = place / "submitted" / f"tour{turn}-{rank}" / "devoir" / "devoir.ipynb"
        save(name, (place / "modele" / f"{rank}.ipynb").read_text(encoding="utf-8"))
    return timed([python, "-m", "nbgrader", "autograde", "devoir", "--create", f"--student=tour{turn}-*"], place)


def nbgrader_exact(folder: Path) -> float:
    """Rend la part des copies à qui nbgrader a donné la note attendue."""
    query = ("select student_id, sum(coalesce(manual_score, auto_score, 0)) from submitted_assignment "
             "join submitted_notebook on submitted_notebook.assignment_id = submitted_assignment.id "
             "join grade on grade.notebook_id = submitted_notebook.id group by student_id")
    with contextlib.closing(sqlite3.connect(folder / "nbgrader" / "gradebook.db")) as base:
        found = dict(base.execute(query).fetchall())
    return mean(found[name] == devoir.MARKS[int(name.rpartition("-")[2])] for name in found)


def otter(folder: Path, python: Path, _turn: int, _session: Session) -> float:
    """Rend la durée de ``otter run`` sur les mêmes copies, l'une après l'autre."""
    place = folder / "otter"
    archive = next((place / "dist" / "autograder").glob("*.zip"))
    return sum(timed([python, "-m", "otter", "run", "--no-logo", "-a", archive, "-o", place / "notes" / str(rank),
                      place / "copies" / str(rank) / "devoir.ipynb"], place / "copies" / str(rank))
               for rank in range(CHUNK))


def otter_exact(folder: Path) -> float:
    """Rend la part des copies à qui otter-grader a donné la note attendue."""
    right = []
    for rank in range(CHUNK):
        found = json.loads((folder / "otter" / "notes" / str(rank) / "results.json").read_text(encoding="utf-8"))
        right.append(sum(test.get("score", 0) for test in found["tests"]) == devoir.MARKS[rank])
    return mean(right)


def nbval(folder: Path, _python: Path, _turn: int, _session: Session) -> float:
    """Rend la durée de nbval seul sur les mêmes copies, reconstruites d'avance."""
    return timed([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".",
                  "--nbval", "--nbval-current-env", "."], folder / "nbval", accepted=(0, 1))


def course(folder: Path, turn: int) -> tuple[float, dict]:
    """Rend la durée de ``cours-cnn noter`` sur la classe, et ce qu'en disent ses résultats."""
    output = folder / f"notes-{turn}"
    seconds = timed([sys.executable, "-m", "cours_cnn.grading", "noter", folder / "classe", "--exercice", "devoir",
                     "--corriges", folder / "corriges", "--sortie", output, "--travailleurs", WORKERS], ROOT)
    results = json.loads((output / "resultats.json").read_text(encoding="utf-8"))["resultats"]
    right = [result["points"] == devoir.MARKS[int(result["student"].rpartition("-")[2]) % CHUNK] for result in results]
    return seconds, {"calcul_s": mean(result["computing"] for result in results), "notes_justes": mean(right)}


def timed(parts: Sequence, folder: Path, *, accepted: Sequence[int] = (0,)) -> float:
    """Rend la durée d'une commande."""
    start = time.perf_counter()
    command(parts, folder, accepted=accepted)
    return time.perf_counter() - start


def command(parts: Sequence, folder: Path, *, accepted: Sequence[int] = (0,)) -> None:
    """Lance une commande ; lève ``RuntimeError``, avec la fin de ce qu'elle dit, si elle échoue."""
    done = subprocess.run([str(part) for part in parts], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode not in accepted:
        raise RuntimeError(f"La commande {' '.join(map(str, parts[1:4]))} a échoué :\n{done.stdout[-2000:]}")


def save(path: Path, content: str) -> None:
    """Écrit un fichier, dossiers compris."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")

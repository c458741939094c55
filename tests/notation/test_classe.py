"""La commande entière, sur la classe d'exemple : notes, reprise, nombre de travailleurs, refus."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pytest

from cours_cnn.grading import bubblewrap, classroom, cli, submissions
from cours_cnn.grading.reading import read
from cours_cnn.grading.rebuild import rebuild
from cours_cnn.grading.reports import class_page
from cours_cnn.grading.sample import sample_class
from cours_cnn.grading.session import Session
from cours_cnn.grading.similarity import Pair
from tools.pages import ROOT

EXPECTED = {"Élève A": 20.0, "Élève B": 0.0, "Élève C": 18.0, "Élève D": 18.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("classe")
    assert cli.main(["exemple", "--exercice", "lenet", "--sortie", str(place), "--corriges",
                     str(ROOT / "solutions")]) == 0
    return place


def command(folder, output, *options) -> list[str]:
    return ["noter", str(folder / "envoi.zip"), "--exercice", "lenet", "--sortie", str(folder / output), "--feuille",
            str(folder / "feuille.csv"), "--corriges", str(ROOT / "solutions"), "--delai", "8", *options]


def marks(folder, output) -> dict[str, float]:
    content = json.loads((folder / output / "resultats.json").read_text(encoding="utf-8"))
    return {result["student"]: result["mark"] for result in content["resultats"] if result["status"] == "notée"}


def killed_after_a_copy(process, done) -> dict[str, bytes]:
    """Tue une notation dès qu'une copie est notée et qu'une autre s'exécute ; rend les résultats déjà écrits."""
    limit = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < limit:
        # Entre deux copies, il ne reste que les travailleurs : on attend un noyau, pour qu'il y ait à qui survivre.
        left = descendants(process.pid)
        if len(left) >= 4 and list(done.glob("eleve-[a-d]*.json")):
            break
        time.sleep(0.1)
    process.kill()
    process.wait()
    limit = time.monotonic() + 20
    while (alive := [pid for pid in left if running(pid)]) and time.monotonic() < limit:
        time.sleep(0.1)
    assert len(left) >= 4
    assert not alive, "des processus survivent à la notation"
    return {path.name: path.read_bytes() for path in done.glob("eleve-[a-d]*.json")}


def descendants(pid: int) -> list[int]:
    """Rend les processus issus de ``pid`` : travailleurs, zygotes, noyaux."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def running(pid: int) -> bool:
    """Dit si un processus vit encore."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def essential(result) -> dict:
    """Rend d'un résultat ce qui ne doit dépendre que de la copie et de la graine : tout, hormis les durées."""
    kept = {name: result[name] for name in ("status", "reason", "points", "total", "repairs", "alerts", "answers")}
    return kept | {"questions": [{name: question[name] for name in ("id", "points", "earned", "verdict", "message")}
                                 for question in result["questions"]]}


def marked(folder):
    """Rend la session de la première notation, les copies, et l'essentiel de leurs résultats."""
    session = Session(**json.loads((folder / "a" / "session.json").read_text(encoding="utf-8")))
    copies = submissions.find(folder / "envoi.zip", "lenet")
    known = [json.loads((folder / "a" / "copies" / f"{copy.key}.json").read_text(encoding="utf-8"))
             for copy in copies]
    return session, copies, [essential(result) for result in known]


MARKER = """
import json, sys
from pathlib import Path
from cours_cnn.grading import classroom, submissions
from cours_cnn.grading.session import Session
from cours_cnn.grading.similarity import Pair
if __name__ == "__main__":
    place = Path(sys.argv[1])
    session = Session(**json.loads((place / "session.json").read_text(encoding="utf-8")))
    classroom.mark_all(session, submissions.find(Path(sys.argv[2]), "lenet"), place, classroom.processes(2))
"""


@pytest.mark.lent
@pytest.mark.long
class TestWholeClass:
    def test_killed_then_resumed(self, folder, capsys):
        process = subprocess.Popen([sys.executable, "-m", "cours_cnn.grading", *command(folder, "a")], cwd=ROOT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        kept = killed_after_a_copy(process, folder / "a" / "copies")
        assert kept

        assert cli.main(command(folder, "a", "--reprendre")) == 1  # l'élève F n'a pas remis de notebook
        told = capsys.readouterr().out
        assert "Session reprise" in told
        assert "déjà notée" in told
        assert not list((folder / "a").rglob("*.part"))
        found = marks(folder, "a")
        assert {name: found[name] for name in EXPECTED} == EXPECTED
        assert 0 < found["Élève E"] < 20
        sheet = (folder / "a" / "moodle.csv").read_text(encoding="utf-8-sig")
        assert '"Participant 900101","Élève A","Remis pour évaluation","20,00","20,00",Oui' in sheet
        assert '"Participant 900106","Élève F","Remis pour évaluation",-,"20,00",Oui' in sheet
        page = (folder / "a" / "eleves" / "eleve-d-900104.html").read_text(encoding="utf-8")
        assert "dépasse 8 s" in page
        assert "Non notée" not in page

    @pytest.mark.parametrize("workers", [1, 4])   # la première notation en a employé deux
    def test_the_number_of_workers_changes_nothing(self, folder, workers):
        session, copies, known = marked(folder)
        with classroom.processes(workers) as pool:
            results = classroom.mark_all(session, copies, folder / f"travailleurs-{workers}", pool)
        assert [essential(result) for result in results] == known

    def test_killed_then_resumed_by_the_second_path_with_the_same_marks(self, folder):
        if reason := bubblewrap.why_unavailable():
            pytest.skip(reason)
        session, copies, known = marked(folder)
        session = replace(session, protection="bwrap")
        place = folder / "bwrap"
        classroom.write(place / "session.json", json.dumps(asdict(session)))
        process = subprocess.Popen([sys.executable, "-c", MARKER, str(place), str(folder / "envoi.zip")], cwd=ROOT,
                                   start_new_session=True)
        kept = killed_after_a_copy(process, place / "copies")
        with classroom.processes(2) as pool:
            results = classroom.mark_all(session, copies, place, pool, resume=True)
        assert [essential(result) for result in results] == known
        assert all((place / "copies" / name).read_bytes() == data for name, data in kept.items())


class TestProtection:
    """Le choix entre les deux chemins, et le refus."""

    @pytest.mark.parametrize(("prison", "bwrap", "options", "chosen"), [
        (None, None, [], "prison"), ("essai", None, [], "bwrap"), (None, None, ["--protection", "bwrap"], "bwrap"),
        ("essai", "autre", ["--sans-protection"], "aucune"),
    ])
    def test_the_first_that_works_is_taken(self, folder, monkeypatch, prison, bwrap, options, chosen):
        asked = []
        monkeypatch.setattr(cli.provisioner, "why_unavailable", lambda: prison)
        monkeypatch.setattr(cli.bubblewrap, "why_unavailable", lambda: bwrap)
        monkeypatch.setattr(cli, "_session", lambda options, master, protection, executor: asked.append(protection))
        executors = []

        def processes(_workers, *, forked):
            executors.append(forked)
            return ThreadPoolExecutor(1)

        monkeypatch.setattr(cli.classroom, "processes", processes)
        with pytest.raises(AttributeError):
            cli.main(command(folder, "choix", *options))
        assert asked == [chosen]
        assert executors == [chosen == "prison"]   # le second chemin n'a pas de zygote à préparer

    @pytest.mark.parametrize("options", [[], ["--protection", "prison"], ["--protection", "bwrap"]])
    def test_without_any_it_refuses_and_says_why(self, folder, monkeypatch, capsys, options):
        monkeypatch.setattr(cli.provisioner, "why_unavailable", lambda: "raison de la prison")
        monkeypatch.setattr(cli.bubblewrap, "why_unavailable", lambda: "raison de bubblewrap")
        assert cli.main(command(folder, "c", *options)) == 3
        told = capsys.readouterr().err
        assert "--sans-protection" in told
        assert ("raison de la prison" in told) == (options[-1:] != ["bwrap"])
        assert ("raison de bubblewrap" in told) == (options[-1:] != ["prison"])
        assert not (folder / "c").exists()


@pytest.mark.parametrize(("options", "words"), [
    (["--exercice", "absent"], "Exercices connus : "), (["--bareme", "absent.toml"], "ne peut être lu"),
    (["--travailleurs", "0"], "au moins 1"), (["--feuille", "README.md"], "feuille de notes de Moodle"),
    (["--executeur", "spark://x"], "dask://"),
])
def test_a_wrong_call_is_explained(folder, options, words, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli, "_session", lambda *_: None)
    assert cli.main(command(folder, "d", *options)) == 2
    assert words in capsys.readouterr().err


def test_simulation_runs_nothing(folder, capsys):
    assert cli.main(command(folder, "e", "--simulation")) == 0
    told = capsys.readouterr().out
    assert "Élève F : rien à noter" in told
    assert "rapport.txt" in told
    assert not (folder / "e").exists()


def test_sample_is_always_the_same_class():
    files = sample_class(ROOT / "solutions" / "lenet.ipynb")
    assert sorted(files) == ["envoi.zip", "feuille.csv"]
    assert files["feuille.csv"].decode("utf-8-sig").count("Participant 9001") == 6


def test_sample_copies_are_what_students_received():
    master = ROOT / "solutions" / "lenet.ipynb"
    with zipfile.ZipFile(io.BytesIO(sample_class(master)["envoi.zip"])) as archive:
        copies = {name[:7]: archive.read(name) for name in archive.namelist() if name.endswith("lenet.ipynb")}
    assert list(copies) == ["Élève A", "Élève B", "Élève C", "Élève D"]
    notebook = nbformat.read(master, as_version=4)
    assert [rebuild(notebook, read(data)).repairs for data in copies.values()] == [[], [], [], []]
    assert all("HIDDEN TESTS" not in data.decode() for data in copies.values())


def test_the_class_page_tells_each_thing_once():
    pairs = [Pair("q2-reponse", "Élève A", "Élève C", 1.0), Pair("q4-reponse", "Élève A", "Élève C", 0.88)]
    absent = {"student": "Élève F", "key": "f", "status": "illisible", "reason": "aucun notebook", "seconds": 0.0,
              "notes": ["aucun notebook"], "repairs": [], "alerts": []}
    page = class_page("lenet", [absent], pairs, 1, "abc")
    assert page.count("aucun notebook") == 1
    assert re.search(r"<li>Élève A et Élève C\W+: q2 \(100\W%\), q4 \(88\W%\)</li>", page)


def test_the_class_page_tells_why_a_copy_took_so_long():
    questions = [{"id": name, "points": 2, "earned": 0, "verdict": verdict, "seconds": 60.0}
                 for name, verdict in (("q1", "délai"), ("q2", "erreur"), ("q3", "noyau"), ("q4", "flot"))]
    copy = {"student": "Élève D", "key": "d", "status": "notée", "reason": "", "seconds": 61.6, "mark": 12.0,
            "notes": [], "repairs": [], "alerts": [], "questions": questions}
    page = class_page("lenet", [copy], [], 1, "abc")
    assert "q1 : l'exécution a dépassé le temps admis<br>q3 : l'exécution a interrompu le noyau Python" in page \
        .replace("\u00a0", " ").replace("&#x27;", "'")
    assert "q2 : l" not in page.replace("\u00a0", " ")

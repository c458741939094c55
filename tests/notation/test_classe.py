"""La commande entière, sur la classe d'exemple : notes, reprise, nombre de travailleurs, refus."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cours_cnn.grading import cli
from cours_cnn.grading.sample import sample_class
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
            str(folder / "feuille.csv"), "--corriges", str(ROOT / "solutions"), "--delai", "15", *options]


def marks(folder, output) -> dict[str, float]:
    content = json.loads((folder / output / "resultats.json").read_text(encoding="utf-8"))
    return {result["student"]: result["mark"] for result in content["resultats"] if result["status"] == "notée"}


@pytest.mark.lent
class TestWholeClass:
    def test_killed_then_resumed_then_again_with_one_worker(self, folder, capsys):
        process = subprocess.Popen([sys.executable, "-m", "cours_cnn.grading", *command(folder, "a")], cwd=ROOT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        limit = time.monotonic() + 240
        done = folder / "a" / "copies"
        while not list(done.glob("eleve-[a-d]*.json")) and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kept = {path.name: path.read_bytes() for path in done.glob("*.json")}
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
        assert "dépasse 15 s" in page
        assert "Non notée" not in page

        seed = json.loads((folder / "a" / "session.json").read_text())["seed"]
        assert cli.main(command(folder, "b", "--graine", str(seed), "--travailleurs", "1")) == 1
        assert marks(folder, "b") == found

    def test_without_the_jail_it_refuses_and_says_why(self, folder, monkeypatch, capsys):
        monkeypatch.setattr(cli.provisioner, "why_unavailable", lambda: "essai")
        assert cli.main(command(folder, "c")) == 3
        assert "--sans-protection" in capsys.readouterr().err
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

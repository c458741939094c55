"""L'adresse du dépôt : un seul réglage, écrit partout, refusé s'il est mal formé."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest
from site_support import ROOT

from tools import depot

URL = "https://github.com/organisation/depot"


@pytest.fixture
def course(tmp_path):
    """Une copie des fichiers concernés, avec un notebook par dossier."""
    for name in ("_config.yml", "CITATION.cff", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in depot.NOTEBOOK_FOLDERS:
        cells = [{"cell_type": "markdown", "id": "titre", "metadata": {}, "source": ["# Titre"]},
                 {"cell_type": "code", "id": "c0", "metadata": {"tags": ["installation"]}, "execution_count": 1,
                  "outputs": [], "source": depot.installation_cell().splitlines(keepends=True)}]
        path = tmp_path / folder / "essai.ipynb"
        path.parent.mkdir()
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    depot.write("", tmp_path)
    return tmp_path


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_course_agrees_with_its_setting():
    assert depot.disagreements() == []


def test_every_notebook_starts_with_the_cell():
    for path in depot.notebooks():
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if depot.TAG in cell["metadata"].get("tags", [])]
        assert len(tagged) == 1, path
        assert tagged[0] is next(cell for cell in cells if cell["cell_type"] == "code"), path


def test_address_reaches_every_file(course):
    before = snapshot(course)
    assert len(depot.write(f"{URL}.git/", course)) == 6
    assert depot.read_url(course) == URL
    assert depot.disagreements(course) == []
    for path in course.rglob("*.ipynb"):
        assert f"git+{URL}" in path.read_text(encoding="utf-8")
    assert f'repository-code: "{URL}"' in (course / "CITATION.cff").read_text(encoding="utf-8")
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert "colab.research.google.com/github/organisation/depot/blob/main/chapters/essai.ipynb" in readme
    assert "solutions/essai.ipynb" not in readme
    assert depot.write(URL, course) == []
    depot.write("", course)
    assert snapshot(course) == before


def test_a_stale_file_is_seen(course):
    depot.write(URL, course)
    path = course / "chapters" / "essai.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("organisation/depot", "autre/depot"), encoding="utf-8")
    assert depot.disagreements(course) == [path]


@pytest.mark.parametrize("url", [
    "http://github.com/a/b", "https://github.com/a", "https://github.com/a/b/c", "https://gitlab.com/a/b", "a/b",
    'https://github.com/a/b"\nautre: 1', "https://github.com/a/..", "https://github.com/a/b c", "https://github.com/-a/b"])
def test_bad_address_is_refused_in_french(course, url, capsys):
    before = snapshot(course)
    with pytest.raises(ValueError, match="adresse d'un dépôt GitHub"):
        depot.write(url, course)
    assert snapshot(course) == before
    assert depot.main([url]) == 2
    assert "adresse d'un dépôt GitHub" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], [""], [URL, "--retirer"], ["--retirer", "--verifier"]])
def test_ambiguous_call_is_refused(arguments, capsys):
    assert depot.main(arguments) == 2
    assert "make depot URL=" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["", URL])
def test_installation_cell_is_short(url):
    assert len(depot.installation_cell(url).splitlines()) <= 8


def test_installation_cell_says_what_to_do(monkeypatch):
    exec(depot.installation_cell(), {})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="À la racine du cours, exécutez pip install"):
        exec(depot.installation_cell(), {})

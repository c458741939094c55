"""Le chapitre Transfert là où seul le module est installé : notebook copié seul, ni données, ni poids, ni réseau."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from tools.execution import executed
from tools.rules import output_texts_of

NOTEBOOK = "transfert.ipynb"


def install(root: Path, site: Path) -> None:
    """Copie dans ``site`` les seuls fichiers que ``pip install`` y mettrait : modules et données déclarées."""
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = ["**/*.py", *declared["package-data"]["cours_cnn"]]
    for path in {path for pattern in patterns for path in (root / "cours_cnn").glob(pattern) if path.is_file()}:
        target = site / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


@pytest.fixture
def colab(tmp_path, root, monkeypatch) -> Path:
    """Un dossier vide, où les noyaux voient le module installé, un ``google.colab`` factice, et rien d'autre."""
    site, folder = tmp_path / "site", tmp_path / "content"
    install(root, site)
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").write_text("factice = True\n", encoding="utf-8")
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("COURS_CNN_")]:
        monkeypatch.delenv(name)
    closed = "http://127.0.0.1:9"
    for name, value in {"PYTHONPATH": str(site), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"),
                        "KERAS_HOME": str(tmp_path / "keras"), "https_proxy": closed, "http_proxy": closed,
                        "HTTPS_PROXY": closed, "HTTP_PROXY": closed}.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.mark.lent
@pytest.mark.long
def test_the_chapter_runs_with_the_module_alone(colab, root):
    shutil.copyfile(root / "chapters" / NOTEBOOK, colab / NOTEBOOK)
    notebook = nbformat.read(colab / NOTEBOOK, as_version=4)
    probe = ("import cours_cnn, google.colab, pathlib\n"
             "print('MODULE', pathlib.Path(cours_cnn.__file__).parents[1], google.colab.factice)")
    notebook.cells.append(nbformat.v4.new_code_cell(probe, id="sonde"))
    result = executed(notebook, colab, tell=lambda line: None)
    texts = {cell.id: "\n".join(output_texts_of(cell)) for cell in result.cells if cell.cell_type == "code"}
    assert f"MODULE {colab.parent / 'site'} True" in texts["sonde"]
    assert "DESSINS" in texts["sur-quoi"]
    assert "POIDS ALÉATOIRES" in texts["sur-quoi"]
    assert "introuvables" in texts["sur-quoi"]
    assert texts["sur-quoi"].count("Avis") == 2
    for cell in ("juger-direct", "modele-apprendre", "affiner-direct"):
        assert "DESSINS" in texts[cell], f"la cellule « {cell} » ne dit pas sur quoi elle a tourné"
    assert [path.name for path in colab.iterdir()] == [NOTEBOOK], "le chapitre laisse des fichiers derrière lui"


def test_the_installed_module_carries_the_recorded_results(tmp_path, root):
    install(root, tmp_path)
    measured = {path.name for path in (tmp_path / "cours_cnn" / "measured").iterdir()}
    assert {f"transfert_{name}.json" for name in ("chiffres", "radiographies", "affinage", "erreurs")} <= measured
    assert str(tmp_path) not in sys.path

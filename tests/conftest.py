"""Réglages communs des tests, et petits notebooks fabriqués à la demande."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
# Les outils des auteurs ne sont pas installés avec le module : ils se lisent depuis la racine du dépôt.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def pytest_collection_modifyitems(items):
    """Met les tests longs en tête ; l'ordre des autres, cellules d'un notebook comprises, est gardé."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def root() -> Path:
    """La racine du dépôt."""
    return ROOT


def code(cell_id: str, source: str, outputs=None, *, count=None, tags=(), **metadata):
    """Une cellule de code ; ``outputs`` : texte imprimé ou liste de sorties nbformat."""
    if isinstance(outputs, str):
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=outputs)]
    cell = nbformat.v4.new_code_cell(source, id=cell_id, outputs=outputs or [], execution_count=count)
    if tags:
        cell.metadata["tags"] = list(tags)
    cell.metadata.update(metadata)
    return cell


def text(cell_id: str, source: str):
    """Une cellule de texte."""
    return nbformat.v4.new_markdown_cell(source, id=cell_id)


def figure(alt: str, mime: str = "image/png", data: str = "aW1hZ2U="):
    """La sortie d'une figure du cours."""
    return nbformat.v4.new_output("display_data", data={mime: data, "text/plain": f"Figure\u00a0: {alt}"})


def result(value: str, mime: str = "text/plain"):
    """La valeur d'une cellule."""
    return nbformat.v4.new_output("execute_result", data={mime: value}, execution_count=1)


def write_notebook(path: Path, cells, **metadata) -> Path:
    """Écrit un notebook aux métadonnées du cours ; les cellules sans numéro sont numérotées dans l'ordre."""
    codes = [cell for cell in cells if cell.cell_type == "code"]
    for rank, cell in enumerate(codes, start=1):
        if cell.execution_count is None:
            cell.execution_count = rank
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, **metadata})
    # Ajoutées après coup : new_notebook réparerait les défauts que certains tests veulent écrire.
    notebook.cells = list(cells)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.v4.writes(notebook) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def nb():
    """Les fabriques ``nb.code``, ``nb.text``, ``nb.figure``, ``nb.result`` et ``nb.write``."""
    from types import SimpleNamespace

    return SimpleNamespace(code=code, text=text, figure=figure, result=result, write=write_notebook)


@pytest.fixture(scope="session")
def browser():
    """Un Chromium sans fenêtre ; son absence est un échec, jamais un test passé en silence."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.fail("Chromium est introuvable. Sous Debian ou Ubuntu : sudo apt install chromium. "
                    "Pour écarter ces tests : SANS_NAVIGATEUR=1 make test.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()

"""Lecture des pages du cours : notebooks et fichiers Markdown, sous une forme commune que les règles parcourent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat.reader

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK_FOLDERS = ("chapters", "solutions", "exercises")


@dataclass(frozen=True)
class Finding:
    """Un défaut : la page, l'endroit (identifiant de cellule ou ligne), ce qui ne va pas et ce qui est attendu."""

    page: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.page}, {self.place} : {self.message}" if self.place else f"{self.page} : {self.message}"


class Page:
    """Une page du cours. ``path`` : le fichier ; ``name`` : son chemin depuis ``root`` ; ``kind`` : « chapters »,
    « solutions », « exercises » (dossier du notebook) ou « page » (Markdown)."""

    def __init__(self, path: Path, root: Path = ROOT):
        self.path, self.root = Path(path).resolve(), Path(root).resolve()
        inside = self.path.is_relative_to(self.root)
        self.name = self.path.relative_to(self.root).as_posix() if inside else self.path.name
        self.is_notebook = self.path.suffix == ".ipynb"
        folder = self.path.parent.name
        self.kind = "page" if not self.is_notebook else folder if folder in NOTEBOOK_FOLDERS else "notebook"

    def __repr__(self) -> str:
        return f"Page({self.name})"

    @cached_property
    def text(self) -> str:
        """Le contenu du fichier, tel quel."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def notebook(self):
        """Le notebook tel qu'il est écrit ; ``ValueError`` si le fichier n'en est pas un.

        nbformat le lit sans le valider : la validation répare d'elle-même certains défauts que les règles cherchent.
        """
        try:
            return nbformat.reader.reads(self.text)
        except Exception as error:
            raise ValueError(f"{self.name} n'est pas un notebook lisible : {error}") from None

    def code_cells(self) -> list:
        """Rend les cellules de code du notebook (liste vide pour une page Markdown)."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"] if self.is_notebook else []

    def markdown(self) -> Iterator[tuple[str, str]]:
        """Rend les couples (endroit, texte Markdown) : un par cellule de texte, un seul pour une page Markdown."""
        if not self.is_notebook:
            yield "", self.text
            return
        for index, cell in enumerate(self.notebook.cells):
            if cell.cell_type == "markdown":
                yield place_of(cell, index), cell.source

    def finding(self, place: str, message: str) -> Finding:
        """Rend un défaut de cette page."""
        return Finding(self.name, place, message)


def place_of(cell, index: int) -> str:
    """Rend l'endroit d'une cellule : son identifiant s'il existe, sinon son rang."""
    return f"cellule « {cell['id']} »" if cell.get("id") else f"cellule n° {index + 1}"


def tags(cell) -> set[str]:
    """Rend les étiquettes d'une cellule."""
    return set(cell.metadata.get("tags", []))


def notebook_paths(root: Path = ROOT, folders: tuple[str, ...] = NOTEBOOK_FOLDERS) -> list[Path]:
    """Rend les notebooks des dossiers ``folders`` de ``root``, dans l'ordre des dossiers puis des noms."""
    return [path for folder in folders for path in sorted((root / folder).glob("*.ipynb"))]


def markdown_paths(root: Path = ROOT) -> list[Path]:
    """Rend les pages Markdown que l'on lit : accueil, annexes, README, CONTRIBUTING."""
    first = [root / name for name in ("README.md", "CONTRIBUTING.md", "accueil.md")]
    return [path for path in first if path.exists()] + sorted((root / "annexes").glob("*.md"))


def read_pages(paths, root: Path = ROOT) -> list[Page]:
    """Rend une :class:`Page` par chemin ; ``FileNotFoundError`` en français si l'un manque."""
    for path in paths:
        if not Path(path).is_file():
            raise FileNotFoundError(f"Le fichier {path} n'existe pas ; indiquez un notebook ou une page (.ipynb, .md).")
        if Path(path).suffix not in (".ipynb", ".md"):
            raise ValueError(f"Le fichier {path} n'est ni un notebook (.ipynb) ni une page (.md).")
    return [Page(path, root) for path in paths]

"""La page « Du diaporama aux chapitres » suit le diaporama diapositive par diapositive, et chaque renvoi aboutit."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import nbformat
import pytest

# Les titres du diaporama, dans l'ordre, avec ce que chaque diapositive énonce de plus reconnaissable.
SLIDES = [
    ("Architectures de CNN · Sommaire", []),
    ("Introduction", ["fixes", "premières couches", "tâche", "ajuster tout"]),
    ("LeNet-5 (1998)", ["1998", "60 k", "two pipelines", "article", "tanh"]),
    ("LeNet-5 · Architecture", ["huit lignes", "RBF", "softmax"]),
    ("ImageNet Large Scale Visual Recognition", ["1,2 million", "26", "2,3", "top-5"]),
    ("AlexNet (2012)", ["30 septembre", "15,3", "cinq convolutions", "empiler", "60 M", "11 → 5 → 3", "224 → 55"]),
    ("AlexNet · Architecture", ["douze lignes"]),
    ("VGG16 (2014)", ["92,7", "160M", "138 M", "régulière", "224 → 112", "seize couches"]),
    ("On retiendra…", ["deux 3 × 3", "première couche", "doubler"]),
    ("Application", ["colab", "14 714 688", "25 088", "50 178", "14 764 866", "trainable", "adam", "shear_range",
                     "fit_generator", "exactitude"]),
    ("GoogLeNet (ou Inception, 2014)", ["modules", "7 M", "22 couches", "7 %", "dix"]),
    ("Inception module", ["5 × 5", "échelles", "same"]),
    ("The problem of computation cost", ["120 M"]),
    ("Using 1x1 convolution", ["bottleneck", "12,4", "généralisation"]),
    ("GoogLeNet · Architecture", ["Inception-v3", "Inception-v4"]),
    ("ResNet (2015)", ["3,6", "152", "moins de paramètres", "connexions directes", "ResNet-34", "évanescence"]),
    ("Blocs résiduels", ["équations", "h(x)", "identité", "signal"]),
    ("ResNet · Architecture", ["dropout", "3 × 3", "projection 1 × 1", "centaines", "autre format"]),
    ("Performance de ResNet en fonction du nombre de couches", ["18 et 34"]),
    ("Keras applications : performance des réseaux préentraînés", ["dix réseaux", "profondeurs", "top-1", "temps"]),
    ("Liens", ["chollet"]),
    ("Mini-projet : Cats Vs Dogs", ["kaggle", "propres données", "cnn simple", "vgg16", "modèle entraîné"]),
]


def plain(text: str) -> str:
    """Rend ``text`` sans accents, casse ni espaces particulières."""
    text = unicodedata.normalize("NFKD", text.replace("\N{NO-BREAK SPACE}", " "))
    return "".join(c for c in text if not unicodedata.combining(c)).casefold()


@pytest.fixture(scope="module")
def tables(root) -> dict[str, list[tuple[str, str]]]:
    """Rend, par diapositive, les couples (énoncé, renvois) de la page."""
    text = (root / "annexes" / "diaporama.md").read_text(encoding="utf-8")
    found = {}
    for block in text.split("\n## ")[1:]:
        title, *lines = block.splitlines()
        rows = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines
                if line.startswith("|") and not line.startswith(("|:", "| Le diaporama"))]
        found[re.sub(r"\*", "", title).replace("\N{NO-BREAK SPACE}", " ")] = rows
    return found


def test_every_slide_in_order(tables):
    assert list(tables) == [title for title, _ in SLIDES]


@pytest.mark.parametrize(("title", "marks"), SLIDES, ids=[title for title, _ in SLIDES])
def test_every_statement_has_its_section(tables, title, marks):
    rows = tables[title]
    assert len(rows) >= 1
    for row in rows:
        assert len(row) == 2, row
        statement, places = row
        assert len(statement) > 10, row
        assert re.search(r"\]\((\.\./chapters/|liens|errata|bibliographie|\.\./accueil)", places), row
    said = plain(" ".join(statement for statement, _ in rows))
    for mark in marks:
        assert plain(mark) in said, f"« {title} » : rien ne parle de « {mark} »"


def test_all_chapters_serve(root, tables):
    cited = {page for rows in tables.values() for _, places in rows
             for page in re.findall(r"chapters/(\w+)\.ipynb", places)}
    assert cited == {path.stem for path in (root / "chapters").glob("*.ipynb")}


def test_the_deck_itself_has_no_other_slide(tables):
    folder = os.environ.get("COURS_CNN_DONNEES")
    deck = Path(folder).parent / "sources" / "diaporama-cnn.md" if folder else None
    if deck is None or not deck.is_file():
        pytest.skip("le diaporama d'origine n'est pas à côté des données")
    text = plain(deck.read_text(encoding="utf-8"))
    told = plain(" ".join(list(tables)) + " ".join(row[0] for rows in tables.values() for row in rows))
    for title in re.findall(r"^# (.+)$", text, re.M):
        words = [word for word in re.findall(r"[a-z0-9]{4,}", title) if not word.isdigit()]
        assert not words or any(word[:5] in told for word in words), title


def test_headings_are_those_of_the_notebooks(root, tables):
    titles = {path.stem: plain(" ".join(re.findall(r"^#+ (.+)$", "\n\n".join(
        cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"), re.M)))
        for path in (root / "chapters").glob("*.ipynb")}
    for rows in tables.values():
        for _, places in rows:
            for told, chapter in re.findall(r"«\s(.+?)\s»\]\(\.\./chapters/(\w+)\.ipynb", places):
                assert re.sub("`", "", plain(told)) in re.sub(r"[*`]", "", titles[chapter]), (chapter, told)

"""Diapositives des chapitres, tirées de leurs pages : mêmes figures, mêmes tableaux, mêmes formules, texte réduit.

Rien n'est écrit deux fois : d'un long paragraphe, la diapositive garde les phrases qui ont du gras, à défaut les
premières ; les listes, les tableaux, les formules, les figures et les questions y sont entiers. Chaque diapositive mène
au passage du chapitre où se lit le reste. Elles sont affichées par reveal.js (licence MIT), copié dans le site.
"""

from __future__ import annotations

import html
import importlib.util
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from abrege import condensed, is_question, plain
from bs4 import BeautifulSoup, Tag

FOLDER = "diapositives"
FULL = 100                                       # ce que contient une diapositive, en centièmes de sa hauteur
LONGEST_CODE = 22                                # lignes ; un programme plus long se lit dans le chapitre
NUMBERED = re.compile(r"\d+\.\s")
UNTOLD = {"tag_installation", "tag_verification"}
FOLDED = {"tag_hide-input", "tag_remove-input", "tag_hide-cell"}
UNSHOWN = {"sources"}                            # sections que l'on ne projette pas, par leur ancre
CONFRONTED = ".cours-confrontations, .cours-confrontation"
REVEAL = ("dist/reveal.css", "dist/reveal.js", "LICENSE")


@dataclass
class Slide:
    """Une diapositive : son titre, l'ancre du passage, ses blocs (HTML), la part de sa hauteur déjà prise."""

    title: str
    anchor: str
    blocks: list[str] = field(default_factory=list)
    weight: float = 0.0

    def is_remainder(self) -> bool:
        """Dit s'il n'y reste rien, ou qu'une phrase qui commentait une confrontation laissée au chapitre."""
        alone = self.blocks[0] if len(self.blocks) == 1 else ""
        return not self.blocks or (alone.startswith("<p>") and len(plain(alone)) < 60)

    def add(self, source: str, weight: float) -> None:
        """Ajoute un bloc."""
        self.blocks.append(source)
        self.weight += weight


def announces(source: str) -> bool:
    """Dit si un bloc n'est qu'un paragraphe qui introduit ce qui le suit : il ne s'en sépare pas."""
    text = plain(source) if source.startswith("<p>") else ""
    return text.endswith(":") or 0 < len(text) < 45


def lines(text: str, width: int = 84) -> int:
    """Rend le nombre de lignes que prend un texte."""
    return max(1, math.ceil(len(text) / width))


def elements(section: Tag, anchor: str) -> Iterator[tuple[Tag, str]]:
    """Rend les éléments d'une section et de ses sous-sections, dans l'ordre de lecture, avec leur ancre."""
    for child in section.children:
        if isinstance(child, Tag):
            if child.name == "section" and child.get("id") in UNSHOWN:
                continue
            if child.name == "section":
                yield from elements(child, child.get("id", anchor))
            else:
                yield child, anchor


def visual_weight(output: Tag) -> float:
    """Rend la place d'une sortie : les lignes d'un tableau ou d'un texte ; une figure prend le reste de la hauteur."""
    if output.find(["svg", "img", "canvas", "figure"]) is None and (rows := output.find_all("tr")):
        return 8 + 5.9 * len(rows)
    if "stream" in output.get("class", ()) or "text_plain" in output.get("class", ()):
        return 4 + 4.6 * len(output.get_text().strip().splitlines())
    return 68


class Deck:
    """Répartit les éléments d'une page en diapositives."""

    def __init__(self):
        self.slides: list[Slide] = []

    def begin(self, title: str, anchor: str) -> None:
        """Commence une diapositive."""
        self.slides.append(Slide(title, anchor))

    def put(self, source: str, weight: float) -> None:
        """Pose un bloc sur la diapositive en cours, ou sur une nouvelle s'il n'y tient pas."""
        current = self.slides[-1]
        room = FULL + (18 if weight < 18 else 0)   # une ligne de plus se serre ; seule ailleurs, elle se perdrait
        announced = len(current.blocks) == 1 and announces(current.blocks[0])   # réduit plutôt que séparé
        if current.blocks and not announced and current.weight + weight > room:
            self.begin(current.title, current.anchor)
            if len(current.blocks) > 1 and announces(current.blocks[-1]):
                self.slides[-1].add(current.blocks.pop(), 10)
        self.slides[-1].add(source, weight)

    def split(self) -> None:
        """Ce qui suit ira sur une autre diapositive."""
        if self.slides[-1].blocks:
            self.begin(self.slides[-1].title, self.slides[-1].anchor)

    def add(self, node: Tag, anchor: str) -> None:
        """Ajoute un élément de la page."""
        classes = set(node.get("class", ()))
        if node.name in ("h1", "h2", "h3", "h4"):
            self.begin(node.decode_contents(), anchor)
        elif node.name == "p" and (source := condensed(node)):
            question = is_question(node)
            if NUMBERED.match(node.get_text()) and node.find("strong"):
                self.split()   # une question du questionnaire, avec ses réponses possibles
            self.put(f"<p{' class=question' if question else ''}>{source}</p>", 3 + 7.1 * lines(plain(source)))
            if question:
                self.split()
        elif node.name in ("ul", "ol"):
            self._add_list(node)
        elif "cell" in classes:
            self._add_cell(node, classes)
        elif node.name == "details":
            self.put(str(node), 8)
        elif node.name in ("div", "table", "blockquote", "figure"):
            rows = node.find_all("tr")
            self.put(str(node), 8 + 5.9 * len(rows) if rows else 4 + 6.5 * lines(node.get_text()))

    def _add_list(self, node: Tag) -> None:
        start, kept, weight = int(node.get("start", 1)), [], 0.0
        for item in node.find_all("li", recursive=False):
            first = item.find("p", recursive=False) or item
            source = str(item) if len(item.get_text()) < 230 else f"<li>{condensed(first)}</li>"
            height = 1.5 + 7.1 * lines(plain(source), 80)
            if kept and weight + height > FULL:
                self._put_list(node.name, start, kept, weight)
                start, kept, weight = start + len(kept), [], 0.0
            kept.append(source)
            weight += height
        self._put_list(node.name, start, kept, weight)

    def _put_list(self, name: str, start: int, items: list[str], weight: float) -> None:
        number = f' start="{start}"' if name == "ol" and start > 1 else ""
        answers = ' class="reponses"' if plain(items[0]).startswith("(a)") else ""
        self.put(f"<{name}{number}{answers}>{''.join(items)}</{name}>", weight)

    def _add_cell(self, node: Tag, classes: set[str]) -> None:
        if classes & UNTOLD:
            return
        outputs = [part for part in node.select(".cell_output > *") if not part.select_one(CONFRONTED)]
        code = node.select_one(".cell_input pre")
        if code and not outputs and not classes & FOLDED and teaches(code.get_text()):
            self.put(f'<div class="programme">{code.find_parent("div", class_="highlight").parent}</div>',
                     5 + 4.2 * len(code.get_text().strip().splitlines()))
        for output in outputs:
            self.put(f'<div class="cell_output">{output}</div>', visual_weight(output))


def teaches(code: str) -> bool:
    """Dit si un programme se projette : il définit quelque chose, et tient sur une diapositive."""
    return "def " in code and len(code.strip().splitlines()) <= LONGEST_CODE


def slides(page: BeautifulSoup) -> list[Slide]:
    """Rend les diapositives d'une page du site ; ``ValueError`` si elle n'a pas de titre."""
    top = page.select_one("article section")
    if top is None or top.find("h1") is None:
        raise ValueError("Cette page n'a ni article ni titre : une page de chapitre du site construit est attendue.")
    for useless in top.select(".headerlink, .copybtn, script.cours-seulement-page"):
        useless.decompose()
    deck = Deck()
    for node, anchor in elements(top, top.get("id", "")):
        deck.add(node, anchor)
    titles = [None, *(slide.title for slide in deck.slides)]
    return [slide for slide, before in zip(deck.slides, titles, strict=False)
            if before is None or (slide.blocks and (slide.title != before or not slide.is_remainder()))]


def redirected(source: str, chapter: str) -> str:
    """Rend ``source``, ses liens menant d'une page de ``diapositives/`` là où ils menaient depuis ``chapters/``."""
    def moved(match: re.Match) -> str:
        target = match[1]
        if target.startswith("#"):
            target = f"../chapters/{chapter}.html{target}"
        elif not re.match(r"[a-z]+:|\.\./|/", target):
            target = f"../chapters/{target}"
        return f'href="{target}"'
    return re.sub(r'href="([^"]*)"', moved, source)


def document(chapter: str, page: BeautifulSoup, course: str) -> str:
    """Rend la page complète des diapositives de ``chapter``, un chapitre du cours nommé ``course``."""
    shown = slides(page)
    title = plain(shown[0].title)
    sections = []
    for rank, slide in enumerate(shown):
        sections.append(
            f'<section{" class=couverture" if rank == 0 else ""}><h2>{slide.title}</h2>'
            f'<div class="corps bd-article">{redirected("".join(slide.blocks), chapter)}</div>'
            f'<p class="passage"><a href="../chapters/{chapter}.html#{slide.anchor}">Lire ce passage</a></p></section>')
    body = "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="fr" data-theme="light" data-content_root="../">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="description" content="Diapositives du chapitre « {html.escape(title)} » du cours {course}.">
<title>{html.escape(title)} : diapositives — {course}</title>
<link rel="icon" href="../_static/favicon.svg">
<link rel="stylesheet" href="../_static/pygments.css">
<link rel="stylesheet" href="../_static/reveal/reveal.css">
<link rel="stylesheet" href="../_static/cours.css">
<link rel="stylesheet" href="../_static/diapositives.css">
<noscript><link rel="stylesheet" href="../_static/diapositives-sans-script.css"></noscript>
<script defer src="../_static/reveal/reveal.js"></script>
<script defer src="../_static/diapositives.js"></script>
</head>
<body>
<main><h1 class="cache">{html.escape(title)}</h1><div class="reveal"><div class="slides">
{body}
</div></div></main>
</body>
</html>
"""


def _library() -> Path:
    package = importlib.util.find_spec("sphinx_revealjs")   # seul paquet de PyPI qui distribue reveal.js entier
    if package is None:
        raise ModuleNotFoundError("sphinx-revealjs, qui contient reveal.js, est absent : pip install -e '.[site]'.")
    return Path(package.origin).parent / "_static" / "revealjs"


def _write(app, exception) -> None:
    if exception is not None or app.builder.format != "html":
        return
    output = Path(app.outdir)
    chapters = sorted((output / "chapters").glob("*.html"))
    for folder in (output / "_static" / "reveal", output / FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
    for name in REVEAL:
        shutil.copyfile(_library() / name, output / "_static" / "reveal" / Path(name).name)
    for path in chapters:
        target = output / FOLDER / path.name
        if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
            continue
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        target.write_text(document(path.stem, page, app.config.html_title), encoding="utf-8")


def setup(app) -> dict:
    """Écrit les diapositives une fois les pages construites."""
    app.connect("build-finished", _write, priority=920)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

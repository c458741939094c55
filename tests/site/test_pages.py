"""Ce que contient chaque page construite : langue de l'interface, formules, glossaire, archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Comment
from site_support import ENGLISH, ROOT, pages

from tools import controle

pytestmark = pytest.mark.site

LABELS = ("title", "aria-label", "placeholder", "alt", "data-bs-title")
SPECIAL = ("index", "search", "genindex", "404")


def test_only_expected_pages(html):
    found = {path.relative_to(html).with_suffix("").as_posix() for path in controle.pages(html)}
    decks = {page.replace("chapters/", "diapositives/") for page in pages() if page.startswith("chapters/")}
    assert found == {*pages(), *decks, *SPECIAL}


def test_interface_is_french(html):
    found = []
    for path in controle.pages(html):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for tag in page.select("[title], [aria-label], [placeholder], [alt], [data-bs-title]"):
            # Le texte de remplacement d'une figure est de la prose : il a ses propres règles.
            labels = LABELS if tag.name not in ("img", "svg") else ("title",)
            found += [f"{path.name} : {name}={tag[name]!r}" for name in labels if ENGLISH.search(tag.get(name, ""))]
        for content in page.select("article section, .slides, .genindextable, script, style, code, pre"):
            content.extract()
        found += [f"{path.name} : {text.strip()!r}" for text in page.body.find_all(string=ENGLISH)
                  if not isinstance(text, Comment)]
    assert not found, "\n".join(sorted(set(found)))


def test_exercises_come_in_one_archive(html):
    wanted = {path.name: path.read_bytes() for path in (ROOT / "exercises").glob("*.ipynb")}
    with zipfile.ZipFile(html / "telechargements" / "exercices.zip") as archive:
        assert {Path(name).name: archive.read(name) for name in archive.namelist()} == wanted
    for path in controle.pages(html):
        offered = controle.soup(path).select('a[download][href$="telechargements/exercices.zip"]')
        assert bool(offered) is (path.parent.name == "exercises"), path


def test_formulas_are_rendered_without_script(html):
    total = 0
    for path in controle.pages(html):
        page = controle.soup(path)
        total += len(page.select("math"))
        assert not [script for script in page.select("script[src]") if "mathjax" in script["src"].lower()], path
        assert not page.select(".problematic"), path
    assert total > 10


def test_terms_lead_to_the_glossary_from_the_chapters(html):
    terms = set()
    for path in sorted((html / "chapters").glob("*.html")):
        links = [link["href"] for link in controle.soup(path).select("a.cours-terme")]
        assert len(links) == len(set(links)), f"{path.name} : un terme y est relié deux fois"
        assert len(links) >= 10, path.name
        terms |= {link.split("#")[1] for link in links}
    anchors = {tag["id"] for tag in controle.soup(html / "annexes" / "glossaire.html").select("dt[id]")}
    assert terms <= anchors
    assert len(terms) >= 60, f"{len(terms)} termes reliés"

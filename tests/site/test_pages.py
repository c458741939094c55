"""Ce que contient chaque page construite : liens, images, langue, ressources."""

from __future__ import annotations

import re
import zipfile
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Comment
from site_support import ENGLISH, ROOT, pages

pytestmark = pytest.mark.site

LABELS = ("title", "aria-label", "placeholder", "alt", "data-bs-title")
SPECIAL = ("index", "search", "genindex", "404")


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path: Path) -> frozenset[str]:
    return frozenset(tag["id"] for tag in soup(path).select("[id]"))


def every_page(html: Path) -> list[Path]:
    # Le thème range quelques gabarits .html parmi ses fichiers statiques.
    return sorted(path for path in html.rglob("*.html") if "_static" not in path.parts)


def test_only_expected_pages(html):
    found = {path.relative_to(html).with_suffix("").as_posix() for path in every_page(html)}
    assert found == {*pages(), *SPECIAL}


def test_language_title_and_description(html):
    for path in every_page(html):
        page = soup(path)
        assert page.html.get("lang") == "fr", path
        assert page.title.get_text(strip=True), path
        if path.relative_to(html).with_suffix("").as_posix() in pages():
            description = page.select_one("meta[name=description]")
            assert description is not None, path
            assert 40 <= len(description["content"]) <= 201, path
            assert page.select_one('meta[property="og:title"]')["content"], path


def test_internal_links_and_anchors(html):
    broken = []
    for path in every_page(html):
        for link in soup(path).select("a[href]"):
            target = urlsplit(link["href"])
            if target.scheme or target.netloc:
                continue
            file = (path.parent / unquote(target.path)).resolve() if target.path else path
            if not file.is_file():
                broken.append(f"{path.name} : {link['href']}")
            elif target.fragment and file.suffix == ".html" and unquote(target.fragment) not in anchors(file):
                broken.append(f"{path.name} : ancre {link['href']}")
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_elsewhere(html):
    outside = []
    for path in every_page(html):
        page = soup(path)
        for tag in page.select("script[src], img[src], iframe[src], source[src], link[href]"):
            address = tag.get("src") or tag.get("href")
            if tag.name == "link" and {"canonical", "next", "prev", "search", "index"} & set(tag.get("rel", [])):
                continue
            if urlsplit(address).netloc:
                outside.append(f"{path.name} : {address}")
    for path in html.rglob("*.css"):
        text = path.read_text(encoding="utf-8", errors="replace")
        outside += [f"{path.name} : {found}" for found in re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)", text)]
        outside += [f"{path.name} : {found}" for found in re.findall(r"@import\s+[\"']((?:https?:)?//[^\"']+)", text)]
    assert not outside, "\n".join(outside)


def test_every_image_says_what_it_shows(html):
    silent = []
    for path in every_page(html):
        for image in soup(path).select("img"):
            alt = image.get("alt", "").strip()
            decorative = "logo__image" in image.get("class", [])
            if not decorative and (len(alt) < 15 or re.search(r"\.(png|svg|jpe?g|webp)$|^_images", alt)):
                silent.append(f"{path.name} : {image.get('src')} (alt « {alt} »)")
        for drawing in soup(path).select("article svg[role=img]"):
            if len(drawing.get("aria-label", "")) < 15:
                silent.append(f"{path.name} : dessin sans aria-label")
    assert not silent, "\n".join(silent)


def test_interface_is_french(html):
    found = []
    for path in every_page(html):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for tag in page.select("[title], [aria-label], [placeholder], [alt], [data-bs-title]"):
            # Le texte de remplacement d'une figure est de la prose : il a ses propres règles.
            labels = LABELS if tag.name not in ("img", "svg") else ("title",)
            found += [f"{path.name} : {name}={tag[name]!r}" for name in labels if ENGLISH.search(tag.get(name, ""))]
        for content in page.select("article section, .genindextable, script, style, code, pre"):
            content.extract()
        found += [f"{path.name} : {text.strip()!r}" for text in page.body.find_all(string=ENGLISH)
                  if not isinstance(text, Comment)]
    assert not found, "\n".join(sorted(set(found)))


def test_exercises_come_in_one_archive(html):
    wanted = {path.name: path.read_bytes() for path in (ROOT / "exercises").glob("*.ipynb")}
    with zipfile.ZipFile(html / "telechargements" / "exercices.zip") as archive:
        assert {Path(name).name: archive.read(name) for name in archive.namelist()} == wanted
    for path in every_page(html):
        offered = soup(path).select('a[download][href$="telechargements/exercices.zip"]')
        assert bool(offered) is (path.parent.name == "exercises"), path


def test_formulas_are_rendered_without_script(html):
    total = 0
    for path in every_page(html):
        page = soup(path)
        total += len(page.select("math"))
        assert not [script for script in page.select("script[src]") if "mathjax" in script["src"].lower()], path
        assert not page.select(".problematic"), path
    assert total > 10


def test_terms_lead_to_the_glossary_from_the_chapters(html):
    terms = set()
    for path in sorted((html / "chapters").glob("*.html")):
        links = [link["href"] for link in soup(path).select("a.cours-terme")]
        assert len(links) == len(set(links)), f"{path.name} : un terme y est relié deux fois"
        assert len(links) >= 10, path.name
        terms |= {link.split("#")[1] for link in links}
    anchors = {tag["id"] for tag in soup(html / "annexes" / "glossaire.html").select("dt[id]")}
    assert terms <= anchors
    assert len(terms) >= 60, f"{len(terms)} termes reliés"

"""Le contrôle du site : rien à redire au site construit, et chaque défaut posé exprès y est vu."""

from __future__ import annotations

import random

import pytest
from site_support import ROOT  # noqa: F401  (met la racine du dépôt sur le chemin)

from tools import controle

pytestmark = pytest.mark.site

PAGE = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>Une page</title>
<meta name="description" content="Une page assez longue pour que sa description dise quelque chose.">
<link rel="stylesheet" href="_static/style.css"></head>
<body><article><h1 id="haut">Une page</h1>
<img src="_static/dessin.png" alt="Un carré noir posé sur un fond blanc.">
<svg role="img" aria-label="Trois cercles reliés par des flèches."></svg>
<a href="#haut">haut</a> <a href="autre.html#bas">autre</a> <a href="https://exemple.invalid/">ailleurs</a>
</article></body></html>
"""


@pytest.fixture
def site(tmp_path):
    """Un petit site sans défaut."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "style.css").write_text("body { color: black; }", encoding="utf-8")
    (tmp_path / "_static" / "dessin.png").write_bytes(b"png")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "autre.html").write_text(PAGE.replace('id="haut"', 'id="bas"').replace("#haut", "#bas"),
                                         encoding="utf-8")
    return tmp_path


def found_in(site) -> list[str]:
    """Les défauts, les pages analysées plus tôt étant oubliées."""
    for cached in (controle.soup, controle._anchors, controle._compressed):
        cached.cache_clear()
    return [str(finding) for finding in controle.check(site)]


def test_the_built_site_has_no_defect(html):
    assert controle.main([str(html)]) == 0, "\n".join(found_in(html))


def test_a_sound_site_is_left_alone(site):
    assert found_in(site) == []


@pytest.mark.parametrize(("before", "after", "words"), [
    ('lang="fr"', 'lang="en"', "la langue déclarée n'est pas le français"),
    ("<title>Une page</title>", "<title> </title>", "n'a pas de titre"),
    ('name="description"', 'name="autre"', "la description manque"),
    ("<h1", '<p id="haut"></p><h1', "identifiants répétés : haut"),
    ('href="#haut"', 'href="#absente"', "l'ancre du lien #absente n'existe pas"),
    ("autre.html#bas", "autre.html#haut", "l'ancre du lien autre.html#haut n'existe pas"),
    ("autre.html#bas", "absente.html", "le lien absente.html ne mène à aucun fichier"),
    ("Un carré noir posé sur un fond blanc.", "", "ne dit pas ce qu'elle montre"),
    ("Un carré noir posé sur un fond blanc.", "_images/un-carre-noir.png", "ne dit pas ce qu'elle montre"),
    ("Trois cercles reliés par des flèches.", "dessin", "aria-label"),
    ("_static/dessin.png", "_static/absent.png", "_static/absent.png est chargé, mais n'existe pas"),
    ("_static/dessin.png", "//exemple.invalid/a.png", "//exemple.invalid/a.png est chargé d'un autre site"),
    ("</head>", "<script src='https://exemple.invalid/a.js'></script></head>", "est chargé d'un autre site"),
    ("</head>", "<style>@import 'https://exemple.invalid/a.css';</style></head>", "est chargé d'un autre site"),
])
def test_a_planted_defect_is_seen(site, before, after, words):
    assert before in PAGE
    (site / "page.html").write_text(PAGE.replace(before, after, 1), encoding="utf-8")
    seen = found_in(site)
    assert seen
    assert all(line.startswith("page.html : ") for line in seen), seen
    assert any(words in line for line in seen), seen


def test_a_style_sheet_that_asks_another_site_is_seen(site):
    (site / "_static" / "style.css").write_text("p { background: url(//exemple.invalid/a.png); }", encoding="utf-8")
    assert found_in(site) == ["_static/style.css : //exemple.invalid/a.png est chargé d'un autre site"]


@pytest.mark.parametrize(("name", "link"), [
    ("lourd.js", '<script src="_static/lourd.js"></script>'),
    ("lourd.css", '<link rel="stylesheet" href="_static/lourd.css">'),
    ("lourd.js", "<div data-params='{&quot;fichier&quot;:&quot;lourd.js&quot;}'></div>"),
])
def test_a_heavy_page_is_seen(site, name, link):
    noise = random.Random(0).randbytes(controle.PLAIN).hex()   # ne se comprime que de moitié
    (site / "_static" / name).write_text(f"/* {noise} */", encoding="utf-8")
    (site / "page.html").write_text(PAGE.replace("</article>", f"{link}</article>"), encoding="utf-8")
    assert any("pèse" in line and "au plus 450" in line for line in found_in(site))


def test_a_page_with_formulas_may_weigh_more(site):
    noise = random.Random(0).randbytes(controle.PLAIN).hex()
    (site / "_static" / "lourd.js").write_text(f"/* {noise} */", encoding="utf-8")
    page = PAGE.replace("</article>", '<math><mi>x</mi></math><script src="_static/lourd.js"></script></article>')
    (site / "page.html").write_text(page, encoding="utf-8")
    assert found_in(site) == []


def test_a_folder_that_is_no_site_is_refused(tmp_path, capsys):
    assert controle.main([str(tmp_path)]) == 2
    assert "make site" in capsys.readouterr().err

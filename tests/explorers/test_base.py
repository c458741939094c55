"""Ce que promet toute figure vivante : autonome, échappée, lisible sans script, à jour dans les chapitres."""

from __future__ import annotations

import re

import pytest

from cours_cnn import explorers
from cours_cnn.explorers.base import Explorer, light, squeezed
from tools.explorateurs import displayed, explorer_cells, refreshed
from tools.pages import Page, notebook_paths

MAKERS = [name for name in explorers.__all__ if name != "Explorer"]
CHAPTERS = [Page(path) for path in notebook_paths(folders=("chapters",))]
LARGEST = 14_000


@pytest.fixture(params=MAKERS)
def figure(request):
    return getattr(explorers, request.param)()


def test_every_figure_is_in_a_chapter():
    placed = {match for page in CHAPTERS for cell in explorer_cells(page.notebook)
              for match in re.findall(r"explorers\.(\w+)\(", cell.source)}
    assert placed == set(MAKERS)


def test_nothing_comes_from_elsewhere(figure):
    markup = light(figure.markup()).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]|\bfetch\(|XMLHttpRequest|import\(", markup)


def test_it_is_light(figure):
    assert len(light(figure.markup()).encode()) <= LARGEST


def test_markup_never_changes(figure):
    assert figure.markup() == figure.markup()


def test_twin_reads_without_script(figure):
    twin = re.sub(r"<script.*?</script>|<style>.*?</style>", "", figure.markup(), flags=re.S)
    assert figure.sentence.split(".")[0][:30] in twin.replace("&#x27;", "'")
    assert "JavaScript" in figure.sentence
    label = re.search(r'role="img" aria-label="([^"]+)"', twin)
    assert len(label.group(1)) >= 20


def test_parameters_are_escaped():
    nasty = Explorer("convolution", "l'image <b> & son titre", {"texte": "</script>'<img onerror=alert(1)>"},
                     ("", 1, 1), "Une phrase assez longue pour dire ce que montre la figure sans script.")
    markup = nasty.markup()
    assert "<img" not in markup
    assert "<b>" not in markup
    assert markup.count("</script>") == 1


def test_a_figure_says_what_it_shows():
    with pytest.raises(ValueError, match="une phrase"):
        Explorer("convolution", "Titre", {}, ("", 1, 1), "Trop court.")


def test_squeezing_keeps_texts():
    assert squeezed("// note\n  f( 'a = b; c' ,  d ) ;\n  x = a + +b;\n") == "f('a = b; c',d);x=a + +b;"


@pytest.mark.parametrize("page", [page for page in CHAPTERS if explorer_cells(page.notebook)], ids=lambda p: p.name)
def test_chapters_hold_the_present_figures(page):
    fresh = explorer_cells(refreshed(page.notebook, page.kind))
    for stored, new in zip(explorer_cells(page.notebook), fresh, strict=True):
        assert stored.outputs == new.outputs, f"cellule {stored.id} : lancez « python -m tools.explorateurs »"


def test_cells_stand_alone():
    assert repr(displayed("from cours_cnn import explorers\n\nexplorers.convolution()")).startswith("Figure vivante")

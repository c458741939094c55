"""Les diapositives : ce qu'elles gardent d'un chapitre, et leur tenue dans un vrai navigateur."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from abrege import condensed
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from diapositives import document, slides
from site_support import ROOT

DECKS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
LONG = " Le reste du paragraphe développe longuement cette idée, sans rien y ajouter à projeter en classe." * 2
PAGE = """<html><body><article><section id="titre"><h1>Un chapitre</h1><p>Il dit pourquoi.</p>
<div class="cell tag_installation"><div class="cell_input"><div><div class="highlight"><pre>def absent(): 0</pre>
</div></div></div></div>
<section id="partie"><h2>Une partie</h2><p><strong>Prédisez avant d’exécuter</strong> : combien ?</p>
<div class="cell"><div class="cell_input"><div><div class="highlight"><pre>x = 6 * 7
x</pre></div></div></div><div class="cell_output"><div class="output text_plain"><pre>42</pre></div></div></div>
<div class="cell"><div class="cell_output"><div class="output text_html"><div class="cours-confrontations">exact</div>
</div></div></div>
<p>Voir <a href="#partie">plus haut</a>, <a href="lenet.html">LeNet</a>,
<a href="../annexes/faits.html">les faits</a>.</p>
<div class="cell"><div class="cell_input"><div><div class="highlight"><pre>def enseigne(x):
    return x</pre></div></div></div></div></section>
<section id="sources"><h2>Sources</h2><p>Un article.</p></section></section></article></body></html>"""
AXE = {"preload": False, "resultTypes": ["violations"]}
FITS = """() => {
  const late = [];
  for (let rank = 0; rank < Reveal.getTotalSlides(); rank += 1) {
    Reveal.slide(rank);
    const section = Reveal.getCurrentSlide(), body = section.querySelector(".corps"), last = body.lastElementChild;
    const over = last ? last.getBoundingClientRect().bottom - body.getBoundingClientRect().bottom : 0;
    const zoom = Number(body.style.zoom || 1), title = section.querySelector("h1, h2").getBoundingClientRect();
    const seen = document.elementFromPoint(title.left + title.width / 2, title.top + title.height / 2);
    if (!section.contains(seen) || section.getBoundingClientRect().width < innerWidth / 2)
      late.push(`${rank} : la diapositive ne se voit pas`);
    if (over > 2 || body.scrollWidth > body.clientWidth + 2 || zoom < 0.5)
      late.push(`${rank} « ${section.querySelector("h1, h2").innerText} » : ${Math.round(over)} px, zoom ${zoom}`);
  }
  return late;
}"""


def paragraph(source: str):
    return BeautifulSoup(f"<p>{source}</p>", "html.parser").p


@pytest.mark.parametrize(("source", "kept"), [
    ("Une phrase courte. Une autre.", "Une phrase courte. Une autre."),
    (f"La première phrase résume à elle seule tout ce que le paragraphe va établir ensuite.{LONG}",
     "La première phrase résume à elle seule tout ce que le paragraphe va établir ensuite."),
    (f"Une phrase. <strong>Voilà l'idée</strong> retenue.{LONG}", "<strong>Voilà l'idée</strong> retenue."),
    (f"Le fait.{LONG} Le réseau apprend. Il devient alors <strong>plus sûr</strong>.",
     "Le réseau apprend. Il devient alors <strong>plus sûr</strong>."),
    (f"Deux causes. La première est la profondeur du réseau.{LONG}",
     "Deux causes. La première est la profondeur du réseau."),
    ("La cellule suivante compte les paramètres.", ""),
    ("Si <em>a</em> &lt; <em>b</em>, rien.", "Si <em>a</em> &lt; <em>b</em>, rien."),
])
def test_what_a_slide_keeps_of_a_paragraph(source, kept):
    assert condensed(paragraph(source)) == kept


def test_the_answer_comes_after_the_question():
    shown = slides(BeautifulSoup(PAGE, "html.parser"))
    question = next(rank for rank, slide in enumerate(shown) if "combien" in "".join(slide.blocks))
    assert "42" not in "".join(shown[question].blocks)
    assert "42" in "".join(shown[question + 1].blocks)
    assert [slide.anchor for slide in shown[question:question + 2]] == ["partie", "partie"]


def test_what_is_announced_stays_with_what_announces_it():
    items = "".join(f"<li>expliquer la notion numéro {rank}, la calculer à la main, puis la retrouver avec Keras</li>"
                    for rank in range(9))
    source = f"<h2>Objectifs</h2><p>À la fin de ce chapitre, vous saurez :</p><ul>{items}</ul>"
    shown = slides(BeautifulSoup(f"<article><section id=a><h1>Titre</h1><section id=b>{source}</section></section>"
                                 "</article>", "html.parser"))
    assert next(len(slide.blocks) for slide in shown if slide.title == "Objectifs") == 2


def test_a_deck_leaves_to_the_chapter_what_is_not_shown():
    text = document("vgg", BeautifulSoup(PAGE, "html.parser"), "Le cours")
    assert "enseigne" in text
    assert not any(word in text for word in ("absent", "6 * 7", "exact", "Un article"))
    assert 'href="../chapters/vgg.html#partie"' in text
    assert 'href="../chapters/lenet.html"' in text
    assert 'href="../annexes/faits.html"' in text


def test_a_page_without_title_is_refused():
    with pytest.raises(ValueError, match="page de chapitre du site construit est attendue"):
        slides(BeautifulSoup("<article><p>rien</p></article>", "html.parser"))


@pytest.fixture
def deck(browser, address):
    """Ouvre les diapositives d'un chapitre ; rend l'onglet et ce que le navigateur signale."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="fr-FR")
    tab, defects, host = context.new_page(), [], urlsplit(address).netloc
    tab.on("console", lambda seen: seen.type in ("error", "warning") and defects.append(seen.text))
    tab.on("pageerror", lambda error: defects.append(str(error)))
    tab.on("request", lambda request: urlsplit(request.url).netloc not in ("", host) and defects.append(request.url))

    def opened(name: str):
        tab.goto(f"{address}/diapositives/{name}.html", wait_until="load")
        tab.wait_for_function("window.Reveal && Reveal.isReady()")
        return tab, defects

    yield opened
    context.close()


@pytest.mark.site
@pytest.mark.navigateur
@pytest.mark.parametrize("name", DECKS)
def test_every_slide_fits_and_nothing_is_wrong(deck, name):
    tab, defects = deck(name)
    assert tab.evaluate("Reveal.getTotalSlides()") >= 30
    assert tab.evaluate(FITS) == []
    for rank in (0, 1, 12):
        tab.evaluate(f"Reveal.slide({rank})")
        for violation in Axe().run(tab, options=AXE).response["violations"]:
            defects.append(f"diapositive {rank} : {violation['id']} {[n['target'] for n in violation['nodes'][:3]]}")
    assert not defects, "\n".join(defects)


@pytest.mark.site
@pytest.mark.navigateur
@pytest.mark.parametrize(("name", "kind"), [("vgg", "img"), ("resnet", ".cours-dessin > svg")])
def test_a_picture_alone_takes_the_place_there_is(deck, name, kind):
    tab, _ = deck(name)
    alone = tab.evaluate("""kind => Reveal.getSlides().flatMap((slide, rank) =>
      slide.querySelector(`.corps > :only-child > ${kind}, .corps > :only-child > .output > ${kind}`) ? [rank] : [])""",
                         kind)
    assert alone
    for rank in alone:
        tab.evaluate(f"Reveal.slide({rank})")
        tab.wait_for_function("""() => {
          const image = document.querySelector(".present .corps :is(img, svg)").getBoundingClientRect();
          const page = document.querySelector(".present .corps").getBoundingClientRect();
          return image.width > 0.6 * page.width || image.height > 0.6 * page.height;
        }""", timeout=5_000)


@pytest.mark.site
@pytest.mark.navigateur
def test_keys_turn_the_slides_but_belong_to_a_figure_once_in_it(deck):
    tab, defects = deck("convolution")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("Reveal.getIndices().h") == 1
    assert tab.get_attribute(".controls .navigate-right", "aria-label") == "Diapositive suivante"
    alive = tab.evaluate("Reveal.getSlides().findIndex(slide => slide.querySelector('.vivant'))")
    tab.evaluate(f"Reveal.slide({alive})")
    slider = tab.locator(".present .vivant input[type=range]").first
    slider.focus()
    before = slider.input_value()
    tab.keyboard.press("ArrowRight")
    assert slider.input_value() != before
    assert tab.evaluate("Reveal.getIndices().h") == alive
    assert not defects


@pytest.mark.site
@pytest.mark.navigateur
def test_without_script_the_slides_follow_one_another(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/diapositives/lenet.html")
    titles = tab.locator(".slides > section > h2")
    tops = [titles.nth(rank).bounding_box()["y"] for rank in range(5)]
    assert tops == sorted(set(tops))
    assert titles.nth(4).is_visible()
    context.close()

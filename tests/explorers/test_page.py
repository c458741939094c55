"""Chaque figure vivante dans un vrai navigateur, ouverte comme un simple fichier."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from cours_cnn import explorers

pytestmark = pytest.mark.navigateur

MAKERS = [name for name in explorers.__all__ if name != "Explorer"]
NAMED = """[...document.querySelectorAll('.scene :is(input, select, button)')].every(
  e => e.dataset.lmSuppressShortcuts === 'true' && (e.labels?.length || e.ariaLabel || e.innerText))"""
AXE = {"preload": False, "resultTypes": ["violations"]}
COLORS = {**AXE, "runOnly": ["color-contrast", "link-in-text-block"]}
# Les couleurs ne dépendent que du thème, la structure que de la largeur.
STATES = [("light", 1280, AXE), ("dark", 1280, COLORS), ("light", 390, AXE), ("dark", 390, None)]


@pytest.fixture
def open_figure(browser, tmp_path):
    """Ouvre une figure depuis le disque ; rend l'onglet et la liste de ce que le navigateur signale."""
    contexts = []

    def opened(name: str, theme: str = "light", width: int = 1280, script: bool = True):
        path = tmp_path / f"{name}.html"
        path.write_text(getattr(explorers, name)().page(), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=theme, locale="fr-FR",
                                      java_script_enabled=script)
        contexts.append(context)
        tab, defects = context.new_page(), []
        tab.on("console", lambda seen: seen.type in ("error", "warning") and defects.append(f"console : {seen.text}"))
        tab.on("pageerror", lambda error: defects.append(f"erreur : {error}"))
        tab.on("request", lambda request: request.url.startswith("http") and defects.append(request.url))
        tab.goto(path.as_uri(), wait_until="load")
        return tab, defects

    yield opened
    for context in contexts:
        context.close()


def said(tab) -> str:
    """Ce que la figure annonce."""
    return " ".join(tab.locator(".vivant [aria-live]").all_inner_texts())


@pytest.mark.parametrize("name", MAKERS)
def test_figure_is_accessible_and_fits(open_figure, name):
    for theme, width, rules in STATES:
        tab, defects = open_figure(name, theme, width)
        assert tab.locator(".vivant.actif .scene").is_visible()
        assert not tab.locator(".jumeau").is_visible()
        assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (theme, width)
        for violation in Axe().run(tab, options=rules).response["violations"] if rules else ():
            defects.append(f"{theme}, {width} : {violation['id']} {[n['target'] for n in violation['nodes'][:3]]}")
        assert not defects, "\n".join(defects)


@pytest.mark.parametrize("name", MAKERS)
def test_every_control_answers_the_keyboard_alone(open_figure, name):
    tab, defects = open_figure(name)
    assert tab.evaluate(NAMED)
    before, count = said(tab), tab.locator(".scene :is(input, select, button)").count()
    assert count
    heard = set()
    for _ in range(count):
        tab.keyboard.press("Tab")
        button = tab.evaluate("document.activeElement.tagName") == "BUTTON"
        for key in ("Space",) if button else ("ArrowDown", "ArrowUp", "ArrowRight"):
            tab.keyboard.press(key)
            heard.add(said(tab))
    assert len(heard - {before}) >= 3, heard
    assert not defects, "\n".join(defects)


@pytest.mark.parametrize("name", MAKERS)
def test_twin_serves_readers_without_script_and_paper(open_figure, name):
    tab, _ = open_figure(name, script=False)
    assert tab.locator(".jumeau svg").is_visible()
    assert tab.locator(".jumeau p").is_visible()
    tab, _ = open_figure(name)
    tab.emulate_media(media="print")
    assert tab.locator(".jumeau").is_visible()
    assert not tab.locator(".scene").is_visible()


def test_convolution_follows_its_controls(open_figure):
    tab, defects = open_figure("convolution")
    assert said(tab).endswith("= 21")
    tab.get_by_label("ligne", exact=False).first.focus()
    tab.locator(".scene svg").nth(1).locator("g").nth(3).hover()
    assert said(tab).startswith("y(1, 0)")
    assert said(tab).endswith("= 7")
    tab.get_by_label("poids, ligne 1, colonne 1").fill("0")
    assert said(tab).endswith("= 8")
    tab.locator("select").first.select_option("photographie")
    assert tab.locator(".scene canvas").count() == 2
    box = tab.locator(".scene canvas").nth(1).bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert said(tab).startswith("y(23, 23)")
    assert not defects

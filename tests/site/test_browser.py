"""Chaque page dans un vrai navigateur : clair et sombre, ordinateur et téléphone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from site_support import ENGLISH, pages

pytestmark = [pytest.mark.site, pytest.mark.navigateur]

# Sans « preload », axe n'essaie pas de relire les feuilles de style (il en résout mal les adresses relatives).
AXE = {"preload": False, "resultTypes": ["violations"]}
COLORS = ["color-contrast", "link-in-text-block"]
# Les couleurs ne dépendent que du thème, la structure que de la largeur : chaque règle est vue où elle peut changer.
STRUCTURE = {**AXE, "rules": {rule: {"enabled": False} for rule in COLORS}}
STATES = (
    ("light", 1280, (STRUCTURE, {**AXE, "runOnly": COLORS})),
    ("dark", 1280, ({**AXE, "runOnly": COLORS},)),
    ("dark", 390, (STRUCTURE,)),
)
# Les lignes d'un tableau ont les couleurs des premières ; la dernière, celles du total. Un programme où LIGHTEN n'a
# laissé aucun mot coloré a les couleurs des autres.
REPEATED = {"exclude": [["tbody tr:nth-child(n+4):not(:last-child)"], ["pre:not(:has(span[class]))"]]}
# axe examine chaque élément : un mot de code déjà vu dans la même couleur n'apprend rien, et l'intérieur d'un dessin
# n'est pas exposé (son étiquette l'est). Ni la taille ni le texte de la page n'en sont changés.
LIGHTEN = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll(".highlight pre span[class]")) {
    if (seen.has(token.className)) token.replaceWith(...token.childNodes);
    seen.add(token.className);
  }
  for (const drawing of document.querySelectorAll("article svg[role=img]")) drawing.replaceChildren();
}"""
INTERFACE = """() => [...document.querySelectorAll("button, summary, [title], [aria-label], [data-bs-title]")].flatMap(
  tag => tag.closest("math, svg") ? [] :
    [tag.matches("button, summary") && !tag.closest("article .sd-summary-title") ? tag.innerText : "",
     tag.title, tag.ariaLabel, tag.dataset.bsTitle].filter(Boolean))"""


@pytest.fixture(scope="session")
def context(browser):
    """Un contexte pour toute la séance : le navigateur garde en cache ce que les pages partagent."""
    context = browser.new_context(viewport={"width": 1280, "height": 850}, color_scheme="light", locale="fr-FR")
    yield context
    context.close()


@pytest.fixture
def visit(context, address):
    """Ouvre une page ; rend l'onglet et la liste, tenue à jour, de ce que le navigateur signale."""
    tab, defects, host = context.new_page(), [], urlsplit(address).netloc
    tab.on("console", lambda seen: seen.type in ("error", "warning") and defects.append(f"console : {seen.text}"))
    tab.on("pageerror", lambda error: defects.append(f"erreur : {error}"))
    tab.on("request", lambda request: urlsplit(request.url).netloc not in ("", host) and defects.append(request.url))
    tab.on("response", lambda response: response.status >= 400 and defects.append(f"{response.status} {response.url}"))

    def open_page(page: str):
        tab.goto(f"{address}/{page}", wait_until="load")
        return tab, defects

    yield open_page
    tab.close()


def adopt(tab, theme: str, width: int) -> None:
    """Met l'onglet dans un thème et une largeur, et attend que la page ait suivi."""
    tab.emulate_media(color_scheme=theme)
    tab.set_viewport_size({"width": width, "height": 850})
    tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme, timeout=5_000)
    # Le thème de page change par une transition ; axe mesurerait des couleurs intermédiaires.
    tab.wait_for_timeout(400)


@pytest.mark.parametrize("page", [*pages(), "search", "genindex"])
def test_page(visit, page):
    tab, defects = visit(f"{page}.html")
    tab.evaluate(LIGHTEN)
    for theme, width, rules in STATES:
        adopt(tab, theme, width)
        state = f"{theme}, {width} px"
        overflow = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if overflow > 0:
            defects.append(f"{state} : la page déborde de {overflow} pixels")
        for options in rules:
            context = REPEATED if "runOnly" in options else None
            for violation in Axe().run(tab, context, options).response["violations"]:
                places = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
                defects.append(f"{state} : axe, {violation['id']} ({violation['impact']}) en {places}")
    defects += [f"anglais : {text!r}" for text in tab.evaluate(INTERFACE) if ENGLISH.search(text)]
    assert not defects, "\n".join(defects)


@pytest.mark.parametrize("query", ["convolutions", "noyau", "noyaux", "kernel", "caracteristiques", "RECEPTEUR"])
def test_search_finds_inflected_words(visit, query):
    tab, defects = visit(f"search.html?q={query}")
    tab.wait_for_selector("#search-results li a[href*='glossaire.html']", timeout=10_000)
    # Les résultats arrivent un à un ; l'annonce de la fin, écrite en dernier, dit que la page est complète.
    done = "document.querySelector('#search-results').innerText.includes('Recherche terminée')"
    tab.wait_for_function(done, timeout=10_000)
    found = tab.locator("#search-results").inner_text()
    # L'extrait montré vient du texte, pas de la barre d'outils de la page trouvée.
    assert "Imprimer" not in found
    assert not defects


def test_wide_content_can_be_reached_with_the_keyboard(visit):
    tab, _ = visit("annexes/faits.html")
    adopt(tab, "light", 390)
    zone = tab.locator(".pst-scrollable-table-container").first
    assert zone.evaluate("zone => zone.scrollWidth > zone.clientWidth")
    assert zone.evaluate("zone => zone.tabIndex") == 0


def test_theme_button(visit):
    tab, _ = visit(f"{pages()[0]}.html")
    adopt(tab, "light", 1280)
    seen = []
    for _ in range(3):
        tab.locator(".article-header-buttons .theme-switch-button").click()
        seen.append(tab.evaluate("document.documentElement.dataset.theme"))
    assert set(seen) == {"light", "dark"}
    tab.evaluate("localStorage.clear()")


QUIZZES = [page for page in pages() if page.startswith("chapters/")]


@pytest.mark.parametrize("page", QUIZZES)
def test_questions_answer_the_keyboard_and_remember(visit, page):
    tab, defects = visit(f"{page}.html")
    tab.evaluate("localStorage.clear()")
    tab.reload()
    questions = tab.locator("fieldset.question")
    count = questions.count()
    assert count == tab.locator("article details > summary", has_text="Réponse et explications").count() >= 5
    first, answer = questions.first, tab.locator("article fieldset.question + details").first
    good = answer.locator("strong").first.text_content().strip("()")
    wrong = next(letter for letter in "abcd" if letter != good)
    # Au clavier seul : la touche Espace coche le choix qui a le focus.
    for letter, said, opened in ((wrong, f"Ce n’est pas ({wrong})", False), (good, "Juste", True)):
        first.locator(f"input[value={letter}]").focus()
        tab.keyboard.press("Space")
        assert said in first.locator("[role=status]").inner_text()
        assert answer.evaluate("details => details.open") is opened
    score = tab.locator(".bilan-questions [role=status]")
    assert score.inner_text().startswith(f"1 sur {count} : 1 juste, dont 0 du premier coup")
    tab.reload()
    assert tab.locator("fieldset.question").first.locator(f"input[value={good}]").is_checked()
    assert score.inner_text().startswith(f"1 sur {count}")
    tab.locator(".bilan-questions button").focus()
    tab.keyboard.press("Enter")
    assert score.inner_text().startswith(f"0 sur {count}")
    assert tab.evaluate("Object.values(localStorage).join()").count("dernier") == 0
    assert not defects


def test_without_script_the_bar_hides_what_passes_under_it(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/chapters/lenet.html")
    bar = tab.locator(".bd-header-article").first
    color = bar.evaluate("bar => { for (let e = bar; e; e = e.parentElement) { const c = getComputedStyle(e)"
                         ".backgroundColor; if (c !== 'rgba(0, 0, 0, 0)') return e.tagName + c; } return ''; }")
    assert color.startswith("DIV"), f"la barre est transparente : {color}"
    context.close()


def test_questions_can_be_read_without_script(browser, address):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/{QUIZZES[0]}.html")
    answer = tab.locator("article details", has_text="Réponse et explications").first
    assert answer.locator("xpath=preceding-sibling::ul[1]").inner_text().count("(") >= 3
    answer.locator("summary").click()
    assert answer.locator("strong").first.is_visible()
    context.close()

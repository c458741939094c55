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
PALETTE = {**AXE, "runOnly": COLORS}
# L'intérieur d'un dessin n'est pas exposé, son étiquette l'est. Ni la taille ni le texte de la page n'en sont changés.
LIGHTEN = """() => {
  for (const drawing of document.querySelectorAll("article svg[role=img]")) drawing.replaceChildren();
}"""
# axe examine chaque texte de la page ; ceux qui descendent des mêmes balises, classes et styles ont les mêmes couleurs.
# Les trois premiers de chaque sorte restent (un style peut alterner d'une ligne à l'autre), les suivants sont ôtés.
DISTINCT = """() => {
  const times = new Map();
  const known = (tag, above) => {
    const path = `${above} ${tag.tagName}.${tag.getAttribute("class")}.${tag.getAttribute("style")}`;
    times.set(path, (times.get(path) || 0) + 1);
    let repeated = times.get(path) > 3;
    for (const inner of [...tag.children]) repeated = known(inner, path) && repeated;
    if (repeated) tag.remove();
    return repeated;
  };
  known(document.body, "");
}"""
# Sur une feuille A4 ; ce qui dépasse y serait coupé, ou ferait rétrécir toute la page.
PAPER_PX = 658
BEYOND_PAPER = """width => [...document.querySelectorAll("html, article :is(table, svg, pre, img)")].filter(
  tag => tag.scrollWidth > Math.max(width, tag.clientWidth + 1) || tag.getBoundingClientRect().right > width + 2)
  .map(tag => `papier : ${tag.tagName.toLowerCase()} trop large, « ${tag.textContent.trim().slice(0, 40)} »`)"""
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


def violations(tab, options: dict, state: str) -> list[str]:
    """Rend ce que les règles d'axe trouvent dans l'onglet, avec trois endroits au plus pour chacune."""
    return [f"{state} : axe, {found['id']} ({found['impact']}) en "
            + ", ".join(str(node["target"]) for node in found["nodes"][:3])
            for found in Axe().run(tab, None, options).response["violations"]]


@pytest.mark.parametrize("page", [*pages(), "search", "genindex"])
def test_page(visit, page):
    tab, defects = visit(f"{page}.html")
    interface = tab.evaluate(INTERFACE)
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": PAPER_PX, "height": 850})
    defects += tab.evaluate(BEYOND_PAPER, PAPER_PX)
    tab.emulate_media(media="screen")
    tab.evaluate(LIGHTEN)
    for theme, width in (("light", 1280), ("dark", 390)):
        adopt(tab, theme, width)
        overflow = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if overflow > 0:
            defects.append(f"{width} px : la page déborde de {overflow} pixels")
        defects += violations(tab, STRUCTURE, f"{width} px")
    tab.evaluate(DISTINCT)
    for theme in ("dark", "light"):
        adopt(tab, theme, 1280)
        defects += violations(tab, PALETTE, theme)
    defects += [f"anglais : {text!r}" for text in interface if ENGLISH.search(text)]
    assert not defects, "\n".join(defects)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pale_text_is_seen_wherever_it_stands(visit, theme):
    tab, _ = visit(f"{pages()[0]}.html")
    tab.evaluate("""() => [...document.querySelectorAll("article p")].at(-1).insertAdjacentHTML("beforeend",
      "<span style='color: #888; background: #999'>pâle</span>")""")
    tab.evaluate(DISTINCT)
    adopt(tab, theme, 1280)
    found = violations(tab, PALETTE, theme)
    assert len(found) == 1
    assert "color-contrast" in found[0]


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

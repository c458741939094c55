"""Règles de tenue des notebooks. Chaque règle reçoit une :class:`tools.pages.Page` et rend la liste de ses défauts."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable

import nbformat

from tools.pages import Finding, Page, place_of, tags

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
LARGEST_FILE = 400_000
LARGEST_OUTPUT = 150_000
LONGEST_CELL = 25
LONGEST_RUN_S = 60
LONGER_RUNS_S = {"resnet": 150, "panorama": 150}  # chapitres qui comparent plusieurs réseaux profonds
SHORTEST_ALT = 20
ALT_PREFIX = "Figure\u00a0: "
CHAPTER_SECTIONS = ("Objectifs", "Idées fausses courantes", "On retiendra", "Pour vous tester", "Exercice", "Sources")
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
_PICTURES_IN_TEXT = ("image/png", "image/jpeg", "application/pdf")

_PATH = re.compile(
    r"(?<![\w.:/~$}\])*-])/(?:work|root|home|tmp|Users|mnt|media|opt|private|srv|var|usr/lib|usr/local|content)/[\w.+-]+"
    r"|(?<![A-Za-z])[A-Za-z]:\\\\?[A-Za-z]\w+|file:///"
)
_HOST = re.compile(
    r"index-url|--extra-index|https?://[^\s\"']+/simple/?(?=[\s\"']|$)"
    r"|https?://(?:\d{1,3}\.){3}\d{1,3}|https?://[\w.-]+\.(?:internal|local|lan|corp|intranet)\b"
    r"|\b(?:artifactory|jfrog|nexus)\.[\w-]+"
)
_RUN_TIME = re.compile(r"\b(?:[Dd]urée|[Ee]xécution|s'exécute)\b[^\n.]*?\b(\d+)[ \u00a0](?:s|secondes)\b")


def valid_format(page: Page) -> list[Finding]:
    """Format 4.5 valide, un seul noyau déclaré, ni état de widgets ni métadonnées de passage."""
    notebook, found = page.notebook, []
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        found.append(page.finding("", f"format {notebook.nbformat}.{notebook.nbformat_minor} ; attendu : 4.5"))
    try:
        nbformat.validate(copy.deepcopy(notebook))
    except Exception as error:
        found.append(page.finding("", f"notebook invalide : {str(error).splitlines()[0]}"))
    for name, expected in (("kernelspec", KERNELSPEC), ("language_info", LANGUAGE)):
        if notebook.metadata.get(name) != expected:
            found.append(page.finding("", f"métadonnée {name} : {notebook.metadata.get(name)} ; attendu : {expected}"))
    if "widgets" in notebook.metadata:
        found.append(page.finding("", "état de widgets enregistré (metadata.widgets) : GitHub refuse ces notebooks"))
    return found


def readable_ids(page: Page) -> list[Finding]:
    """Identifiants de cellule uniques et lisibles (« c1-parametres »), jamais tirés au hasard."""
    found = []
    counts = Counter(cell.get("id") for cell in page.notebook.cells)
    for index, cell in enumerate(page.notebook.cells):
        name = cell.get("id") or ""
        if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", name) or len(name) < 3 or _random(name):
            found.append(page.finding(place_of(cell, index), "identifiant peu lisible ; attendu : mots en minuscules "
                                      "sans accent, séparés par des tirets, par exemple « c1-parametres »"))
        if counts[cell.get("id")] > 1:
            found.append(page.finding(place_of(cell, index), "identifiant employé plusieurs fois"))
    return found


def _random(name: str) -> bool:
    return bool(re.fullmatch(r"(?=[^-]*\d)[0-9a-f]{6,}(?:-[0-9a-f]{4,})*", name))


def executed_in_order(page: Page) -> list[Finding]:
    """Chapitres et corrigés : cellules numérotées 1, 2, 3… ; exercices : jamais exécutés, sans sortie."""
    found = []
    if page.kind != "exercises" and all(cell.execution_count is None for cell in page.code_cells()):
        return [page.finding("", "notebook jamais exécuté ; lancez « python -m tools.notebooks execute »")]
    for rank, cell in enumerate(page.code_cells(), start=1):
        place, count = place_of(cell, rank - 1), cell.execution_count
        if page.kind == "exercises":
            if cell.outputs or count is not None:
                found.append(page.finding(place, "un exercice s'enregistre sans sortie ni numéro d'exécution"))
        elif not cell.source.strip():
            found.append(page.finding(place, "cellule de code vide"))
        elif count != rank:
            found.append(page.finding(place, f"numéro d'exécution {count} ; attendu : {rank}. Relancez "
                                      "« python -m tools.notebooks execute »"))
    return found


def clean_outputs(page: Page) -> list[Finding]:
    """Ni sortie d'erreur, ni exception imprévue, ni sortie démesurée."""
    found = []
    for index, cell in enumerate(page.code_cells()):
        place = place_of(cell, index)
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                found.append(page.finding(place, f"sortie d'erreur enregistrée : {output.text.strip()[:80]!r}"))
            if output.output_type == "error" and not tags(cell) & {"raises-exception", "nbval-raises-exception"}:
                found.append(page.finding(place, f"exception {output.ename} sans l'étiquette « raises-exception »"))
            size = len(output.get("text", "")) + sum(len(str(data)) for data in output.get("data", {}).values())
            if size > LARGEST_OUTPUT:
                found.append(page.finding(place, f"sortie de {size // 1000} ko ; au plus {LARGEST_OUTPUT // 1000} ko"))
    return found


def no_trace_of_the_machine(page: Page) -> list[Finding]:
    """Ni chemin absolu ni adresse de dépôt de paquets, dans les textes, les sources et les sorties."""
    return [page.finding(place, message) for place, text in _readable_texts(page) for message in machine_traces(text)]


def machine_traces(text: str) -> list[str]:
    """Rend un message par chemin absolu ou hôte de machine que contient ``text``."""
    return ([f"chemin absolu « {match.group()} »" for match in _PATH.finditer(text)]
            + [f"adresse de dépôt de paquets ou de réseau privé « {match.group()} »" for match in _HOST.finditer(text)])


def output_texts_of(cell) -> list[str]:
    """Rend tous les textes des sorties de ``cell`` (SVG et JSON compris, pixels exclus)."""
    texts = []
    for output in cell.get("outputs", []):
        texts += [str(output[key]) for key in ("text", "evalue", "traceback") if key in output]
        texts += [str(data) for mime, data in output.get("data", {}).items() if mime not in _PICTURES_IN_TEXT]
    return texts


def _readable_texts(page: Page):
    if not page.is_notebook:
        yield "", page.text
        return
    for index, cell in enumerate(page.notebook.cells):
        for text in [cell.source, *output_texts_of(cell)]:
            yield place_of(cell, index), text


def reasonable_size(page: Page) -> list[Finding]:
    """Un notebook pèse au plus 400 ko et une cellule compte au plus 25 lignes de code."""
    found = []
    size = len(page.text.encode("utf-8"))
    if size > LARGEST_FILE:
        found.append(page.finding("", f"fichier de {size // 1000} ko ; au plus {LARGEST_FILE // 1000} ko"))
    for index, cell in enumerate(page.code_cells()):
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]
        if len(lines) > LONGEST_CELL and "installation" not in tags(cell):
            found.append(page.finding(place_of(cell, index), f"{len(lines)} lignes de code ; au plus {LONGEST_CELL}"))
    return found


def figures_have_alt(page: Page) -> list[Finding]:
    """Chaque figure porte son texte de remplacement, dans la sortie et dans ``mystnb.image.alt``, à l'identique."""
    found = []
    for index, cell in enumerate(page.code_cells()):
        place, images = place_of(cell, index), 0
        stored = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        for output in cell.outputs:
            data = output.get("data", {})
            if any(mime in data for mime in IMAGES):
                images += 1
                found += [page.finding(place, message) for message in _alt_problems(data.get("text/plain", ""), stored)]
            markup = data.get("text/html", "")
            for svg in re.findall(r"<svg\b.*?</svg>", markup, flags=re.S):
                found += [page.finding(place, message) for message in _svg_problems(svg)]
        if images > 1:
            found.append(page.finding(place, "plusieurs images dans une cellule : le site n'a qu'un texte de "
                                      "remplacement par cellule ; séparez-les"))
        if stored is not None and not images and cell.outputs:
            found.append(page.finding(place, "texte de remplacement enregistré sans image dans la sortie"))
    return found


def alt_of(text_plain: str) -> str | None:
    """Rend le texte de remplacement que porte la sortie texte d'une figure, ou ``None`` si elle n'en porte pas."""
    return text_plain.removeprefix(ALT_PREFIX) if text_plain.startswith(ALT_PREFIX) else None


def _alt_problems(text_plain: str, stored: str | None) -> list[str]:
    alt = alt_of(text_plain)
    if alt is None:
        return ["image sans texte de remplacement : rendez-la par cours_cnn.figures (sortie texte « Figure : … »)"]
    if len(alt) < SHORTEST_ALT:
        return [f"texte de remplacement trop court ({len(alt)} caractères, au moins {SHORTEST_ALT}) : « {alt} »"]
    if alt != stored:
        return [f"mystnb.image.alt ({stored!r}) diffère du texte de la figure ({alt!r}) ; relancez "
                "« python -m tools.notebooks normalise »"]
    return []


def _svg_problems(svg: str) -> list[str]:
    opening = svg[:svg.index(">") + 1]
    if 'aria-hidden="true"' in opening:
        return []
    label = re.search(r'aria-label="([^"]*)"', opening) or re.search(r"<title[^>]*>([^<]*)</title>", svg)
    if label is None or len(label.group(1)) < SHORTEST_ALT:
        return [f"dessin SVG sans aria-label ni <title> d'au moins {SHORTEST_ALT} caractères"]
    return []


def installation_first(page: Page) -> list[Finding]:
    """La première cellule de code est celle de l'installation (étiquette ``installation``), et elle est la seule."""
    marked = [rank for rank, cell in enumerate(page.code_cells()) if "installation" in tags(cell)]
    if marked != [0]:
        return [page.finding("", "la première cellule de code, et elle seule, doit avoir l'étiquette « installation »")]
    if page.notebook.cells.index(page.code_cells()[0]) > 2:
        return [page.finding("", "la cellule d'installation suit le titre : deux cellules de texte avant au plus")]
    return []


def longest_run(page: Page) -> int:
    """Rend la durée d'exécution admise, en secondes : 60, ou celle de ``LONGER_RUNS_S`` pour les chapitres cités."""
    return LONGER_RUNS_S.get(page.path.stem, LONGEST_RUN_S)


def chapter_plan(page: Page) -> list[Finding]:
    """Un chapitre a un titre, les sections convenues dans l'ordre, et annonce une durée que la règle admet."""
    source = "\n\n".join(text for _, text in page.markdown())
    source = re.sub(r"^```.*?^```", "", source, flags=re.S | re.M)
    titles = re.findall(r"^# (.+)$", source, flags=re.M)
    sections = [title.strip() for title in re.findall(r"^## (.+)$", source, flags=re.M)]
    found = []
    if len(titles) != 1:
        found.append(page.finding("", f"{len(titles)} titres de niveau 1 ; attendu : un seul"))
    missing = [name for name in CHAPTER_SECTIONS if sections.count(name) != 1]
    found += [page.finding("", f"section « ## {name} » absente ou répétée") for name in missing]
    present = [name for name in sections if name in CHAPTER_SECTIONS]
    if not missing and present != list(CHAPTER_SECTIONS):
        found.append(page.finding("", f"sections dans l'ordre {present} ; attendu : {list(CHAPTER_SECTIONS)}"))
    stated = _RUN_TIME.search(source)
    if stated is None:
        found.append(page.finding("", "durée d'exécution non annoncée (par exemple « Durée : 40 s sur deux cœurs »)"))
    elif int(stated.group(1)) > longest_run(page):
        found.append(page.finding("", f"durée annoncée de {stated.group(1)} s ; au plus {longest_run(page)} s"))
    if page.notebook.metadata.get("cours", {}).get("budget_s", 0) > longest_run(page):
        found.append(page.finding("", f"budget_s dépasse {longest_run(page)} s"))
    return found


_SITE_ONLY = re.compile(r"^:{3,}\s*\{|\{[a-z:]+\}`|^\$\$ \([\w-]+\)\s*$|^`{3,}\{", re.MULTILINE)


def readable_everywhere(page: Page) -> list[Finding]:
    """Le texte d'un notebook se lit aussi dans Colab et Jupyter : ni directive ni rôle propres au site."""
    found = []
    for index, cell in enumerate(page.notebook.cells):
        if cell.cell_type == "markdown" and (match := _SITE_ONLY.search(cell.source)):
            found.append(page.finding(place_of(cell, index), f"« {match[0].strip()} » n'est compris que du site : "
                                      "écrivez du Markdown ordinaire (<details>, lien, citation)"))
    return found


def training_is_checked(page: Page) -> list[Finding]:
    """Une cellule qui entraîne porte ``nbval-ignore-output`` ; l'une des trois suivantes porte ``verification``."""
    cells, found = page.code_cells(), []
    for rank, cell in enumerate(cells):
        if not _trains(cell.source):
            continue
        place = place_of(cell, rank)
        if "nbval-ignore-output" not in tags(cell):
            found.append(page.finding(place, "cellule d'entraînement sans l'étiquette « nbval-ignore-output »"))
        if not any("verification" in tags(later) for later in cells[rank + 1:rank + 4]):
            found.append(page.finding(place, "aucune des trois cellules de code suivantes n'a l'étiquette "
                                      "« verification »"))
    return found


def _trains(source: str) -> bool:
    python = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        calls = [node.func for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return ".fit(" in source
    return any(isinstance(called, ast.Attribute) and called.attr == "fit" for called in calls)


_ALL = ("chapters", "solutions", "exercises", "notebook")
STRUCTURE: dict[str, tuple[Callable[[Page], list[Finding]], tuple[str, ...]]] = {
    "format": (valid_format, _ALL),
    "identifiants": (readable_ids, _ALL),
    "portable": (readable_everywhere, _ALL),
    "exécution": (executed_in_order, _ALL),
    "sorties": (clean_outputs, _ALL),
    "machine": (no_trace_of_the_machine, (*_ALL, "page")),
    "taille": (reasonable_size, _ALL),
    "figures": (figures_have_alt, _ALL),
    "installation": (installation_first, ("chapters", "solutions", "exercises")),
    "plan": (chapter_plan, ("chapters",)),
    "entraînement": (training_is_checked, ("chapters", "solutions")),
}

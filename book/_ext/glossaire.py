"""Chaque terme du glossaire devient un lien là où un chapitre l'emploie pour la première fois.

Les notebooks restent du Markdown ordinaire, lisible dans Colab : le lien n'existe que sur le site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from docutils import nodes

PAGE = "annexes/glossaire"
# Termes qui sont aussi des mots de tous les jours (« ce n'est pas », « en tête »).
ORDINARY = frozenset({
    "apprentissage", "biais", "bloc", "branche", "calibration", "canal", "classification", "confusion",
    "connexion", "couche", "débit", "dégel", "dégradation", "exactitude", "forme", "gel", "généralisation",
    "graine", "identité", "inertie", "initialisation", "invariance", "latence", "lot", "marge", "pas", "perte",
    "précision", "profondeur", "projection", "raccourci", "recouvrement", "remplissage", "saturation",
    "sensibilité", "spécificité", "tête", "tour", "unité", "étage",
})
_APART = (nodes.title, nodes.reference, nodes.literal, nodes.math, nodes.math_block, nodes.literal_block, nodes.table,
          nodes.caption, nodes.raw, nodes.comment)


def forms(text: str) -> dict[str, str]:
    """Lit le source du glossaire ; rend, pour chaque forme que l'on relie, le mot vedette de son entrée.

    Une forme est reliée si c'est la vedette ou un groupe de mots français ; un mot isolé secondaire (« apprendre »)
    est trop courant pour désigner à coup sûr le terme.
    """
    found: dict[str, str] = {}
    body = text.split("```{glossary}\n")[-1].rsplit("```", 1)[0]
    for block in re.split(r"\n\s*\n", body):
        names = [line.strip() for line in block.splitlines() if line and not line.startswith(" ")]
        for name in names:
            if name == names[0] or (" " in name and not name.startswith("*")):
                found.setdefault(name.strip("*"), names[0].strip("*"))
    return found


def pattern(form: str) -> str:
    """Rend l'expression qui reconnaît ``form``, au singulier ou au pluriel, en minuscules ou en tête de phrase."""
    words = [re.escape(word) + ("" if word[-1] in "sxz" else "[sx]?") for word in form.split(" ")]
    start = words[0]
    if form[0].islower():
        start = f"[{form[0]}{form[0].upper()}]{start[1:]}"
    return r"(?<![\w*-])" + r"\s+".join([start, *words[1:]]) + r"(?![\w-])"


def link_terms(tree: nodes.Node, known: Mapping[str, str], address: Mapping[str, str]) -> list[str]:
    """Relie dans ``tree`` la première occurrence de chaque entrée ; rend les vedettes reliées, dans l'ordre.

    ``known`` : forme → vedette (voir :func:`forms`) ; ``address`` : vedette → adresse de sa définition. Un mot
    d'``ORDINARY`` n'est relié que là où le chapitre le définit.
    """
    waiting = {form: entry for form, entry in known.items() if entry in address}
    linked: list[str] = []
    for text in list(tree.findall(nodes.Text)):
        if waiting and _prose(text):
            here = {form: entry for form, entry in waiting.items() if form not in ORDINARY or _defined(text)}
            before = len(linked)
            pieces = list(_pieces(text.astext(), here, address, linked))
            waiting = {form: entry for form, entry in waiting.items() if entry not in linked[before:]}
            if len(linked) > before:
                text.parent.replace(text, pieces)
    return linked


def _pieces(text: str, waiting: dict[str, str], address: Mapping[str, str], linked: list[str]) -> Iterable[nodes.Node]:
    # Les groupes les plus longs d'abord : « champ récepteur effectif » avant « champ récepteur ».
    while waiting:
        order = sorted(waiting, key=len, reverse=True)
        match = re.search("|".join(f"({pattern(form)})" for form in order), text)
        if match is None:
            break
        entry = waiting[order[match.lastindex - 1]]
        for form in [form for form, owner in waiting.items() if owner == entry]:
            del waiting[form]
        linked.append(entry)
        if match.start():
            yield nodes.Text(text[:match.start()])
        yield nodes.reference("", match[0], refuri=address[entry], internal=True, classes=["cours-terme"])
        text = text[match.end():]
    if text:
        yield nodes.Text(text)


def _defined(text: nodes.Text) -> bool:
    """Dit si le chapitre définit ici un terme : un mot en gras, suivi du terme anglais entre parenthèses."""
    place = text.parent.parent.index(text.parent) + 1 if isinstance(text.parent, nodes.strong) else None
    following = text.parent.parent[place:] if place else []
    return bool(following) and following[0].astext().lstrip(" \N{NO-BREAK SPACE}").startswith("(")


def _prose(text: nodes.Text) -> bool:
    """Dit si ``text`` est de la prose : ni titre, ni lien, ni code, ni tableau, ni sortie de cellule."""
    node = text.parent
    while node is not None:
        if isinstance(node, _APART) or "cell" in node.get("classes", []):
            return False
        node = node.parent
    return True


def _resolve(app, tree, docname) -> None:
    if app.builder.format != "html" or not docname.startswith(("chapters/", "exercises/")):
        return
    if PAGE not in app.env.found_docs:   # un livre sans glossaire
        return
    objects = app.env.get_domain("std").objects
    base = app.builder.get_relative_uri(docname, PAGE)
    known = forms(Path(app.srcdir, PAGE + ".md").read_text(encoding="utf-8"))
    address = {entry: f"{base}#{objects['term', entry][1]}" for entry in set(known.values())
               if ("term", entry) in objects}
    link_terms(tree, known, address)


def setup(app) -> dict:
    """Relie les termes une fois les autres renvois résolus."""
    app.connect("doctree-resolved", _resolve, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

r"""Formules LaTeX rendues en MathML à la construction : aucun script, aucune requête, lisibles par une synthèse vocale.

Couvre ``$…$``, ``$$…$$``, la directive ``math`` (avec étiquette) et les environnements amsmath. Une commande
inconnue est un avertissement, donc une erreur de construction : la page ne montre jamais une formule à moitié rendue.
"""

from __future__ import annotations

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

_CONVERTER = LatexToMathML(fancy_error=False)
# Noms qu'un livre LaTeX admet et que le convertisseur ignore.
_SYNONYMS = ((r"\begin{split}", r"\begin{aligned}"), (r"\end{split}", r"\end{aligned}"))
_DECIMAL = re.compile(r'<mn>([\d\u00a0]+)</mn><mo[^>]*>,</mo><mn>(\d+)</mn>')
_THOUSANDS = re.compile(r'<mn>(\d+(?:\u00a0\d{3})*)</mn><mspace width="0\.16666667em"/><mn>(\d{3})</mn>')


def mathml(latex: str, *, block: bool) -> str:
    """Rend ``latex`` en MathML ; lève ``LatexError`` si une commande est inconnue ou mal formée."""
    source = latex.strip()
    for old, new in _SYNONYMS:
        source = source.replace(old, new)
    # Les numéros viennent de Sphinx (étiquettes), jamais de l'environnement.
    source = re.sub(r"\\(begin|end)\{(align|gather|equation|multline)\}", r"\\\1{\2*}", source)
    result = _CONVERTER.convert_with_local_state(source, displaystyle=block)
    # Un nombre écrit à la française (« 61\,706 », « 0{,}5 ») doit rester un seul nombre pour la synthèse vocale.
    while _THOUSANDS.search(result):
        result = _THOUSANDS.sub("<mn>\\1\u00a0\\2</mn>", result)
    if "{,}" in latex:
        result = _DECIMAL.sub(r"<mn>\1,\2</mn>", result)
    return result


def _rendered(node: nodes.Element, *, block: bool) -> str:
    try:
        return mathml(node.astext(), block=block)
    except LatexError as error:
        logger.warning("formule illisible : %s — %s", node.astext(), error, location=node, type="formules")
        return ""


def visit_inline(translator, node: nodes.math) -> None:
    """Écrit une formule dans le texte."""
    translator.body.append(_rendered(node, block=False))
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    """Écrit une formule hors texte, avec son numéro si elle porte une étiquette."""
    translator.body.append(translator.starttag(node, "div", CLASS="math formule"))
    # La formule défile seule quand elle est plus large que l'écran ; il faut donc pouvoir l'atteindre au clavier.
    translator.body.append(f'<div class="formule-corps">{_rendered(node, block=True)}</div>')
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Lien vers cette formule")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict:
    """Déclare le rendu « mathml », que ``html_math_renderer`` désigne."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

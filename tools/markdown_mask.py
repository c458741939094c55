"""Sépare la prose du reste : un texte Markdown de même longueur, où code, formules, liens et balises sont masqués."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

MASK = "\ufffc"

# Directives MyST dont le contenu est de la prose ; celui de toutes les autres (code, formules, listes) est masqué.
_PROSE_DIRECTIVES = {
    "admonition", "attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning",
    "seealso", "dropdown", "card", "grid", "grid-item", "grid-item-card", "tab-set", "tab-item", "glossary",
    "exercise", "solution", "epigraph", "margin", "sidebar", "figure", "list-table", "table", "topic",
}
_TITLED = {
    "admonition", "dropdown", "card", "grid-item-card", "tab-item", "exercise", "sidebar", "topic", "table",
    "list-table",
}

_OPENING = re.compile(r"[ \t>]*(?:`{3,}|~{3,}|:{3,})[ \t]*\{([\w:-]+)\}[ \t]*")
_OPTION = re.compile(r"[ \t>]*:([\w-]+):")
_TEXT_OPTIONS = {"alt", "caption"}
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---[ \t]*(?:\n|\Z)", re.S)
_LINE = "(?:(?!\\n[ \\t]*\\n).)"  # un caractère quelconque, sans franchir de ligne vide

_MATH = (r"\$\$.+?\$\$|\\begin\{(?P<env>\w+\*?)\}.*?\\end\{(?P=env)\}"
         rf"|(?<!\\)\$(?!\$){_LINE}+?(?<!\\)\$")  # comme MyST : un dollar peut toucher un chiffre ou une espace
# Une seule expression, lue de gauche à droite : le premier signe ouvrant l'emporte, comme dans un analyseur Markdown.
_PATTERNS = [
    r"(?P<comment><!--.*?-->)",
    r"(?P<raw><(?P<tag>script|style|svg|pre|code|math)\b.*?</(?P=tag)\s*>)",
    rf"(?P<code>(?:\{{[\w:.+-]+\}})?(?<!`)(?P<ticks>`+)(?!`){_LINE}+?(?<!`)(?P=ticks)(?!`)(?:\{{[^}}\n]*\}})?)",
    rf"(?P<math>{_MATH})",
    r"(?P<escape>\\[!-/:-@\[-`{-~])",
    r"(?P<autolink><(?:https?://|mailto:)[^>\s]*>)",
    r"(?P<html></?[a-zA-Z][^<>]*>)",
    r"(?P<image>!(?=\[))",
    r"(?P<destination>\]\((?:[^()\n]|\([^()\n]*\))*\)(?:\{[^}\n]*\})?)",
    r"(?P<attributes>\]\{[^}\n]*\}|\]\[[^\]\n]*\]|\[\^[^\]\n]+\]:?)",
    r"(?P<url>\b(?:https?://|www\.)[^\s<>»\]]+|\b(?:doi|arXiv):[ \u00a0]?\S+|[\w.+-]+@[\w-]+\.[\w.]+)",
    r"(?P<substitution>\{\{[^}\n]*\}\})",
    r"(?P<entity>&(?:\w+|#\d+);)",
]
_INLINE = re.compile("|".join(_PATTERNS), re.S)
_WHOLE_LINES = re.compile(
    r"^[ \t]*\([\w:.-]+\)=[ \t]*$"  # cible MyST
    r"|^[ \t>]*:[\w-]+:(?=[ \t]|$)"  # nom d'une option
    r"|^%.*$|^\+\+\+.*$"  # commentaire, séparation de blocs
    r"|^[ \t]*\[[^\]\n]+\]:[ \t]+\S.*$"  # définition de lien
    r"|^[ \t>]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$",  # filet de tableau
    re.M,
)


def masked(text: str, *, math: bool = False) -> str:
    """Rend ``text`` où tout caractère étranger à la prose est remplacé par ``MASK`` (même longueur, mêmes lignes).

    ``math=True`` laisse les formules lisibles, pour y chercher des nombres.
    """
    hidden = bytearray(len(text))
    _mask_blocks(text, hidden)
    for match in _WHOLE_LINES.finditer(text):
        _hide(hidden, *match.span())
    partly = _apply(text, hidden)
    for match in _INLINE.finditer(partly):
        if not (math and match.group("math")):
            _hide(hidden, *match.span())
    return _apply(text, hidden)


def _hide(hidden: bytearray, start: int, end: int) -> None:
    hidden[start:end] = b"\x01" * (end - start)


def _apply(text: str, hidden: bytearray) -> str:
    return "".join(MASK if flag and char != "\n" else char for char, flag in zip(text, hidden, strict=True))


def _mask_blocks(text: str, hidden: bytearray) -> None:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = min(starts[-1], len(text))
    front = _FRONT_MATTER.match(text)
    if front:
        _hide(hidden, 0, front.end())
    _mask_range(text, hidden, starts, 0, len(starts) - 1)
    _mask_colon_fences(text, hidden, starts)


def _mask_range(text: str, hidden: bytearray, starts: list[int], first: int, last: int) -> None:
    """Masque les blocs de code des lignes ``first`` à ``last`` et entre dans les directives qui portent de la prose."""
    source = text[starts[first]:min(starts[last], len(text))]
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type not in ("fence", "code_block"):
            continue
        begin, end = (first + line for line in token.map)
        end = min(end, last)
        name = token.info.strip()
        directive = re.match(r"\{([\w:-]+)\}", name)
        if token.type == "fence" and directive and directive.group(1) in _PROSE_DIRECTIVES and end - begin > 1:
            _hide(hidden, starts[begin], _opening_end(text, starts[begin], starts[begin + 1]))
            body = _mask_options(text, hidden, starts, begin + 1, end)
            closed = re.fullmatch(r"[ \t>]*[`~]{3,}[ \t]*\n?", text[starts[end - 1]:starts[end]])
            if closed:
                _hide(hidden, starts[end - 1], starts[end])
            if body < end - bool(closed):
                _mask_range(text, hidden, starts, body, end - bool(closed))
        else:
            _hide(hidden, starts[begin], starts[end])


def _mask_colon_fences(text: str, hidden: bytearray, starts: list[int]) -> None:
    for index in range(len(starts) - 1):
        begin, end = starts[index], starts[index + 1]
        line = text[begin:end]
        if hidden[begin:begin + 1] == b"\x01" or not re.match(r"[ \t>]*:{3,}", line):
            continue
        if _OPENING.match(line):
            _hide(hidden, begin, _opening_end(text, begin, end))
            _mask_options(text, hidden, starts, index + 1, len(starts) - 1)
        else:
            _hide(hidden, begin, end)


def _opening_end(text: str, begin: int, end: int) -> int:
    """Rend la fin de la partie à masquer d'une ligne ouvrante : avant le titre s'il y en a un, sinon toute la ligne."""
    match = _OPENING.match(text[begin:end])
    return begin + match.end() if match and match.group(1) in _TITLED else end


def _mask_options(text: str, hidden: bytearray, starts: list[int], first: int, last: int) -> int:
    """Masque les lignes « :option: valeur » qui suivent l'ouverture ; rend l'indice de la première ligne du contenu."""
    index = first
    while index < last:
        match = _OPTION.match(text[starts[index]:starts[index + 1]])
        if not match:
            break
        keep = match.group(1) in _TEXT_OPTIONS
        _hide(hidden, starts[index], starts[index] + match.end() if keep else starts[index + 1])
        index += 1
    return index

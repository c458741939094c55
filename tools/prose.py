"""Typographie française de la prose : ce qui se corrige sans risque, et ce qu'il faut signaler à l'auteur."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.markdown_mask import MASK, masked

NBSP = "\u00a0"
_BLANKS = " \u00a0\u202f"
# Ce qui peut précéder une ponctuation : une lettre, un chiffre, une fermeture, ou un passage masqué (code, formule).
_BEFORE = rf"[\w)\]»*_…°²³{MASK}]"
_VERSIONED = (
    r"Python|Keras|TensorFlow|NumPy|SciPy|PyTorch|CUDA|Book|Sphinx|nbval|nbformat|nbgrader|pytest|matplotlib|format"
    r"|schéma|versions?|v|SA|BY|NC|[Ss]ections?|§|[Ff]igures?|[Tt]ableaux?|[Cc]hapitres?|arXiv|WCAG|conditions|Chromium|Debian"
)
VERSION = re.compile(rf"(?:\b(?:{_VERSIONED})|§)[ \u00a0]?\d+(?:\.\d+)+(?:\.\w+)*|\d+(?:\.\d+){{2,}}(?:\.\w+)*")

# L'ordre compte : une espace posée avant » fait du signe qui précède une fin de mot.
# (motif à remplacer, texte mis à la place, message) ; tous s'appliquent au texte masqué, donc à la seule prose.
_REPAIRS = [
    (re.compile("\u2019"), "'", "apostrophe typographique : le cours emploie l'apostrophe droite '"),
    (re.compile(rf"(?<=[^\s|])[{_BLANKS}]+(?=»)|(?<=[^\s|])(?=»)"), NBSP,
     "une espace insécable (U+00A0) est attendue avant »"),
    (re.compile(rf"(?<=«)[{_BLANKS}]*(?=[^\s])"), NBSP, "une espace insécable (U+00A0) est attendue après «"),
    (re.compile(rf"(?<={_BEFORE})[{_BLANKS}]+(?=[;!?%])|(?<={_BEFORE})[{_BLANKS}]+(?=:(?:[\s*_]|$))", re.M),
     NBSP, "une espace insécable (U+00A0) est attendue avant ce signe"),
    (re.compile(rf"(?<={_BEFORE})(?=[;!?])|(?<={_BEFORE})(?=:(?:[\s*_]|$))|(?<=[\d{MASK}])(?=%)", re.M),
     NBSP, "une espace insécable (U+00A0) est attendue avant ce signe"),
    (re.compile(rf"(?<![\w.,-])\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?!\d)"),
     None, "les milliers se séparent par une espace insécable (U+00A0)"),
    (re.compile("\u202f"), NBSP, "espace fine : le cours emploie partout l'espace insécable U+00A0"),
]

# Ce que seul l'auteur peut trancher.
_WARNINGS = [
    (re.compile(r"!"), "point d'exclamation dans la prose"),
    (re.compile(r'"'), 'guillemets droits : écrire « … »'),
    (re.compile(r"[“”]"), "guillemets anglais : écrire « … »"),
    (re.compile(rf"(?<=[^\s|])[{_BLANKS}]{{2,}}(?=[^\s|])"), "espaces doublées"),
    (re.compile(r"(?<![\w.,])(?<!\w-)\d+\.\d+(?!\d)(?!\.\d)(?!\w)"), "nombre décimal : la virgule est attendue"),
    (re.compile(rf"[^\s|][{_BLANKS}]+,|[^\s|][{_BLANKS}]+\.(?=\s|$)", re.M), "espace avant une virgule ou un point"),
    (re.compile(r"\.{3}"), "points de suspension : écrire …"),
]


@dataclass(frozen=True)
class Problem:
    """Un défaut de la prose : numéro de ligne (à partir de 1), passage en cause, explication."""

    line: int
    excerpt: str
    message: str

    def __str__(self) -> str:
        return f"ligne {self.line}, « {self.excerpt} » : {self.message}"


def corrected(text: str) -> str:
    """Rend ``text`` (Markdown) avec les espaces insécables et apostrophes voulues ; seule la prose est touchée.

    Appliquer la fonction deux fois donne le même texte.
    """
    for pattern, replacement, _ in _REPAIRS:
        prose = masked(text)
        pieces, position = [], 0
        for match in pattern.finditer(prose):
            pieces += [text[position:match.start()], _replaced(match.group(), replacement)]
            position = match.end()
        text = "".join(pieces) + text[position:]
    return text


def typography(text: str) -> list[Problem]:
    """Rend les défauts typographiques de ``text`` (Markdown) : ceux que :func:`corrected` répare, puis les autres."""
    prose = masked(text)
    found = []
    for pattern, replacement, message in _REPAIRS:
        for match in pattern.finditer(prose):
            if _replaced(match.group(), replacement) != match.group():
                found.append((match.start(), message))
    versions = [match.span() for match in VERSION.finditer(prose)]
    for pattern, message in _WARNINGS:
        for match in pattern.finditer(prose):
            if not any(start <= match.start() < end for start, end in versions):
                found.append((match.start(), message))
    return [Problem(text.count("\n", 0, place) + 1, excerpt(text, place), message)
            for place, message in sorted(set(found))]


def excerpt(text: str, place: int, width: int = 30) -> str:
    """Rend le voisinage du caractère ``place``, sur une ligne, sans couper les mots."""
    start = text.rfind("\n", 0, place) + 1
    stop = text.find("\n", place)
    line_end = len(text) if stop < 0 else stop
    left, right = max(start, place - width), min(line_end, place + width)
    before, after = text[left:place], text[place:right]
    if left > start:
        before = "…" + (before.partition(" ")[2] or before)
    if right < line_end:
        after = (after.rpartition(" ")[0] or after) + "…"
    return (before + after).strip()


def sentence(text: str, place: int) -> str:
    """Rend la phrase (ou la ligne de tableau) qui contient le caractère ``place``."""
    start = max((match.end() for match in re.finditer(r"\n|[.!?…]\s+", text[:place])), default=0)
    stop = re.compile(r"\n|[.!?…](?=\s|$)").search(text, place)
    return " ".join(text[start:stop.end() if stop else len(text)].split())


def _replaced(found: str, replacement: str | None) -> str:
    if replacement is not None:
        return replacement
    return re.sub(rf"[{_BLANKS}]", NBSP, found)

"""Ce que l'étudiant lit : un encadré court, en HTML dans un notebook et en texte ailleurs."""

from __future__ import annotations

import html
import json
import re
import sys
import textwrap
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import FunctionType
from urllib.parse import quote

import numpy as np

from cours_cnn.french import NBSP
from cours_cnn.validation import one_of

CHAPTERS = {"convolution": "La convolution", "lenet": "LeNet-5", "alexnet": "AlexNet", "vgg": "VGG",
            "inception": "GoogLeNet", "resnet": "ResNet", "transfert": "Transfert", "chats_chiens": "Chats et chiens"}
_LONGEST = 70
_CODE = re.compile(r"(`[^`]*`)")
# Bordure et fond par état. Des couleurs simples, lisibles en clair et en sombre : JupyterLab retire des sorties d'un
# notebook qu'il vient d'ouvrir toute valeur var(…).
_COLOURS = {
    "reussi": ("#2e7d4f", "rgba(46, 125, 79, 0.13)"),
    "a-revoir": ("#c0392b", "rgba(192, 57, 43, 0.11)"),
    "a-faire": ("#7d8793", "rgba(125, 135, 147, 0.13)"),
    "indice": ("#2f74b5", "rgba(47, 116, 181, 0.12)"),
}


@dataclass(frozen=True)
class Section:
    """Une section du cours : ``chapter``, nom du notebook sans extension ; ``title``, titre exact de la section."""

    chapter: str
    title: str

    @property
    def name(self) -> str:
        """Le chapitre et la section, tels que l'étudiant les lit."""
        return f"chapitre « {CHAPTERS[self.chapter]} », section « {self.title} »"


class Message:
    """Encadré affiché par un notebook.

    ``state`` : « reussi », « a-revoir », « a-faire » ou « indice » ; ``title`` : première ligne ; ``paragraphs`` :
    textes où les passages entre accents graves sont du code ; ``section`` : où revoir la notion.
    La typographie française (espaces insécables) est posée ici : les textes s'écrivent avec des espaces ordinaires.
    """

    def __init__(self, state: str, title: str, paragraphs=(), section: Section | None = None):
        self.state = one_of("state", state, list(_COLOURS))
        self.title = typeset(title)
        self.paragraphs = [typeset(text) for text in paragraphs]
        self.section = section

    @property
    def _again(self) -> str:
        return "À relire" if self.state == "indice" else "À revoir"

    def __repr__(self) -> str:
        review = [f"{self._again}{NBSP}: {typeset(self.section.name)}."] if self.section else []
        lines = [textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)
                 for text in (*self.paragraphs, *review)]
        return "\n".join([self.title, *("  " + line.replace("\n", "\n  ") for line in lines)])

    def _repr_html_(self) -> str:
        border, ground = _COLOURS[self.state]
        style = (f"display:block;margin:.5em 0;padding:.6em .9em;border-left:4px solid {border};"
                 f"border-radius:.35em;background-color:{ground};line-height:1.5;overflow-wrap:anywhere")
        body = "".join(f'<p style="margin:.35em 0 0">{markup(text)}</p>' for text in self.paragraphs)
        if self.section:
            name, link = markup(typeset(self.section.name)), section_address(self.section)
            if link:
                name = f'<a href="{html.escape(link, quote=True)}">{name}</a>'
            body += f'<p style="margin:.35em 0 0">{self._again}{NBSP}: {name}.</p>'
        return (f'<div class="cours-verif {self.state}" role="group" aria-label="{html.escape(self.title, quote=True)}"'
                f' style="{style}"><strong>{markup(self.title)}</strong>{body}</div>')


def typeset(text: str) -> str:
    """Pose les espaces insécables (devant « ; : ! ? % », dans les guillemets et les produits), hors du code."""
    parts = _CODE.split(text)
    for index in range(0, len(parts), 2):
        # Entre deux passages, les signes peuvent toucher le code : « … `x` : … ».
        part = re.sub(r" (?=[;:!?%»])", NBSP, parts[index])
        part = re.sub(r"(?<=\d) × (?=\d)", f"{NBSP}×{NBSP}", part)
        parts[index] = re.sub(r"(?<=«) ", NBSP, part)
    return "".join(parts)


def markup(text: str) -> str:
    """Échappe ``text`` et rend en ``<code>`` les passages entre accents graves."""
    return "".join(f"<code>{html.escape(part[1:-1])}</code>" if _CODE.fullmatch(part) else html.escape(part)
                   for part in _CODE.split(text))


def code(text: str, longest: int = _LONGEST) -> str:
    """Rend ``text`` entre accents graves, sur une ligne, coupé à ``longest`` caractères."""
    line = " ".join(text.replace("`", "'").split())
    return f"`{line if len(line) <= longest else line[:longest - 1] + '…'}`"


def described(value) -> str:
    """Décrit une valeur de l'étudiant en peu de mots, quoi que vaille son ``__repr__``."""
    if value is None or value is Ellipsis or type(value) in (bool, int, float, complex, str):
        return code(_plain(value))
    if type(value) in (list, tuple, dict):
        return code(_plain(value))
    try:
        if isinstance(value, np.generic):
            return code(_plain(value.item()))
        if isinstance(value, np.ndarray):
            return f"un tableau NumPy de forme {code(str(tuple(value.shape)))}"
        if isinstance(value, FunctionType):
            return f"la fonction {code(value.__name__)} elle-même, sans l'appeler"
        shape = tuple(int(side) for side in value.shape)
        return f"un objet de type {code(type(value).__name__)} et de forme {code(str(shape))}"
    except Exception:
        return f"un objet de type {code(type.__getattribute__(type(value), '__name__'))}"


def _plain(value, depth: int = 0) -> str:
    """Écrit une valeur des types de base ; un objet quelconque devient ``<type>``, sans lui donner la parole."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is Ellipsis:
        return "..."
    if type(value) is int and abs(value) >= 10**30:
        return f"<entier de {value.bit_length()} bits>"
    if type(value) is float:
        return f"{value:.6g}" if value != int_or_none(value) else repr(value)
    if value is None or type(value) in (bool, int, complex):
        return repr(value)
    if type(value) is str:
        return repr(value[:_LONGEST])
    if type(value) in (list, tuple) and depth < 3:
        items = [_plain(item, depth + 1) for item in value[:8]] + ["…"] * (len(value) > 8)
        inside = ", ".join(items)
        if type(value) is list:
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if type(value) is dict and depth < 3:
        pairs = [f"{_plain(key, depth + 1)}: {_plain(item, depth + 1)}" for key, item in list(value.items())[:6]]
        return "{" + ", ".join(pairs + ["…"] * (len(value) > 6)) + "}"
    return f"<{type.__getattribute__(type(value), '__name__')}>"


def int_or_none(value: float) -> int | None:
    """Rend l'entier égal à ``value``, ou ``None`` (fraction, infini, NaN)."""
    return int(value) if np.isfinite(value) and value == int(value) else None


def section_address(section: Section) -> str:
    """Rend l'adresse d'une section depuis le notebook de l'exercice, ou un texte vide si elle n'est pas connue.

    Dans Colab, l'adresse du dépôt est celle d'où le module a été installé ; ailleurs, le chapitre est un fichier
    voisin. L'ancre est celle que JupyterLab donne aux titres.
    """
    path = f"chapters/{section.chapter}.ipynb"
    anchor = "#" + quote(typeset(section.title).replace(" ", "-"))
    if "google.colab" in sys.modules:
        repository = _installed_from()
        return f"https://colab.research.google.com/github/{repository}/blob/main/{path}" if repository else ""
    return f"../{path}{anchor}" if Path("..", path).is_file() else ""


def _installed_from() -> str:
    """Rend « organisation/depot » si pip a installé le module depuis GitHub, un texte vide sinon."""
    try:
        record = json.loads(metadata.distribution("cours-cnn").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", record.get("url", ""))
    return found.group(1) if found else ""

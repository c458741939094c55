"""Comparaison des sorties d'une cellule : texte exact, nombres à une tolérance près si la cellule en déclare une.

Fonctions pures : elles ne connaissent ni pytest ni nbval, et serviront aussi bien aux chapitres qu'aux copies.
"""

from __future__ import annotations

import difflib
import math
import numbers
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Ce qui n'est pas comparé : la sortie d'erreur, les pixels, et ce qui change d'une exécution à l'autre.
IGNORED = frozenset({
    "stderr", "image/png", "image/jpeg", "image/svg+xml", "application/vnd.jupyter.widget-view+json",
})
_SHOWN_LINES = 40
_SHOWN_WIDTH = 200

_GROUPED = r"\d{1,3}(?:[\u00a0\u202f]\d{3})+(?!\d)"
_NUMBER = re.compile(
    rf"(?:(?<![\w.,])[-+\u2212])?(?<![\w.])(?:{_GROUPED}|\d+)(?:[.,]\d+|\.(?=[\s\],)]|$))?(?:[eE][-+]?\d+)?(?!\w)"
)
_TAG = re.compile(r"(<[^<>]*>)")


@dataclass(frozen=True)
class Tolerance:
    """Écart admis entre un nombre obtenu et un nombre attendu : ``atol + rtol × |attendu|``."""

    rtol: float = 0.0
    atol: float = 0.0

    @classmethod
    def of(cls, settings: Mapping) -> Tolerance | None:
        """Lit ``rtol`` et ``atol`` dans les réglages d'une cellule ; ``None`` si aucun n'y figure.

        Lève ``ValueError`` si l'un d'eux n'est pas un nombre fini et positif ou nul.
        """
        given = {name: settings[name] for name in ("rtol", "atol") if name in settings}
        for name, value in given.items():
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                raise ValueError(f"« cours.{name} » doit être un nombre positif ou nul ; reçu : {value!r}.")
        return cls(**{name: float(value) for name, value in given.items()}) if given else None

    def accepts(self, expected: float, found: float) -> bool:
        """Dit si ``found`` est assez proche de ``expected``."""
        return abs(found - expected) <= self.atol + self.rtol * abs(expected)

    def __str__(self) -> str:
        return f"rtol = {self.rtol:g}, atol = {self.atol:g}"


def compared_parts(outputs: Iterable[Mapping]) -> dict[str, list]:
    """Range des sorties nbformat par nature (``stdout``, ``text/plain``, ``text/html``, ``ename``…), dans l'ordre.

    La sortie d'erreur, les images et l'état des widgets sont écartés, ainsi que la trace d'une exception.
    """
    parts: dict[str, list] = {}
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            pieces = {output["name"]: output["text"]}
        elif kind == "error":
            pieces = {"ename": output["ename"], "evalue": output["evalue"]}
        else:
            pieces = output.get("data", {})
        for name, value in pieces.items():
            if name not in IGNORED:
                parts.setdefault(name, []).append(value)
    return parts


def differences(expected: Iterable[Mapping], found: Iterable[Mapping], tolerance: Tolerance | None = None) -> list[str]:
    """Rend les écarts entre deux listes de sorties nbformat, en français ; liste vide si elles concordent."""
    wanted, obtained = compared_parts(expected), compared_parts(found)
    lines = []
    for name in dict.fromkeys([*wanted, *obtained]):
        before, after = wanted.get(name, []), obtained.get(name, [])
        if len(before) != len(after):
            lines += [f"{name} : {len(before)} sortie(s) attendue(s), {len(after)} obtenue(s)"]
            lines += [f"  attendu : {_short(value)}" for value in before]
            lines += [f"  obtenu : {_short(value)}" for value in after]
            continue
        for left, right in zip(before, after, strict=True):
            lines += _part_differences(name, left, right, tolerance)
    return lines


def _part_differences(name: str, expected, found, tolerance: Tolerance | None) -> list[str]:
    if expected == found:
        return []
    if not (isinstance(expected, str) and isinstance(found, str)):
        return [f"{name} :", f"  attendu : {_short(expected)}", f"  obtenu : {_short(found)}"]
    if tolerance is not None:
        left, right = _split(expected, name), _split(found, name)
        if left.skeleton == right.skeleton:
            gaps = [(a, b) for a, b in zip(left.numbers, right.numbers, strict=True)
                    if not tolerance.accepts(_value(a), _value(b))]
            return [f"{name} : {len(gaps)} nombre(s) hors tolérance ({tolerance})"] * bool(gaps) + [
                f"  attendu : {a}   obtenu : {b}" for a, b in gaps[:_SHOWN_LINES]]
    return [f"{name} : - attendu, + obtenu", *_diff(expected, found)]


@dataclass(frozen=True)
class _Split:
    skeleton: tuple[str, ...]
    numbers: tuple[str, ...]


def _split(text: str, name: str) -> _Split:
    """Sépare les nombres du reste. Les blancs comptent pour un seul : l'alignement dépend de la largeur des nombres."""
    # En HTML, les attributs des balises (largeurs, coordonnées) se comparent exactement.
    pieces = _TAG.split(text) if name == "text/html" else [text]
    rest, values = [], []
    for rank, piece in enumerate(pieces):
        if rank % 2:
            rest.append(piece)
            continue
        values += _NUMBER.findall(piece)
        rest += [_blanks(part) for part in _NUMBER.split(piece)]
    return _Split(tuple(rest), tuple(values))


def _blanks(piece: str) -> str:
    return re.sub(r"(?<=[\[(]) | (?=[\])])", "", re.sub(r"[ \t\n]+", " ", piece))


def _value(written: str) -> float:
    text = re.sub("[\u00a0\u202f]", "", written).replace("\u2212", "-").replace(",", ".")
    return float(text.rstrip(".") if text.endswith(".") else text)


def _diff(expected: str, found: str) -> list[str]:
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), lineterm="", n=1)
    shown = [_short(line, quoted=False) for line in lines if not line.startswith(("---", "+++", "@@"))]
    if not shown:
        return [f"  - {_short(expected)}", f"  + {_short(found)}"]
    more = len(shown) - _SHOWN_LINES
    return ["  " + line for line in shown[:_SHOWN_LINES]] + ([f"  … et {more} ligne(s) de plus"] if more > 0 else [])


def _short(value, *, quoted: bool = True) -> str:
    text = repr(value) if quoted else value
    return text if len(text) <= _SHOWN_WIDTH else text[:_SHOWN_WIDTH] + "…"

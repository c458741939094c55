"""Aucun nombre orphelin : les nombres affirmés dans la prose, et ceux que les sorties ou le registre établissent."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from tools.arithmetic import equalities
from tools.markdown_mask import masked
from tools.prose import VERSION, sentence

_GROUP = "[ \u00a0\u202f]"
_NUMBER = re.compile(
    rf"(?<![\w.,])(?<![^\W\d]-)(?P<whole>\d{{1,3}}(?:{_GROUP}\d{{3}})+(?!\d)|\d+)(?P<part>[.,]\d+)?"
    rf"(?P<scale>{_GROUP}?(?:millions?|milliards?|[MG])\b)?(?P<percent>{_GROUP}?%)?(?!\w)(?!\.\d)"
)
_SCALES = {"million": 10**6, "milliard": 10**9, "M": 10**6, "G": 10**9}
_PRODUCT = re.compile(rf"\d+(?:{_GROUP}?×{_GROUP}?\d+)+")
_LATEX = [(re.compile(r"\{,\}"), ","), (re.compile(r"(?<=\d)(?:\\,|~|\\ |\\;)(?=\d)"), "\u00a0"),
          (re.compile(r"\\times\b"), "×"), (re.compile(r"\\cdot\b"), "·"), (re.compile(r"\\%"), "%"),
          (re.compile(r"\\(?:left|right|big)\b"), " "), (re.compile(r"\\[,;: ]|&"), " ")]
_SOURCES = re.compile(r"^## Sources\b.*?(?=^## |\Z)", re.S | re.M)
_HEDGE = re.compile(rf"\b(?:environ|quelque|près de|à peu près|presque|plus de|moins de)\**{_GROUP}\**$", re.I)
_HEDGE_REACH = 16
_FILLER = "\u200b"
_SMALLEST = 100
_YEARS = range(1900, 2100)

# Dans une sortie, tout est bon à prendre : 61706, 61 706, 61,706 (des deux façons), 0.957, 0,957, 1e-3.
_OUTPUT_NUMBER = re.compile(
    rf"\d{{1,3}}(?:{_GROUP}\d{{3}})+(?:[.,]\d+)?|\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?"
    r"|\d+(?:[.,]\d+)?(?:e[+-]?\d+)?", re.I)


@dataclass(frozen=True)
class Stated:
    """Un nombre affirmé : comme il est écrit, ses valeurs possibles, l'écart admis, sa phrase, sa ligne."""

    written: str
    values: tuple[float, ...]
    slack: float
    sentence: str
    line: int

    def proved_by(self, known: set[float]) -> bool:
        """Dit si l'une des valeurs figure dans ``known``, à l'écart admis près."""
        if any(_canonical(value) in known for value in self.values):
            return True
        return self.slack > 0 and any(abs(number - self.values[0]) <= self.slack for number in known)


def stated_numbers(text: str) -> list[Stated]:
    """Rend les nombres que ``text`` (Markdown) affirme : entiers à partir de 100, décimaux, pourcentages, millions.

    Écartés : années de 1900 à 2099, tailles écrites « 28 × 28 » (facteurs inférieurs à 1 000), 0 % et 100 %,
    versions de logiciels, numéros collés à un nom (VGG-16, C3), termes d'une égalité que le calcul vérifie,
    propositions d'un quiz (lignes « (a) … » avant l'explication repliée), et la section « Sources ».
    """
    shown, places = _readable(text)
    spared = [match.span() for match in VERSION.finditer(shown)]
    spared += [(start, end) for start, end, right in equalities(shown) if right]
    sizes = [match.span() for match in _PRODUCT.finditer(shown)]
    found = []
    for match in _NUMBER.finditer(shown):
        place = match.start()
        if any(start <= place < end for start, end in spared):
            continue
        inside_size = any(start <= place < end for start, end in sizes)
        values = _values(match)
        if _stated(match, values[0], inside_size):
            origin = places[place]
            slack = _slack(match, values[0], shown[max(0, place - _HEDGE_REACH):place])
            line = text.count("\n", 0, origin) + 1
            found.append(Stated(match.group().strip(), values, slack, sentence(text, origin), line))
    return found


def false_equalities(text: str) -> list[str]:
    """Rend les égalités numériques de ``text`` que le calcul dément."""
    shown, _ = _readable(text)
    return [" ".join(shown[start:end].split()) for start, end, right in equalities(shown) if not right]


def orphans(text: str, known: set[float]) -> list[Stated]:
    """Rend les nombres affirmés par ``text`` qui ne figurent pas dans ``known`` (voir :func:`numbers_in`)."""
    return [stated for stated in stated_numbers(text) if not stated.proved_by(known)]


def numbers_in(texts: Iterable[str]) -> set[float]:
    """Rend tous les nombres écrits dans des sorties (texte ou HTML), quelle que soit leur forme."""
    known: set[float] = set()
    for text in texts:
        for match in _OUTPUT_NUMBER.finditer(html.unescape(re.sub(r"<[^>]*>", " ", text))):
            written = re.sub(_GROUP, "", match.group())
            for reading in {written.replace(",", "."), written.replace(",", "")}:
                if reading.count(".") <= 1:
                    known.add(_canonical(float(reading)))
    return known


def numbers_in_facts(toml_text: str) -> set[float]:
    """Rend les nombres du registre des faits : chaque ``value``, et ceux que cite chaque ``claim``."""
    known: set[float] = set()
    for entries in tomllib.loads(toml_text).values():
        for entry in entries.values():
            known.add(_canonical(float(entry["value"])))
            known |= numbers_in([str(entry.get("claim", ""))])
    return known


def output_texts(notebook) -> list[str]:
    """Rend les textes que les cellules de code de ``notebook`` ont affichés (les dessins SVG ne comptent pas)."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                texts.append(output.text)
            for mime, data in output.get("data", {}).items():
                if mime in ("text/plain", "text/html", "text/markdown", "text/latex"):
                    texts.append(data)
    return texts


def _canonical(value: float) -> float:
    # Neuf chiffres significatifs : 0,957 × 100 et 95,7 doivent coïncider malgré l'arrondi binaire.
    return float(f"{value:.9g}") if abs(value) < 1e6 else value


def _values(match: re.Match) -> tuple[float, ...]:
    value = _mantissa(match)
    if match["scale"]:
        scale = match["scale"].strip().removesuffix("s")
        # « 120 M » peut se lire tel quel dans une sortie, ou en toutes lettres : 120 000 000.
        return (round(value * _SCALES[scale.strip("\u00a0\u202f")], 3), value)
    return (value, value / 100) if match["percent"] else (value,)


def _slack(match: re.Match, value: float, before: str) -> float:
    """Rend l'écart admis : 5 % après « environ », la demi-unité écrite pour des millions, zéro sinon."""
    if _HEDGE.search(before):
        return 0.05 * value
    if match["scale"]:
        return 0.5 * 10.0 ** -len((match["part"] or ",")[1:]) * value / _mantissa(match)
    return 0.0


def _mantissa(match: re.Match) -> float:
    return float(re.sub(_GROUP, "", match["whole"]) + (match["part"] or "").replace(",", "."))


def _stated(match: re.Match, value: float, inside_size: bool) -> bool:
    if match["percent"]:
        return value not in (0, 100)
    if match["part"] or match["scale"]:
        return True
    if inside_size and value < 1000:
        return False
    year = value in _YEARS and match["whole"].isdigit()
    return value >= _SMALLEST and not year


def _readable(text: str) -> tuple[str, list[int]]:
    """Rend la prose et les formules, LaTeX mis en clair, et la place de chaque caractère dans ``text``."""
    prose = masked(text, math=True)
    for start, end in [match.span() for match in _SOURCES.finditer(prose)] + _quiz_propositions(text):
        prose = prose[:start] + re.sub(r"[^\n]", " ", prose[start:end]) + prose[end:]
    for pattern, replacement in _LATEX:
        # La longueur est conservée, pour que chaque nombre garde sa place dans le texte d'origine.
        prose = pattern.sub(lambda match, to=replacement: to + _FILLER * (len(match.group()) - len(to)), prose)
    places = [index for index, char in enumerate(prose) if char != _FILLER]
    return "".join(prose[index] for index in places), places


def _quiz_propositions(text: str) -> list[tuple[int, int]]:
    """Rend les places des propositions d'un quiz : les lignes « (a) … » qui précèdent une explication repliée."""
    folded = max((match.start() for match in re.finditer(r"\{dropdown\}|<details", text)), default=0)
    lines = re.finditer(r"^[ \t]*(?:[-*][ \t]+)?\([a-h]\).*$", text[:folded], flags=re.M)
    return [match.span() for match in lines if not _inside_fold(text, match.start())]


def _inside_fold(text: str, place: int) -> bool:
    opened = len(re.findall(r"\{dropdown\}|<details", text[:place]))
    closed = len(re.findall(r"^:::\s*$|^```\s*$|</details>", text[:place], flags=re.M))
    return opened > closed

"""Ressemblance entre copies, une fois retiré ce que l'énoncé donne : une alerte à relire, jamais un verdict."""

from __future__ import annotations

import io
import itertools
import keyword
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW = 6
FEWEST = 30          # en deçà, deux bonnes réponses se ressemblent forcément
THRESHOLD = 0.85


@dataclass(frozen=True)
class Pair:
    """Deux élèves dont les réponses à une question se ressemblent ; ``share`` va de 0 à 1."""

    question: str
    first: str
    second: str
    share: float


def alike(answers: Mapping[str, Mapping[str, str]], template: Mapping[str, str]) -> list[Pair]:
    """Rend les paires de réponses très semblables, de la plus ressemblante à la moins.

    ``answers`` : élève → question → source ; ``template`` : question → ce que l'énoncé donne. Les noms de variables,
    les nombres, les textes et la mise en forme ne comptent pas.
    """
    found = []
    for question in dict.fromkeys(name for given in answers.values() for name in given):
        given = fingerprint(template.get(question, ""))
        prints = {student: fingerprint(sources[question]) - given
                  for student, sources in answers.items() if question in sources}
        prints = {student: marks for student, marks in prints.items() if len(marks) >= FEWEST}
        for (first, one), (second, other) in itertools.combinations(prints.items(), 2):
            share = len(one & other) / len(one | other)
            if share >= THRESHOLD:
                found.append(Pair(question, first, second, round(share, 3)))
    return sorted(found, key=lambda pair: (-pair.share, pair.question, pair.first, pair.second))


def fingerprint(source: str) -> frozenset[tuple[str, ...]]:
    """Rend les suites de ``WINDOW`` mots consécutifs de la source, noms et valeurs effacés."""
    words = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                words.append(token.string if keyword.iskeyword(token.string) else "nom")
            elif token.type in (tokenize.NUMBER, tokenize.STRING):
                words.append("valeur")
            elif token.type == tokenize.OP:
                words.append(token.string)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        words += source.split()
    return frozenset(tuple(words[place:place + WINDOW]) for place in range(max(0, len(words) - WINDOW + 1)))

"""Égalités écrites en toutes lettres dans la prose : « (5 × 5 × 6 + 1) × 16 = 2 416 » se vérifie par le calcul."""

from __future__ import annotations

import ast
import operator
import re

_BLANK = "[ \u00a0\u202f]"
_NUMBER = re.compile(rf"\d{{1,3}}(?:{_BLANK}\d{{3}})+(?!\d)(?:,\d+)?|\d+(?:,\d+)?")
_SIDE = r"[\d \u00a0\u202f,()×·/+\u2212-]*\d[\d \u00a0\u202f,()×·/+\u2212-]*"
_CHAIN = re.compile(rf"(?<![\w.%^_}}'])(?:{_SIDE})(?:={_SIDE})+(?![\w%^_{{'])")
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def equalities(text: str) -> list[tuple[int, int, bool]]:
    """Rend les égalités numériques de ``text`` : début, fin, et si elles sont justes (à l'arrondi écrit près).

    Une égalité dont un membre n'est pas un calcul complet (lettre, fraction, racine) n'est pas relevée.
    """
    found = []
    for match in _CHAIN.finditer(text):
        sides = [side.strip(" \u00a0\u202f,") for side in match.group().split("=")]
        values = [_value(side) for side in sides]
        if len(values) > 1 and None not in values and any(re.search(r"[×·/+\u2212-]", side) for side in sides):
            right = all(abs(value - values[0]) <= _rounding(sides) for value in values)
            found.append((match.start(), match.end(), right))
    return found


def _value(side: str) -> float | None:
    python = _NUMBER.sub(lambda match: re.sub(_BLANK, "", match.group()).replace(",", "."), side)
    python = python.translate(str.maketrans({"×": "*", "·": "*", "\u2212": "-", "\u00a0": " ", "\u202f": " "}))
    try:
        return _evaluated(ast.parse(python.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None


def _evaluated(node) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_evaluated(node.left), _evaluated(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluated(node.operand)
    raise ValueError("expression inconnue")


def _rounding(sides: list[str]) -> float:
    """Rend la demi-unité de la dernière décimale écrite, s'il y a une division ; sinon l'égalité doit être exacte."""
    if not any("/" in side for side in sides):
        return 1e-9
    decimals = [len(match.group(1)) for side in sides for match in re.finditer(r",(\d+)", side)]
    return 0.5 * 10.0 ** -max(decimals) if decimals else 1e-9

"""Refus clairs : un message en français dit ce qui était attendu, ce qui a été reçu et sous quel nom."""

from __future__ import annotations

import numbers
from typing import NoReturn

_LONGEST = 80


def shown(value) -> str:
    """Décrit brièvement une valeur reçue, sans recopier un tableau entier."""
    shape = getattr(value, "shape", None)
    if shape is not None and not isinstance(value, type):
        return f"un objet {type(value).__name__} de forme {tuple(shape)}"
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def refuse(name: str, value, expected: str, *, hint: str = "", kind: type[Exception] = ValueError) -> NoReturn:
    """Lève ``kind`` avec le message « `name` doit être …; reçu … » suivi d'un conseil facultatif."""
    message = f"« {name} » doit être {expected} ; reçu : {shown(value)}."
    raise kind(f"{message} {hint}".rstrip())


def whole_number(name: str, value, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Rend ``value`` comme ``int`` ; lève ``TypeError`` ou ``ValueError`` si ce n'est pas un entier admis."""
    bounds = f"un entier supérieur ou égal à {minimum}"
    if maximum is not None:
        bounds = f"un entier compris entre {minimum} et {maximum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        refuse(name, value, bounds, kind=TypeError)
    if value < minimum or (maximum is not None and value > maximum):
        refuse(name, value, bounds)
    return int(value)


def one_of(name: str, value, choices) -> str:
    """Rend ``value`` si elle figure parmi ``choices`` ; lève ``ValueError`` sinon, en citant les choix."""
    choices = list(choices)
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        refuse(name, value, "l'une des valeurs " + ", ".join(repr(choice) for choice in choices))
    return value


def pair(name: str, value, *, minimum: int = 1) -> tuple[int, int]:
    """Rend un couple (hauteur, largeur) à partir d'un entier ou d'un couple d'entiers."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return (whole_number(name, value, minimum=minimum),) * 2
    try:
        first, second = value
    except (TypeError, ValueError):
        refuse(name, value, "un entier ou un couple d'entiers (hauteur, largeur)", kind=TypeError)
    return whole_number(name, first, minimum=minimum), whole_number(name, second, minimum=minimum)

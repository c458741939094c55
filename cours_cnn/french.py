"""Écriture française des nombres : espaces insécables pour les milliers, virgule décimale, pour-cent espacé."""

from __future__ import annotations

import numbers

from cours_cnn.validation import refuse

NBSP = "\u00a0"


def integer(value) -> str:
    """Écrit un entier avec des milliers séparés par une espace insécable (``61706`` → ``61 706``).

    Lève ``TypeError`` si ``value`` n'est pas un entier.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        refuse("value", value, "un nombre entier", kind=TypeError)
    return f"{int(value):,}".replace(",", NBSP).replace("-", "−")


def decimal(value, digits: int = 2) -> str:
    """Écrit un nombre réel avec une virgule décimale et ``digits`` décimales (``3.14159`` → ``3,14``).

    Lève ``TypeError`` si ``value`` n'est pas un nombre réel.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        refuse("value", value, "un nombre réel", kind=TypeError)
    text = f"{float(value):,.{digits}f}"
    return text.replace(",", NBSP).replace(".", ",").replace("-", "−")


def percent(ratio, digits: int = 1) -> str:
    """Écrit une proportion comprise entre 0 et 1 en pour-cent (``0.957`` → ``95,7 %``).

    Lève ``TypeError`` si ``ratio`` n'est pas un nombre réel.
    """
    return decimal(100 * ratio if isinstance(ratio, numbers.Real) else ratio, digits) + NBSP + "%"


def number(value, digits: int = 2) -> str:
    """Écrit un entier par :func:`integer`, un autre réel par :func:`decimal`, un texte tel quel."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return integer(value)
    return decimal(value, digits)

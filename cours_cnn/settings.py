"""Réglages d'un notebook, que l'environnement peut remplacer sans toucher au notebook."""

from __future__ import annotations

import os

from cours_cnn.validation import refuse

PREFIX = "COURS_CNN_"


def setting(name: str, default: int | float | str) -> int | float | str:
    """Rend le réglage ``name``, ou la variable d'environnement ``COURS_CNN_<NAME>`` si elle existe.

    Le même notebook sert ainsi au portable, à l'intégration continue et au GPU. Le type est celui de ``default``.
    Lève ``ValueError`` si la variable d'environnement ne peut être lue dans ce type.
    """
    variable = PREFIX + name.upper()
    text = os.environ.get(variable)
    if text is None or text == "":
        return default
    try:
        return type(default)(text)
    except ValueError:
        kinds = {int: "un entier", float: "un nombre décimal écrit avec un point"}
        refuse(variable, text, kinds.get(type(default), "un texte"), hint="Corrigez la variable d'environnement.")

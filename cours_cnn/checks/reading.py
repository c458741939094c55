"""Lire ce que rend un étudiant : nombres, listes, tableaux, textes, sous toutes les formes qu'un débutant peut rendre.

Chaque lecture rend un objet simple (``int``, ``list``, ``numpy.ndarray``…) ou lève :class:`ToReviewError`, dont le
message dit ce qui était attendu et ce qui a été trouvé. Aucune ne compare directement un objet de l'étudiant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import FunctionType

import numpy as np

from cours_cnn.checks.message import Section, described
from cours_cnn.french import integer


class ToReviewError(Exception):
    """La réponse est à revoir. ``paragraphs`` : ce qui est constaté, ce qui est attendu ; ``section`` : où revoir."""

    def __init__(self, *paragraphs: str, section: Section | None = None):
        super().__init__(" ".join(paragraphs))
        self.paragraphs, self.section = list(paragraphs), section


class UnansweredError(Exception):
    """La question n'a pas encore de réponse ; ``name`` : le nom attendu dans le notebook."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


def plain(value):
    """Rend un tableau NumPy si ``value`` est un tenseur (TensorFlow, PyTorch, variable Keras), ``value`` sinon."""
    if isinstance(value, (np.ndarray, np.generic)) or type(value) in (int, float, str, list, tuple, dict):
        return value
    reader = getattr(value, "numpy", None)
    if callable(reader) and hasattr(value, "shape"):
        return np.asarray(reader())
    return value


def _unreadable(value, what: str, expected: str, where: str = ""):
    hint = " Des parenthèses manquent-elles ?" if isinstance(value, FunctionType) else ""
    raise ToReviewError(f"{what} {described(value)}{where}.", f"Attendu : {expected}.{hint}")


def _counted(number: int, word: str) -> str:
    return f"{integer(number)} {word}{'s' if number > 1 else ''}"


def read_number(value, what: str, where: str = "") -> float:
    """Rend un nombre réel fini.

    ``what`` : sujet et verbe du message, par exemple « `f(3)` rend » ; ``where`` : à quel endroit de la valeur.
    """
    value = plain(value)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) not in (int, float):
        _unreadable(value, what, "un nombre", where)
    if type(value) is int and abs(value) > 2**1000:
        raise ToReviewError(f"{what} {described(value)}{where} : ce nombre est démesuré.")
    if not math.isfinite(value):
        raise ToReviewError(f"{what} {described(value)}{where}, qui n'est pas un nombre fini.",
                            "Une division par zéro ou un logarithme de zéro en est souvent la cause.")
    return float(value)


_DIVISION = "Une division `/` rend un réel ; `//` arrondit vers le bas."


def read_integer(value, what: str, where: str = "", hint: str = _DIVISION) -> int:
    """Rend un entier ; un réel de valeur entière est admis. ``hint`` : le conseil donné s'il ne l'est pas."""
    found = read_number(value, what, where)
    exact = plain(value)
    if isinstance(exact, int):
        return exact
    if found != math.floor(found):
        raise ToReviewError(f"{what} {described(found)}{where}, qui n'est pas un nombre entier.", hint)
    return int(found)


def read_items(value, what: str, length: int | None = None) -> list:
    """Rend une liste d'éléments à partir d'une liste, d'un tuple ou d'un tableau à une dimension."""
    value = plain(value)
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = list(value)
    if type(value) not in (list, tuple):
        _unreadable(value, what, "une liste" if length is None else f"une suite de {_counted(length, 'valeur')}")
    if length is not None and len(value) != length:
        raise ToReviewError(f"{what} {_counted(len(value), 'valeur')} : {described(value)}.",
                            f"Attendu : {_counted(length, 'valeur')}.")
    return list(value)


def read_integers(value, what: str, length: int | None = None, hint: str = _DIVISION) -> list[int]:
    """Rend une liste d'entiers."""
    items = read_items(value, what, length)
    return [read_integer(item, what, f" en position {rank}", hint) for rank, item in enumerate(items, start=1)]


def read_array(value, what: str, shape: tuple[int, ...], hint: str = "", section: Section | None = None) -> np.ndarray:
    """Rend un tableau de réels finis de forme ``shape`` ; ``hint`` et ``section`` servent si la forme diffère."""
    value = plain(value)
    if type(value) in (list, tuple):
        try:
            value = np.asarray(value)
        except ValueError:
            raise ToReviewError(f"{what} une liste dont les lignes n'ont pas toutes la même longueur.",
                                f"Attendu : un tableau de forme `{shape}`.") from None
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        _unreadable(value, what, f"un tableau de nombres de forme `{shape}`")
    if value.shape != shape:
        if sorted(value.shape) == sorted(shape):
            hint = "Les dimensions y sont, mais pas dans cet ordre."
        raise ToReviewError(f"{what} un tableau de forme `{value.shape}`.",
                            f"Attendu : la forme `{shape}`. {hint}".rstrip(), section=section)
    found = value.astype(np.float64)
    if not np.isfinite(found).all():
        count = int((~np.isfinite(found)).sum())
        raise ToReviewError(f"{what} un tableau où {_counted(count, 'valeur')} sur {integer(found.size)} ne "
                            f"{'sont' if count > 1 else 'est'} pas finie{'s' if count > 1 else ''} (`nan` ou `inf`).",
                            "Une division par zéro ou un logarithme de zéro en est souvent la cause.")
    return found


def read_choice(value, what: str, choices: tuple[str, ...]) -> str:
    """Rend celui des textes ``choices`` que désigne ``value`` (casse et espaces de bord indifférentes)."""
    expected = "l'un des textes " + ", ".join(f"`{choice!r}`" for choice in choices)
    if isinstance(value, np.str_):
        value = str(value)
    if type(value) is not str:
        _unreadable(value, what, expected)
    found = value.strip().casefold()
    for choice in choices:
        if found == choice.casefold():
            return choice
    return _unreadable(value, what, expected)


def read_truth(value, what: str) -> bool:
    """Rend un booléen (``bool`` de Python ou de NumPy)."""
    if isinstance(value, np.bool_):
        value = bool(value)
    if type(value) is not bool:
        _unreadable(value, what, "`True` ou `False`")
    return value


def read_mapping(value, what: str, keys: tuple[str, ...]) -> dict:
    """Rend un dictionnaire qui possède toutes les clés ``keys``."""
    if not isinstance(value, Mapping):
        _unreadable(value, what, "un dictionnaire de clés " + ", ".join(f"`{key!r}`" for key in keys))
    found = dict(value)
    missing = [key for key in keys if key not in found]
    if missing:
        raise ToReviewError(f"{what} un dictionnaire où il manque " + ", ".join(f"`{key!r}`" for key in missing) + ".",
                            "Attendu : les clés " + ", ".join(f"`{key!r}`" for key in keys) + ".")
    return found


def same(first, second) -> bool:
    """Dit si deux arguments (nombres, textes, listes, dictionnaires, tableaux) ont le même contenu."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return (isinstance(first, np.ndarray) and isinstance(second, np.ndarray) and first.dtype == second.dtype
                and first.shape == second.shape and np.array_equal(first, second))
    if type(first) is not type(second):
        return False
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    return first is second or (isinstance(first, (int, float, str)) and first == second)


def close(first: np.ndarray, second: np.ndarray) -> bool:
    """Dit si deux tableaux ont la même forme et les mêmes valeurs, à 1e-4 près."""
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-4, atol=1e-4))

"""Question 5 : développer le produit des « 1 + s » en chemins."""

from __future__ import annotations

import itertools
import math

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, read_items, read_number
from cours_cnn.checks.resnet.sections import PRODUCT

_SLOPES = ([0.5], [0.5, -0.25], [0.1, 0.2, 0.4], [-0.5, 0.3, 0.7, 0.2, -0.1], [0.1] * 8)


def _paths(slopes):
    """Rend la contribution des chemins qui traversent exactement k blocs, pour k de 0 à n."""
    return [math.fsum(math.prod(chosen) for chosen in itertools.combinations(slopes, k))
            for k in range(len(slopes) + 1)]


def _windows(slopes):
    n = len(slopes)
    return [1.0, *(sum(math.prod(slopes[i:i + k]) for i in range(n - k + 1)) for k in range(1, n + 1))]


def _same(first, second) -> bool:
    return len(first) == len(second) and bool(np.allclose(first, second, rtol=1e-6, atol=1e-9))


_PATH_TRAPS = (
    Trap(lambda s: [float(math.comb(len(s), k)) for k in range(len(s) + 1)],
         "La fonction compte les chemins, sans les pondérer. La contribution d'un chemin est le produit des dérivées "
         "des blocs qu'il traverse."),
    Trap(lambda s: [1.0, *([0.0] * (len(s) - 1)), math.prod(s)],
         "Seuls deux chemins sont retenus, celui qui contourne tous les blocs et celui qui les traverse tous. Un "
         "chemin choisit à chaque bloc."),
    Trap(_windows,
         "Seuls les chemins qui traversent des blocs consécutifs sont retenus. Un chemin peut traverser un bloc, en "
         "contourner un autre, puis en traverser un troisième."),
    Trap(lambda s: [math.prod(s[:k]) for k in range(len(s) + 1)],
         "La contribution d'ordre k est ici le produit des k premières dérivées. Les k blocs traversés peuvent être "
         "n'importe lesquels : il y a bien d'autres chemins de cette longueur."),
    Trap(lambda s: [math.fsum(s)**k for k in range(len(s) + 1)],
         "La contribution d'ordre k est ici une puissance de la somme des dérivées. Un chemin ne traverse pas deux "
         "fois le même bloc, et deux ordres de lecture ne font qu'un chemin."),
    Trap(lambda s: [value / math.comb(len(s), k) for k, value in enumerate(_paths(s))],
         "Les chemins d'une même longueur sont moyennés. Leurs contributions s'additionnent."),
    Trap(lambda s: _paths(s)[::-1],
         "Les contributions y sont, dans l'ordre inverse : la première est celle du chemin qui contourne tout."),
    Trap(lambda s: [math.prod(1 + one for one in s[:k]) for k in range(len(s) + 1)],
         "Ce sont les produits partiels des (1 + s). La question demande de développer le produit entier, puis de "
         "ranger ses termes selon le nombre de blocs traversés."),
    Trap(lambda s: [0.0, *_paths(s)[1:]],
         "Le chemin qui contourne tous les blocs ne contribue pas ici. C'est pourtant lui que l'addition a ajouté."),
)


def _check_paths(answers: Answers) -> str:
    found = []
    for slopes in _SLOPES:
        what = f"`paths({slopes})` rend"
        items = read_items(answers.call("paths", slopes), what)
        if len(items) != len(slopes) + 1:
            raise ToReviewError(f"{what} {len(items)} valeur{'s' * (len(items) > 1)}.",
                                f"Avec {len(slopes)} bloc{'s' * (len(slopes) > 1)}, un chemin en traverse de 0 à "
                                f"{len(slopes)} : attendu, une valeur pour chacun de ces nombres.")
        found.append([read_number(item, what, f" en position {rank}") for rank, item in enumerate(items, start=1)])
    expected = [_paths(slopes) for slopes in _SLOPES]
    if all(map(_same, found, expected)):
        return ("Les contributions ont pour somme le produit des (1 + s), et la dernière est le produit du réseau "
                "ordinaire : le réseau résiduel le contient, parmi tous les autres chemins.")
    recognise(found, [(slopes,) for slopes in _SLOPES], _PATH_TRAPS, _same)
    slopes, answer = next((s, a) for s, a, e in zip(_SLOPES, found, expected, strict=True) if not _same(a, e))
    total = math.prod(1 + one for one in slopes)
    if not math.isclose(math.fsum(answer), total, rel_tol=1e-6, abs_tol=1e-9):
        raise ToReviewError(f"Pour les dérivées {code(str(slopes))}, les contributions ont pour somme "
                            f"{code(format(math.fsum(answer), '.6g'))}, alors que le produit des (1 + s) vaut "
                            f"{code(format(total, '.6g'))}.", "Il manque des chemins, ou il y en a trop.")
    raise ToReviewError(f"Pour les dérivées {code(str(slopes))}, la somme est juste, mais les contributions ne sont "
                        "pas rangées selon le nombre de blocs traversés.", "Développez à la main le produit de deux "
                                                                           "blocs.")


PATHS_QUESTION = Question(
    "Développer les chemins", 2, _check_paths, (
        "Commencez par deux blocs : développez (1 + a)(1 + b) à la main. Quel terme correspond à quel chemin ?",
        "Ajouter un bloc dédouble chaque chemin : l'un le contourne et garde sa contribution, l'autre le traverse et "
        "la multiplie par s, en comptant un bloc de plus.",
        "Partez de `[1]` : sans bloc, un seul chemin. Pour chaque s, la nouvelle contribution d'ordre k est l'ancienne "
        "d'ordre k, plus s fois l'ancienne d'ordre k − 1. `itertools.combinations(slopes, k)` convient aussi."),
    PRODUCT)

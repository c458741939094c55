"""Question 6 : la carte de Grad-CAM, à partir des cartes et de leur gradient."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.chats_chiens.sections import LOOKING
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close, read_array


@functools.cache
def _heat_probes():
    random, probes = np.random.RandomState(36), []
    for shape in ((3, 4, 2), (5, 5, 6), (2, 6, 3)):
        probes.append((np.abs(random.normal(size=shape)), random.normal(size=shape)))
    probes.append((random.normal(size=(4, 3, 5)), random.normal(size=(4, 3, 5))))   # base sans ReLU : cartes signées
    probes.append((np.ones((2, 3, 2)), np.full((2, 3, 2), -0.5)))      # rien ne pousse vers la classe
    return tuple(probes)


def _weighted(maps, gradient):
    return (gradient.mean(axis=(0, 1)) * maps).sum(axis=-1)


def _scaled(heat):
    return heat / heat.max() if heat.max() > 0 else heat


def _heat(maps, gradient):
    return _scaled(np.maximum(_weighted(maps, gradient), 0))


def _stretched(heat):
    spread = heat.max() - heat.min()
    return (heat - heat.min()) / spread if spread > 0 else np.zeros_like(heat)


_HEAT_TRAPS = (
    Trap(lambda m, g: _scaled(_weighted(m, g)),
         "Des valeurs négatives restent dans la carte : seules comptent les régions qui ont poussé vers la réponse."),
    Trap(lambda m, g: np.maximum(_weighted(m, g), 0),
         "La carte n'est pas ramenée entre 0 et 1 : son maximum doit valoir 1."),
    Trap(lambda m, g: _scaled(np.abs(_weighted(m, g))),
         "La valeur absolue remplace la partie positive : ce qui a éloigné de la réponse se confond avec ce qui y a "
         "poussé."),
    Trap(lambda m, g: _stretched(_weighted(m, g)),
         "La carte est étirée de son minimum à son maximum. Zéro doit rester zéro : on coupe les valeurs négatives, on "
         "ne les décale pas."),
    Trap(lambda m, g: _scaled(np.maximum((g * m).sum(axis=-1), 0)),
         "Le gradient est gardé point par point. L'énoncé demande sa moyenne, une par carte."),
    Trap(lambda m, g: _scaled(np.maximum(np.maximum(g.mean(axis=(0, 1)) * m, 0).sum(axis=-1), 0)),
         "Les valeurs négatives sont coupées dans chaque carte, avant l'addition. C'est leur somme qu'il faut couper."),
    Trap(lambda m, g: _scaled((np.maximum(g.mean(axis=(0, 1)), 0) * m).sum(axis=-1)),
         "Les poids négatifs sont mis à zéro. Une carte qui éloigne de la réponse doit pouvoir retrancher."),
    Trap(lambda m, g: _scaled(np.maximum(g.mean(axis=-1), 0)),
         "Les cartes ne servent pas : c'est la moyenne du gradient sur les cartes, point par point."),
    Trap(lambda m, g: _scaled(m.sum(axis=-1)),
         "Le gradient ne sert pas : toutes les cartes sont additionnées avec le même poids."),
)


def _check_heat(answers: Answers) -> str:
    found = []
    for maps, gradient in _heat_probes():
        what = f"Pour des cartes de forme `{maps.shape}`, `class_map` rend"
        with np.errstate(all="ignore"):
            answer = answers.call("class_map", maps, gradient)
        shown = np.asarray(answer, dtype=object)
        if shown.shape == maps.shape[:2] and any(value != value for value in shown.ravel()):
            raise ToReviewError("Quand rien ne pousse vers la réponse, `class_map` divise zéro par zéro.",
                                "Attendu : une carte nulle.")
        found.append(read_array(answer, what, maps.shape[:2], "Attendu : une valeur par point des cartes."))
    expected = [_heat(*probe) for probe in _heat_probes()]
    if all(map(close, found, expected)):
        return ("Les cartes sont pondérées par la moyenne de leur gradient, additionnées, coupées à zéro et ramenées "
                "entre 0 et 1, y compris quand rien ne pousse vers la réponse.")
    recognise(found, _heat_probes(), _HEAT_TRAPS, close)
    rank = next(rank for rank, pair in enumerate(zip(found, expected, strict=True)) if not close(*pair))
    least, most = (code(f"{value:.3g}") for value in (found[rank].min(), found[rank].max()))
    raise ToReviewError(f"Pour des cartes de forme `{_heat_probes()[rank][0].shape}`, la carte rendue va de {least} à "
                        f"{most}, mais n'est pas celle de Grad-CAM.",
                        "Quatre gestes, dans cet ordre : moyenne du gradient de chaque carte, somme pondérée des "
                        "cartes, partie positive, mise à l'échelle.")


HEAT_QUESTION = Question(
    "Dessiner ce qui a compté", 3, _check_heat, (
        "Une carte de caractéristiques dit où se trouve un motif ; son gradient dit s'il pousse vers la réponse. "
        "Comment résumer ce gradient par un seul nombre par carte ?",
        "La moyenne du gradient sur les lignes et les colonnes donne un poids par carte. Additionnez les cartes avec "
        "ces poids, puis ne gardez que ce qui est positif.",
        "`weight = gradient.mean(axis=(0, 1))`, puis `(weight * maps).sum(axis=-1)` et `np.maximum(…, 0)`. Ne divisez "
        "par le maximum que s'il est positif."), LOOKING)

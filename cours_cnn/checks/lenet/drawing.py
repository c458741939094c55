"""Question 8 : donner au réseau un chiffre dessiné par l'étudiant."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.lenet.sections import DATA, OUTSIDE
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close, read_array
from cours_cnn.french import integer


@functools.cache
def _drawings():
    random = np.random.RandomState(8)
    stroke = np.full((28, 28), 255, dtype="uint8")
    stroke[4:24, 13:16] = 0
    aside = np.full((28, 28), 255, dtype="uint8")
    aside[2:18, 3:6] = 0                         # loin du centre : un recentrage s'y verrait
    noise = random.randint(0, 256, (2, 28, 28))
    return (stroke,), (aside,), (noise[0].astype("uint8"),), (noise[1],)


def _framed(image, before=2, value=0.0):
    return np.pad(image, ((before, 4 - before),) * 2, constant_values=value).reshape(1, 32, 32, 1)


def _stretched(image):
    rows = np.arange(32) * 28 // 32
    return image[rows][:, rows].reshape(1, 32, 32, 1)


def _real(drawing):
    return np.asarray(drawing, dtype=np.float64)


_DRAWING_TRAPS = (
    Trap(lambda d: _framed(_real(d) / 255), "L'image n'est pas inversée : le réseau a appris une encre claire (1) sur "
         "un fond noir (0), le dessin est en encre noire sur papier blanc.", DATA),
    Trap(lambda d: _framed(_real(d) / 255, value=1), "L'image n'est pas inversée : le réseau a appris une encre claire "
         "(1) sur un fond noir (0), bordure comprise.", DATA),
    Trap(lambda d: _framed(255 - _real(d)),
         "Les valeurs vont de 0 à 255. Le réseau a appris des images de 0 à 1.", DATA),
    Trap(lambda d: _framed(1 - _real(d) / 255, value=1), "La bordure ajoutée vaut 1 : le chiffre est entouré d'un "
         "cadre d'encre. Que vaut le fond, et à quel moment la bordure est-elle ajoutée ?", DATA),
    Trap(lambda d: _framed(1 - _real(d) / 255, before=4), "La bordure est d'un seul côté : le chiffre n'est plus au "
         "centre, et le réseau n'y est pas indifférent.", OUTSIDE),
    Trap(lambda d: _framed(1 - _real(d) / 255, before=0), "La bordure est d'un seul côté : le chiffre n'est plus au "
         "centre, et le réseau n'y est pas indifférent.", OUTSIDE),
    Trap(lambda d: _stretched(1 - _real(d) / 255), "Le dessin est agrandi au lieu d'être entouré d'une bordure.", DATA),
    Trap(lambda d: _framed((1 - _real(d) / 255) / 255), "La mise à l'échelle est faite deux fois : l'encre vaut moins "
         "de 0,01, l'image est presque noire."),
    Trap(lambda d: _framed(1 - _real(d)), "`1 - drawing` n'inverse que des valeurs déjà comprises entre 0 et 1."),
    Trap(lambda d: _framed((1 - np.asarray(d, dtype=np.asarray(d).dtype)).astype(float)),
         "`1 - drawing` n'inverse que des valeurs déjà comprises entre 0 et 1 ; sur des entiers `uint8`, le résultat "
         "déborde même sans prévenir."),
    Trap(lambda d: _framed((1 - _real(d) / 255).T), "Lignes et colonnes sont échangées : le chiffre est couché."),
    Trap(lambda d: _framed((_real(d) < 128).astype(float)), "Les gris ont disparu : l'image ne contient plus que des 0 "
         "et des 1. Les chiffres d'entraînement ont des bords gris.", DATA),
)


def _moved(found, expected) -> bool:
    """Dit si l'image trouvée est l'image attendue, déplacée d'un nombre entier de pixels."""
    shifts = range(-14, 15)
    return any(close(found, np.roll(expected, (rows, columns), axis=(1, 2))) for rows in shifts for columns in shifts)


def _check_drawing(answers: Answers) -> str:
    found = []
    for (drawing,) in _drawings():
        hint = "Ordre des dimensions : images du lot, lignes, colonnes, canaux."
        found.append(read_array(answers.call("prepare", drawing), "`prepare(drawing)` rend", (1, 32, 32, 1), hint))
    expected = [_framed(1 - _real(drawing) / 255) for (drawing,) in _drawings()]
    if not all(map(close, found, expected)):
        recognise(found, _drawings(), _DRAWING_TRAPS, close)
        if _moved(found[1], expected[1]):
            raise ToReviewError("L'image est juste, mais le dessin n'est plus à sa place.",
                                "L'énoncé demande de l'entourer de fond, sans le recentrer ni le redimensionner.")
        image = found[0][0, :, :, 0]
        raise ToReviewError(
            "Pour un trait noir vertical sur papier blanc, l'image préparée va de "
            f"{code(f'{image.min():.3g}')} à {code(f'{image.max():.3g}')} ; son bord vaut {code(f'{image[0, 0]:.3g}')} "
            f"et le milieu du trait {code(f'{image[16, 16]:.3g}')}.",
            "Comparez avec un chiffre d'entraînement : fond, encre, bordure, place du chiffre.")
    _check_own_digit(answers)
    return ("Votre dessin a la forme, l'échelle et le contraste des chiffres d'entraînement. Reste à voir ce que le "
            "réseau en dit, dans la cellule suivante.")


def _check_own_digit(answers: Answers) -> None:
    drawing = read_array(answers.value("drawing"), "`prepare` est juste. Votre dessin, `drawing`, est", (28, 28))
    if drawing.min() < 0 or drawing.max() > 255:
        raise ToReviewError("`prepare` est juste. Dans `drawing`, les valeurs vont de "
                            f"{code(f'{drawing.min():g}')} à {code(f'{drawing.max():g}')}.", "Attendu : de 0 à 255.")
    ink = int((drawing < 128).sum())
    if ink == 0:
        raise ToReviewError("`prepare` est juste. La feuille `drawing` est encore blanche : dessinez-y un chiffre, en "
                            "donnant la valeur 0 à des rectangles de pixels.")
    if not 20 <= ink <= 350:
        raise ToReviewError(f"`prepare` est juste. Dans `drawing`, {integer(ink)} pixels sur {integer(drawing.size)} "
                            "sont noirs.", "Un chiffre en couvre d'ordinaire entre 40 et 250, en noir (0) "
                            "sur blanc (255).")


DRAWING_QUESTION = Question(
    "Lire son propre chiffre", 2, _check_drawing, (
        "Affichez `digits.test.x[0, :, :, 0]` ou quelques-unes de ses valeurs : que vaut le fond, que vaut l'encre, "
        "entre quelles bornes ?",
        "Quatre gestes : passer à des réels de 0 à 1, inverser, entourer de fond, ajouter les dimensions du lot et du "
        "canal. L'ordre des trois premiers compte : que vaut la bordure si l'on inverse après l'avoir ajoutée ?",
        "`np.pad(image, 2)` entoure un tableau de deux zéros de chaque côté ; `image.reshape(1, 32, 32, 1)` ajoute les "
        "dimensions. Avant de soustraire, convertissez : un `uint8` ne descend pas sous zéro."), DATA)

"""Question 3 : dessiner le noyau qui produit un effet demandé."""

from __future__ import annotations

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import CORRELATION, PHOTO
from cours_cnn.checks.reading import ToReviewError, close, read_array

_SHIFTS = ((3, 0, 1), (3, 1, 0), (3, -1, 1), (5, 2, -1), (5, 0, 2), (7, -3, -2))
_SIDES = ((3,), (5,), (7,))
_AMOUNTS = ((3, 1.0), (3, 0.5), (5, 2.0), (5, -0.5), (3, 0.0))


def _dot(k, row, column):
    kernel = np.zeros((k, k))
    kernel[row % k, column % k] = 1
    return kernel


def _shift(k, down, right):
    return _dot(k, k // 2 - down, k // 2 - right)


def _edge(k, sign=1):
    half, count = k // 2, k * (k // 2)
    return np.tile(sign * np.sign(np.arange(k) - half) / count, (k, 1))


def _sharpen(k, amount):
    return (1 + amount) * _dot(k, k // 2, k // 2) - amount * np.full((k, k), 1 / k**2)


_SHIFT_TRAPS = (
    Trap(lambda k, down, right: _dot(k, k // 2 + down, k // 2 + right),
         "Ce noyau décale l'image dans l'autre sens. La case de sortie copie le pixel que recouvre le poids 1 : pour "
         "que l'image descende, il faut aller le chercher plus haut. C'est le noyau d'une convolution avec "
         "retournement, que Keras ne fait pas.", CORRELATION),
    Trap(lambda k, down, right: _dot(k, k // 2 - right, k // 2 - down),
         "Lignes et colonnes sont échangées : le premier indice du noyau compte les lignes."),
    Trap(lambda k, down, right: _dot(k, k // 2 - down, k // 2 + right),
         "Le déplacement vertical est juste, l'horizontal va dans l'autre sens."),
    Trap(lambda k, down, right: _dot(k, k // 2 + down, k // 2 - right),
         "Le déplacement horizontal est juste, le vertical va dans l'autre sens."),
    Trap(lambda k, down, right: _dot(k, -down, -right),
         "Le poids 1 part du coin du noyau. Pour laisser l'image en place, il doit être au centre : c'est du centre "
         "que l'on s'écarte."),
)
_EDGE_TRAPS = (
    Trap(lambda k: _edge(k, -1), "Le signe est inversé : la carte serait positive là où l'image s'assombrit de gauche "
         "à droite."),
    Trap(lambda k: _edge(k).T, "Ce noyau compare le haut et le bas de la fenêtre : il détecte les bords horizontaux."),
    Trap(lambda k: -_edge(k).T, "Ce noyau compare le haut et le bas de la fenêtre : il détecte les bords horizontaux."),
    Trap(lambda k: _edge(k) * k * (k // 2), "Les poids valent −1, 0 et 1 : la carte est une différence de sommes. La "
         "question demande une différence de moyennes, qui ne grandit pas avec le noyau."),
    Trap(lambda k: _edge(k) * (k // 2) / k, "Les poids sont divisés par le nombre de cases du noyau entier. Une "
         "moyenne se divise par le nombre de valeurs qu'elle réunit : ici, celles d'un seul côté."),
    Trap(lambda k: _edge(k) * (k // 2), "Les poids sont divisés par `k` : c'est le nombre de cases d'une colonne. "
         "Chaque côté de la fenêtre compte `k // 2` colonnes."),
)
_SHARPEN_TRAPS = (
    Trap(lambda k, a: (1 + a) * _dot(k, k // 2, k // 2) - a * (1 - _dot(k, k // 2, k // 2)) / k**2,
         "Le centre est oublié dans la moyenne : la somme des poids n'est plus 1, et l'image s'éclaircit. La moyenne "
         "des `k` × `k` pixels compte aussi celui du centre."),
    Trap(lambda k, a: _sharpen(k, -a), "Le noyau fait le contraire : il retire l'écart à la moyenne, donc il floute."),
    Trap(lambda k, a: a * (_dot(k, k // 2, k // 2) - np.full((k, k), 1 / k**2)),
         "Il manque le pixel lui-même : la somme des poids vaut 0, une région uniforme deviendrait noire."),
    Trap(lambda k, a: (1 + a) * _dot(k, k // 2, k // 2) - a * np.full((k, k), 1.0),
         "La fenêtre est sommée au lieu d'être moyennée : chaque poids de la moyenne vaut un sur le nombre de cases."),
    Trap(lambda k, a: _dot(k, k // 2, k // 2) - a * np.full((k, k), 1 / k**2),
         "L'écart à la moyenne est « le pixel moins la moyenne » : `amount` multiplie les deux termes."),
)
_PARTS = (
    ("shift_kernel", _SHIFTS, _shift, _SHIFT_TRAPS, "Appliquez-le à une image noire où un seul pixel vaut 1 : où "
     "arrive-t-il ?", CORRELATION),
    ("edge_kernel", _SIDES, _edge, _EDGE_TRAPS, "Sur une région uniforme, la carte doit valoir 0 ; à cheval entre une "
     "moitié gauche à 0 et une moitié droite à 1, la colonne du milieu ne compte pas et la carte vaut 1.", PHOTO),
    ("sharpen_kernel", _AMOUNTS, _sharpen, _SHARPEN_TRAPS, "Sur une région uniforme, la carte doit donner la valeur de "
     "la région, quel que soit `amount`.", PHOTO),
)


def _check_kernels(answers: Answers) -> str:
    for name, probes, reference, traps, advice, section in _PARTS:
        found = []
        for probe in probes:
            what = f"`{name}({', '.join(map(str, probe))})` rend"
            found.append(read_array(answers.call(name, *probe), what, (probe[0],) * 2))
        expected = [reference(*probe) for probe in probes]
        if all(map(close, found, expected)):
            continue
        recognise(found, probes, traps, close)
        probe, answer = next((p, a) for p, a, e in zip(probes, found, expected, strict=True) if not close(a, e))
        total = f"{answer.sum():.3g}".replace(".", ",")
        raise ToReviewError(f"`{name}({', '.join(map(str, probe))})` rend un noyau dont les poids ont pour somme "
                            f"{total}, mais pas celui qui produit l'effet demandé.", advice, section=section)
    return ("Les trois noyaux produisent l'effet demandé pour chaque côté et chaque réglage essayés : vous savez lire "
            "un noyau dans les deux sens, de l'effet aux poids et des poids à l'effet.")


KERNELS_QUESTION = Question(
    "Dessiner un noyau", 3, _check_kernels, (
        "Avec `padding=\"same\"` et un noyau impair, la case de sortie (i, j) est celle où le centre du noyau recouvre "
        "le pixel (i, j). Demandez-vous, pour chaque effet, quels pixels doivent entrer dans la somme, et avec quel "
        "poids.",
        "Un noyau qui n'a qu'un poids, égal à 1, recopie le pixel qu'il recouvre. Une moyenne de m pixels donne à "
        "chacun le poids 1/m. Les effets s'additionnent : le noyau d'une somme de deux cartes est la somme des deux "
        "noyaux.",
        "Pour déplacer l'image de d vers le bas, le poids 1 est d lignes au-dessus du centre. Pour le bord, les "
        "`k // 2` colonnes de droite se partagent +1, celles de gauche −1. Pour la netteté, `1 + amount` fois le "
        "noyau qui recopie, moins `amount` fois celui qui moyenne."), PHOTO)

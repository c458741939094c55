"""Question 5 : écrire une convolution comme une couche entièrement connectée à poids partagés."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import CORRELATION, DENSE, HAND
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close, read_array


@functools.cache
def _matrix_probes():
    random = np.random.RandomState(5)
    # Des poids distincts et non nuls : deux rangements différents donnent des matrices différentes.
    return tuple(((random.permutation(k * k) + 1.0).reshape(k, k), n) for k, n in ((2, 3), (3, 5), (2, 4), (3, 4)))


def _matrix(kernel, n, *, step=None, stored=None):
    """Rend la matrice ; ``step`` : longueur d'une ligne de l'image mise à plat (n), fausse dans certains pièges."""
    k, out = len(kernel), n - len(kernel) + 1
    result = np.zeros((out * out, n * n))
    for i in range(out):
        for j in range(out):
            for u in range(k):
                for v in range(k):
                    result[i * out + j, (i * n + j + u * (step or n) + v) % (n * n)] = kernel[u, v]
    return result if stored is None else stored(result, n, out)


def _columnwise(matrix, n, out):
    return matrix.reshape(-1, n, n).transpose(0, 2, 1).reshape(matrix.shape)


def _slid(kernel, n):
    """Fait glisser la première ligne d'une case par position, sans sauter les fins de ligne de l'image."""
    first = _matrix(kernel, n)[0]
    return np.stack([np.roll(first, place) for place in range((n - len(kernel) + 1)**2)])


_MATRIX_TRAPS = (
    Trap(lambda w, n: _matrix(w[::-1, ::-1], n), "Le noyau est retourné : la matrice calcule la convolution des "
         "mathématiciens. Celle des réseaux pose le noyau tel quel.", CORRELATION),
    Trap(lambda w, n: _matrix(w.T, n), "Lignes et colonnes du noyau sont échangées."),
    Trap(lambda w, n: _matrix(w, n, stored=_columnwise), "L'image est supposée mise à plat colonne par colonne. "
         "`image.ravel()` la range ligne par ligne."),
    Trap(lambda w, n: _matrix(w, n, step=len(w)), "Les poids du noyau se suivent dans la matrice. Deux lignes "
         "voisines du noyau recouvrent deux lignes voisines de l'image, séparées par `n` cases une fois l'image mise à "
         "plat."),
    Trap(lambda w, n: np.tile(_matrix(w, n)[0], ((n - len(w) + 1)**2, 1)), "Toutes les lignes de la matrice sont les "
         "mêmes : le noyau reste dans le coin supérieur gauche. Chaque ligne doit le poser à une autre position."),
    Trap(_slid, "Le noyau glisse d'une case par ligne de la matrice, sans jamais passer à la ligne suivante de "
         "l'image : à la fin d'une rangée, il est à cheval sur deux lignes."),
    Trap(lambda w, n: (_matrix(w, n) != 0).astype(float), "La matrice dit quelles cases sont reliées, avec des 0 et "
         "des 1 ; il y manque les poids du noyau."),
)


def _check_matrix(answers: Answers) -> str:
    found, probes = [], _matrix_probes()
    for kernel, n in probes:
        k, out = len(kernel), n - len(kernel) + 1
        hint = "Une ligne par case de la sortie, une colonne par pixel de l'image."
        found.append(read_array(answers.call("as_matrix", kernel, n), f"Pour un noyau {k} × {k} et une image {n} × "
                                f"{n}, `as_matrix` rend", (out * out, n * n), hint, HAND))
    expected = [_matrix(*probe) for probe in probes]
    if all(map(close, found, expected)):
        kernel, n = probes[1]
        rows, columns = expected[1].shape
        used = int((expected[1] != 0).sum())
        return (f"La matrice calcule bien la convolution. Pour un noyau 3 × 3 et une image {n} × {n}, elle compte "
                f"{rows * columns} cases, dont {used} ne sont pas nulles et ne portent que {kernel.size} valeurs "
                "différentes : la localité fait les zéros, le partage des poids fait les répétitions.")
    recognise(found, probes, _MATRIX_TRAPS, close)
    rank = next(i for i, pair in enumerate(zip(found, expected, strict=True)) if not close(*pair))
    (kernel, n), line = probes[rank], int(np.argwhere(~np.isclose(found[rank], expected[rank]))[0, 0])
    out = n - len(kernel) + 1
    raise ToReviewError(
        f"Pour le noyau `{kernel.astype(int).tolist()}` et une image {n} × {n}, la ligne {line} de la matrice, qui "
        f"calcule la case ({line // out}, {line % out}) de la sortie, est "
        f"{code(np.array2string(found[rank][line].reshape(n, n), separator=', ').replace(chr(10), ''), 140)} une fois "
        "remise en carré.", "Ce carré devrait montrer le noyau, posé à sa place, et des zéros partout ailleurs.")


MATRIX_QUESTION = Question(
    "Une convolution est une couche dense", 3, _check_matrix, (
        "Une ligne de la matrice calcule une case de la sortie : c'est une image de poids, mise à plat. À quoi "
        "ressemble cette image avant d'être mise à plat ?",
        "Pour la case (i, j) de la sortie, préparez une image de zéros de côté n, posez-y le noyau à partir de la "
        "ligne i et de la colonne j, puis mettez-la à plat : c'est la ligne correspondante de la matrice.",
        "`weights = np.zeros((n, n))`, puis `weights[i:i + k, j:j + k] = kernel`, et `weights.ravel()` donne une "
        "ligne. Rangez ces lignes dans l'ordre où `ravel()` range la sortie : toutes les colonnes j de la ligne i = 0, "
        "puis celles de la ligne i = 1."), DENSE)

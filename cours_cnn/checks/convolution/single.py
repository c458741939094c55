"""Question 1 : calculer une seule case d'une convolution, avec un pas et un remplissage."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import CORRELATION, HAND, SIZES
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, read_number

# (côté de l'image, côté du noyau, ligne, colonne, pas, remplissage) ; les fenêtres de _PROBES tiennent dans l'image
# même si l'on oublie le remplissage, celles de _BEYOND dépassent en bas ou à droite.
_PROBES = ((5, 3, 0, 1, 1, 0), (7, 3, 1, 0, 2, 1), (9, 3, 2, 1, 2, 1), (8, 2, 1, 2, 3, 1), (11, 5, 0, 2, 2, 2),
           (6, 3, 3, 1, 1, 0))
_BEYOND = ((5, 3, 2, 2, 2, 1), (6, 5, 5, 1, 1, 2), (4, 2, 2, 1, 2, 1))


@functools.cache
def _probes(settings=_PROBES):
    random = np.random.RandomState(1)
    found = []
    for side, k, row, column, stride, padding in settings:
        image = random.randint(0, 10, (side, side + 1))
        found.append((image, random.randint(-3, 4, (k, k)), int(random.randint(2, 9)), row, column, stride, padding))
    return tuple(found)


def _window(image, k, top, left):
    """Rend la fenêtre dont le coin est en (top, left), des zéros tenant lieu de ce qui est hors de l'image."""
    wide = np.pad(image, 12)
    return wide[top + 12:top + 12 + k, left + 12:left + 12 + k]


def _value(image, kernel, bias, row, column, stride, padding):
    return _at(image, kernel, row * stride - padding, column * stride - padding) + bias


def _at(image, kernel, top, left):
    return float(np.sum(_window(image, len(kernel), top, left) * kernel))


_SINGLE_TRAPS = (
    Trap(lambda x, w, b, i, j, s, p: _value(x, w[::-1, ::-1], b, i, j, s, p),
         "Le noyau est retourné avant d'être appliqué. Un réseau ne le retourne pas : le poids en haut à gauche "
         "multiplie le nombre en haut à gauche de la fenêtre.", CORRELATION),
    Trap(lambda x, w, b, i, j, s, p: _value(x, w, 0, i, j, s, p), "Le biais n'est pas ajouté."),
    Trap(lambda x, w, b, i, j, s, p: _at(x, w, i - p, j - p) + b,
         "Le pas n'est pas employé : la fenêtre de la case `(row, column)` est prise comme si elle avançait d'un pixel "
         "à la fois.", SIZES),
    Trap(lambda x, w, b, i, j, s, p: _at(x, w, i * s, j * s) + b,
         "Le remplissage n'est pas employé. Il recule le départ : la première fenêtre commence hors de l'image.",
         SIZES),
    Trap(lambda x, w, b, i, j, s, p: _at(x, w, i * s + p, j * s + p) + b,
         "Le remplissage décale la fenêtre dans le mauvais sens : il ajoute des zéros avant l'image, donc la première "
         "fenêtre commence plus tôt, non plus tard.", SIZES),
    Trap(lambda x, w, b, i, j, s, p: _at(x, w, (i - p) * s, (j - p) * s) + b,
         "Le pas multiplie ici le remplissage. Seul le numéro de la case se multiplie par le pas ; le remplissage se "
         "compte en pixels de l'image.", SIZES),
    Trap(lambda x, w, b, i, j, s, p: _value(x, w, b, j, i, s, p),
         "La ligne et la colonne sont échangées : dans `image[i, j]`, `i` compte les lignes."),
    Trap(lambda x, w, b, i, j, s, p: _value(x, w, b * w.size, i, j, s, p),
         "Le biais est ajouté à chaque produit. Il ne l'est qu'une fois par case de la sortie."),
    Trap(lambda x, w, b, i, j, s, p: _value(x, w, 0, i, j, s, p) / w.size + b,
         "La fenêtre est moyennée. Une convolution additionne les produits, sans diviser par leur nombre."),
)


def _check_single(answers: Answers) -> str:
    reason = "la question demande de calculer cette case vous-même."
    answers.forbid("one_value", dict.fromkeys(
        ("Conv2D", "conv", "conv2d", "convolve", "convolve2d", "correlate", "correlate2d"), reason))
    for settings in (_PROBES, _BEYOND):
        probes = _probes(settings)
        found = [read_number(answers.call("one_value", *probe), _called(probe)) for probe in probes]
        _settle(found, probes, "" if settings is _PROBES else "L'image est pourtant bien lue partout ailleurs : le "
                "remplissage ajoute aussi des zéros à droite et en bas.")
    return (f"Les {len(_PROBES) + len(_BEYOND)} cases essayées sont exactes, avec ou sans pas, avec ou sans "
            "remplissage, au bord comme au milieu.")


def _called(probe) -> str:
    _, kernel, bias, row, column, stride, padding = probe
    return (f"Pour une image {probe[0].shape[0]} × {probe[0].shape[1]}, un noyau {len(kernel)} × {len(kernel)} et "
            f"`bias={bias}, row={row}, column={column}, stride={stride}, padding={padding}`, `one_value` rend")


def _settle(found, probes, more: str = "") -> None:
    """Lève ``ToReviewError`` à la première case fausse, après avoir cherché l'idée fausse qui explique le tout."""
    wrong = [(answer, probe) for answer, probe in zip(found, probes, strict=True)
             if abs(answer - _value(*probe)) > 1e-6]
    if not wrong:
        return
    if not more:
        recognise(found, probes, _SINGLE_TRAPS, lambda a, b: abs(a - b) < 1e-6)
    answer, probe = wrong[0]
    top, left = (probe[rank] * probe[5] - probe[6] for rank in (3, 4))
    seen = _window(probe[0], len(probe[1]), top, left).tolist()
    raise ToReviewError(
        f"{_called(probe)} {code(f'{answer:g}')}.",
        more or f"À cet endroit, le noyau recouvre `{seen}` (zéros du remplissage compris) et vaut "
        f"`{probe[1].tolist()}`. Faites les produits à la main, additionnez-les, puis ajoutez le biais.")


SINGLE_QUESTION = Question(
    "Calculer une case", 2, _check_single, (
        "Commencez sans pas ni remplissage : où se trouve le coin supérieur gauche de la fenêtre qui donne la case "
        "`(row, column)` ?",
        "Le plus simple est de border d'abord l'image de zéros, avec `np.pad(image, padding)`. Dans l'image bordée, le "
        "coin de la fenêtre avance de `stride` pixels par case.",
        "Dans l'image bordée, la fenêtre commence en ligne `row * stride` et en colonne `column * stride`, et compte "
        "autant de lignes que le noyau. Multipliez-la par le noyau case par case, faites la somme, ajoutez `bias`."),
    HAND, (("operands could not be broadcast", "la fenêtre n'a pas la taille du noyau : elle dépasse de l'image, que "
                                               "le remplissage devait agrandir"),
           ("out of bounds", "la fenêtre dépasse de l'image, que le remplissage devait agrandir")))

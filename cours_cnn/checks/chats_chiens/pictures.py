"""Question 3 : une augmentation écrite à la main."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.chats_chiens.sections import BATCHES
from cours_cnn.checks.reading import ToReviewError, plain, read_array


@functools.cache
def _picture_probes():
    random = np.random.RandomState(33)
    return tuple((random.randint(0, 256, shape).astype(kind), flip, dx)
                 for shape, kind, flip, dx in (((4, 5, 3), "uint8", False, 2), ((4, 5, 3), "uint8", True, 0),
                                               ((3, 6, 3), "uint8", True, 2), ((5, 7, 3), "float32", True, -3),
                                               ((4, 4, 1), "uint8", False, -1), ((4, 5, 3), "float32", False, 0)))


def _shifted(image, dx):
    """Décale de ``dx`` colonnes vers la droite ; la colonne du bord est répétée."""
    columns = np.clip(np.arange(image.shape[1]) - dx, 0, image.shape[1] - 1)
    return image[:, columns]


def _augmented(image, flip, dx):
    return _shifted(image[:, ::-1] if flip else image, dx)


def _zeros(image, flip, dx):
    result = _augmented(image, flip, dx).copy()
    if dx > 0:
        result[:, :dx] = 0
    elif dx < 0:
        result[:, dx:] = 0
    return result


_PICTURE_TRAPS = (
    Trap(lambda i, f, d: _shifted(i[::-1] if f else i, d),
         "L'image est retournée de haut en bas. Aucun animal n'est photographié ainsi : c'est de gauche à droite."),
    Trap(lambda i, f, d: _shifted(i[::-1, ::-1] if f else i, d),
         "L'image est retournée dans les deux directions, ce qui est un demi-tour."),
    Trap(lambda i, f, d: _shifted(i[..., ::-1] if f else i, d),
         "Ce sont les canaux qui sont retournés : le rouge et le bleu changent de place, l'animal ne bouge pas."),
    Trap(lambda i, f, d: np.roll(i[:, ::-1] if f else i, d, axis=1),
         "Ce qui sort d'un côté rentre de l'autre : `np.roll` fait le tour. L'énoncé demande de répéter la colonne du "
         "bord."),
    Trap(_zeros, "Les colonnes découvertes sont noires. L'énoncé demande de répéter la colonne du bord."),
    Trap(lambda i, f, d: _augmented(i, f, -d), "Le décalage se fait vers la gauche quand `dx` est positif."),
    Trap(lambda i, f, d: _shifted(i, d)[:, ::-1] if f else _shifted(i, d),
         "Le décalage est fait avant le retournement : l'ordre compte, puisque le retournement change de sens ce qui a "
         "été décalé."),
    Trap(lambda i, f, d: _augmented(i, f, 0), "Le décalage n'a aucun effet."),
    Trap(lambda i, f, d: _augmented(i, False, d), "Le retournement n'a aucun effet."),
)


def _equal(first, second) -> bool:
    return first.shape == second.shape and bool(np.array_equal(first.astype(float), second.astype(float)))


def _check_augmentation(answers: Answers) -> str:
    found, hint = [], "Attendu : une image de la même forme que celle reçue."
    for image, flip, dx in _picture_probes():
        what = f"`augmented(image, {flip}, {dx})` rend"
        answer = answers.call("augmented", image, flip, dx)
        found.append(read_array(answer, what, image.shape, hint))
        kind = getattr(plain(answer), "dtype", None)
        if kind != image.dtype:
            raise ToReviewError(f"{what} des valeurs de type `{kind}`, pour une image de type `{image.dtype}`.",
                                "Attendu : le même type. Déplacer des pixels ne change pas leur valeur.")
    expected = [_augmented(*probe) for probe in _picture_probes()]
    if all(map(_equal, found, expected)):
        return ("Retournement et décalage sont justes dans les deux sens, sur des images en couleurs et en gris, "
                "entières et réelles.")
    recognise(found, _picture_probes(), _PICTURE_TRAPS, _equal)
    rank = next(rank for rank, pair in enumerate(zip(found, expected, strict=True)) if not _equal(*pair))
    image, flip, dx = _picture_probes()[rank]
    row = image[0, :, 0].astype(int).tolist()
    mine = found[rank][0, :, 0].astype(int).tolist()
    raise ToReviewError(f"Avec `flip={flip}` et `dx={dx}`, la première ligne du premier canal, `{row}`, devient "
                        f"`{mine}`.", "Suivez à la main ce que devient chaque pixel de cette ligne.")


AUGMENTATION_QUESTION = Question(
    "Augmenter une image", 3, _check_augmentation, (
        "Deux gestes, dans l'ordre de l'énoncé. Commencez par le retournement seul : quelle dimension du tableau va de "
        "gauche à droite ?",
        "Pour le décalage, demandez-vous, pour chaque colonne du résultat, de quelle colonne de l'image elle vient ; "
        "au bord, elle vient de la première ou de la dernière.",
        "`columns = np.clip(np.arange(width) - dx, 0, width - 1)` donne ces numéros de colonnes ; `image[:, columns]` "
        "les prend d'un coup. Le retournement est `image[:, ::-1]`."), BATCHES)

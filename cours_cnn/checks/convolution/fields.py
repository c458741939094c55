"""Question 6 : prédire un champ récepteur par la récurrence, puis le mesurer."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import DILATION, FIELD
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integer, read_integers, read_items

_STACKS = (
    [(3, 1, 1)],
    [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
    [(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1), (5, 1, 1)],
    [(7, 2, 1), (3, 2, 1), (3, 1, 2), (3, 1, 4)],
    [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    [(11, 4, 1), (3, 2, 1), (5, 1, 1), (3, 3, 1), (1, 1, 1)],
)
# Réseaux mesurés : (côté, [(noyau vertical, noyau horizontal, pas, remplissage)], ligne, colonne).
_NETWORKS = (
    (12, [(3, 3, 1, "valid"), (2, 2, 2, "valid"), (3, 3, 1, "valid")], 1, 2),
    (14, [(3, 1, 2, "valid"), (1, 5, 1, "valid")], 2, 0),
    (11, [(5, 3, 2, "same"), (3, 3, 1, "same")], 0, 5),
    (13, [(2, 4, 3, "valid")], 3, 1),
)


def _fields(stack, *, early=False, flat=False, summed=False, whole=False, thin=False):
    """Rend le champ récepteur après chaque couche ; les options décrivent des récurrences fautives."""
    field, jump, found = 1, 1, []
    for k, s, d in stack:
        extent = k if thin else d * (k - 1) + 1
        jump = jump * s if early else jump
        field += (extent if whole else extent - 1) * (1 if flat else jump)
        if not early:
            jump = jump + s - 1 if summed else jump * s
        found.append(field)
    return found


_FIELD_TRAPS = (
    Trap(lambda stack: _fields(stack, flat=True), "Chaque couche ajoute ici k' − 1 pixels, comme si deux unités "
         "voisines étaient toujours à un pixel l'une de l'autre. Après un pas de 2, elles sont à deux pixels : c'est "
         "l'écart j."),
    Trap(lambda stack: _fields(stack, early=True), "L'écart est multiplié par le pas de la couche avant de servir. Le "
         "noyau d'une couche lit les unités de la couche précédente : c'est leur écart qui compte."),
    Trap(lambda stack: _fields(stack, summed=True), "Les pas s'additionnent ici. Ils se multiplient : deux pas de 2 "
         "éloignent deux unités voisines de quatre pixels."),
    Trap(lambda stack: _fields(stack, whole=True), "Chaque couche ajoute l'étendue entière de son noyau. L'un de ses "
         "points est déjà compté : il n'ajoute que k' − 1 écarts."),
    Trap(lambda stack: _fields(stack, thin=True), "La dilatation n'est pas prise en compte : un noyau dilaté s'étend "
         "sur d × (k − 1) + 1 cases.", DILATION),
    Trap(lambda stack: [int(np.prod([k for k, _, _ in stack[:rank + 1]])) for rank in range(len(stack))],
         "Les noyaux sont multipliés entre eux. Les champs s'ajoutent : une couche n'ajoute que ce que son noyau "
         "dépasse, compté en pixels de l'image."),
)


@functools.cache
def network(side, layers):
    """Rend une fonction ``run`` : lot d'images (nombre, side, side) → lot de cartes ; tous les poids valent 1."""
    import keras

    model = keras.Sequential([keras.Input((side, side, 1)), *(
        keras.layers.Conv2D(1, (high, wide), strides=stride, padding=padding, kernel_initializer="ones")
        for high, wide, stride, padding in layers)])

    def run(images):
        batch = np.asarray(images, dtype="float32")
        if batch.ndim != 3 or batch.shape[1:] != (side, side):
            raise ToReviewError(f"`run` reçoit un tableau de forme `{batch.shape}`.",
                                f"Attendu : un lot d'images, de forme `(nombre, {side}, {side})`.")
        return np.array(model(batch[..., None]))[..., 0]

    return run


def _window(side, layers, row, column):
    """Rend (première ligne, dernière ligne, première colonne, dernière colonne) d'après ``cours_cnn.receptive``."""
    from cours_cnn.anatomy import output_size
    from cours_cnn.receptive import Axis, slide

    bounds = []
    for place, rank in ((row, 0), (column, 1)):
        axis, size = Axis(), side
        for layer in layers:
            kernel, stride, padding = layer[rank], *layer[2:]
            axis, size = slide(axis, size, kernel, stride, padding), output_size(size, kernel, stride, padding)
        first, end = axis.window(place)
        bounds += [max(first, 0), min(end, side) - 1]
    return tuple(bounds)


_WINDOW_TRAPS = (
    Trap(lambda side, layers, row, column: _moved(_window(side, layers, row, column), 0, 1, 0, 1),
         "Les deuxième et quatrième nombres dépassent d'une unité : ce sont les bornes d'une tranche Python. La "
         "question demande la dernière ligne et la dernière colonne qui ont une influence."),
    Trap(lambda side, layers, row, column: (*_window(side, layers, row, column)[2:],
                                            *_window(side, layers, row, column)[:2]),
         "Les colonnes sont données avant les lignes."),
    Trap(lambda side, layers, row, column: tuple(_window(side, layers, row, column)[i] for i in (0, 2, 1, 3)),
         "Les quatre nombres y sont, dans un autre ordre : première et dernière ligne, puis première et dernière "
         "colonne."),
    Trap(lambda side, layers, row, column: _window(side, layers, column, row),
         "La ligne et la colonne de l'unité sont échangées : `run(…)[:, row, column]`."),
    Trap(lambda side, layers, row, column: (0, side - 1, 0, side - 1),
         "Toute l'image est rendue : on a sans doute regardé si une case quelconque de la carte change, et non celle "
         "de l'unité `(row, column)`."),
    Trap(lambda side, layers, row, column: _window(side, layers, 0, 0),
         "Le champ rendu est celui de l'unité (0, 0), quelle que soit celle que l'on demande."),
)


def _moved(bounds, *steps):
    return tuple(bound + step for bound, step in zip(bounds, steps, strict=True))


def _check_fields(answers: Answers) -> str:
    answers.forbid("fields", dict.fromkeys(("receptive_field", "receptive_fields", "slide"),
                                           "c'est ce calcul que la question demande d'écrire."))
    found = []
    for stack in _STACKS:
        items = read_items(answers.call("fields", stack), f"`fields({stack})` rend", len(stack))
        found.append([read_integer(item, f"`fields({stack})` contient") for item in items])
    expected = [_fields(stack) for stack in _STACKS]
    if found != expected:
        recognise(found, [(stack,) for stack in _STACKS], _FIELD_TRAPS)
        stack, answer = next((s, a) for s, a, e in zip(_STACKS, found, expected, strict=True) if a != e)
        raise ToReviewError(f"`fields({stack})` rend {described(answer)}.", "Deux nombres sont à suivre d'une couche à "
                            "la suivante : le champ, et l'écart entre deux unités voisines.")
    found = []
    for side, layers, row, column in _NETWORKS:
        answer = answers.call("measured", network(side, tuple(layers)), side, row, column)
        what = f"`fields` est juste. Sur un réseau qui lit {side} × {side} pixels, `measured(run, {side}, {row}, " \
               f"{column})` rend"
        found.append(tuple(read_integers(answer, what, 4)))
    expected = [_window(*probe) for probe in _NETWORKS]
    if found != expected:
        recognise(found, _NETWORKS, _WINDOW_TRAPS)
        (side, _, row, column), answer = next((p, a) for p, a, e in zip(_NETWORKS, found, expected, strict=True)
                                              if a != e)
        raise ToReviewError(
            f"`fields` est juste. Pour l'unité ({row}, {column}) d'un réseau qui lit {side} × {side} pixels, "
            f"`measured` rend {described(answer)}.", "Modifiez un seul pixel à la fois, et ne regardez que cette "
            "unité : quels pixels la font changer ?")
    return (f"La récurrence est exacte sur {len(_STACKS)} piles, et la mesure sur {len(_NETWORKS)} réseaux, noyaux "
            "rectangulaires et bords compris : ce que l'une prédit, l'autre le constate.")


FIELDS_QUESTION = Question(
    "Prédire un champ récepteur, le mesurer", 4, _check_fields, (
        "Pour prédire, suivez deux nombres d'une couche à l'autre : le champ et l'écart. Pour mesurer, imitez le "
        "chapitre : un pixel modifié à la fois, une seule unité observée.",
        "Une couche élargit le champ de (k' − 1) fois l'écart qui la précède, puis multiplie l'écart par son pas. "
        "Pour la mesure, préparez un lot de `side * side` images presque semblables, et appelez `run` une "
        "seule fois.",
        "`images = np.zeros((side * side, side, side))`, puis mettez à 1, dans l'image numéro q, le pixel de ligne "
        "`q // side` et de colonne `q % side`. Les pixels influents sont ceux dont `run(images)[:, row, column]` "
        "diffère de la réponse à une image nulle ; `np.nonzero` en donne les lignes et les colonnes."),
    FIELD)

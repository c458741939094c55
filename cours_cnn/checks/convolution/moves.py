"""Question 7 : décaler l'image et dire ce que la carte devient."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import SHIFTING
from cours_cnn.checks.reading import ToReviewError, read_choice

ANSWERS = ("suit", "reste", "change")
SIDE, MARGIN = 28, 10
# (noyau, pas, pooling, maximum global)
_NETWORKS = ((3, 1, 1, False), (3, 2, 1, False), (5, 3, 1, False), (3, 1, 2, False), (3, 2, 2, False),
             (3, 1, 1, True), (3, 2, 1, True))
_PROBES = tuple((setting, move) for setting in _NETWORKS for move in (1, 2, 3, 4, 6))


def drawing(random: np.random.RandomState) -> np.ndarray:
    """Rend une image (1, SIDE, SIDE, 1) noire, avec au centre un carré d'entiers tirés de ``random``."""
    image = np.zeros((1, SIDE, SIDE, 1), dtype="float32")
    inside = slice(MARGIN, SIDE - MARGIN)
    image[:, inside, inside] = random.randint(1, 10, (1, SIDE - 2 * MARGIN, SIDE - 2 * MARGIN, 1))
    return image


def calculation(kernel: int, stride: int, pool: int, total: bool, random: np.random.RandomState):
    """Rend un calcul Keras : convolution ``same`` à poids entiers, puis *pooling* et maximum global."""
    import keras

    layers = [keras.Input((SIDE, SIDE, 1)),
              keras.layers.Conv2D(2, kernel, strides=stride, padding="same", use_bias=False)]
    layers += [keras.layers.MaxPooling2D(pool)] if pool > 1 else []
    layers += [keras.layers.GlobalMaxPooling2D(keepdims=True)] if total else []
    model = keras.Sequential(layers)
    model.layers[0].set_weights([random.randint(-4, 5, (kernel, kernel, 1, 2))])
    return lambda images: model(np.asarray(images, dtype="float32"))


@functools.cache
def _case(setting):
    random = np.random.RandomState([7, *map(int, setting)])
    return calculation(*setting, random), drawing(random)


@functools.cache
def _maps(setting, move, axis=2):
    run, image = _case(setting)
    return np.array(run(image)), np.array(run(np.roll(image, move, axis=axis)))


def _diagnosis(setting, move, *, steps=None, still=True, axis=2, summary=lambda maps: maps):
    """Rend la réponse ; les options décrivent des diagnostics fautifs."""
    before, after = (summary(maps) for maps in _maps(setting, move, axis))
    if still and np.allclose(before, after, atol=1e-4):
        return "reste"
    for step in range(1, move + 1) if steps is None else steps(move):
        if before.ndim > axis and np.allclose(np.roll(before, step, axis=axis), after, atol=1e-4):
            return "suit"
    return "change"


_MOVE_TRAPS = (
    Trap(lambda setting, move: _diagnosis(setting, move, steps=lambda m: [m]),
         "L'ancienne carte n'est comparée qu'après un décalage d'autant de cases que de pixels. Après un pas de 2, "
         "quatre pixels de l'image ne font que deux cases de la carte : essayez tous les décalages de 1 à `move` "
         "cases."),
    Trap(lambda setting, move: _diagnosis(setting, move, still=False, steps=lambda m: range(m + 1)),
         "Une carte inchangée est annoncée comme une carte qui suit. Rester en place et se décaler sont deux "
         "propriétés opposées : vérifiez d'abord si la carte est restée la même."),
    Trap(lambda setting, move: _diagnosis(setting, move, summary=lambda maps: maps.max(axis=(1, 2), keepdims=True)),
         "Seul le maximum de chaque carte est comparé. Il oublie la position : la carte entière, elle, s'est peut-être "
         "déplacée."),
    Trap(lambda setting, move: _diagnosis(setting, move, summary=lambda maps: np.sort(maps, axis=None)),
         "Les valeurs sont comparées sans tenir compte de leur place."),
    Trap(lambda setting, move: "reste" if setting[3] else "suit",
         "La carte est supposée suivre quel que soit le décalage. Un pas de 2, dans la convolution ou le pooling, ne "
         "regarde qu'une position sur deux : comparez vraiment les valeurs."),
    Trap(lambda setting, move: "suit" if _diagnosis(setting, move) == "reste" else
         "reste" if _diagnosis(setting, move) == "suit" else "change",
         "`\"suit\"` et `\"reste\"` sont échangés : une réponse équivariante suit le décalage, une réponse invariante "
         "reste ce qu'elle était."),
)


def _check_moves(answers: Answers) -> str:
    found = []
    for setting, move in _PROBES:
        run, image = _case(setting)
        answer = answers.call("diagnosis", lambda images, run=run: run(images), image, move)
        found.append(read_choice(answer, f"Pour {_told(setting)} et un décalage de {move}, `diagnosis` rend", ANSWERS))
    expected = [_diagnosis(*probe) for probe in _PROBES]
    if found == expected:
        return (f"Les {len(_PROBES)} diagnostics sont justes : un calcul de pas cumulé j ne suit que les décalages "
                "multiples de j, et le maximum global ne reste en place qu'à ces mêmes décalages.")
    recognise(found, _PROBES, _MOVE_TRAPS)
    (setting, move), answer = next((p, a) for p, a, e in zip(_PROBES, found, expected, strict=True) if a != e)
    raise ToReviewError(f"Pour {_told(setting)}, `diagnosis` rend `{answer!r}` après un décalage de {move} "
                        f"pixel{'s' * (move > 1)}.", "Comparez, case par case, la carte de l'image décalée à celle de "
                        "l'image d'origine, puis à cette dernière décalée d'une case, de deux, et ainsi de suite.")


def _told(setting) -> str:
    kernel, stride, pool, total = setting
    text = f"une convolution {kernel} × {kernel} de pas {stride}"
    text += f" suivie d'un pooling {pool} × {pool}" if pool > 1 else ""
    return text + (" suivie du maximum global" if total else "")


MOVES_QUESTION = Question(
    "Décaler l'image", 3, _check_moves, (
        "Calculez deux cartes : celle de l'image, celle de l'image décalée. Puis demandez-vous, dans l'ordre, si la "
        "seconde est la première, si elle est la première décalée, ou ni l'un ni l'autre.",
        "Une carte de pas 2 avance d'une case quand l'image avance de deux pixels : il faut donc essayer plusieurs "
        "décalages de la carte, de 1 à `move` cases. `np.allclose` compare deux tableaux de même forme.",
        "`before = np.array(calculation(image))` et `after = np.array(calculation(data.shift(image, 0, move)))`. Si "
        "les deux sont proches, rendez `\"reste\"`. Sinon, cherchez un `step` pour lequel `data.shift(before, 0, "
        "step)` est proche de `after`. Un `step` ne peut pas dépasser la largeur de la carte : "
        "`before.shape[2]`."), SHIFTING)

"""Question 3 : poser une tête sur une base gelée, avec un seul prétraitement."""

from __future__ import annotations

import math

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.message import code, described
from cours_cnn.checks.networks import BUILD_ERRORS, small_base
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.checks.transfert.sections import DIVISION, FROZEN
from cours_cnn.french import integer


def centred(pixels):
    """Prétraitement d'une base : de [0, 255] à [−1, 1]."""
    return pixels / 127.5 - 1


def standardised(pixels):
    """Prétraitement d'une autre base : une moyenne retranchée, puis une division."""
    return (pixels - 110) / 60


def _check_reuse(answers: Answers) -> str:
    for preprocess, maps, classes, seed in ((centred, 5, 2, 1), (standardised, 7, 3, 2)):
        base = small_base(maps, np.random.RandomState(seed), 12)
        model = read_reused(answers, base, preprocess, classes)
        head = _head(model, base, maps, classes)
        learned = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        if learned != (maps + 1) * classes:
            raise ToReviewError(f"Le modèle apprendrait {integer(learned)} nombres, pour {maps} cartes et {classes} "
                                "classes.", "Attendu : ceux de la tête seule. La base est-elle gelée ?",
                                section=FROZEN)
        images = np.random.RandomState(seed).randint(0, 256, (6, 12, 12, 3)).astype("float32")
        found = np.asarray(model(images, training=False), dtype=float)
        expected = _answer(base, preprocess(images), head)
        if not close(found, expected):
            _explain(found, base, preprocess, images, head)
    return ("Un seul prétraitement, une base qui ne bouge pas, une moyenne par carte et une tête de la bonne taille : "
            "les sorties sont celles attendues, pour deux bases et deux prétraitements.")


def read_reused(answers: Answers, base, preprocess, classes: int):
    """Rend le modèle de l'étudiant, s'il prend les images que prend la base."""
    import keras

    # La base n'est pas recopiée : l'étudiant doit la geler, et l'appeler.
    model = answers.function("reuse")(base, preprocess, classes)
    if not isinstance(model, keras.Model):
        raise ToReviewError(f"`reuse` rend {described(model)}.",
                            "Attendu : un modèle Keras, `keras.Model(image, sortie)`.")
    if tuple(model.inputs[0].shape[1:]) != tuple(base.inputs[0].shape[1:]):
        raise ToReviewError(f"L'entrée du modèle est de forme `{tuple(model.inputs[0].shape[1:])}`.",
                            "Attendu : celle de la base, `base.input_shape[1:]`.")
    return model


def _head(model, base, maps: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rend les poids et les biais de la seule couche entièrement connectée hors de la base."""
    from keras import layers

    inside = {id(layer) for layer in base._flatten_layers()}
    dense = [layer for layer in model._flatten_layers() if isinstance(layer, layers.Dense) and id(layer) not in inside]
    if len(dense) != 1:
        raise ToReviewError(f"Hors de la base, le modèle compte {len(dense)} couche(s) entièrement connectée(s).",
                            "Attendu : une seule, celle qui répond.")
    layer = dense[0]
    if layer.units != classes:
        raise ToReviewError(f"La couche de sortie a {layer.units} unité(s), pour {classes} classes.",
                            "Attendu : une unité par classe, l'argument `classes`.")
    if layer.kernel.shape[0] != maps:
        raise ToReviewError(f"La couche de sortie reçoit {integer(layer.kernel.shape[0])} valeurs, alors que la base "
                            f"rend {maps} cartes.", "Attendu : une valeur par carte, leur moyenne, et non leurs pixels "
                            "mis à plat.", section=FROZEN)
    if not layer.use_bias:
        raise ToReviewError("La couche de sortie n'a pas de biais.", "Attendu : une couche `Dense` ordinaire.")
    return np.asarray(layer.kernel, dtype=float), np.asarray(layer.bias, dtype=float)


def _logits(base, pixels, head) -> np.ndarray:
    maps = np.asarray(base(np.asarray(pixels, dtype="float32"), training=False), dtype=float)
    return maps.mean(axis=(1, 2)) @ head[0] + head[1]


def _answer(base, pixels, head) -> np.ndarray:
    scores = np.exp(_logits(base, pixels, head) - _logits(base, pixels, head).max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def _explain(found, base, preprocess, images, head) -> None:
    """Dit laquelle des erreurs connues donne ``found``."""
    once = preprocess(images)
    seen = {"Les images entrent dans la base telles quelles : le prétraitement reçu ne sert pas.": images,
            "Les images sont divisées par 255, et le prétraitement reçu ne sert pas.": images / 255,
            "Le prétraitement est appliqué deux fois de suite.": preprocess(once),
            "Les images sont divisées par 255, puis passent par `preprocess` : la base les voit presque pareilles.":
                preprocess(images / 255)}
    if found.shape == _answer(base, once, head).shape:
        # Deux de ces erreurs se ressemblent : on retient celle dont les sorties sont les plus proches.
        gaps = {message: np.abs(found - _answer(base, pixels, head)).max() for message, pixels in seen.items()}
        message = min(gaps, key=gaps.get)
        if gaps[message] < 1e-4:
            raise ToReviewError(message, "Attendu : `preprocess`, une fois, sur des pixels de 0 à 255.",
                                section=DIVISION)
    if found.shape == _logits(base, once, head).shape and close(found, _logits(base, once, head)):
        raise ToReviewError(f"Les sorties vont de {code(f'{found.min():.2g}')} à {code(f'{found.max():.2g}')}.",
                            "Attendu : des probabilités. Il manque la *softmax*.")
    if found.shape == _logits(base, once, head).shape and close(found, 1 / (1 + np.exp(-_logits(base, once, head)))):
        raise ToReviewError("Les probabilités d'une image ne font pas un : chaque sortie passe par sa propre sigmoïde.",
                            "Attendu : une *softmax*, qui partage un entre les classes.")
    raise ToReviewError("Les formes et les comptes conviennent, mais les sorties ne sont pas celles d'une moyenne de "
                        "chaque carte suivie de la tête.", "Une autre façon de résumer les cartes, ou une couche de "
                        "trop ?", section=FROZEN)


REUSE_QUESTION = Question(
    "Poser une tête sur une base gelée", 4, _check_reuse, (
        "Cinq gestes, dans l'ordre du chapitre : geler, ouvrir une entrée, préparer les pixels, passer par la base, "
        "résumer et répondre.",
        "`base.trainable = False` d'abord. L'entrée a la forme de celle de la base ; `preprocess` s'appelle sur elle "
        "comme sur un tableau.",
        "`maps = base(preprocess(image))`, puis `layers.GlobalAveragePooling2D()(maps)` et une couche `Dense` de "
        "`classes` unités à *softmax* ; enfin `keras.Model(image, sortie)`."), FROZEN, BUILD_ERRORS)

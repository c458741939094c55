"""Question 4 : poser une tête sur une base gelée."""

from __future__ import annotations

import math

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.chats_chiens.sections import NETWORK, REUSING
from cours_cnn.checks.message import code, described
from cours_cnn.checks.networks import small_base
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.french import integer

_ERRORS = (
    ("expected axis -1 of input shape to have value", "la couche entièrement connectée reçoit des cartes au lieu d'une "
                                                      "moyenne par carte"),
    ("expected ndim=4, found ndim=2", "une couche attend des cartes et reçoit des données déjà mises à plat"),
)


def _reference(base, model):
    """Rend la réponse attendue, calculée avec les poids de la tête de ``model``, et les images qui ont servi."""
    import keras

    images = np.random.RandomState(34).uniform(size=(5, 16, 16, 3)).astype("float32")
    weight, bias = _head(model, base)
    means = keras.ops.convert_to_numpy(base(images, training=False)).mean(axis=(1, 2))
    return images, 1 / (1 + np.exp(-(means @ weight + bias)))


def _head(model, base) -> tuple[np.ndarray, np.ndarray]:
    """Rend les poids et le biais de la seule couche entièrement connectée hors de la base."""
    from keras import layers

    inside = {id(layer) for layer in base._flatten_layers()}
    dense = [layer for layer in model._flatten_layers() if isinstance(layer, layers.Dense) and id(layer) not in inside]
    if len(dense) != 1:
        raise ToReviewError(f"La tête compte {len(dense)} couches entièrement connectées.",
                            "Attendu : une seule, qui rend la probabilité.", section=REUSING)
    layer = dense[0]
    if layer.units != 1:
        raise ToReviewError(f"La sortie compte {layer.units} valeurs.",
                            "Attendu : une seule, la probabilité d'un chien ; celle d'un chat s'en déduit.")
    if not layer.use_bias:
        raise ToReviewError("La couche de sortie n'a pas de biais.", section=NETWORK)
    return np.asarray(layer.kernel), np.asarray(layer.bias)


def _check_head(answers: Answers) -> str:
    import keras
    from keras import layers

    for maps, seed in ((4, 1), (7, 2)):
        base = small_base(maps, np.random.RandomState(seed), 16)
        before = [np.array(weight) for weight in base.get_weights()]
        model = _built(answers, base, 0.0)
        weight, _ = _head(model, base)
        if weight.shape[0] != maps:
            raise ToReviewError(f"La couche de sortie reçoit {integer(weight.shape[0])} valeurs par image ; la base "
                                f"rend {maps} cartes.", "Attendu : la moyenne de chaque carte, et non tous ses "
                                "points. Une mise à plat en garderait bien davantage.", section=REUSING)
        learned = sum(math.prod(each.shape) for each in model.trainable_weights)
        if learned != maps + 1:
            raise ToReviewError(f"Le modèle apprendrait {integer(learned)} paramètres, sur une base de {maps} cartes.",
                                "Attendu : un poids par carte et un biais. La base est-elle gelée ?", section=REUSING)
        images, expected = _reference(base, model)
        for training in (False, True):
            found = keras.ops.convert_to_numpy(model(images, training=training))
            if found.shape != expected.shape:
                raise ToReviewError(f"Pour {len(images)} images, le modèle rend un tableau de forme `{found.shape}`.",
                                    f"Attendu : `{expected.shape}`.")
            if close(found.astype(float), expected):
                continue
            _explain(found, expected, training, base, model, images)
        if not all(np.array_equal(old, new) for old, new in zip(before, base.get_weights(), strict=True)):
            raise ToReviewError("Un passage en mode entraînement a modifié les statistiques de la normalisation de la "
                                "base.", "Attendu : une base gelée tout entière, normalisations comprises.",
                                section=REUSING)
    dropped = _built(answers, small_base(4, np.random.RandomState(3), 16), 0.35)
    rates = [layer.rate for layer in dropped._flatten_layers() if isinstance(layer, layers.Dropout)]
    if not rates or not math.isclose(rates[0], 0.35) or len(rates) > 1:
        raise ToReviewError(f"Avec `dropout=0.35`, les couches de *dropout* ont pour taux {described(rates)}.",
                            "Attendu : une seule, au taux reçu, entre la moyenne et la sortie.")
    return ("La base reste gelée, et ses normalisations en mode évaluation à l'entraînement ; la tête n'apprend qu'un "
            "poids par carte et un biais, et la sortie est celle attendue.")


def _built(answers: Answers, base, dropout: float):
    import keras

    # Le modèle de base n'est pas recopié : l'étudiant doit le geler, et l'appeler.
    model = answers.function("with_head")(base, dropout)
    if not isinstance(model, keras.Model):
        raise ToReviewError(f"`with_head` rend {described(model)}.", "Attendu : un modèle Keras.")
    if not model.built or not getattr(model, "inputs", None):
        raise ToReviewError("Le modèle rendu par `with_head` n'est pas construit : la forme de son entrée n'est pas "
                            "connue.", "Attendu : une première ligne `keras.Input(…)`.")
    if model.inputs[0].shape[1:] != base.inputs[0].shape[1:]:
        raise ToReviewError(f"L'entrée du modèle est de forme `{tuple(model.inputs[0].shape[1:])}`.",
                            "Attendu : celle de la base, `base.input_shape[1:]`.")
    return model


def _explain(found, expected, training: bool, base, model, images) -> None:
    """Dit laquelle des erreurs connues donne ``found``."""
    logits = np.log(expected / (1 - expected))
    if close(found.astype(float), logits):
        raise ToReviewError(f"Les sorties vont de {code(f'{found.min():.2g}')} à {code(f'{found.max():.2g}')}.",
                            "Attendu : une probabilité. Il manque la sigmoïde à la sortie.", section=NETWORK)
    if np.allclose(found, 1):
        raise ToReviewError("Toutes les sorties valent 1.", "Une *softmax* sur une seule valeur rend toujours 1 : "
                            "c'est une sigmoïde qu'il faut.", section=NETWORK)
    if training:
        raise ToReviewError("En mode évaluation, la sortie est juste ; en mode entraînement, elle ne l'est plus.",
                            "La base y normalise avec les statistiques du lot, au lieu des siennes : ses "
                            "normalisations ne sont pas gelées.", section=REUSING)
    raise ToReviewError("Les formes et les comptes sont justes, mais la sortie n'est pas celle d'une moyenne globale "
                        "suivie d'une seule couche à sigmoïde.", "Une couche de trop, une autre moyenne, une autre "
                        "activation ?", section=REUSING)


HEAD_QUESTION = Question(
    "Poser une tête sur une base gelée", 3, _check_head, (
        "Trois couches suivent la base : laquelle ramène chaque carte à un nombre, laquelle freine, laquelle répond ?",
        "Gelez la base par son attribut `trainable`, puis appelez-la sur une entrée `keras.Input` de sa forme, en mode "
        "évaluation.",
        "`maps = base(image, training=False)`, puis `GlobalAveragePooling2D`, `Dropout(dropout)` et une couche `Dense` "
        "d'une unité à sigmoïde ; enfin `keras.Model(image, sortie)`."), REUSING, _ERRORS)

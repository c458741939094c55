"""Question 6 : ce que coûte une fin de réseau, et le réseau que l'on emploie une fois l'entraînement fini."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.graphs import answer, place_weights
from cours_cnn.checks.inception.sections import AUXILIARY, MEAN
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, close, read_integer
from cours_cnn.french import integer

_HEADS = ((7, 1024, [], 1000, True), (7, 1024, [], 1000, False), (7, 16, [40, 30], 10, False),
          (5, 12, [20], 7, True), (4, 6, [5, 6, 7], 3, False), (3, 10, [8, 9], 4, True))


def _parameters(side, maps, hidden, classes, averaged, *, area=lambda n: n * n, bias=1, ignore_hidden=False,
                always=None, last=True):
    """Rend les paramètres d'une fin de réseau ; les options décrivent des décomptes fautifs."""
    averaged = averaged if always is None else always
    size, total = maps if averaged else maps * area(side), 0
    for units in [*([] if ignore_hidden else hidden), *([classes] if last else [])]:
        total, size = total + (size + bias) * units, units
    return total


@functools.cache
def _expected():
    import keras
    from keras import layers

    from cours_cnn.anatomy import parameter_count

    found = []
    for side, maps, hidden, classes, averaged in _HEADS:
        image = keras.Input((side, side, maps))
        x = layers.GlobalAveragePooling2D()(image) if averaged else layers.Flatten()(image)
        for units in (*hidden, classes):
            x = layers.Dense(units)(x)
        found.append(parameter_count(keras.Model(image, x)))
    return found


_HEAD_TRAPS = (
    Trap(lambda *p: _parameters(*p, always=False),
         "La moyenne globale est comptée comme une mise à plat. Elle résume chaque carte par un seul nombre.", MEAN),
    Trap(lambda *p: _parameters(*p, always=True),
         "La mise à plat est comptée comme une moyenne globale. Elle garde toutes les valeurs de chaque carte.", MEAN),
    Trap(lambda *p: _parameters(*p, area=lambda n: n),
         "Une carte mise à plat est comptée pour `side` valeurs : c'est un carré."),
    Trap(lambda *p: _parameters(*p, bias=0), "Les biais manquent : chaque unité en a un."),
    Trap(lambda *p: _parameters(*p, ignore_hidden=True),
         "Les couches de `hidden` ne sont pas comptées : la dernière couche lit ici directement les cartes."),
    Trap(lambda *p: _parameters(*p, last=False), "La couche de sortie, d'une unité par classe, n'est pas comptée."),
)


def _network(rank: int):
    """Rend un réseau d'entraînement factice : une sortie principale, puis ``rank`` têtes auxiliaires."""
    import keras
    from keras import layers

    image = x = keras.Input((8, 8, 3))
    heads = []
    for place in range(rank + 1):
        x = layers.Conv2D(4 + place, 3, padding="same", activation="relu")(x)
        pooled = layers.GlobalAveragePooling2D()(x)
        heads.append(layers.Dense(5, activation="softmax")(pooled))
    model = keras.Model(image, [heads[-1], *heads[:-1]])
    place_weights(keras.Model(image, heads[-1]), np.random.RandomState(rank))
    return model


def _check_deployed(answers: Answers) -> None:
    import keras

    function = answers.function("deployed")
    for rank in (1, 2):
        model = _network(rank)
        images = np.random.RandomState(9).uniform(size=(4, 8, 8, 3)).astype("float32")
        expected = [np.asarray(one, dtype=float) for one in model(images, training=False)]
        wanted = keras.Model(model.input, model.outputs[0]).count_params()
        found = function(model)
        case = f"Pour un réseau à {rank} tête{'s' * (rank > 1)} auxiliaire{'s' * (rank > 1)}"
        if found is None or found is Ellipsis:
            raise ToReviewError("`deployed` ne rend rien.", "L'instruction `return` est-elle atteinte ?")
        if not isinstance(found, keras.Model):
            raise ToReviewError(f"`deployed` rend {described(found)}.", "Attendu : un modèle Keras, construit par "
                                "`keras.Model(entrée, sortie)`.")
        count = len(getattr(found, "outputs", None) or [])
        if count == 0:
            raise ToReviewError("Le modèle rendu par `deployed` n'est pas construit.",
                                "Attendu : `keras.Model(entrée, sortie)`, à partir des tenseurs du réseau reçu.")
        if count > 1:
            raise ToReviewError(f"{case}, le modèle rendu a {count} sorties.",
                                "À l'usage, une seule réponse sert : les autres n'aidaient qu'à l'entraînement.")
        given = answer(found, images)
        if any(given.shape == one.shape and close(given, one) for one in expected[1:]):
            raise ToReviewError(f"{case}, le modèle rendu répond comme une tête auxiliaire.",
                                "L'énoncé dit laquelle des sorties est la principale.")
        if given.shape == expected[0].shape and close(given, np.mean(expected, axis=0)):
            raise ToReviewError(f"{case}, le modèle rendu mêle la réponse principale à celles des têtes.",
                                "Les têtes auxiliaires ne servent pas à prédire.")
        if given.shape != expected[0].shape or not close(given, expected[0]):
            raise ToReviewError(f"{case}, le modèle rendu ne répond pas comme la sortie principale du réseau entraîné.",
                                "Ses poids appris doivent être gardés, et sa réponse ne pas être mêlée aux autres.")
        if found.count_params() != wanted:
            raise ToReviewError(f"{case}, le modèle rendu garde {integer(found.count_params())} paramètres, alors que "
                                f"le chemin de l'image à la réponse en compte {integer(wanted)}.",
                                "Les têtes retirées ne doivent plus rien peser.")


def _check_heads(answers: Answers) -> str:
    found = []
    for probe in _HEADS:
        found.append(read_integer(answers.call("head_parameters", *probe), f"`head_parameters{probe}` rend"))
    expected = _expected()
    if found != expected:
        recognise(found, _HEADS, _HEAD_TRAPS)
        probe, answer = next((p, a) for p, a, e in zip(_HEADS, found, expected, strict=True) if a != e)
        raise ToReviewError(f"`head_parameters{probe}` rend {integer(answer)}, qui n'est pas le nombre de Keras.",
                            "Combien de valeurs la première couche dense lit-elle ? Et la suivante ?")
    _check_deployed(answers)
    return (f"Les {len(_HEADS)} fins de réseau sont bien comptées, et le réseau que l'on emploie répond comme la "
            "sortie principale, sans rien garder des têtes auxiliaires.")


HEADS_QUESTION = Question(
    "Finir le réseau", 3, _check_heads, (
        "Deux fonctions sans rapport de code. Pour la première, combien de nombres restent après la moyenne, et après "
        "la mise à plat ? Pour la seconde, quelles couches relient l'image à la réponse principale ?",
        "Une couche dense de u unités qui lit v valeurs a (v + 1) × u paramètres ; la suivante lit u valeurs. Un "
        "modèle Keras ne garde que les couches qui mènent de son entrée à sa sortie.",
        "`size = maps` avec la moyenne, `maps * side**2` sans elle ; puis, pour chaque `units` de `[*hidden, "
        "classes]`, ajoutez `(size + 1) * units` et posez `size = units`. Pour `deployed` : `network.outputs` est une "
        "liste, dont la première est la sortie principale."), AUXILIARY)

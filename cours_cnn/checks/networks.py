"""Lire le réseau qu'un étudiant a construit et le comparer, couche par couche, à celui de l'énoncé."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cours_cnn.checks.base import Answers
from cours_cnn.checks.message import Section, code, described
from cours_cnn.checks.probing import inject
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.french import integer

KIND_NAMES = {"convolution": "une convolution", "pooling": "un pooling", "dense": "une couche entièrement connectée",
              "dropout": "un dropout", "moyenne": "une moyenne globale"}
BUILD_ERRORS = (
    ("Computed output size would be", "une carte est devenue plus petite que le noyau qui doit la parcourir : suivez "
                                      "les tailles depuis l'entrée"),
    ("expected min_ndim=4, found ndim=2", "une convolution reçoit des données déjà mises à plat"),
    ("cannot be called", "une couche est appelée comme une fonction sur ce qui n'est pas un tenseur"),
    ("evenly divisible by", "le nombre de groupes doit diviser le nombre de cartes"),
)


def small_base(maps: int, random: np.random.RandomState, side: int):
    """Rend une petite base de poids tirés de ``random`` : images de côté pair ``side``, convolution de pas 2,
    normalisation par lots, ReLU, ``maps`` cartes.

    C'est un modèle fonctionnel, comme ceux de ``keras.applications`` : ``base.input`` y existe avant tout appel, ce
    qui n'est pas le cas d'un modèle séquentiel.
    """
    import keras
    from keras import layers

    image, norm = keras.Input((side, side, 3)), layers.BatchNormalization()
    hidden = norm(layers.Conv2D(maps, 3, strides=2, padding="same")(image))
    base = keras.Model(image, layers.ReLU()(hidden), name="base")
    inject(base, random)
    norm.moving_variance.assign(1 + np.abs(np.asarray(norm.moving_variance)))
    return base


@dataclass(frozen=True)
class Described:
    """Une couche qui compte : la couche, son genre, la forme de sa sortie sans le lot, son activation."""

    layer: object
    kind: str
    shape: tuple
    activation: str = ""


def by(pair: tuple[int, int]) -> str:
    """Rend « 3 × 3 »."""
    return f"{pair[0]} × {pair[1]}"


def read_model(answers: Answers, name: str, *arguments):
    """Rend le modèle que construit la fonction ``name`` de l'étudiant, s'il est utilisable."""
    import keras

    model = answers.call(name, *arguments)
    if not isinstance(model, keras.Model):
        raise ToReviewError(f"`{name}` rend {described(model)}.", "Attendu : un modèle Keras (`keras.Sequential(…)`).")
    if not model.built or not getattr(model, "inputs", None):
        raise ToReviewError(f"Le modèle rendu par `{name}` n'est pas construit : la forme de son entrée n'est pas "
                            "connue.", "Attendu : une première ligne `keras.Input(…)`.")
    return model


def steps(model) -> list[Described]:
    """Rend les couches qui comptent, dans l'ordre ; une activation écrite à part est celle de la couche qui précède."""
    from keras import layers

    kinds = ((layers.Conv2D, "convolution"), (layers.Dense, "dense"), (layers.Dropout, "dropout"),
             ((layers.AveragePooling2D, layers.MaxPooling2D), "pooling"), (layers.GlobalAveragePooling2D, "moyenne"))
    found = []
    for layer in model.layers:
        kind = next((name for types, name in kinds if isinstance(layer, types)), None)
        if kind:
            found.append(Described(layer, kind, tuple(layer.output.shape[1:]), _activation(layer)))
        elif found and isinstance(layer, (layers.Activation, layers.ReLU, layers.Softmax)):
            found[-1] = replace(found[-1], activation=_activation(layer))
    return found


def _activation(layer) -> str:
    """Rend le nom de l'activation qu'applique ``layer`` (« relu », « softmax », « linear »…), vide s'il n'en a pas."""
    named = {"ReLU": "relu", "Softmax": "softmax"}.get(type(layer).__name__)
    return named or getattr(getattr(layer, "activation", None), "__name__", "")


def compare_layers(model, reference, section: Section) -> None:
    """Lève ``ToReviewError`` à la première couche de ``model`` qui n'est pas celle de ``reference``."""
    size, wanted_size = (tuple(network.inputs[0].shape[1:]) for network in (model, reference))
    if size != wanted_size:
        raise ToReviewError(f"L'entrée du réseau est de forme `{size}`.", f"Attendu : `{wanted_size}`.",
                            section=section)
    found, expected = steps(model), steps(reference)
    for mine, wanted in zip(found, expected, strict=False):
        where = f"Couche {code(wanted.layer.name)}"
        if mine.layer.name != wanted.layer.name:
            where += f" ({code(type(mine.layer).__name__)})"
        if mine.kind != wanted.kind:
            raise ToReviewError(f"{where} : {KIND_NAMES[mine.kind]}, alors que l'énoncé place ici "
                                f"{KIND_NAMES[wanted.kind]}.", "Comparez l'ordre des couches à celui de l'énoncé.",
                                section=section)
        _compare_settings(where, mine, wanted, section)
        if mine.shape != wanted.shape:
            raise ToReviewError(f"{where} : la sortie est de forme `{mine.shape}`.",
                                "L'énoncé en annonce une autre : pas, remplissage et taille de la fenêtre en "
                                "décident.", section=section)
    if len(found) != len(expected):
        names = ", ".join(code(one.layer.name) for one in expected)
        raise ToReviewError(f"Le réseau compte {len(found)} couches.", f"Attendu : {names}, soit {len(expected)}.",
                            section=section)


def _compare_settings(where: str, mine: Described, wanted: Described, section: Section) -> None:
    layer, good = mine.layer, wanted.layer
    if mine.kind == "convolution":
        _settle(where, "le noyau est", by(layer.kernel_size), by(good.kernel_size), section)
        _settle(where, "nombre de cartes :", layer.filters, good.filters, section)
        _settle(where, "le pas est", by(layer.strides), by(good.strides), section)
        _settle(where, "nombre de groupes :", layer.groups, good.groups, section)
    elif mine.kind == "pooling":
        _settle(where, "la fenêtre est", by(layer.pool_size), by(good.pool_size), section)
        _settle(where, "le pas est", by(layer.strides), by(good.strides), section)
        _settle(where, "la couche est", f"un {type(layer).__name__}", f"un {type(good).__name__}", section)
    elif mine.kind == "dense":
        _settle(where, "nombre d'unités :", layer.units, good.units, section)
    elif mine.kind == "dropout":
        _settle(where, "le taux est", f"{layer.rate:g}".replace(".", ","), f"{good.rate:g}".replace(".", ","), section)


def _settle(where: str, what: str, found, expected, section: Section) -> None:
    if found != expected:
        raise ToReviewError(f"{where} : {what} {found}.", "Ce n'est pas ce que demande l'énoncé.", section=section)


def compare_outputs(model, reference, section: Section) -> None:
    """Place les mêmes poids dans les deux réseaux et compare leurs sorties ; cherche sinon l'activation en cause."""
    import keras

    total, wanted = (sum(math.prod(weight.shape) for weight in network.weights) for network in (model, reference))
    if total != wanted:
        biases = [code(one.layer.name) for one in steps(model) if one.kind in ("convolution", "dense")
                  and not one.layer.use_bias]
        cause = f" Sans biais : {', '.join(biases)}." if biases else ""
        raise ToReviewError(f"Les tailles sont justes, mais le réseau compte {integer(total)} paramètres : ce n'est "
                            f"pas le nombre que donne l'énoncé.{cause}", section=section)
    for network in (model, reference):
        inject(network, np.random.RandomState(45))
    images = np.random.RandomState(54).uniform(size=(3, *reference.inputs[0].shape[1:])).astype("float32")
    found, expected = (keras.ops.convert_to_numpy(network(images, training=False)) for network in (model, reference))
    if found.shape == expected.shape and close(found.astype(float), expected.astype(float)):
        return
    for mine, good in zip(steps(model), steps(reference), strict=True):
        if mine.activation != good.activation:
            raise ToReviewError(*_activation_advice(good, mine.activation, found), section=section)
    raise ToReviewError("Les couches et les tailles sont justes ; pourtant, avec les mêmes poids, la sortie n'est pas "
                        "celle du réseau demandé.", "Une couche de trop transforme-t-elle les valeurs ?",
                        section=section)


def _activation_advice(good: Described, used: str, output: np.ndarray) -> tuple[str, str]:
    what = "aucune activation" if used == "linear" else f"l'activation est {code(used)}"
    seen = f"Couche {code(good.layer.name)} : {what}."
    if good.activation == "softmax":
        return seen, (f"Les sorties d'une image somment ici à {code(f'{float(output[0].sum()):.3g}')}. Attendu : des "
                      "probabilités, dont la somme vaut 1 parce que les classes s'excluent.")
    if used == "softmax":
        return seen, ("`softmax` met les unités d'une couche en concurrence pour une somme de 1 : elle convient à la "
                      "sortie, pas à une couche cachée.")
    if used == "linear":
        return seen, "Sans non-linéarité, deux couches qui se suivent ne valent pas mieux qu'une."
    return seen, "L'énoncé en demande une autre."

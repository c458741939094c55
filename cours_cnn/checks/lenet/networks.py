"""Questions 4 et 5 : construire un LeNet-5 pour des images 28 × 28, réparer un réseau fautif."""

from __future__ import annotations

import math

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.lenet.sections import ARCHITECTURE, COUNTING, TRAINING
from cours_cnn.checks.message import code
from cours_cnn.checks.networks import KIND_NAMES, by, read_model
from cours_cnn.checks.probing import inject
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.french import integer

_ERRORS = (
    ("Computed output size would be", "une carte est devenue plus petite que le noyau qui doit la parcourir : suivez "
                                      "les tailles depuis l'entrée"),
    ("expected min_ndim=4, found ndim=3", "une convolution attend des images à trois dimensions, canal compris : "
                                          "(hauteur, largeur, canaux)"),
    ("expected min_ndim=4, found ndim=2", "une convolution reçoit des données déjà mises à plat"),
    ("must have the same rank", "la perte attend des étiquettes sous une autre forme que des entiers de 0 à 9"),
    ("cannot be called", "une couche est appelée comme une fonction sur ce qui n'est pas un tenseur"),
)
_STEPS = ("C1", "S2", "C3", "S4", "C5", "F6", "Out")


def _steps(model) -> list[tuple]:
    """Rend les couches qui comptent, dans l'ordre : (couche, genre, forme de sortie sans le lot)."""
    from keras import layers

    kinds = ((layers.Conv2D, "convolution"), (layers.Dense, "dense"),
             ((layers.AveragePooling2D, layers.MaxPooling2D), "pooling"))
    found = []
    for layer in model.layers:
        kind = next((name for types, name in kinds if isinstance(layer, types)), None)
        if kind:
            found.append((layer, kind, tuple(layer.output.shape[1:])))
    return found


def _units(shape: tuple) -> tuple:
    """Confond 1 × 1 × 120 et 120 : C5 peut être une convolution ou une couche entièrement connectée."""
    return (math.prod(shape),) if shape[:2] == (1, 1) else shape


def _compare_layers(model, reference) -> None:
    """Lève ``ToReviewError`` à la première couche de ``model`` qui n'est pas celle de ``reference``."""
    size = tuple(reference.inputs[0].shape[1:])
    if tuple(model.inputs[0].shape[1:]) != size:
        raise ToReviewError(f"L'entrée du réseau est de forme `{tuple(model.inputs[0].shape[1:])}`.",
                            f"Attendu : des images de forme `{size}`, canal compris.", section=ARCHITECTURE)
    found, expected = _steps(model), _steps(reference)
    for name, (layer, kind, shape), (wanted, wanted_kind, wanted_shape) in zip(_STEPS, found, expected, strict=False):
        where = f"Couche {name}" + (f" (`{type(layer).__name__}`)" if layer.name != name else "")
        if kind != wanted_kind and name != "C5":
            raise ToReviewError(f"{where} : {KIND_NAMES[kind]}, alors que {name} est {KIND_NAMES[wanted_kind]}.",
                                "Comparez l'ordre des couches à celui du tableau.", section=ARCHITECTURE)
        _compare_layer(where, layer, wanted, kind)
        if _units(shape) != _units(wanted_shape):
            raise ToReviewError(*_shape_advice(where, name, layer, shape), section=ARCHITECTURE)
    if len(found) != len(expected):
        raise ToReviewError(f"Le réseau compte {len(found)} couches de calcul.",
                            f"Attendu : {', '.join(_STEPS)}, soit {len(_STEPS)}.", section=ARCHITECTURE)


def _compare_layer(where: str, layer, wanted, kind: str) -> None:
    if kind == "convolution" and layer.kernel_size != (5, 5):
        swapped = " `Conv2D` reçoit d'abord le nombre de cartes, puis le côté du noyau." if (
            layer.filters == 5 and hasattr(wanted, "filters")) else ""
        raise ToReviewError(f"{where} : le noyau est {by(layer.kernel_size)}.", f"Attendu : 5 × 5.{swapped}")
    maps = getattr(layer, "filters", getattr(layer, "units", None))
    if kind != "pooling" and maps != getattr(wanted, "filters", getattr(wanted, "units", None)):
        what = "cartes" if kind == "convolution" else "unités"
        raise ToReviewError(f"{where} : {maps} {what}.", "Le tableau en annonce un autre nombre.")
    if kind == "pooling" and layer.pool_size != (2, 2):
        raise ToReviewError(f"{where} : la fenêtre est {by(layer.pool_size)}.", "Attendu : 2 × 2.")


def _shape_advice(where: str, name: str, layer, shape: tuple) -> tuple[str, str]:
    if len(shape) < 3:
        return f"{where} : la sortie est de forme `{shape}`.", "Le tableau en annonce une autre."
    seen = f"{where} : les cartes de sortie mesurent {by(shape)}."
    if layer.strides != (1, 1) and "pool" not in type(layer).__name__.lower():
        return seen, "Le pas d'une convolution de LeNet-5 vaut 1."
    if name == "C1":
        return seen, "Attendu : la taille annoncée par le tableau. Que fait le remplissage de cette couche ?"
    if name in ("S2", "S4"):
        return seen, "Un pooling 2 × 2 de LeNet-5 réduit chaque côté de moitié : de combien avance la fenêtre ?"
    if name == "C3":
        return seen, "Le tableau donne la taille de S4, 5 × 5 : quelle taille C3 doit-elle rendre pour y parvenir ?"
    return seen, "Attendu : la taille annoncée par le tableau. La fenêtre doit-elle déborder de la carte ?"


def _compare_outputs(model, reference) -> None:
    """Compare les deux réseaux avec les mêmes poids, puis cherche l'activation ou le pooling en cause."""
    import keras

    wanted = sum(math.prod(weight.shape) for weight in reference.weights)
    total = sum(math.prod(weight.shape) for weight in model.weights)
    if total != wanted:
        biases = [layer.name for layer, kind, _ in _steps(model) if kind != "pooling" and not layer.use_bias]
        cause = f" Sans biais : {', '.join(biases)}." if biases else ""
        raise ToReviewError(f"Les tailles sont justes, mais le réseau compte {integer(total)} paramètres : ce n'est "
                            f"pas le nombre que donne le tableau.{cause}", section=COUNTING)
    for network in (model, reference):
        inject(network, np.random.RandomState(45))
    images = np.random.RandomState(54).uniform(size=(3, *reference.inputs[0].shape[1:])).astype("float32")
    found, expected = (keras.ops.convert_to_numpy(network(images, training=False)) for network in (model, reference))
    if found.shape == expected.shape and close(found.astype(float), expected.astype(float)):
        return
    for name, (layer, kind, _), (good, _, _) in zip(_STEPS, _steps(model), _steps(reference), strict=True):
        if kind == "pooling" and type(layer) is not type(good):
            raise ToReviewError(f"Couche {name} : `{type(layer).__name__}`.", "LeNet-5 garde la moyenne de chaque "
                                "carré, non sa plus grande valeur.", section=ARCHITECTURE)
        used = getattr(getattr(layer, "activation", None), "__name__", "")
        if kind != "pooling" and used != good.activation.__name__:
            raise ToReviewError(*_activation_advice(name, used, found), section=ARCHITECTURE)
    raise ToReviewError("Les couches et les tailles sont justes ; pourtant, avec les mêmes poids, la sortie n'est pas "
                        "celle du réseau demandé.", "Une couche de trop transforme-t-elle les valeurs ?",
                        section=ARCHITECTURE)


def _activation_advice(name: str, used: str, output: np.ndarray) -> tuple[str, str]:
    what = f"l'activation est {code(used)}" if used != "linear" else "aucune activation"
    seen = f"Couche {name} : {what}."
    if name == "Out":
        return seen, (f"Les sorties d'une image somment ici à {code(f'{float(output[0].sum()):.3g}')}. Attendu : des "
                      "probabilités, dont la somme vaut 1 parce que les classes s'excluent.")
    if used == "softmax":
        return seen, ("`softmax` met les unités d'une couche en concurrence pour une somme de 1 : elle convient à la "
                      "sortie, pas à une couche cachée.")
    if used == "linear":
        return seen, "Sans non-linéarité, deux couches qui se suivent ne valent pas mieux qu'une."
    return seen, "Le tableau en demande une autre."


def _check_built(answers: Answers) -> str:
    for classes in (10, 26):
        model, reference = read_model(answers, "lenet28", classes), _reference28(classes)
        last = tuple(model.outputs[0].shape[1:])
        _compare_layers(model, reference) if last == (classes,) or classes == 10 else None
        if last != (classes,):
            advice = ("Attendu : une probabilité par classe, quel que soit leur nombre." if len(last) == 1 else
                      "Une couche entièrement connectée ne met pas ses entrées à plat : il lui manque `Flatten()`.")
            raise ToReviewError(f"Pour {classes} classes, la sortie est de forme `{last}`.", advice,
                                section=ARCHITECTURE)
        _compare_outputs(model, reference)
    return ("Avec les mêmes poids, votre réseau et celui de l'énoncé donnent les mêmes probabilités, pour 10 chiffres "
            "comme pour 26 lettres.")


def _reference28(classes: int):
    import keras
    from keras import layers

    model = [keras.Input((28, 28, 1))]
    for maps, padding in ((6, "same"), (16, "valid"), (120, "valid")):
        model += [layers.Conv2D(maps, 5, activation="tanh", padding=padding), layers.AveragePooling2D(2)]
    return keras.Sequential([*model[:-1], layers.Flatten(), layers.Dense(84, activation="tanh"),
                             layers.Dense(classes, activation="softmax")])


def _check_repaired(answers: Answers) -> str:
    from cours_cnn.architectures import lenet5

    model = read_model(answers, "repaired")
    _compare_layers(model, lenet5())
    _compare_outputs(model, lenet5())
    if not model.compiled:
        raise ToReviewError("Les couches sont justes, mais le modèle n'est pas compilé.",
                            "Attendu : `model.compile(…)` avant `return model`.", section=TRAINING)
    images = np.random.RandomState(55).uniform(size=(8, 32, 32, 1)).astype("float32")
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    expected = -np.log(np.asarray(model(images, training=False))[np.arange(8), labels]).mean()
    name = str(model.loss if isinstance(model.loss, str) else getattr(model.loss, "name", ""))
    if "crossentropy" in name.lower():
        advice = ("Les étiquettes de MNIST sont des entiers de 0 à 9 : l'entropie croisée a une forme pour les "
                  "vecteurs à dix composantes et une autre pour les entiers.")
    else:
        advice = ("Reconnaître un chiffre est une classification, non une régression : la perte voulue est l'entropie "
                  "croisée.")
    try:
        found = float(model.compute_loss(y=labels, y_pred=model(images, training=False)))
    except Exception as error:
        # TensorFlow et Keras signalent ici la même faute par des exceptions de types divers.
        raise ToReviewError("Les couches sont justes, mais la perte échoue avec les étiquettes de MNIST "
                            f"({code(type(error).__name__)}).", advice, section=TRAINING) from None
    if abs(found - expected) > 1e-3:
        raise ToReviewError("Les couches sont justes, mais la perte compilée n'est pas l'entropie croisée des "
                            "probabilités et des étiquettes.", advice, section=TRAINING)
    return ("Le réseau réparé est le LeNet-5 du chapitre : mêmes tailles, mêmes sorties avec les mêmes poids, et une "
            "perte qui accepte les étiquettes de MNIST.")


BUILD_QUESTION = Question(
    "Construire un LeNet pour 28 × 28", 3, _check_built, (
        "Partez du LeNet-5 du chapitre. Avec une image de côté 28, que faut-il changer pour que S4 donne encore des "
        "cartes de côté 5 ?",
        "Une seule couche change de remplissage, celle qui lit l'image. Suivez les tailles à la main : 28, puis la "
        "moitié, puis quatre de moins, puis la moitié.",
        "`padding=\"same\"` dans C1 et nulle part ailleurs ; une dernière couche de `classes` unités. C5 peut s'écrire "
        "`Conv2D(120, 5, …)` suivie de `Flatten()`, ou `Flatten()` suivie de `Dense(120, …)`."), ARCHITECTURE, _ERRORS)


REPAIR_QUESTION = Question(
    "Réparer un réseau", 3, _check_repaired, (
        "Lisez le réseau ligne par ligne à côté du tableau du chapitre. Deux fautes seulement se signalent par une "
        "erreur : un réseau qui se construit n'est pas un réseau juste.",
        "Vérifiez dans l'ordre : la forme de l'entrée, l'ordre des arguments de `Conv2D`, le pas de chaque pooling, "
        "chaque activation cachée, l'activation de sortie, puis la perte.",
        "Les images ont trois dimensions. `Conv2D(cartes, noyau)`. Un pooling avance d'ordinaire d'autant que sa "
        "fenêtre. Des classes qui s'excluent appellent une activation de sortie précise. Il existe deux entropies "
        "croisées catégorielles : l'une lit des vecteurs, l'autre (`sparse`) lit des entiers."),
    ARCHITECTURE, _ERRORS)

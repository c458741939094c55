"""Questions 1 et 5 : construire un VGG d'après sa liste, en réparer un qui ne signale aucune de ses fautes."""

from __future__ import annotations

import math

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.message import code
from cours_cnn.checks.networks import BUILD_ERRORS, by, compare_layers, compare_outputs, read_model, steps
from cours_cnn.checks.reading import ToReviewError
from cours_cnn.checks.vgg.sections import BUILDING, RULE, SIGNAL
from cours_cnn.french import integer

_CONFIGURATIONS = (
    ([[4], [8]], 12, 20, 3),
    ([[4, 4], [8, 8], [16, 16, (16, 1)]], 20, 12, 5),
    ([[6, 6, 6], [6, (12, 1), 12]], 9, 10, 4),
)
NARROW = [[8], [16], [32, 32], [64, 64], [64, 64]]


def reference(configuration, side: int, units: int, classes: int):
    """Rend le VGG que décrit ``configuration``, comme l'énoncé le demande."""
    import keras
    from keras import layers

    stack = [keras.Input((side, side, 3))]
    for block, stage in enumerate(configuration, start=1):
        for rank, item in enumerate(stage, start=1):
            maps, kernel = item if isinstance(item, tuple) else (item, 3)
            stack.append(layers.Conv2D(maps, kernel, padding="same", activation="relu",
                                       name=f"block{block}_conv{rank}"))
        stack.append(layers.MaxPooling2D(2, name=f"block{block}_pool"))
    return keras.Sequential([*stack, layers.Flatten(), layers.Dense(units, activation="relu", name="fc1"),
                             layers.Dense(units, activation="relu", name="fc2"),
                             layers.Dense(classes, activation="softmax", name="predictions")])


def _check_built(answers: Answers) -> str:
    answers.forbid("vgg_from_list", dict.fromkeys(("vgg", "VGG16", "VGG19"), "c'est cette construction que la question "
                                                                            "demande d'écrire."))
    for probe in _CONFIGURATIONS:
        model, wanted = read_model(answers, "vgg_from_list", *probe), reference(*probe)
        try:
            _check_shared(model)
            compare_layers(model, wanted, BUILDING)
            compare_outputs(model, wanted, BUILDING)
        except ToReviewError as problem:
            raise ToReviewError(f"Pour la configuration `{probe[0]}`, le côté {probe[1]}, {probe[2]} unités et "
                                f"{probe[3]} classes :", *problem.paragraphs, section=problem.section) from None
    return (f"Les {len(_CONFIGURATIONS)} configurations essayées donnent, avec les mêmes poids, les sorties attendues "
            ": une liste suffit à décrire un VGG, convolutions 1 × 1 comprises.")


def _check_shared(model) -> None:
    from cours_cnn import anatomy

    used = [id(step.layer) for step in anatomy.steps(model)]
    if len(set(used)) < len(used):
        raise ToReviewError("Une même couche sert à plusieurs endroits du réseau : elle y garde les mêmes poids.",
                            "Attendu : une couche neuve à chaque tour de boucle.")


BUILD_QUESTION = Question(
    "Construire d'après une liste", 4, _check_built, (
        "Deux boucles : une sur les blocs, une sur les convolutions d'un bloc. Chaque tour ajoute une couche à une "
        "liste, que l'on donne à la fin à `keras.Sequential`.",
        "Un élément est un nombre (noyau 3 × 3) ou un couple (cartes, noyau) : `isinstance(item, tuple)` les distingue."
        " Un pooling 2 × 2 suit chaque bloc, non chaque convolution.",
        "Commencez par `stack = [keras.Input((side, side, 3))]`. Chaque convolution est `layers.Conv2D(maps, kernel, "
        "padding=\"same\", activation=\"relu\")`. Terminez par la mise à plat, deux couches `Dense(units, "
        "activation=\"relu\")` et une couche `Dense(classes, activation=\"softmax\")`."), BUILDING, BUILD_ERRORS)


def _check_repaired(answers: Answers) -> str:
    model, wanted = read_model(answers, "repaired"), reference(NARROW, 64, 32, 10)
    _check_rule(model, wanted)
    compare_layers(model, wanted, RULE)
    compare_outputs_keeping(model, wanted)
    return ("Le réseau réparé suit la règle partout, et ses poids initiaux laissent passer le signal : il s'entraîne, "
            "ce que le réseau fautif n'aurait pas fait.")


def compare_outputs_keeping(model, wanted) -> None:
    """Compare les sorties, après avoir mesuré les poids initiaux, que la comparaison remplace."""
    spreads = initial_spreads(model)
    compare_outputs(model, wanted, RULE)
    for name, ratio in spreads.items():
        if not 0.8 < ratio < 1.2:
            seen = f"{ratio:.2f}".replace(".", ",")
            raise ToReviewError(f"Couche {code(name)} : l'écart-type des poids initiaux vaut {seen} fois celui de He. "
                                "Répété de couche en couche, ce facteur éteint le signal ou le fait exploser.",
                                "Quelle initialisation garde au signal son amplitude ?", section=SIGNAL)


def initial_spreads(model) -> dict[str, float]:
    """Rend, par convolution de huit canaux ou plus, l'écart-type des poids rapporté à celui de He (2015)."""
    found = {}
    for one, name in zip((s for s in steps(model) if s.kind == "convolution"), _convolution_names(), strict=False):
        kernel = np.asarray(one.layer.kernel)
        fan_in = math.prod(kernel.shape[:-1])
        if kernel.size >= 1000:
            found[name] = float(kernel.std() * math.sqrt(fan_in / 2))
    return found


def _convolution_names() -> list[str]:
    return [f"block{block}_conv{rank}" for block, stage in enumerate(NARROW, start=1)
            for rank in range(1, len(stage) + 1)]


def _check_rule(model, wanted) -> None:
    for mine, good in zip(steps(model), steps(wanted), strict=False):
        layer, name = mine.layer, code(good.layer.name)
        if mine.kind == good.kind == "convolution":
            if layer.kernel_size != (3, 3):
                raise ToReviewError(f"Couche {name} : le noyau est {by(layer.kernel_size)}.",
                                    "Première règle de VGG : un seul noyau, partout le même.", section=RULE)
            if layer.padding != "same":
                raise ToReviewError(f"Couche {name} : pas de remplissage, les cartes perdent deux rangées.",
                                    "Dans VGG, seul le pooling réduit les cartes.", section=RULE)
            if layer.filters != good.layer.filters:
                raise ToReviewError(f"Couche {name} : {integer(layer.filters)} cartes.",
                                    "Troisième règle de VGG : que devient le nombre de cartes après un pooling ?",
                                    section=RULE)
        elif mine.kind == good.kind == "pooling" and layer.strides != (2, 2):
            raise ToReviewError(f"Couche {name} : la fenêtre avance de {by(layer.strides)}.",
                                "Deuxième règle de VGG : chaque pooling divise le côté par deux.", section=RULE)


REPAIR_QUESTION = Question(
    "Réparer un VGG", 3, _check_repaired, (
        "Les quatre règles du début du chapitre sont une liste de contrôle : relisez le réseau avec elles, une règle à "
        "la fois.",
        "Vérifiez, pour chaque convolution, le noyau, le remplissage, le nombre de cartes et l'activation ; pour "
        "chaque pooling, la fenêtre et le pas. La dernière faute n'est ni dans les tailles ni dans les comptes : elle "
        "empêche le réseau profond de démarrer.",
        "Les tailles doivent être 64, 32, 16, 8, 4, puis 2 ; les cartes 8, 16, 32, 64, 64. `MaxPooling2D(2)` avance de "
        "deux. Une couche sans `activation` est linéaire. Pour des ReLU, l'initialisation qui garde l'amplitude se "
        "nomme `\"he_normal\"` dans Keras."), RULE, BUILD_ERRORS)

"""Questions 3 et 4 : construire un goulot, réparer un bloc de base."""

from __future__ import annotations

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.graphs import Node, built_model, graph_of, outputs
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.checks.resnet.references import basic_block, bottleneck
from cours_cnn.checks.resnet.sections import BOTTLENECK, EQUATIONS, IDENTITY, REAL, SHAPES, VERSIONS
from cours_cnn.french import integer

_ERRORS = (
    ("ncompatible shapes", "une addition reçoit deux formes différentes"),
    ("annot broadcast", "une addition reçoit deux formes différentes"),
    ("Concatenate` layer requires", "une concaténation reçoit des cartes de côtés différents"),
    ("expected min_ndim=4", "une convolution attend des cartes : (hauteur, largeur, cartes)"),
    ("Exception encountered when calling", "une couche refuse ce qu'elle reçoit : comparez les formes de ses entrées"),
)
_SHAPES = (((8, 8, 16), 4, 1), ((8, 8, 16), 4, 2), ((9, 7, 6), 3, 1), ((9, 7, 12), 3, 2))
_BASIC_SHAPES = (((8, 8, 5), 5, 1), ((8, 8, 5), 5, 2), ((9, 7, 6), 4, 1), ((9, 7, 3), 6, 2))
_NAMES = {"relu": "une ReLU", "normalisation": "une normalisation", "convolution": "une convolution",
          "addition": "une addition", "entrée": "l'entrée du bloc", "concaténation": "une concaténation"}
_RANKS = ("première", "deuxième", "troisième")


def _named(kind: str) -> str:
    return _NAMES.get(kind, f"une opération {code(kind)}")


def _chain(node: Node) -> list[Node]:
    """Rend les opérations d'une branche sans bifurcation, de l'entrée vers la sortie (l'entrée non comprise)."""
    found = []
    while node.parents:
        found.append(node)
        node = node.parents[0]
    return found[::-1]


def _case(shape: tuple, maps: int, stride: int) -> str:
    return f"Pour une entrée de forme `{shape}`, `maps` = {maps} et un pas de {stride}"


def _check_end(case: str, end: Node) -> tuple[Node, Node]:
    """Vérifie la fin du bloc, addition puis ReLU ; rend (connexion directe, branche)."""
    if end.kind == "concaténation" or (end.kind == "relu" and end.parents[0].kind == "concaténation"):
        raise ToReviewError("Le bloc se termine par une concaténation : les cartes s'y empilent.",
                            "Attendu : une addition, qui garde la forme.", section=EQUATIONS)
    if end.kind == "addition":
        raise ToReviewError("Le bloc se termine par l'addition elle-même.",
                            "Dans les équations du chapitre, quelle opération vient après la somme ?",
                            section=EQUATIONS)
    if end.kind != "relu" or end.parents[0].kind != "addition":
        last = end.parents[0].kind if end.kind == "relu" else end.kind
        raise ToReviewError(f"{case}, le bloc se termine par {_named(last)}, et non par une addition suivie d'une "
                            "ReLU.", "La connexion directe rejoint-elle bien la branche ?", section=EQUATIONS)
    sides = end.parents[0].parents
    if len(sides) != 2:
        raise ToReviewError(f"L'addition reçoit {len(sides)} termes.", "Attendu : l'entrée du bloc et sa branche.",
                            section=EQUATIONS)
    return tuple(sorted(sides, key=lambda side: _directness(side, *sides)))


def _directness(side: Node, *sides: Node) -> tuple:
    """Rend de quoi ranger la connexion directe avant la branche, même si elle part par erreur de cette branche."""
    own = side.of_kind("convolution")
    extra = [len(side.added(other)) for other in sides if side.contains(other)]
    return (extra != [1], len(own), own[-1].layer.kernel_size if own else ())


def _check_shortcut(case: str, node: Node, needed: bool, stride: int) -> None:
    operations = [step for step in node.walk() if step.kind != "entrée"]
    convolutions = node.of_kind("convolution")
    if not needed:
        if operations:
            raise ToReviewError(f"{case}, la connexion directe traverse {_named(operations[-1].kind)}.",
                                "L'entrée et la sortie ont la même forme : l'identité suffit.", section=SHAPES)
        return
    if len(convolutions) > 1:
        raise ToReviewError(f"{case}, la projection lit des cartes déjà transformées par la branche.",
                            "La connexion directe part de l'entrée du bloc.", section=EQUATIONS)
    if not convolutions:
        raise ToReviewError(f"{case}, la connexion directe n'a pas de convolution.",
                            "L'énoncé demande une projection quand les formes diffèrent.", section=SHAPES)
    layer = convolutions[0].layer
    if layer.kernel_size != (1, 1):
        raise ToReviewError(f"{case}, la projection a un noyau {layer.kernel_size[0]} × {layer.kernel_size[1]}.",
                            "Elle n'a qu'à accorder les formes, sans regarder les voisins.", section=SHAPES)
    if layer.strides != (stride, stride):
        raise ToReviewError(f"{case}, la convolution de la projection a un pas de {layer.strides[0]}.",
                            "C'est elle qui doit réduire le côté des cartes.", section=SHAPES)
    kinds = [step.kind for step in operations]
    if "normalisation" not in kinds:
        raise ToReviewError(f"{case}, la projection n'est pas normalisée.",
                            "Attendu : une normalisation après chaque convolution, celle-ci comprise.", section=SHAPES)
    if kinds != ["convolution", "normalisation"]:
        extra = next(kind for kind in kinds if kind not in ("convolution", "normalisation")) \
            if set(kinds) - {"convolution", "normalisation"} else kinds[0]
        raise ToReviewError(f"{case}, la connexion directe traverse aussi {_named(extra)}.",
                            "Attendu : une convolution puis une normalisation, rien d'autre.", section=SHAPES)


def _check_branch(case: str, node: Node, plan: list[tuple[int, int, int]]) -> None:
    """Compare la branche au plan : (côté du noyau, cartes, pas) de chaque convolution."""
    chain = _chain(node)
    wanted = [kind for rank in range(len(plan)) for kind in ("convolution", "normalisation", "relu")][:-1]
    kinds = [step.kind for step in chain]
    found = kinds.count("convolution")
    if found != len(plan):
        raise ToReviewError(f"{case}, la branche compte {found} convolution{'s' * (found > 1)}.",
                            f"L'énoncé en demande {len(plan)}.", section=REAL)
    if kinds == [*wanted, "relu"]:
        raise ToReviewError("Une ReLU est appliquée à la branche juste avant l'addition : la branche ne peut alors "
                            "qu'ajouter des valeurs positives.", "Où est placée la dernière ReLU du bloc ?",
                            section=EQUATIONS)
    convolutions = [step.layer for step in chain if step.kind == "convolution"]
    for rank, (layer, (kernel, maps, stride)) in enumerate(zip(convolutions, plan, strict=True)):
        _check_convolution(f"{case}, la {_RANKS[rank]} convolution de la branche", layer, kernel, maps)
        if layer.strides != (stride, stride):
            steps = " puis ".join(str(layer.strides[0]) for layer in convolutions)
            raise ToReviewError(f"{case}, les pas des convolutions de la branche sont {steps}.",
                                "Le pas du bloc ne s'applique qu'une fois : par quelle convolution ?",
                                section=VERSIONS if len(plan) == 3 else SHAPES)
    _check_order(kinds, wanted)


def _check_convolution(where: str, layer, kernel: int, maps: int) -> None:
    if layer.kernel_size != (kernel, kernel):
        raise ToReviewError(f"{where} a un noyau {layer.kernel_size[0]} × {layer.kernel_size[1]}.",
                            f"Attendu : {kernel} × {kernel}.")
    if layer.filters != maps:
        raise ToReviewError(f"{where} rend {layer.filters} cartes.", "Le tableau de l'énoncé en annonce un autre "
                            "nombre.")


def _check_order(kinds: list[str], wanted: list[str]) -> None:
    """Signale la première opération qui manque, qui est de trop ou qui n'est pas à sa place."""
    if kinds == wanted:
        return
    place = next(i for i, pair in enumerate(zip([*kinds, ""], [*wanted, ""], strict=False)) if pair[0] != pair[1])
    rank = _RANKS[wanted[:place].count("convolution") - 1]
    expected, got = (kinds[place:], wanted[place:])[::-1]
    if not expected:
        raise ToReviewError(f"La branche se termine par {_named(got[0])} de trop." if got else "La branche est "
                            "incomplète.")
    if expected[0] == "relu":
        raise ToReviewError(f"Dans la branche, aucune ReLU ne suit la normalisation de la {rank} convolution.",
                            "Sans elle, deux convolutions qui se suivent n'en valent qu'une.", section=REAL)
    if expected[0] == "normalisation" and got and got[0] == "relu" and got[1:2] == ["normalisation"]:
        raise ToReviewError(f"Après la {rank} convolution, la ReLU vient avant la normalisation.",
                            "L'ordre du chapitre : convolution, normalisation, ReLU.", section=REAL)
    if expected[0] == "normalisation":
        raise ToReviewError(f"La {rank} convolution de la branche n'est pas suivie d'une normalisation.",
                            "Attendu : une normalisation après chaque convolution.", section=REAL)
    raise ToReviewError(f"Dans la branche, {_named(got[0])} n'est pas à sa place." if got else "La branche est "
                        "incomplète.", "Comparez l'ordre des opérations à celui de l'énoncé.", section=REAL)


def _check_block(answers: Answers, name: str, case: tuple, plan: list, reference) -> tuple:
    """Vérifie la structure d'un bloc, puis ses sorties avec les mêmes poids ; rend (modèle, échelles de départ)."""
    shape, maps, stride = case
    text, model = _case(*case), built_model(answers, name, shape, maps, stride, shape=shape)
    scales = _scales(model)
    found, wanted = tuple(model.outputs[0].shape[1:]), tuple(reference.outputs[0].shape[1:])
    direct, branch = _check_end(text, graph_of(model))
    if branch.contains(direct):
        raise ToReviewError(f"{text}, la branche lit la sortie de la projection.",
                            "La branche et la connexion directe partent toutes deux de l'entrée du bloc.",
                            section=EQUATIONS)
    _check_branch(text, branch, plan)
    _check_shortcut(text, direct, stride != 1 or shape[2] != wanted[2], stride)
    if found != wanted:
        raise ToReviewError(f"{text}, la sortie est de forme `{found}`.", f"Attendu : `{wanted}`. Que fait le "
                            "remplissage des convolutions ?", section=SHAPES)
    if any(step.kind == "convolution" and step.layer.use_bias for step in graph_of(model).walk()):
        raise ToReviewError("Une convolution au moins a des biais.", "L'énoncé les supprime : `use_bias=False`.")
    if model.count_params() != reference.count_params():
        raise ToReviewError(f"{text}, le bloc compte {integer(model.count_params())} paramètres, ce qui n'est pas le "
                            "nombre attendu.")
    if not close(outputs(model, 31), outputs(reference, 31)):
        raise ToReviewError("Les couches sont justes ; pourtant, avec les mêmes poids, la sortie n'est pas celle du "
                            "bloc demandé.", "Une opération de trop transforme-t-elle les valeurs ? Le remplissage "
                            "est-il partout `same` ?")
    return model, scales


def _scales(model) -> dict[int, np.ndarray]:
    """Rend l'échelle actuelle de chaque normalisation (des uns si elle n'en a pas), par couche."""
    norms = [step.layer for step in graph_of(model).walk() if step.kind == "normalisation"]
    return {id(layer): np.ones(1) if layer.gamma is None else np.abs(np.asarray(layer.gamma)) for layer in norms}


def _check_bottleneck(answers: Answers) -> str:
    for case in _SHAPES:
        _, maps, stride = case
        plan = [(1, maps, 1), (3, maps, stride), (1, 4 * maps, 1)]
        model, scales = _check_block(answers, "bottleneck", case, plan, bottleneck(*case))
        branch = _check_end("", graph_of(model))[1]
        last = next(step for step in reversed(_chain(branch)) if step.kind == "normalisation").layer
        final = float(scales.pop(id(last)).max())
        if final:
            raise ToReviewError("À la construction, la dernière normalisation de la branche n'a pas une échelle nulle "
                                f"(elle vaut {code(format(final, 'g'))}).",
                                "L'énoncé demande un bloc qui soit l'identité avant tout apprentissage.",
                                section=IDENTITY)
        if min(scale.min() for scale in scales.values()) == 0:
            raise ToReviewError("Une autre échelle que celle de la dernière normalisation de la branche est nulle au "
                                "départ.", "Que vaut alors le signal, ou le gradient, qui la traverse ?",
                                section=IDENTITY)
    return (f"Les {len(_SHAPES)} goulots essayés sont des v1.5 : mêmes sorties que ceux de l'énoncé avec les mêmes "
            "poids, et identité exacte au départ quand les formes concordent.")


def _check_repaired(answers: Answers) -> str:
    for case in _BASIC_SHAPES:
        _, maps, stride = case
        _check_block(answers, "repaired", case, [(3, maps, stride), (3, maps, 1)], basic_block(*case))
    return (f"Les {len(_BASIC_SHAPES)} blocs essayés, avec et sans projection, donnent avec les mêmes poids les "
            "sorties du bloc de base du chapitre.")


BUILD_QUESTION = Question(
    "Construire un goulot", 4, _check_bottleneck, (
        "Partez du goulot du chapitre. Quatre choses changent : les biais disparaissent, le pas se déplace, la "
        "dernière échelle est nulle au départ, et la fonction rend un modèle entier.",
        "Écrivez une petite fonction « convolution puis normalisation » qui reçoit aussi l'initialisation de "
        "l'échelle. La connexion directe n'en a besoin que si le pas diffère de 1 ou si l'entrée n'a pas déjà "
        "`4 * maps` cartes.",
        "`layers.BatchNormalization(gamma_initializer=\"zeros\")` pour la troisième normalisation de la branche, et "
        "elle seule. Pas : 1, `stride`, 1 dans la branche, `stride` dans la projection. Fin : `Add`, puis ReLU, puis "
        "`keras.Model(image, sortie)`."), BOTTLENECK, _ERRORS)


REPAIR_QUESTION = Question(
    "Réparer un bloc", 3, _check_repaired, (
        "Dessinez le bloc fautif à côté de celui du chapitre, flèche par flèche. Quelles fautes l'empêchent de se "
        "construire, et pour quelles formes ?",
        "Vérifiez dans l'ordre : le remplissage des convolutions, le nombre de fois où le pas s'applique, la "
        "normalisation de chaque convolution, la place des deux ReLU, le départ de la connexion directe, la condition "
        "qui décide de la projection.",
        "Une seule convolution de la branche a le pas du bloc. Une ReLU sépare les deux convolutions, l'autre suit "
        "l'addition. La projection lit l'entrée du bloc, avec le pas du bloc, dès que le côté **ou** le nombre de "
        "cartes change."), REAL, _ERRORS)

"""Questions 4 et 5 : construire un module à noyaux factorisés, réparer un module fautif."""

from __future__ import annotations

import re

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.graphs import Node, built_model, graph_of, outputs
from cours_cnn.checks.inception.references import factored_module, inception_module
from cours_cnn.checks.inception.sections import BY_HAND, FACTORED, MODULE
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close
from cours_cnn.french import integer

_ERRORS = (
    ("expected min_ndim=4", "une convolution attend des cartes : (hauteur, largeur, cartes)"),
    ("list index out of range", "une liste est plus courte que ne le suppose le code"),
    ("kernel_size", "le noyau d'une convolution s'écrit par un entier ou par un couple d'entiers"),
)
_WIDTHS = (((9, 8, 6), (5, 3, 7, 2, 4, 8)), ((6, 6, 10), (4, 6, 5, 3, 8, 2)))
_FACTORED = tuple((*case, n) for case, n in zip(_WIDTHS, (3, 5), strict=True))
_RANKS = ("première", "deuxième", "troisième", "quatrième")
_COUNT = re.compile(r"\((?:None|\d+), (\d+), (\d+), \d+\)")
_NAMES = {"convolution": "une convolution", "relu": "une ReLU", "pooling max": "un pooling maximal",
          "pooling moyen": "un pooling moyen", "normalisation": "une normalisation"}


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"


def _plan(widths: tuple, n: int | None) -> list[list[tuple]]:
    """Rend les quatre branches attendues : (côtés du noyau, cartes) de chaque convolution, ``None`` pour le pooling."""
    one, r3, three, r5, five, projection = widths
    third = [((1, 1), r5), ((5, 5), five)] if n is None else [((1, 1), r5), ((1, n), r5), ((n, 1), five)]
    return [[((1, 1), one)], [((1, 1), r3), ((3, 3), three)], third, [None, ((1, 1), projection)]]


def _steps(node: Node) -> list[Node]:
    """Rend les opérations d'une branche, de l'entrée vers la sortie, ReLU comprises."""
    found = []
    while node.parents:
        found.append(node)
        node = node.parents[0]
    return found[::-1]


def _leaves(node: Node) -> list[Node]:
    """Rend les branches que réunit une concaténation, concaténations intermédiaires mises à plat."""
    return [leaf for parent in node.parents
            for leaf in (_leaves(parent) if parent.kind == "concaténation" else [parent])]


def _signature(branch: Node) -> list:
    return [None if step.kind.startswith("pooling") else (step.layer.kernel_size, step.layer.filters)
            for step in _steps(branch) if step.kind == "convolution" or step.kind.startswith("pooling")]


def _built(answers: Answers, name: str, arguments: tuple, shape: tuple):
    try:
        return built_model(answers, name, *arguments, shape=shape)
    except ValueError as error:
        sides = _COUNT.findall(str(error))
        if "oncatenat" not in str(error) or len(sides) < 2:
            raise
        found = ", ".join(f"{h} × {w}" for h, w in sides)
        raise ToReviewError(f"Keras refuse la concaténation : les branches rendent des cartes de côtés {found}.",
                            f"L'entrée mesure {shape[0]} × {shape[1]} : quelle branche la réduit, et pourquoi ?",
                            section=BY_HAND) from None


def _check_end(end: Node) -> list[Node]:
    if end.kind == "addition":
        raise ToReviewError("Le module se termine par une addition.", "Attendu : une concaténation, qui range les "
                            "cartes l'une derrière l'autre.", section=BY_HAND)
    if end.kind != "concaténation":
        last = _NAMES.get(end.kind, code(end.kind))
        raise ToReviewError(f"Le module se termine par {last}.", "Attendu : la concaténation des quatre branches.",
                            section=BY_HAND)
    if getattr(end.layer, "axis", -1) not in (-1, 3):
        raise ToReviewError("La concaténation ne se fait pas selon la profondeur.",
                            "Les cartes se rangent selon la dernière dimension.", section=BY_HAND)
    branches = _leaves(end)
    if len(branches) != 4:
        raise ToReviewError(f"La concaténation réunit {len(branches)} branche{'s' * (len(branches) > 1)}.",
                            "Attendu : quatre.", section=MODULE)
    return branches


def _check_branch(rank: int, branch: Node, wanted: list, *, transposed: list) -> None:
    where, found = f"La {_RANKS[rank]} branche", _signature(branch)
    if wanted[0] is None and None not in found:
        raise ToReviewError(f"{where} n'a pas de pooling.", "L'énoncé y place un pooling maximal 3 × 3.",
                            section=MODULE)
    if wanted[0] is None and found[-1] is None:
        problem = "La projection précède le pooling" if len(found) > 1 else f"{where} n'a pas de projection"
        raise ToReviewError(f"{problem}.", "Dans le chapitre, la 1 × 1 vient après le pooling, dont elle réduit le "
                            "nombre de cartes.", section=MODULE)
    if len(found) != len(wanted):
        count = len([one for one in found if one])
        direct = len(wanted) > 1 and count == len([one for one in wanted if one]) - 1 and wanted[0] is not None
        raise ToReviewError(f"{where} compte {count} convolution{'s' * (count > 1)}.",
                            "Lit-elle bien les cartes de sa réduction ?" if direct else "Comparez-la à l'énoncé.",
                            section=MODULE)
    if transposed and found == transposed:
        raise ToReviewError(f"{where} place le noyau vertical avant le noyau horizontal.",
                            "L'énoncé demande d'abord 1 × n : une ligne, n colonnes.", section=FACTORED)
    for (seen, asked) in zip(found, wanted, strict=True):
        if asked is None or seen is None:
            continue
        if seen[0] != asked[0]:
            raise ToReviewError(f"{where} a un noyau {_by(seen[0])}.", f"Attendu à cet endroit : {_by(asked[0])}.",
                                section=MODULE)
        if seen[1] != asked[1]:
            raise ToReviewError(f"{where} : une convolution {_by(seen[0])} rend {seen[1]} cartes.",
                                f"Attendu : {asked[1]}, d'après `widths`.", section=MODULE)


def _check_relu(rank: int, branch: Node) -> None:
    steps = _steps(branch)
    for place, step in enumerate(steps):
        following = steps[place + 1].kind if place + 1 < len(steps) else "la fin"
        if step.kind == "convolution" and following != "relu":
            raise ToReviewError(f"Dans la {_RANKS[rank]} branche, la convolution {_by(step.layer.kernel_size)} n'est "
                                "pas suivie d'une ReLU.", "Sans elle, deux convolutions de suite n'en font qu'une, aux "
                                "poids contraints.", section=FACTORED if rank == 2 else MODULE)


def _check_pooling(branch: Node) -> None:
    step = next(step for step in _steps(branch) if step.kind.startswith("pooling"))
    if step.kind != "pooling max":
        raise ToReviewError("Le pooling de la quatrième branche garde la moyenne.", "Attendu : le maximum.",
                            section=MODULE)
    if step.layer.pool_size != (3, 3):
        raise ToReviewError(f"Le pooling a une fenêtre {_by(step.layer.pool_size)}.", "Attendu : 3 × 3.",
                            section=MODULE)


def _check_module(answers: Answers, name: str, arguments: tuple, reference, n: int | None) -> None:
    shape, widths = arguments[:2]
    model = _built(answers, name, arguments, shape)
    branches, plan = _check_end(graph_of(model)), _plan(widths, n)
    found = [_signature(branch) for branch in branches]
    if found != plan and sorted(map(str, found)) == sorted(map(str, plan)):
        raise ToReviewError("Les quatre branches y sont, dans un autre ordre.",
                            "La couche suivante lit les cartes par leur rang : l'ordre de l'énoncé compte.",
                            section=MODULE)
    swapped = [((1, 1), widths[3]), ((n, 1), widths[3]), ((1, n), widths[4])] if n else []
    for rank, (branch, wanted) in enumerate(zip(branches, plan, strict=True)):
        _check_branch(rank, branch, wanted, transposed=swapped)
    for rank, branch in enumerate(branches):
        _check_relu(rank, branch)
    _check_pooling(branches[3])
    seen, asked = tuple(model.outputs[0].shape[1:]), tuple(reference.outputs[0].shape[1:])
    if seen != asked:
        raise ToReviewError(f"Pour une entrée de forme `{shape}`, la sortie est de forme `{seen}`.",
                            "Un module garde le côté de son entrée : quel pas ont ses branches ?", section=BY_HAND)
    if model.count_params() != reference.count_params():
        raise ToReviewError(f"Le module compte {integer(model.count_params())} paramètres, ce qui n'est pas le nombre "
                            "attendu.", "Les convolutions du chapitre ont des biais.", section=MODULE)
    if not close(outputs(model, 41, positive=False), outputs(reference, 41, positive=False)):
        raise ToReviewError("Les couches sont justes ; pourtant, avec les mêmes poids, la sortie n'est pas celle du "
                            "module demandé.", "Une opération de trop transforme-t-elle les valeurs ?", section=MODULE)


def _check_factored(answers: Answers) -> str:
    for case in _FACTORED:
        _check_module(answers, "factored_module", case, factored_module(*case), case[2])
    return (f"Les {len(_FACTORED)} modules essayés, pour n = 3 et n = 5, donnent avec les mêmes poids les sorties de "
            "ceux de l'énoncé.")


def _check_repaired(answers: Answers) -> str:
    for case in _WIDTHS:
        _check_module(answers, "repaired", case, inception_module(*case), None)
    return ("Le module réparé est celui du chapitre : mêmes branches, mêmes goulots, mêmes sorties avec les mêmes "
            "poids.")


BUILD_QUESTION = Question(
    "Construire un module factorisé", 4, _check_factored, (
        "Partez du module du chapitre : trois branches ne changent pas. Dans la troisième, une convolution est "
        "remplacée par deux.",
        "Toutes les branches lisent la même entrée, au pas de 1, avec `same` ; chaque convolution a sa ReLU. Le pas du "
        "pooling ne vaut 1 que si on l'écrit.",
        "Troisième branche : `Conv2D(reduce5, 1, …)`, puis `Conv2D(reduce5, (1, n), …)`, puis `Conv2D(five, (n, 1), "
        "…)`, toutes avec `padding=\"same\"` et `activation=\"relu\"`. Terminez par `keras.Model(image, "
        "layers.Concatenate()([…]))`."), FACTORED, _ERRORS)


REPAIR_QUESTION = Question(
    "Réparer un module", 3, _check_repaired, (
        "Dessinez le module fautif branche par branche, à côté de celui du chapitre. Deux fautes seulement se "
        "signalent par une erreur.",
        "Vérifiez dans l'ordre : ce que lit chaque convolution, son remplissage, son activation, le pas du pooling, la "
        "place de la projection.",
        "Une convolution derrière un goulot lit les cartes du goulot, non l'entrée. La 5 × 5 garde la taille. Toutes "
        "les convolutions ont une ReLU. `MaxPooling2D(3)` avance de 3 si l'on n'écrit pas `strides=1`. La projection "
        "vient après le pooling."), MODULE, _ERRORS)

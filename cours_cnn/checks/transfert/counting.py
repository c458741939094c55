"""Question 1 : compter ce qui apprend et ce qui reste fixe, normalisations par lots comprises."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_integers
from cours_cnn.checks.transfert.sections import FROZEN, NORMS


def conv(kernel: int, inputs: int, outputs: int, frozen: bool) -> dict:
    """Décrit une convolution."""
    return {"kind": "convolution", "kernel": kernel, "inputs": inputs, "outputs": outputs, "frozen": frozen}


def norm(channels: int, frozen: bool) -> dict:
    """Décrit une normalisation par lots."""
    return {"kind": "normalisation", "channels": channels, "frozen": frozen}


def dense(inputs: int, outputs: int, frozen: bool) -> dict:
    """Décrit une couche entièrement connectée."""
    return {"kind": "dense", "inputs": inputs, "outputs": outputs, "frozen": frozen}


_PROBES = (
    ([conv(3, 3, 8, True), norm(8, True), dense(8, 2, False)],),
    ([conv(5, 3, 12, True), norm(12, True), conv(3, 12, 20, False), norm(20, False), dense(20, 4, False)],),
    ([conv(3, 1, 6, False), norm(6, True), dense(6, 3, False)],),
    ([dense(40, 10, True), dense(10, 5, False)],),
)


def _count(layers, *, moving_learn=False, moving=True, bias=1, freeze=True, square=True) -> list[int]:
    """Rend [appris, fixes] ; les options décrivent des comptes fautifs."""
    learned = fixed = 0
    for layer in layers:
        if layer["kind"] == "normalisation":
            own, statistics = 2 * layer["channels"], 2 * layer["channels"] * moving
        else:
            side = layer.get("kernel", 1)
            own, statistics = (side * (side if square else 1) * layer["inputs"] + bias) * layer["outputs"], 0
        frozen = layer["frozen"] and freeze
        learned += (0 if frozen else own) + (0 if frozen or not moving_learn else statistics)
        fixed += (own if frozen else 0) + (statistics if frozen or not moving_learn else 0)
    return [learned, fixed]


_TRAPS = (
    Trap(lambda layers: _count(layers)[::-1],
         "Les deux nombres sont échangés : d'abord ce qui apprend, ensuite ce qui reste fixe."),
    Trap(lambda layers: [_count(layers)[0], sum(_count(layers))],
         "Le second nombre est le total. Attendu : les seuls nombres fixes."),
    Trap(lambda layers: _count(layers, freeze=False),
         "Tout est compté comme si rien n'était gelé : la clé `\"frozen\"` n'a pas d'effet sur les comptes."),
    Trap(lambda layers: _count(layers, moving_learn=True),
         "Les quatre nombres par carte d'une normalisation non gelée sont comptés comme appris. Deux d'entre eux, la "
         "moyenne et la variance mobiles, sont tenus à jour sans que l'optimiseur y touche.", NORMS),
    Trap(lambda layers: _count(layers, moving=False),
         "Une normalisation compte ici deux nombres par carte. Elle en a quatre : l'échelle, le décalage, et deux "
         "statistiques mobiles, toujours fixes pour l'optimiseur.", NORMS),
    Trap(lambda layers: _count(layers, bias=0), "Les biais manquent : un par sortie."),
    Trap(lambda layers: _count(layers, square=False),
         "Le côté du noyau n'est pas élevé au carré : un noyau a une hauteur et une largeur."),
)


def _check_counts(answers: Answers) -> str:
    found = [read_integers(answers.call("counts", *probe), "`counts` rend", 2) for probe in _PROBES]
    expected = [_count(*probe) for probe in _PROBES]
    if found == expected:
        return ("Les deux comptes sont justes sur quatre réseaux, gelés en tout ou en partie, avec et sans "
                "normalisation par lots.")
    recognise(found, _PROBES, _TRAPS)
    rank = next(rank for rank in range(len(_PROBES)) if found[rank] != expected[rank])
    kinds = ", ".join(layer["kind"] + (" gelée" if layer["frozen"] else "") for layer in _PROBES[rank][0])
    raise ToReviewError(f"Pour les couches {kinds}, `counts` rend {tuple(found[rank])}.",
                        "Comptez une couche à la fois, biais compris, puis rangez ses nombres du bon côté.")


COUNTS_QUESTION = Question(
    "Compter ce qui apprend", 3, _check_counts, (
        "Chaque couche a ses nombres ; une couche gelée les met tous du côté fixe. Une seule sorte de couche en a qui "
        "sont fixes même quand elle ne l'est pas.",
        "Une convolution a `(kernel**2 * inputs + 1) * outputs` nombres. Une normalisation en a quatre par carte : "
        "deux apprennent si elle n'est pas gelée, deux jamais.",
        "Parcourez `layers` avec deux compteurs. Pour une normalisation non gelée, ajoutez `2 * channels` à chacun ; "
        "gelée, ajoutez `4 * channels` au second."), FROZEN)

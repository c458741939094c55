"""Question 5 : choisir un seuil d'après ce que coûtent les deux erreurs."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_items, read_number
from cours_cnn.checks.transfert.sections import RATES, THRESHOLD

LADDER = [0.5, 0.1, 0.3, 0.7, 0.9]


@functools.cache
def _probes() -> tuple:
    random, found = np.random.RandomState(41), []
    for count, miss, alarm in ((60, 10, 1), (90, 1, 4), (40, 3, 2)):
        sick = random.randint(0, 2, count)
        sick[:2] = 0, 1
        scores = np.clip(0.35 + 0.3 * sick + 0.45 * random.uniform(-1, 1, count), 0, 1).round(1)
        found.append((scores, sick, miss, alarm, LADDER))
    flat = np.array([0.6, 0.6, 0.4, 0.4])            # de 0,4 à 0,6, tous les seuils se valent
    found.append((flat, np.array([1, 1, 0, 0]), 5, 1, [0.55, 0.45, 0.5]))
    return tuple(found)


def _chosen(scores, sick, miss, alarm, thresholds, *, strict=True, last=False, fixed=None, rates="recall"):
    """Rend [seuil, sensibilité, spécificité] ; les options décrivent des lectures fautives."""
    def counts(threshold):
        said = scores > threshold if strict else scores >= threshold
        return [int(np.sum(said & (sick == 1))), int(np.sum(~said & (sick == 1))),
                int(np.sum(~said & (sick == 0))), int(np.sum(said & (sick == 0)))]

    def cost(threshold):
        _, missed, _, alarms = counts(threshold)
        return miss * missed + alarm * alarms

    order = sorted(thresholds, reverse=last)
    best = min(order, key=cost) if fixed is None else fixed
    hit, missed, quiet, alarms = counts(best)
    first = hit / (hit + missed) if rates == "recall" else hit / max(hit + alarms, 1)
    return [best, first, quiet / (quiet + alarms)]


def _agree(one, two) -> bool:
    return bool(np.allclose(one, two, rtol=0, atol=1e-9))


_TRAPS = (
    Trap(lambda s, y, m, a, t: _chosen(s, y, a, m, t),
         "Les deux coûts sont échangés : `miss` est celui d'une pneumonie manquée, `alarm` celui d'une fausse alarme."),
    Trap(lambda s, y, m, a, t: _chosen(s, y, 1, 1, t),
         "Le seuil retenu est celui qui fait le moins d'erreurs. Les deux erreurs ne coûtent pas le même prix."),
    Trap(lambda s, y, m, a, t: _chosen(s, y, m, a, t, strict=False),
         "Un score égal au seuil est compté comme malade. L'énoncé demande strictement plus."),
    Trap(lambda s, y, m, a, t: _chosen(s, y, m, a, t, last=True),
         "À coût égal, c'est le plus haut des seuils qui est retenu. L'énoncé demande le plus bas."),
    Trap(lambda s, y, m, a, t: [_chosen(s, y, m, a, t)[rank] for rank in (0, 2, 1)],
         "Le seuil convient, mais la sensibilité et la spécificité sont échangées : la première porte sur les malades.",
         RATES),
    Trap(lambda s, y, m, a, t: _chosen(s, y, m, a, t, rates="precision"),
         "Le deuxième nombre est la part de vrais malades parmi les images déclarées malades. La sensibilité se "
         "rapporte à tous les malades.", RATES),
    Trap(lambda s, y, m, a, t: _chosen(s, y, m, a, t, fixed=0.5),
         "Le seuil retenu est toujours 0,5. Il se choisit parmi ceux qui sont proposés, d'après leur coût."),
)


def _check_threshold(answers: Answers) -> str:
    found = []
    for probe in _probes():
        items = read_items(answers.call("choose", *probe), "`choose` rend", 3)
        found.append([read_number(item, f"En position {rank}, `choose` rend") for rank, item in enumerate(items, 1)])
    expected = [_chosen(*probe) for probe in _probes()]
    if all(map(_agree, found, expected)):
        return ("Le seuil le moins coûteux est retenu dans les quatre essais, ex æquo compris, et les deux taux sont "
                "justes.")
    recognise(found, _probes(), _TRAPS, _agree)
    rank = next(rank for rank in range(len(found)) if not _agree(found[rank], expected[rank]))
    scores, _, miss, alarm, thresholds = _probes()[rank]
    if found[rank][0] not in thresholds:
        raise ToReviewError(f"`choose` rend le seuil {found[rank][0]:g}, qui n'est pas proposé.",
                            "Attendu : l'un des `thresholds`.")
    if found[rank][0] != expected[rank][0]:
        raise ToReviewError(f"Avec `miss={miss}` et `alarm={alarm}`, sur {len(scores)} images, `choose` ne retient pas "
                            "le seuil dont le coût total est le plus bas.",
                            "Le coût d'un seuil est `miss` fois les malades manqués plus `alarm` fois les fausses "
                            "alarmes.")
    raise ToReviewError("Le seuil convient ; l'un des deux taux, au moins, n'est pas celui de ce seuil.",
                        "Attendu : des proportions entre 0 et 1, la sensibilité puis la spécificité.", section=RATES)


THRESHOLD_QUESTION = Question(
    "Choisir un seuil d'après les coûts", 4, _check_threshold, (
        "Pour chaque seuil, deux nombres suffisent : les malades manqués et les fausses alarmes.",
        "Calculez le coût de chaque seuil, parcouru du plus bas au plus haut, et ne changez de choix que si le coût "
        "baisse strictement.",
        "`said = scores > t` ; `missed = np.sum(~said & (sick == 1))` ; `alarms = np.sum(said & (sick == 0))`. "
        "`min(sorted(thresholds), key=cost)` garde le plus bas des seuils de moindre coût."), THRESHOLD)

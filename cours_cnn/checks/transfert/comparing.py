"""Question 6 : comparer deux régimes graine par graine."""

from __future__ import annotations

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_choice, read_items, read_number
from cours_cnn.checks.transfert.sections import MEASURES

VERDICTS = ("mieux", "moins bien", "indécis")


def _runs(**tests) -> dict:
    """Rend des mesures : nom → une liste d'essais (graine, validation, test), dans un ordre quelconque."""
    return {name: [{"seed": seed, "validation": round(test + 0.01 * (seed**2 * rank % 5), 3), "test": test}
                   for seed, test in pairs] for rank, (name, pairs) in enumerate(tests.items(), start=1)}


_PROBES = (
    (_runs(frozen=[(0, 0.91), (1, 0.82), (2, 0.88)], random=[(2, 0.80), (0, 0.85), (1, 0.70)],
           scratch=[(1, 0.5), (0, 0.6), (2, 0.7)]), "frozen", "random"),
    (_runs(frozen=[(4, 0.80), (2, 0.90), (3, 0.70)], tuned=[(3, 0.76), (4, 0.78), (2, 0.95)]), "frozen", "tuned"),
    (_runs(a=[(1, 0.66), (0, 0.50), (2, 0.58)], b=[(0, 0.55), (1, 0.69), (2, 0.64)]), "a", "b"),
    (_runs(a=[(0, 0.90), (1, 0.70)], b=[(1, 0.70), (0, 0.80)]), "a", "b"),
)


def _compared(runs, candidate, control, *, paired=True, key="test", scale=100, sign=1, lax=False, mean_only=False):
    """Rend (moyenne, plus basse, plus haute, verdict) ; les options décrivent des lectures fautives."""
    first, second = ([run[key] for run in (sorted(runs[name], key=lambda run: run["seed"]) if paired else runs[name])]
                     for name in (candidate, control))
    gaps = sign * scale * (np.array(first) - np.array(second))
    return (gaps.mean(), gaps.min(), gaps.max(), _verdict(gaps, lax=lax, mean_only=mean_only))


def _verdict(gaps, *, lax=False, mean_only=False) -> str:
    gaps = np.array([gaps.mean()]) if mean_only else gaps
    edge = 1e-9
    if gaps.min() > edge or (lax and gaps.min() > -edge):
        return "mieux"
    return "moins bien" if gaps.max() < -edge or (lax and gaps.max() < edge) else "indécis"


def _apart(runs, candidate, control):
    first, second = ([100 * run["test"] for run in runs[name]] for name in (candidate, control))
    low, high = min(first) - max(second), max(first) - min(second)
    return (np.mean(first) - np.mean(second), low, high, _verdict(np.array([low, high])))


def _agree(one, two) -> bool:
    return bool(np.allclose(one[:3], two[:3], rtol=0, atol=1e-6)) and one[3] == two[3]


_TRAPS = (
    Trap(lambda *p: _compared(*p, sign=-1), "Les différences sont prises à l'envers : `candidate` moins `control`."),
    Trap(lambda *p: _compared(*p, scale=1),
         "Les différences sont des proportions. Attendu : des points, cent fois plus."),
    Trap(lambda *p: _compared(*p, key="validation"),
         "Ce sont les exactitudes de validation qui sont comparées. Attendu : celles de test."),
    Trap(lambda *p: _compared(*p, paired=False),
         "Les essais sont rapprochés dans l'ordre des listes. Attendu : ceux qui ont la même graine."),
    Trap(_apart, "Les deux bornes mêlent des graines différentes : le plus bas de l'un contre le plus haut de l'autre. "
                 "Attendu : les bornes des différences de même graine."),
    Trap(lambda *p: _compared(*p, mean_only=True),
         "Le verdict suit la moyenne seule. Attendu : « indécis » dès que les graines ne s'accordent pas."),
    Trap(lambda *p: _compared(*p, lax=True),
         "Une différence nulle est comptée comme un progrès. Attendu : « indécis »."),
)


def _check_compare(answers: Answers) -> str:
    found = []
    for probe in _PROBES:
        items = read_items(answers.call("compare", *probe), "`compare` rend", 4)
        numbers = [read_number(item, f"En position {rank}, `compare` rend") for rank, item in enumerate(items[:3], 1)]
        found.append((*numbers, read_choice(items[3], "En dernier, `compare` rend", VERDICTS)))
    expected = [_compared(*probe) for probe in _PROBES]
    if all(map(_agree, found, expected)):
        return ("Les différences sont appariées par graine, en points, et le verdict ne tranche que si toutes les "
                "graines s'accordent.")
    recognise(found, _PROBES, _TRAPS, _agree)
    rank = next(rank for rank in range(len(found)) if not _agree(found[rank], expected[rank]))
    if np.allclose(found[rank][:3], expected[rank][:3], rtol=0, atol=1e-6):
        raise ToReviewError(f"Les trois nombres conviennent, mais le verdict est « {found[rank][3]} ».",
                            "Attendu : « mieux » si toutes les différences sont positives, « moins bien » si toutes "
                            "sont négatives, « indécis » sinon.")
    raise ToReviewError(f"Sur {len(_PROBES[rank][0][_PROBES[rank][1]])} graines, les nombres ne sont pas la moyenne et "
                        "les bornes des différences.",
                        "Attendu : dans cet ordre, la moyenne, la plus petite, la plus grande.")


COMPARE_QUESTION = Question(
    "Comparer à un témoin, graine par graine", 3, _check_compare, (
        "Deux essais de même graine partagent les mêmes images : c'est leur différence qui dit quelque chose.",
        "Rangez les essais de chaque régime par graine, puis soustrayez : vous obtenez une différence par graine.",
        "`by_seed = {run[\"seed\"]: run[\"test\"] for run in runs[name]}` pour chaque nom, puis une liste de "
        "`100 * (a[seed] - b[seed])` ; le verdict se lit sur son minimum et son maximum."), MEASURES)


"""Question 7 : choisir des goulots sous un budget de multiplications, par une mesure."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.inception.sections import EXPERIMENT
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_choice, read_mapping, read_number

_KEYS = ("means", "choice", "test")


class _Runs:
    """Des entraînements factices : des exactitudes tirées d'une graine, le prix de chaque candidat, les appels."""

    def __init__(self, seed: int, count: int, seeds: list[int], spread: float, margin: float):
        random = np.random.RandomState(seed)
        self.names = [f"goulots {rank}" for rank in random.permutation(count)]
        prices = 1000 * (1 + random.permutation(count))
        self.costs = {name: int(price) for name, price in zip(self.names, prices, strict=True)}
        # Un candidat coûte exactement le budget, un autre au moins le dépasse.
        self.budget = sorted(self.costs.values())[-2]
        self.seeds, self.margin, self.calls = seeds, margin, []
        self.scores = {}
        for name in self.names:
            level = 0.6 + 0.15 * random.uniform() + 0.00002 * self.costs[name]
            for one in seeds:
                self.scores[name, one] = (level + random.uniform(-spread, spread), random.uniform(0.5, 0.9))

    def __call__(self, name, seed):
        self.calls.append((name, seed))
        return self.scores[name, seed]

    def fresh(self):
        copy = _Runs.__new__(_Runs)
        copy.__dict__ = {**self.__dict__, "calls": []}
        return copy

    def column(self, name, part):
        return [self.scores[name, seed][part] for seed in self.seeds]


@functools.cache
def _run_probes():
    return tuple((_Runs(seed, count, seeds, spread, margin),) for seed, count, seeds, spread, margin in (
        (1, 4, [0, 1], 0.02, 0.02), (2, 5, [3, 5, 4], 0.05, 0.01), (3, 4, [0, 1, 2], 0.08, 0.05),
        (4, 6, [7, 8], 0.03, 0.0), (5, 5, [1, 2], 0.05, 0.04), (6, 3, [0, 1, 2], 0.04, 0.08)))


def _chosen(runs, *, part=0, pick=np.mean, count=None, margin=True, order="cost", fits=None, report="choice"):
    """Applique la règle de l'énoncé ; les options décrivent des lectures fautives."""
    fits = fits or (lambda cost, budget: cost <= budget)
    names = [name for name in runs.names if fits(runs.costs[name], runs.budget)]
    score = {name: float(pick(runs.column(name, part)[:count])) for name in names}
    best = max(score.values())
    close = [name for name in names if score[name] >= best - (runs.margin if margin else 0) - 1e-12]
    choice = {"cost": lambda: min(close, key=runs.costs.get), "dear": lambda: max(close, key=runs.costs.get),
              "cheapest": lambda: min(names, key=runs.costs.get)}[order]()
    test = runs.column(choice, 1)
    reported = {"choice": np.mean(test), "best": max(max(runs.column(name, 1)) for name in names),
                "all": np.mean([value for name in names for value in runs.column(name, 1)]),
                "validation": np.mean(runs.column(choice, 0))}[report]
    return {"means": {name: float(np.mean(runs.column(name, 0)[:count])) for name in names}, "choice": choice,
            "test": float(reported)}


def _equal(key, first, second) -> bool:
    if key == "means":
        return set(first[key]) == set(second[key]) and all(
            abs(first[key][name] - second[key][name]) < 1e-6 for name in second[key])
    return abs(first[key] - second[key]) < 1e-6 if key == "test" else first[key] == second[key]


def _on(*keys):
    return lambda first, second: all(_equal(key, first, second) for key in keys)


_BUDGET_TRAPS = (
    (("means",), Trap(lambda runs: _chosen(runs, fits=lambda cost, budget: cost < budget),
                      "Un candidat qui coûte exactement le budget est écarté. Il tient pourtant dans le budget.")),
    (("means",), Trap(lambda runs: _chosen(runs, fits=lambda cost, budget: True),
                      "Des candidats trop chers sont mesurés. Le calcul des MAC se fait avant tout entraînement : il "
                      "les écarte sans rien coûter.")),
    (("means",), Trap(lambda runs: _chosen(runs, count=1),
                      "Seule la première graine est employée. Un seul entraînement ne dit pas si l'écart tient au "
                      "réseau ou au hasard.")),
    (("choice",), Trap(lambda runs: _chosen(runs, part=1),
                       "Le choix se fait d'après le test. Le test ne sert qu'à annoncer le résultat du candidat déjà "
                       "choisi.")),
    (("choice",), Trap(lambda runs: _chosen(runs, pick=max),
                       "Le choix se fait d'après le meilleur essai de chaque candidat : un seul essai heureux suffit "
                       "alors à l'emporter.")),
    (("choice",), Trap(lambda runs: _chosen(runs, margin=False),
                       "Le candidat de plus haute moyenne est retenu, quel que soit son prix. À moins de `margin` de "
                       "lui, un candidat moins cher lui est préféré.")),
    (("choice",), Trap(lambda runs: _chosen(runs, order="cheapest"),
                       "Le candidat le moins cher est retenu, sans regarder ce qu'il perd en exactitude.")),
    (("choice",), Trap(lambda runs: _chosen(runs, order="dear"),
                       "Parmi les candidats proches du meilleur, c'est le plus cher qui est retenu.")),
    (("test",), Trap(lambda runs: _chosen(runs, report="best"),
                     "`test` est la meilleure exactitude de test rencontrée. Annoncez celle du candidat choisi, en "
                     "moyenne sur ses graines.")),
    (("test",), Trap(lambda runs: _chosen(runs, report="all"),
                     "`test` mêle tous les candidats. Seul le candidat choisi est jugé sur le test.")),
    (("test",), Trap(lambda runs: _chosen(runs, report="validation"),
                     "`test` est l'exactitude de validation du candidat choisi. Elle a servi à le choisir : elle ne "
                     "peut plus le juger.")),
)
_WANTED = {
    "means": "la moyenne de validation de chaque candidat qui tient dans le budget, et d'eux seuls",
    "choice": "le moins cher des candidats dont la moyenne de validation est à `margin` au plus de la meilleure",
    "test": "la moyenne des exactitudes de test du candidat choisi",
}


def _check_budget(answers: Answers) -> str:
    found = []
    for (probe,) in _run_probes():
        runs = probe.fresh()
        answer = answers.call("choose", lambda name, seed, runs=runs: runs(name, seed), runs.costs, runs.seeds,
                              runs.budget, runs.margin)
        found.append(_read(answer, runs))
    expected = [_chosen(runs) for (runs,) in _run_probes()]
    if not all(map(_on(*_KEYS), found, expected)):
        for keys, trap in _BUDGET_TRAPS:
            if not all(map(_on(*keys), found, expected)):
                recognise(found, _run_probes(), (trap,), _on(*keys))
        key = next(key for key in _KEYS if not all(map(_on(key), found, expected)))
        raise ToReviewError(f'La clé `"{key}"` n\'a pas la bonne valeur.', f"Attendu : {_WANTED[key]}.")
    return ("Le choix est justifié : budget vérifié avant d'entraîner, validation moyenne pour choisir, le moins cher "
            "à exactitude voisine, test pour le seul candidat retenu.")


def _read(answer, runs) -> dict:
    given = read_mapping(answer, "`choose` rend", _KEYS)
    if not isinstance(given["means"], Mapping):
        raise ToReviewError(f'La clé `"means"` vaut {described(given["means"])}.',
                            "Attendu : un dictionnaire candidat → moyenne.")
    means = dict(given["means"])
    unknown = [name for name in means if name not in runs.names]
    if unknown:
        raise ToReviewError('La clé `"means"` contient un nom qui n\'est pas celui d\'un candidat.',
                            "Attendu : un dictionnaire candidat → moyenne.")
    result = {"means": {name: read_number(value, f'La moyenne de `"{name}"` vaut') for name, value in means.items()},
              "choice": read_choice(given["choice"], 'La clé `"choice"` vaut', tuple(runs.names)),
              "test": read_number(given["test"], 'La clé `"test"` vaut')}
    done, needed = len(runs.calls), len(set(runs.calls))
    if needed < done:
        raise ToReviewError(f"`measure` a été appelée {done} fois pour {needed} entraînements différents.",
                            "Un entraînement coûte du temps : rangez ce que `measure` a rendu, puis relisez-le.")
    if set(means) <= {name for name in runs.names if runs.costs[name] <= runs.budget} and any(
            runs.costs[name] > runs.budget for name, _ in runs.calls):
        raise ToReviewError("Des candidats trop chers sont entraînés, puis écartés.",
                            "Le prix se calcule sans entraîner : écartez-les d'abord.")
    return result


BUDGET_QUESTION = Question(
    "Choisir sous un budget", 3, _check_budget, (
        "Trois filtres, dans cet ordre : ce que l'on peut payer, ce qui est presque le meilleur, ce qui est le moins "
        "cher. Lequel se passe d'entraînement ?",
        "Gardez d'abord les candidats dont le prix ne dépasse pas le budget. Appelez `measure` une fois par candidat "
        "gardé et par graine, et rangez les couples (validation, test). Le test n'est lu qu'à la fin.",
        "`best = max(means.values())` ; puis, parmi les candidats dont la moyenne vaut au moins `best - margin`, "
        "`min(…, key=costs.get)`. `test` est la moyenne des secondes valeurs de ce candidat."), EXPERIMENT)

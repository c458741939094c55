"""Question 7 : choisir un taux pour chaque réseau, puis comparer les réseaux."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_choice, read_mapping, read_number, read_truth
from cours_cnn.checks.resnet.sections import MEASURES, PROTOCOL

_KEYS = ("rates", "means", "best", "clear")


class _Runs:
    """Des entraînements factices : des pertes tirées d'une graine, et le compte des appels."""

    def __init__(self, seed: int, names: list[str], rates: list[float], seeds: list[int], spread: float):
        random = np.random.RandomState(seed)
        self.names, self.rates, self.seeds, self.pilot, self.calls = names, rates, seeds, max(seeds) + 1, []
        self.losses = {}
        for name in names:
            level, favoured = random.uniform(0.8, 1.4), random.randint(len(rates))
            for rank, rate in enumerate(rates):
                for one in (*seeds, self.pilot):
                    far = 0.25 * abs(rank - favoured)
                    train = level + far + random.uniform(-spread, spread)
                    self.losses[name, rate, one] = (train, level + 0.3 + far * random.uniform(-0.6, 1.6)
                                                    + random.uniform(-spread, spread))

    def __call__(self, name, rate, seed):
        self.calls.append((name, rate, seed))
        return self.losses[name, rate, seed]

    def fresh(self):
        copy = _Runs.__new__(_Runs)
        copy.__dict__ = {**self.__dict__, "calls": []}
        return copy


@functools.cache
def _run_probes():
    names = ["ordinaire", "résiduel", "autre"]
    return tuple((_Runs(seed, names[:count], rates, seeds, spread),) for seed, count, rates, seeds, spread in (
        (1, 2, [0.03, 0.1], [0, 1], 0.02), (2, 2, [0.01, 0.03, 0.1], [3, 5, 4], 0.15),
        (3, 3, [0.3, 0.1, 0.03], [0, 1], 0.1), (4, 2, [0.1, 0.3, 1.0], [2, 1, 0], 0.3),
        (5, 3, [0.01, 0.1], [7, 8, 9], 0.3), (8, 2, [0.05, 0.1, 0.2], [1, 2], 0.4)))


def _protocol(runs, *, part=1, pick=min, common=False, with_pilot=False, measured=0, best=min, clear="ranges"):
    """Applique le protocole ; les options décrivent des protocoles fautifs."""
    loss = runs.losses

    def tried(name, rate):
        return loss[name, rate, runs.pilot][part]

    rates = {name: pick(runs.rates, key=lambda rate, name=name: tried(name, rate)) for name in runs.names}
    if common:
        shared = min(runs.rates, key=lambda rate: np.mean([tried(name, rate) for name in runs.names]))
        rates = dict.fromkeys(runs.names, shared)
    used = [*runs.seeds, runs.pilot] if with_pilot else runs.seeds
    finals = {name: [loss[name, rates[name], seed][measured] for seed in used] for name in runs.names}
    means = {name: float(np.mean(values)) for name, values in finals.items()}
    chosen = best(runs.names, key=means.get)
    separated = all(max(finals[chosen]) < min(finals[name]) for name in runs.names if name != chosen)
    return {"rates": rates, "means": means, "best": chosen,
            "clear": {"ranges": separated, "always": True, "inverse": not separated}[clear]}


def _equal(key, first, second) -> bool:
    if key in ("rates", "means"):
        return all(abs(first[key][name] - second[key][name]) < 1e-6 for name in second[key])
    return first[key] == second[key]


def _on(*keys):
    return lambda first, second: all(_equal(key, first, second) for key in keys)


# Chaque lecture fautive du protocole ne touche que certaines clés de la réponse.
_PROTOCOL_TRAPS = (
    (("rates",), Trap(lambda runs: _protocol(runs, common=True),
                      "Un seul taux est retenu pour tous les réseaux. Celui qui convient à l'un peut desservir l'autre "
                      ": la comparaison n'est loyale que si chacun a le sien.")),
    (("rates",), Trap(lambda runs: _protocol(runs, part=0),
                      "Le taux est choisi d'après la perte d'entraînement. C'est à la validation de choisir les "
                      "réglages.")),
    (("rates",), Trap(lambda runs: _protocol(runs, pick=max),
                      "Le taux retenu est celui de la plus haute perte de validation. Une perte se minimise.")),
    (("means",), Trap(lambda runs: _protocol(runs, with_pilot=True),
                      "La graine qui a servi à choisir le taux compte aussi dans la moyenne. Elle l'a favorisé : elle "
                      "ne doit pas resservir.")),
    (("means",), Trap(lambda runs: _protocol(runs, measured=1),
                      "`means` réunit des pertes de validation. La dégradation se juge sur la perte d'entraînement.")),
    (("best",), Trap(lambda runs: _protocol(runs, best=max),
                     "`best` désigne le réseau dont la perte moyenne est la plus haute.")),
    (("clear",), Trap(lambda runs: _protocol(runs, clear="always"),
                      "`clear` vaut toujours `True` : deux moyennes diffèrent presque toujours. Un écart n'est net que "
                      "si les étendues ne se touchent pas.", MEASURES)),
    (("clear",), Trap(lambda runs: _protocol(runs, clear="inverse"), "`clear` vaut l'inverse de ce qu'il faut.")),
)
_WANTED = {
    "rates": "pour chaque réseau, le taux de plus basse perte de validation avec la graine `pilot`",
    "means": "pour chaque réseau, à son taux, la moyenne des pertes d'entraînement sur toutes les graines de `seeds`",
    "best": "le réseau dont la moyenne est la plus basse",
    "clear": "`True` seulement si la plus haute perte de ce réseau est plus basse que la plus basse de chacun des "
             "autres",
}


def _check_protocol(answers: Answers) -> str:
    found = []
    for (probe,) in _run_probes():
        runs = probe.fresh()
        answer = answers.call("fair", lambda name, rate, seed, runs=runs: runs(name, rate, seed), runs.names,
                              runs.rates, runs.pilot, runs.seeds)
        found.append(_read(answer, runs))
    expected = [_protocol(runs) for (runs,) in _run_probes()]
    if all(map(_on(*_KEYS), found, expected)):
        return ("La comparaison est loyale : un taux par réseau, choisi par la validation avec une graine qui ne "
                "ressert pas, et aucun entraînement de trop.")
    for keys, trap in _PROTOCOL_TRAPS:
        if not all(map(_on(*keys), found, expected)):
            recognise(found, _run_probes(), (trap,), _on(*keys))
    key = next(key for key in _KEYS if not all(map(_on(key), found, expected)))
    raise ToReviewError(f'La clé `"{key}"` n\'a pas la bonne valeur.', f"Attendu : {_WANTED[key]}.")


def _repeated(runs) -> list[tuple]:
    return [call for rank, call in enumerate(runs.calls) if call in runs.calls[:rank]]


def _read(answer, runs) -> dict:
    given = read_mapping(answer, "`fair` rend", _KEYS)
    names = tuple(runs.names)
    rates, means = (read_mapping(given[key], f'La clé `"{key}"` vaut', names) for key in ("rates", "means"))
    result = {"rates": {name: read_number(rates[name], f'Le taux de `"{name}"` vaut') for name in names},
              "means": {name: read_number(means[name], f'La moyenne de `"{name}"` vaut') for name in names},
              "best": read_choice(given["best"], 'La clé `"best"` vaut', names),
              "clear": read_truth(given["clear"], 'La clé `"clear"` vaut')}
    if any(all(abs(rate - known) > 1e-9 for known in runs.rates) for rate in result["rates"].values()):
        raise ToReviewError('La clé `"rates"` contient une valeur qui n\'est pas l\'un des taux essayés.',
                            f"Attendu : {_WANTED['rates']}.")
    done, wanted = len(runs.calls), len(names) * (len(runs.rates) + len(runs.seeds))
    if any(seed != runs.pilot and rate != result["rates"][name] for name, rate, seed in runs.calls):
        raise ToReviewError("Des graines de comparaison servent à essayer des taux qui ne sont pas retenus.",
                            "Le taux se choisit avec la graine `pilot` seule ; celles de `seeds` ne servent "
                            "qu'ensuite, au taux choisi.")
    if runs.calls and sorted(_repeated(runs)) == sorted((name, result["rates"][name], runs.pilot) for name in names):
        raise ToReviewError("La graine du réglage ressert : chaque réseau est entraîné de nouveau avec elle, au taux "
                            "retenu.", "Elle a favorisé ce taux : son résultat ne doit pas compter dans la "
                                       "comparaison.")
    if done > wanted:
        raise ToReviewError(f"`run` a été appelée {done} fois pour {wanted} entraînements à faire.",
                            "Un entraînement coûte du temps : rangez ce que `run` a rendu, puis relisez-le.")
    return result


PROTOCOL_QUESTION = Question(
    "Comparer loyalement", 3, _check_protocol, (
        "Deux temps : régler chaque réseau, puis les comparer. Quelle perte règle, quelle perte compare, et avec "
        "quelles graines ?",
        "`run` rend (entraînement, validation). Premier temps : pour un réseau, essayez chaque taux avec `pilot` et "
        "gardez celui de la plus basse validation. Second temps : à ce taux, une perte d'entraînement par graine de "
        "`seeds`.",
        "`min(rates, key=lambda rate: run(name, rate, pilot)[1])` choisit un taux. Rangez ensuite "
        "`[run(name, chosen, seed)[0] for seed in seeds]` pour chaque réseau : moyennes, meilleur réseau et étendues "
        "s'en déduisent sans nouvel appel."), PROTOCOL)

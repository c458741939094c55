"""Question 6 : lire une course entre fonctions d'activation sans conclure trop vite."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.alexnet.sections import MEASURES, RELU
from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import code, described
from cours_cnn.checks.reading import ToReviewError, read_choice, read_integer, read_items, read_mapping

NOBODY = "aucune"


@functools.cache
def _probes():
    fixed = (
        ({"relu": [[0.3, 0.6, 0.8], [0.4, 0.7, 0.9]], "tanh": [[0.2, 0.4, 0.5], [0.2, 0.5, 0.6]]}, 0.65),
        ({"relu": [[0.3, 0.6, 0.8], [0.2, 0.4, 0.6]], "tanh": [[0.2, 0.5, 0.7], [0.3, 0.5, 0.7]]}, 0.5),
        ({"relu": [[0.1, 0.2, 0.3]], "tanh": [[0.2, 0.1, 0.2]]}, 0.9),
        ({"relu": [[0.2, 0.5, 0.7, 0.6]], "tanh": [[0.75, 0.4, 0.8, 0.9]]}, 0.7),
        ({"relu": [[0.1, 0.4, 0.7], [0.1, 0.3, 0.4]], "tanh": [[0.2, 0.3, 0.4], [0.1, 0.2, 0.3]]}, 0.65),
        ({"relu": [[0.1, 0.8, 0.9], [0.2, 0.3, 0.9]], "tanh": [[0.2, 0.3, 0.8], [0.3, 0.4, 0.9]],
          "sigmoid": [[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]}, 0.75),
        ({"sigmoid": [[0.1, 0.1]], "relu": [[0.9, 0.9]], "tanh": [[0.5, 0.9]]}, 0.9),
    )
    random, drawn = np.random.RandomState(6), []
    for threshold in (0.5, 0.6, 0.7):
        speed = dict(zip(("relu", "tanh", "sigmoid"), random.uniform(0.03, 0.16, 3), strict=True))
        drawn.append(({name: [np.round(np.clip(pace * np.arange(1, 9) + random.normal(0, 0.04, 8), 0, 1), 3).tolist()
                              for _ in range(3)] for name, pace in speed.items()}, threshold))
    return (*fixed, *drawn)


def _epoch(run, threshold, first=1, strict=False, last=False):
    places = [rank for rank, value in enumerate(run) if (value > threshold if strict else value >= threshold)]
    return (places[-1] if last else places[0]) + first if places else None


def _answer(runs, threshold, *, winner=None, never=float("inf"), **options):
    epochs = {name: [_epoch(run, threshold, **options) for run in group] for name, group in runs.items()}
    times = {name: [never if value is None else value for value in group] for name, group in epochs.items()}
    return epochs, (winner or _clear)(times, runs)


def _clear(times, runs):
    for name in times:
        if all(max(times[name]) < min(times[other]) for other in times if other != name):
            return name
    return NOBODY


def _by_mean(times, runs):
    means = {name: np.mean(values) for name, values in times.items()}
    return min(means, key=means.get) if np.isfinite(list(means.values())).any() else NOBODY


def _by_best(times, runs):
    best = {name: min(values) for name, values in times.items()}
    return min(best, key=best.get) if min(best.values()) < float("inf") else NOBODY


def _by_final(times, runs):
    final = {name: np.mean([run[-1] for run in group]) for name, group in runs.items()}
    return max(final, key=final.get)


def _dropping(times, runs):
    kept = {name: [value for value in values if np.isfinite(value)] for name, values in times.items()}
    return _clear({name: values or [float("inf")] for name, values in kept.items()}, runs)


def _epochs_only(answer, wrong):
    return answer[0] == wrong[0]


def _winner_only(answer, wrong):
    return answer[1] == wrong[1]


_EPOCH_TRAPS = (
    Trap(lambda r, t: _answer(r, t, first=0), "Les époques sont numérotées à partir de 0. L'énoncé compte à partir de "
         "1."),
    Trap(lambda r, t: _answer(r, t, strict=True), "Une course qui atteint exactement le seuil n'est pas comptée : "
         "l'énoncé dit « au moins égale »."),
    Trap(lambda r, t: _answer(r, t, last=True), "C'est la dernière époque au-dessus du seuil qui est rendue. Une "
         "course est gagnée la première fois que le seuil est atteint, même si l'exactitude redescend ensuite."),
    Trap(lambda r, t: ({name: [len(run) if value is None else value for run, value in
                               zip(r[name], values, strict=True)] for name, values in _answer(r, t)[0].items()}, ""),
         "Une course qui n'atteint pas le seuil reçoit le numéro de sa dernière époque. Elle n'a pas mis ce temps-là : "
         "elle n'est pas arrivée. L'énoncé demande `None`."),
)
_WINNER_TRAPS = (
    Trap(lambda r, t: _answer(r, t, winner=_by_mean), "Le gagnant est celui dont la moyenne est la plus basse. Deux "
         "moyennes diffèrent presque toujours : la question demande que les essais ne se mêlent pas.", MEASURES),
    Trap(lambda r, t: _answer(r, t, winner=_by_best), "Le gagnant est celui dont le meilleur essai est le plus rapide. "
         "Un seul essai heureux suffit alors à l'emporter.", MEASURES),
    Trap(lambda r, t: _answer(r, t, winner=_by_final), "Le gagnant est celui dont l'exactitude finale est la plus "
         "haute. La question porte sur le temps mis pour atteindre le seuil."),
    Trap(lambda r, t: _answer(r, t, winner=_dropping), "Les courses qui n'arrivent pas sont écartées de la "
         "comparaison. Elles en sont pourtant les plus lentes : une fonction qui n'atteint le seuil qu'une fois sur "
         "deux ne peut pas gagner nettement."),
    Trap(lambda r, t: _answer(r, t, never=0), "Une course qui n'arrive jamais compte comme la plus rapide : `None` a "
         "été remplacé par 0. Elle doit compter comme plus longue que toutes les autres."),
)


def _check_race(answers: Answers) -> str:
    found = []
    for runs, threshold in _probes():
        names = tuple(runs)
        items = read_items(answers.call("race", runs, threshold), "`race` rend", 2)
        given = read_mapping(items[0], "Le premier élément rendu par `race` est", names)
        epochs = {name: [_read_epoch(value, name) for value in
                         read_items(given[name], f'L\'entrée `"{name}"` contient', len(runs[name]))] for name in names}
        winner = read_choice(items[1], "Le second élément rendu par `race` est", (*names, NOBODY))
        found.append((epochs, winner))
    expected = [_answer(*probe) for probe in _probes()]
    if found == expected:
        return (f"Les {len(_probes())} courses sont bien lues : le temps de chaque essai, les essais qui n'arrivent "
                "pas, et les cas où personne ne gagne nettement.")
    if [epochs for epochs, _ in found] != [epochs for epochs, _ in expected]:
        recognise(found, _probes(), _EPOCH_TRAPS, _epochs_only)
        (runs, threshold), name = next((p, n) for p, a, e in zip(_probes(), found, expected, strict=True) for n in p[0]
                                       if a[0][n] != e[0][n])
        got = next(a[0][name] for p, a in zip(_probes(), found, strict=True) if p[0] is runs)
        raise ToReviewError(f"Pour les courses {code(str(runs[name]), 130)} et le seuil {code(str(threshold))}, les "
                            f"époques trouvées sont {described(got)}.",
                            "Pour chaque essai, à quelle époque l'exactitude atteint-elle le seuil pour la première "
                            "fois ?")
    recognise(found, _probes(), _WINNER_TRAPS, _winner_only)
    epochs, winner = next(a for a, e in zip(found, expected, strict=True) if a[1] != e[1])
    raise ToReviewError(f"Les époques sont justes. Pour {code(str(epochs), 130)}, le gagnant rendu est `{winner!r}`.",
                        "Le plus lent des essais du gagnant doit être plus rapide que le plus rapide de chacun des "
                        "autres ; un essai qui n'arrive pas est plus lent que tous.")


def _read_epoch(value, name: str) -> int | None:
    return None if value is None else read_integer(value, f'L\'entrée `"{name}"` contient')


RACE_QUESTION = Question(
    "Lire une course", 4, _check_race, (
        "Deux questions séparées : à quelle époque chaque essai arrive-t-il, puis qui gagne nettement. Commencez par "
        "une fonction qui traite un seul essai.",
        "Pour comparer, un essai qui n'arrive pas doit compter comme plus long que tous les autres : l'infini, "
        "`float(\"inf\")`, convient. Le gagnant est celui dont le plus lent essai bat le plus rapide de chaque rivale.",
        "`next((e for e, value in enumerate(run, start=1) if value >= threshold), None)` trouve l'époque d'un essai. "
        "Pour chaque fonction, comparez `max` de ses temps à `min` des temps de toutes les autres, strictement ; si "
        "aucune ne convient, rendez `\"aucune\"`."), RELU)

"""Question 7 : choisir par une mesure, sans se tromper soi-même."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.lenet.sections import DATA, MEASURES
from cours_cnn.checks.reading import ToReviewError, read_choice, read_mapping, read_number, read_truth


class _Runs:
    """Des entraînements factices : des exactitudes tirées d'une graine, et le compte des appels."""

    def __init__(self, seed: int, names: list[str], seeds: list[int], spread: float):
        random = np.random.RandomState(seed)
        level = random.uniform(0.8, 0.9, len(names))
        self.names, self.seeds, self.calls = names, seeds, []
        self.scores = {(name, s): (level[i] + random.uniform(-spread, spread), random.uniform(0.75, 0.95))
                       for i, name in enumerate(names) for s in seeds}

    def __call__(self, name, seed):
        self.calls.append((name, seed))
        return self.scores[name, seed]

    def column(self, name, part):
        return [self.scores[name, seed][part] for seed in self.seeds]


@functools.cache
def _run_probes():
    names = ["tanh", "relu", "sigmoid"]
    return tuple((_Runs(seed, names[:count], seeds, spread),) for seed, count, seeds, spread in (
        (11, 3, [0, 1, 2], 0.06), (22, 3, [4, 7, 5], 0.05), (2, 3, [0, 1], 0.03), (6, 2, [0, 1, 2], 0.06),
        (3, 3, [4, 7], 0.001), (26, 2, [0, 1, 2], 0.08)))


def _protocol(runs, *, part=0, pick=np.mean, count=None, report="choice", clear="ranges"):
    """Applique le protocole ; les options décrivent des protocoles fautifs."""
    score = {name: float(pick(runs.column(name, part)[:count])) for name in runs.names}
    choice = max(runs.names, key=score.get)
    others = [name for name in runs.names if name != choice]
    separated = all(min(runs.column(choice, 0)) > max(runs.column(name, 0)) for name in others)
    spread = max(np.ptp(runs.column(name, 0)) for name in runs.names)
    gap = score[choice] - max(score[name] for name in others)
    test = runs.column(choice, 1) if report == "choice" else [v for name in runs.names for v in runs.column(name, 1)]
    return {
        "choice": choice,
        "means": {name: float(np.mean(runs.column(name, 0)[:count])) for name in runs.names},
        "clear": {"ranges": separated, "means": True, "spread": bool(gap > spread)}[clear],
        "test": float(max(test) if report == "best" else np.mean(test[:count])),
    }


def _agree(first, second, keys=("choice", "means", "clear", "test")) -> bool:
    def equal(key):
        a, b = first[key], second[key]
        if key == "means":
            return all(abs(a[name] - b[name]) < 1e-6 for name in b)
        return abs(a - b) < 1e-6 if key == "test" else a == b

    return all(equal(key) for key in keys)


def _part(*keys):
    return lambda first, second: _agree(first, second, keys)


# Chaque lecture fautive du protocole ne touche que certaines clés de la réponse.
_PROTOCOL_TRAPS = (
    (("choice",), Trap(lambda runs: _protocol(runs, part=1),
                       "Le choix se fait d'après le test. Le test ne doit servir qu'à annoncer le résultat du candidat "
                       "déjà choisi, sinon ce résultat est trop beau.", DATA)),
    (("choice",), Trap(lambda runs: _protocol(runs, pick=max),
                       "Le choix se fait d'après le meilleur essai de chaque candidat. Un seul essai heureux suffit "
                       "alors à l'emporter : c'est la moyenne qui compte.")),
    (("means", "choice"), Trap(lambda runs: _protocol(runs, count=1),
                               "Seule la première graine est employée. Un seul entraînement ne dit pas si l'écart "
                               "tient au réseau ou au hasard.")),
    (("choice",), Trap(lambda runs: _protocol(runs, pick=lambda values: -np.mean(values)),
                       "Le candidat choisi est le moins exact de tous.")),
    (("clear",), Trap(lambda runs: _protocol(runs, clear="means"),
                      "`clear` vaut toujours `True` : deux moyennes diffèrent presque toujours. Un écart n'est net que "
                      "si les essais des deux candidats ne se mêlent pas.")),
    (("clear",), Trap(lambda runs: _protocol(runs, clear="spread"),
                      "`clear` compare l'écart des moyennes à une dispersion. L'énoncé demande autre chose : que le "
                      "plus mauvais essai du candidat choisi dépasse le meilleur essai de chacun des autres.")),
    (("clear",), Trap(lambda runs: {"clear": not _protocol(runs)["clear"]},
                      "`clear` vaut l'inverse de ce qu'il faut.")),
    (("test",), Trap(lambda runs: _protocol(runs, report="best"),
                     "`test` est la meilleure exactitude de test rencontrée, tous candidats confondus. Annoncez celle "
                     "du candidat choisi, en moyenne sur ses graines.", DATA)),
    (("test",), Trap(lambda runs: _protocol(runs, report="all"),
                     "`test` mêle tous les candidats. Seul le candidat choisi est jugé sur le test.", DATA)),
    (("test",), Trap(lambda runs: {"test": max(_protocol(runs)["means"].values())},
                     "`test` est l'exactitude de validation du candidat choisi. Elle a servi à le choisir : elle ne "
                     "peut plus le juger.", DATA)),
)


def _check_protocol(answers: Answers) -> str:
    found = []
    for (probe,) in _run_probes():
        runs = _Runs.__new__(_Runs)
        runs.__dict__ = {**probe.__dict__, "calls": []}
        answer = answers.call("compare", lambda name, seed, runs=runs: runs(name, seed), runs.names, runs.seeds)
        found.append(_read_protocol(answer, runs))
    expected = [_protocol(runs) for (runs,) in _run_probes()]
    if all(map(_agree, found, expected)):
        return ("Le protocole est honnête : choix sur la validation, moyenne de toutes les graines, test réservé au "
                "candidat choisi, et chaque entraînement n'a été fait qu'une fois.")
    for keys, trap in _PROTOCOL_TRAPS:
        if not all(map(_part(*keys), found, expected)):
            recognise(found, _run_probes(), (trap,), _part(*keys))
    for key in ("means", "choice", "clear", "test"):
        if not all(map(_part(key), found, expected)):
            wanted = {"means": "la moyenne des exactitudes de validation de chaque candidat, sur toutes les graines",
                      "choice": "le candidat dont la moyenne de validation est la plus haute",
                      "clear": "`True` seulement si le plus mauvais essai du candidat choisi dépasse le meilleur essai "
                               "de chacun des autres, sur la validation",
                      "test": "la moyenne des exactitudes de test du candidat choisi"}
            raise ToReviewError(f'La clé `"{key}"` n\'a pas la bonne valeur.', f"Attendu : {wanted[key]}.")
    raise AssertionError("une différence a été trouvée sans qu'aucune clé ne diffère")


def _read_protocol(answer, runs) -> dict:
    given = read_mapping(answer, "`compare` rend", ("means", "choice", "clear", "test"))
    means = read_mapping(given["means"], 'La clé `"means"` vaut', tuple(runs.names))
    result = {"choice": read_choice(given["choice"], 'La clé `"choice"` vaut', tuple(runs.names)),
              "clear": read_truth(given["clear"], 'La clé `"clear"` vaut'),
              "test": read_number(given["test"], 'La clé `"test"` vaut'),
              "means": {name: read_number(means[name], f'La moyenne de `"{name}"` vaut') for name in runs.names}}
    wanted, done = len(runs.scores), len(runs.calls)
    if len(set(runs.calls)) < done:
        raise ToReviewError(f"`run` a été appelée {done} fois pour {wanted} entraînements à faire : certains sont "
                            "faits deux fois.", "Un entraînement coûte du temps : rangez ce que `run` a rendu, puis "
                            "relisez-le.")
    return result


PROTOCOL_QUESTION = Question(
    "Choisir par une mesure", 3, _check_protocol, (
        "Trois parts de données, trois rôles : l'une sert à ajuster les poids, une autre à choisir, la dernière à "
        "juger ce qui a été choisi. Laquelle doit décider ici ?",
        "Appelez `run` une fois par couple (candidat, graine) et rangez les deux exactitudes dans un dictionnaire. "
        "Tout le reste se calcule à partir de lui.",
        "Avec `scores[name]`, liste de couples (validation, test), la moyenne de validation de chaque candidat donne "
        "`means`, puis `choice`. Pour `clear`, comparez `min` des validations du candidat choisi à `max` de celles de "
        "chacun des autres. Pour `test`, ne lisez que les essais du candidat choisi."), MEASURES)

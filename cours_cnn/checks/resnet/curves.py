"""Question 6 : dégradation, surapprentissage ou gain, d'après des courbes de plusieurs graines."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_choice, read_mapping
from cours_cnn.checks.resnet.sections import MEASURES, OVERFITTING

VERDICTS = ("dégradation", "surapprentissage", "gain", "indécis")
# Ce que montrent les trois comparaisons de l'énoncé.
_SHOWN = {"A": "surapprentissage", "B": "dégradation", "C": "indécis"}
# Niveaux finaux (entraînement, validation) du réseau court puis du profond, et dispersion, de chaque essai.
_LEVELS = ((1.0, 1.4, 1.6, 1.9, 0.05), (1.0, 1.4, 0.6, 1.8, 0.05), (1.0, 1.4, 0.6, 1.1, 0.05),
           (1.0, 1.4, 1.02, 1.42, 0.2), (1.0, 1.6, 1.5, 1.55, 0.3), (1.0, 1.4, 1.5, 1.42, 0.05),
           (1.0, 1.4, 0.5, 1.38, 0.2), (1.0, 1.3, 0.8, 1.2, 0.02), (1.0, 1.4, 1.1, 1.8, 0.3),
           (1.0, 1.5, 0.7, 1.45, 0.01), (1.0, 1.2, 0.75, 1.7, 0.18), (1.0, 1.4, 0.8, 1.0, 0.3))


def _run(random, level: float, spread: float, epochs: int) -> list[float]:
    """Rend une perte qui baisse puis rejoint ``level``, avec un creux avant la fin."""
    end = level + random.uniform(-spread, spread)
    curve = end + 1.5 * np.exp(-np.arange(epochs) / 1.5) * random.uniform(0.6, 1.4)
    curve[-2] = end - random.uniform(0, 0.5)
    curve[-1] = end
    return np.round(curve, 3).tolist()


def recorded(seed: int, levels: tuple, seeds: int = 3, epochs: int = 6) -> tuple[dict, dict]:
    """Rend deux relevés factices (court, profond) autour des niveaux donnés."""
    random = np.random.RandomState(seed)
    train, validation, deep_train, deep_validation, spread = levels
    return tuple({"train": [_run(random, a, spread, epochs) for _ in range(seeds)],
                  "validation": [_run(random, b, spread, epochs) for _ in range(seeds)]}
                 for a, b in ((train, validation), (deep_train, deep_validation)))


@functools.cache
def _probes():
    return tuple(recorded(60 + rank, levels) for rank, levels in enumerate(_LEVELS))


def _last(runs):
    return [run[-1] for run in runs]


def _above(first, second) -> bool:
    return min(first) > max(second)


def _verdict(short, deep, *, read=_last, above=_above, part="train", undecided="indécis"):
    """Rend le verdict ; les options décrivent des lectures fautives."""
    train, validation = read(short["train"]), read(short["validation"])
    deep_train, deep_validation = read(deep["train"]), read(deep["validation"])
    if above(*((deep_train, train) if part == "train" else (deep_validation, validation))):
        return "dégradation"
    if above(train, deep_train):
        if above(deep_validation, validation):
            return "surapprentissage"
        if above(validation, deep_validation):
            return "gain"
    return undecided


def _by_gap(short, deep):
    """Le surapprentissage jugé au seul écart entre validation et entraînement du réseau profond."""
    gap = np.mean(_last(deep["validation"])) - np.mean(_last(deep["train"]))
    found = _verdict(short, deep)
    return "surapprentissage" if gap > np.mean(_last(short["validation"])) - np.mean(_last(short["train"])) else found


def _either(short, deep):
    """La dégradation reconnue dès que la validation du réseau profond est plus haute."""
    if _above(_last(deep["validation"]), _last(short["validation"])):
        return "dégradation"
    return _verdict(short, deep)


def _overfitting_first(short, deep):
    """« Surapprentissage » dès que la validation du réseau profond est plus haute, quoi que dise l'entraînement."""
    if _above(_last(deep["validation"]), _last(short["validation"])):
        return "surapprentissage"
    return _verdict(short, deep)


def _swapped(short, deep):
    found = _verdict(short, deep)
    return {"dégradation": "surapprentissage", "surapprentissage": "dégradation"}.get(found, found)


def _mean_above(first, second):
    return np.mean(first) > np.mean(second)


_CURVE_TRAPS = (
    Trap(lambda s, d: _swapped(s, d),
         "Dégradation et surapprentissage sont échangés. Lequel des deux fait monter la perte d'entraînement ?"),
    Trap(_overfitting_first,
         "Le surapprentissage est prononcé dès que la validation du réseau profond est plus haute. Un réseau qui "
         "apprend mal ses propres images ne les a pas apprises par cœur : regardez d'abord l'entraînement."),
    Trap(_either,
         "La dégradation est jugée d'après la validation. Le chapitre la définit par la perte d'entraînement.",
         OVERFITTING),
    Trap(lambda s, d: _verdict(s, d, part="validation"),
         "La dégradation est jugée d'après la validation. Le chapitre la définit par la perte d'entraînement."),
    Trap(_by_gap,
         "Le surapprentissage est jugé à l'écart entre validation et entraînement du réseau profond. Un écart plus "
         "grand n'empêche pas de mieux généraliser : comparez les pertes de validation des deux réseaux."),
    Trap(lambda s, d: _verdict(s, d, above=_mean_above),
         "Les moyennes décident seules. Deux moyennes diffèrent toujours : une différence ne compte que si elle vaut "
         "pour chaque graine contre chaque graine."),
    Trap(lambda s, d: _verdict(s, d, read=lambda runs: [runs[0][-1]]),
         "Seule la première graine est lue. Une courbe isolée ne prouve rien."),
    Trap(lambda s, d: _verdict(s, d, above=lambda a, b: all(x > y for x, y in zip(a, b, strict=True))),
         "Les graines sont comparées une à une, la première à la première. Rien ne les apparie : chaque graine de l'un "
         "doit l'emporter sur chaque graine de l'autre."),
    Trap(lambda s, d: _verdict(s, d, read=lambda runs: [min(run) for run in runs]),
         "La perte la plus basse de chaque relevé est comparée. L'énoncé demande celle de la dernière époque."),
    Trap(lambda s, d: _verdict(s, d, read=lambda runs: [run[0] for run in runs]),
         "La première époque est comparée. L'énoncé demande la dernière."),
    Trap(lambda s, d: _verdict(s, d, undecided="gain"),
         "Aucun relevé n'est déclaré indécis. Quand les étendues se touchent, rien ne permet de conclure."),
    Trap(lambda s, d: _verdict(d, s),
         "Le réseau court et le réseau profond sont échangés."),
)
_ADVICE = {
    "surapprentissage": "Dans la comparaison {name}, le réseau profond apprend mieux ses images que le court. Fait-il "
                        "mieux aussi sur celles qu'il n'a pas vues ?",
    "dégradation": "Dans la comparaison {name}, regardez d'abord les traits pleins : lequel des deux réseaux apprend "
                   "le mieux ses propres images ?",
    "indécis": "Dans la comparaison {name}, regardez les bandes de validation à la dernière époque : se touchent-elles "
               "?",
}


def _check_curves(answers: Answers) -> str:
    found = []
    for short, deep in _probes():
        found.append(read_choice(answers.call("verdict", short, deep), "`verdict(short, deep)` rend", VERDICTS))
    expected = [_verdict(*probe) for probe in _probes()]
    if found != expected:
        recognise(found, _probes(), _CURVE_TRAPS)
        (short, deep), answer = next((p, a) for p, a, e in zip(_probes(), found, expected, strict=True) if a != e)
        ends = "; ".join(f"{who}, {what} : {', '.join(f'{v:g}' for v in _last(runs[key]))}".replace(".", ",")
                         for who, runs in (("court", short), ("profond", deep))
                         for key, what in (("train", "entraînement"), ("validation", "validation")))
        raise ToReviewError(f"Pour ces pertes finales ({ends.replace(';', ' ;')}), la fonction rend « {answer} ».",
                            "Comparez d'abord les pertes d'entraînement, graine contre graine ; celles de validation "
                            "ne comptent que si le réseau profond apprend mieux.")
    given = read_mapping(answers.value("diagnosis"), "`diagnosis` vaut", tuple(_SHOWN))
    for name, exact in _SHOWN.items():
        if given[name] is None or given[name] is Ellipsis:
            raise ToReviewError(f"`verdict` est juste. Dans `diagnosis`, {name} n'a pas encore de réponse.")
        if read_choice(given[name], f'`diagnosis["{name}"]` vaut', VERDICTS) != exact:
            raise ToReviewError(f"`verdict` est juste. Le diagnostic de {name} est à revoir.",
                                _ADVICE[exact].format(name=name))
    return (f"Les {len(found)} comparaisons essayées reçoivent le bon verdict, y compris celles où les étendues se "
            "touchent, et les trois figures sont bien lues.")


CURVES_QUESTION = Question(
    "Lire des courbes", 3, _check_curves, (
        "Deux questions, dans cet ordre : le réseau profond apprend-il mieux ou moins bien ses propres images ? Puis "
        "seulement : fait-il mieux ou moins bien sur des images nouvelles ?",
        "Ne lisez que la dernière perte de chaque graine. Un réseau est au-dessus de l'autre si sa plus petite perte "
        "dépasse la plus grande de l'autre ; sinon, les étendues se touchent.",
        "Avec quatre listes de pertes finales, `min(profond) > max(court)` à l'entraînement suffit à la dégradation. "
        "Si c'est `max(profond) < min(court)`, les mêmes comparaisons en validation départagent surapprentissage et "
        "gain. Tout le reste est indécis."), MEASURES)

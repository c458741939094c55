"""Question 6 : lire des courbes d'apprentissage et arrêter un entraînement à temps."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.lenet.sections import TRAINING
from cours_cnn.checks.message import code, described
from cours_cnn.checks.reading import ToReviewError, read_choice, read_integers, read_mapping

DIAGNOSES = ("convenable", "surapprentissage", "sous-apprentissage")
# Ce que montrent les trois relevés de l'énoncé.
_SHOWN = {"A": "convenable", "B": "surapprentissage", "C": "sous-apprentissage"}


@functools.cache
def _curve_probes():
    random = np.random.RandomState(6)
    probes = [([0.9, 0.5, 0.3, 0.2, 0.1], [0.95, 0.6, 0.5, 0.55, 0.6], 2),
              ([2.0, 1.5, 1.2, 1.0], [2.1, 1.7, 1.4, 1.3], 3),
              ([1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], [1.0, 0.7, 0.72, 0.69, 0.7, 0.71, 0.6], 2),
              ([1.0, 0.8, 0.7, 0.6, 0.5, 0.4], [1.0, 0.6, 0.7, 0.65, 0.6, 0.55], 3),
              ([1.0, 0.8, 0.7, 0.6, 0.5], [1.0, 0.6, 0.6, 0.65, 0.55], 2)]
    for patience in (1, 2, 3, 4):
        loss = np.round(np.sort(random.uniform(0.01, 2, 14))[::-1], 3)
        validation = np.round(loss + np.linspace(0, 1.4, 14) * random.uniform(0.4, 1.6, 14), 3)
        probes.append((loss.tolist(), validation.tolist(), patience))
    return tuple(probes)


def _stopping(loss, val_loss, patience, *, first=1, extra=0, previous=False, scattered=False, ties=False):
    """Rend (meilleure époque, dernière époque) de l'arrêt anticipé ; les options décrivent des lectures fautives."""
    best, wait = 0, 0
    for epoch in range(1, len(val_loss)):
        equal = ties and val_loss[epoch] == val_loss[best]
        lower = equal or val_loss[epoch] < (val_loss[epoch - 1] if previous else val_loss[best])
        best = epoch if equal or val_loss[epoch] < val_loss[best] else best
        wait = wait + (not lower) if scattered else 0 if lower else wait + 1
        if wait >= patience + extra:
            return best + first, epoch + first
    return best + first, len(val_loss) - 1 + first


_CURVE_TRAPS = (
    Trap(lambda loss, val, p: _stopping(loss, loss, p),
         "La perte d'entraînement décide ici de l'arrêt. Elle baisse presque toujours : c'est celle de validation qui "
         "dit si le réseau progresse sur des images nouvelles."),
    Trap(lambda loss, val, p: _stopping(loss, val, p, first=0),
         "Les époques sont numérotées à partir de 0. L'énoncé, comme les courbes, compte à partir de 1."),
    Trap(lambda loss, val, p: (int(np.argmin(val)) + 1, _stopping(loss, val, p)[1]),
         "La meilleure époque est cherchée sur tout le relevé. Un entraînement arrêté ne connaît pas les époques "
         "suivantes."),
    Trap(lambda loss, val, p: (int(np.argmin(val)) + 1, len(val)),
         "La patience n'est pas employée : l'entraînement va ici jusqu'au bout du relevé."),
    Trap(lambda loss, val, p: (_stopping(loss, val, p)[1],) * 2,
         "L'époque de l'arrêt est donnée deux fois. La meilleure époque, dont on garde les poids, la précède."),
    Trap(lambda loss, val, p: _stopping(loss, val, p)[::-1],
         "Les deux nombres y sont, dans l'ordre inverse : la meilleure époque d'abord, la dernière ensuite."),
    Trap(lambda loss, val, p: _stopping(loss, val, p, previous=True),
         "Chaque perte est comparée à celle de l'époque précédente. Il faut la comparer à la plus basse atteinte "
         "jusque-là : redescendre un peu ne suffit pas à progresser."),
    Trap(lambda loss, val, p: _stopping(loss, val, p, scattered=True),
         "Les époques sans progrès s'additionnent même quand elles ne se suivent pas. Un nouveau minimum remet le "
         "compte à zéro."),
    Trap(lambda loss, val, p: _stopping(loss, val, p, extra=1),
         "L'arrêt vient une époque trop tard : il a lieu dès que le nombre d'époques sans progrès atteint la "
         "patience."),
    Trap(lambda loss, val, p: _stopping(loss, val, p, ties=True),
         "Égaler la plus basse perte atteinte compte ici pour un progrès. L'énoncé demande une perte strictement plus "
         "basse."),
    Trap(lambda loss, val, p: _stopping(loss, val, 1),
         "L'arrêt a lieu à la première époque sans progrès : la patience n'est pas employée."),
)

_DIAGNOSIS_ADVICE = {
    "convenable": "Les deux pertes du relevé {name} descendent puis se stabilisent à des valeurs basses et voisines.",
    "surapprentissage": "Comparez les deux pertes du relevé {name} en fin de parcours : l'une est presque nulle, "
                        "l'autre remonte. Que sait faire ce réseau des images qu'il n'a pas vues ?",
    "sous-apprentissage": "Les deux pertes du relevé {name} sont encore hautes et descendent ensemble : que gagnerait "
                          "ce réseau à continuer ?",
}


def _check_curves(answers: Answers) -> str:
    found = []
    for loss, validation, patience in _curve_probes():
        what = f"`stopping({loss[:3]}…, {validation[:3]}…, {patience})` rend".replace("]…", ", …]")
        answer = answers.call("stopping", loss, validation, patience)
        found.append(tuple(read_integers(answer, what, 2, "Attendu : deux numéros d'époques, non des pertes.")))
    expected = [_stopping(*probe) for probe in _curve_probes()]
    if found != expected:
        recognise(found, _curve_probes(), _CURVE_TRAPS)
        probe, answer = next((p, a) for p, a, e in zip(_curve_probes(), found, expected, strict=True) if a != e)
        raise ToReviewError(
            f"Pour les pertes de validation {code(str(probe[1]), 120)} et une patience de {probe[2]}, la fonction rend "
            f"{described(answer)}.", "Suivez le relevé du doigt : à chaque époque, notez la plus basse perte atteinte "
            "jusque-là et le nombre d'époques écoulées depuis.")
    given = read_mapping(answers.value("diagnosis"), "`diagnosis` vaut", tuple(_SHOWN))
    for name, exact in _SHOWN.items():
        if given[name] is None or given[name] is Ellipsis:
            raise ToReviewError(f"`stopping` est juste. Dans `diagnosis`, le relevé {name} n'a pas encore de réponse.")
        if read_choice(given[name], f'`diagnosis["{name}"]` vaut', DIAGNOSES) != exact:
            raise ToReviewError(f"`stopping` est juste. Le diagnostic du relevé {name} est à revoir.",
                                _DIAGNOSIS_ADVICE[exact].format(name=name))
    return (f"L'arrêt anticipé est exact sur {len(found)} relevés, y compris ceux où la perte remonte avant de "
            "redescendre, et les trois diagnostics sont les bons.")


CURVES_QUESTION = Question(
    "Lire des courbes", 2, _check_curves, (
        "Une seule des deux pertes dit ce que le réseau vaut sur des images nouvelles. Suivez-la époque par époque, "
        "sans regarder la suite.",
        "Deux nombres suffisent à chaque époque : la plus basse perte rencontrée jusque-là, et le nombre d'époques "
        "écoulées depuis. Le premier qui baisse remet le second à zéro.",
        "Parcourez `val_loss` avec `enumerate(val_loss, start=1)`. Si la perte est strictement plus basse que la "
        "meilleure, retenez-la avec son numéro et remettez le compteur à 0 ; sinon, ajoutez 1 au compteur et rendez la "
        "réponse dès qu'il atteint `patience`. Après la boucle, la dernière époque est la dernière du relevé."),
    TRAINING)

"""Question 5 : résumer honnêtement des prédictions."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.chats_chiens.sections import JUDGING
from cours_cnn.checks.reading import ToReviewError, read_integer, read_mapping, read_number

_KEYS = ("accuracy", "margin", "cats_as_dogs", "dogs_as_cats")
_ANSWERS = ("accuracy", "cats_as_dogs", "dogs_as_cats")        # ce que changent les réponses seules


@functools.cache
def _answer_probes():
    random, probes = np.random.RandomState(35), []
    for count, noise in ((40, 0.5), (150, 0.7), (300, 0.35)):
        labels = random.randint(0, 2, count)
        scores = np.clip(0.3 + 0.4 * labels + noise * random.uniform(-1, 1, count), 0, 1).round(3)
        scores[random.permutation(count)[:4]] = 0.5                  # exactement au seuil
        probes.append((labels, scores))
    return tuple(probes)


def _summary(labels, probabilities, *, factor=1.96, root=True, at_half=0, swapped=False, share=1.0, inverted=False):
    """Rend le résumé ; les options décrivent des lectures fautives."""
    dogs = probabilities >= 0.5 if at_half else probabilities > 0.5
    dogs = ~dogs if inverted else dogs
    right = float((dogs == labels).mean())
    spread = right * (1 - right) / len(labels)
    wrong = [int((dogs & (labels == 0)).sum()), int((~dogs & (labels == 1)).sum())]
    wrong = wrong[::-1] if swapped else wrong
    return {"accuracy": share * right, "margin": share * factor * (np.sqrt(spread) if root else spread),
            "cats_as_dogs": wrong[0], "dogs_as_cats": wrong[1]}


def _agree(first, second, keys=_KEYS) -> bool:
    return all(abs(first[key] - second[key]) < 1e-6 for key in keys)


def _part(*keys):
    return lambda first, second: _agree(first, second, keys)


_MEASURE_TRAPS = (
    (_KEYS, Trap(lambda y, p: _summary(y, p, share=100),
                 "L'exactitude et la marge sont en pour-cent. Attendu : des proportions, entre 0 et 1.")),
    (_ANSWERS, Trap(lambda y, p: _summary(y, p, at_half=1),
                    "Une probabilité de 0,5 exactement est comptée pour un chien. L'énoncé demande strictement plus.")),
    (_ANSWERS,
     Trap(lambda y, p: _summary(y, p, inverted=True),
          "Les deux classes sont échangées : une probabilité élevée annonce un chien, classe 1.")),
    (("accuracy",), Trap(lambda y, p: {"accuracy": 1 - _summary(y, p)["accuracy"]},
                         "C'est le taux d'erreur. L'exactitude est la proportion de réponses justes.")),
    (("margin",), Trap(lambda y, p: _summary(y, p, factor=1),
                       "La marge est celle d'un seul écart-type. Un intervalle à 95 % en demande 1,96.")),
    (("margin",), Trap(lambda y, p: _summary(y, p, root=False),
                       "Il manque la racine carrée : c'est une variance, non un écart-type.")),
    (("margin",), Trap(lambda y, p: _summary(y, p, factor=3.92),
                       "C'est la largeur entière de l'intervalle. `margin` en est la moitié.")),
    (("margin",), Trap(lambda y, p: {"margin": 1.96 * np.std((p > 0.5) == y)},
                       "La marge ne dépend pas du nombre d'images : il manque la division par ce nombre, sous la "
                       "racine.")),
    (("cats_as_dogs", "dogs_as_cats"), Trap(lambda y, p: _summary(y, p, swapped=True),
                                            "Les deux sortes d'erreurs sont échangées : un chat pris pour un chien a "
                                            "pour classe 0 et pour réponse 1.")),
    (("cats_as_dogs", "dogs_as_cats"), Trap(lambda y, p: {"cats_as_dogs": int(((p <= 0.5) & (y == 0)).sum()),
                                                          "dogs_as_cats": int(((p > 0.5) & (y == 1)).sum())},
                                            "Ce sont les réussites de chaque classe qui sont comptées, et non les "
                                            "confusions.")),
)


def _check_measures(answers: Answers) -> str:
    found = []
    for labels, probabilities in _answer_probes():
        given = read_mapping(answers.call("summary", labels, probabilities), "`summary` rend", _KEYS)
        found.append({key: (read_integer if "_as_" in key else read_number)(given[key], f'La clé `"{key}"` vaut')
                      for key in _KEYS})
    expected = [_summary(*probe) for probe in _answer_probes()]
    if all(map(_agree, found, expected)):
        return ("Exactitude, marge et confusions sont justes sur trois tests, probabilités exactement au seuil "
                "comprises.")
    for keys, trap in _MEASURE_TRAPS:
        if not all(map(_part(*keys), found, expected)):
            recognise(found, _answer_probes(), (trap,), _part(*keys))
    key = next(key for key in _KEYS if not all(map(_part(key), found, expected)))
    wanted = {"accuracy": "la proportion de réponses justes, où l'on répond « chien » au-dessus de 0,5",
              "margin": "la demi-largeur de l'intervalle à 95 %, d'après l'exactitude et le nombre d'images",
              "cats_as_dogs": "le nombre de chats pour lesquels la réponse est « chien »",
              "dogs_as_cats": "le nombre de chiens pour lesquels la réponse est « chat »"}[key]
    raise ToReviewError(f'La clé `"{key}"` n\'a pas la bonne valeur.', f"Attendu : {wanted}.")


MEASURES_QUESTION = Question(
    "Résumer des prédictions", 2, _check_measures, (
        "Commencez par les réponses : un tableau de vrais et de faux, « chien » là où la probabilité dépasse 0,5. Les "
        "quatre nombres s'en déduisent.",
        "L'exactitude p est la moyenne des réponses justes ; la marge est 1,96 fois la racine carrée de p(1 − p) "
        "divisé par le nombre d'images.",
        "`dogs = probabilities > 0.5` ; un chat pris pour un chien est compté par `(dogs & (labels == 0)).sum()`."),
    JUDGING)

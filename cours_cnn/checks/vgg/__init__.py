"""Vérifications de l'exercice sur VGG : ``verifier("q1")`` à ``verifier("q6")``, ``indice``, ``bilan``.

Les valeurs attendues sont calculées à chaque fois, d'après la configuration que reçoit l'étudiant ou par Keras.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.vgg.building import BUILD_QUESTION, REPAIR_QUESTION
from cours_cnn.checks.vgg.costs import CHOICE_QUESTION, COSTS_QUESTION
from cours_cnn.checks.vgg.stacks import DOUBLING_QUESTION, STACKS_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("vgg", {
    "q1": BUILD_QUESTION,
    "q2": STACKS_QUESTION,
    "q3": COSTS_QUESTION,
    "q4": DOUBLING_QUESTION,
    "q5": REPAIR_QUESTION,
    "q6": CHOICE_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

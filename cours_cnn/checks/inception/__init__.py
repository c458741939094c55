"""Vérifications de l'exercice GoogLeNet : ``verifier("q1")`` à ``verifier("q7")``, ``indice("q1")``, ``bilan()``.

Les valeurs attendues viennent de Keras, de ``cours_cnn.anatomy`` ou d'un calcul fait à chaque fois ; deux modules se
comparent par leur structure, puis par leurs sorties avec les mêmes poids.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.inception.budget import BUDGET_QUESTION
from cours_cnn.checks.inception.counting import MODULE_QUESTION, WIDTH_QUESTION
from cours_cnn.checks.inception.heads import HEADS_QUESTION
from cours_cnn.checks.inception.modules import BUILD_QUESTION, REPAIR_QUESTION
from cours_cnn.checks.inception.shapes import SHAPES_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("inception", {
    "q1": SHAPES_QUESTION,
    "q2": MODULE_QUESTION,
    "q3": WIDTH_QUESTION,
    "q4": BUILD_QUESTION,
    "q5": REPAIR_QUESTION,
    "q6": HEADS_QUESTION,
    "q7": BUDGET_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

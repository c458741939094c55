"""Vérifications de l'exercice ResNet : ``verifier("q1")`` à ``verifier("q7")``, ``indice("q1")``, ``bilan()``.

Les valeurs attendues viennent de Keras, de ``cours_cnn.anatomy`` ou d'un calcul fait à chaque fois ; deux blocs se
comparent par leur structure, puis par leurs sorties avec les mêmes poids.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.resnet.blocks import BUILD_QUESTION, REPAIR_QUESTION
from cours_cnn.checks.resnet.counting import COUNT_QUESTION, MACS_QUESTION
from cours_cnn.checks.resnet.curves import CURVES_QUESTION
from cours_cnn.checks.resnet.paths import PATHS_QUESTION
from cours_cnn.checks.resnet.protocol import PROTOCOL_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("resnet", {
    "q1": COUNT_QUESTION,
    "q2": MACS_QUESTION,
    "q3": BUILD_QUESTION,
    "q4": REPAIR_QUESTION,
    "q5": PATHS_QUESTION,
    "q6": CURVES_QUESTION,
    "q7": PROTOCOL_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

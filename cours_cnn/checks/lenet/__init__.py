"""Vérifications de l'exercice LeNet-5 : ``verifier("q1")`` à ``verifier("q8")``, ``indice("q1")``, ``bilan()``.

Les valeurs attendues viennent de Keras, de ``cours_cnn.anatomy`` ou d'un calcul fait à chaque fois, jamais d'une liste
de réponses ; les idées fausses (:class:`~cours_cnn.checks.base.Trap`) sont reconnues à ce qu'elles calculent.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.lenet.counting import COUNTS_QUESTION, SIZES_QUESTION
from cours_cnn.checks.lenet.curves import CURVES_QUESTION
from cours_cnn.checks.lenet.drawing import DRAWING_QUESTION
from cours_cnn.checks.lenet.maps import MAPS_QUESTION
from cours_cnn.checks.lenet.networks import BUILD_QUESTION, REPAIR_QUESTION
from cours_cnn.checks.lenet.protocol import PROTOCOL_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("lenet", {
    "q1": SIZES_QUESTION,
    "q2": COUNTS_QUESTION,
    "q3": MAPS_QUESTION,
    "q4": BUILD_QUESTION,
    "q5": REPAIR_QUESTION,
    "q6": CURVES_QUESTION,
    "q7": PROTOCOL_QUESTION,
    "q8": DRAWING_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

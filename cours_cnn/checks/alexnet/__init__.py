"""Vérifications de l'exercice sur AlexNet : ``verifier("q1")`` à ``verifier("q6")``, ``indice``, ``bilan``.

Les valeurs attendues sont calculées à chaque fois, par NumPy, par Keras ou par ``cours_cnn.architectures``.
"""

from __future__ import annotations

from cours_cnn.checks.alexnet.counting import COUNTS_QUESTION
from cours_cnn.checks.alexnet.curves import RACE_QUESTION
from cours_cnn.checks.alexnet.dropping import DROPOUT_QUESTION
from cours_cnn.checks.alexnet.local import LOCAL_QUESTION
from cours_cnn.checks.alexnet.repair import REPAIR_QUESTION
from cours_cnn.checks.alexnet.sizes import SIZES_QUESTION
from cours_cnn.checks.base import Exercise

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("alexnet", {
    "q1": SIZES_QUESTION,
    "q2": COUNTS_QUESTION,
    "q3": DROPOUT_QUESTION,
    "q4": LOCAL_QUESTION,
    "q5": REPAIR_QUESTION,
    "q6": RACE_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

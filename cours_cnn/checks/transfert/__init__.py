"""Vérifications de l'exercice « Transfert » : ``verifier("q1")`` à ``verifier("q6")``, ``indice("q1")``, ``bilan()``.

Les valeurs attendues sont calculées à chaque fois ; les idées fausses (:class:`~cours_cnn.checks.base.Trap`) sont
reconnues à ce qu'elles calculent.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.transfert.comparing import COMPARE_QUESTION
from cours_cnn.checks.transfert.counting import COUNTS_QUESTION
from cours_cnn.checks.transfert.leaks import LEAKS_QUESTION
from cours_cnn.checks.transfert.order import ORDER_QUESTION
from cours_cnn.checks.transfert.reuse import REUSE_QUESTION
from cours_cnn.checks.transfert.threshold import THRESHOLD_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("transfert", {
    "q1": COUNTS_QUESTION,
    "q2": ORDER_QUESTION,
    "q3": REUSE_QUESTION,
    "q4": LEAKS_QUESTION,
    "q5": THRESHOLD_QUESTION,
    "q6": COMPARE_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

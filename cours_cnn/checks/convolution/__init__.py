"""Vérifications de l'exercice sur la convolution : ``verifier("q1")`` à ``verifier("q7")``, ``indice``, ``bilan``.

Les valeurs attendues sont calculées à chaque fois, par NumPy, par Keras ou par ``cours_cnn.receptive``.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.convolution.costs import COSTS_QUESTION
from cours_cnn.checks.convolution.dense import MATRIX_QUESTION
from cours_cnn.checks.convolution.fields import FIELDS_QUESTION
from cours_cnn.checks.convolution.kernels import KERNELS_QUESTION
from cours_cnn.checks.convolution.moves import MOVES_QUESTION
from cours_cnn.checks.convolution.single import SINGLE_QUESTION
from cours_cnn.checks.convolution.sizes import SIZES_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("convolution", {
    "q1": SINGLE_QUESTION,
    "q2": SIZES_QUESTION,
    "q3": KERNELS_QUESTION,
    "q4": COSTS_QUESTION,
    "q5": MATRIX_QUESTION,
    "q6": FIELDS_QUESTION,
    "q7": MOVES_QUESTION,
})

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

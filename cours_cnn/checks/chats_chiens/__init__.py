"""Vérifications du projet « Chats et chiens » : ``verifier("q1")`` à ``verifier("q7")``, ``indice("q1")``, ``bilan()``.

Les valeurs attendues sont calculées à chaque fois ; les idées fausses (:class:`~cours_cnn.checks.base.Trap`) sont
reconnues à ce qu'elles calculent. La dernière question est jugée sur des dessins dont les étiquettes restent ici ; la
notation en emploie d'autres, dont le notebook ne reçoit jamais les étiquettes.
"""

from __future__ import annotations

from cours_cnn.checks.base import Exercise
from cours_cnn.checks.chats_chiens.heat import HEAT_QUESTION
from cours_cnn.checks.chats_chiens.measures import MEASURES_QUESTION
from cours_cnn.checks.chats_chiens.networks import HEAD_QUESTION
from cours_cnn.checks.chats_chiens.parting import COPIES_QUESTION, PARTS_QUESTION
from cours_cnn.checks.chats_chiens.pictures import AUGMENTATION_QUESTION
from cours_cnn.checks.chats_chiens.predictions import PREDICTIONS_QUESTION

__all__ = ["EXERCISE", "bilan", "indice", "verifier"]

EXERCISE = Exercise("chats_chiens", {
    "q1": COPIES_QUESTION,
    "q2": PARTS_QUESTION,
    "q3": AUGMENTATION_QUESTION,
    "q4": HEAD_QUESTION,
    "q5": MEASURES_QUESTION,
    "q6": HEAT_QUESTION,
    "q7": PREDICTIONS_QUESTION,
}, limit_s=20)

verifier = EXERCISE.verifier
indice = EXERCISE.indice
bilan = EXERCISE.bilan

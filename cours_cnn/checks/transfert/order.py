"""Question 2 : prédire ce que chaque ``fit`` modifie, d'après l'ordre des gestes."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, read_items, read_truth
from cours_cnn.checks.transfert.sections import COMPILE

_PROBES = tuple((text.split(),) for text in (
    "compile fit",
    "gel compile fit",
    "compile gel fit",
    "compile fit gel fit",
    "compile fit gel compile fit",
    "gel compile fit dégel fit",
    "gel compile fit dégel compile fit fit",
    "compile gel dégel fit gel fit compile fit",
))


def predicted(events, *, start=True, seen="fit", thaws=True) -> list[bool]:
    """Rend, pour chaque ``fit``, si la base y bouge ; les options décrivent des lectures fautives.

    ``seen`` : le geste qui fige la liste de ce qui apprend (« fit » : le premier après ``compile`` ; « compile » ;
    « jamais » : chaque ``fit`` regarde l'état du moment).
    """
    learns, listed, moves = start, None, []
    for event in events:
        if event == "gel":
            learns = False
        elif event == "dégel":
            learns = thaws or learns
        elif event == "compile":
            listed = learns if seen == "compile" else None
        else:
            if seen == "jamais":
                listed = learns
            listed = learns if listed is None else listed
            moves.append(listed)
    return moves


_TRAPS = (
    Trap(lambda events: [not move for move in predicted(events)],
         "Les réponses sont toutes inversées : `True` veut dire que la base bouge pendant ce `fit`."),
    Trap(lambda events: predicted(events, seen="jamais"),
         "Chaque `fit` semble regarder l'état du moment. Or un gel posé après un premier `fit` reste sans effet tant "
         "que l'on n'a pas recompilé."),
    Trap(lambda events: predicted(events, seen="compile"),
         "C'est `compile` qui semble figer ce qui apprend. Avec Keras 3, c'est le premier `fit` qui le suit : un gel "
         "posé entre les deux compte encore."),
    Trap(lambda events: predicted(events, thaws=False),
         "Une base gelée semble l'être pour toujours. Un dégel suivi de `compile` la remet à apprendre."),
    Trap(lambda events: predicted(events, start=False),
         "La base semble gelée au départ. Sans geste contraire, toutes les couches apprennent."),
)


def _check_order(answers: Answers) -> str:
    found = []
    for (events,) in _PROBES:
        items = read_items(answers.call("moves", events), f"Pour {_named(events)}, `moves` rend", events.count("fit"))
        found.append([read_truth(item, "La liste rendue par `moves` contient") for item in items])
    expected = [predicted(events) for (events,) in _PROBES]
    if found == expected:
        return ("Les huit suites de gestes sont prédites juste, celles où un gel reste sans effet comprises : c'est ce "
                "que fait Keras 3.")
    recognise(found, _PROBES, _TRAPS)
    rank = next(rank for rank in range(len(_PROBES)) if found[rank] != expected[rank])
    raise ToReviewError(f"Pour {_named(_PROBES[rank][0])}, `moves` rend {found[rank]}.",
                        "Attendu : une réponse par `fit`, dans l'ordre. Qu'est-ce qui apprenait lors du premier `fit` "
                        "qui a suivi le dernier `compile` ?")


def _named(events) -> str:
    return "la suite " + code(" → ".join(events))


ORDER_QUESTION = Question(
    "Prédire l'effet d'un gel", 3, _check_order, (
        "Deux choses changent au fil des gestes : ce que `trainable` annonce, et la liste dont `fit` se sert. Elles ne "
        "changent pas aux mêmes moments.",
        "La liste est dressée par le premier `fit` qui suit un `compile`, d'après l'état de ce moment ; les `fit` "
        "suivants la reprennent telle quelle.",
        "Tenez deux variables : `learns`, que « gel » et « dégel » modifient, et `listed`, que `compile` remet à "
        "`None` et que `fit` remplit si elle vaut `None`."), COMPILE)

"""Question 4 : compter une fuite de patients, puis réparer le partage."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_integer, read_items, read_truth
from cours_cnn.checks.transfert.sections import LEAKS, PATIENTS

_PROBES = (
    (["a", "a", "b", "c", "c", "c"], [True, False, True, False, False, True]),
    (["p7", "p2", "p7", "p2", "p9", "p7", "p4"], [True, True, True, False, False, False, False]),
    (["x", "y", "x", "y", "x", "y", "z", "z"], [False, True, True, True, True, False, True, True]),
    (["a", "b", "c"], [False, True, False]),
)


def _shared(patients, in_test) -> set:
    return ({patient for patient, test in zip(patients, in_test, strict=True) if test}
            & {patient for patient, test in zip(patients, in_test, strict=True) if not test})


def _repaired(patients, in_test, *, ties=False, always=None) -> list[bool]:
    """Rend le partage réparé ; ``ties`` : le côté des ex æquo, ``always`` : celui de tous les patients partagés."""
    shared, sides = _shared(patients, in_test), {}
    for patient in set(patients):
        own = [test for each, test in zip(patients, in_test, strict=True) if each == patient]
        double = 2 * sum(own)
        sides[patient] = double > len(own) or (double == len(own) and ties)
        if patient in shared and always is not None:
            sides[patient] = always
    return [sides[patient] for patient in patients]


def _leaked(patients, in_test) -> int:
    shared = _shared(patients, in_test)
    return sum(test and patient in shared for patient, test in zip(patients, in_test, strict=True))


def _answer(patients, in_test, leaked=_leaked, **options) -> tuple[int, list[bool]]:
    return leaked(patients, in_test), _repaired(patients, in_test, **options)


def _first(one, two) -> bool:
    return one[0] == two[0]


def _second(one, two) -> bool:
    return one[1] == two[1]


_COUNT_TRAPS = (
    Trap(lambda p, t: (len(_shared(p, t)), None),
         "Ce sont les patients des deux côtés qui sont comptés. Attendu : leurs images de test."),
    Trap(lambda p, t: (sum(patient in _shared(p, t) for patient in p), None),
         "Les images d'entraînement de ces patients sont comptées aussi. Attendu : celles de test seulement."),
    Trap(lambda p, t: (sum(t), None),
         "Toutes les images de test sont comptées, celles de patients nouveaux comprises."),
)
_SIDE_TRAPS = (
    Trap(lambda p, t: (None, list(t)), "Le partage rendu est celui qui a été reçu : la fuite y est encore."),
    Trap(lambda p, t: (None, _repaired(p, t, always=False)),
         "Tous les patients partagés vont à l'entraînement, même ceux qui ont plus d'images au test."),
    Trap(lambda p, t: (None, _repaired(p, t, always=True)),
         "Tous les patients partagés vont au test, même ceux qui ont plus d'images à l'entraînement."),
    Trap(lambda p, t: (None, _repaired(p, t, ties=True)),
         "À égalité, le patient va au test. L'énoncé l'envoie à l'entraînement."),
    Trap(lambda p, t: (None, [not side for side in _repaired(p, t)]),
         "Les deux côtés sont échangés : `True` désigne le test."),
)


def _check_leaks(answers: Answers) -> str:
    found = []
    for patients, in_test in _PROBES:
        pair = read_items(answers.call("repair", patients, in_test), "`repair` rend", 2)
        sides = read_items(pair[1], "Le partage rendu par `repair` contient", len(patients))
        found.append((read_integer(pair[0], "Le premier élément rendu par `repair` vaut"),
                      [read_truth(side, "Le partage rendu par `repair` contient") for side in sides]))
    expected = [_answer(*probe) for probe in _PROBES]
    if found == expected:
        return ("La fuite est comptée en images de test, et le partage réparé ne laisse aucun patient des deux côtés, "
                "sur quatre exemples.")
    if not all(map(_first, found, expected)):
        recognise(found, _PROBES, _COUNT_TRAPS, _first)
        rank = next(rank for rank in range(len(found)) if not _first(found[rank], expected[rank]))
        raise ToReviewError(f"Pour les patients {_PROBES[rank][0]}, `repair` compte {found[rank][0]} image(s).",
                            "Attendu : les images de test dont le patient a aussi une image d'entraînement.")
    recognise(found, _PROBES, _SIDE_TRAPS, _second)
    for (patients, _), (_, sides) in zip(_PROBES, found, strict=True):
        if _shared(patients, sides):
            raise ToReviewError("Dans le partage rendu, un patient a encore des images des deux côtés.",
                                "Attendu : un seul côté par patient.", section=PATIENTS)
    raise ToReviewError("Aucun patient n'est plus des deux côtés, mais l'un d'eux n'est pas du bon.",
                        "Attendu : le côté où il avait déjà le plus d'images.")


LEAKS_QUESTION = Question(
    "Compter et réparer une fuite", 3, _check_leaks, (
        "Deux ensembles suffisent pour la fuite : les patients qui ont une image au test, ceux qui en ont une à "
        "l'entraînement.",
        "Pour réparer, comptez les images de chaque patient de chaque côté ; une fois le côté choisi, toutes y vont.",
        "`train = {p for p, t in zip(patients, in_test) if not t}` ; une image de test fuit si son patient est dans "
        "`train`. Le patient va au test si son nombre d'images de test dépasse strictement l'autre."), LEAKS)


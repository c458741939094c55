"""Question 1 : suivre les tailles d'AlexNet depuis une entrée quelconque."""

from __future__ import annotations

from cours_cnn.checks.alexnet.sections import INPUT, POOLING
from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integers

_INPUTS = ((227, 0), (224, 0), (224, 2), (231, 0), (256, 1), (195, 0), (300, 3), (98, 2))
_NAMES = ("C1", "S2", "S4", "S8")


def _floor(n, k, s, p=0):
    return (n + 2 * p - k) // s + 1


def _ceiling(n, k, s, p=0):
    return -(-(n + 2 * p - k) // s) + 1


def _chain(side, padding, *, first=_floor, then=_floor, window=3, stride=2, count=3, pad=None):
    sizes = [first(side, 11, 4, padding if pad is None else pad)]
    for _ in range(count):
        sizes.append(then(sizes[-1], window, stride))
    return tuple(sizes)


def _answer(side, padding):
    sizes = _chain(side, padding)
    return (*sizes, 256 * sizes[-1]**2)


_SIZE_TRAPS = (
    Trap(lambda n, p: _chain(n, p, pad=0), "Le remplissage n'est pas pris en compte : avec lui, 224 pixels redonnent "
         "les tailles de 227."),
    Trap(lambda n, p: tuple(_floor(n, 11, 4, p) // 2**rank for rank in range(4)),
         "Chaque pooling est compté comme une division par deux, arrondie vers le bas : c'est ce que donnerait "
         "une fenêtre de 2. Avec une fenêtre de 3, la formule donne parfois une case de moins.", POOLING),
    Trap(lambda n, p: _chain(n, p, stride=3), "La fenêtre de pooling avance ici d'autant que son côté. AlexNet prend "
         "une fenêtre de 3 et un pas de 2 : les fenêtres se chevauchent.", POOLING),
    Trap(lambda n, p: _chain(n, p, first=_ceiling, then=_ceiling), "Les tailles sont arrondies vers le haut. Une "
         "fenêtre qui déborderait de l'image n'est pas calculée."),
    Trap(lambda n, p: _chain(n, p, first=lambda n, k, s, p: (n + 2 * p - k) // s), "C1 compte une position de moins "
         "qu'elle n'en a : la toute première, avant tout déplacement, compte aussi. C'est ce qui fait trouver 54 au "
         "lieu de 55."),
    Trap(lambda n, p: _chain(n, p, first=lambda n, k, s, p: -(-n // s)), "C1 est comptée comme une couche `same`. "
         "Elle n'ajoute que le remplissage que l'on vous donne."),
    Trap(lambda n, p: _chain(n, p, first=lambda n, k, s, p: _floor(n + p, k, s)), "Le remplissage n'est compté qu'une "
         "fois : il y a autant de zéros de chaque côté."),
)
_FLAT_TRAPS = (
    Trap(lambda n, p: _chain(n, p)[-1]**2, "Les quatre tailles sont justes. Le nombre de valeurs mises à plat ne "
         "compte qu'une carte ; S8 en rend 256."),
    Trap(lambda n, p: 256 * _chain(n, p)[-1], "Les quatre tailles sont justes. Le nombre de valeurs mises à plat ne "
         "compte qu'une ligne de chaque carte, qui est un carré."),
    Trap(lambda n, p: 384 * _chain(n, p)[-1]**2, "Les quatre tailles sont justes. Le nombre de valeurs mises à plat "
         "suppose 384 cartes : C7, la dernière convolution, redescend à 256."),
)


def _check_sizes(answers: Answers) -> str:
    answers.forbid("trace", dict.fromkeys(("output_size", "compute_output_shape", "alexnet"),
                                          "c'est ce calcul que la question demande d'écrire."))
    found = [tuple(read_integers(answers.call("trace", *probe), f"`trace{probe}` rend", 5)) for probe in _INPUTS]
    expected = [_answer(*probe) for probe in _INPUTS]
    if found == expected:
        return (f"Les {len(_INPUTS)} entrées essayées donnent les tailles de Keras. Un pixel de plus ou de moins ne "
                "déclenche aucune erreur : il change le réseau.")
    recognise([answer[:4] for answer in found], _INPUTS, _SIZE_TRAPS)
    if [answer[:4] for answer in found] == [answer[:4] for answer in expected]:
        recognise([answer[4] for answer in found], _INPUTS, _FLAT_TRAPS)
    probe, answer, rank = next((p, a, r) for p, a, e in zip(_INPUTS, found, expected, strict=True) for r in range(5)
                               if a[r] != e[r])
    where = f"le côté des cartes de {_NAMES[rank]}" if rank < 4 else "le nombre de valeurs mises à plat"
    raise ToReviewError(f"`trace{probe}` rend {described(answer)} : {where} n'est pas juste.",
                        "Suivez les couches une à une : la sortie de l'une est l'entrée de la suivante.")


SIZES_QUESTION = Question(
    "Suivre les tailles", 2, _check_sizes, (
        "Écrivez d'abord la règle d'une seule fenêtre, puis appliquez-la quatre fois. Les convolutions qui ne sont pas "
        "dans la liste gardent la taille.",
        "La règle est celle du chapitre sur la convolution : combien de cases la fenêtre peut-elle parcourir, puis "
        "combien de pas entiers cela fait, sans oublier la première position.",
        "C1 : fenêtre 11, pas 4, et le remplissage donné. S2, S4 et S8 : fenêtre 3, pas 2, sans remplissage. La mise à "
        "plat multiplie les deux côtés de S8 par son nombre de cartes, celui de C7."), INPUT)

"""Question 4 : compter une convolution, et la couche entièrement connectée qui la remplacerait."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import CHANNELS, COUNTING, DENSE, SAME
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integers

_LAYERS = ((5, 1, 1, 3, 1), (28, 1, 6, 5, 1), (32, 3, 16, 3, 2), (15, 8, 4, 1, 2), (14, 6, 16, 5, 3), (7, 2, 3, 2, 1))


def _conv(n, c, m, k, s):
    out = -(-n // s)
    return (k * k * c + 1) * m, k * k * c * m * out**2


def _dense(n, c, m, k, s):
    outputs = m * (-(-n // s))**2
    return (n * n * c + 1) * outputs


def _counts(*layer):
    return *_conv(*layer), _dense(*layer)


_CONV_TRAPS = (
    Trap(lambda n, c, m, k, s: _conv(n, 1, m, k, s),
         "Un noyau est compté comme un carré plat. Il traverse tous les canaux de son entrée : c'est un bloc.",
         CHANNELS),
    Trap(lambda n, c, m, k, s: ((k * k + 1) * m, _conv(n, c, m, k, s)[1]),
         "Un noyau est compté comme un carré plat parmi les paramètres. Il traverse tous les canaux de son entrée : "
         "c'est un bloc.", CHANNELS),
    Trap(lambda n, c, m, k, s: (k * k * c * m, _conv(n, c, m, k, s)[1]),
         "Les biais manquent parmi les paramètres : chaque carte en a un."),
    Trap(lambda n, c, m, k, s: (k * k * c * m + 1, _conv(n, c, m, k, s)[1]),
         "Un seul biais est compté pour toute la couche : chaque carte a le sien."),
    Trap(lambda n, c, m, k, s: ((k * k + 1) * c * m, _conv(n, c, m, k, s)[1]),
         "Un biais est compté par canal lu. Une carte additionne ses canaux, puis ajoute un seul biais.", CHANNELS),
    Trap(lambda n, c, m, k, s: ((k * c + 1) * m, k * c * m * (-(-n // s))**2),
         "Un noyau est compté pour `kernel` poids par canal : c'est un carré, non une ligne."),
    Trap(lambda n, c, m, k, s: ((k * k * c + 1) * m * (-(-n // s))**2, _conv(n, c, m, k, s)[1]),
         "Les paramètres croissent ici avec l'image. Le noyau est partagé par toutes les positions : le poser plus "
         "souvent n'ajoute aucun poids."),
)
_MAC_TRAPS = (
    Trap(lambda n, c, m, k, s: k * k * c * m * n * n,
         "Les paramètres sont justes. Les MAC sont comptées comme si le noyau passait par chaque pixel : avec un pas, "
         "il en saute. Une case de la sortie coûte un noyau.", SAME),
    Trap(lambda n, c, m, k, s: (k * k * c + 1) * m * (-(-n // s))**2,
         "Les paramètres sont justes. Dans la convention du chapitre, le biais ne compte pas parmi les MAC : c'est une "
         "addition sans produit."),
    Trap(lambda n, c, m, k, s: k * k * c * m * (-(-n // s)),
         "Les paramètres sont justes. Les MAC comptent les positions d'une seule ligne de la sortie, qui est un "
         "carré."),
    Trap(lambda n, c, m, k, s: k * k * m * (-(-n // s))**2,
         "Les paramètres sont justes. Les MAC oublient que chaque noyau lit tous les canaux.", CHANNELS),
    Trap(lambda n, c, m, k, s: k * k * c * m * ((n - k) // s + 1)**2 if n >= k else 0,
         "Les paramètres sont justes. Les MAC supposent une entrée sans remplissage ; la couche est `same`.", SAME),
)
_DENSE_TRAPS = (
    Trap(lambda n, c, m, k, s: n * n * c * m * (-(-n // s))**2,
         "Pour la couche entièrement connectée, les biais manquent : chaque unité a le sien.", DENSE),
    Trap(lambda n, c, m, k, s: (n * n + 1) * m * (-(-n // s))**2,
         "Pour la couche entièrement connectée, les canaux de l'entrée sont oubliés : une unité lit tous les nombres "
         "de l'image, canal par canal.", DENSE),
    Trap(lambda n, c, m, k, s: (n * n * c + 1) * m,
         "La couche entièrement connectée est comptée avec une unité par carte. Elle doit rendre autant de nombres que "
         "la convolution : une unité par case de chaque carte.", DENSE),
    Trap(lambda n, c, m, k, s: (n * n * c + 1) * m * n * n,
         "Le nombre d'unités de la couche entièrement connectée est celui d'un pas de 1 : elle doit rendre autant de "
         "nombres que la convolution.", DENSE),
    Trap(lambda n, c, m, k, s: (n * n * c + 1) * (-(-n // s))**2,
         "La couche entièrement connectée est comptée comme si elle ne rendait qu'une carte.", DENSE),
)


def _check_costs(answers: Answers) -> str:
    found = []
    for layer in _LAYERS:
        found.append(tuple(read_integers(answers.call("costs", *layer), f"`costs{layer}` rend", 3)))
    expected = [_counts(*layer) for layer in _LAYERS]
    if found == expected:
        return (f"Les {len(_LAYERS)} couches essayées sont bien comptées. Comparez le premier nombre et le dernier : "
                "c'est ce que le partage des poids et la localité économisent.")
    recognise([pair[:2] for pair in found], _LAYERS, _CONV_TRAPS)
    if [pair[0] for pair in found] == [pair[0] for pair in expected]:
        recognise([pair[1] for pair in found], _LAYERS, _MAC_TRAPS)
    if [pair[:2] for pair in found] == [pair[:2] for pair in expected]:
        recognise([pair[2] for pair in found], _LAYERS, _DENSE_TRAPS)
    names = ("le nombre de paramètres de la convolution", "le nombre de MAC",
             "le nombre de paramètres de la couche entièrement connectée")
    layer, answer, rank = next((p, a, r) for p, a, e in zip(_LAYERS, found, expected, strict=True) for r in range(3)
                               if a[r] != e[r])
    raise ToReviewError(f"`costs{layer}` rend {described(answer)} : {names[rank]} n'est pas le bon.",
                        "Comptez d'abord les poids d'un seul noyau, puis les noyaux, puis les positions.",
                        section=DENSE if rank == 2 else COUNTING)


COSTS_QUESTION = Question(
    "Compter une couche", 2, _check_costs, (
        "Trois questions, dans l'ordre : combien de poids dans un noyau ? combien de noyaux ? combien de positions ? "
        "Seules deux d'entre elles comptent pour les paramètres.",
        "Un noyau est un bloc `kernel` × `kernel` × `channels`. Une case de la sortie coûte autant de MAC qu'un noyau "
        "a de poids. La couche entièrement connectée a une unité par case de chaque carte, et chaque unité lit toute "
        "l'entrée.",
        "La sortie `same` mesure le côté divisé par le pas, arrondi vers le haut : `-(-side // stride)`. La couche "
        "entièrement connectée reçoit `side` × `side` × `channels` nombres et compte `maps` × côté de sortie au carré "
        "unités, chacune avec son biais."), COUNTING)

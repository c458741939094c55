"""Questions 2 et 4 : une pile de 3 × 3 contre un seul noyau ; la règle du doublement."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_choice, read_integer, read_items, read_number
from cours_cnn.checks.vgg.sections import COUNTING, DOUBLING, PAIRS, STACKS

CHOICES = ("pile", "noyau")
_CASES = ((64, 64, 56, 2), (64, 128, 28, 2), (3, 64, 20, 2), (10, 10, 9, 3), (20, 60, 14, 3), (8, 17, 7, 2),
          (16, 12, 10, 4), (5, 40, 6, 4),
          (4, 7, 8, 2), (9, 16, 8, 2))     # à une dizaine de paramètres près ; à MAC égales


def _stack(c, m, n, count):
    """Rend (champ, poids de la pile, poids du noyau seul)."""
    field = 2 * count + 1
    return field, 9 * c * m + (count - 1) * 9 * m * m, field**2 * c * m


def _compared(c, m, n, count):
    field, stack, single = _stack(c, m, n, count)
    return field, stack + count * m, single + m, count * m * n * n, "pile" if stack < single else "noyau"


_FIELD_TRAPS = (
    Trap(lambda c, m, n, k: 3 * k, "Les champs sont additionnés tels quels. Une convolution 3 × 3 n'élargit la vue que "
         "d'un pixel de chaque côté.", STACKS),
    Trap(lambda c, m, n, k: 3**k, "Les noyaux sont multipliés entre eux. Chaque convolution ajoute deux pixels au "
         "champ : 3, 5, 7…", STACKS),
)
_STACK_TRAPS = (
    Trap(lambda c, m, n, k: 9 * c * m * k + k * m, "Toutes les convolutions de la pile sont comptées avec les canaux "
         "d'entrée. Dès la deuxième, elles lisent les cartes de la précédente.", PAIRS),
    Trap(lambda c, m, n, k: 9 * c * c * (k - 1) + k * m + 9 * c * m, "La pile est comptée comme si elle ne changeait "
         "le nombre de cartes qu'à sa dernière convolution. L'énoncé le change dès la première.", PAIRS),
    Trap(lambda c, m, n, k: _stack(c, m, n, k)[1], "Les biais de la pile manquent : une convolution en a un par carte.",
         COUNTING),
    Trap(lambda c, m, n, k: _stack(c, m, n, k)[1] + m, "Un seul jeu de biais est compté pour toute la pile : chaque "
         "convolution a les siens.", COUNTING),
    Trap(lambda c, m, n, k: 9 * k * m * m + k * m, "Toutes les convolutions de la pile sont comptées comme si elles "
         "lisaient `maps` cartes. La première lit l'entrée."),
)
_SINGLE_TRAPS = (
    Trap(lambda c, m, n, k: 25 * c * m + m, "Le noyau seul est toujours compté comme un 5 × 5. Son côté est celui du "
         "champ de la pile.", STACKS),
    Trap(lambda c, m, n, k: (2 * k + 1)**2 * c * m, "Les biais du noyau seul manquent.", COUNTING),
    Trap(lambda c, m, n, k: (2 * k + 1)**2 * m * m + m, "Le noyau seul est compté comme s'il lisait `maps` cartes : il "
         "lit l'entrée."),
)
_ACTIVATION_TRAPS = (
    Trap(lambda c, m, n, k: m * n * n, "Seule la dernière convolution de la pile est comptée. Les cartes "
         "intermédiaires sont gardées elles aussi : c'est le prix de la pile.", STACKS),
    Trap(lambda c, m, n, k: k * m, "Les activations sont comptées comme si chaque carte n'avait qu'une case."),
    Trap(lambda c, m, n, k: k * m * n * n + c * n * n, "L'entrée est comptée parmi les activations. L'énoncé ne compte "
         "que ce que la pile produit."),
)
_CHOICE_TRAPS = (
    Trap(lambda c, m, n, k: "pile", "La pile est toujours déclarée plus légère. C'est vrai si le nombre de cartes ne "
         "change pas ; s'il augmente assez, c'est faux.", PAIRS),
    Trap(lambda c, m, n, k: "pile" if _compared(c, m, n, k)[4] == "noyau" else "noyau", "Les deux réponses sont "
         "échangées."),
    Trap(lambda c, m, n, k: "pile" if _compared(c, m, n, k)[1] < _compared(c, m, n, k)[2] else "noyau", "Le choix "
         "compare les paramètres, biais compris. L'énoncé compare les MAC, où les biais ne comptent pas.", PAIRS),
    Trap(lambda c, m, n, k: "pile" if _stack(c, m, n, k)[1] <= _stack(c, m, n, k)[2] else "noyau", "À égalité, la pile "
         "est choisie. L'énoncé demande qu'elle fasse strictement moins de MAC."),
)
_STACK_PARTS = (
    ("le champ récepteur", _FIELD_TRAPS, STACKS), ("le nombre de paramètres de la pile", _STACK_TRAPS, PAIRS),
    ("le nombre de paramètres du noyau seul", _SINGLE_TRAPS, PAIRS),
    ("le nombre d'activations de la pile", _ACTIVATION_TRAPS, STACKS),
    ("le choix", _CHOICE_TRAPS, PAIRS),
)


def _check_stacks(answers: Answers) -> str:
    found = []
    for case in _CASES:
        what = f"`stack_or_single{case}` rend"
        items = read_items(answers.call("stack_or_single", *case), what, 5)
        found.append((*(read_integer(item, what, f" en position {rank}") for rank, item in enumerate(items[:4], 1)),
                      read_choice(items[4], f"{what}, en dernière position,", CHOICES)))
    expected = [_compared(*case) for case in _CASES]
    for rank, (name, traps, section) in enumerate(_STACK_PARTS):
        mine, good = ([one[rank] for one in several] for several in (found, expected))
        if mine == good:
            continue
        recognise(mine, _CASES, traps)
        case, value = next((c, a) for c, a, e in zip(_CASES, mine, good, strict=True) if a != e)
        raise ToReviewError(f"`stack_or_single{case}` : {name} n'est pas juste, {described(value)}.",
                            "Écrivez la suite des nombres de cartes, de l'entrée à la sortie, puis comptez chaque "
                            "convolution.", section=section)
    return (f"Les {len(_CASES)} cas essayés sont justes. La pile gagne à nombre de cartes égal ; elle perd dès que ce "
            "nombre augmente assez, et elle garde toujours plus d'activations.")


STACKS_QUESTION = Question(
    "Une pile ou un seul noyau", 4, _check_stacks, (
        "Dessinez la pile : combien de canaux chaque convolution lit-elle, combien de cartes rend-elle ? La première "
        "n'est pas comme les suivantes.",
        "Le champ de n convolutions 3 × 3 est 2n + 1 : c'est aussi le côté du noyau seul. Chaque convolution de la "
        "pile rend `maps` cartes, a `maps` biais et produit `maps` × `side` × `side` activations.",
        "Poids de la pile : `9 * channels * maps` pour la première, `9 * maps * maps` pour chacune des suivantes. "
        "Poids du noyau seul : `field**2 * channels * maps`. À positions égales, comparer les MAC revient à comparer "
        "les poids, sans les biais."), STACKS)

_RATIOS = ((2, 2), (4, 2), (1, 2), (3, 3), (2, 4), (1.5, 2), (8, 2))


def _ratios(times, shrink):
    return times**2, times**2 / shrink**2, times / shrink**2


_RATIO_TRAPS = (
    Trap(lambda t, s: (t**2 / s**2, t**2 / s**2, t / s**2), "Les poids diminuent ici avec la taille des cartes. Un "
         "noyau est partagé par toutes les positions : le pooling n'enlève aucun paramètre."),
    Trap(lambda t, s: (t, t / s**2, t / s**2), "Les poids ne sont multipliés que par le nombre de cartes rendues. La "
         "couche lit aussi plus de cartes : l'entrée et la sortie changent toutes les deux."),
    Trap(lambda t, s: (t**2, t**2, t / s**2), "Les MAC augmentent ici autant que les poids. Le noyau se pose pourtant "
         "sur moins de positions."),
    Trap(lambda t, s: (t**2, t**2 / s, t / s), "La taille ne diminue ici que selon une dimension. Un pooling divise la "
         "hauteur et la largeur."),
    Trap(lambda t, s: (t**2, t**2 / s**2, t), "Les activations ne tiennent pas compte de la taille des cartes, plus "
         "petites après le pooling."),
    Trap(lambda t, s: (t**2, t**2 / s**2, t**2 / s**2), "Les activations sont multipliées par le carré du nombre de "
         "cartes. Une couche n'en produit que sa sortie : le nombre de cartes n'y entre qu'une fois."),
    Trap(lambda t, s: (4, 1, 0.5), "Ce sont les rapports de VGG, quels que soient les arguments."),
)


def _check_doubling(answers: Answers) -> str:
    found = []
    for case in _RATIOS:
        items = read_items(answers.call("ratios", *case), f"`ratios{case}` rend", 3)
        found.append(tuple(read_number(item, f"`ratios{case}` rend", f" en position {rank}")
                           for rank, item in enumerate(items, 1)))
    expected = [_ratios(*case) for case in _RATIOS]

    def near(first, second):
        return all(abs(a - b) < 1e-6 for a, b in zip(first, second, strict=True))

    if all(map(near, found, expected)):
        return ("Les trois rapports sont justes, pour toutes les progressions essayées : doubler après un pooling de 2 "
                "quadruple les poids, ne change pas le calcul et divise les activations par deux.")
    recognise(found, _RATIOS, _RATIO_TRAPS, near)
    case, answer, rank = next((c, a, r) for c, a, e in zip(_RATIOS, found, expected, strict=True) for r in range(3)
                              if abs(a[r] - e[r]) > 1e-6)
    names = ("le rapport des poids", "le rapport des MAC", "le rapport des activations")
    raise ToReviewError(f"`ratios{case}` rend {described(answer)} : {names[rank]} n'est pas juste.",
                        "Comptez les deux couches sur un exemple, puis divisez.")


DOUBLING_QUESTION = Question(
    "La règle du doublement", 2, _check_doubling, (
        "Écrivez les trois comptes d'une convolution de C cartes vers C cartes de côté n, puis ceux de la couche "
        "agrandie, et divisez.",
        "Poids : `9 * C**2`. MAC : `9 * C**2 * n**2`. Activations : `C * n**2`. Remplacez C "
        "par `times` × C et n par n / `shrink`.",
        "Le carré de `times` apparaît là où les cartes lues et les cartes rendues comptent toutes deux ; le carré de "
        "`shrink` divise ce qui se compte par position."), DOUBLING)

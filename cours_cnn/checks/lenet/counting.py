"""Questions 1 et 2 : prédire les tailles, compter les paramètres d'une C3 partielle."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.lenet.sections import COUNTING, PARTIAL, SIZES
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integers, read_items
from cours_cnn.french import integer

_STACKS = (
    (32, [(5, 1, "valid")]),
    (28, [(5, 1, "same"), (2, 2, "valid")]),
    (32, [(5, 1, "valid"), (2, 2, "valid"), (5, 1, "valid"), (2, 2, "valid"), (5, 1, "valid")]),
    (15, [(3, 2, "same"), (3, 3, "same")]),
    (227, [(11, 4, "valid"), (3, 2, "valid"), (5, 1, "same"), (3, 2, "valid")]),
    (30, [(7, 3, "valid"), (3, 2, "same"), (2, 2, "valid")]),
    (21, [(4, 1, "same"), (2, 2, "same"), (4, 2, "valid")]),
)


def _chain(size, layers, rule):
    sizes = []
    for layer in layers:
        size = rule(size, *layer)
        sizes.append(size)
    return sizes


def _output_size(n, k, s, p):
    from cours_cnn import anatomy

    return anatomy.output_size(n, k, s, p)


def _valid(n, k, s):
    return (n - k) // s + 1


_SIZE_TRAPS = (
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: (n - k) // s if p == "valid" else -(-n // s)),
         "Chaque couche `valid` compte une position de moins qu'elle n'en a : le premier emplacement de la fenêtre, "
         "avant tout déplacement, compte aussi."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: (n - k) // s if p == "valid" else n // s),
         "Deux règles sont à revoir : avec `valid`, le premier emplacement de la fenêtre compte aussi ; avec `same`, "
         "un pas entamé au bord donne encore une position."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: _valid(n, k, s) if p == "valid" else n),
         "`same` ne garde la taille que si le pas vaut 1. Avec un pas de 2, la fenêtre saute une position sur "
         "deux, quel que soit le remplissage."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: -(-(n - k) // s) + 1 if p == "valid" else -(-n // s)),
         "Avec `valid`, l'arrondi se fait dans le mauvais sens : une fenêtre qui déborderait de l'image n'est pas "
         "comptée, les derniers pixels sont ignorés."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: _valid(n, k, s) if p == "valid" else n // s),
         "Avec `same`, l'arrondi se fait dans le mauvais sens : Keras ajoute assez de zéros pour qu'un pas entamé au "
         "bord donne encore une position."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: _valid(n, k, s)),
         "Le remplissage n'est pas pris en compte : `same` et `valid` donnent ici la même taille."),
    Trap(lambda n, stack: _chain(n, stack, lambda n, k, s, p: (n + (p == "same") * 2 * (k // 2) - k) // s + 1),
         "Le raisonnement tient pour un noyau impair, mais pas pour un noyau pair : `same` n'ajoute pas toujours le "
         "même nombre de zéros des deux côtés. La règle de Keras ne fait pas intervenir le noyau."),
    Trap(lambda n, stack: [_output_size(n, *layer) for layer in stack],
         "Chaque taille est calculée à partir de l'image de départ. Or une couche lit la sortie de la précédente."),
)


def _check_sizes(answers: Answers) -> str:
    answers.forbid("feature_sizes", {"output_size": "c'est ce calcul que la question demande d'écrire."})
    found = []
    for size, layers in _STACKS:
        what = f"`feature_sizes({size}, {layers})` rend"
        items = read_items(answers.call("feature_sizes", size, layers), what)
        if len(items) == len(layers) + 1:
            raise ToReviewError(f"{what} {len(items)} tailles pour {len(layers)} couche{'s' * (len(layers) > 1)} : "
                                f"{described(items)}.",
                                "Attendu : une taille par couche. La taille de l'image n'en fait pas partie.")
        found.append(read_integers(items, what, len(layers)))
    expected = [_chain(size, layers, _output_size) for size, layers in _STACKS]
    if found == expected:
        return (f"Les {len(_STACKS)} piles essayées donnent les tailles de Keras, pas de 2, noyau pair et images de "
                "côté impair compris.")
    recognise(found, _STACKS, _SIZE_TRAPS)
    (size, layers), answer = next((probe, a) for probe, a, e in zip(_STACKS, found, expected, strict=True) if a != e)
    raise ToReviewError(f"Pour une image de côté {size} et les couches `{layers}`, la fonction rend "
                        f"{described(answer)}.",
                        "Keras obtient autre chose. Dessinez la rangée de pixels et comptez les emplacements possibles "
                        "de la fenêtre dans la première couche qui vous semble douteuse.")


SIZES_QUESTION = Question(
    "Prédire les tailles", 2, _check_sizes, (
        "Une couche à la fois : la sortie de l'une est l'entrée de la suivante. Écrivez d'abord la règle d'une seule "
        "couche, puis la boucle.",
        "Avec `valid`, la fenêtre doit tenir tout entière dans l'image. Où commence-t-elle au plus tôt ? Où "
        "commence-t-elle au plus tard ? Combien d'emplacements sont visités si l'on avance de `stride` en `stride` ?",
        "Avec `valid`, la fenêtre dispose de n − k pixels pour avancer : comptez les pas entiers qu'ils permettent, "
        "sans oublier l'emplacement de départ. Avec `same`, le noyau ne compte pas : n est partagé en pas, et un pas "
        "entamé compte pour un. Avec des entiers positifs, `-(-a // b)` arrondit le quotient vers le haut."), SIZES)


_FULL = [(0, 1, 2, 3, 4, 5)] * 16
_TABLES = (
    ([(0,)], 5, 1),
    ([(0,)] * 6, 5, 28),
    ([(0, 1, 2), (1, 2)], 3, 4),
    ([(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5), (0, 1, 2, 3, 4, 5)], 5, 10),
    (_FULL, 5, 10),
    ([(4,), (0, 4), (1, 2, 3, 4)], 7, 2),
)


def _weights(table, kernel):
    return sum(len(row) for row in table) * kernel**2


def _table_counts(table, kernel, out):
    parameters = _weights(table, kernel) + len(table)
    return parameters, parameters * out**2


def _table_channels(table):
    return 1 + max(max(row) for row in table)


_COUNT_TRAPS = (
    Trap(lambda t, k, o: (_weights(t, k), _weights(t, k) * o**2),
         "Les biais manquent, dans les deux décomptes : chaque carte de sortie en a un.", COUNTING),
    Trap(lambda t, k, o: (_weights(t, k) + len(t), _weights(t, k) * o**2),
         "Les paramètres sont justes. Les connexions comptent aussi le biais, ajouté à chaque position."),
    Trap(lambda t, k, o: (_weights(t, k) + len(t), _weights(t, k) * o**2 + len(t)),
         "Les paramètres sont justes. Parmi les connexions, le biais n'est compté qu'une fois par carte : il sert "
         "pourtant à chaque position."),
    Trap(lambda t, k, o: ((n := _weights(t, k) + sum(map(len, t))), n * o**2),
         "Un biais est compté par noyau lu. Une carte de sortie additionne ce que donnent ses noyaux, puis ajoute un "
         "seul biais.", COUNTING),
    Trap(lambda t, k, o: ((n := len(t) * (k**2 * _table_channels(t) + 1)), n * o**2),
         "La table n'est pas employée : chaque carte de sortie est comptée comme si elle lisait toutes les cartes."),
    Trap(lambda t, k, o: ((n := len(t) * (k**2 + 1)), n * o**2),
         "Chaque carte de sortie est comptée avec un seul noyau plat. Elle en a un par carte qu'elle lit : c'est "
         "l'oubli qui fausse le plus de décomptes.", COUNTING),
    Trap(lambda t, k, o: ((n := _weights(t, 1) * k + len(t)), n * o**2),
         "Un noyau est compté pour `kernel` poids : c'est un carré, pas une ligne."),
    Trap(lambda t, k, o: (_table_counts(t, k, o)[1],) * 2,
         "Les paramètres dépendent ici de la taille de la carte de sortie. Un noyau est partagé : il n'est pas recopié "
         "pour chaque position.", COUNTING),
    Trap(lambda t, k, o: _table_counts(t, k, o)[::-1],
         "Les deux nombres y sont, dans l'ordre inverse : les paramètres d'abord, les connexions ensuite."),
    Trap(lambda t, k, o: ((n := _table_counts(t, k, o)[0]), n * o),
         "Les paramètres sont justes. Les connexions comptent les positions d'une seule ligne de la carte de sortie, "
         "qui est un carré."),
)


def _check_counts(answers: Answers) -> str:
    found = []
    for table, kernel, out in _TABLES:
        what = f"`table_counts({table if len(table) < 4 else '…'}, {kernel}, {out})` rend"
        found.append(tuple(read_integers(answers.call("table_counts", table, kernel, out), what, 2)))
    expected = [_table_counts(*probe) for probe in _TABLES]
    if found == expected:
        return (f"Les {len(_TABLES)} tables essayées sont bien comptées, table complète comprise : une convolution "
                "ordinaire n'est que le cas où chaque carte lit toutes les autres.")
    recognise(found, _TABLES, _COUNT_TRAPS)
    (table, kernel, out), answer, exact = next(
        triple for triple in zip(_TABLES, found, expected, strict=True) if triple[1] != triple[2])
    rank = 0 if answer[0] != exact[0] else 1
    wrong = ("le nombre de paramètres", "le nombre de connexions")[rank]
    raise ToReviewError(f"Pour la table {described(table)}, un noyau de côté {kernel} et une carte de côté {out}, "
                        f"{wrong} n'est pas le bon : {integer(answer[rank])}.",
                        "Comptez d'abord les noyaux, un par case pleine de la table ; puis les poids d'un noyau ; puis "
                        "les biais.")


COUNTS_QUESTION = Question(
    "Compter C3 d'après sa table", 2, _check_counts, (
        "Combien de noyaux carrés y a-t-il en tout ? La table le dit, case par case.",
        "Chaque carte de sortie a un noyau de `kernel` × `kernel` poids par carte qu'elle lit, et un seul biais. Les "
        "connexions comptent chacun de ces nombres autant de fois qu'il sert.",
        "`sum(len(row) for row in table)` donne le nombre de noyaux. Tout paramètre, poids ou biais, sert une fois à "
        "chaque position de la carte de sortie, qui en compte `out` × `out`."), PARTIAL)

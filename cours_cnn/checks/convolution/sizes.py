"""Question 2 : taille de sortie et cases perdues, remplissage que choisit « same »."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.convolution.sections import DILATION, SAME, SIZES
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integers

_EXPLICIT = ((28, 5, 1, 0, 1), (227, 11, 4, 0, 1), (224, 11, 4, 0, 1), (224, 7, 2, 3, 1), (10, 3, 3, 1, 2),
             (17, 4, 2, 1, 3), (9, 3, 5, 0, 4), (6, 3, 2, 1, 1))
_SAME = ((6, 3, 2, 1), (7, 3, 2, 1), (32, 5, 1, 1), (28, 4, 1, 1), (15, 3, 1, 4), (10, 1, 2, 1), (11, 2, 3, 1),
         (224, 7, 2, 1), (13, 3, 2, 3))


def _span(k, d):
    return d * (k - 1) + 1


def _explicit(n, k, s, p, d):
    free = n + 2 * p - _span(k, d)
    return free // s + 1, free % s


def _total(n, k, s, d):
    return (-(-n // s) - 1) * s + _span(k, d) - n


def _same(n, k, s, d):
    total = max(_total(n, k, s, d), 0)
    return -(-n // s), total // 2, total - total // 2


_EXPLICIT_TRAPS = (
    Trap(lambda n, k, s, p, d: _explicit(n, k, s, p, 1),
         "La dilatation n'est pas prise en compte. Un noyau dilaté s'étend sur plus de cases qu'il n'a de poids.",
         DILATION),
    Trap(lambda n, k, s, p, d: ((n + 2 * p - d * k) // s + 1, (n + 2 * p - d * k) % s),
         "L'étendue d'un noyau dilaté est comptée trop grande : entre `k` poids, il n'y a que `k` − 1 écarts.",
         DILATION),
    Trap(lambda n, k, s, p, d: (_explicit(n, k, s, p, d)[0] - 1, _explicit(n, k, s, p, d)[1]),
         "La taille compte les déplacements du noyau, non ses positions : la première position compte aussi."),
    Trap(lambda n, k, s, p, d: ((n + p - _span(k, d)) // s + 1, (n + p - _span(k, d)) % s),
         "Le remplissage n'est compté qu'une fois. Il y a `p` rangées de zéros de chaque côté."),
    Trap(lambda n, k, s, p, d: _explicit(n, k, s, 0, d), "Le remplissage n'est pas pris en compte."),
    Trap(lambda n, k, s, p, d: (-(-(n + 2 * p - _span(k, d)) // s) + 1, _explicit(n, k, s, p, d)[1]),
         "La taille est arrondie vers le haut. Une dernière fenêtre qui déborderait n'est pas calculée : c'est même "
         "pour cela que des cases sont perdues."),
)
_LOST_TRAPS = (
    Trap(lambda n, k, s, p, d: n + 2 * p - _explicit(n, k, s, p, d)[0] * s,
         "La taille est juste. Parmi les cases perdues, la dernière fenêtre est comptée comme si elle ne couvrait que "
         "`s` cases : elle en couvre autant que l'étendue du noyau."),
    Trap(lambda n, k, s, p, d: (n + 2 * p) % s,
         "La taille est juste. Les cases perdues ne sont pas le reste de la division de l'entrée par le pas : il faut "
         "d'abord retirer l'étendue du noyau, qui occupe la première position."),
    Trap(lambda n, k, s, p, d: n - (_explicit(n, k, s, p, d)[0] - 1) * s - _span(k, d),
         "La taille est juste. Les cases perdues se comptent dans l'entrée bordée : les zéros de droite en font "
         "partie."),
    Trap(lambda n, k, s, p, d: 0,
         "La taille est juste, mais `lost` est toujours nul. Quand le pas ne tombe pas juste, aucune fenêtre "
         "n'atteint les dernières cases."),
)
_SAME_TRAPS = (
    Trap(lambda n, k, s, d: n, "`same` ne garde la taille que si le pas vaut 1. Avec un pas de 2, le noyau ne visite "
         "qu'une position sur deux, quel que soit le remplissage."),
    Trap(lambda n, k, s, d: n // s, "La taille est arrondie vers le bas. `same` ajoute assez de zéros pour qu'un pas "
         "entamé donne encore une position."),
    Trap(lambda n, k, s, d: _explicit(n, k, s, 0, d)[0],
         "La taille est celle que donnerait une entrée sans remplissage."),
    Trap(lambda n, k, s, d: _explicit(n, k, s, k // 2, d)[0],
         "La taille est calculée avec `k // 2` zéros de chaque côté. `same` suit une règle plus simple, où le noyau "
         "n'intervient pas."),
)
_MARGIN_TRAPS = (
    Trap(lambda n, k, s, d: _same(n, k, s, d)[:0:-1],
         "Les deux remplissages sont échangés : quand il en faut un nombre impair, Keras met le zéro de plus à la "
         "fin."),
    Trap(lambda n, k, s, d: (-(-max(_total(n, k, s, d), 0) // 2),) * 2,
         "Le remplissage est toujours le même des deux côtés. Quand le total est impair, Keras ne peut pas le partager "
         "en deux : il met un zéro de plus à la fin."),
    Trap(lambda n, k, s, d: (max(_total(n, k, s, d), 0) // 2,) * 2,
         "Le remplissage est toujours le même des deux côtés : il manque un zéro quand le total est impair."),
    Trap(lambda n, k, s, d: ((_span(k, d) - 1) // 2, _span(k, d) // 2),
         "Le remplissage est celui d'un pas de 1. Avec un pas plus grand, la dernière fenêtre ne commence pas au "
         "dernier pixel : il faut moins de zéros."),
    Trap(lambda n, k, s, d: (_total(n, k, s, d) // 2, _total(n, k, s, d) - _total(n, k, s, d) // 2),
         "Un remplissage négatif est rendu quand le pas dépasse l'étendue du noyau. On n'ajoute jamais moins de zéro "
         "case."),
    Trap(lambda n, k, s, d: _same(n, k, s, 1)[1:],
         "La dilatation n'est pas prise en compte dans le remplissage : un noyau dilaté s'étend sur plus de cases.",
         DILATION),
)


def _check_sizes(answers: Answers) -> str:
    for name in ("explicit", "same"):
        answers.forbid(name, {"output_size": "c'est ce calcul que la question demande d'écrire.",
                              "compute_output_shape": "c'est ce calcul que la question demande d'écrire."})
    found = [tuple(read_integers(answers.call("explicit", *p), f"`explicit{p}` rend", 2)) for p in _EXPLICIT]
    expected = [_explicit(*probe) for probe in _EXPLICIT]
    if found != expected:
        recognise(found, _EXPLICIT, _EXPLICIT_TRAPS)
        if [size for size, _ in found] == [size for size, _ in expected]:
            recognise([lost for _, lost in found], _EXPLICIT, _LOST_TRAPS)
        _first_gap("explicit", found, expected, _EXPLICIT, ("la taille", "le nombre de cases perdues"))
    found = [tuple(read_integers(answers.call("same", *p), f"`explicit` est juste. `same{p}` rend", 3))
             for p in _SAME]
    expected = [_same(*probe) for probe in _SAME]
    if found != expected:
        if [size for size, *_ in found] != [size for size, *_ in expected]:
            recognise([size for size, *_ in found], _SAME, _SAME_TRAPS)
        else:
            recognise([tuple(margins) for _, *margins in found], _SAME, _MARGIN_TRAPS)
        _first_gap("same", found, expected, _SAME, ("la taille", "le remplissage avant", "le remplissage après"))
    return (f"Les {len(_EXPLICIT) + len(_SAME)} réglages essayés sont exacts, dilatation et pas qui ne tombe pas "
            "juste compris : vous savez ce que `same` ajoute, et de quel côté.")


def _first_gap(name, found, expected, probes, what) -> None:
    probe, answer, rank = next((p, a, r) for p, a, e in zip(probes, found, expected, strict=True)
                               for r in range(len(e)) if a[r] != e[r])
    advice = ("Dessinez une ligne de cases, posez le noyau, faites-le avancer et comptez." if name == "explicit" else
              "Écrivez la position de la première et de la dernière fenêtre : combien de cases doivent-elles couvrir "
              "en tout, et combien l'entrée en a-t-elle ?")
    before = "`explicit` est juste. " if name == "same" else ""
    raise ToReviewError(f"{before}`{name}{probe}` rend {described(answer)} : {what[rank]} n'est pas juste.", advice,
                        section=SAME if name == "same" else SIZES)


SIZES_QUESTION = Question(
    "Prédire la géométrie", 3, _check_sizes, (
        "Pour `explicit`, commencez par l'étendue du noyau, puis comptez de combien de cases il peut glisser dans "
        "l'entrée bordée. Pour `same`, la taille d'abord : elle ne dépend ni du noyau ni de la dilatation.",
        "Les glissements d'une case sont n + 2p − k' ; on n'en fait qu'un sur s, et ceux qui restent à la fin sont les "
        "cases perdues. Pour `same`, cherchez combien de cases couvrent toutes les fenêtres, de la première à la "
        "dernière.",
        "Avec des entiers, `//` donne le quotient et `%` le reste : les deux servent dans `explicit`. Pour `same`, la "
        "dernière fenêtre commence à la case (taille − 1) × s et s'étend sur k' cases ; ce qui dépasse de n est le "
        "remplissage total, jamais négatif, dont la moitié arrondie vers le bas est placée avant."), SIZES)

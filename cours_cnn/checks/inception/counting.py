"""Questions 2 et 3 : le prix d'un module, branche par branche ; la largeur où un goulot ne rapporte plus."""

from __future__ import annotations

import functools
import math

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.inception.references import inception_module
from cours_cnn.checks.inception.sections import BOTTLENECK, MODULE, NAIVE, WIDTH
from cours_cnn.checks.reading import ToReviewError, read_integer, read_integers
from cours_cnn.french import integer

_NAMES = ("1 × 1", "3 × 3", "5 × 5", "pooling")
_MODULES = tuple((side, channels, widths, naive) for side, channels, widths in (
    (28, 192, (64, 96, 128, 16, 32, 32)), (14, 480, (192, 96, 208, 16, 48, 64)), (7, 40, (8, 12, 16, 4, 6, 10)),
    (9, 6, (5, 3, 7, 2, 4, 11))) for naive in (False, True))


def _macs(n, c, widths, naive, *, reduced=True, projected=True, nine=9, twenty_five=25, area=lambda n: n * n,
          chained=True, projection_after=True, biases=0, always=None):
    """Rend les MAC des quatre branches ; les options décrivent des décomptes fautifs."""
    one, r3, three, r5, five, projection = widths
    naive = naive if always is None else always
    if naive:
        found = (c * one, nine * c * three, twenty_five * c * five, 0)
    else:
        inner3, inner5 = (r3, r5) if chained else (c, c)
        found = (c * one, reduced * c * r3 + nine * inner3 * three, reduced * c * r5 + twenty_five * inner5 * five,
                 projected * (c if projection_after else c * 9) * projection)
    counted = (one, three + (not naive) * r3, five + (not naive) * r5, (not naive) * projection)
    return tuple((macs + biases * maps) * area(n) for macs, maps in zip(found, counted, strict=True))


@functools.cache
def _expected():
    from cours_cnn import anatomy

    found = []
    for side, channels, widths, naive in _MODULES:
        if naive:
            found.append(_naive_macs(side, channels, widths))
            continue
        rows = [row for row in anatomy.rows(inception_module((side, side, channels), widths)) if row.macs]
        by_maps = {}
        for row in rows:
            by_maps.setdefault((row.kernel, row.maps), []).append(row.macs)
        one, r3, three, r5, five, projection = widths
        found.append((by_maps[(1, 1), one][0], by_maps[(1, 1), r3].pop() + by_maps[(3, 3), three].pop(),
                      by_maps[(1, 1), r5].pop() + by_maps[(5, 5), five].pop(), by_maps[(1, 1), projection][0]))
    return found


def _naive_macs(side, channels, widths):
    import keras
    from keras import layers

    from cours_cnn.anatomy import mac_count

    found = []
    for maps, size in ((widths[0], 1), (widths[2], 3), (widths[4], 5)):
        image = keras.Input((side, side, channels))
        found.append(mac_count(keras.Model(image, layers.Conv2D(maps, size, padding="same")(image))))
    return (*found, 0)


_MODULE_TRAPS = (
    Trap(lambda *p: _macs(*p, reduced=False),
         "Les réductions 1 × 1 placées devant la 3 × 3 et la 5 × 5 ne sont pas comptées. Le goulot a lui aussi un "
         "prix.", BOTTLENECK),
    Trap(lambda *p: _macs(*p, projected=False),
         "La projection n'est pas comptée. Le pooling ne multiplie rien, mais la 1 × 1 qui le suit, si.", MODULE),
    Trap(lambda *p: _macs(*p, reduced=False, projected=False),
         "Ni les réductions ni la projection ne sont comptées : ce sont pourtant des convolutions.", MODULE),
    Trap(lambda *p: _macs(*p, chained=False),
         "La 3 × 3 et la 5 × 5 sont comptées comme si elles lisaient toute l'entrée. Avec un goulot, elles ne lisent "
         "que ses cartes.", BOTTLENECK),
    Trap(lambda *p: _macs(*p, always=False),
         "Le module naïf est compté avec des goulots et une projection. Il applique ses convolutions directement à "
         "l'entrée.", NAIVE),
    Trap(lambda *p: _macs(*p, always=True),
         "Les goulots n'apparaissent nulle part : le module complet est compté comme le module naïf.", MODULE),
    Trap(lambda *p: _macs(*p, nine=3, twenty_five=5),
         "Un noyau k × k est compté pour k poids par paire de cartes : c'est un carré, pas une ligne."),
    Trap(lambda *p: _macs(*p, area=lambda n: n),
         "Les positions d'une seule ligne sont comptées : une carte est un carré."),
    Trap(lambda *p: _macs(*p, area=lambda n: 1),
         "Ce sont les poids qui sont comptés, chacun une fois. Un poids sert à chaque position de la sortie."),
    Trap(lambda *p: _macs(*p, biases=1),
         "Les biais sont comptés. Un biais s'ajoute : il ne multiplie rien."),
    Trap(lambda *p: _macs(*p, projection_after=False),
         "La projection est comptée comme une 3 × 3. La fenêtre 3 × 3 est celle du pooling, qui ne multiplie rien."),
)


def _check_module(answers: Answers) -> str:
    found = []
    for probe in _MODULES:
        what = f"`module_macs{probe}` rend"
        found.append(tuple(read_integers(answers.call("module_macs", *probe), what, 4)))
    expected = _expected()
    if found == expected:
        return (f"Les {len(_MODULES)} modules essayés, naïfs ou complets, coûtent ce qu'en compte `cours_cnn.anatomy`, "
                "branche par branche.")
    recognise(found, _MODULES, _MODULE_TRAPS)
    probe, answer, exact = next(t for t in zip(_MODULES, found, expected, strict=True) if t[1] != t[2])
    rank = next(i for i in range(4) if answer[i] != exact[i])
    kind = "naïf" if probe[3] else "complet"
    raise ToReviewError(f"Pour le module {kind} de largeurs `{probe[2]}`, à {probe[1]} cartes de côté {probe[0]}, la "
                        f"branche {_NAMES[rank]} est comptée pour {integer(answer[rank])} MAC, ce qui n'est pas son "
                        "prix.", "Écrivez pour chaque convolution de cette branche : noyau, cartes lues, cartes "
                        "écrites.")


MODULE_QUESTION = Question(
    "Le prix de chaque branche", 3, _check_module, (
        "Chaque branche est une suite de convolutions ; le pooling ne multiplie rien. Combien de convolutions dans "
        "chacune des quatre, avec puis sans goulot ?",
        "Une convolution compte k × k × cartes lues × cartes écrites multiplications par position, et il y a `side` × "
        "`side` positions. Derrière un goulot, les cartes lues sont celles du goulot.",
        "Complet, par position : `c * one` ; `c * r3 + 9 * r3 * three` ; `c * r5 + 25 * r5 * five` ; `c * projection`. "
        "Naïf : les réductions disparaissent, la 3 × 3 et la 5 × 5 lisent `c` cartes, la dernière branche vaut 0."),
    MODULE)


_WIDTHS = ((192, 5, 32), (256, 3, 128), (36, 3, 4), (480, 5, 48), (10, 3, 200), (64, 7, 64), (100, 5, 4), (3, 1, 2))


def _break_even(c, k, m, squared=2):
    return k**squared * c * m / (c + k**squared * m)


def _widest(c, k, m):
    return max(r for r in range(c + m + 1) if r == 0 or c * r + k * k * r * m < k * k * c * m)


_WIDTH_TRAPS = (
    Trap(lambda *p: math.floor(_break_even(*p)),
         "La largeur rendue peut coûter exactement autant que pas de goulot du tout. L'énoncé demande une économie "
         "stricte."),
    Trap(lambda *p: math.ceil(_break_even(*p)),
         "La largeur rendue coûte déjà trop : c'est la première qui ne rapporte plus rien."),
    Trap(lambda *p: round(_break_even(*p)),
         "Le point d'équilibre est arrondi au plus proche. Au-dessus de lui, même d'une fraction, le goulot coûte plus "
         "cher."),
    Trap(lambda c, k, m: c - 1,
         "La fonction suppose qu'un goulot économise dès qu'il a moins de cartes que l'entrée. C'est oublier le prix "
         "de la convolution 1 × 1."),
    Trap(lambda *p: math.ceil(_break_even(*p, squared=1)) - 1,
         "Le noyau est compté pour k poids par paire de cartes : c'est un carré."),
    Trap(lambda c, k, m: _widest(m, k, c),
         "Les cartes lues et les cartes écrites sont échangées."),
    Trap(lambda c, k, m: math.ceil(k * k * c * m / (c + m)) - 1,
         "La convolution qui suit le goulot est comptée sans son noyau : elle fait k × k multiplications par paire de "
         "cartes."),
)


def _check_width(answers: Answers) -> str:
    found = []
    for probe in _WIDTHS:
        found.append(read_integer(answers.call("widest_bottleneck", *probe), f"`widest_bottleneck{probe}` rend"))
    expected = [_widest(*probe) for probe in _WIDTHS]
    if found == expected:
        return (f"Les {len(_WIDTHS)} largeurs sont les bonnes : une carte de plus, et le goulot coûterait au moins "
                "autant que la convolution seule.")
    recognise(found, _WIDTHS, _WIDTH_TRAPS)
    (c, k, m), answer = next((p, a) for p, a, e in zip(_WIDTHS, found, expected, strict=True) if a != e)
    if 0 <= answer <= 10**6:
        seen = f"Avec cette largeur, {integer(c * answer + k * k * answer * m)} multiplications par position, contre " \
               f"{integer(k * k * c * m)} sans goulot."
    else:
        seen = "Une largeur est un nombre de cartes."
    raise ToReviewError(f"De {c} vers {m} cartes par un noyau {k} × {k}, la fonction rend {integer(answer)}.", seen)


WIDTH_QUESTION = Question(
    "Jusqu'où un goulot rapporte", 2, _check_width, (
        "Écrivez les deux prix, avec et sans goulot, par position de la sortie. Le côté des cartes intervient-il dans "
        "leur comparaison ?",
        "Sans goulot : `k * k * c * m`. Avec un goulot de r cartes : `c * r` pour la 1 × 1, puis `k * k * r * m`. Le "
        "second prix est proportionnel à r.",
        "Cherchez le plus grand entier r tel que `r * (c + k * k * m) < k * k * c * m`. Une boucle qui augmente r tant "
        "que l'inégalité reste vraie suffit ; attention au cas d'égalité."), WIDTH)

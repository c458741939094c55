"""Question 1 : ce que rend une concaténation, et quand elle est impossible."""

from __future__ import annotations

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.inception.sections import BY_HAND
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, plain, read_integers

IMPOSSIBLE = "impossible"


def _conv(size, maps, stride=1, padding="same"):
    return ("conv", size, stride, padding, maps)


def _pool(size=3, stride=1, padding="same"):
    return ("pool", size, stride, padding, None)


_PROBES = (
    ((28, 28, 192), [[_conv(1, 64)], [_conv(3, 128)], [_conv(5, 32)], [_pool()]]),
    ((14, 14, 480), [[_conv(1, 192)], [_conv(1, 96), _conv(3, 208)], [_conv(1, 16), _conv(5, 48)],
                     [_pool(), _conv(1, 64)]]),
    ((28, 28, 192), [[_conv(1, 64)], [_conv(3, 128)], [_conv(5, 32)], [_pool(3, 3)]]),
    ((12, 10, 8), [[_conv(1, 4)], [_conv(5, 6, 1, "valid")]]),
    ((15, 9, 6), [[_conv(1, 4, 2)], [_conv(3, 5, 2)], [_pool(3, 2)]]),
    ((4, 9, 3), [[_conv(3, 2, 2, "valid")], [_conv(4, 7, 1, "valid")]]),
    ((9, 9, 5), [[_conv(3, 4, 1, "valid"), _conv(3, 4, 1, "valid")], [_conv(5, 7, 1, "valid")]]),
    ((8, 8, 16), [[_pool(2, 2, "valid")], [_conv(3, 16, 2)]]),
    ((7, 7, 4), [[_pool()], [_pool()], [_conv(3, 4)]]),
)


def _up(n, k, s):
    return -(-n // s)


def _side(n, k, s, padding, same=_up, extra=1):
    return same(n, k, s) if padding == "same" else (n - k) // s + extra


def _output(shape, branch, rule=_side, pooled=lambda maps: maps):
    height, width, maps = shape
    for kind, size, stride, padding, count in branch:
        height, width = rule(height, size, stride, padding), rule(width, size, stride, padding)
        maps = count if kind == "conv" else pooled(maps)
    return height, width, maps


def _concatenated(shape, branches, *, join=sum, differ=lambda a, b: a[:2] != b[:2], rule=_side,
                  pooled=lambda maps: maps):
    """Rend la forme de la concaténation, ou « impossible » ; les options décrivent des lectures fautives."""
    found = [_output(shape, branch, rule, pooled) for branch in branches]
    if any(differ(found[0], other) for other in found[1:]):
        return IMPOSSIBLE
    return (*found[0][:2], join([one[2] for one in found]))


def _expected(shape, branches):
    """Rend la réponse de Keras lui-même."""
    import keras
    from keras import layers

    image, outputs = keras.Input(shape), []
    for branch in branches:
        x = image
        for kind, size, stride, padding, maps in branch:
            layer = (layers.Conv2D(maps, size, stride, padding) if kind == "conv"
                     else layers.MaxPooling2D(size, stride, padding))
            x = layer(x)
        outputs.append(x)
    try:
        return tuple(layers.Concatenate()(outputs).shape[1:])
    except ValueError:
        return IMPOSSIBLE


_TRAPS = (
    Trap(lambda *p: _concatenated(*p, join=max),
         "Les cartes de la sortie sont celles de la branche la plus fournie, comme si elles se superposaient. Une "
         "concaténation les range l'une derrière l'autre.", BY_HAND),
    Trap(lambda *p: _concatenated(*p, differ=lambda a, b: a != b, join=max),
         "Ce sont les règles d'une addition : même nombre de cartes dans chaque branche, et autant à la sortie. Une "
         "concaténation ajoute les nombres de cartes et n'exige que les mêmes côtés.", BY_HAND),
    Trap(lambda *p: _concatenated(*p, differ=lambda a, b: a != b),
         "Des branches qui n'ont pas le même nombre de cartes sont refusées. La concaténation n'exige que la même "
         "hauteur et la même largeur.", BY_HAND),
    Trap(lambda *p: _concatenated(*p, differ=lambda a, b: False),
         "Aucune concaténation n'est déclarée impossible. Que fait Keras de cartes dont les côtés diffèrent ?",
         BY_HAND),
    Trap(lambda *p: _concatenated(*p, differ=lambda a, b: a[0] != b[0]),
         "Seules les hauteurs sont comparées. Deux branches peuvent avoir la même hauteur et des largeurs "
         "différentes.", BY_HAND),
    Trap(lambda *p: _concatenated(*p, pooled=lambda maps: 0),
         "Les cartes d'un pooling ne sont pas comptées. Il n'apprend rien, mais il rend toutes celles qu'il reçoit.",
         BY_HAND),
    Trap(lambda *p: _concatenated(*p, pooled=lambda maps: 1),
         "Un pooling est compté pour une seule carte. Il garde le maximum de chaque canal séparément : il ne mélange "
         "pas les canaux.", BY_HAND),
    Trap(lambda *p: _concatenated(*p, rule=lambda n, k, s, padding: _side(n, k, s, padding, same=lambda n, k, s: n)),
         "`same` ne garde la taille que si le pas vaut 1. Un pas de 2 la divise par deux, quel que soit le "
         "remplissage."),
    Trap(lambda *p: _concatenated(*p, rule=lambda n, k, s, padding: _up(n, k, s)),
         "`valid` et `same` donnent ici la même taille. Avec `valid`, la fenêtre doit tenir tout entière dans la "
         "carte."),
    Trap(lambda *p: _concatenated(*p, rule=lambda n, k, s, padding: _side(n, k, s, padding, extra=0)),
         "Avec `valid`, une position manque dans chaque direction : le premier emplacement de la fenêtre compte "
         "aussi."),
    Trap(lambda *p: _concatenated(*p, rule=lambda n, k, s, padding: _side(n, k, s, padding,
                                                                          same=lambda n, k, s: n // s)),
         "Avec `same`, un côté impair est arrondi dans le mauvais sens : un pas entamé au bord compte pour un."),
)


def _check_shapes(answers: Answers) -> str:
    found = []
    for shape, branches in _PROBES:
        found.append(_read(answers.call("concatenated", shape, branches)))
    expected = [_expected(*probe) for probe in _PROBES]
    if found == expected:
        return (f"Les {len(_PROBES)} modules essayés donnent la réponse de Keras, y compris ceux dont la concaténation "
                "est impossible.")
    recognise(found, _PROBES, _TRAPS)
    (shape, branches), answer = next((p, a) for p, a, e in zip(_PROBES, found, expected, strict=True) if a != e)
    shown = code(str(answer)) if answer != IMPOSSIBLE else "« impossible »"
    raise ToReviewError(f"Pour une entrée de forme `{shape}` et les branches {code(str(branches), 150)}, la fonction "
                        f"rend {shown}.", "Suivez chaque branche à part, couche par couche, puis comparez les côtés.")


def _read(answer):
    value = plain(answer)
    if isinstance(value, str):
        if value.strip().casefold() != IMPOSSIBLE:
            raise ToReviewError(f"`concatenated` rend le texte {code(repr(value))}.",
                                'Attendu : une forme de trois nombres, ou le texte `"impossible"`.')
        return IMPOSSIBLE
    return tuple(read_integers(value, "`concatenated` rend", 3))


SHAPES_QUESTION = Question(
    "Concaténer", 2, _check_shapes, (
        "Deux étapes : la forme de chaque branche, puis ce que la concaténation en fait. Laquelle des trois dimensions "
        "augmente ?",
        "Dans une branche, chaque couche lit la précédente. Une convolution décide du nombre de cartes ; un pooling "
        "garde celui qu'il reçoit. Toutes les branches doivent finir avec la même hauteur et la même largeur.",
        "Gardez `h, w, c` par branche. Avec `same`, `h = -(-h // stride)` ; avec `valid`, `h = (h - size) // stride + "
        "1` ; de même pour `w`. À la fin, si un couple `(h, w)` diffère des autres, rendez `\"impossible\"` ; sinon "
        "additionnez les `c`."), BY_HAND)

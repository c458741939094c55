"""Questions 1 et 2 : où vont les paramètres d'un bloc, où est le pas d'un goulot."""

from __future__ import annotations

import functools

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, read_integer, read_integers
from cours_cnn.checks.resnet.references import basic_block, bottleneck
from cours_cnn.checks.resnet.sections import BOTTLENECK, COUNTS, SHAPES, VERSIONS
from cours_cnn.french import integer

_BLOCKS = ((64, 64, 1), (64, 128, 2), (16, 16, 1), (24, 24, 2), (8, 20, 1), (96, 32, 1))


def _needed(c, m, s):
    return s != 1 or c != m


def _count(c, m, s, *, learned=2, fixed=2, bias=0, shortcut=_needed, kernel=1, normalised=True, second=None):
    """Rend (appris, non appris) d'un bloc de base ; les options décrivent des décomptes fautifs."""
    projected = shortcut(c, m, s)
    weights = 9 * c * m + 9 * (second or (lambda c, m: m))(c, m) * m + projected * kernel**2 * c * m
    convolutions = 2 + projected
    norms = 2 + (projected and normalised)
    return weights + m * (learned * norms + bias * convolutions), fixed * m * norms


@functools.cache
def _counted():
    from cours_cnn.anatomy import parameter_count

    found = []
    for channels, maps, stride in _BLOCKS:
        model = basic_block((8, 8, channels), maps, stride)
        learned = parameter_count(model, trainable_only=True)
        found.append((learned, parameter_count(model) - learned))
    return found


_COUNT_TRAPS = (
    Trap(lambda *b: _count(*b, learned=0, fixed=0),
         "Les normalisations ne sont pas comptées. Chacune a pourtant quatre nombres par carte."),
    Trap(lambda *b: _count(*b, learned=4, fixed=0),
         "Les quatre nombres par carte d'une normalisation sont tous comptés parmi les paramètres appris. La descente "
         "de gradient n'en modifie que deux : que sont les deux autres ?"),
    Trap(lambda *b: _count(*b, learned=0, fixed=4),
         "Les quatre nombres par carte d'une normalisation sont tous comptés parmi ceux qui ne s'apprennent pas. "
         "Deux d'entre eux, l'échelle et le décalage, s'apprennent."),
    Trap(lambda *b: _count(*b, fixed=0),
         "Les paramètres appris sont justes. Les normalisations ont aussi des nombres que l'apprentissage ne touche "
         "pas, mais que le modèle enregistre."),
    Trap(lambda *b: _count(*b, learned=1, fixed=1),
         "Chaque normalisation est comptée pour un nombre appris et un nombre non appris par carte. Relisez sa "
         "formule : combien de symboles y dépendent de la carte ?"),
    Trap(lambda *b: _count(*b, bias=1),
         "Un biais par carte est compté dans chaque convolution. L'énoncé les supprime : la normalisation qui suit "
         "les rendrait inutiles."),
    Trap(lambda *b: _count(*b, shortcut=lambda c, m, s: False),
         "La projection n'est jamais comptée. Quand la connexion directe peut-elle se passer de poids ?", SHAPES),
    Trap(lambda *b: _count(*b, shortcut=lambda c, m, s: True),
         "Une projection est comptée dans tous les blocs. Quand les formes concordent, l'addition ne coûte rien.",
         SHAPES),
    Trap(lambda *b: _count(*b, shortcut=lambda c, m, s: c != m),
         "La projection n'est comptée que si le nombre de cartes change. Un pas de 2 change aussi la forme.", SHAPES),
    Trap(lambda *b: _count(*b, shortcut=lambda c, m, s: s != 1),
         "La projection n'est comptée que si le pas diffère de 1. Un nouveau nombre de cartes change aussi la forme.",
         SHAPES),
    Trap(lambda *b: _count(*b, kernel=3),
         "La projection est comptée avec un noyau 3 × 3. Elle n'a qu'à accorder les formes : quel est le plus petit "
         "noyau qui le fasse ?", SHAPES),
    Trap(lambda *b: _count(*b, normalised=False),
         "La projection est comptée sans sa normalisation. L'énoncé en place une après chaque convolution.", SHAPES),
    Trap(lambda *b: _count(*b, second=lambda c, m: c),
         "La seconde convolution est comptée comme si elle lisait l'entrée du bloc. Elle lit les cartes de la "
         "première."),
    Trap(lambda *b: _count(*b)[::-1],
         "Les deux nombres y sont, dans l'ordre inverse : les paramètres appris d'abord."),
    Trap(lambda *b: ((pair := _count(*b))[0] + pair[1], pair[1]),
         "Le premier nombre est le total du modèle, statistiques comprises. Il ne devrait compter que les paramètres "
         "appris."),
)


def _check_count(answers: Answers) -> str:
    found = []
    for block in _BLOCKS:
        what = f"`block_parameters{block}` rend"
        found.append(tuple(read_integers(answers.call("block_parameters", *block), what, 2)))
    expected = _counted()
    if found == expected:
        return (f"Les {len(_BLOCKS)} blocs essayés ont les nombres de Keras, paramètres appris et statistiques des "
                "normalisations, avec ou sans projection.")
    recognise(found, _BLOCKS, _COUNT_TRAPS)
    (c, m, s), answer, exact = next(t for t in zip(_BLOCKS, found, expected, strict=True) if t[1] != t[2])
    rank = 0 if answer[0] != exact[0] else 1
    wrong = ("de paramètres appris", "de nombres non appris")[rank]
    raise ToReviewError(f"Pour {c} cartes en entrée, {m} en sortie et un pas de {s}, le nombre {wrong} n'est pas celui "
                        f"de Keras : {integer(answer[rank])}.",
                        "Dressez la liste des couches du bloc, projection comprise s'il en faut une, et comptez-les "
                        "une à une.")


COUNT_QUESTION = Question(
    "Compter un bloc de base", 2, _check_count, (
        "Dessinez le bloc : deux convolutions, chacune suivie d'une normalisation, puis la connexion directe. Que "
        "compte chaque couche, et la connexion directe en a-t-elle besoin d'une ?",
        "Une normalisation tient quatre nombres par carte ; deux seulement sont modifiés par la descente de gradient. "
        "La connexion directe reste une identité si, et seulement si, l'entrée et la sortie ont la même forme.",
        "Appris : 9 × cartes lues × cartes écrites pour chaque convolution 3 × 3, plus deux nombres par carte pour "
        "chaque normalisation. Non appris : deux par carte et par normalisation. Si le pas diffère de 1 ou si le "
        "nombre de cartes change, ajoutez une convolution 1 × 1 et sa normalisation."), COUNTS)


_BOTTLENECKS = tuple((side, channels, maps, stride, version) for side, channels, maps, stride in (
    (56, 256, 64, 1), (56, 256, 128, 2), (15, 32, 8, 2), (14, 48, 16, 1), (7, 40, 12, 2))
    for version in ("v1", "v1.5"))


def _up(n, s):
    return -(-n // s)


def _macs(n, c, m, s, version, *, sides=None, shortcut=None, last=4, up=_up, area=lambda side: side**2, kernel=9,
          projected=None):
    """Rend les MAC d'un goulot ; les options décrivent des décomptes fautifs."""
    out = up(n, s)
    a, b, d = sides(n, out, version) if sides else (out if version == "v1" else n, out, out)
    needed = (s != 1 or c != 4 * m) if shortcut is None else shortcut
    total = c * m * area(a) + kernel * m * m * area(b) + last * m * m * area(d)
    return total + needed * c * last * m * area(out if projected is None else projected(n, out))


@functools.cache
def _counted_macs():
    from cours_cnn.anatomy import mac_count

    return [mac_count(bottleneck((side, side, channels), maps, stride, version))
            for side, channels, maps, stride, version in _BOTTLENECKS]


_MAC_TRAPS = (
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (n if v == "v1" else out, out, out)),
         "Les deux versions sont échangées : laquelle place le pas dans la première convolution 1 × 1 ?"),
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (out, out, out)),
         "Les deux versions donnent le même nombre : toutes les convolutions y travaillent sur les cartes déjà "
         "réduites. Ce n'est vrai que de l'une d'elles."),
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (n, out, out)),
         "Les deux versions donnent le même nombre : la première convolution y garde toujours le côté de l'entrée. "
         "Ce n'est vrai que de l'une d'elles."),
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (out, out, out) if v == "v1" else (n, n, out)),
         "En v1.5, la 3 × 3 est comptée sur les positions de son entrée. Elle a le pas : elle ne calcule qu'une "
         "position sur deux dans chaque direction."),
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (n, out, out) if v == "v1" else (n, n, out),
                          projected=lambda n, out: n),
         "Chaque convolution est comptée sur les positions de son entrée. Une multiplication n'a lieu que pour une "
         "position de sortie : au pas de 2, il y en a quatre fois moins."),
    Trap(lambda *b: _macs(*b, sides=lambda n, out, v: (n, n, n)),
         "Le pas n'est pas employé dans la branche : les trois convolutions y gardent le côté de l'entrée."),
    Trap(lambda *b: _macs(*b, shortcut=False), "La projection n'est jamais comptée.", SHAPES),
    Trap(lambda *b: _macs(*b, shortcut=True),
         "Une projection est comptée dans tous les goulots. Entre deux extrémités de même forme, la connexion directe "
         "est l'identité.", SHAPES),
    Trap(lambda *b: _macs(*b, shortcut=b[3] != 1),
         "La projection n'est comptée que si le pas diffère de 1. Le nombre de cartes peut changer sans lui.", SHAPES),
    Trap(lambda *b: _macs(*b, projected=lambda n, out: n),
         "La projection est comptée sur les positions de l'entrée. Elle a le pas du bloc.", SHAPES),
    Trap(lambda *b: _macs(*b, last=1),
         "La dernière convolution rend ici `maps` cartes. Un goulot en rend quatre fois plus.", BOTTLENECK),
    Trap(lambda *b: _macs(*b, up=lambda n, s: n // s),
         "Un côté impair est arrondi dans le mauvais sens : avec `same`, un pas entamé au bord compte pour un."),
    Trap(lambda *b: _macs(*b, area=lambda side: side),
         "Les positions d'une seule ligne sont comptées : une carte est un carré."),
    Trap(lambda *b: _macs(*b, area=lambda side: 1),
         "Ce sont les poids qui sont comptés, chacun une fois. Un poids sert à chaque position de la sortie."),
    Trap(lambda *b: _macs(*b, kernel=3), "La convolution 3 × 3 est comptée pour trois poids par paire de cartes : son "
                                         "noyau est un carré."),
)


def _check_macs(answers: Answers) -> str:
    answers.forbid("bottleneck_macs", dict.fromkeys(
        ("mac_count", "layer_table"), "c'est ce calcul que la question demande d'écrire."))
    found = []
    for block in _BOTTLENECKS:
        found.append(read_integer(answers.call("bottleneck_macs", *block), f"`bottleneck_macs{block}` rend"))
    expected = _counted_macs()
    if found == expected:
        return (f"Les {len(found)} goulots essayés coûtent ce qu'en compte `cours_cnn.anatomy` : v1.5 calcule un peu "
                "plus que v1 dès que le pas est de 2, et autant sinon.")
    recognise(found, _BOTTLENECKS, _MAC_TRAPS)
    (side, c, m, s, version), answer = next(
        (block, a) for block, a, e in zip(_BOTTLENECKS, found, expected, strict=True) if a != e)
    raise ToReviewError(f"Pour des cartes de côté {side}, {c} en entrée, `maps` = {m}, un pas de {s} et la version "
                        f"{version}, la fonction rend {integer(answer)}, qui n'est pas le bon nombre.",
                        "Écrivez pour chaque convolution : noyau, cartes lues, cartes écrites, côté de la sortie.")


MACS_QUESTION = Question(
    "Où est le pas", 3, _check_macs, (
        "Trois convolutions, parfois une quatrième. Pour chacune, une seule question change d'une version à l'autre : "
        "de quel côté sont ses cartes de sortie ?",
        "Le pas du bloc n'est appliqué qu'une fois dans la branche : par la première 1 × 1 en v1, par la 3 × 3 en "
        "v1.5. La projection, s'il en faut une, l'applique aussi.",
        "Notez `out` le côté réduit. En v1, les trois convolutions écrivent des cartes de côté `out`. En v1.5, la "
        "première écrit encore des cartes de côté `side`. La dernière lit `maps` cartes et en écrit `4 * maps`. La "
        "projection, de `channels` vers `4 * maps` cartes, n'existe que si le pas ou le nombre de cartes l'exige."),
    VERSIONS)

"""Question 2 : compter des convolutions groupées et dire où sont paramètres et calcul."""

from __future__ import annotations

from cours_cnn.checks.alexnet.sections import COSTS, TOWERS
from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integer, read_items, read_number

_NETWORKS = (
    ([(11, 3, 96, 55, 1), (5, 96, 256, 27, 2), (3, 256, 384, 13, 1), (3, 384, 384, 13, 2), (3, 384, 256, 13, 2)],
     [(9216, 4096), (4096, 4096), (4096, 1000)]),
    ([(5, 3, 8, 20, 1), (3, 8, 12, 10, 4)], [(1200, 10)]),
    ([(3, 6, 6, 9, 6)], [(486, 30), (30, 7)]),
    ([(7, 1, 4, 30, 1), (1, 4, 10, 15, 2), (3, 10, 20, 7, 5)], [(980, 64), (64, 3)]),
)


def _sums(convolutions, denses, *, weigh=None, biases=True, positions=None, dense_macs=None):
    """Rend (paramètres des convolutions, des couches denses, MAC des unes, des autres)."""
    weigh = weigh or (lambda k, c, m, n, g: k * k * c // g * m)
    positions = positions or (lambda n: n * n)
    weights = [weigh(*layer) for layer in convolutions]
    conv = sum(w + biases * layer[2] for w, layer in zip(weights, convolutions, strict=True))
    dense = sum((inputs + biases) * units for inputs, units in denses)
    macs = sum(w * positions(layer[3]) for w, layer in zip(weights, convolutions, strict=True))
    return conv, dense, macs, sum(inputs * units for inputs, units in denses) if dense_macs is None else dense_macs


def _answer(convolutions, denses, **options):
    conv, dense, conv_macs, dense_macs = _sums(convolutions, denses, **options)
    return conv + dense, conv_macs + dense_macs, dense / (conv + dense), conv_macs / (conv_macs + dense_macs)


def _ungrouped(k, c, m, n, g):
    return k * k * c * m


def _connections(convolutions, denses):
    conv, dense, *_ = _sums(convolutions, denses)
    macs = sum((k * k * c // g + 1) * m * n * n for k, c, m, n, g in convolutions)
    return conv + dense, macs + dense, dense / (conv + dense), macs / (macs + dense)


def _close(first, second):
    return all(abs(a - b) <= 1e-6 * max(abs(b), 1) for a, b in zip(first, second, strict=True))


_COUNT_TRAPS = (
    Trap(lambda c, d: _answer(c, d, weigh=_ungrouped), "Les groupes ne sont pas pris en compte. Avec g groupes, chaque "
         "noyau ne lit que les canaux de son groupe, soit g fois moins.", TOWERS),
    Trap(lambda c, d: _answer(c, d, weigh=lambda k, c, m, n, g: k * k * c // g * m // g),
         "Les groupes divisent ici à la fois les canaux lus et le nombre de noyaux. Il y a toujours un noyau par "
         "carte ; chacun lit g fois moins de canaux.", TOWERS),
    Trap(lambda c, d: _answer(c, d, biases=False), "Les biais manquent parmi les paramètres : un par carte, un par "
         "unité, que les convolutions soient groupées ou non."),
    Trap(_connections, "Les biais sont comptés parmi les MAC. Une MAC est un produit suivi d'une addition ; un biais "
         "n'est qu'une addition."),
    Trap(lambda c, d: _answer(c, d, positions=lambda n: 1), "Les MAC d'une convolution sont égales à son nombre de "
         "poids. Chaque poids sert pourtant à chaque position de la carte de sortie.", COSTS),
    Trap(lambda c, d: _answer(c, d, positions=lambda n: n), "Les MAC comptent les positions d'une seule ligne de la "
         "carte de sortie, qui est un carré."),
)
_SHARE_TRAPS = (
    Trap(lambda c, d: (1 - _answer(c, d)[2], 1 - _answer(c, d)[3]), "Les deux totaux sont justes, les deux parts "
         "sont prises à l'envers : d'abord celle des couches denses dans les paramètres, puis celle des convolutions "
         "dans les MAC."),
    Trap(lambda c, d: (_answer(c, d)[2], 1 - _answer(c, d)[3]), "Les deux totaux sont justes, et la première part. La "
         "seconde doit être celle des convolutions dans les MAC."),
    Trap(lambda c, d: (100 * _answer(c, d)[2], 100 * _answer(c, d)[3]), "Les deux totaux sont justes. Les parts sont "
         "demandées entre 0 et 1, non en pour-cent."),
    Trap(lambda c, d: (_sums(c, d)[1] / _sums(c, d)[0], _sums(c, d)[2] / _sums(c, d)[3]), "Les deux totaux sont "
         "justes. Une part se rapporte au total, non à l'autre part."),
)


def _check_counts(answers: Answers) -> str:
    found = []
    for convolutions, denses in _NETWORKS:
        what = (f"`portrait` rend, pour {len(convolutions)} convolutions et {len(denses)} couches entièrement "
                "connectées,")
        items = read_items(answers.call("portrait", convolutions, denses), what, 4)
        found.append((read_integer(items[0], f"{what} {described(items[0])} en premier :", hint="Un compte est entier "
                                   "si l'on divise les canaux par les groupes avec `//`."),
                      read_integer(items[1], f"{what} {described(items[1])} en deuxième :"),
                      *(read_number(item, f"{what} en position {rank}") for rank, item in enumerate(items[2:], 3))))
    expected = [_answer(*probe) for probe in _NETWORKS]
    if all(map(_close, found, expected)):
        dense, conv = (f"{100 * value:.1f} %".replace(".", ",") for value in found[0][2:])
        return (f"Les {len(_NETWORKS)} réseaux essayés sont bien comptés. Celui de 2012 a {dense} de ses paramètres "
                f"dans ses couches entièrement connectées, et fait {conv} de son calcul dans ses convolutions.")
    recognise([answer[:2] for answer in found], _NETWORKS,
              tuple(Trap(lambda *p, t=trap: t.answer(*p)[:2], trap.message, trap.section) for trap in _COUNT_TRAPS))
    if all(_close(a[:2], e[:2]) for a, e in zip(found, expected, strict=True)):
        recognise([answer[2:] for answer in found], _NETWORKS, _SHARE_TRAPS, _close)
    names = ("le nombre de paramètres", "le nombre de MAC", "la part des couches denses dans les paramètres",
             "la part des convolutions dans les MAC")
    probe, answer, rank = next((p, a, r) for p, a, e in zip(_NETWORKS, found, expected, strict=True) for r in range(4)
                               if not _close(a[r:r + 1], e[r:r + 1]))
    raise ToReviewError(f"Pour les convolutions `{probe[0]}` et les couches entièrement connectées `{probe[1]}`, "
                        f"{names[rank]} n'est pas juste : {described(answer[rank])}.",
                        "Comptez une couche à la fois, à la main, sur le plus petit de ces réseaux.")


COUNTS_QUESTION = Question(
    "Compter deux tours", 4, _check_counts, (
        "Deux sommes pour les convolutions, deux pour les couches entièrement connectées : paramètres et MAC. Les "
        "groupes n'entrent que dans l'une des deux sortes de couches.",
        "Un noyau d'une convolution à g groupes porte k × k × (canaux / g) poids. Il y a un noyau et un biais par "
        "carte. Chaque poids sert une fois par position de la carte de sortie ; un poids d'une couche entièrement "
        "connectée, une seule fois.",
        "Convolution : `weights = k * k * (channels // groups) * maps`, puis `weights + maps` paramètres et `weights * "
        "side**2` MAC. Couche entièrement connectée : `(inputs + 1) * units` paramètres et `inputs * units` MAC. Les "
        "parts sont des quotients par les deux totaux."), COSTS)

"""Questions 3 et 6 : où un VGG dépense, puis choisir une configuration sous budget."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import code, described
from cours_cnn.checks.reading import ToReviewError, read_choice, read_integers, read_items
from cours_cnn.checks.vgg.sections import COSTS, COUNTING, HEAD

NOBODY = "aucune"
_NETWORKS = (
    ([[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3], 224, [4096, 4096, 1000]),
    ([[8], [16], [32, 32]], 32, [10]),
    ([[16, 16], [16], [64, 64, 64]], 40, [100, 10]),
    ([[4, 4, 4], [40]], 16, [5]),
    ([[12], [6, 6]], 64, [3]),
)


def _parts(blocks, side, units, *, pools=True, flat=None, chained=True, biases=True):
    """Rend, par bloc puis pour la tête, (paramètres, MAC, activations) ; les options décrivent des fautes."""
    channels, found = 3, []
    for stage in blocks:
        sums = [0, 0, 0]
        first = channels
        for maps in stage:
            read = channels if chained else first
            sums[0] += (9 * read + biases) * maps
            sums[1] += 9 * read * maps * side**2
            sums[2] += maps * side**2
            channels = maps
        side //= 2
        sums[2] += channels * side**2 if pools else 0
        found.append(tuple(sums))
    inputs, head = channels * side**2 if flat is None else flat(channels, side), [0, 0, 0]
    for count in units:
        head = [head[0] + (inputs + biases) * count, head[1] + inputs * count, head[2] + count]
        inputs = count
    return [*found, tuple(head)]


def _budget(blocks, side, units, **options):
    parts = _parts(blocks, side, units, **options)
    names = [f"bloc {rank}" for rank in range(1, len(parts))] + ["tête"]
    totals = tuple(sum(part[kind] for part in parts) for kind in range(3))
    return totals, tuple(names[int(np.argmax([part[kind] for part in parts]))] for kind in range(3))


_TOTAL_TRAPS = (
    Trap(lambda b, s, u: _budget(b, s, u, pools=False)[0], "Les activations des pooling manquent : ils n'ont pas de "
         "paramètre, mais ils produisent des cartes qu'il faut garder."),
    Trap(lambda b, s, u: _budget(b, s, u, flat=lambda c, n: c)[0], "La tête est comptée comme si elle ne recevait "
         "qu'une valeur par carte : c'est ce que donnerait une moyenne globale. La mise à plat garde toutes les cases.",
         HEAD),
    Trap(lambda b, s, u: _budget(b, s, u, biases=False)[0], "Les biais manquent parmi les paramètres.", COUNTING),
    Trap(lambda b, s, u: _budget(b, s, u, chained=False)[0], "Toutes les convolutions d'un bloc sont comptées comme si "
         "elles lisaient les cartes du bloc précédent. Dès la deuxième, elles lisent celles du bloc même."),
)
_BLAME_TRAPS = (
    Trap(lambda b, s, u: (_budget(b, s, u)[1][0],) * 3, "La même partie est désignée trois fois. Paramètres, calcul et "
         "mémoire n'ont pas de raison d'être au même endroit : cherchez chaque maximum séparément."),
    Trap(lambda b, s, u: ("tête", "tête", "bloc 1"), "Ce ne sont pas toujours les mêmes parties : tout dépend de la "
         "configuration."),
)


def _check_budget(answers: Answers) -> str:
    found = []
    for blocks, side, units in _NETWORKS:
        names = (*(f"bloc {rank}" for rank in range(1, len(blocks) + 1)), "tête")
        what = f"Pour la configuration `{blocks}`, `where` rend"
        items = read_items(answers.call("where", blocks, side, units), what, 2)
        totals = tuple(read_integers(items[0], f"{what} en premier", 3))
        blamed = read_items(items[1], f"{what} en second", 3)
        found.append((totals, tuple(read_choice(one, f"{what}, parmi les trois noms,", names) for one in blamed)))
    expected = [_budget(*probe) for probe in _NETWORKS]
    if found == expected:
        return (f"Les {len(_NETWORKS)} configurations essayées sont bien comptées. Dans VGG-16, les paramètres sont "
                f"dans la {found[0][1][0]}, le calcul dans le {found[0][1][1]}, la mémoire dans le {found[0][1][2]}.")
    mine, good = ([one[0] for one in several] for several in (found, expected))
    kinds = ("de paramètres", "de MAC", "d'activations")
    if mine != good:
        recognise(mine, _NETWORKS, _TOTAL_TRAPS)
        (blocks, side, units), answer, rank = next((p, a, r) for p, a, e in zip(_NETWORKS, mine, good, strict=True)
                                                   for r in range(3) if a[r] != e[r])
        raise ToReviewError(f"Pour la configuration `{blocks}`, le côté {side} et la tête `{units}`, le nombre total "
                            f"{kinds[rank]} n'est pas juste : {described(answer[rank])}.",
                            "Comptez d'abord la plus petite de ces configurations à la main, couche par couche.")
    recognise([one[1] for one in found], _NETWORKS, _BLAME_TRAPS)
    (blocks, _, _), answer, rank = next((p, a[1], r) for p, a, e in zip(_NETWORKS, found, expected, strict=True)
                                        for r in range(3) if a[1][r] != e[1][r])
    raise ToReviewError(f"Les trois totaux sont justes. Pour la configuration `{blocks}`, la partie qui a le plus "
                        f"{kinds[rank]} n'est pas `{answer[rank]!r}`.", "Comparez les sommes de chaque bloc, et celle "
                        "de la tête.")


COSTS_QUESTION = Question(
    "Où VGG dépense", 4, _check_budget, (
        "Parcourez la configuration en gardant deux nombres : les cartes que la couche suivante va lire, et le côté "
        "des cartes. Trois compteurs par bloc suffisent.",
        "Une convolution compte `(9 * C + 1) * M` paramètres, `9 * C * M * n**2` MAC et `M * n**2` activations. Un "
        "pooling ne compte que ses activations, sur un côté divisé par deux. La tête lit toutes les cases des "
        "dernières cartes.",
        "À la fin de chaque bloc, divisez le côté par deux, ajoutez `channels * side**2` activations pour le pooling, "
        "puis rangez les trois sommes. Pour la tête, partez de `inputs = channels * side**2` et parcourez `units`. Le "
        "nom du plus grand se trouve avec `max(names, key=…)`."), COSTS)


@functools.cache
def _choices():
    random = np.random.RandomState(16)
    configurations = {"étroite": [[8], [16], [32]], "profonde": [[8, 8], [16, 16], [32, 32]],
                      "large": [[24], [48], [96]], "constante": [[20, 20], [20, 20], [20, 20]]}
    limits = ((10**9, 10**9), (10**9, 8_000), (2_000_000, 20_000), (900_000, 10**6), (10**9, 15_000), (1_500, 10**6),
              (3_100_000, 25_000),
              *((int(random.randint(10**6, 6 * 10**6)), int(random.randint(6_000, 60_000))) for _ in range(6)))
    found = []
    for macs, parameters in limits:
        scores = {name: {"validation": random.uniform(0.3, 0.6, 3).round(3).tolist(),
                         "test": random.uniform(0.3, 0.6, 3).round(3).tolist()} for name in configurations}
        found.append((configurations, scores, macs, parameters))
    exact = _needs([[8], [16], [32]])
    found.append((configurations, found[0][1], exact[1], exact[0]))
    return tuple(found)


def _needs(blocks):
    """Rend (paramètres, MAC) d'une configuration, images 32 × 32, moyenne globale puis dix classes."""
    parts = _parts(blocks, 32, [10], flat=lambda channels, side: channels)
    return tuple(sum(part[kind] for part in parts) for kind in range(2))


def _choice(configurations, scores, macs, parameters, *, within=None, score=None, strict=False):
    def fits(need):
        return need[0] < parameters and need[1] < macs if strict else need[0] <= parameters and need[1] <= macs

    within = within or (lambda need: fits(need))
    allowed = [name for name, blocks in configurations.items() if within(_needs(blocks))]
    score = score or (lambda name: np.mean(scores[name]["validation"]))
    return allowed, max(allowed, key=score) if allowed else NOBODY


def _allowed_only(first, second):
    return first[0] == second[0]


def _chosen_only(first, second):
    return first[1] == second[1]


_ALLOWED_TRAPS = (
    Trap(lambda c, s, m, p: _choice(c, s, m, p, within=lambda need: need[0] <= p), "Seul le budget de paramètres est "
         "respecté. Peu de paramètres ne veut pas dire peu de calcul : les deux se vérifient.", COSTS),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, within=lambda need: need[1] <= m), "Seul le budget de MAC est "
         "respecté. Les paramètres ont le leur.", COSTS),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, within=lambda need: need[0] <= p or need[1] <= m), "Il suffit ici de "
         "respecter l'un des deux budgets. Les deux sont exigés."),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, strict=True), "Une configuration qui atteint exactement un budget est "
         "écartée : l'énoncé dit « au plus »."),
)
_CHOSEN_TRAPS = (
    Trap(lambda c, s, m, p: _choice(c, s, m, p, score=lambda name: np.mean(s[name]["test"])), "Le choix se fait "
         "d'après le test. Le test ne sert qu'à juger ce que la validation a choisi."),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, score=lambda name: max(s[name]["validation"])), "Le choix se fait "
         "d'après le meilleur essai. Un seul tirage heureux suffit alors à l'emporter : c'est la moyenne qui compte."),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, score=lambda name: s[name]["validation"][0]), "Seule la première "
         "graine est employée."),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, score=lambda name: -_needs(c[name])[1]), "La configuration la moins "
         "chère est choisie. Tous les candidats retenus respectent déjà les budgets : c'est la validation qui les "
         "départage."),
    Trap(lambda c, s, m, p: _choice(c, s, m, p, score=lambda name: _needs(c[name])[1]), "La configuration la plus "
         "chère est choisie. Plus grand ne veut pas dire meilleur : c'est la validation qui départage."),
)


def _check_choice(answers: Answers) -> str:
    found = []
    for probe in _choices():
        what = f"Avec au plus {probe[2]} MAC et {probe[3]} paramètres, `choose` rend"
        items = read_items(answers.call("choose", *probe), what, 2)
        allowed = [read_choice(one, f"{what}, parmi les configurations admises,", tuple(probe[0]))
                   for one in read_items(items[0], f"{what} en premier")]
        found.append((allowed, read_choice(items[1], f"{what} en second", (*probe[0], NOBODY))))
    expected = [_choice(*probe) for probe in _choices()]
    if [sorted(one[0]) for one in found] != [sorted(one[0]) for one in expected]:
        recognise(found, _choices(), _ALLOWED_TRAPS, _allowed_only)
        probe, answer = next((p, a) for p, a, e in zip(_choices(), found, expected, strict=True)
                             if sorted(a[0]) != sorted(e[0]))
        raise ToReviewError(f"Avec au plus {probe[2]} MAC et {probe[3]} paramètres, les configurations admises ne sont "
                            f"pas {code(str(answer[0]))}.", "Comptez la plus petite configuration à la main : trois "
                            "canaux en entrée, une moyenne globale, dix classes, biais compris parmi les paramètres.")
    if found == expected:
        return (f"Les {len(found)} choix sont justes : les deux budgets respectés, la validation pour choisir, toutes "
                "les graines pour la mesurer.")
    if [one[0] for one in found] != [one[0] for one in expected]:
        raise ToReviewError("Les configurations admises sont justes, mais pas dans l'ordre du dictionnaire.",
                            "Parcourez `configurations` dans son ordre.")
    recognise(found, _choices(), _CHOSEN_TRAPS, _chosen_only)
    probe, answer = next((p, a) for p, a, e in zip(_choices(), found, expected, strict=True) if a[1] != e[1])
    raise ToReviewError(f"Les configurations admises sont justes. Parmi {code(str(answer[0]))}, `{answer[1]!r}` n'est "
                        "pas celle que la validation préfère en moyenne.", "S'il n'y en a aucune, attendu : "
                        "`'aucune'`.")


CHOICE_QUESTION = Question(
    "Choisir sous budget", 3, _check_choice, (
        "Deux étapes : écarter ce qui coûte trop cher, puis choisir parmi ce qui reste. La première ne regarde que les "
        "comptes, la seconde que les mesures.",
        "Pour chaque configuration, additionnez paramètres et MAC de ses convolutions, puis ceux de la sortie, qui ne "
        "lit qu'une valeur par carte. La moyenne de validation se prend sur toutes les graines.",
        "La sortie compte `(channels + 1) * 10` paramètres et `channels * 10` MAC. Gardez les noms dans l'ordre du "
        "dictionnaire ; s'il en reste, `max(allowed, key=lambda name: np.mean(scores[name][\"validation\"]))`, sinon "
        "`\"aucune\"`."), HEAD)

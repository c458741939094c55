"""Questions 1 et 2 : écarter les copies, partager par animal."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.chats_chiens.sections import CLEANING, PARTING
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, read_integers, read_items


@functools.cache
def _print_probes():
    random = np.random.RandomState(31)
    far = random.randint(0, 200, (4, 6)).astype(float)
    chain = np.arange(5)[:, None] * np.full(6, 1.5) + 40          # chacune proche de la précédente seulement
    bump = far[0] + [6, 0, 0, 0, 0, 0]                            # écart moyen 1, plus grand écart 6
    signed = far[1] + [4, -4, 4, -4, 4, -4]                       # écarts qui se compensent
    return (
        (np.stack([far[0], far[1], far[0] + 0.5, far[2], far[1] - 1]), 2.0),
        (chain, 2.0),
        (np.stack([far[0], bump, far[3]]), 2.0),
        (np.stack([far[1], far[2], signed, far[3]]), 2.0),
        (np.stack([far[0], far[0] + 2, far[0] + 4.5]), 2.0),      # exactement au seuil, puis au-delà
        (np.stack([far[2] + 1, far[3], far[2], far[2] + 1.5]), 3.0),
    )


def _kept(prints, threshold, *, gap=lambda a, b: np.abs(a - b).mean(), strict=False, against="kept"):
    """Rend les rangs gardés ; les options décrivent des lectures fautives de la règle."""
    kept = []
    for rank, one in enumerate(prints):
        others = {"kept": kept, "all": list(range(rank)), "previous": kept[-1:], "first": kept[:1]}[against]
        if not any(gap(one, prints[other]) < threshold if strict else gap(one, prints[other]) <= threshold
                   for other in others):
            kept.append(rank)
    return kept


def _alone(prints, threshold):
    near = [[np.abs(a - b).mean() <= threshold for b in prints] for a in prints]
    return [rank for rank, row in enumerate(near) if sum(row) == 1]


_COPY_TRAPS = (
    Trap(lambda p, t: sorted(set(range(len(p))) - set(_kept(p, t))),
         "Ce sont les rangs des images écartées. Attendu : ceux des images gardées."),
    Trap(_alone, "L'original disparaît avec sa copie : de plusieurs images semblables, la première rencontrée est "
                 "gardée."),
    Trap(lambda p, t: _kept(p, t, against="previous"),
         "Chaque image n'est comparée qu'à la dernière gardée. Une copie peut être n'importe où dans le dossier."),
    Trap(lambda p, t: _kept(p, t, against="first"),
         "Chaque image n'est comparée qu'à la première. Une copie peut être celle de n'importe quelle image gardée."),
    Trap(lambda p, t: _kept(p, t, against="all"),
         "Une image est comparée aussi à celles qui ont été écartées : de proche en proche, des images différentes "
         "finissent par disparaître."),
    Trap(lambda p, t: _kept(p, t, gap=lambda a, b: np.abs(a - b).max()),
         "C'est le plus grand écart qui est comparé au seuil. Un seul pixel abîmé suffit alors à cacher une copie : "
         "l'énoncé demande l'écart moyen."),
    Trap(lambda p, t: _kept(p, t, gap=lambda a, b: abs((a - b).mean())),
         "Les écarts positifs et négatifs se compensent : il manque la valeur absolue de chaque écart, avant la "
         "moyenne."),
    Trap(lambda p, t: _kept(p, t, gap=lambda a, b: np.abs(a - b).sum()),
         "C'est la somme des écarts qui est comparée au seuil, et non leur moyenne."),
    Trap(lambda p, t: _kept(p, t, strict=True),
         "Au seuil exactement, l'image est encore une copie : l'énoncé dit « au plus »."),
)


def _check_copies(answers: Answers) -> str:
    found = []
    for prints, threshold in _print_probes():
        what = f"Pour {len(prints)} empreintes, `keep` rend"
        found.append(read_integers(answers.call("keep", prints, threshold), what))
    expected = [_kept(*probe) for probe in _print_probes()]
    if found == expected:
        return (f"Les {len(expected)} dossiers essayés sont bien triés : copies éloignées, chaînes d'images voisines, "
                "pixel abîmé et cas limite compris.")
    recognise(found, _print_probes(), _COPY_TRAPS)
    (prints, threshold), answer = next((p, a) for p, a, e in zip(_print_probes(), found, expected, strict=True)
                                       if a != e)
    raise ToReviewError(f"Pour les empreintes {described(prints.round(1).tolist())} et le seuil {threshold:g}, la "
                        f"fonction rend {described(answer)}.",
                        "Parcourez les images dans l'ordre, en tenant la liste de celles qui sont gardées.")


COPIES_QUESTION = Question(
    "Écarter les copies", 2, _check_copies, (
        "Tenez une liste des rangs gardés, d'abord vide. Chaque image y entre, ou non, d'après celles qui y sont déjà.",
        "L'écart de deux empreintes est la moyenne des valeurs absolues de leurs différences. Il suffit d'une seule "
        "image gardée trop proche pour écarter la nouvelle.",
        "`np.abs(prints[rank] - prints[other]).mean() <= threshold` dit si deux images se ressemblent ; `any(…)` le "
        "demande pour toutes les images gardées."), CLEANING)


@functools.cache
def _part_probes():
    random = np.random.RandomState(32)
    probes = [(["Zoé", "Zoé", "Ali", "Milo", "Ali", "Ali"], 0.5), (["b", "a", "c", "a", "b", "a", "a", "a"], 0.25),
              (["d", "c", "b", "a"], 0.5), (["a", "b", "b", "c", "c", "c"], 0.1)]
    for count, share in ((14, 0.2), (23, 0.3)):
        probes.append(([f"chien {n}" for n in random.randint(0, 7, count)], share))
    return tuple((tuple(names), share) for names, share in probes)


def _parted(animals, share, *, order=sorted, target=None, overflow=True):
    """Rend (entraînement, test) ; les options décrivent des lectures fautives de la règle."""
    wanted = share * len(animals) if target is None else target
    chosen, count = set(), 0
    for name in order(set(animals)):
        size = animals.count(name)
        if count >= wanted or (not overflow and count + size > wanted):
            break
        chosen.add(name)
        count += size
    test = [rank for rank, name in enumerate(animals) if name in chosen]
    return [rank for rank in range(len(animals)) if rank not in test], test


def _by_images(animals, share):
    order = sorted(range(len(animals)), key=lambda rank: animals[rank])
    test = sorted(order[:_ceil(len(animals) * share)])
    return [rank for rank in range(len(animals)) if rank not in test], test


def _ceil(value: float) -> int:
    return int(-(-value // 1))


def _by_animals(animals, share):
    names = sorted(set(animals))
    chosen = set(names[:_ceil(len(names) * share)])
    test = [rank for rank, name in enumerate(animals) if name in chosen]
    return [rank for rank in range(len(animals)) if rank not in test], test


def _first_images(animals, share):
    count = _ceil(len(animals) * share)
    return list(range(count, len(animals))), list(range(count))


_PART_TRAPS = (
    Trap(lambda a, s: _parted(a, s)[::-1],
         "Les deux listes y sont, dans l'ordre inverse : l'entraînement d'abord, le test ensuite."),
    Trap(_first_images, "Le test est fait des premières images, sans regarder de quel animal elles viennent : un même "
                        "animal se retrouve des deux côtés."),
    Trap(_by_images, "Le test s'arrête au milieu d'un animal, dès que le nombre d'images est atteint : cet animal se "
                     "retrouve des deux côtés."),
    Trap(_by_animals, "La proportion est prise sur le nombre d'animaux. L'énoncé la demande sur le nombre d'images, et "
                      "les animaux n'en ont pas tous autant."),
    Trap(lambda a, s: _parted(a, s, overflow=False),
         "Le test s'arrête avant d'atteindre la proportion demandée : l'animal qui la fait dépasser doit y entrer."),
    Trap(lambda a, s: _parted(a, s, order=lambda names: sorted(names, key=a.index)),
         "Les animaux sont pris dans l'ordre où ils apparaissent. L'énoncé demande l'ordre alphabétique."),
    Trap(lambda a, s: _parted(a, s, order=lambda names: sorted(names, reverse=True)),
         "Les animaux sont pris dans l'ordre alphabétique inverse."),
    Trap(lambda a, s: _parted(a, 1 - s)[::-1],
         "La proportion est appliquée à l'entraînement, et le reste va au test."),
)


def _check_parts(answers: Answers) -> str:
    found = []
    for animals, share in _part_probes():
        what = f"Pour {len(animals)} images et une proportion de {share:g}, `split_animals` rend".replace("0.", "0,")
        train, test = (read_integers(part, f"{what} une part qui vaut", hint="Attendu : des rangs d'images.") for part
                       in read_items(answers.call("split_animals", list(animals), share), what, 2))
        if sorted(train + test) != list(range(len(animals))):
            raise ToReviewError(f"{what} {described(train)} et {described(test)}.",
                                "Attendu : chaque image dans une part et une seule.")
        found.append((sorted(train), sorted(test)))
    expected = [tuple(map(list, _parted(list(names), share))) for names, share in _part_probes()]
    if found == expected:
        return (f"Les {len(expected)} partages essayés tiennent chaque animal d'un seul côté et atteignent la "
                "proportion demandée.")
    recognise(found, [(list(names), share) for names, share in _part_probes()], _PART_TRAPS,
              lambda mine, theirs: mine == tuple(map(list, theirs)))
    (animals, share), (train, test) = next((p, a) for p, a, e in zip(_part_probes(), found, expected, strict=True)
                                           if a != e)
    both = sorted({animals[rank] for rank in train} & {animals[rank] for rank in test})
    if both:
        raise ToReviewError(f"Pour les animaux {described(list(animals))} et la proportion {share:g}, "
                            f"{described(both[0])} se trouve des deux côtés.",
                            "Choisissez d'abord des animaux, et seulement ensuite leurs images.")
    raise ToReviewError(f"Pour les animaux {described(list(animals))} et la proportion {share:g}, le test est "
                        f"{described(test)}.", "Quels animaux y entrent, dans quel ordre, et jusqu'à quand ?")


PARTS_QUESTION = Question(
    "Partager sans séparer un animal", 3, _check_parts, (
        "Ce sont des animaux que l'on répartit, pas des images. Combien d'images chacun apporte-t-il ?",
        "Prenez les noms différents, triés. Ajoutez-les au test un à un, en comptant les images apportées, jusqu'à "
        "atteindre la proportion demandée.",
        "`sorted(set(animals))` donne les noms, `animals.count(name)` leur nombre d'images. Testez la condition "
        "d'arrêt avant d'ajouter un animal : `count >= share * len(animals)`."), PARTING)

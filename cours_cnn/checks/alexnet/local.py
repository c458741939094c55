"""Question 4 : écrire la normalisation locale, et dire quand elle n'agit pas."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.alexnet.sections import LOCAL
from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.reading import ToReviewError, close, read_array


@functools.cache
def _probes():
    random = np.random.RandomState(4)
    return tuple((random.uniform(0, 9, (3, 4, maps)), k, n, alpha, beta) for maps, k, n, alpha, beta in (
        (8, 2.0, 5, 0.01, 0.75), (6, 1.0, 3, 0.1, 0.5), (7, 2.0, 4, 0.05, 1.0), (4, 3.0, 9, 0.02, 0.75)))


def _local(a, k, n, alpha, beta, *, before=None, after=None, power=2, mean=False, running=False, around=False):
    """Rend la normalisation ; les options décrivent des écritures fautives."""
    before = n // 2 if before is None else before(n)
    after = n // 2 if after is None else after(n)
    source, result = a.copy(), a.copy()
    for i in range(a.shape[-1]):
        places = range(i - before, i + after + 1)
        kept = [j % a.shape[-1] for j in places] if around else [j for j in places if 0 <= j < a.shape[-1]]
        energy = (source[..., kept]**power).sum(axis=-1)
        energy = energy / len(kept) if mean else energy
        result[..., i] = a[..., i] / (k + alpha * energy)**beta
        if running:
            source[..., i] = result[..., i]
    return result


def _space(a, k, n, alpha, beta):
    half, result = n // 2, np.empty_like(a)
    for row in range(a.shape[0]):
        for column in range(a.shape[1]):
            window = a[max(row - half, 0):row + half + 1, max(column - half, 0):column + half + 1]
            result[row, column] = a[row, column] / (k + alpha * (window**2).sum(axis=(0, 1)))**beta
    return result


_LOCAL_TRAPS = (
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha / n, beta), "`alpha` est divisé par `n`. C'est la "
         "convention de PyTorch, non la formule de l'article."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, mean=True), "L'énergie est une moyenne des carrés. "
         "La formule les additionne."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, after=lambda n: n // 2 - 1), "La dernière carte "
         "voisine manque : une tranche Python s'arrête avant sa borne."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, before=lambda n: n, after=lambda n: n),
         "Le voisinage est deux fois trop large : `n` compte toutes les cartes du voisinage, non celles d'un côté."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, power=1), "Les activations sont additionnées sans "
         "être élevées au carré."),
    Trap(lambda a, k, n, alpha, beta: a / (k + alpha * a**2)**beta, "Chaque carte n'est divisée que par sa propre "
         "énergie : les cartes voisines n'interviennent pas."),
    Trap(lambda a, k, n, alpha, beta: a / (k + alpha * (a**2).sum(axis=-1, keepdims=True))**beta, "Toutes les cartes "
         "sont voisines de toutes les autres. Le voisinage d'une carte est borné par `n`."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, running=True), "Les cartes déjà normalisées servent "
         "à normaliser les suivantes : le résultat est écrit dans le tableau qu'on lit encore."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, beta, around=True), "La première carte est prise pour "
         "voisine de la dernière. Un indice négatif compte depuis la fin : le voisinage doit s'arrêter aux bords."),
    Trap(_space, "Le voisinage est pris dans l'image. Celui de la formule est pris parmi les cartes, au même point."),
    Trap(lambda a, k, n, alpha, beta: a / _local(a, k, n, alpha, beta), "C'est le diviseur qui est rendu, non "
         "l'activation divisée."),
    Trap(lambda a, k, n, alpha, beta: _local(a, k, n, alpha, 1.0), "L'exposant `beta` n'est pas appliqué."),
)


def _check_local(answers: Answers) -> str:
    reason = "c'est ce calcul que la question demande d'écrire, avec NumPy."
    answers.forbid("local_response", dict.fromkeys(
        ("local_response_normalization", "lrn", "LocalResponseNormalization"), reason))
    found = []
    for probe in _probes():
        a, k, n, alpha, beta = probe
        what = f"Pour {a.shape[-1]} cartes et `k={k}, n={n}, alpha={alpha}, beta={beta}`, `local_response` rend"
        found.append(read_array(answers.call("local_response", *probe), what, a.shape))
    expected = [_local(*probe) for probe in _probes()]
    if all(map(close, found, expected)):
        return ("La normalisation est exacte, aux bords comme au milieu des cartes, pour un voisinage pair ou plus "
                "large que le nombre de cartes.")
    recognise(found, _probes(), _LOCAL_TRAPS, close)
    probe, answer, good = next(triple for triple in zip(_probes(), found, expected, strict=True)
                               if not close(*triple[1:]))
    wrong = sorted({int(place[-1]) for place in np.argwhere(~np.isclose(answer, good, atol=1e-4))})
    where = "partout" if len(wrong) == probe[0].shape[-1] else f"dans les cartes {', '.join(map(str, wrong))}"
    raise ToReviewError(f"Avec `k={probe[1]}, n={probe[2]}, alpha={probe[3]}, beta={probe[4]}`, le résultat diffère "
                        f"{where}, sur {probe[0].shape[-1]} cartes.",
                        "Écrivez à la main, pour la carte 0 puis pour la carte 3, la liste des cartes voisines, et la "
                        "somme des carrés qui leur correspond.")


LOCAL_QUESTION = Question(
    "Écrire la normalisation locale", 3, _check_local, (
        "Une boucle sur les cartes suffit : les points de l'image se traitent tous à la fois. Quelles cartes sont "
        "voisines de la carte i ?",
        "Les voisines vont de `i - n // 2` à `i + n // 2`, bornes comprises, sans sortir des cartes existantes. "
        "Écrivez le résultat dans un tableau neuf.",
        "`a[..., first:last]` prend des cartes, `last` exclu ; `(…**2).sum(axis=-1)` additionne leurs carrés. La carte "
        "i du résultat est `a[..., i]` divisée par `(k + alpha * energy)**beta`. `max(0, …)` évite un indice "
        "négatif."), LOCAL)

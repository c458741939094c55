"""Partager un jeu sans fuite : proportions gardées par classe et par strate, groupes jamais séparés."""

from __future__ import annotations

import numpy as np

from cours_cnn.dataset import stratified
from cours_cnn.validation import refuse


def part_sizes(count: int, validation: float, test: float) -> tuple[int, int, int]:
    """Rend les tailles (entraînement, validation, test) de parts données en proportion de ``count``.

    Lève ``ValueError`` si une proportion sort de ]0, 1[ ou si une part serait vide.
    """
    for name, share in (("validation", validation), ("test", test)):
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            refuse(name, share, "une proportion strictement comprise entre 0 et 1")
    if validation + test >= 1:
        refuse("validation + test", validation + test, "inférieur à 1 : il faut aussi des images d'entraînement")
    second, third = round(count * validation), round(count * test)
    sizes = (count - second - third, second, third)
    if min(sizes) < 1:
        refuse("validation, test", (validation, test), f"des proportions qui laissent des images dans chaque part de "
               f"ces {count} images")
    return sizes


def parted(labels: np.ndarray, sizes: tuple[int, ...], *, strata=None, groups=None, seed: int = 0) -> list[np.ndarray]:
    """Rend les indices de chaque part, de tailles ``sizes`` (approchées si des groupes doivent rester entiers)."""
    if groups is None:
        keys = labels if strata is None else np.array([f"{label}/{stratum}" for label, stratum in
                                                       zip(labels, strata, strict=True)])
        return stratified(np.unique(keys, return_inverse=True)[1].ravel().astype(np.int64), sizes, seed)
    return _whole_groups(labels, sizes, np.asarray(groups), seed)


def _whole_groups(labels: np.ndarray, sizes: tuple[int, ...], groups: np.ndarray, seed: int) -> list[np.ndarray]:
    """Place chaque groupe, tiré au hasard, dans la part à qui il manque la plus grande proportion de sa classe."""
    random = np.random.RandomState(seed)
    names, codes = np.unique(groups, return_inverse=True)
    codes = codes.ravel()
    wanted = np.array(sizes, dtype=float) / len(labels)
    counts = np.bincount(labels)
    filled = np.zeros((len(sizes), len(counts)))
    place = np.zeros(len(names), dtype=int)
    members = {code: np.flatnonzero(codes == code) for code in range(len(names))}
    order = random.permutation(len(names))
    # Les plus grands groupes d'abord : les petits comblent ensuite les écarts.
    for code in order[np.argsort([-len(members[code]) for code in order], kind="stable")]:
        label = np.bincount(labels[members[code]]).argmax()
        lack = 1 - filled[:, label] / (wanted * counts[label])
        place[code] = lack.argmax()
        filled[place[code], label] += len(members[code])
    return [random.permutation(np.flatnonzero(place[codes] == part)) for part in range(len(sizes))]

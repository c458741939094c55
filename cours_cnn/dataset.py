"""Ce que rend tout chargeur de données : des images étiquetées et leur partage en trois parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cours_cnn.french import NBSP, integer
from cours_cnn.validation import refuse, whole_number

EMBEDDED = "embarqué"


@dataclass(frozen=True, eq=False)
class Split:
    """Une part d'un jeu : ``x``, images réelles (n, hauteur, largeur, canaux) ; ``y``, leurs n classes.

    Lève ``TypeError`` ou ``ValueError`` si les tableaux n'ont pas ces formes.
    """

    x: np.ndarray
    y: np.ndarray

    def __post_init__(self):
        check_images("x", self.x)
        if not np.issubdtype(self.x.dtype, np.floating):
            refuse("x", self.x.dtype, "un tableau de nombres réels (float32)", kind=TypeError)
        check_labels("y", self.y)
        if len(self.y) != len(self.x):
            refuse("y", self.y, f"un tableau de {len(self.x)} classes, une par image")

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"{integer(len(self))} images {_image_size(self.x)}"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Un jeu d'images étiquetées, partagé en entraînement, validation et test.

    ``classes`` : nom de chaque classe, dans l'ordre des étiquettes ; ``source``, ``licence`` : d'où viennent
    les images et ce qui en est permis ; ``origin`` : où ce jeu vient d'être pris (embarqué, cache,
    téléchargement…).
    Lève ``TypeError`` ou ``ValueError`` si les parts ne vont pas ensemble.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    licence: str
    origin: str

    def __post_init__(self):
        for label in ("name", "source", "licence", "origin"):
            if not isinstance(getattr(self, label), str) or not getattr(self, label):
                refuse(label, getattr(self, label), "un texte non vide", kind=TypeError)
        if not isinstance(self.classes, tuple) or not all(isinstance(name, str) for name in self.classes):
            refuse("classes", self.classes, "un tuple de noms de classes", kind=TypeError)
        for label in ("train", "validation", "test"):
            part = getattr(self, label)
            if not isinstance(part, Split):
                refuse(label, part, "un Split", kind=TypeError)
            if part.x.shape[1:] != self.train.x.shape[1:]:
                refuse(label, part.x, f"un Split d'images de forme {self.train.x.shape[1:]}, comme « train »")
            if len(part) and part.y.max() >= len(self.classes):
                refuse(label, int(part.y.max()), f"étiqueté de 0 à {len(self.classes) - 1}, un nom par classe")

    def __repr__(self) -> str:
        # Ni chemin ni origine : la même cellule affiche le même texte au premier passage et depuis le cache.
        total = len(self.train) + len(self.validation) + len(self.test)
        return (f"{self.name}{NBSP}: {integer(total)} images {_image_size(self.train.x)}, "
                f"{len(self.classes)} classes\n"
                f"  entraînement {integer(len(self.train))}, validation {integer(len(self.validation))}, "
                f"test {integer(len(self.test))}\n"
                f"  source{NBSP}: {self.source}\n"
                f"  licence{NBSP}: {self.licence}")


def stratified(labels: np.ndarray, sizes: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    """Partage au hasard les indices de ``labels`` en parts de tailles ``sizes``, sans élément commun.

    Chaque classe garde dans chaque part la proportion qu'elle a dans l'ensemble, aux arrondis près. Les mêmes
    arguments donnent toujours le même partage, dans le même ordre.
    Lève ``TypeError`` ou ``ValueError`` si ``sizes`` n'épuise pas exactement ``labels``.
    """
    check_labels("labels", labels)
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or not sizes:
        refuse("sizes", sizes, "une suite d'entiers, un par part", kind=TypeError)
    sizes = [whole_number("sizes", size) for size in sizes]
    if sum(sizes) != len(labels):
        refuse("sizes", sizes, f"une suite d'entiers dont la somme est {len(labels)}, le nombre d'étiquettes")
    # RandomState : la seule suite pseudo-aléatoire que NumPy garantit identique d'une version à l'autre.
    random = np.random.RandomState(check_seed(seed))
    left = random.permutation(len(labels))
    parts = []
    for size in reversed(sizes[1:]):
        chosen = np.zeros(len(left), dtype=bool)
        for label, quota in _quotas(labels[left], size):
            chosen[np.flatnonzero(labels[left] == label)[:quota]] = True
        parts.append(left[chosen])
        left = left[~chosen]
    # Les quotas servis dans l'ordre laissent en tête les classes en surnombre : chaque part est rebattue.
    return [random.permutation(part) for part in (left, *reversed(parts))]


def _image_size(x: np.ndarray) -> str:
    height, width, channels = x.shape[1:]
    return f"de {height}{NBSP}×{NBSP}{width} pixels ({channels} {'canal' if channels == 1 else 'canaux'})"


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Ramène des pixels entiers de 0 à 255 à des réels (float32) de 0 à 1, sans changer la forme."""
    return np.true_divide(pixels, 255, dtype=np.float32)


def check_images(name: str, images) -> None:
    """Lève ``TypeError`` ou ``ValueError`` si ``images`` n'est pas un tableau (nombre, hauteur, largeur, canaux)."""
    shape = "un tableau NumPy d'images de forme (nombre, hauteur, largeur, canaux)"
    if not isinstance(images, np.ndarray) or not np.issubdtype(images.dtype, np.number):
        refuse(name, images, shape, kind=TypeError)
    if images.ndim != 4 or 0 in images.shape[1:]:
        refuse(name, images, shape, hint="Une seule image s'écrit images[i:i + 1].")


def check_labels(name: str, labels) -> None:
    """Lève ``TypeError`` ou ``ValueError`` si ``labels`` n'est pas une suite d'entiers positifs ou nuls."""
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        refuse(name, labels, "un tableau NumPy d'entiers", kind=TypeError)
    if labels.ndim != 1 or (len(labels) and labels.min() < 0):
        refuse(name, labels, "un tableau à une dimension de numéros de classes, à partir de 0")


def check_seed(seed) -> int:
    """Rend ``seed`` si c'est une graine admise par NumPy ; lève ``TypeError`` ou ``ValueError`` sinon."""
    return whole_number("seed", seed, minimum=0, maximum=2**32 - 1)


def _quotas(labels: np.ndarray, size: int) -> list[tuple[int, int]]:
    """Répartit ``size`` entre les classes, au prorata, les restes allant aux plus fortes fractions."""
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * size // max(len(labels), 1)
    fractions = counts * size - shares * len(labels)
    shares[np.argsort(-fractions, kind="stable")[:size - shares.sum()]] += 1
    return list(zip(classes.tolist(), shares.tolist(), strict=True))

"""Les noyaux d'une première couche, dans les couleurs de l'image qu'ils cherchent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cours_cnn.figures.maps import image_grid
from cours_cnn.figures.picture import Picture
from cours_cnn.validation import refuse


def color_kernels(kernels, *, titles: Sequence[str] | None = None, columns: int = 12, cell: float = 0.6,
                  alt: str = "") -> Picture:
    """Montre des noyaux à trois canaux comme de petites images : un gris moyen vaut zéro.

    ``kernels`` : tableau (hauteur, largeur, 3, n), tel que Keras le range. Chaque noyau a son échelle, fixée par son
    poids le plus grand en valeur absolue : un noyau gris est un noyau dont les trois canaux se valent, un noyau coloré
    oppose des couleurs. Lève ``ValueError`` si le tableau n'a pas cette forme.
    """
    kernels = np.asarray(kernels, dtype="float32")
    if kernels.ndim != 4 or kernels.shape[2] != 3 or not kernels.size:
        refuse("kernels", kernels, "un tableau (hauteur, largeur, 3, n), comme les poids d'une première convolution")
    height, width, _, count = kernels.shape
    bounds = np.abs(kernels).max(axis=(0, 1, 2))
    shown = 0.5 + kernels / (2 * np.where(bounds > 0, bounds, 1))
    told = (f"{count} noyaux {height} × {width} à trois canaux, en couleurs : gris moyen là où le poids est nul, clair "
            "ou sombre là où il est positif ou négatif.")
    return image_grid(np.moveaxis(shown, -1, 0), titles, columns=columns, cell=cell, alt=alt or told)

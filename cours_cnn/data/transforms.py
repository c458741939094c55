"""Transformations d'images : bordure de zéros, décalage."""

from __future__ import annotations

import numpy as np

from cours_cnn.dataset import check_images
from cours_cnn.validation import pair, whole_number


def pad(images: np.ndarray, margin: int | tuple[int, int]) -> np.ndarray:
    """Entoure de zéros des images (n, h, l, c) : la sortie a la forme (n, h + 2·margin, l + 2·margin, c).

    ``margin`` : pixels ajoutés de chaque côté, ou un couple (en haut et en bas, à gauche et à droite).
    Lève ``TypeError`` ou ``ValueError`` si ``images`` n'a pas cette forme ou si ``margin`` est négatif.
    """
    check_images("images", images)
    rows, columns = pair("margin", margin, minimum=0)
    return np.pad(images, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def shift(images: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Décale des images (n, h, l, c) de ``dy`` pixels vers le bas et de ``dx`` vers la droite.

    La taille ne change pas : ce qui sort de l'image est perdu, ce qui entre vaut zéro. Des valeurs négatives
    décalent vers le haut et vers la gauche.
    Lève ``TypeError`` ou ``ValueError`` si ``images`` n'a pas cette forme ou si le décalage dépasse l'image.
    """
    check_images("images", images)
    height, width = images.shape[1:3]
    dy = whole_number("dy", dy, minimum=-height, maximum=height)
    dx = whole_number("dx", dx, minimum=-width, maximum=width)
    shifted = np.zeros_like(images)
    shifted[:, max(dy, 0):height + min(dy, 0), max(dx, 0):width + min(dx, 0)] = \
        images[:, max(-dy, 0):height - max(dy, 0), max(-dx, 0):width - max(dx, 0)]
    return shifted

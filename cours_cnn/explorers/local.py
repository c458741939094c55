"""Figures vivantes d'une seule couche : la convolution."""

from __future__ import annotations

import base64

from cours_cnn.explorers.base import Explorer, text

NUMBERS = ((2, 1, 2, 8, 9), (1, 2, 1, 9, 8), (2, 1, 2, 8, 9), (1, 2, 8, 9, 8), (2, 8, 9, 8, 9))
EDGES = ((-1, 0, 1),) * 3
_SIDE, _CELL = 48, 26


def convolution() -> Explorer:
    """Rend la figure vivante de la convolution, sur le tableau de nombres du cours et sur une photographie.

    Le lecteur change le noyau, le pas, le remplissage et la dilatation, et lit les produits de chaque sortie.
    """
    outputs = correlated(NUMBERS, EDGES)
    sentence = (
        f"Le noyau (colonnes −1, 0, 1) glisse sur un tableau 5 × 5 ; la sortie 3 × 3 vaut "
        f"{outputs[0][1]} sur sa première ligne, deuxième colonne. Avec JavaScript, on change le noyau, le pas, le "
        "remplissage et la dilatation, sur ces nombres ou sur une photographie, et l'on lit les neuf produits de "
        "chaque sortie.")
    side = _CELL * 5
    body = (_cells(NUMBERS, 0) + text(side + 22, side / 2 + 5, "→", size=20) + _cells(outputs, side + 44)
            + f"<path d='M{_CELL} 0h{3 * _CELL}v{3 * _CELL}h{-3 * _CELL}z' fill='none' stroke='currentColor' "
              "stroke-width='3'/>")
    return Explorer("convolution", "Une convolution, produit par produit", {"nombres": NUMBERS, "photo": _photo()},
                    (body, 2 * side, side + 2), sentence)


def correlated(values, kernel) -> list[list[int]]:
    """Rend la corrélation croisée d'un tableau par un noyau carré, sans remplissage, au pas 1."""
    size, span = len(kernel), range(len(kernel))
    positions = range(len(values) - size + 1)
    return [[sum(values[i + u][j + v] * kernel[u][v] for u in span for v in span) for j in positions]
            for i in positions]


def _cells(values, left: float) -> str:
    height, width = len(values), len(values[0])
    lines = "".join(f"M{left:g} {r * _CELL}h{width * _CELL}" for r in range(height + 1))
    lines += "".join(f"M{left + c * _CELL:g} 0v{height * _CELL}" for c in range(width + 1))
    numbers = "".join(text(left + (c + 0.5) * _CELL, (r + 0.7) * _CELL, value)
                      for r, row in enumerate(values) for c, value in enumerate(row))
    return f"<path d='{lines}' stroke='currentColor' stroke-opacity='.4'/>{numbers}"


def _photo() -> str:
    """Rend la photographie Chelsea en 48 × 48 pixels de seize gris, deux pixels par octet, en base 64."""
    import numpy as np
    from skimage.data import chelsea

    square = chelsea()[6:294, 76:364].astype(np.int64).sum(axis=2)
    blocks = square.reshape(_SIDE, 6, _SIDE, 6).sum(axis=(1, 3))
    # Entiers d'un bout à l'autre : les mêmes octets sur toutes les machines.
    greys = (blocks * 15 + 255 * 54) // (255 * 108)
    return base64.b64encode((greys[:, ::2] * 16 + greys[:, 1::2]).astype(np.uint8).tobytes()).decode("ascii")

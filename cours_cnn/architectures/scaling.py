"""Réglages communs aux réseaux : forme de l'entrée, nombre de classes, largeur."""

from __future__ import annotations

import numbers

from cours_cnn.validation import refuse, whole_number


def image_shape(input_shape, *, smallest: int) -> tuple[int, int, int]:
    """Rend ``input_shape`` si c'est (hauteur, largeur, canaux) et si chaque côté mesure au moins ``smallest`` pixels.

    Lève ``TypeError`` ou ``ValueError`` sinon.
    """
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        refuse("input_shape", input_shape, "un triplet (hauteur, largeur, canaux)", kind=TypeError)
    height, width, channels = (whole_number("input_shape", value, minimum=1) for value in input_shape)
    if min(height, width) < smallest:
        refuse("input_shape", input_shape, f"un triplet dont chaque côté mesure au moins {smallest} pixels",
               hint="Ce réseau réduit trop l'image pour une entrée plus petite.")
    return height, width, channels


def class_count(classes) -> int:
    """Rend ``classes`` si c'est un entier d'au moins 2 ; lève ``TypeError`` ou ``ValueError`` sinon."""
    return whole_number("classes", classes, minimum=2)


def scaler(width, *, multiple: int = 1):
    """Rend la fonction qui multiplie un nombre de cartes par ``width``, arrondi au multiple de ``multiple`` voisin.

    Le résultat n'est jamais nul. Lève ``TypeError`` ou ``ValueError`` si ``width`` n'est pas un nombre positif.
    """
    if isinstance(width, bool) or not isinstance(width, numbers.Real):
        refuse("width", width, "un nombre positif, 1 pour la largeur d'origine", kind=TypeError)
    if not 0 < width <= 8:
        refuse("width", width, "un nombre compris entre 0 exclu et 8, 1 pour la largeur d'origine")

    def scaled(maps: int) -> int:
        return maps if width == 1 else max(multiple, multiple * round(maps * width / multiple))

    return scaled

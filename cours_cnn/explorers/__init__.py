"""Figures vivantes : elles calculent dans la page, sans noyau, et se lisent aussi sans script.

Chaque fonction rend un objet à afficher : ``explorers.convolution()``. Un fichier JavaScript sans dépendance,
``monter(el, params)``, fait le calcul ; un jumeau statique (un dessin et une phrase) le remplace sans script.
"""

from cours_cnn.explorers.base import Explorer
from cours_cnn.explorers.local import convolution

__all__ = ["Explorer", "convolution"]

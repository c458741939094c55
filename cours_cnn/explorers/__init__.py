"""Figures vivantes : elles calculent dans la page, sans noyau, et se lisent aussi sans script.

Chaque fonction rend un objet à afficher : ``explorers.convolution()``. Un fichier JavaScript sans dépendance,
``monter(el, params)``, fait le calcul ; un jumeau statique (un dessin et une phrase) le remplace sans script.
"""

from cours_cnn.explorers.base import Explorer
from cours_cnn.explorers.counting import comptage, goulot
from cours_cnn.explorers.fields import champ_recepteur
from cours_cnn.explorers.local import convolution
from cours_cnn.explorers.measures import gel, panorama, residuel, top5
from cours_cnn.explorers.network import lenet_vivant

__all__ = ["Explorer", "champ_recepteur", "comptage", "convolution", "gel", "goulot", "lenet_vivant", "panorama",
           "residuel", "top5"]

"""Jeux de données du cours : une fonction par jeu, toutes rendent un :class:`Dataset`.

Un jeu est cherché par :mod:`cours_cnn.fetch` (dossier ``COURS_CNN_DONNEES``, cache, téléchargement) ; à
défaut, des données embarquées servent, et un avis le dit.
"""

from cours_cnn.data.cifar import cifar10
from cours_cnn.data.digits import mnist
from cours_cnn.data.transforms import pad, shift
from cours_cnn.dataset import Dataset, Split, stratified

__all__ = ["Dataset", "Split", "cifar10", "mnist", "pad", "shift", "stratified"]

"""Jeux de données du cours : une fonction par jeu, toutes rendent un :class:`Dataset`.

Un jeu est cherché par :mod:`cours_cnn.fetch` (dossier ``COURS_CNN_DONNEES``, cache, téléchargement) ; à
défaut, des données embarquées servent, et un avis le dit.
"""

from cours_cnn.data.animals import cats_and_dogs
from cours_cnn.data.cifar import cifar10
from cours_cnn.data.digits import mnist
from cours_cnn.data.gathering import photo_folder
from cours_cnn.data.photos import Parts, PhotoFolder
from cours_cnn.data.pictures import open_picture, read_pixels
from cours_cnn.data.transforms import pad, shift
from cours_cnn.data.xrays import chest_xrays, pneumonia_mnist
from cours_cnn.dataset import Dataset, Split, stratified

__all__ = ["Dataset", "Parts", "PhotoFolder", "Split", "cats_and_dogs", "chest_xrays", "cifar10", "mnist",
           "open_picture", "pad", "photo_folder", "pneumonia_mnist", "read_pixels", "shift", "stratified"]

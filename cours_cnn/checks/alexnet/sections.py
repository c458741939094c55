"""Les sections du chapitre auxquelles les vérifications de l'exercice sur AlexNet renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

ARCHITECTURE = Section("alexnet", "L'architecture, couche par couche")
INPUT = Section("alexnet", "224 ou 227 ?")
TOWERS = Section("alexnet", "Deux tours, deux comptes")
COSTS = Section("alexnet", "Où sont les paramètres, où est le calcul ?")
RELU = Section("alexnet", "ReLU : une fonction qui ne sature pas")
DROPOUT = Section("alexnet", "Dropout : oublier la moitié des unités")
POOLING = Section("alexnet", "Pooling chevauchant")
LOCAL = Section("alexnet", "La normalisation locale, et pourquoi elle a disparu")
MEASURES = Section("alexnet", "Chaque ingrédient, mesuré")

ALL = (ARCHITECTURE, INPUT, TOWERS, COSTS, RELU, DROPOUT, POOLING, LOCAL, MEASURES)

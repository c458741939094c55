"""Les sections du cours auxquelles les vérifications de l'exercice LeNet-5 renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

SIZES = Section("convolution", "Pas, remplissage, dilatation")
CHANNELS = Section("convolution", "Plusieurs canaux en entrée, plusieurs cartes en sortie")
CORRELATION = Section("convolution", "Convolution ou corrélation croisée ?")
DATA = Section("lenet", "Les données : de vrais chiffres manuscrits")
ARCHITECTURE = Section("lenet", "L'architecture, couche par couche")
COUNTING = Section("lenet", "Compter, à la main puis par le code")
PARTIAL = Section("lenet", "Le LeNet-5 de 1998")
TRAINING = Section("lenet", "Entraîner")
MEASURES = Section("lenet", "1998 contre aujourd'hui, mesuré")
OUTSIDE = Section("lenet", "Hors du domaine appris")

ALL = (SIZES, CHANNELS, CORRELATION, DATA, ARCHITECTURE, COUNTING, PARTIAL, TRAINING, MEASURES, OUTSIDE)

"""Les sections du chapitre auxquelles les vérifications de l'exercice sur la convolution renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

HAND = Section("convolution", "Une convolution calculée à la main")
CORRELATION = Section("convolution", "Convolution ou corrélation croisée ?")
PHOTO = Section("convolution", "Sur une vraie photographie")
CHANNELS = Section("convolution", "Plusieurs canaux en entrée, plusieurs cartes en sortie")
SIZES = Section("convolution", "Pas, remplissage, dilatation")
SAME = Section("convolution", "Ce que Keras appelle `same`")
DILATION = Section("convolution", "La dilatation")
DENSE = Section("convolution", "Pourquoi pas un réseau entièrement connecté ?")
COUNTING = Section("convolution", "Compter : paramètres, multiplications, mémoire")
FIELD = Section("convolution", "Le champ récepteur")
SHIFTING = Section("convolution", "Décaler l'image : équivariance et invariance")

ALL = (HAND, CORRELATION, PHOTO, CHANNELS, SIZES, SAME, DILATION, DENSE, COUNTING, FIELD, SHIFTING)

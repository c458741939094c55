"""Les sections du cours auxquelles les vérifications de l'exercice GoogLeNet renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

BY_HAND = Section("inception", "Un module calculé à la main")
NAIVE = Section("inception", "Le module naïf, et son prix")
BOTTLENECK = Section("inception", "Le goulot : de 120 à 12,4 millions")
WIDTH = Section("inception", "Quelle largeur donner au goulot ?")
MODULE = Section("inception", "Le module complet")
MEAN = Section("inception", "La moyenne globale plutôt que des couches denses")
AUXILIARY = Section("inception", "Les têtes auxiliaires")
EXPERIMENT = Section("inception", "L'expérience : un Inception de poche")
FACTORED = Section("inception", "Factoriser les noyaux")

ALL = (BY_HAND, NAIVE, BOTTLENECK, WIDTH, MODULE, MEAN, AUXILIARY, EXPERIMENT, FACTORED)

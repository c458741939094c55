"""Les sections du chapitre auxquelles les vérifications de l'exercice sur VGG renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

RULE = Section("vgg", "Une règle, répétée")
COUNTING = Section("vgg", "Compter avant de construire")
BUILDING = Section("vgg", "Construire le réseau à partir de sa liste")
COSTS = Section("vgg", "Où vont les paramètres, le calcul et la mémoire")
STACKS = Section("vgg", "Pourquoi des noyaux 3 × 3")
SIGNAL = Section("vgg", "Entraîner seize couches en 2014")
PAIRS = Section("vgg", "Règle 1 : deux 3 × 3 plutôt qu'un 5 × 5")
DOUBLING = Section("vgg", "Règle 3 : doubler les filtres après chaque pooling")
HEAD = Section("vgg", "Couper 80 % des paramètres sans toucher aux convolutions")

ALL = (RULE, COUNTING, BUILDING, COSTS, STACKS, SIGNAL, PAIRS, DOUBLING, HEAD)

"""Les sections du cours auxquelles les vérifications de l'exercice ResNet renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

ENIGMA = Section("resnet", "L'énigme : plus profond, et pourtant pire")
OVERFITTING = Section("resnet", "Ce n'est pas du surapprentissage")
PROTOCOL = Section("resnet", "Le protocole")
MEASURES = Section("resnet", "Quatre réseaux, cinq graines")
EQUATIONS = Section("resnet", "Deux équations, un terme de plus")
IDENTITY = Section("resnet", "L'identité au départ ?")
PRODUCT = Section("resnet", "Le gradient : un produit de « 1 + … »")
REAL = Section("resnet", "Rendre résiduel un vrai réseau")
SHAPES = Section("resnet", "Quand les formes diffèrent")
BOTTLENECK = Section("resnet", "Le goulot : ResNet-50, 101 et 152")
COUNTS = Section("resnet", "Deux bibliothèques, deux comptes")
VERSIONS = Section("resnet", "v1, v1.5, V2 : où est le pas ?")

ALL = (ENIGMA, OVERFITTING, PROTOCOL, MEASURES, EQUATIONS, IDENTITY, PRODUCT, REAL, SHAPES, BOTTLENECK, COUNTS,
       VERSIONS)

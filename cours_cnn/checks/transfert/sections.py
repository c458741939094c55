"""Les sections du chapitre « Transfert » auxquelles les vérifications renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

REGIMES = Section("transfert", "Ce qu'un réseau peut transmettre")
FROZEN = Section("transfert", "La base gelée, avec Keras 3")
COMPILE = Section("transfert", "Geler ou dégeler sans recompiler")
NORMS = Section("transfert", "Dégeler la normalisation par lots")
DIVISION = Section("transfert", "Diviser par 255 avant `preprocess_input`")
PATIENTS = Section("transfert", "Partager par patient")
LEAKS = Section("transfert", "Laisser fuir des patients, ou des copies")
RATES = Section("transfert", "Quatre cas, deux taux")
THRESHOLD = Section("transfert", "Le seuil se choisit")
MEASURES = Section("transfert", "Les mesures réelles : combien d'images faut-il ?")

ALL = (REGIMES, FROZEN, COMPILE, NORMS, DIVISION, PATIENTS, LEAKS, RATES, THRESHOLD, MEASURES)

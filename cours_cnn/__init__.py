"""Module du cours « Architectures de CNN ».

Les chapitres enseignent ; ce module équipe : données, architectures, décomptes, figures, faits vérifiés.
Importer ``cours_cnn`` est immédiat : TensorFlow n'est chargé que par les sous-modules qui en ont besoin.
"""

import os

__version__ = "0.1.0"

# TensorFlow écrit des messages techniques sur la sortie d'erreur dès son chargement ; un lecteur débutant les
# prend pour des erreurs. La variable doit être posée avant cet import, et celle de l'utilisateur prime.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

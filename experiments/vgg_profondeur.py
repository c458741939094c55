"""Mesure ce que la profondeur apporte à un VGG de poche : configurations A et D, mêmes données, même budget.

    python -m experiments.vgg_profondeur                refait toutes les mesures (quelques minutes)
    python -m experiments.vgg_profondeur --verifier     refait la première graine et la compare aux résultats
                                                        enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/vgg_profondeur.json``, que montre le chapitre VGG ; protocole : ``vgg_protocole``. Les
réseaux ont le huitième de la largeur d'origine, deux couches denses de 64 unités et l'initialisation de He ; ils ne
diffèrent que par le nombre de convolutions de chaque bloc (Simonyan et Zisserman, 2015, table 1).
"""

from __future__ import annotations

import sys

import keras
from keras import layers

from experiments.vgg_protocole import Experiment, run

BLOCKS = {"A": (1, 1, 2, 2, 2), "D": (2, 2, 3, 3, 3)}
MAPS = (8, 16, 32, 64, 64)


def network(kind: str) -> keras.Sequential:
    """Construit la configuration ``kind`` de poche ; entrée (lot, 32, 32, 3), sortie softmax (lot, 10)."""
    options = {"activation": "relu", "kernel_initializer": "he_normal"}
    stack = [keras.Input((32, 32, 3))]
    for count, maps in zip(BLOCKS[kind], MAPS, strict=True):
        stack += [layers.Conv2D(maps, 3, padding="same", **options) for _ in range(count)]
        stack.append(layers.MaxPooling2D(2))
    stack += [layers.Flatten(), layers.Dense(64, **options), layers.Dense(64, **options)]
    return keras.Sequential([*stack, layers.Dense(10, activation="softmax")])


EXPERIMENT = Experiment("vgg_profondeur", list(BLOCKS), network, epochs=6, rates=(1e-3,), seeds=(0, 1))

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

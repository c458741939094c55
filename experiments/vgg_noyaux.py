"""Mesure en petit ce que vaut la règle de VGG sur les noyaux : deux 3 × 3 plutôt qu'un 5 × 5.

    python -m experiments.vgg_noyaux                refait toutes les mesures (une demi-heure)
    python -m experiments.vgg_noyaux --verifier     refait la première graine et la compare aux résultats enregistrés,
                                                    sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/vgg_noyaux.json``, que dessine le chapitre VGG ; protocole : ``vgg_protocole``. Deux
comparaisons, deux taux et trois graines chacune :

- un petit réseau dont les deux couches 5 × 5 de 16 cartes sont remplacées par deux couches 3 × 3, par deux couches
  3 × 3 sans ReLU entre elles, ou par deux couches 3 × 3 élargies jusqu'à retrouver le nombre de paramètres ;
- les trois premiers blocs de la configuration B de Simonyan et Zisserman (2015) au huitième de leur largeur, avec des
  paires de 3 × 3 ou, comme dans l'article, un 5 × 5 à la place de chaque paire.
"""

from __future__ import annotations

import sys

import keras
from keras import layers

from experiments.vgg_protocole import Experiment, run

SMALL = {
    "un 5 × 5": [(16, 5, "relu")],
    "deux 3 × 3": [(16, 3, "relu"), (16, 3, "relu")],
    "deux 3 × 3 sans ReLU entre eux": [(16, 3, None), (16, 3, "relu")],
    "deux 3 × 3 élargis": [(22, 3, "relu"), (16, 3, "relu")],
}
BLOCKS = {
    "B : paires de 3 × 3": (3, 3),
    "B : un 5 × 5 par paire": (5,),
}


def small(kind: str) -> list:
    """Rend les couches du petit réseau : deux étages faits des couches ``SMALL[kind]``, entre trois poolings."""
    stages = [[layers.Conv2D(maps, side, padding="same", activation=activation)
               for maps, side, activation in SMALL[kind]] + [layers.MaxPooling2D(2)] for _ in range(2)]
    return [layers.Conv2D(16, 3, padding="same", activation="relu"), layers.MaxPooling2D(2), *stages[0], *stages[1],
            layers.Flatten()]


def pocket_b(kind: str) -> list:
    """Rend les couches des trois premiers blocs de B au huitième de leur largeur, et leur moyenne globale."""
    stack = []
    for maps in (8, 16, 32):
        stack += [layers.Conv2D(maps, side, padding="same", activation="relu") for side in BLOCKS[kind]]
        stack.append(layers.MaxPooling2D(2))
    return [*stack, layers.GlobalAveragePooling2D()]


def network(kind: str) -> keras.Sequential:
    """Construit le réseau nommé ``kind`` ; entrée (lot, 32, 32, 3), sortie softmax (lot, 10)."""
    body = small(kind) if kind in SMALL else pocket_b(kind)
    return keras.Sequential([keras.Input((32, 32, 3)), *body, layers.Dense(10, activation="softmax")])


EXPERIMENT = Experiment("vgg_noyaux", [*SMALL, *BLOCKS], network, epochs=8, rates=(1e-3, 3e-3), seeds=(0, 1, 2))

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

"""AlexNet (Krizhevsky, Sutskever et Hinton, 2012)."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn.architectures.scaling import class_count, image_shape, scaler
from cours_cnn.validation import one_of


def alexnet(towers: int = 2, *, input_shape=(227, 227, 3), classes: int = 1000, width: float = 1.0,
            activation: str = "relu", dropout: bool = True) -> keras.Sequential:
    """Construit AlexNet ; entrée (lot, 227, 227, 3), sortie softmax (lot, ``classes``).

    ``towers`` : 2, le réseau de 2012 réparti sur deux processeurs graphiques (C3, C6 et C7 du diaporama, soit les
    convolutions 2, 4 et 5 de l'article, ne lisent que les cartes de leur tour) : 60 965 224 paramètres ; 1, la même
    table sans séparation : 62 378 344. La normalisation locale de l'article, sans paramètre, est omise, comme dans le
    diaporama. ``width`` multiplie cartes et unités ; ``activation`` (``"relu"``, ``"tanh"``) et ``dropout`` servent
    aux comparaisons.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis.
    Source : Krizhevsky, Sutskever et Hinton, 2012, section 3.5.
    """
    one_of("towers", towers, [1, 2])
    one_of("activation", activation, ["relu", "tanh", "sigmoid"])
    one_of("dropout", dropout, [True, False])
    shape = image_shape(input_shape, smallest=67)
    maps = scaler(width, multiple=2)
    rate = 0.5 if dropout else 0.0
    return keras.Sequential([
        keras.Input(shape, name="In"),
        layers.Conv2D(maps(96), 11, strides=4, activation=activation, name="C1"),
        layers.MaxPooling2D(3, strides=2, name="S2"),
        layers.Conv2D(maps(256), 5, padding="same", groups=towers, activation=activation, name="C3"),
        layers.MaxPooling2D(3, strides=2, name="S4"),
        layers.Conv2D(maps(384), 3, padding="same", activation=activation, name="C5"),
        layers.Conv2D(maps(384), 3, padding="same", groups=towers, activation=activation, name="C6"),
        layers.Conv2D(maps(256), 3, padding="same", groups=towers, activation=activation, name="C7"),
        layers.MaxPooling2D(3, strides=2, name="S8"),
        layers.Flatten(name="aplatir"),
        layers.Dense(maps(4096), activation=activation, name="F9"),
        layers.Dropout(rate, name="dropout_f9"),
        layers.Dense(maps(4096), activation=activation, name="F10"),
        layers.Dropout(rate, name="dropout_f10"),
        layers.Dense(class_count(classes), activation="softmax", name="Out"),
    ], name="alexnet" if towers == 2 else "alexnet_une_tour")

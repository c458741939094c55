"""GoogLeNet, ou Inception v1 (Szegedy et al., 2015)."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn.architectures.scaling import class_count, image_shape, scaler
from cours_cnn.validation import one_of

# Pour chaque module : 1×1 ; réduction puis 3×3 ; réduction puis 5×5 ; projection après pooling (table 1 de l'article).
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}
_POOLED_AFTER = ("3b", "4e")
_AUXILIARY_AFTER = {"4a": "auxiliaire_1", "4d": "auxiliaire_2"}


def inception_module(x, widths, name: str):
    """Applique un module Inception au tenseur ``x`` (lot, h, l, c) : quatre branches, concaténées selon les cartes.

    ``widths`` : six nombres de cartes, dans l'ordre de la table 1 de l'article : 1 × 1 ; réduction et 3 × 3 ; réduction
    et 5 × 5 ; projection. La sortie (lot, h, l, somme des quatre branches) garde hauteur et largeur.
    Source : Szegedy et al., 2015, figure 2b.
    """
    one, reduce3, three, reduce5, five, projection = widths

    def convolve(tensor, maps, size, label):
        return layers.Conv2D(maps, size, padding="same", activation="relu", name=f"{name}_{label}")(tensor)

    branches = [
        convolve(x, one, 1, "1x1"),
        convolve(convolve(x, reduce3, 1, "3x3_reduction"), three, 3, "3x3"),
        convolve(convolve(x, reduce5, 1, "5x5_reduction"), five, 5, "5x5"),
        convolve(layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x), projection, 1,
                 "projection"),
    ]
    return layers.Concatenate(name=f"{name}_sortie")(branches)


def googlenet(auxiliary: bool = False, *, input_shape=(224, 224, 3), classes: int = 1000,
              width: float = 1.0) -> keras.Model:
    """Construit GoogLeNet ; entrée (lot, 224, 224, 3), sortie softmax (lot, ``classes``).

    ``auxiliary`` ajoute les deux sorties auxiliaires de l'entraînement : le modèle rend alors trois sorties, la
    principale en premier. 6 998 552 paramètres sans elles, 13 378 280 avec. La normalisation locale de l'article, sans
    paramètre, est omise. ``width`` multiplie les cartes.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis ; les sorties auxiliaires demandent une entrée
    d'au moins 80 pixels de côté.
    Source : Szegedy et al., 2015, table 1 et section 5.
    """
    one_of("auxiliary", auxiliary, [False, True])
    maps, classes = scaler(width), class_count(classes)
    image = keras.Input(image_shape(input_shape, smallest=80 if auxiliary else 32), name="In")
    x = layers.Conv2D(maps(64), 7, strides=2, padding="same", activation="relu", name="conv1")(image)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = layers.Conv2D(maps(64), 1, activation="relu", name="conv2_reduction")(x)
    x = layers.Conv2D(maps(192), 3, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool2")(x)
    heads = []
    for module, widths in MODULES.items():
        x = inception_module(x, [maps(value) for value in widths], module)
        if auxiliary and module in _AUXILIARY_AFTER:
            heads.append(_auxiliary_head(x, maps, classes, _AUXILIARY_AFTER[module]))
        if module in _POOLED_AFTER:
            x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"pool{module[0]}")(x)
    x = layers.GlobalAveragePooling2D(name="moyenne_globale")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    output = layers.Dense(classes, activation="softmax", name="Out")(x)
    return keras.Model(image, [output, *heads] if auxiliary else output, name="googlenet")


def _auxiliary_head(x, maps, classes: int, name: str):
    x = layers.AveragePooling2D(5, strides=3, name=f"{name}_pool")(x)
    x = layers.Conv2D(maps(128), 1, activation="relu", name=f"{name}_conv")(x)
    x = layers.Flatten(name=f"{name}_aplatir")(x)
    x = layers.Dense(maps(1024), activation="relu", name=f"{name}_dense")(x)
    x = layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return layers.Dense(classes, activation="softmax", name=name)(x)

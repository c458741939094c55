"""Les réseaux du cours, tels que les chapitres les construisent à la main."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn import layers_1998
from cours_cnn.validation import one_of, whole_number

_POOLINGS = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}


def lenet5(variant: str = "moderne", *, activation: str = "tanh", pooling: str = "average",
           partial_c3: bool = False, classes: int = 10) -> keras.Sequential:
    """Construit LeNet-5 pour des images 32 × 32 en niveaux de gris ; entrée (lot, 32, 32, 1).

    ``variant`` :
    ``"moderne"``, la variante du cours, 61 706 paramètres, sortie softmax (lot, ``classes``) ;
    ``"1998"``, l'original, 60 000 paramètres appris : C3 partielle, sous-échantillonnage appris, tanh étirée et
    sortie RBF (lot, 10) de distances, à entraîner avec ``layers_1998.map_loss``.
    ``activation`` (``"tanh"``, ``"relu"``, ``"sigmoid"``), ``pooling`` (``"average"``, ``"max"``), ``partial_c3``
    (C3 connectée selon la table de 1998) et ``classes`` ne valent que pour la variante moderne.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis.
    Source : LeCun et al., 1998, section II.B.
    """
    one_of("variant", variant, ["moderne", "1998"])
    one_of("activation", activation, ["tanh", "relu", "sigmoid"])
    one_of("pooling", pooling, list(_POOLINGS))
    one_of("partial_c3", partial_c3, [False, True])
    whole_number("classes", classes, minimum=2)
    if variant == "1998":
        if (activation, pooling, partial_c3, classes) != ("tanh", "average", False, 10):
            raise ValueError("La variante « 1998 » est figée : ne lui passez aucun autre réglage.")
        return _lenet5_1998()
    pool = _POOLINGS[pooling]
    return keras.Sequential([
        keras.Input((32, 32, 1), name="In"),
        layers.Conv2D(6, 5, activation=activation, name="C1"),
        pool(2, name="S2"),
        layers_1998.PartialConv2D(activation, name="C3") if partial_c3 else
        layers.Conv2D(16, 5, activation=activation, name="C3"),
        pool(2, name="S4"),
        layers.Conv2D(120, 5, activation=activation, name="C5"),
        layers.Flatten(name="aplatir"),
        layers.Dense(84, activation=activation, name="F6"),
        layers.Dense(classes, activation="softmax", name="Out"),
    ], name="lenet5")


def _lenet5_1998() -> keras.Sequential:
    squash, fan_in = layers_1998.scaled_tanh, layers_1998.fan_in_uniform
    return keras.Sequential([
        keras.Input((32, 32, 1), name="In"),
        layers.Conv2D(6, 5, activation=squash, kernel_initializer=fan_in(25), name="C1"),
        layers_1998.Subsampling(name="S2"),
        layers_1998.PartialConv2D(name="C3"),
        layers_1998.Subsampling(name="S4"),
        layers.Conv2D(120, 5, activation=squash, kernel_initializer=fan_in(400), name="C5"),
        layers.Flatten(name="aplatir"),
        layers.Dense(84, activation=squash, kernel_initializer=fan_in(120), name="F6"),
        layers_1998.RBFOutput(name="Out"),
    ], name="lenet5_1998")

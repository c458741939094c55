"""Les cinq réseaux « de poche » : une idée par réseau, le même ordre de calcul, des images de seize pixels de côté."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn.architectures.googlenet import inception_module
from cours_cnn.architectures.scaling import class_count, image_shape, scaler
from cours_cnn.validation import one_of

NAMES = ("lenet", "alexnet", "vgg", "inception", "resnet")
SMALLEST = 16  # trois réductions par deux laissent encore des cartes 2 × 2


def pocket(name: str, input_shape=(32, 32, 3), classes: int = 10, width: float = 1.0) -> keras.Model:
    """Construit un réseau de poche ; entrée (lot, hauteur, largeur, canaux), sortie softmax (lot, ``classes``).

    ``name`` : ``"lenet"``, ``"alexnet"``, ``"vgg"``, ``"inception"`` ou ``"resnet"``. Chacun garde l'idée de son
    modèle et demande environ un million de multiplications-additions à une image 16 × 16 × 3 (de 0,9 à 1,1 million).
    ``input_shape`` : chaque côté mesure au moins 16 pixels ; ``width`` multiplie cartes et unités.

    Ces réseaux servent à comparer des idées sous un même protocole : ils n'ont ni la profondeur ni la largeur des
    originaux, et rien n'assure que leur classement soit celui des originaux.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis.
    """
    one_of("name", name, NAMES)
    image = keras.Input(image_shape(input_shape, smallest=SMALLEST), name="In")
    features = {"lenet": _lenet, "alexnet": _alexnet, "vgg": _vgg, "inception": _inception,
                "resnet": _resnet}[name](image, scaler(width))
    output = layers.Dense(class_count(classes), activation="softmax", name="Out")(features)
    return keras.Model(image, output, name=f"poche_{name}")


def _lenet(x, maps):
    """LeNet-5 : noyaux 5 × 5, *tanh*, *pooling* moyen, deux couches entièrement connectées."""
    x = layers.Conv2D(maps(12), 5, padding="same", activation="tanh", name="C1")(x)
    x = layers.AveragePooling2D(2, name="S2")(x)
    x = layers.Conv2D(maps(32), 5, padding="same", activation="tanh", name="C3")(x)
    x = layers.AveragePooling2D(2, name="S4")(x)
    x = layers.Flatten(name="aplatir")(x)
    x = layers.Dense(maps(120), activation="tanh", name="C5")(x)
    return layers.Dense(maps(84), activation="tanh", name="F6")(x)


def _alexnet(x, maps):
    """AlexNet : premier noyau au pas de 2, ReLU, *pooling* chevauchant, grandes couches denses avec *dropout*."""
    def convolve(x, count, size, name, strides=1):
        return layers.Conv2D(maps(count), size, strides, padding="same", activation="relu", name=name)(x)

    x = convolve(x, 16, 5, "C1", strides=2)
    x = convolve(x, 20, 5, "C2")
    x = layers.MaxPooling2D(3, 2, padding="same", name="S2")(x)
    x = convolve(convolve(convolve(x, 32, 3, "C3"), 32, 3, "C4"), 24, 3, "C5")
    x = layers.MaxPooling2D(3, 2, padding="same", name="S5")(x)
    x = layers.Flatten(name="aplatir")(x)
    for name in ("F6", "F7"):
        x = layers.Dense(maps(256), activation="relu", name=name)(x)
        x = layers.Dropout(0.5, name=f"dropout_{name.lower()}")(x)
    return x


def _vgg(x, maps):
    """VGG : rien que des 3 × 3, deux par bloc, deux fois plus de cartes après chaque *pooling*."""
    for block, count in enumerate((10, 20, 40), start=1):
        for rank in (1, 2):
            x = layers.Conv2D(maps(count), 3, padding="same", activation="relu", name=f"block{block}_conv{rank}")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(maps(64), activation="relu", name="fc1")(x)


def _inception(x, maps):
    """GoogLeNet : trois modules à quatre branches, réduits par des 1 × 1, puis moyenne globale de chaque carte."""
    x = layers.Conv2D(maps(16), 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = inception_module(x, [maps(count) for count in (8, 12, 16, 4, 8, 8)], "3a")
    x = inception_module(x, [maps(count) for count in (16, 16, 32, 4, 8, 8)], "3b")
    x = layers.MaxPooling2D(2, name="pool3")(x)
    x = inception_module(x, [maps(count) for count in (24, 24, 48, 8, 16, 16)], "4a")
    return layers.GlobalAveragePooling2D(name="moyenne_globale")(x)


def _resnet(x, maps):
    """ResNet : trois blocs résiduels de deux 3 × 3 normalisés, projection 1 × 1 quand les formes diffèrent."""
    x = layers.Activation("relu", name="conv1_relu")(_normalised(x, maps(9), 3, 1, "conv1"))
    for stage, (count, strides) in enumerate(((9, 1), (18, 2), (36, 2)), start=2):
        name = f"conv{stage}_block1"
        y = layers.Activation("relu", name=f"{name}_1_relu")(_normalised(x, maps(count), 3, strides, f"{name}_1"))
        y = _normalised(y, maps(count), 3, 1, f"{name}_2")
        if strides > 1:
            x = _normalised(x, maps(count), 1, strides, f"{name}_0")
        x = layers.Activation("relu", name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, y]))
    return layers.GlobalAveragePooling2D(name="avg_pool")(x)


def _normalised(x, count: int, size: int, strides: int, name: str):
    x = layers.Conv2D(count, size, strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
    # Moyennes mobiles plus vives que celles de Keras : les entraînements du cours durent quelques centaines de pas.
    return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)

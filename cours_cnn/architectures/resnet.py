"""ResNet (He, Zhang, Ren et Sun, 2016) : blocs résiduels de base et en goulot."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn.architectures.scaling import class_count, image_shape, scaler
from cours_cnn.validation import one_of

# Blocs de chacun des quatre étages (table 1 de l'article) ; à partir de 50 couches, les blocs sont en goulot.
STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
MAPS = (64, 128, 256, 512)


def resnet(depth: int = 50, version: str = "v1", *, input_shape=(224, 224, 3), classes: int = 1000,
           width: float = 1.0, bias: bool = True, shortcut: bool = True) -> keras.Model:
    """Construit ResNet ; entrée (lot, 224, 224, 3), sortie softmax (lot, ``classes``).

    ``depth`` : 18 ou 34 (blocs de deux convolutions 3 × 3), 50, 101 ou 152 (goulots 1 × 1, 3 × 3, 1 × 1).
    ``version`` : ``"v1"`` place le pas de 2 dans la première convolution du bloc, comme l'article et
    ``keras.applications`` ; ``"v1.5"`` le place dans la convolution 3 × 3 du goulot, comme torchvision.
    ``bias`` : garde un biais dans les convolutions, comme Keras ; ``False`` l'omet, comme torchvision, la normalisation
    par lots le rendant inutile. ``shortcut=False`` retire les connexions directes et leurs projections.
    ``width`` multiplie les cartes. Les couches portent les noms de ``keras.applications``.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis.
    Source : He, Zhang, Ren et Sun, 2016, table 1.
    """
    one_of("depth", depth, list(STAGES))
    one_of("version", version, ["v1", "v1.5"])
    one_of("bias", bias, [True, False])
    one_of("shortcut", shortcut, [True, False])
    maps = scaler(width)
    image = keras.Input(image_shape(input_shape, smallest=32), name="In")
    x = layers.ZeroPadding2D(3, name="conv1_pad")(image)
    x = layers.Conv2D(maps(64), 7, strides=2, use_bias=bias, name="conv1_conv")(x)
    x = _normalised(x, "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    block = _basic_block if depth < 50 else _bottleneck_block
    for stage, (count, channels) in enumerate(zip(STAGES[depth], MAPS, strict=True), start=2):
        for rank in range(1, count + 1):
            stride = 2 if rank == 1 and stage > 2 else 1
            x = block(x, maps(channels), stride, f"conv{stage}_block{rank}", version, bias, shortcut)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    output = layers.Dense(class_count(classes), activation="softmax", name="predictions")(x)
    return keras.Model(image, output, name=f"resnet{depth}" if shortcut else f"plain{depth}")


def _basic_block(x, maps: int, stride: int, name: str, version: str, bias: bool, shortcut: bool):
    y = layers.Conv2D(maps, 3, strides=stride, padding="same", use_bias=bias, name=f"{name}_1_conv")(x)
    y = _normalised(y, f"{name}_1")
    y = layers.Conv2D(maps, 3, padding="same", use_bias=bias, name=f"{name}_2_conv")(y)
    return _joined(x, y, stride, name, "2", bias, shortcut)


def _bottleneck_block(x, maps: int, stride: int, name: str, version: str, bias: bool, shortcut: bool):
    first, middle = (stride, 1) if version == "v1" else (1, stride)
    y = layers.Conv2D(maps, 1, strides=first, use_bias=bias, name=f"{name}_1_conv")(x)
    y = _normalised(y, f"{name}_1")
    y = layers.Conv2D(maps, 3, strides=middle, padding="same", use_bias=bias, name=f"{name}_2_conv")(y)
    y = _normalised(y, f"{name}_2")
    y = layers.Conv2D(4 * maps, 1, use_bias=bias, name=f"{name}_3_conv")(y)
    return _joined(x, y, stride, name, "3", bias, shortcut)


def _joined(x, y, stride: int, name: str, last: str, bias: bool, shortcut: bool):
    """Ajoute l'entrée du bloc, projetée par une convolution 1 × 1 si sa forme diffère, puis applique ReLU."""
    y = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_{last}_bn")(y)
    if shortcut:
        if stride != 1 or x.shape[-1] != y.shape[-1]:
            x = layers.Conv2D(y.shape[-1], 1, strides=stride, use_bias=bias, name=f"{name}_0_conv")(x)
            x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_0_bn")(x)
        y = layers.Add(name=f"{name}_add")([x, y])
    return layers.Activation("relu", name=f"{name}_out")(y)


def _normalised(x, name: str):
    x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)

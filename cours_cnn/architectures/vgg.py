"""VGG-16 et VGG-19 (Simonyan et Zisserman, 2015)."""

from __future__ import annotations

import keras
from keras import layers

from cours_cnn.architectures.scaling import class_count, image_shape, scaler
from cours_cnn.validation import one_of

# Convolutions 3 × 3 de chacun des cinq blocs (table 1 de l'article : configurations D et E).
BLOCKS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
MAPS = (64, 128, 256, 512, 512)


def vgg(depth: int = 16, *, input_shape=(224, 224, 3), classes: int = 1000, width: float = 1.0,
        dense: int = 4096) -> keras.Sequential:
    """Construit VGG-16 ou VGG-19 ; entrée (lot, 224, 224, 3), sortie softmax (lot, ``classes``).

    ``depth`` : 16 (138 357 544 paramètres) ou 19 (143 667 240), le nombre de couches à poids. ``width`` multiplie les
    cartes et les unités ; ``dense`` : unités de chacune des deux couches entièrement connectées cachées.
    Les couches portent les noms de ``keras.applications``.

    Lève ``ValueError`` ou ``TypeError`` si un réglage n'est pas admis.
    Source : Simonyan et Zisserman, 2015, table 1.
    """
    one_of("depth", depth, list(BLOCKS))
    shape, maps = image_shape(input_shape, smallest=32), scaler(width)
    stack = [keras.Input(shape, name="In")]
    for block, (count, channels) in enumerate(zip(BLOCKS[depth], MAPS, strict=True), start=1):
        stack += [layers.Conv2D(maps(channels), 3, padding="same", activation="relu", name=f"block{block}_conv{rank}")
                  for rank in range(1, count + 1)]
        stack.append(layers.MaxPooling2D(2, name=f"block{block}_pool"))
    stack += [
        layers.Flatten(name="flatten"),
        layers.Dense(maps(dense), activation="relu", name="fc1"),
        layers.Dense(maps(dense), activation="relu", name="fc2"),
        layers.Dense(class_count(classes), activation="softmax", name="predictions"),
    ]
    return keras.Sequential(stack, name=f"vgg{depth}")

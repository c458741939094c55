"""Les blocs de l'énoncé, écrits avec Keras : ce à quoi les réponses sont comparées."""

from __future__ import annotations


def _conv_bn(x, maps, kernel, stride, scale="ones"):
    from keras import layers

    x = layers.Conv2D(maps, kernel, strides=stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(gamma_initializer=scale)(x)


def _block(shape, stride, branch):
    """Rend le modèle d'un bloc : ``branch`` construit la branche, la connexion directe s'y accorde."""
    import keras
    from keras import layers

    image = x = keras.Input(shape)
    y = branch(x)
    if stride != 1 or x.shape[-1] != y.shape[-1]:
        x = _conv_bn(x, y.shape[-1], 1, stride)
    return keras.Model(image, layers.ReLU()(layers.Add()([x, y])))


def basic_block(shape: tuple, maps: int, stride: int):
    """Rend un bloc de base : deux convolutions 3 × 3 normalisées, sans biais."""
    from keras import layers

    return _block(shape, stride,
                  lambda x: _conv_bn(layers.ReLU()(_conv_bn(x, maps, 3, stride)), maps, 3, 1))


def bottleneck(shape: tuple, maps: int, stride: int, version: str = "v1.5"):
    """Rend un goulot de version « v1 » ou « v1.5 », sans biais, dont la dernière échelle est nulle."""
    from keras import layers

    first, second = (stride, 1) if version == "v1" else (1, stride)

    def branch(x):
        y = layers.ReLU()(_conv_bn(x, maps, 1, first))
        y = layers.ReLU()(_conv_bn(y, maps, 3, second))
        return _conv_bn(y, 4 * maps, 1, 1, "zeros")

    return _block(shape, stride, branch)

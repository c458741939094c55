"""Les modules de l'énoncé, écrits avec Keras : ce à quoi les réponses sont comparées."""

from __future__ import annotations


def _convolution(x, maps, size):
    from keras import layers

    return layers.Conv2D(maps, size, padding="same", activation="relu")(x)


def _module(shape: tuple, widths: tuple, third) -> object:
    """Rend le modèle d'un module ; ``third`` construit la troisième branche à partir de sa réduction."""
    import keras
    from keras import layers

    image = keras.Input(shape)
    one, reduce3, three, reduce5, _, projection = widths
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(image)
    return keras.Model(image, layers.Concatenate()([
        _convolution(image, one, 1), _convolution(_convolution(image, reduce3, 1), three, 3),
        third(_convolution(image, reduce5, 1)), _convolution(pooled, projection, 1)]))


def inception_module(shape: tuple, widths: tuple):
    """Rend le module du chapitre, réductions comprises."""
    return _module(shape, widths, lambda x: _convolution(x, widths[4], 5))


def factored_module(shape: tuple, widths: tuple, n: int):
    """Rend le module dont la troisième branche remplace la 5 × 5 par une 1 × n puis une n × 1."""
    return _module(shape, widths, lambda x: _convolution(_convolution(x, widths[3], (1, n)), widths[4], (n, 1)))

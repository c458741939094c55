"""Les couches du LeNet-5 de 1998 que Keras n'a pas : tanh étirée, sous-échantillonnage appris, C3 partielle, RBF.

Source : LeCun, Bottou, Bengio et Haffner, « Gradient-Based Learning Applied to Document Recognition », 1998,
section II.B, table I et annexe A. Chaque couche décrit ses décomptes, d'après la forme de sa sortie, par
``anatomy_row``, que lit ``cours_cnn.anatomy``.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

# Pour chaque carte de C3, les cartes de S2 qu'elle lit (table I) : 6 fois trois, 9 fois quatre, une fois six.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)

# Un dessin de 7 × 12 points par chiffre, codé +1 (encre) ou −1 (fond). L'article emploie des dessins de cette
# taille sans en donner les valeurs : ceux-ci sont propres au cours.
_GLYPHS = (
    ".#####. ...#... .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.",
    "##...## ..##... ##...## ##...## ....##. ##..... .##.... .....## ##...## ##...##",
    "##...## .###... .....## .....## ...###. ##..... ##..... ....##. ##...## ##...##",
    "##...## ...#... .....## .....## ..#.##. ##..... ##..... ....##. ##...## ##...##",
    "##...## ...#... ....##. ....##. .#..##. ######. ##.###. ...##.. ##...## ##...##",
    "##...## ...#... ...##.. ..###.. .#..##. .....## ###..## ...##.. .#####. .######",
    "##...## ...#... ..##... ....##. #...##. .....## ##...## ..##... ##...## .....##",
    "##...## ...#... .##.... .....## ####### .....## ##...## ..##... ##...## .....##",
    "##...## ...#... ##..... .....## ....##. .....## ##...## ..##... ##...## .....##",
    "##...## ...#... ##..... ##...## ....##. ##...## ##...## .##.... ##...## ##...##",
    "##...## ...#... ##..... ##...## ....##. ##...## ##...## .##.... ##...## ##..##.",
    ".#####. .#####. ####### .#####. ....##. .#####. .#####. .##.... .#####. .####..",
)


def digit_codes() -> np.ndarray:
    """Rend les dix codes cibles, tableau (10, 84) de +1 et −1 : des dessins de 12 lignes sur 7 colonnes."""
    rows = [line.split(" ") for line in _GLYPHS]
    pixels = [[[1.0 if dot == "#" else -1.0 for dot in row[digit]] for row in rows] for digit in range(10)]
    return np.asarray(pixels, dtype="float32").reshape(10, 84)


@keras.saving.register_keras_serializable("cours_cnn")
def scaled_tanh(x):
    """Calcule 1,7159 · tanh(2x/3), la non-linéarité de 1998 (annexe A) : elle vaut ±1 en ±1."""
    return 1.7159 * ops.tanh(2.0 * x / 3.0)


def fan_in_uniform(fan_in: int) -> keras.initializers.Initializer:
    """Rend l'initialisation uniforme entre −2,4/F et 2,4/F, où F est le nombre d'entrées d'une unité (annexe A)."""
    return keras.initializers.RandomUniform(-2.4 / fan_in, 2.4 / fan_in)


@keras.saving.register_keras_serializable("cours_cnn")
class Subsampling(keras.layers.Layer):
    """Sous-échantillonnage de 1998 : somme de chaque carré 2 × 2, multipliée par un coefficient appris par carte,
    plus un biais appris, puis tanh étirée. Entrée (lot, h, w, c) ; sortie (lot, h/2, w/2, c).
    """

    def build(self, input_shape):
        self.coefficient = self.add_weight(shape=(input_shape[-1],), initializer=fan_in_uniform(4))
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="zeros")

    def call(self, x):
        return scaled_tanh(4.0 * ops.average_pool(x, 2, 2) * self.coefficient + self.bias)

    def anatomy_row(self, shape) -> dict:
        """Décrit la couche : une multiplication par unité, et cinq connexions (quatre entrées et un biais)."""
        _, h, w, c = shape
        return {"kind": "Sous-échantillonnage appris", "kernel": (2, 2), "strides": (2, 2), "padding": "valid",
                "activation": "tanh étirée", "macs": h * w * c, "connections": 5 * h * w * c}


@keras.saving.register_keras_serializable("cours_cnn")
class PartialConv2D(keras.layers.Layer):
    """Convolution 5 × 5 dont chaque carte de sortie ne lit que les cartes d'entrée de ``C3_TABLE``.

    Seuls les noyaux présents dans la table sont des paramètres : 60 noyaux de 25 poids et 16 biais, soit 1 516.
    Entrée (lot, h, w, 6) ; sortie (lot, h − 4, w − 4, 16). ``activation`` : tanh étirée par défaut.
    """

    def __init__(self, activation=None, **options):
        super().__init__(**options)
        self.activation = keras.activations.get(activation) if activation else scaled_tanh

    def get_config(self):
        return {**super().get_config(), "activation": keras.activations.serialize(self.activation)}

    def build(self, input_shape):
        pairs = [(source, target) for target, sources in enumerate(C3_TABLE) for source in sources]
        self.pairs = np.asarray(pairs, dtype="int32")
        limits = np.asarray([2.4 / (25 * len(C3_TABLE[target])) for _, target in pairs], dtype="float32")
        kernels = self.add_weight(shape=(len(pairs), 25), initializer=keras.initializers.RandomUniform(-1, 1))
        kernels.assign(kernels * limits[:, None])
        self.kernels = kernels
        self.bias = self.add_weight(shape=(16,), initializer="zeros")

    def full_kernel(self):
        """Range les 60 noyaux dans un noyau ordinaire (5, 5, 6, 16) où les liaisons absentes valent zéro."""
        table = ops.scatter(self.pairs, self.kernels, (6, 16, 25))
        return ops.transpose(ops.reshape(table, (6, 16, 5, 5)), (2, 3, 0, 1))

    def call(self, x):
        return self.activation(ops.conv(x, self.full_kernel(), padding="valid") + self.bias)

    def compute_output_shape(self, input_shape):
        return (*((n and n - 4) for n in input_shape[:3]), 16)

    def anatomy_row(self, shape) -> dict:
        """Décrit la couche : chaque position de sortie emploie les 1 500 poids et les 16 biais une fois."""
        _, h, w, _ = shape
        return {"kind": "Convolution partielle", "kernel": (5, 5), "strides": (1, 1), "padding": "valid",
                "macs": h * w * 25 * len(self.pairs),
                "connections": h * w * (25 * len(self.pairs) + 16)}


@keras.saving.register_keras_serializable("cours_cnn")
class RBFOutput(keras.layers.Layer):
    """Sortie de 1998 : distance euclidienne au carré entre les 84 activations de F6 et le code fixe de chaque chiffre.

    Entrée (lot, 84) ; sortie (lot, 10) : la plus petite distance désigne la classe. Les codes ne sont pas appris.
    """

    def build(self, input_shape):
        self.codes = self.add_weight(shape=(10, 84), initializer="zeros", trainable=False, name="codes")
        self.codes.assign(digit_codes())

    def call(self, x):
        return ops.sum(ops.square(ops.expand_dims(x, 1) - self.codes), axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 10)

    def anatomy_row(self, shape) -> dict:
        """Décrit la couche : 84 différences élevées au carré par classe."""
        return {"kind": "RBF euclidienne (codes fixes)", "macs": 840, "connections": 840}


@keras.saving.register_keras_serializable("cours_cnn")
def map_loss(y_true, distances, j: float = 0.1):
    """Critère de 1998 (équation 9) : d_y + log(e^−j + Σ e^−d_i), moyenné sur le lot.

    ``y_true`` : classes (lot,) ; ``distances`` : sorties (lot, 10) de :class:`RBFOutput` ; ``j`` : constante positive
    qui borne la pénalité des classes déjà lointaines.
    """
    y = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    right = ops.take_along_axis(distances, ops.expand_dims(y, -1), axis=-1)[:, 0]
    floor = ops.full_like(distances[:, :1], -j)
    return ops.mean(right + ops.logsumexp(ops.concatenate([floor, -distances], axis=-1), axis=-1))


@keras.saving.register_keras_serializable("cours_cnn")
def nearest_code_accuracy(y_true, distances):
    """Proportion des images dont la plus petite distance est celle de la bonne classe."""
    y = ops.cast(ops.reshape(y_true, (-1,)), "int64")
    return ops.cast(ops.equal(y, ops.cast(ops.argmin(distances, axis=-1), "int64")), "float32")

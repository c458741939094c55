"""Réseaux, entraînement et mesures de l'expérience ``resnet_degradation``."""

from __future__ import annotations

import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

SIZE, WIDTH, CLASSES, BATCH = 16, 16, 10, 128
EPSILON = 1e-3


def halved(images: np.ndarray) -> np.ndarray:
    """Remplace chaque carré de 2 × 2 pixels par sa moyenne : (n, 32, 32, 3) → (n, 16, 16, 3)."""
    count, height, width, channels = images.shape
    return images.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4), dtype="float32")


def network(depth: int, residual: bool, *, norm: bool = True, initializer: str = "he_normal",
            last_scale: str = "ones") -> keras.Model:
    """Construit un réseau de ``depth`` couches à poids : entrée (lot, 16, 16, 3), sortie softmax (lot, 10).

    ``residual`` ajoute l'entrée de chaque bloc à sa sortie ; ``norm`` : normalisation par lots ; ``last_scale`` :
    valeur initiale de l'échelle de la dernière normalisation de chaque bloc.
    """
    def convolved(x, name, scale="ones"):
        x = layers.Conv2D(WIDTH, 3, padding="same", use_bias=not norm, kernel_initializer=initializer,
                          name=f"{name}_conv")(x)
        return layers.BatchNormalization(momentum=0.9, epsilon=EPSILON, gamma_initializer=scale,
                                         name=f"{name}_bn")(x) if norm else x

    image = keras.Input((SIZE, SIZE, 3), name="In")
    x = layers.ReLU(name="stem_out")(convolved(image, "stem"))
    x = layers.MaxPooling2D(2, name="pool1")(x)
    blocks = (depth - 2) // 2
    for rank in range(1, blocks + 1):
        if rank == blocks // 2 + 1:
            x = layers.MaxPooling2D(2, name="pool2")(x)
        y = layers.ReLU(name=f"block{rank}_relu")(convolved(x, f"block{rank}_1"))
        y = convolved(y, f"block{rank}_2", last_scale)
        y = layers.Add(name=f"block{rank}_add")([x, y]) if residual else y
        x = layers.ReLU(name=f"block{rank}_out")(y)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(image, layers.Dense(CLASSES, activation="softmax", name="Out")(x))


def train(images: dict, build, *, seed: int, rate: float, epochs: int, warmup: bool = True,
          clip: float | None = None) -> tuple[keras.Model, dict]:
    """Entraîne le réseau que rend ``build()`` et rend (réseau, courbes par époque et normes de gradient).

    ``rate`` : taux au sommet, atteint après une époque si ``warmup``, puis ramené à zéro en cosinus ; ``clip`` : norme
    au-delà de laquelle le gradient est raccourci.
    """
    keras.utils.set_random_seed(seed)
    model = build()
    steps = -(-len(images["x"]) // BATCH)
    rising = {"warmup_target": rate, "warmup_steps": steps} if warmup else {}
    schedule = keras.optimizers.schedules.CosineDecay(rate / steps if warmup else rate,
                                                      steps * (epochs - bool(warmup)), **rising)
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9, global_clipnorm=clip),
                  "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    batch = images["x"][:BATCH], images["y"][:BATCH]
    measured = _AfterEpoch(images, batch)
    start, norms = time.perf_counter(), [gradient_norms(model, *batch)["kernel_gradient"]]
    history = model.fit(images["x"], images["y"], batch_size=BATCH, epochs=epochs, verbose=0,
                        validation_data=(images["vx"], images["vy"]), validation_batch_size=400,
                        callbacks=[measured]).history
    norms += [measured.first, gradient_norms(model, *batch)["kernel_gradient"]]
    return model, {
        "seed": seed, "rate": rate, "seconds": round(time.perf_counter() - start, 1),
        "running_loss": rounded(history["loss"]), "running_accuracy": rounded(history["accuracy"]),
        "train_loss": rounded(measured.loss), "train_accuracy": rounded(measured.accuracy),
        "validation_loss": rounded(history["val_loss"]), "validation_accuracy": rounded(history["val_accuracy"]),
        "kernel_gradient": norms,  # avant, après la première époque, à la fin
    }


class _AfterEpoch(keras.callbacks.Callback):
    """Mesure, à la fin de chaque époque, perte et exactitude d'entraînement en mode évaluation."""

    def __init__(self, images: dict, batch):
        super().__init__()
        self.images, self.batch, self.loss, self.accuracy, self.first = images, batch, [], [], None

    def on_epoch_end(self, epoch, logs=None):
        loss, accuracy = self.model.evaluate(self.images["x"], self.images["y"], batch_size=400, verbose=0)
        self.loss.append(loss)
        self.accuracy.append(accuracy)
        if epoch == 0:
            self.first = gradient_norms(self.model, *self.batch)["kernel_gradient"]


def gradient_norms(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict:
    """Mesure sur un lot, en mode entraînement et sans rien modifier : trois listes, de l'entrée vers la sortie.

    ``kernel_gradient`` : norme du gradient de la perte par rapport aux noyaux de chaque convolution ; ``signal`` :
    moyenne quadratique de la sortie de la première couche et de chaque bloc ; ``signal_gradient`` : norme du gradient
    par rapport à ces sorties.
    """
    outputs = [layer.output for layer in model.layers if layer.name.endswith("_out")]
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, layers.Conv2D)]
    weights = model.get_weights()  # le passage déplace les moyennes de la normalisation : on les rétablit
    with tf.GradientTape() as tape:
        *signals, answers = keras.Model(model.inputs[0], [*outputs, model.output])(x, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, answers))
    of_kernels, of_signals = tape.gradient(loss, [[kernel.value for kernel in kernels], signals])
    model.set_weights(weights)
    return {"kernel_gradient": [significant(tf.norm(g)) for g in of_kernels],
            "signal": [significant(tf.sqrt(tf.reduce_mean(s ** 2))) for s in signals],
            "signal_gradient": [significant(tf.norm(g)) for g in of_signals]}


def identity_deepened(shallow: keras.Model, depth: int, x: np.ndarray) -> keras.Model:
    """Rend le réseau ordinaire de ``depth`` couches qui calcule la même chose que ``shallow``, ordinaire et appris.

    Les blocs de ``shallow`` gardent leur place avant et après la réduction. Les blocs ajoutés sont l'identité : chaque
    noyau recopie sa carte, et la normalisation, réglée sur les images ``x``, défait ce qu'elle fait.
    """
    deep = network(depth, False)
    for name in ("stem_conv", "stem_bn", "Out"):
        deep.get_layer(name).set_weights(shallow.get_layer(name).get_weights())
    for kept, places in zip(_halves(shallow), _halves(deep), strict=True):
        outputs = keras.Model(shallow.inputs[0], shallow.get_layer(f"block{kept[-1]}_out").output).predict(x, verbose=0)
        mean, variance = outputs.mean(axis=(0, 1, 2)), outputs.var(axis=(0, 1, 2))
        identity = [[identity_kernel()], [np.sqrt(variance + EPSILON), mean, mean, variance]]
        for rank, place in enumerate(places):
            for part in (1, 2):
                for kind, weights in zip(("conv", "bn"), identity, strict=True):
                    if rank < len(kept):
                        weights = shallow.get_layer(f"block{kept[rank]}_{part}_{kind}").get_weights()
                    deep.get_layer(f"block{place}_{part}_{kind}").set_weights(weights)
    deep.compile(loss="sparse_categorical_crossentropy", jit_compile=False)
    return deep


def identity_kernel() -> np.ndarray:
    """Rend le noyau 3 × 3 qui recopie chaque carte : un seul poids non nul par carte, au centre."""
    kernel = np.zeros((3, 3, WIDTH, WIDTH), dtype="float32")
    kernel[1, 1] = np.eye(WIDTH)
    return kernel


def _blocks(model: keras.Model) -> int:
    return sum(layer.name.endswith("_relu") for layer in model.layers)


def _halves(model: keras.Model) -> tuple[range, range]:
    count = _blocks(model)
    return range(1, count // 2 + 1), range(count // 2 + 1, count + 1)


def rounded(values) -> list[float]:
    """Arrondit à quatre décimales."""
    return [round(float(value), 4) for value in values]


def significant(value) -> float:
    """Garde quatre chiffres significatifs."""
    return float(f"{float(value):.4g}")

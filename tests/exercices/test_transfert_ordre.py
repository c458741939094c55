"""Ce que l'exercice « Transfert » dit de l'ordre des gestes est ce que fait Keras."""

from __future__ import annotations

import numpy as np
import pytest

from cours_cnn.checks.transfert.order import predicted

GESTURES = ["compile", "fit", "fit", "gel", "dégel"]


def played(events: list[str]) -> list[bool]:
    """Rend, pour chaque ``fit`` joué pour de vrai, si les poids de la base ont bougé."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    base = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh")])
    model = keras.Sequential([keras.Input((4,)), base, layers.Dense(2, activation="softmax")])
    x, y, seen = np.random.default_rng(0).normal(size=(8, 4)), np.arange(8) % 2, []
    for event in events:
        if event == "compile":
            model.compile("sgd", "sparse_categorical_crossentropy")
        elif event == "fit":
            before = base.get_weights()[0]
            model.fit(x, y, verbose=0)
            seen.append(bool(np.any(base.get_weights()[0] != before)))
        else:
            base.trainable = event == "dégel"
    return seen


@pytest.mark.lent
@pytest.mark.parametrize("seed", range(6))
def test_predictions_are_what_keras_does(seed):
    random = np.random.default_rng(seed)
    events = [*["gel"] * int(random.integers(2)), "compile", *random.choice(GESTURES, 7).tolist(), "fit"]
    assert predicted(events) == played(events), events

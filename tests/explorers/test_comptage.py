"""Le comptage et le goulot vivants comptent comme cours_cnn.anatomy et cours_cnn.receptive."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cours_cnn import anatomy
from cours_cnn.receptive import receptive_field

KERNELS = [1, 3, 5, 7, 11, 2, 3]
RNG = np.random.default_rng(11)


def random_stack():
    """Une entrée et une suite de couches tirées au sort, dans les deux écritures : celle de la page, celle de Keras."""
    side, maps = int(RNG.integers(12, 70)), int(RNG.choice([1, 3, 16]))
    stack, built = [], [keras.Input((side, side, maps))]
    for rank in range(int(RNG.integers(1, 6))):
        kind, out, stride, same = (int(RNG.integers(7)), int(RNG.integers(1, 20)), int(RNG.integers(1, 4)),
                                   int(RNG.integers(2)))
        stack.append({"espece": kind, "m": out, "s": stride, "same": same})
        padding, name = ("same" if same else "valid"), f"couche{rank}"
        built.append(layers.Conv2D(out, KERNELS[kind], strides=stride, padding=padding, name=name) if kind < 5 else
                     layers.MaxPooling2D(KERNELS[kind], strides=stride, padding=padding, name=name))
    return side, maps, stack, built


def test_counts_are_those_of_the_module(javascript):
    calls, models = [], []
    for _ in range(60):
        side, maps, stack, built = random_stack()
        calls.append([side, maps, stack])
        try:
            models.append(keras.Sequential(built))
        except ValueError:
            models.append(None)
    assert sum(model is not None for model in models) >= 25
    for found, model in zip(javascript("comptage.js", "compter", calls), models, strict=True):
        if model is None:
            assert found is None
            continue
        rows = anatomy.rows(model)[1:]
        assert [(line["n"], line["M"], line["parametres"], line["macs"]) for line in found] == [
            (row.size[0], row.maps, row.parameters, row.macs) for row in rows]
        assert [line["champ"] for line in found] == [receptive_field(model, row.name).size[0] for row in rows]
        assert sum(line["valeurs"] for line in found) * 4 == anatomy.activation_memory(model) - 4 * np.prod(
            model.input_shape[1:])


def test_kernel_sizes_are_those_announced(javascript):
    assert javascript("comptage.js", "noyau", [[kind] for kind in range(7)]) == KERNELS
    [names] = javascript("comptage.js", "(() => ESPECES)", [[]])
    assert [int(name.split()[1]) for name in names] == KERNELS


def test_bottleneck_costs_are_those_of_the_module(javascript):
    calls = [[28, 192, 5, 32, 16]] + [[int(RNG.integers(3, 40)), int(RNG.integers(2, 90)), int(RNG.choice([3, 5, 7])),
                                       int(RNG.integers(1, 60)), int(RNG.integers(1, 90))] for _ in range(30)]
    for (n, received, k, maps, width), found in zip(calls, javascript("goulot.js", "couts", calls), strict=True):
        direct = keras.Sequential([keras.Input((n, n, received)), layers.Conv2D(maps, k, padding="same")])
        narrow = keras.Sequential([keras.Input((n, n, received)), layers.Conv2D(width, 1),
                                   layers.Conv2D(maps, k, padding="same")])
        assert found["direct"] == anatomy.mac_count(direct)
        assert found["reduction"] + found["suite"] == anatomy.mac_count(narrow)
        assert found["parametres"] == anatomy.parameter_count(direct)
        assert found["parametresAvec"] == anatomy.parameter_count(narrow)


@pytest.mark.parametrize(("received", "maps", "widest"), [(192, 32, 154), (64, 64, None), (480, 64, None)])
def test_widest_winning_bottleneck(javascript, received, maps, widest):
    def total(width: int) -> int:
        [found] = javascript("goulot.js", "couts", [[28, received, 5, maps, width]])
        return found["reduction"] + found["suite"] - found["direct"]

    [found] = javascript("goulot.js", "couts", [[28, received, 5, maps, 1]])
    assert widest in (None, found["gagnante"])
    assert total(found["gagnante"]) < 0 <= total(found["gagnante"] + 1)

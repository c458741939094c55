"""La convolution vivante calcule ce que calculent le module et NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate2d

from cours_cnn import explorers
from cours_cnn.anatomy import output_size
from cours_cnn.explorers.local import EDGES, NUMBERS, correlated

RNG = np.random.default_rng(7)


def settings(count: int):
    """Des réglages tirés au sort, dont l'étendue du noyau tient dans l'image."""
    found = []
    while len(found) < count:
        n, k, s, p, d = (int(RNG.integers(*bounds)) for bounds in ((1, 60), (1, 8), (1, 5), (0, 5), (1, 4)))
        if n + 2 * p >= d * (k - 1) + 1:
            found.append([n, k, s, p, d])
    return found


def test_output_size_is_that_of_the_module(javascript):
    drawn = settings(300)
    assert javascript("convolution.js", "taille", drawn) == [output_size(n, k, s, p, d) for n, k, s, p, d in drawn]


def test_maps_are_those_of_scipy(javascript):
    calls, expected = [], []
    for n, k, s, p, d in settings(60):
        if k > n:
            continue
        x, w = RNG.integers(-9, 10, (n, n)), RNG.integers(-4, 5, (k, k))
        spread = np.zeros((d * (k - 1) + 1,) * 2, dtype=int)
        spread[::d, ::d] = w
        calls.append([x.tolist(), w.ravel().tolist(), s, p, d])
        expected.append(correlate2d(np.pad(x, p), spread, mode="valid")[::s, ::s].tolist())
    assert len(calls) > 30
    assert javascript("convolution.js", "carte", calls) == expected


def test_products_add_up_to_the_output(javascript):
    x, w = RNG.integers(0, 10, (6, 6)), RNG.integers(-3, 4, 9)
    calls = [[x.tolist(), w.tolist(), i, j, 2, 1, 2] for i in range(2) for j in range(2)]
    terms = javascript("convolution.js", "termes", calls)
    outputs = javascript("convolution.js", "sortie", calls)
    assert [sum(value * weight for _, _, value, weight in found) for found in terms] == outputs
    assert all(len(found) == 9 for found in terms)


def test_twin_shows_the_true_output():
    values, kernel = np.array(NUMBERS), np.array(EDGES)
    assert correlated(NUMBERS, EDGES) == correlate2d(values, kernel, mode="valid").tolist()
    markup = explorers.convolution().markup()
    for number in np.unique(correlate2d(values, kernel, mode="valid")):
        assert f">{number}</text>" in markup


@pytest.mark.parametrize("name", ["bords verticaux", "bords horizontaux", "netteté", "contours"])
def test_classic_kernels_have_nine_weights(javascript, name):
    [found] = javascript("convolution.js", "((nom) => NOYAUX[nom])", [[name]])
    assert len(found) == 9

"""LeNet-5 : la variante du cours et l'original de 1998."""

import keras
import numpy as np
import pytest

from cours_cnn import anatomy, layers_1998
from cours_cnn.architectures import lenet5
from cours_cnn.facts import load

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 32, 32, 1), dtype="float32")


def test_modern_variant_counts_and_probabilities():
    model = lenet5()
    assert anatomy.parameter_count(model) == load()["lenet5.parameters"].value
    np.testing.assert_allclose(np.asarray(model(IMAGES)).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("options", [{"activation": "relu"}, {"pooling": "max"}, {"classes": 26}])
def test_options_of_the_modern_variant(options):
    model = lenet5(**options)
    assert model.output_shape[-1] == options.get("classes", 10)
    assert model.get_layer("C1").activation.__name__ == options.get("activation", "tanh")
    assert type(model.get_layer("S2")).__name__ == ("MaxPooling2D" if "pooling" in options else "AveragePooling2D")


def test_partial_c3_in_the_modern_variant(tmp_path):
    model = lenet5(partial_c3=True, activation="relu")
    rows = {row.name: row for row in anatomy.rows(model)}
    assert (rows["C3"].parameters, rows["C3"].activation) == (1_516, "relu")
    assert anatomy.parameter_count(model) == 61_706 - 2_416 + 1_516
    model.save(tmp_path / "partielle.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "partielle.keras")(IMAGES), model(IMAGES), rtol=1e-6)


def test_every_count_of_the_1998_paper():
    model, facts = lenet5("1998"), load()
    rows = {row.name.lower(): row for row in anatomy.rows(model)}
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        assert rows[name].parameters == facts[f"lenet5.{name}_parameters_1998"].value
        assert rows[name].connections == facts[f"lenet5.{name}_connections_1998"].value
    assert anatomy.parameter_count(model, trainable_only=True) == facts["lenet5.parameters_1998"].value
    assert anatomy.connection_count(model) == facts["lenet5.connections_1998"].value


def test_c3_table_matches_its_description():
    sizes = [len(sources) for sources in layers_1998.C3_TABLE]
    assert sizes == [3] * 6 + [4] * 9 + [6]
    assert len(set(layers_1998.C3_TABLE)) == 16
    assert all(sorted(set(sources)) == list(sources) for sources in layers_1998.C3_TABLE)
    # Chaque carte de S2 nourrit dix cartes de C3.
    assert [sum(source in sources for sources in layers_1998.C3_TABLE) for source in range(6)] == [10] * 6


def test_partial_convolution_ignores_the_maps_outside_its_table():
    layer = layers_1998.PartialConv2D()
    x = RNG.random((1, 14, 14, 6), dtype="float32")
    before = np.asarray(layer(x))
    for source in range(6):
        changed = x.copy()
        changed[..., source] += 1
        moved = np.abs(np.asarray(layer(changed)) - before).max(axis=(0, 1, 2)) > 1e-7
        assert [c3 for c3 in range(16) if moved[c3]] == [
            c3 for c3, sources in enumerate(layers_1998.C3_TABLE) if source in sources]


def test_partial_convolution_equals_an_ordinary_one_with_zeroed_kernels():
    layer = layers_1998.PartialConv2D()
    x = RNG.random((2, 14, 14, 6), dtype="float32")
    out = np.asarray(layer(x))
    kernel = np.asarray(layer.full_kernel())
    windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(1, 2))
    expected = 1.7159 * np.tanh(2 / 3 * np.einsum("nhwcij,ijcm->nhwm", windows, kernel))
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_subsampling_is_sum_times_coefficient_plus_bias():
    layer = layers_1998.Subsampling()
    x = RNG.random((1, 4, 6, 2), dtype="float32")
    layer.build(x.shape)
    layer.coefficient.assign([0.5, -1.0])
    layer.bias.assign([0.1, 0.2])
    sums = x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]
    expected = 1.7159 * np.tanh(2 / 3 * (sums * [0.5, -1.0] + [0.1, 0.2]))
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-5)


def test_rbf_output_is_the_squared_distance_to_fixed_codes():
    codes = layers_1998.digit_codes()
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1.0, 1.0}
    gaps = ((codes[:, None] - codes[None]) ** 2).sum(-1)[~np.eye(10, dtype=bool)]
    assert gaps.min() >= 4 * 5  # deux codes diffèrent d'au moins cinq points
    layer = layers_1998.RBFOutput()
    x = RNG.normal(size=(3, 84)).astype("float32")
    expected = ((x[:, None] - codes[None]) ** 2).sum(-1)
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-4)
    assert layer.trainable_weights == []


def test_map_loss_matches_the_formula_of_the_paper():
    distances = RNG.random((5, 10)).astype("float32") * 20
    y = np.array([0, 3, 9, 1, 5])
    expected = np.mean(distances[np.arange(5), y] + np.log(np.exp(-0.1) + np.exp(-distances).sum(axis=1)))
    assert float(layers_1998.map_loss(y, distances)) == pytest.approx(expected, rel=1e-5)
    right = np.asarray(layers_1998.nearest_code_accuracy(y[:, None], distances))
    assert right.tolist() == (distances.argmin(axis=1) == y).astype(float).tolist()


def test_scaled_tanh_maps_one_to_one():
    assert float(layers_1998.scaled_tanh(1.0)) == pytest.approx(1, abs=1e-4)
    assert float(layers_1998.scaled_tanh(-1.0)) == pytest.approx(-1, abs=1e-4)


@pytest.mark.parametrize("variant", ["moderne", "1998"])
def test_a_saved_network_reloads_identical(variant, tmp_path):
    model = lenet5(variant)
    path = tmp_path / "lenet.keras"
    model.save(path)
    np.testing.assert_allclose(keras.models.load_model(path)(IMAGES), model(IMAGES), rtol=1e-6)


@pytest.mark.parametrize(("options", "kind", "expected"), [
    ({"variant": "2012"}, ValueError, "'moderne', '1998'"),
    ({"variant": 1998}, ValueError, "'moderne', '1998'"),
    ({"activation": "gelu"}, ValueError, "'tanh', 'relu', 'sigmoid'"),
    ({"pooling": None}, ValueError, "'average', 'max'"),
    ({"classes": 1}, ValueError, "supérieur ou égal à 2"),
    ({"classes": "10"}, TypeError, "« classes »"),
    ({"partial_c3": "oui"}, ValueError, "False, True"),
    ({"variant": "1998", "pooling": "max"}, ValueError, "est figée"),
])
def test_refusals(options, kind, expected):
    with pytest.raises(kind, match=expected):
        lenet5(**options)

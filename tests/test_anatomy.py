"""Les décomptes d'``anatomy`` et les champs récepteurs, comparés à Keras sur des réglages tirés au hasard."""

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from cours_cnn import anatomy, figures, receptive
from cours_cnn.architectures import lenet5

SETTINGS = settings(max_examples=40, deadline=None)
sizes, kernels, strides = st.integers(5, 24), st.integers(1, 5), st.integers(1, 3)
paddings = st.sampled_from(["valid", "same"])


def sequential(*inner, shape=(16, 16, 3)):
    return keras.Sequential([keras.Input(shape), *inner])


@SETTINGS
@given(sizes, kernels, strides, paddings, st.integers(1, 2))
def test_output_size_equals_keras_convolution(size, kernel, stride, padding, dilation):
    assume(stride == 1 or dilation == 1)  # Keras refuse les deux à la fois
    assume(padding == "same" or size >= dilation * (kernel - 1) + 1)
    layer = layers.Conv2D(1, kernel, stride, padding, dilation_rate=dilation)
    assert layer.compute_output_shape((None, size, size, 1))[1] == anatomy.output_size(
        size, kernel, stride, padding, dilation)


@SETTINGS
@given(sizes, kernels, strides, paddings)
def test_output_size_equals_keras_pooling(size, kernel, stride, padding):
    layer = layers.MaxPooling2D(kernel, stride, padding)
    assert layer.compute_output_shape((None, size, size, 1))[1] == anatomy.output_size(size, kernel, stride, padding)


@SETTINGS
@given(sizes, kernels, strides, st.integers(0, 4))
def test_output_size_equals_keras_with_explicit_zeros(size, kernel, stride, margin):
    model = sequential(layers.ZeroPadding2D(margin), layers.Conv2D(2, kernel, stride), shape=(size, size, 1))
    assert model.output_shape[1] == anatomy.output_size(size, kernel, stride, margin)


@SETTINGS
@given(st.integers(1, 4), st.integers(1, 6), kernels, strides, paddings, st.booleans())
def test_convolution_counts_equal_keras_and_a_naive_loop(channels, maps, kernel, stride, padding, use_bias):
    model = sequential(layers.Conv2D(maps, kernel, stride, padding, use_bias=use_bias, name="c"),
                       shape=(9, 11, channels))
    row = anatomy.rows(model)[1]
    assert row.parameters == model.count_params()
    positions = model.output_shape[1] * model.output_shape[2]
    assert row.macs == sum(kernel * kernel * channels for _ in range(positions) for _ in range(maps))
    assert row.connections == row.macs + positions * maps * use_bias


@pytest.mark.parametrize(("layer", "macs"), [
    (layers.Conv2D(6, 3, groups=3, padding="same"), 16 * 16 * 6 * 9 * 1),
    (layers.DepthwiseConv2D(3, padding="same"), 16 * 16 * 3 * 9),
    (layers.SeparableConv2D(5, 3, padding="same"), 16 * 16 * (3 * 9 + 3 * 5)),
    (layers.BatchNormalization(), 0),
    (layers.MaxPooling2D(2), 0),
    (layers.GlobalAveragePooling2D(), 0),
])
def test_other_layers(layer, macs):
    model = sequential(layer)
    assert anatomy.mac_count(model) == macs
    assert anatomy.parameter_count(model) == model.count_params()


@pytest.mark.lent
@pytest.mark.parametrize(("name", "parameters", "millions"), [
    ("VGG16", 138_357_544, 15_470), ("ResNet50", 25_636_712, 3_858), ("MobileNetV2", 3_538_984, 301)])
def test_whole_networks_against_known_counts(name, parameters, millions):
    model = getattr(keras.applications, name)(weights=None)
    assert anatomy.parameter_count(model) == parameters
    assert round(anatomy.mac_count(model) / 1e6) == millions


def test_nested_model_counts_as_its_parts():
    inner = sequential(layers.Conv2D(4, 3), shape=(10, 10, 2))
    outer = sequential(inner, layers.Flatten(), layers.Dense(3), shape=(10, 10, 2))
    assert anatomy.mac_count(outer) == 8 * 8 * 4 * 9 * 2 + 8 * 8 * 4 * 3
    assert anatomy.parameter_count(outer) == outer.count_params()


def test_layers_shared_with_another_model_are_counted_for_this_one():
    model = lenet5()
    x = keras.Input((40, 40, 1))
    other = keras.Model(x, model.get_layer("S2")(model.get_layer("C1")(x)))
    assert anatomy.layer_table(model).column("Taille")[-3] == "28 × 28"
    assert anatomy.layer_table(other).column("Taille")[-3] == "36 × 36"
    assert receptive.receptive_field(model, "S2") == receptive.receptive_field(other, "S2")


def test_a_layer_used_twice_has_its_parameters_once_and_its_products_twice():
    twice = layers.Conv2D(3, 3, padding="same", use_bias=False, name="c")
    x = keras.Input((8, 8, 3))
    model = keras.Model(x, twice(twice(x)))
    assert sum(row.parameters for row in anatomy.rows(model)) == model.count_params() == 81
    assert anatomy.mac_count(model) == 2 * 64 * 81


def test_trainable_only_follows_the_freezing_of_layers():
    model = lenet5()
    model.get_layer("C5").trainable = False
    assert anatomy.parameter_count(model, trainable_only=True) == 61_706 - 48_120


def test_layer_table_has_the_order_and_columns_of_the_slides():
    table = anatomy.layer_table(lenet5())
    assert tuple(table.columns) == anatomy.COLUMNS
    assert table.column("Couche") == ["Out", "F6", "C5", "S4", "C3", "S2", "C1", "In", "Total"]
    assert table.column("Taille")[:8] == ["10", "84", "1 × 1", "5 × 5", "10 × 10", "14 × 14", "28 × 28", "32 × 32"]
    assert table.column("Paramètres")[-1] == 61_706
    assert table.column("MAC")[-1] == 416_520
    assert anatomy.layer_table(lenet5(), top="entrée").column("Couche")[0] == "In"


def test_activation_memory_counts_every_value_once():
    model = sequential(layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2))
    assert anatomy.activation_memory(model) == 4 * (16 * 16 * 3 + 14 * 14 * 4 + 4 + 2)


# --- champ récepteur : on cherche quels pixels changent vraiment une unité -------------------------------------------

def seen_pixels(model, row, column):
    """Rend les bornes des pixels dont dépend l'unité (row, column) : noyaux positifs, un pixel allumé à la fois."""
    # Pas de gradient : celui que TensorFlow calcule pour les noyaux fait tomber le processus, pour de rares réglages.
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape) if weight.name == "bias" else np.ones(weight.shape))
    height, width, channels = model.input_shape[1:]
    single = np.eye(height * width, dtype="float32").reshape(-1, height, width, 1)
    images = np.repeat(single, channels, axis=-1)
    touched = np.argwhere(np.asarray(model(images))[:, row, column, 0].reshape(height, width) > 0)
    (top, left), (bottom, right) = touched.min(axis=0), touched.max(axis=0) + 1
    return (top, bottom), (left, right)


def is_interior(stack, size, index):
    """Dit si, en remontant les couches, l'unité ``index`` ne dépend d'aucune case de remplissage."""
    sizes = [size]
    for kernel, stride, padding, _ in stack:
        sizes.append(anatomy.output_size(sizes[-1], kernel, stride, padding))
    first = last = index
    for (kernel, stride, padding, _), before, after in zip(stack[::-1], sizes[-2::-1], sizes[:0:-1], strict=True):
        margin = max((after - 1) * stride + kernel - before, 0) // 2 if padding == "same" else 0
        first, last = first * stride - margin, last * stride - margin + kernel - 1
        if first < 0 or last >= before:
            return False
    return True


layer_settings = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2), paddings, st.booleans()), min_size=1,
                          max_size=4)


@settings(max_examples=25, deadline=None)
@given(layer_settings, st.data())
def test_receptive_field_equals_the_pixels_that_matter(stack, draw):
    size = 21
    model, units = keras.Sequential([keras.Input((size, size, 1))]), size
    for kernel, stride, padding, pooled in stack:
        assume(padding == "same" or units >= kernel)
        units = anatomy.output_size(units, kernel, stride, padding)
        model.add(layers.AveragePooling2D(kernel, stride, padding) if pooled else
                  layers.Conv2D(1, kernel, stride, padding))
    row, column = draw.draw(st.integers(0, units - 1)), draw.draw(st.integers(0, units - 1))
    field = receptive.receptive_field(model, model.layers[-1].name)
    for seen, announced, index in zip(seen_pixels(model, row, column), field.window(row, column), (row, column),
                                      strict=True):
        if is_interior(stack, size, index):
            assert seen == announced
        else:  # au bord, une partie du champ annoncé est du remplissage
            assert announced[0] <= seen[0] < seen[1] <= announced[1]


def test_receptive_field_of_branches_is_their_union():
    image = keras.Input((20, 20, 1))
    narrow = layers.Conv2D(1, 1, padding="same", name="un")(image)
    wide = layers.Conv2D(1, 5, padding="same", name="cinq")(image)
    model = keras.Model(image, layers.Concatenate(name="joint")([narrow, wide]))
    assert receptive.receptive_field(model, "joint").size == (5, 5)
    assert receptive.receptive_field(model, "un").size == (1, 1)


def test_receptive_fields_of_lenet():
    fields = receptive.receptive_fields(lenet5())
    assert {name: fields[name].size[0] for name in ("C1", "S2", "C3", "S4", "C5", "F6", "Out")} == {
        "C1": 5, "S2": 6, "C3": 14, "S4": 16, "C5": 32, "F6": 32, "Out": 32}
    assert fields["C3"].window(9, 0) == ((18, 32), (0, 14))
    assert receptive.receptive_fields(lenet5("1998"))["S4"].size == (16, 16)


# --- refus -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("call", "kind", "expected"), [
    (lambda: anatomy.output_size(5, 7), ValueError, "étendue ne dépasse pas 5"),
    (lambda: anatomy.output_size(5, 3, dilation=3), ValueError, "l'étendue vaut 7"),
    (lambda: anatomy.output_size(5.0, 3), TypeError, "« size » doit être un entier"),
    (lambda: anatomy.output_size(5, True), TypeError, "« kernel »"),
    (lambda: anatomy.output_size(5, 3, 0), ValueError, "« stride »"),
    (lambda: anatomy.output_size(5, 3, padding="full"), ValueError, "'valid', 'same'"),
    (lambda: anatomy.output_size(5, 3, padding=-1), ValueError, "« padding »"),
    (lambda: anatomy.layer_table("lenet"), TypeError, "un modèle Keras"),
    (lambda: anatomy.layer_table(keras.Sequential([layers.Dense(2)])), ValueError, "keras.Input"),
    (lambda: anatomy.layer_table(lenet5(), top="haut"), ValueError, "'sortie', 'entrée'"),
    (lambda: anatomy.parameter_count(None), TypeError, "un modèle Keras"),
    (lambda: anatomy.activation_memory(lenet5(), bytes_per_value=0), ValueError, "bytes_per_value"),
    (lambda: anatomy.mac_count(sequential(layers.Conv2DTranspose(2, 3))), ValueError, "anatomy_row"),
    (lambda: receptive.receptive_field(lenet5(), "C2"), ValueError, "C1, S2, C3"),
    (lambda: receptive.receptive_fields(sequential(layers.Dense(2), shape=(4,))), ValueError, "une image"),
    (lambda: receptive.receptive_fields(sequential(layers.Conv2DTranspose(2, 3))), ValueError, "champ récepteur"),
])
def test_refusals_say_what_was_expected(call, kind, expected):
    with pytest.raises(kind, match=expected):
        call()


def test_layer_table_writes_units_as_the_course_does():
    table = anatomy.layer_table(sequential(layers.Flatten(), layers.Dense(4096, name="F")))
    assert table.rows[0][3] == "4\u00a0096"


def test_the_course_has_one_name_for_each_layer():
    model = sequential(layers.BatchNormalization(), layers.GlobalAveragePooling2D())
    assert [row.kind for row in anatomy.rows(model)] == ["Entrée", "Normalisation par lots", "Moyenne globale"]
    assert "moyenne globale" in figures.architecture(model).alt

"""Lire le graphe d'un modèle à branches : deux écritures d'un même réseau se valent, deux réseaux non."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cours_cnn.checks.base import Answers
from cours_cnn.checks.graphs import built_model, graph_of, outputs, place_weights
from cours_cnn.checks.reading import ToReviewError

SHAPE = (8, 6, 4)


def conv_bn(maps, kernel, stride=1):
    """Une convolution sans biais et sa normalisation."""
    return [layers.Conv2D(maps, kernel, strides=stride, padding="same", use_bias=False), layers.BatchNormalization()]


def through(x, steps):
    """Applique des couches l'une après l'autre."""
    for step in steps:
        x = step(x)
    return x


def plain_writing(maps=5, stride=2, kernel=3):
    """Un bloc écrit couche par couche, la branche d'abord."""
    image = keras.Input(SHAPE)
    y = layers.ReLU()(through(image, conv_bn(maps, kernel, stride)))
    y = through(y, conv_bn(maps, 3))
    x = through(image, conv_bn(maps, 1, stride))
    return keras.Model(image, layers.ReLU()(layers.Add()([x, y])))


def nested_writing(maps=5, stride=2):
    """Le même bloc : connexion directe d'abord, sous-réseaux, activations et addition écrites autrement."""
    image = keras.Input(SHAPE)
    direct = keras.Sequential(conv_bn(maps, 1, stride))(image)
    branch = keras.Sequential([keras.Input(SHAPE), *conv_bn(maps, 3, stride), layers.Activation("relu"),
                               layers.Activation("linear"), *conv_bn(maps, 3)])(image)
    return keras.Model(image, keras.ops.relu(branch + direct))


def module(swapped=False):
    """Un module à deux branches de mêmes largeurs, dans un ordre ou dans l'autre."""
    image = keras.Input(SHAPE)
    small = layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Conv2D(3, 1, activation="relu")(image))
    large = layers.Conv2D(3, 5, padding="same")(layers.ReLU()(layers.Conv2D(3, 1)(image)))
    branches = [small, layers.ReLU()(large)]
    return keras.Model(image, layers.Concatenate()(branches[::-1] if swapped else branches))


def kinds(model):
    return [node.kind for node in graph_of(model).walk()]


def test_two_writings_of_a_block_receive_the_same_weights():
    assert np.allclose(outputs(plain_writing(), 3), outputs(nested_writing(), 3), atol=1e-6)
    assert sorted(kinds(plain_writing())) == sorted(kinds(nested_writing()))


@pytest.mark.parametrize("change", [{"maps": 6}, {"stride": 1}, {"kernel": 1}])
def test_another_block_gives_another_answer(change):
    first, second = outputs(plain_writing(), 3), outputs(plain_writing(**change), 3)
    assert first.shape != second.shape or not np.allclose(first, second, atol=1e-2)


def test_branches_of_equal_widths_are_told_apart_by_what_follows():
    first, second = outputs(module(), 5), outputs(module(swapped=True), 5)
    assert np.allclose(first, np.roll(second, 3, axis=-1), atol=1e-6)
    assert not np.allclose(first, second, atol=1e-2)


def test_weights_follow_the_seed_and_keep_variances_positive():
    model = plain_writing()
    place_weights(model, np.random.RandomState(1))
    before = model.get_weights()
    place_weights(model, np.random.RandomState(2))
    assert not any(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    assert all(np.asarray(layer.moving_variance).min() > 0 for layer in norms)


def test_a_branch_knows_what_it_depends_on():
    direct, branch = sorted(graph_of(nested_writing()).parents[0].parents, key=lambda node: node.count("convolution"))
    assert (direct.count("convolution"), branch.count("convolution")) == (1, 2)
    assert not branch.contains(direct)
    longer = graph_of(keras.Sequential([keras.Input(SHAPE), *conv_bn(3, 1), *conv_bn(3, 3)]))
    shorter = longer.parents[0].parents[0]
    assert longer.contains(shorter)
    assert len(longer.added(shorter)) == 1
    assert not shorter.contains(longer)


@pytest.mark.parametrize(("source", "expected"), [
    ("keras.Input((8, 6, 4))", "Attendu : un modèle Keras. Ici : `keras.Model(entrée, sortie)`"),
    ("'modèle'", "rend `'modèle'`"),
    ("keras.Sequential([layers.Dense(2)])", "exactement une entrée et une sortie"),
    ("keras.Sequential([keras.Input((9, 6, 4)), layers.Conv2D(2, 1)])", "L'entrée du modèle est de forme `(9, 6, 4)`"),
])
def test_what_is_not_a_usable_model_is_explained(source, expected):
    namespace = {"keras": keras, "layers": layers}
    exec(f"def build(shape):\n    return {source}", namespace)
    with pytest.raises(ToReviewError) as caught:
        built_model(Answers(namespace), "build", SHAPE, shape=SHAPE)
    assert expected in " ".join(caught.value.paragraphs)

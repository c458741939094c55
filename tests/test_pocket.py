"""Les réseaux de poche : comptes, calcul voisin d'un million, formes, largeur, et refus."""

import keras
import numpy as np
import pytest
from keras import layers

from cours_cnn import anatomy
from cours_cnn.architectures import pocket
from cours_cnn.architectures.pocket import NAMES

COUNTS = {"lenet": (83_118, 917_160), "alexnet": (124_406, 1_031_680), "vgg": (39_264, 1_001_600),
          "inception": (30_158, 1_055_760), "resnet": (25_507, 1_016_424)}


@pytest.mark.parametrize("name", NAMES)
def test_counts_at_sixteen_pixels(name):
    model = pocket(name, (16, 16, 3))
    assert (anatomy.parameter_count(model), anatomy.mac_count(model)) == COUNTS[name]
    assert 900_000 <= anatomy.mac_count(model) <= 1_100_000


@pytest.mark.parametrize("name", NAMES)
def test_the_default_image_asks_about_four_times_the_work(name):
    model = pocket(name)
    assert model.input_shape == (None, 32, 32, 3)
    assert 3.7 < anatomy.mac_count(model) / COUNTS[name][1] < 4.1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(16, 16, 1), (17, 23, 3)])
def test_outputs_are_probabilities(name, shape):
    images = np.random.default_rng(0).random((2, *shape), dtype="float32")
    output = np.array(pocket(name, shape, classes=7)(images))
    assert output.shape == (2, 7)
    np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_width_scales_the_parameters(name):
    counts = [anatomy.parameter_count(pocket(name, (16, 16, 3), width=width)) for width in (0.5, 1, 2)]
    assert counts[0] < counts[1] < counts[2]
    assert 3 < counts[2] / counts[1] < 4.2


def test_each_keeps_the_idea_of_its_model():
    nets = {name: pocket(name, (16, 16, 3)) for name in NAMES}
    kinds = {name: [type(layer) for layer in net.layers] for name, net in nets.items()}
    assert layers.AveragePooling2D in kinds["lenet"]
    assert nets["lenet"].get_layer("C1").activation.__name__ == "tanh"
    assert nets["alexnet"].get_layer("C1").strides == (2, 2)
    assert nets["alexnet"].get_layer("S2").pool_size == (3, 3)
    assert kinds["alexnet"].count(layers.Dropout) == 2
    assert {layer.kernel_size for layer in nets["vgg"].layers if isinstance(layer, layers.Conv2D)} == {(3, 3)}
    assert kinds["inception"].count(layers.Concatenate) == 3
    assert kinds["resnet"].count(layers.Add) == 3
    normalised = [name for name in NAMES if layers.BatchNormalization in kinds[name]]
    assert normalised == ["resnet"]


def test_a_pocket_network_is_saved_and_read_again(tmp_path):
    model = pocket("resnet", (16, 16, 3))
    model.save(tmp_path / "poche.keras")
    images = np.random.default_rng(0).random((2, 16, 16, 3), dtype="float32")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "poche.keras")(images), model(images), rtol=1e-5)


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: pocket("mobilenet"), ValueError, "« name » doit être l'une des valeurs 'lenet'"),
    (lambda: pocket("vgg", (8, 8, 3)), ValueError, "au moins 16 pixels"),
    (lambda: pocket("vgg", 16), TypeError, "un triplet"),
    (lambda: pocket("vgg", classes=1), ValueError, "« classes »"),
    (lambda: pocket("vgg", width=0), ValueError, "« width »"),
    (lambda: pocket("vgg", width="1"), TypeError, "« width »"),
])
def test_refusals_are_in_french(call, kind, message):
    with pytest.raises(kind, match=message):
        call()

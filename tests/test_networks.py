"""AlexNet, VGG, GoogLeNet et ResNet : comptes publiés, comparaison couche par couche avec Keras, refus."""

import keras
import numpy as np
import pytest

from cours_cnn import anatomy
from cours_cnn.architectures import alexnet, googlenet, resnet, vgg

RNG = np.random.default_rng(0)


@pytest.mark.lent
@pytest.mark.parametrize(("build", "expected"), [
    (lambda: alexnet(2), 60_965_224), (lambda: alexnet(1), 62_378_344),
    (lambda: vgg(16), 138_357_544), (lambda: vgg(19), 143_667_240),
    (lambda: googlenet(), 6_998_552), (lambda: googlenet(auxiliary=True), 13_378_280),
    (lambda: resnet(50), 25_636_712), (lambda: resnet(101), 44_707_176), (lambda: resnet(152), 60_419_944),
])
def test_published_counts(build, expected):
    assert anatomy.parameter_count(build()) == expected


@pytest.mark.lent
@pytest.mark.parametrize(("depth", "expected"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032),
                                                 (101, 44_549_160), (152, 60_192_808)])
def test_without_biases_resnet_has_the_counts_of_torchvision(depth, expected):
    assert anatomy.parameter_count(resnet(depth, "v1.5", bias=False), trainable_only=True) == expected


def described(model) -> dict:
    return {step.layer.name: (step.output.shape, [w.shape for w in step.layer.weights],
                              getattr(step.layer, "strides", None)) for step in anatomy.steps(model)}


@pytest.mark.lent
@pytest.mark.parametrize(("ours", "theirs"), [
    (lambda: vgg(16), "VGG16"), (lambda: vgg(19), "VGG19"),
    (lambda: resnet(50), "ResNet50"), (lambda: resnet(101), "ResNet101"), (lambda: resnet(152), "ResNet152"),
])
def test_layer_by_layer_like_keras_applications(ours, theirs):
    assert described(ours()) == described(getattr(keras.applications, theirs)(weights=None))


@pytest.mark.lent
def test_v15_moves_the_stride_to_the_three_by_three():
    strides = {version: [described(resnet(50, version))[f"conv3_block1_{rank}_conv"][2] for rank in (1, 2)]
               for version in ("v1", "v1.5")}
    assert strides == {"v1": [(2, 2), (1, 1)], "v1.5": [(1, 1), (2, 2)]}


@pytest.mark.parametrize("build", [
    lambda: alexnet(1, input_shape=(67, 67, 3), classes=5, width=1 / 16),
    lambda: vgg(16, input_shape=(32, 32, 3), classes=5, width=1 / 8),
    lambda: googlenet(input_shape=(32, 32, 1), classes=5, width=1 / 4),
    lambda: resnet(18, input_shape=(32, 32, 3), classes=5, width=1 / 8),
    lambda: resnet(50, "v1.5", input_shape=(40, 48, 3), classes=5, width=1 / 8),
    lambda: resnet(18, input_shape=(32, 32, 3), classes=5, width=1 / 8, shortcut=False),
])
def test_pocket_sizes_give_probabilities(build):
    model = build()
    images = RNG.random((2, *model.input_shape[1:]), dtype="float32")
    answers = np.asarray(model(images, training=False))
    assert answers.shape == (2, 5)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_auxiliary_heads_come_after_the_main_one():
    model = googlenet(auxiliary=True, input_shape=(96, 96, 3), classes=7, width=1 / 8)
    assert model.output_names == ["Out", "auxiliaire_1", "auxiliaire_2"]
    assert [output.shape[-1] for output in model.outputs] == [7, 7, 7]


def test_plain_network_is_the_residual_one_without_its_shortcuts():
    plain, residual = (described(resnet(34, width=1 / 8, shortcut=shortcut)) for shortcut in (False, True))
    removed = {name for name in residual if name.endswith(("_add", "_0_conv", "_0_bn"))}
    assert set(plain) == set(residual) - removed
    assert all(plain[name] == residual[name] for name in plain)


@pytest.mark.parametrize("call", [
    lambda: alexnet(3), lambda: alexnet("2"), lambda: alexnet(input_shape=(32, 32, 3)), lambda: alexnet(width=0),
    lambda: alexnet(activation="gelu"), lambda: vgg(11), lambda: vgg(16, classes=1), lambda: vgg(input_shape=(224, 3)),
    lambda: vgg(width="large"), lambda: googlenet(1), lambda: googlenet(True, input_shape=(64, 64, 3)),
    lambda: resnet(20), lambda: resnet(50, "v2"), lambda: resnet(50, bias=0), lambda: resnet(input_shape=(8, 8, 3)),
    lambda: resnet(classes=2.5),
])
def test_bad_settings_are_refused_in_french(call):
    with pytest.raises((TypeError, ValueError), match="doit être"):
        call()

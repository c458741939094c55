"""Le champ récepteur vivant est celui que cours_cnn.receptive lit sur les modèles eux-mêmes."""

from __future__ import annotations

import pytest

from cours_cnn import architectures
from cours_cnn.explorers.fields import NETWORKS
from cours_cnn.receptive import receptive_fields

MODELS = {"LeNet-5": lambda: architectures.lenet5(), "AlexNet": lambda: architectures.alexnet(),
          "VGG-16": lambda: architectures.vgg(16), "GoogLeNet": lambda: architectures.googlenet(),
          "ResNet-50": lambda: architectures.resnet(50)}


def name_in_model(network: str, name: str) -> str:
    """Le nom qu'une couche de la figure porte dans le modèle."""
    if network == "VGG-16":
        block, rank = name[1], name[3:]
        return f"block{block}_conv{rank}" if name[0] == "c" else f"block{block}_pool"
    if network == "GoogLeNet" and name[0].isdigit():
        return f"{name}_sortie"
    if network == "ResNet-50":
        if name in ("conv1", "pool1"):
            return {"conv1": "conv1_conv", "pool1": "pool1_pool"}[name]
        stage, block = name.rstrip("↓").split(".")
        return f"conv{stage}_block{block}_1_conv" if name.endswith("↓") else f"conv{stage}_block{block}_out"
    return name


@pytest.mark.lent
@pytest.mark.parametrize("network", NETWORKS)
def test_fields_are_those_of_the_model(javascript, network):
    side, layers = NETWORKS[network]
    model = MODELS[network]()
    assert model.input_shape[1] == side
    fields = receptive_fields(model)
    names = [layer.split()[0] for layer in layers.split(";")]
    found = javascript("champ.js", "axe", [[side, layers, rank] for rank in range(len(names))])
    sizes = javascript("champ.js", "((n, t) => lireReseau(n, t).map((c) => c.n))", [[side, layers]])[0]
    for name, (size, jump, start), cells in zip(names, found, sizes, strict=True):
        layer = name_in_model(network, name)
        axis = fields[layer].vertical
        assert (size, jump, start) == (axis.size, axis.jump, axis.start), name
        assert cells == model.get_layer(layer).output.shape[1], name


def test_every_last_unit_before_the_classifier_is_there():
    ends = {"LeNet-5": "C5", "AlexNet": "S8", "VGG-16": "p5", "GoogLeNet": "5b", "ResNet-50": "5.3"}
    assert {network: layers.split(";")[-1].split()[0] for network, (_, layers) in NETWORKS.items()} == ends


def test_windows_of_any_unit_follow_the_axis(javascript):
    side, layers = NETWORKS["VGG-16"]
    calls = [[layer, unit] for layer in (0, 5, 12, 17) for unit in (0, 2, 6)]
    found = javascript("champ.js", f"((l, i) => fenetres(lireReseau({side}, '{layers}'), l, i).at(-1))", calls)
    axes = dict(zip((0, 5, 12, 17), javascript("champ.js", "axe", [[side, layers, q] for q in (0, 5, 12, 17)]),
                    strict=True))
    for (layer, unit), (first, last) in zip(calls, found, strict=True):
        size, jump, start = axes[layer]
        assert (first, last) == (start + unit * jump, start + unit * jump + size)

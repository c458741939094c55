"""Le tableau de Keras, case par case : chaque fait du registre égale une valeur exacte, aux arrondis près."""

import keras
import pytest

from cours_cnn import anatomy, facts

LEDGER = facts.load()
# Réseau → paramètres, couches à poids : comptés sur les modèles de Keras.
EXACT = {
    "xception": (22_910_480, 81),
    "vgg16": (138_357_544, 16),
    "vgg19": (143_667_240, 19),
    "resnet50": (25_636_712, 107),
    "resnet50v2": (25_613_800, 103),
    "resnet101": (44_707_176, 209),
    "resnet101v2": (44_675_560, 205),
    "resnet152": (60_419_944, 311),
    "resnet152v2": (60_380_648, 307),
    "inceptionv3": (23_851_784, 189),
    "mobilenetv2": (3_538_984, 105),
    "efficientnetb0": (5_330_571, 132),
}
# Cases du tableau → valeur exacte : mébioctets, millions de paramètres, couches à poids, exactitudes du dépôt.
CELLS = {
    "keras.xception_size": 87.397, "keras.xception_parameters": 22.910480, "keras.xception_depth": 81,
    "keras.xception_top1": 79.006, "keras.xception_top5": 94.452, "keras.xception_depth_old": 126,
    "keras.vgg16_size": 527.792, "keras.vgg16_parameters": 138.357544, "keras.vgg16_depth": 16,
    "keras.vgg16_top1": 71.268, "keras.vgg16_top5": 90.050, "keras.vgg16_depth_old": 23,
    "keras.vgg19_size": 548.047, "keras.vgg19_parameters": 143.667240, "keras.vgg19_depth": 19,
    "keras.vgg19_top1": 71.256, "keras.vgg19_top5": 89.988, "keras.vgg19_depth_old": 26,
    "keras.resnet50_size": 97.796, "keras.resnet50_parameters": 25.636712, "keras.resnet50_depth": 107,
    "keras.resnet50_top1": 74.928, "keras.resnet50_top5": 92.060,
    "keras.resnet50v2_size": 97.709, "keras.resnet50v2_parameters": 25.613800, "keras.resnet50v2_depth": 103,
    "keras.resnet50v2_top1": 75.960, "keras.resnet50v2_top5": 93.034,
    "keras.resnet101_size": 170.544, "keras.resnet101_parameters": 44.707176, "keras.resnet101_depth": 209,
    "keras.resnet101_top1": 76.420, "keras.resnet101_top5": 92.786,
    "keras.resnet101v2_size": 170.424, "keras.resnet101v2_parameters": 44.675560, "keras.resnet101v2_depth": 205,
    "keras.resnet101v2_top1": 77.234, "keras.resnet101v2_top5": 93.816,
    "keras.resnet152_size": 230.484, "keras.resnet152_parameters": 60.419944, "keras.resnet152_depth": 311,
    "keras.resnet152_top1": 76.604, "keras.resnet152_top5": 93.118,
    "keras.resnet152v2_size": 230.334, "keras.resnet152v2_parameters": 60.380648, "keras.resnet152v2_depth": 307,
    "keras.resnet152v2_top1": 78.032, "keras.resnet152v2_top5": 94.162,
    "keras.inceptionv3_size": 90.987, "keras.inceptionv3_parameters": 23.851784, "keras.inceptionv3_depth": 189,
    "keras.inceptionv3_top1": 77.898, "keras.inceptionv3_top5": 93.720, "keras.inceptionv3_depth_old": 159,
    "keras.mobilenetv2_size": 13.500, "keras.mobilenetv2_parameters": 3.538984, "keras.mobilenetv2_depth": 105,
    "keras.efficientnetb0_parameters": 5.330571, "keras.efficientnetb0_depth": 132,
}


@pytest.mark.parametrize("key", CELLS)
def test_a_cell_of_the_table_agrees_with_its_exact_value(key):
    assert abs(CELLS[key] - LEDGER[key].value) <= LEDGER[key].tolerance


@pytest.mark.parametrize("name", EXACT)
def test_sizes_and_counts_follow_from_the_parameters(name):
    parameters, depth = EXACT[name]
    assert CELLS[f"keras.{name}_parameters"] == pytest.approx(parameters / 1e6)
    assert CELLS[f"keras.{name}_depth"] == depth
    if name != "efficientnetb0":
        assert CELLS[f"keras.{name}_size"] == pytest.approx(4 * parameters / 2**20, abs=1e-3)


def test_the_page_is_wrong_about_one_size():
    """EfficientNetB0 : ni en mébioctets ni en mégaoctets, le compte ne donne les 29 de la page."""
    assert 4 * EXACT["efficientnetb0"][0] / 1e6 < LEDGER["keras.efficientnetb0_size"].value - 5


def test_every_column_of_the_slides_is_in_the_ledger():
    columns = ("size", "top1", "top5", "parameters", "depth", "cpu", "gpu")
    missing = [f"keras.{name}_{column}" for name in EXACT for column in columns
               if f"keras.{name}_{column}" not in LEDGER]
    assert missing == []


@pytest.mark.lent
@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2", "ResNet50V2"])
def test_exact_values_are_those_of_keras(name):
    model = getattr(keras.applications, name)(weights=None)
    counted = anatomy.parameter_count(model), sum(bool(layer.weights) for layer in model.layers)
    assert counted == EXACT[name.lower()]

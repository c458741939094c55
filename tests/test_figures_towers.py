"""Les deux tours d'AlexNet et les noyaux en couleurs : dessinés d'après le modèle, refusés s'ils n'ont pas de sens."""

import base64
import html
import io
import re
import xml.etree.ElementTree as ET

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.textpath import TextPath
from PIL import Image

from cours_cnn import figures
from cours_cnn.architectures import alexnet
from cours_cnn.figures.canvas import GREY, ORANGE

POCKET = {"input_shape": (67, 67, 3), "width": 1 / 32, "classes": 10}


def wires(picture, color):
    return re.findall(rf'<path d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+" stroke="{color}"', picture.data)


def test_only_layers_that_read_both_towers_cross():
    picture = figures.towers(alexnet(2, **POCKET))
    assert len(wires(picture, ORANGE)) == 3 * 4 + 2             # C5, F9, F10 ; Out, qui lit les deux tours aussi
    assert len(wires(picture, GREY)) == 2 + 3 * 2               # C1 ; C3, C6, C7
    assert "lit l'image, ou sa tour seulement" in html.unescape(picture.data)
    for sentence in ("C1 lit l'image", "C3 ne lit que sa tour", "C5 lit les deux tours", "F9 lit les deux tours"):
        assert sentence in picture.alt
    assert "S2" not in picture.alt


def test_the_towers_of_alexnet_fit_the_text_column():
    width = float(re.search(r'viewBox="0 0 ([\d.]+) ', figures.towers(alexnet(2, **POCKET)).data).group(1))
    assert width <= 700


def test_each_tower_shows_its_half():
    network = alexnet(2, **POCKET)
    data = figures.towers(network).data
    half = network.get_layer("C3").filters // 2
    assert data.count(f">{half}</text>") >= 2
    assert f">{network.get_layer('C3').filters}</text>" not in data


def test_towers_follow_the_groups_of_the_model():
    network = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3, name="a"),
                                layers.Conv2D(4, 3, name="b"), layers.Conv2D(4, 3, groups=2, name="c"),
                                layers.Flatten(), layers.Dense(5, name="d")])
    picture = figures.towers(network)
    assert "b lit les deux tours" in picture.alt
    assert "c ne lit que sa tour" in picture.alt
    assert len(wires(picture, ORANGE)) == 4 + 2                 # b ; d


def test_a_network_without_towers_is_refused():
    with pytest.raises(ValueError, match="deux groupes"):
        figures.towers(alexnet(1, **POCKET))


def test_an_odd_layer_is_refused():
    network = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(4, 3), layers.Conv2D(6, 3, groups=2),
                                layers.Flatten(), layers.Dense(7), layers.Dense(2)])
    with pytest.raises(ValueError, match="pair"):
        figures.towers(network)


def test_color_kernels_keep_colour_and_scale():
    kernels = np.zeros((5, 5, 3, 2), dtype="float32")
    kernels[:, :, 0, 0] = 0.01         # rouge, très faible : mis à l'échelle
    kernels[:, :, :, 1] = -3           # négatif partout : sombre
    picture = figures.color_kernels(kernels, columns=2)
    png = io.BytesIO(base64.b64decode(picture._repr_mimebundle_()["image/png"]))
    image = np.asarray(Image.open(png).convert("RGB")).astype(int)
    middle = image.shape[0] // 2
    red, dark = image[middle, image.shape[1] // 4], image[middle, 3 * image.shape[1] // 4]
    assert red[0] > 240
    assert np.abs(red[1:] - 127).max() < 8
    assert dark.max() < 15
    assert "2 noyaux 5 × 5" in picture.alt


@pytest.mark.parametrize("shape", [(5, 5, 3), (5, 5, 1, 4), (5, 5, 3, 0)])
def test_color_kernels_want_three_channels(shape):
    with pytest.raises(ValueError, match="première convolution"):
        figures.color_kernels(np.zeros(shape))


def test_sizes_fit_their_boxes():
    root = ET.fromstring(figures.towers(alexnet(2)).data)
    spans = [(float(box.get("x")), float(box.get("width"))) for box in root.iter("{http://www.w3.org/2000/svg}rect")]
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        if "×" in text.text and float(text.get("y")) > 40:
            width = next(wide for left, wide in spans if left < float(text.get("x")) < left + wide)
            assert TextPath((0, 0), text.text, size=float(text.get("font-size"))).get_extents().width < width

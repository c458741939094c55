"""Les figures du transfert : elles disent ce qu'elles montrent et refusent des données mal formées."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from cours_cnn.figures import freezing, heat_overlay, spreads, style

RNG = np.random.default_rng(0)
REGIMES = {"de zéro": ["neuve", "neuve"], "gelé": ["gelée", "neuve"], "témoin": ["hasard", "neuve"]}


def pixels(picture):
    data = base64.b64decode(picture._repr_mimebundle_()["image/png"])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


def test_freezing_draws_one_box_a_layer_and_a_regime():
    picture = freezing(["C1", "sortie"], REGIMES)
    root = ET.fromstring(picture.data)
    boxes = [node for node in root.iter() if node.tag.endswith("rect") and node.get("width") == "86"]
    assert len(boxes) == 6
    assert [box.get("fill") for box in boxes[2:4]] == ["#56b4e9", "none"]
    assert boxes[4].get("fill") == "url(#hasard)"
    assert "gelé : C1 reprise et gelée, sortie tirée au hasard, puis apprise" in picture.alt
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "tirée au hasard et gelée" in texts
    assert "reprise, puis ajustée" not in texts, "la légende ne montre que les états présents"


def test_freezing_keeps_its_texts_in_the_drawing():
    regimes = {"un nom de régime assez long": ["gelée"] * 5}
    root = ET.fromstring(freezing(["C1", "C2", "C3", "D4", "scores"], regimes).data)
    width, height = (float(value) for value in root.get("viewBox").split()[2:])
    for node in root.iter():
        if node.tag.endswith("text"):
            assert 0 <= float(node.get("x")) <= width
            assert 0 <= float(node.get("y")) <= height


def test_spreads_tells_the_mean_of_the_seeds():
    picture = spreads([1, 10], {"gelé": [[0.2, 0.8], [0.4, 1.0]]}, xlabel="étiquettes", ylabel="Exactitude", log_x=True)
    assert min(pixels(picture).shape[:2]) > 200
    assert "gelé : de 0,30 à 0,90" in picture.alt


def test_spreads_draws_the_range_of_the_seeds():
    band = np.round(255 * (0.15 * np.array(to_rgb(style.PALETTE[0])) + 0.85))
    narrow, wide = (pixels(spreads([1, 2], {"a": runs}, xlabel="x", ylabel="y"))
                    for runs in ([[0.5, 0.5]], [[0.1, 0.1], [0.9, 0.9]]))
    shaded = [np.mean(np.abs(image - band).max(axis=-1) < 8) for image in (narrow, wide)]
    assert shaded[0] < 0.01
    assert shaded[1] > 0.3


def test_heat_reddens_only_where_it_is_hot():
    image, heat = np.full((1, 40, 40), 0.5), np.zeros((1, 2, 2))
    heat[0, 0, 0] = 1
    cold = pixels(heat_overlay(image, np.zeros((1, 2, 2)), columns=1, alt="une image grise sans chaleur"))
    hot = pixels(heat_overlay(image, heat, columns=1, alt="une image grise chaude en haut à gauche"))
    assert hot.shape == cold.shape
    redder = (hot[..., 0] - hot[..., 2]) - (cold[..., 0] - cold[..., 2])
    half = redder.shape[0] // 2, redder.shape[1] // 2
    assert redder[: half[0], : half[1]].mean() > 40
    assert redder[half[0]:, half[1]:].mean() < 20


@pytest.mark.parametrize(("call", "expected"), [
    (lambda: freezing([], REGIMES), "non vide"),
    (lambda: freezing(["C1", "C2"], {"a": ["gelée"]}), "2 états"),
    (lambda: freezing(["C1"], {"a": ["fondue"]}), "'gelée'"),
    (lambda: spreads([1, 2], {}, xlabel="x", ylabel="y"), "non vide"),
    (lambda: spreads([1, 2], {"a": [0.1, 0.2]}, xlabel="x", ylabel="y"), r"\(graines, 2\)"),
    (lambda: spreads([1, 2], {"a": [[0.1]]}, xlabel="x", ylabel="y"), r"\(graines, 2\)"),
    (lambda: heat_overlay(RNG.random((2, 8, 8)), RNG.random((1, 2, 2)), alt="deux images grises"), "2 cartes"),
    (lambda: heat_overlay(RNG.random((2, 8, 8)), RNG.random((2, 2, 2)), ["a"], alt="deux images grises"), "2 titres"),
])
def test_refusals(call, expected):
    with pytest.raises(ValueError, match=expected):
        call()

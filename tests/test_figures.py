"""Les figures : une image valable, un texte de remplacement qui dit ce qu'elle montre, des refus clairs."""

import base64
import io
import itertools
import xml.etree.ElementTree as ET

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.colors import to_rgb
from PIL import Image

from cours_cnn import figures
from cours_cnn.architectures import lenet5
from cours_cnn.figures import plots
from cours_cnn.figures.drawing import architecture
from cours_cnn.figures.plots import confusion_counts
from cours_cnn.figures.style import tick

RNG = np.random.default_rng(0)
MODEL = lenet5()
IMAGES = RNG.random((3, 32, 32, 1), dtype="float32")


def bundle(picture):
    data = picture._repr_mimebundle_()
    assert data["text/plain"] == f"Figure\u00a0: {picture.alt}"
    return data


def png_size(picture):
    image = Image.open(io.BytesIO(base64.b64decode(bundle(picture)["image/png"])))
    assert len(set(image.convert("L").tobytes())) > 1, "image vide"
    return image.size


def svg_root(picture):
    return ET.fromstring(bundle(picture)["image/svg+xml"])


def test_learning_curves_tell_first_and_last_values():
    record = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.0, 1.2, 0.9], "accuracy": [0.3, 0.6, 0.8]}
    picture = figures.learning_curves(record)
    svg_root(picture)
    assert "3 époques" in picture.alt
    assert "perte d'entraînement de 2,00 à 0,50" in picture.alt
    assert "de validation de 2,00 à 0,90" in picture.alt


def test_same_figure_is_written_byte_for_byte_the_same():
    draw = lambda: figures.lines([1, 2], {"a": [0.1, 0.2]}, xlabel="x", ylabel="y").data  # noqa: E731
    assert draw() == draw()


def test_bars_and_lines_describe_their_values():
    assert "2012 : 16,4 %" in figures.bars(["2012"], [16.4], ylabel="Erreur", digits=1, unit=" %").alt
    assert "sans : de 1,00 à 0,50" in figures.lines([0, 1], {"sans": [1, 0.5]}, xlabel="p", ylabel="e").alt


def test_confusion_matrix_counts_and_names_the_worst_pair():
    y_true, y_pred = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 0, 2, 2, 1, 2])
    assert confusion_counts(y_true, y_pred, 3).tolist() == [[2, 0, 0], [0, 1, 2], [0, 0, 1]]
    picture = figures.confusion_matrix(y_true, y_pred, ["a", "b", "c"])
    png_size(picture)
    assert "66,7\u00a0%" in picture.alt
    assert "prend b pour c (2 fois)" in picture.alt


@pytest.mark.parametrize("classes", [["avion", "voiture", "grenouille", "cheval"], list("0123456789"),
                                     ["pneumonie virale", "pneumonie bactérienne", "poumons sains"]])
def test_confusion_matrix_keeps_the_names_of_classes_apart(classes, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "from_matplotlib", lambda figure, alt, **settings: drawn.append(figure))
    figures.confusion_matrix(np.arange(len(classes)), np.arange(len(classes)), classes)
    drawn[0].draw_without_rendering()
    panel = drawn[0].axes[0]
    # Un texte oblique a une boîte plus large que lui : deux noms parallèles se gênent si leur écart est trop petit.
    for axis, gap in ((panel.xaxis, "x0"), (panel.yaxis, "y0")):
        labels = axis.get_ticklabels()
        assert [label.get_text() for label in labels] == classes
        boxes = [label.get_window_extent() for label in labels]
        if all(label.get_rotation() in (0, 90) for label in labels):
            assert not any(one.overlaps(two) for one, two in itertools.pairwise(boxes))
        else:
            assert min(abs(np.diff([getattr(box, gap) for box in boxes]))) > 12
    assert all(label.get_rotation() == 0 for label in panel.xaxis.get_ticklabels()) == (classes[0] == "0")


def test_confusion_counts_can_be_read_on_their_cells(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "from_matplotlib", lambda figure, alt, **settings: drawn.append(figure))
    y_true = np.repeat(np.arange(4), 100)
    figures.confusion_matrix(y_true, np.r_[np.zeros(60), np.arange(340) % 4].astype(int), list("abcd"))
    panel = drawn[0].axes[0]
    luminance = lambda color: np.dot(  # noqa: E731
        [((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in to_rgb(color)], [0.2126, 0.7152, 0.0722])
    shades = panel.images[0].to_rgba(panel.images[0].get_array())
    for text in panel.texts:
        column, row = map(int, text.get_position())
        pair = sorted([luminance(text.get_color()), luminance(shades[row, column, :3])])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 3, text.get_text()


def test_feature_maps_may_show_their_image():
    alone = png_size(figures.feature_maps(MODEL, IMAGES[0], ["C1"]))
    both = png_size(figures.feature_maps(MODEL, IMAGES[0], ["C1"], with_image=True))
    assert both[1] > 1.5 * alone[1]


def test_image_grid_keeps_the_layout():
    wide = png_size(figures.image_grid(IMAGES, ["a", "b", "c"], columns=3, alt="trois images de bruit"))
    tall = png_size(figures.image_grid(IMAGES, columns=1, alt="trois images de bruit"))
    assert wide[0] > wide[1]
    assert tall[1] > tall[0]
    assert png_size(figures.image_grid(RNG.random((2, 8, 8, 3)), alt="deux images en couleurs"))


def test_activations_equal_a_layer_by_layer_computation():
    x = IMAGES
    for name in ("C1", "S2", "C3"):
        x = MODEL.get_layer(name)(x)
    np.testing.assert_allclose(figures.activations(MODEL, IMAGES, ["C3"])["C3"], x, rtol=1e-5)


def test_feature_maps_and_filters_name_what_they_show():
    picture = figures.feature_maps(MODEL, IMAGES[0], ["C1", "S4"])
    assert "C1 (6 cartes 28 × 28), S4 (16 cartes 5 × 5)" in picture.alt
    assert png_size(picture)[0] > 300
    assert "6 noyaux 5 × 5" in figures.filters(MODEL, "C1").alt
    assert png_size(figures.filters(MODEL, "C3", columns=4))


@pytest.mark.parametrize("variant", ["moderne", "1998"])
def test_architecture_is_drawn_from_the_model(variant):
    picture = architecture(lenet5(variant))
    root = ET.fromstring(bundle(picture)["text/html"])
    svg = root[0]
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == picture.alt
    texts = [node.text for node in svg.iter() if node.tag.endswith("text")]
    for expected in ("C3", "16 @ 10 × 10", "48\u00a0120 param.", "84 unités"):
        assert expected in texts
    assert ("12 param." in texts) == (variant == "1998")
    width = float(svg.get("viewBox").split()[2])
    assert all(0 <= float(node.get("x")) <= width for node in svg.iter() if node.tag.endswith("text"))


def test_drawing_escapes_names_and_follows_any_sequential_model():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="C&1"), layers.Flatten(),
                              layers.Dropout(0.5), layers.Dense(2)], name="mini")
    root = ET.fromstring(architecture(model).data)
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "C&1" in texts
    assert not any("dropout" in (text or "") for text in texts)


def test_picture_saves_its_bytes(tmp_path):
    picture = figures.number_grid(np.eye(3), title="Identité")
    picture.save(tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text(encoding="utf-8") == picture.data


def test_ticks_are_written_in_french():
    assert tick(0.25) == "0,25"
    assert tick(-3) == "−3"


@pytest.mark.parametrize(("call", "kind", "expected"), [
    (lambda: figures.Picture("<svg/>", "svg", ""), ValueError, "« alt »"),
    (lambda: figures.Picture("", "gif", "une image animée"), ValueError, "'svg', 'png', 'html'"),
    (lambda: figures.learning_curves([1, 2]), ValueError, "model.fit"),
    (lambda: figures.learning_curves({"accuracy": [1]}), ValueError, "model.fit"),
    (lambda: figures.lines([1, 2], {"a": [1]}, xlabel="x", ylabel="y"), ValueError, "2 valeurs"),
    (lambda: figures.lines([1, 2], {}, xlabel="x", ylabel="y"), ValueError, "non vide"),
    (lambda: figures.bars(["a"], [1, 2]), ValueError, "une par barre"),
    (lambda: figures.confusion_matrix([0, 1], [0], ["a", "b"]), ValueError, "comme y_true"),
    (lambda: figures.confusion_matrix([0, 5], [0, 1], ["a", "b"]), ValueError, "entre 0 et 1"),
    (lambda: figures.confusion_matrix([0, 1], np.eye(2), ["a", "b"]), ValueError, "argmax"),
    (lambda: figures.confusion_matrix([0.5], [0.0], ["a"]), ValueError, "d'entiers"),
    (lambda: figures.image_grid(np.zeros((2, 3)), alt="rien du tout"), ValueError, "« images »"),
    (lambda: figures.image_grid(np.zeros((0, 3, 3)), alt="rien du tout"), ValueError, "non vide"),
    (lambda: figures.image_grid(["a"], alt="rien du tout"), ValueError, "« images »"),
    (lambda: figures.image_grid(IMAGES, ["a"], alt="trois images"), ValueError, "3 titres"),
    (lambda: figures.image_grid(IMAGES, columns=0, alt="trois images"), ValueError, "« columns »"),
    (lambda: figures.activations(MODEL, IMAGES, ["C2"]), ValueError, "C1, S2"),
    (lambda: figures.activations(MODEL, IMAGES[:, :28, :28], ["C1"]), ValueError, "32, 32, 1"),
    (lambda: figures.feature_maps(MODEL, IMAGES[0], ["F6"]), ValueError, "produisent des cartes"),
    (lambda: figures.filters(MODEL, "S2"), ValueError, "couche de convolution"),
    (lambda: figures.filters(MODEL, "X"), ValueError, "couche de convolution"),
    (lambda: figures.number_grid(np.zeros(4)), ValueError, "deux dimensions"),
    (lambda: figures.architecture("lenet"), TypeError, "un modèle Keras"),
])
def test_refusals(call, kind, expected):
    with pytest.raises(kind, match=expected):
        call()

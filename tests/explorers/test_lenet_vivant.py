"""LeNet vivant calcule ce que calcule Keras, et le dit assez vite pour suivre un trait."""

from __future__ import annotations

import json
import re

import keras
import numpy as np
import pytest

from cours_cnn import data, explorers
from cours_cnn.architectures import lenet5
from cours_cnn.explorers.base import HEAVY_OPENING, light, source
from cours_cnn.explorers.network import _SHAPES, DATA, half_precision, network_data
from cours_cnn.results import load
from tools.pages import ROOT, Page

IMAGES = 24
TOLERANCE = 1e-3
SLOWEST_MS = 16
HELPERS = "passe_avant.js", "lenet_vivant.js"


@pytest.fixture(scope="module")
def digits():
    return data.mnist()


@pytest.fixture(scope="module")
def published() -> dict:
    return json.loads(source(f"donnees/{DATA}").removeprefix("window.coursLenet5 = ").rstrip(";\n"))


@pytest.fixture(scope="module")
def network(published):
    """Le réseau publié, reconstruit dans Keras d'après le fichier que lit la page."""
    import base64

    flat = np.frombuffer(base64.b64decode(published["poids"]), "<f2").astype("float32")
    ends = np.cumsum([np.prod(shape) for shape in _SHAPES])[:-1]
    model = lenet5()
    model.set_weights([part.reshape(shape) for part, shape in zip(np.split(flat, ends), _SHAPES, strict=True)])
    return model


@pytest.fixture
def page(browser, tmp_path):
    """La figure ouverte depuis le disque, et ce que le navigateur a signalé."""
    path = tmp_path / "lenet.html"
    path.write_text(explorers.lenet_vivant().page(), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR")
    tab, defects = context.new_page(), []
    tab.on("console", lambda seen: seen.type in ("error", "warning") and defects.append(seen.text))
    tab.on("pageerror", lambda error: defects.append(str(error)))
    tab.on("request", lambda request: request.url.startswith("http") and defects.append(request.url))
    tab.goto(path.as_uri())
    yield tab
    context.close()
    assert not defects


def in_page(tab, expression: str, argument=None):
    """Évalue ``expression`` avec les fonctions de la figure, ``p`` étant les poids publiés."""
    code = "\n".join(source(name) for name in ("socle.js", *HELPERS))
    return tab.evaluate(f"(argument) => {{ {code}\n const p = lirePoids(window.coursLenet5.poids); "
                        f"return {expression}; }}", argument)


@pytest.mark.navigateur
def test_probabilities_and_maps_are_those_of_keras(page, network, digits):
    x = digits.test.x[:IMAGES]
    found = in_page(page, "argument.map((x) => passeAvant(border(Float32Array.from(x)), p)).map("
                          "(r) => Object.fromEntries(Object.entries(r).map(([c, v]) => [c, [...v]])))",
                    x.reshape(IMAGES, 784).astype(float).tolist())
    layers = {layer.name.lower(): layer.output for layer in network.layers if layer.name != "aplatir"}
    expected = keras.Model(network.inputs, layers)(data.pad(x, 2))
    for name, values in expected.items():
        seen = np.array([one[name] for one in found]).reshape(values.shape)
        assert np.abs(seen - np.array(values)).max() < TOLERANCE, name


@pytest.mark.navigateur
def test_rounding_to_half_precision_keeps_the_probabilities(network, digits):
    """La tolérance vaut aussi contre un réseau dont les poids ne sont pas arrondis."""
    fine = lenet5()
    rng = np.random.default_rng(0)
    full = [w * (1 + rng.uniform(-1, 1, w.shape) * 2.0**-12) for w in network.get_weights()]
    fine.set_weights(full)
    coarse = lenet5()
    coarse.set_weights([half_precision(w) for w in full])
    x = data.pad(digits.test.x[:IMAGES], 2)
    assert np.abs(np.array(fine(x)) - np.array(coarse(x))).max() < TOLERANCE


@pytest.mark.navigateur
def test_a_prediction_fits_in_one_frame(page, digits):
    times = in_page(page, "Array.from({length: 60}, () => { const t = performance.now(); "
                          "passeAvant(border(Float32Array.from(argument)), p); return performance.now() - t; })",
                    digits.test.x[0].ravel().astype(float).tolist())
    assert np.median(times) <= SLOWEST_MS
    # Avec le dessin de toutes les cartes.
    shown = []
    for digit in range(10):
        page.get_by_role("button", name=str(digit), exact=True).click()
        shown.append(float(page.locator(".scene").get_attribute("data-duree")))
    assert np.median(shown) <= SLOWEST_MS


@pytest.mark.navigateur
def test_sample_digits_are_read_as_the_model_reads_them(page, network, digits, published):
    for digit in range(10):
        page.get_by_role("button", name=str(digit), exact=True).click()
        image = data.pad(digits.test.x[digits.test.y == digit][:1], 2)
        answer = np.array(network(image))[0].argmax()
        assert page.locator("p[aria-live]").inner_text().startswith(f"Réponse\u00a0: {answer} (")
    misread = len(published["classes"]) - 10
    assert misread >= 5
    for rank in range(1, misread + 1):
        page.locator("select").select_option(str(rank))
        told = page.locator("p[aria-live]").inner_text()
        answer, truth = re.search(r"Réponse\u00a0: (\d).*classe\u00a0: (\d)", told).groups()
        assert answer != truth == str(published["classes"][9 + rank])


@pytest.mark.navigateur
def test_a_drawn_one_is_read(page):
    before = page.locator("p[aria-live]").inner_text()
    page.get_by_role("button", name="effacer").click()
    box = page.locator("canvas").first.bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(middle - 6, box["y"] + box["height"] - 30, steps=12)
    page.mouse.up()
    told = page.locator("p[aria-live]").inner_text()
    assert told != before
    assert told.startswith("Réponse\u00a0: 1 ("), told
    page.get_by_role("button", name="pourquoi").click()
    assert "d’occlusion" in page.locator("p[aria-live]").inner_text()


def test_nearest_digits_are_those_of_numpy(javascript, published, digits):
    import base64

    packed = np.frombuffer(base64.b64decode(published["voisins"]), np.uint8).reshape(-1, 98)
    near = np.stack([packed >> 4, packed & 15], axis=2).reshape(-1, 196) / 15
    x = digits.test.x[:3]
    small = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 1, 196)
    expected = np.argsort(((small - near) ** 2).sum(axis=2), axis=1)[:, :6]
    calls = [[image.ravel().astype(float).tolist(), near.tolist(), 6] for image in x]
    assert javascript("lenet_vivant.js", "plusProches", calls, needs=["passe_avant.js"]) == expected.tolist()


def test_half_precision_is_read_exactly(javascript):
    codes = np.arange(0, 0x7C00, 7, dtype="<u2")
    codes = np.concatenate([codes, codes | 0x8000]).astype("<u2")
    found = javascript("lenet_vivant.js", "demi", [[int(code)] for code in codes])
    assert found == codes.view("<f2").astype(float).tolist()


def test_published_network_is_the_recorded_one(network, digits):
    answers = network.predict(data.pad(digits.test.x, 2), batch_size=500, verbose=0).argmax(axis=1)
    recorded = load("lenet_vivant")["results"]["test"]
    assert abs(float((answers == digits.test.y).mean()) - recorded) <= 0.002
    assert recorded >= 0.95


def test_published_data_follow_from_the_network(network, digits, published):
    assert network_data(network, digits) == published


def test_another_network_is_refused():
    other = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(ValueError, match="LeNet-5"):
        explorers.lenet_vivant(other)


def test_a_trained_network_takes_its_own_weights(network, digits):
    moved = lenet5()
    moved.set_weights([weight + 1 for weight in network.get_weights()])
    markup = explorers.lenet_vivant(moved).markup()
    assert json.loads(re.search(r"coursLenet5 = (\{.*?\});", markup).group(1)) == network_data(moved, digits)


def test_a_saved_notebook_leaves_the_weights_out(published):
    whole = explorers.lenet_vivant().markup()
    assert published["poids"] in whole
    assert light(whole) == whole.replace(source(f"donnees/{DATA}").strip(), "")
    assert HEAVY_OPENING in light(whole)
    assert len(light(whole)) < 16_000
    assert light(light(whole)) == light(whole)


def test_the_lesson_shows_the_code_that_runs():
    page = Page(ROOT / "chapters" / "lenet.ipynb")
    [lesson] = [cell.source for cell in page.notebook.cells if cell.id == "vivant-lenet-passe"]
    shown = re.search(r"```javascript\n(.*?)\n```", lesson, flags=re.S).group(1)
    assert shown == source("passe_avant.js").strip()
    assert len(shown.splitlines()) <= 30

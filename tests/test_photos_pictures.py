"""Ouvrir des images de toute sorte : le zoo, les orientations, les coupures à chaque octet."""

from __future__ import annotations

import contextlib
import os
import threading

import numpy as np
import photo_zoo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cours_cnn.data.cleaning import examine
from cours_cnn.data.gathering import photo_folder
from cours_cnn.data.pictures import UnfitPictureError, fingerprint, open_picture, read_pixels


@pytest.fixture(scope="module")
def sorted_zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    animals = photo_zoo.build(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    photos = photo_folder(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, "rien n'est touché"
    return photos, animals


@pytest.mark.parametrize("name", photo_zoo.zoo())
def test_each_picture_of_the_zoo_meets_its_fate(sorted_zoo, name):
    photos, animals = sorted_zoo
    _, fate, word = animals[name]
    removed, converted = (dict(entries) for entries in (photos.report.removed, photos.report.converted))
    kept = {path.name for path in photos.paths}
    key = f"cats/{name}"
    assert (name in kept) == (fate != "écarté"), removed.get(key)
    assert (key in converted) == (fate == "converti"), converted.get(key)
    assert word in {"gardé": "", "converti": converted, "écarté": removed}[fate][key] if fate != "gardé" else True


def test_report_counts_and_groups_reasons(sorted_zoo):
    photos, animals = sorted_zoo
    report = photos.report
    assert report.examined == len(animals) + 2
    assert report.kept == len(photos) == report.examined - len(report.removed)
    assert "aucun n'est supprimé" in repr(report)
    reasons = report.table().column("Raison")
    assert len(reasons) == len(set(reasons))
    assert "image trop petite" in reasons
    assert sum(report.table().column("Fichiers")) == len(report.removed) + len(report.converted)


def test_every_kept_picture_is_read_in_rgb(sorted_zoo):
    photos, _ = sorted_zoo
    x, y = photos.to_arrays((10, 12))
    assert x.shape == (len(photos), 10, 12, 3)
    assert x.dtype == np.float32
    assert 0 <= x.min() <= x.max() <= 255
    assert y.tolist() == photos.labels.tolist()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    path = tmp_path / "tournee.jpg"
    path.write_bytes(photo_zoo.rotated(orientation))
    opened = open_picture(path)
    assert opened.image.size == (40, 20)
    red, _, blue = opened.image.getpixel((3, 3))
    assert red > 200 > 60 > blue
    assert ("redressée (EXIF)" in opened.changes) == (orientation != 1)


def test_sixteen_bits_keep_their_contrast_and_alpha_becomes_white(tmp_path):
    from PIL import Image

    ramp = np.tile(np.linspace(0, 65_535, 64, dtype=np.uint16), (20, 1))
    Image.fromarray(ramp).save(tmp_path / "rampe.png")
    pixels = read_pixels(tmp_path / "rampe.png", (20, 64))[10, :, 0].astype(int)
    assert pixels[0] == 0
    assert pixels[-1] == 255
    assert (np.diff(pixels) >= 0).all()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "vide.png")
    assert (read_pixels(tmp_path / "vide.png", (20, 20)) == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_picture_cut_at_any_byte_is_read_whole_or_refused(tmp_path, kind):
    content = photo_zoo.encoded(photo_zoo.picture(1, (20, 18)), kind)
    path = tmp_path / "coupee.jpg"
    whole = 0
    for size in range(0, len(content), 7 if kind in ("BMP", "TIFF") else 1):
        path.write_bytes(content[:size])
        with contextlib.suppress(UnfitPictureError):
            whole += open_picture(path).image.size == (20, 18)
    assert whole <= 24, "seule une fin sans pixel (marques, octets de bourrage) peut manquer sans que cela se voie"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF"]), st.integers(0, 10**6), st.binary(min_size=1,
                                                                                                 max_size=6))
def test_damaged_bytes_never_raise_anything_else(tmp_path_factory, kind, place, patch):
    content = bytearray(photo_zoo.encoded(photo_zoo.picture(1, (20, 18)), kind))
    place %= len(content)
    content[place:place + len(patch)] = patch
    path = tmp_path_factory.mktemp("abimee") / "photo.jpg"
    path.write_bytes(content)
    with contextlib.suppress(UnfitPictureError):
        assert open_picture(path).image.mode == "RGB"


def test_files_that_cannot_be_read_are_set_aside(tmp_path):
    with pytest.raises(UnfitPictureError, match="introuvable"):
        open_picture(tmp_path / "absente.jpg")
    (tmp_path / "dossier.jpg").mkdir()
    with pytest.raises(UnfitPictureError):
        open_picture(tmp_path / "dossier.jpg")
    good = tmp_path / "bonne.jpg"
    good.write_bytes(photo_zoo.encoded(photo_zoo.picture(1)))
    os.mkfifo(tmp_path / "tube.jpg")
    found = []
    pair = [good, tmp_path / "tube.jpg"]
    thread = threading.Thread(target=lambda: found.append(examine(pair, tmp_path)), daemon=True)
    thread.start()
    thread.join(10)
    assert found, "un tube nommé ne doit pas bloquer la lecture"
    assert [path.name for path in found[0][0]] == ["bonne.jpg"]


def test_fingerprint_survives_resaving_but_tells_pictures_apart(tmp_path):
    from PIL import Image

    from cours_cnn.data.drawn_scenes import draw_scene

    scenes = [draw_scene("chat", np.random.RandomState(seed)) for seed in range(6)]
    for scene in scenes:
        scene.save(tmp_path / "copie.jpg", quality=50)
        copy = fingerprint(Image.open(tmp_path / "copie.jpg"))
        gaps = [np.abs(copy - fingerprint(other)).mean() for other in scenes]
        assert scenes[int(np.argmin(gaps))] is scene
        assert sorted(gaps)[0] < 1.5 < sorted(gaps)[1]

"""Chats et chiens, radiographies : chaque source, ses replis, ses pannes."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import types
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import photo_zoo
import pytest
from local_server import closed_port, serving

from cours_cnn.archives import ArchiveError
from cours_cnn.data import animals, cats_and_dogs, chest_xrays, drawings, pneumonia_mnist, xrays
from cours_cnn.fetch import FetchError, IntegrityError, UnavailableError

REAL = Path(os.environ.get("COURS_CNN_DONNEES", ""))


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Ni dossier de données, ni cache, ni réseau."""
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    nowhere = (f"http://127.0.0.1:{closed_port()}/x",)
    monkeypatch.setattr(animals, "FILTERED_FILE", replace(animals.FILTERED_FILE, urls=nowhere))
    monkeypatch.setattr(xrays, "PNEUMONIA_FILE", replace(xrays.PNEUMONIA_FILE, urls=nowhere))
    return tmp_path


def photo_zip(folder: Path) -> bytes:
    photo_zoo.class_folder(folder / "train", {"cats": 3, "dogs": 3})
    photo_zoo.class_folder(folder / "validation", {"cats": 1, "dogs": 1}, seed=500)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, "cats_and_dogs_filtered/" + path.relative_to(folder).as_posix())
    return buffer.getvalue()


@pytest.fixture
def published(tmp_path, monkeypatch):
    content = photo_zip(tmp_path / "source")
    with serving() as local:
        page = local.page("/filtered.zip", content)
        monkeypatch.setattr(animals, "FILTERED_FILE", replace(
            animals.FILTERED_FILE, urls=(local.url("/filtered.zip"),), size=len(content)))
        yield page


def leftovers(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if path.suffix in (".partiel", ".part")]


def tiny_list(folder: Path, rows: list[str]) -> None:
    (folder / "liste.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


# --- Les dessins ------------------------------------------------------------------------------------------


def test_drawings_replace_photographs_and_it_is_said(capsys):
    photos = cats_and_dogs(limit=6)
    assert photos.synthetic
    assert photos.origin == "embarqué"
    assert photos.classes == ("chats", "chiens")
    assert "dessins de synthèse" in repr(photos)
    assert "des dessins les remplacent" in capsys.readouterr().out


def test_drawings_are_the_same_for_the_same_seed(tmp_path, monkeypatch):
    first = cats_and_dogs("dessins", limit=4)
    x = first.to_arrays(32)[0]
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "autre"))
    np.testing.assert_array_equal(cats_and_dogs("dessins", limit=4).to_arrays(32)[0], x)
    assert not np.array_equal(cats_and_dogs("dessins", limit=4, seed=1).to_arrays(32)[0], x)
    more = cats_and_dogs("dessins", limit=5)
    wanted = {path.name: path.read_bytes() for path in first.paths if path.stem[-4:].isdigit()}
    assert {path.name: path.read_bytes() for path in more.paths if path.name in wanted} == wanted


def test_drawn_folder_has_every_flaw_of_a_real_one():
    report = cats_and_dogs("dessins", limit=4).report
    assert len(report.removed) == 6
    assert len(report.converted) == 5
    told = " ".join(reason for _, reason in (*report.removed, *report.converted))
    for word in ("vide", "tronquée", "pas une image", "copie exacte", "trop petite", "PNG nommé .jpg", "gris",
                 "quadrichromie", "EXIF", "transparence"):
        assert word in told


def test_interrupted_drawing_leaves_nothing_and_starts_again(tmp_path, monkeypatch):
    draw, count = drawings._draw, []

    def interrupted(job):
        count.append(job)
        if len(count) > 3:
            raise KeyboardInterrupt
        draw(job)

    monkeypatch.setattr(drawings, "_draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cats_and_dogs("dessins", limit=4)
    assert not leftovers(tmp_path / "cache")
    monkeypatch.setattr(drawings, "_draw", draw)
    assert len(cats_and_dogs("dessins", limit=4)) == 8 + 5


def test_unwritable_cache_is_said_in_french(tmp_path, monkeypatch):
    (tmp_path / "bouchon").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "bouchon"))
    with pytest.raises(FetchError, match="ne peuvent être écrits"):
        cats_and_dogs("dessins", limit=3)


# --- Le fichier de Google ---------------------------------------------------------------------------------


def test_filtered_is_downloaded_extracted_and_kept(published, tmp_path, capsys):
    photos = cats_and_dogs("filtered")
    assert photos.counts() == {"chats": 4, "chiens": 4}
    assert photos.origin == "téléchargement"
    assert not photos.synthetic
    assert cats_and_dogs().origin == "cache", "« auto » s'en sert dès qu'il est là"
    assert len(published.requests) == 1
    assert "dessins" not in capsys.readouterr().out


def test_automatic_download_is_announced_before_it_starts(published, monkeypatch):
    heard = []
    monkeypatch.setattr(animals, "notice", lambda text: heard.append((text, len(published.requests))))
    assert cats_and_dogs().origin == "téléchargement"
    assert len(heard) == 1, "le fichier du cache, ensuite, ne s'annonce pas"
    told, requests = heard[0]
    assert requests == 0, "l'avis précède le téléchargement"
    assert f"téléchargement de cats_and_dogs_filtered, {animals.FILTERED_FILE.size / 1e6:.0f} Mo" in told
    assert 'source="dessins"' in told
    assert cats_and_dogs().origin == "cache"
    assert len(heard) == 1


@pytest.mark.parametrize("cut", [0, 1, 500, 2_000, 4_000])
def test_download_cut_at_any_byte_ends_well(published, tmp_path, cut):
    published.cut_after, published.cut_times = cut, 4
    attempts = []
    while not attempts or isinstance(attempts[-1], str):
        assert not (tmp_path / "cache" / "chats_chiens" / "cats_and_dogs_filtered").exists()
        try:
            attempts.append(cats_and_dogs("filtered"))
        except FetchError as error:
            attempts.append(str(error))
    assert len(attempts) <= 5
    assert all("Que faire" in told for told in attempts[:-1])
    assert len(attempts[-1]) == 8
    assert not leftovers(tmp_path / "cache")


@pytest.mark.parametrize("place", [60, 700, -40])
def test_a_damaged_archive_is_refused_then_fetched_again(published, tmp_path, place):
    good = published.body
    published.body = good[:place] + bytes(30) + good[place:][30:]
    with pytest.raises(ArchiveError, match="relancer"):
        cats_and_dogs("filtered")
    assert not (tmp_path / "cache" / "chats_chiens" / "cats_and_dogs_filtered").exists()
    published.body = good
    assert len(cats_and_dogs("filtered")) == 8


def test_a_hostile_archive_leaves_nothing(published, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../cats/dehors.jpg", b"x")
    published.body = buffer.getvalue()
    monkeypatch.setattr(animals, "FILTERED_FILE", replace(animals.FILTERED_FILE, size=len(published.body)))
    with pytest.raises(ArchiveError, match="sortirait du dossier"):
        cats_and_dogs("filtered")
    assert not list(tmp_path.rglob("dehors.jpg"))


# --- Oxford, Kaggle, un dossier à soi ---------------------------------------------------------------------


def oxford(tmp_path, monkeypatch, extra=()) -> Path:
    folder = photo_zoo.class_folder(tmp_path / "donnees" / "oxford_pets", {"cats": 4, "dogs": 4})
    rows = ["fichier,classe,race,sha256"]
    for path in sorted(folder.rglob("*.jpg")):
        name = path.relative_to(folder).as_posix()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(f"{name},{name.split('/')[0]},race{int(path.stem) % 2},{digest}")
    tiny_list(folder, rows + list(extra))
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "donnees"))
    return folder


def test_oxford_is_read_with_its_breeds(tmp_path, monkeypatch):
    oxford(tmp_path, monkeypatch)
    photos = cats_and_dogs()
    assert photos.counts() == {"chats": 4, "chiens": 4}
    assert set(photos.strata) == {"race0", "race1"}
    assert photos.origin == "dossier COURS_CNN_DONNEES"
    assert "CC BY-SA 4.0" in photos.licence


def test_files_that_differ_from_the_list_are_set_aside(tmp_path, monkeypatch):
    folder = oxford(tmp_path, monkeypatch, extra=["../secret.jpg,cats,x,", "cats/absente.jpg,cats,x,"])
    (folder / "cats" / "000.jpg").write_bytes(photo_zoo.encoded(photo_zoo.picture(999)))
    photos = cats_and_dogs("oxford")
    removed = dict(photos.report.removed)
    assert "différent" in removed["cats/000.jpg"]
    assert "introuvable" in removed["cats/absente.jpg"]
    assert "inadmissible" in removed["../secret.jpg"]
    assert len(photos) == 7
    assert photos.report.examined == 10


def test_unreadable_list_is_said(tmp_path, monkeypatch):
    folder = oxford(tmp_path, monkeypatch)
    for content in (b"\xff\xfe\x00", b"nom,age\na,1\n"):
        (folder / "liste.csv").write_bytes(content)
        with pytest.raises(FetchError, match="illisible"):
            cats_and_dogs("oxford")


def test_absent_oxford_says_what_to_do():
    with pytest.raises(UnavailableError, match="oxford_pets"):
        cats_and_dogs("oxford")


def test_own_folder_is_read_and_limited(tmp_path):
    folder = photo_zoo.class_folder(tmp_path / "mes photos", {"Chat": 6, "Chien": 5})
    assert cats_and_dogs(folder).counts() == {"chats": 6, "chiens": 5}
    limited = cats_and_dogs(str(folder), limit=3, seed=1)
    assert limited.counts() == {"chats": 3, "chiens": 3}
    assert limited.report.examined == 6
    assert cats_and_dogs(folder, limit=3, seed=1).paths == limited.paths
    assert cats_and_dogs(folder, limit=3, seed=2).paths != limited.paths


def test_class_without_a_usable_picture_is_said(tmp_path):
    folder = photo_zoo.class_folder(tmp_path / "photos", {"chats": 3})
    (folder / "chiens").mkdir()
    (folder / "chiens" / "rex.jpg").write_bytes(b"")
    with pytest.raises(FetchError, match="Aucune image utilisable de la classe « chiens »"):
        cats_and_dogs(folder)


@pytest.mark.parametrize(("arguments", "kind"), [(("chiots",), ValueError), ((3,), TypeError), ((None,), TypeError)])
@pytest.mark.parametrize("loader", [cats_and_dogs, chest_xrays])
def test_wrong_source_is_refused(loader, arguments, kind):
    with pytest.raises(kind, match="source"):
        loader(*arguments)


@pytest.mark.parametrize("options", [{"limit": 1}, {"limit": "10"}, {"seed": -1}])
@pytest.mark.parametrize("loader", [cats_and_dogs, chest_xrays])
def test_wrong_options_are_refused(loader, options):
    with pytest.raises((TypeError, ValueError), match="doit être"):
        loader("dessins", **options)


def fake_hub(monkeypatch, download) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", types.SimpleNamespace(dataset_download=download))


def test_kaggle_without_kagglehub_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(UnavailableError, match="pip install kagglehub"):
        cats_and_dogs("kaggle")


def test_kaggle_folder_is_read_with_the_secrets_of_colab(tmp_path, monkeypatch):
    folder = photo_zoo.class_folder(tmp_path / "kaggle" / "dogscats" / "train", {"cats": 3, "dogs": 3}).parents[1]
    seen = {}

    def download(handle):
        seen.update(handle=handle, user=os.environ.get("KAGGLE_USERNAME"), key=os.environ.get("KAGGLE_KEY"))
        print("barre de progression", file=sys.stderr)
        return str(folder)

    fake_hub(monkeypatch, download)
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.setenv(name, "")
    secrets = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "1815"}
    userdata = types.ModuleType("google.colab.userdata")
    userdata.get = secrets.__getitem__
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
    assert cats_and_dogs("kaggle").counts() == {"chats": 3, "chiens": 3}
    assert seen == {"handle": "arpitjain007/dog-vs-cat-fastai", "user": "ada", "key": "1815"}


def test_kaggle_refusal_explains_the_colab_secret(monkeypatch):
    def download(handle):
        raise RuntimeError("403 Client Error")

    fake_hub(monkeypatch, download)
    with pytest.raises(UnavailableError) as caught:
        cats_and_dogs("kaggle")
    for word in ("403 Client Error", "KAGGLE_USERNAME", "KAGGLE_KEY", "Ajouter un secret", "kaggle.json"):
        assert word in str(caught.value)


# --- Radiographies ----------------------------------------------------------------------------------------


def test_drawn_xrays_are_labelled_and_split_by_patient(capsys):
    photos = chest_xrays(limit=24)
    assert photos.synthetic
    assert "aucune valeur médicale" in photos.name
    assert "sans aucune valeur médicale" in capsys.readouterr().out
    assert set(photos.partition) == {"train", "test"}
    assert not set(photos.groups[photos.partition == "train"]) & set(photos.groups[photos.partition == "test"])
    parts = photos.split(0.2, 0.2)
    assert not set(parts.train.groups) & set(parts.test.groups)


@pytest.mark.parametrize(("name", "expected"), [
    ("person1000_bacteria_2931.jpeg", "person1000"), ("person7_virus_15.jpeg", "person7"),
    ("IM-0001-0001.jpeg", "IM-0001"), ("NORMAL2-IM-0927-0001.jpeg", "NORMAL2-IM-0927"),
    ("IM-0115-0001-0002.jpeg", "IM-0115"), ("maradio.png", "maradio")])
def test_patient_is_read_from_the_file_name(name, expected):
    assert xrays.patient(name) == expected


def test_xrays_of_a_folder_keep_their_partition(tmp_path):
    for part, first in (("train", 1), ("test", 50)):
        for kind in ("NORMAL", "PNEUMONIA"):
            (tmp_path / "chest_xray" / part / kind).mkdir(parents=True)
            for index in range(3):
                name = f"person{first + index // 2}_virus_{index}.jpeg" if kind == "PNEUMONIA" else \
                    f"IM-{first + index:04d}-0001.jpeg"
                content = photo_zoo.encoded(photo_zoo.picture(first * 100 + index + 10 * len(kind), mode="L"))
                (tmp_path / "chest_xray" / part / kind / name).write_bytes(content)
    photos = chest_xrays(tmp_path / "chest_xray")
    assert photos.counts() == {"NORMAL": 6, "PNEUMONIA": 6}
    assert (photos.partition == "test").sum() == 6
    assert len(set(photos.groups[photos.labels == 1])) == 4


def pneumonia_file(tmp_path, counts=(4_708, 524, 624), copies=3, **changes) -> bytes:
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in zip(("train", "val", "test"), counts, strict=True):
        arrays[f"{part}_images"] = random.integers(0, 256, (count, 28, 28), np.uint8)
        arrays[f"{part}_labels"] = random.integers(0, 2, (count, 1), np.uint8)
    arrays["val_images"][:copies] = arrays["train_images"][:copies]
    path = tmp_path / "fabrique.npz"
    np.savez(path, **(arrays | changes))
    return path.read_bytes()


def serve_pneumonia(monkeypatch, local, content) -> None:
    local.page("/p.npz", content)
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(xrays, "PNEUMONIA_FILE", replace(
        xrays.PNEUMONIA_FILE, urls=(local.url("/p.npz"),), size=len(content), sha256=digest))


def test_pneumonia_mnist_is_downloaded_and_its_leak_removed(tmp_path, monkeypatch):
    with serving() as local:
        serve_pneumonia(monkeypatch, local, pneumonia_file(tmp_path))
        dataset = pneumonia_mnist()
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [4_708, 521, 624]
    assert dataset.train.x.shape[1:] == (28, 28, 1)
    assert dataset.classes == ("NORMAL", "PNEUMONIA")


@pytest.mark.parametrize("changes", [{"counts": (10, 524, 624)}, {"train_labels": np.full((4_708, 1), 2, np.uint8)},
                                     {"val_images": np.zeros((524, 28, 28))}, {"test_images": np.array([object()])}])
def test_unexpected_pneumonia_file_is_refused(tmp_path, monkeypatch, changes):
    with serving() as local:
        serve_pneumonia(monkeypatch, local, pneumonia_file(tmp_path, **changes))
        with pytest.raises(IntegrityError, match="n'a pas le contenu attendu"):
            pneumonia_mnist()


def test_drawn_xrays_replace_pneumonia_mnist(capsys):
    dataset = pneumonia_mnist()
    assert dataset.origin == "embarqué"
    assert dataset.train.x.shape[1:] == (28, 28, 1)
    assert 0 <= dataset.train.x.min() <= dataset.train.x.max() <= 1
    assert "sans aucune valeur médicale" in capsys.readouterr().out


# --- Les vraies données, quand elles sont là --------------------------------------------------------------


@pytest.mark.skipif(not (REAL / "oxford_pets").is_dir(), reason="COURS_CNN_DONNEES ne contient pas oxford_pets")
def test_real_cats_and_dogs(monkeypatch):
    monkeypatch.setenv("COURS_CNN_DONNEES", str(REAL))
    photos = cats_and_dogs()
    assert photos.counts() == {"chats": 1_000, "chiens": 1_000}
    assert not photos.report.removed
    parts = photos.split()
    assert [len(part) for part in parts] == [1_400, 300, 300]
    assert len(set(parts.test.strata)) == 37


@pytest.mark.skipif(not (REAL / "chest_xray").is_dir(), reason="COURS_CNN_DONNEES ne contient pas chest_xray")
def test_real_xrays(monkeypatch):
    monkeypatch.setenv("COURS_CNN_DONNEES", str(REAL))
    photos = chest_xrays()
    assert photos.counts() == {"NORMAL": 600, "PNEUMONIA": 600}
    assert len(set(photos.groups)) == 881
    assert all(xrays.patient(path.name) == group for path, group in zip(photos.paths, photos.groups, strict=True))
    parts = photos.select(photos.partition == "train").split()
    assert not set(parts.train.groups) & set(parts.test.groups)
    dataset = pneumonia_mnist()
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (4_708, 516, 624)

"""Dossiers de photographies : classes, partage sans fuite, écriture pour Keras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import photo_zoo
import pytest

from cours_cnn.data import PhotoFolder, photo_folder
from cours_cnn.data.cleaning import CleaningReport
from cours_cnn.data.finding import classified
from cours_cnn.data.pictures import UnfitPictureError

CATS_DOGS = {"chats": ("cat", "cats", "chat", "chats"), "chiens": ("dog", "dogs", "chien", "chiens")}


def folder_of(labels, **columns) -> PhotoFolder:
    """Un dossier imaginaire : de quoi partager sans lire."""
    labels = np.asarray(labels, dtype=np.int64)
    return PhotoFolder("Essai", tuple(f"{index}.jpg" for index in range(len(labels))), labels, ("chats", "chiens"),
                       CleaningReport(len(labels)), "essai", "CC0", "embarqué",
                       **{name: np.asarray(values) for name, values in columns.items()})


def names(photos: PhotoFolder) -> set[str]:
    return {str(path) for path in photos.paths}


def test_split_covers_everything_once_and_keeps_proportions():
    breeds = np.tile(["siamois", "persan", "boxer", "teckel"], 50)
    photos = folder_of(np.tile([0, 0, 1, 1], 50), strata=breeds)
    parts = photos.split(0.2, 0.2, seed=3)
    assert [len(part) for part in parts] == [120, 40, 40]
    assert names(parts.train) | names(parts.validation) | names(parts.test) == names(photos)
    for part in parts:
        assert np.unique(part.strata, return_counts=True)[1].tolist() == [len(part) // 4] * 4
        assert part.counts() == {"chats": len(part) // 2, "chiens": len(part) // 2}
    again, other = photos.split(0.2, 0.2, seed=3), photos.split(0.2, 0.2, seed=4)
    assert again.test.paths == parts.test.paths
    assert names(other.test) != names(parts.test)


@pytest.mark.parametrize("seed", range(5))
def test_split_never_separates_a_patient(seed):
    random = np.random.default_rng(seed)
    patients = [f"p{number}" for number in range(150) for _ in range(random.integers(1, 5))]
    labels = np.array([int(name[1:]) % 3 == 0 for name in patients], dtype=int)
    photos = folder_of(labels, groups=patients)
    parts = photos.split(0.15, 0.2, seed=seed)
    assert sum(len(part) for part in parts) == len(photos)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not set(parts[first].groups) & set(parts[second].groups)
    assert [len(part) / len(photos) for part in parts] == pytest.approx([0.65, 0.15, 0.2], abs=0.03)
    assert [part.labels.mean() for part in parts] == pytest.approx([labels.mean()] * 3, abs=0.06)


@pytest.mark.parametrize("shares", [(0, 0.2), (0.5, 0.5), (0.2, 1), ("0,2", 0.2), (True, 0.2), (0.001, 0.2)])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(ValueError, match="doit être"):
        folder_of(np.tile([0, 1], 20)).split(*shares)


def test_select_keeps_columns_together():
    photos = folder_of([0, 1, 0, 1], groups=["a", "b", "c", "d"], partition=["train", "test", "train", "test"])
    chosen = photos.select(photos.partition == "test")
    assert chosen.paths == ("1.jpg", "3.jpg")
    assert chosen.groups.tolist() == ["b", "d"]
    assert chosen.labels.tolist() == [1, 1]
    assert photos.select([2, 0]).groups.tolist() == ["c", "a"]


def test_columns_of_another_length_are_refused():
    with pytest.raises(ValueError, match="une par fichier"):
        folder_of([0, 1], groups=["a"])
    with pytest.raises(ValueError, match="labels"):
        replace(folder_of([0, 1]), labels=np.array([0, 2]))


def test_repr_says_what_it_is_and_hides_the_machine(tmp_path):
    photos = photo_folder(photo_zoo.class_folder(tmp_path / "mes_photos", {"a": 3, "b": 2}))
    text = repr(photos)
    assert "5 photographies (3 a, 2 b)" in text
    assert "source" in text
    assert str(tmp_path) not in text
    assert "dessins de synthèse" in repr(replace(photos, synthetic=True))


def test_written_folder_is_what_keras_expects(tmp_path):
    from PIL import Image

    source = photo_zoo.class_folder(tmp_path / "photos", {"cats": 12, "dogs": 12})
    (source / "cats" / "faux.jpg").write_bytes(photo_zoo.encoded(photo_zoo.picture(77), "PNG"))
    photos = photo_folder(source)
    folder = photos.split(0.2, 0.2).write(tmp_path / "pretes")
    assert sorted(path.name for path in folder.iterdir()) == ["test", "train", "validation"]
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) == len(photos)
    for path in written:
        with Image.open(path) as image:
            assert image.format == {".jpg": "JPEG", ".png": "PNG"}[path.suffix]
            assert image.mode == "RGB"
    assert not list(tmp_path.glob("*.partiel"))
    with pytest.raises(ValueError, match="absent ou vide"):
        photos.write(folder)


def test_failed_writing_leaves_nothing(tmp_path):
    photos = photo_folder(photo_zoo.class_folder(tmp_path / "photos", {"a": 4, "b": 4}))
    photos.paths[5].write_bytes(b"")
    with pytest.raises(UnfitPictureError, match="vide"):
        photos.write(tmp_path / "pretes")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_classes_come_from_folders_then_from_file_names(tmp_path):
    photo_zoo.class_folder(tmp_path / "dogscats" / "train", {"cats": 2, "dogs": 2})
    photo_zoo.class_folder(tmp_path / "dogscats" / "valid", {"Cat": 1, "CHIENS": 1}, seed=900)
    photo_zoo.class_folder(tmp_path / "dogscats", {"test1": 3}, seed=700)
    for name in ("cat.7.jpg", "dog.9.jpg", "catalogue.jpg", "notes.txt", ".DS_Store"):
        (tmp_path / "dogscats" / name).write_bytes(b"x")
    (tmp_path / "dogscats" / "__MACOSX" / "cats").mkdir(parents=True)
    (tmp_path / "dogscats" / "__MACOSX" / "cats" / "fantome.jpg").write_bytes(b"x")
    paths, labels = classified(tmp_path, CATS_DOGS)
    found = sorted(zip([path.relative_to(tmp_path / "dogscats").as_posix() for path in paths], labels, strict=True))
    assert found == [("cat.7.jpg", "chats"), ("dog.9.jpg", "chiens"), ("train/cats/000.jpg", "chats"),
                     ("train/cats/001.jpg", "chats"), ("train/dogs/000.jpg", "chiens"),
                     ("train/dogs/001.jpg", "chiens"), ("valid/CHIENS/000.jpg", "chiens"),
                     ("valid/Cat/000.jpg", "chats")]


def test_folder_loops_are_not_followed(tmp_path):
    photo_zoo.class_folder(tmp_path / "photos", {"a": 2, "b": 2})
    (tmp_path / "photos" / "a" / "boucle").symlink_to(tmp_path / "photos")
    assert len(photo_folder(tmp_path / "photos")) == 4


@pytest.mark.parametrize(("counts", "message"), [({"cats": 2}, "« chiens »"), ({"x": 1, "y": 1}, "« chats »")])
def test_missing_class_is_named(tmp_path, counts, message):
    with pytest.raises(ValueError, match="sous-dossier par classe") as caught:
        classified(photo_zoo.class_folder(tmp_path, counts), CATS_DOGS)
    assert message in str(caught.value)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="un dossier existant"):
        photo_folder(tmp_path / "absent")


@pytest.mark.lent
def test_datasets_of_tensorflow_and_of_keras_agree(tmp_path):
    import keras

    photos = photo_folder(photo_zoo.class_folder(tmp_path / "photos", {"a": 5, "b": 6}))
    x, y = photos.to_arrays(24)
    batches = list(photos.to_dataset(24, batch=4))
    assert [len(labels) for _, labels in batches] == [4, 4, 3]
    np.testing.assert_allclose(np.concatenate([images for images, _ in batches]), x)
    assert np.concatenate([labels for _, labels in batches]).tolist() == y.tolist()
    shuffled = photos.to_dataset(24, batch=11, shuffle=True, seed=1)
    assert sorted(next(iter(shuffled))[1].numpy().tolist()) == y.tolist()
    folder = photos.split(0.2, 0.2).write(tmp_path / "pretes")
    train = keras.utils.image_dataset_from_directory(folder / "train", image_size=(24, 24), verbose=False)
    assert train.class_names == ["a", "b"]
    assert sum(len(labels) for _, labels in train) == len(photos.split(0.2, 0.2).train)

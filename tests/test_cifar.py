"""CIFAR-10 : extrait du dossier de l'utilisateur, archive binaire, repli sur les chiffres."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from local_server import closed_port, serving

from cours_cnn.data import cifar, cifar10
from cours_cnn.fetch import IntegrityError

REAL = Path(os.environ.get("COURS_CNN_DONNEES", "")) / cifar.EXTRACT_FILE.name
NAMES = [f"data_batch_{rank}.bin" for rank in range(1, 6)] + ["test_batch.bin"]


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")


def made_up(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 32, 32, 3), np.uint8), (np.arange(count) % 10).astype(np.uint8)


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def batches() -> dict[str, bytes]:
    """Six lots binaires au format publié : classe, puis plans rouge, vert et bleu."""
    lots = {}
    for seed, name in enumerate(NAMES):
        x, y = made_up(10_000, seed)
        planes = x.transpose(0, 3, 1, 2).reshape(10_000, -1)
        lots["cifar-10-batches-bin/" + name] = np.column_stack([y, planes]).astype(np.uint8).tobytes()
    return lots


@pytest.fixture(scope="module")
def archive(batches) -> bytes:
    return packed(batches)


@pytest.fixture
def published(archive, monkeypatch):
    with serving() as local:
        local.page("/cifar.tar.gz", archive)
        monkeypatch.setattr(cifar, "CIFAR_FILE", replace(
            cifar.CIFAR_FILE, urls=(local.url("/cifar.tar.gz"),), size=len(archive),
            sha256=hashlib.sha256(archive).hexdigest()))
        yield local


def test_complete_archive_is_read_without_extraction(published, tmp_path):
    dataset = cifar10(complete=True)
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [45_000, 5_000, 10_000]
    expected, labels = made_up(10_000, 5)
    np.testing.assert_array_equal(np.rint(dataset.test.x * 255).astype(np.uint8), expected)
    assert dataset.test.y.tolist() == labels.tolist()
    assert dataset.origin == "téléchargement"
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".bin", ".part")]


def test_extract_is_the_start_of_the_complete_set(published):
    dataset = cifar10()
    parts = (dataset.train, dataset.validation, dataset.test)
    assert [len(part) for part in parts] == [2_800, 400, 800]
    assert [np.bincount(part.y).tolist() for part in parts] == [[280] * 10, [40] * 10, [80] * 10]
    first = {image.tobytes() for image in made_up(10_000, 0)[0][:4_000]}
    seen = [np.rint(image * 255).astype(np.uint8).tobytes() for part in parts for image in part.x]
    assert set(seen) == first
    assert dataset.classes[3] == "chat"


def test_digits_replace_it_offline_and_it_is_said(monkeypatch, capsys):
    monkeypatch.setattr(cifar, "CIFAR_FILE", replace(
        cifar.CIFAR_FILE, urls=(f"http://127.0.0.1:{closed_port()}/cifar.tar.gz",)))
    dataset = cifar10()
    assert dataset.origin == "embarqué"
    assert dataset.train.x.shape == (3_500, 32, 32, 3)
    assert "à la place de CIFAR-10" in dataset.name
    assert "les chiffres de MNIST embarqués le remplacent" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["missing", "short", "long", "labels", "link"])
def test_unexpected_archive_is_refused(batches, damage, tmp_path):
    members = dict(batches)
    name = "cifar-10-batches-bin/data_batch_3.bin"
    if damage == "missing":
        del members[name]
    elif damage == "labels":
        members[name] = b"\x0b" + members[name][1:]
    elif damage in ("short", "long"):
        members[name] = members[name][:-1] if damage == "short" else members[name] + b"\x00"
    content = packed(members)
    if damage == "link":
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for member in NAMES:
                info = tarfile.TarInfo(member)
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
                tar.addfile(info)
        content = buffer.getvalue()
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="n'a pas le contenu attendu"):
        cifar._read_archive(path)


@pytest.mark.parametrize("arrays", [{"x": np.zeros((4_000, 32, 32, 3), np.uint8)},
                                    {"x": np.zeros((9, 32, 32, 3), np.uint8), "y": np.zeros(9, np.uint8)},
                                    {"x": np.array([object()]), "y": np.zeros(1, np.uint8)}])
def test_unexpected_extract_is_refused(arrays, tmp_path):
    path = tmp_path / "extrait.npz"
    np.savez(path, **arrays)
    with pytest.raises(IntegrityError, match="n'a pas le contenu attendu"):
        cifar._read_extract(path)


@pytest.mark.parametrize("options", [{"complete": 1}, {"seed": -1}, {"seed": "0"}])
def test_wrong_arguments_are_refused_in_french(options):
    with pytest.raises((TypeError, ValueError), match="doit être"):
        cifar10(**options)


@pytest.mark.skipif(not REAL.is_file(), reason="COURS_CNN_DONNEES ne contient pas l'extrait de CIFAR-10")
def test_real_extract(monkeypatch):
    monkeypatch.setenv("COURS_CNN_DONNEES", str(REAL.parents[1]))
    dataset = cifar10()
    assert dataset.origin == "dossier COURS_CNN_DONNEES"
    assert dataset.train.x.max() == 1
    assert np.bincount(np.concatenate([p.y for p in (dataset.train, dataset.validation, dataset.test)])).min() > 350

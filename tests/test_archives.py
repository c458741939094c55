"""Archives : les bonnes, les hostiles, et celles que l'on coupe n'importe où."""

from __future__ import annotations

import gzip
import io
import os
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from cours_cnn import archives
from cours_cnn.archives import ArchiveError, Limits, extract, safe_path

FILES = {"photos/cats/1.jpg": b"un chat" * 30, "photos/dogs/2.jpg": b"un chien" * 50, "lisez.txt": b""}


def zipped(files, **changes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for label, value in changes.items():
                setattr(info, label, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def tarred(files, mode: str = "w:gz", **changes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for label, value in changes.items():
                setattr(info, label, value)
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return buffer.getvalue()


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")}


@pytest.fixture
def place(tmp_path):
    """Écrit une archive et dit, après coup, si quelque chose a été écrit hors de la cible."""
    (tmp_path / "zone").mkdir()

    def put(content: bytes) -> tuple[Path, Path]:
        archive = tmp_path / "archive.bin"
        archive.write_bytes(content)
        return archive, tmp_path / "zone" / "photos"

    yield put
    assert {path.name for path in tmp_path.iterdir()} <= {"zone", "archive.bin"}, "rien hors de la zone"
    assert not list((tmp_path / "zone").glob("*.partiel")), "rien à moitié"


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w"), lambda files: tarred(files, "w:xz"),
                                  lambda files: tarred(files, "w:bz2")], ids=["zip", "gz", "tar", "xz", "bz2"])
def test_good_archives_are_extracted_once(place, pack):
    archive, target = place(pack(FILES))
    assert extract(archive, target) == target
    assert written(target) == FILES
    archive.unlink()
    assert written(extract(archive, target)) == FILES, "une extraction achevée n'est pas refaite"


def test_incomplete_extraction_is_done_again(place):
    archive, target = place(zipped(FILES))
    extract(archive, target)
    (target / "photos" / "cats" / "1.jpg").unlink()
    (target.parent / "photos.partiel" / "reste").mkdir(parents=True)
    assert written(extract(archive, target)) == FILES


def test_only_wanted_files_are_written(place):
    archive, target = place(zipped(FILES))
    extract(archive, target, keep=lambda name: name.endswith(".jpg"))
    assert set(written(target)) == {"photos/cats/1.jpg", "photos/dogs/2.jpg"}


NASTY = ["../dehors.jpg", "a/../../dehors.jpg", "/etc/dehors.jpg", "a//b.jpg", "a/..", "..", "C:/dehors.jpg",
         "C:dehors", "\\\\serveur\\dehors.jpg", "a\\..\\..\\dehors.jpg", "a\nb.jpg", "a\x00.jpg", "nul.jpg", "COM1",
         "a/aux.txt", "fin .jpg/ ", "point.", "~/\x7f", "x" * 300 + ".jpg", "/".join("d" * 40)]


@pytest.mark.parametrize("name", NASTY)
def test_treacherous_names_are_refused(name):
    assert safe_path(name) is None


@pytest.mark.parametrize("name", ["a.jpg", "./a.jpg", "Égypte/chat d'été.jpg", "a/b/c/d.jpeg", "..a.jpg", "a..b"])
def test_ordinary_names_are_accepted(name):
    assert safe_path(name) is not None


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar"])
@pytest.mark.parametrize("name", ["../dehors.jpg", "a/../../dehors.jpg", "/x/dehors.jpg", "C:/dehors.jpg",
                                  "a\\..\\b.jpg"])
def test_archives_that_would_escape_are_refused(place, pack, name):
    archive, target = place(pack({"bon.jpg": b"x", name: b"dehors"}))
    with pytest.raises(ArchiveError, match="sortirait du dossier"):
        extract(archive, target)
    assert not target.exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(place, kind):
    archive, target = place(tarred({"lien": b""}, type=kind, linkname="/etc/passwd"))
    with pytest.raises(ArchiveError, match="lien ou un fichier spécial"):
        extract(archive, target)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(place, kind):
    archive, target = place(zipped({"lien": b"/etc/passwd"}, external_attr=(kind | 0o777) << 16, create_system=3))
    with pytest.raises(ArchiveError, match="lien ou un fichier spécial"):
        extract(archive, target)


def test_folder_names_are_checked_too(place):
    for content in (zipped({"../dehors/": b""}), tarred({"../dehors": b""}, type=tarfile.DIRTYPE)):
        archive, target = place(content)
        with pytest.raises(ArchiveError, match="nom trompeur"):
            extract(archive, target)


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar"])
def test_bombs_are_refused_before_they_burst(place, pack):
    archive, target = place(pack({f"{rank}.jpg": bytes(3_000_000) for rank in range(4)}))
    assert archive.stat().st_size < 100_000
    with pytest.raises(ArchiveError, match="bombe de décompression"):
        extract(archive, target)
    assert not target.exists()
    archive, target = place(pack({"seul.jpg": bytes(3_000_000)}))
    with pytest.raises(ArchiveError, match="annonce"):
        extract(archive, target, limits=Limits(single=1_000_000))
    archive, target = place(pack({f"{rank}.jpg": b"" for rank in range(12)}))
    with pytest.raises(ArchiveError, match="plus de 10 fichiers"):
        extract(archive, target, limits=Limits(files=10))


def test_a_header_longer_than_the_limit_is_not_read(place):
    """Un nom de 30 Mo dans un en-tête étendu : tarfile le lirait de lui-même en mémoire."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 30_000_000
    archive, target = place(gzip.compress(header.tobuf() + bytes(30_000_000), 1))
    with pytest.raises(ArchiveError, match=r"bombe de décompression|abîmée"):
        extract(archive, target, limits=Limits(files=100, ratio=10))


def test_a_zip_that_lies_about_a_size_is_refused(place):
    content = bytearray(zipped({"a.jpg": b"x" * 5_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(mark) + offset
        content[start:start + 4] = (10).to_bytes(4, "little")
    archive, target = place(bytes(content))
    with pytest.raises(ArchiveError):
        extract(archive, target)
    assert not target.exists()


def test_duplicate_names_and_passwords_are_refused(place):
    archive, target = place(zipped({"a.jpg": b"1", "A.JPG": b"2"}))
    with pytest.raises(ArchiveError, match="deux fois le nom"):
        extract(archive, target)
    content = bytearray(zipped({"a.jpg": b"1" * 40}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    archive, target = place(bytes(content))
    with pytest.raises(ArchiveError, match="mot de passe"):
        extract(archive, target)


@pytest.mark.parametrize("content", [b"", b"PK", b"Bonjour", b"\x1f\x8b\x08", b"<html></html>" * 80, os.urandom(3_000)])
def test_what_is_no_archive_is_refused(place, content):
    archive, target = place(content)
    with pytest.raises(ArchiveError, match=r"abîmée|refusée"):
        extract(archive, target)
    assert not target.exists()


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w:xz")], ids=["zip", "gz", "xz"])
def test_an_archive_cut_at_any_byte_is_refused(place, pack):
    noise = random.Random(3)
    content = pack({name: noise.randbytes(40) for name in FILES})
    for size in range(0, len(content), 3):
        archive, target = place(content[:size])
        with pytest.raises(ArchiveError):
            extract(archive, target)
        assert not target.exists()


def test_a_changed_byte_is_noticed_in_a_zip(place):
    noise = random.Random(4)
    body = noise.randbytes(300)
    content = bytearray(zipped({"a.jpg": body}))
    place_of_body = content.index(body[:20]) + 40
    content[place_of_body] ^= 255
    archive, target = place(bytes(content))
    with pytest.raises(ArchiveError, match="abîmée"):
        extract(archive, target)


@pytest.mark.parametrize("stop", range(3))
def test_interrupted_extraction_leaves_nothing_and_starts_again(place, monkeypatch, stop):
    archive, target = place(zipped(FILES))
    copy, done = archives._Tally.copy, []

    def interrupted(self, *arguments):
        if len(done) == stop:
            raise KeyboardInterrupt
        done.append(copy(self, *arguments))

    monkeypatch.setattr(archives._Tally, "copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract(archive, target)
    assert not target.exists()
    monkeypatch.setattr(archives._Tally, "copy", copy)
    assert written(extract(archive, target)) == FILES


def test_missing_archive_is_said(tmp_path):
    with pytest.raises(ArchiveError, match="n'existe pas"):
        extract(tmp_path / "absente.zip", tmp_path / "photos")

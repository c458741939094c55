"""Extraire une archive zip ou tar sans lui faire confiance : ni chemin sournois, ni lien, ni bombe, ni demi-dossier."""

from __future__ import annotations

import gzip
import json
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
from bz2 import BZ2File
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cours_cnn.fetch import FetchError
from cours_cnn.french import integer
from cours_cnn.lock import locked
from cours_cnn.validation import refuse

_CHUNK = 1 << 20
_SEAL = ".extraction.json"


class ArchiveError(FetchError):
    """Une archive est refusée, abîmée, ou n'est pas une archive ; rien n'en reste sur le disque."""


@dataclass(frozen=True)
class Limits:
    """Ce qu'une archive peut contenir au plus : ``files`` fichiers, ``size`` octets, ``single`` octets par fichier,
    et ``ratio`` fois sa propre taille une fois extraite."""

    files: int = 60_000
    size: int = 4 * 2**30
    single: int = 512 * 2**20
    ratio: float = 200.0


def extract(archive: Path | str, target: Path | str, *, limits: Limits | None = None,
            keep: Callable[[str], bool] = lambda name: True) -> Path:
    """Extrait ``archive`` (zip, ou tar compressé ou non) dans le dossier ``target`` et rend ``target``.

    L'extraction se fait à côté, puis le dossier est renommé : interrompue, elle recommence ; achevée, elle n'est pas
    refaite. ``keep`` choisit les fichiers d'après leur nom.
    Lève :class:`ArchiveError` si un nom sort du dossier, si un lien ou un fichier spécial s'y trouve, si une limite
    est dépassée ou si l'archive est abîmée ; ``OSError`` si le disque refuse.
    """
    archive, target = Path(archive), Path(target)
    if not isinstance(limits or Limits(), Limits):
        refuse("limits", limits, "un Limits", kind=TypeError)
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(target.name + ".lock"), lambda: None):
        if _sealed(target):
            return target
        aside = target.with_name(target.name + ".partiel")
        for leftover in (aside, target):
            if leftover.exists():
                shutil.rmtree(leftover)
        aside.mkdir()
        try:
            _unpack(archive, aside, limits or Limits(), keep)
            _seal(aside)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        aside.replace(target)
    return target


def _unpack(archive: Path, folder: Path, limits: Limits, keep) -> None:
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder, limits, keep)
        else:
            _untar(archive, folder, limits, keep)
    except ArchiveError:
        raise
    except FileNotFoundError:
        if archive.exists():
            raise
        raise ArchiveError(f"L'archive « {archive.name} » n'existe pas.") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, lzma.LZMAError, gzip.BadGzipFile, NotImplementedError,
            RuntimeError, ValueError, KeyError) as error:
        raise _damaged(archive) from error
    except OSError as error:
        if error.errno is None:     # les décompresseurs signalent ainsi des données abîmées
            raise _damaged(archive) from error
        raise
    except Exception as error:      # zlib.error, struct.error…
        raise _damaged(archive) from error


class _Tally:
    """Compte ce qui sort de l'archive et l'arrête avant qu'une limite soit dépassée."""

    def __init__(self, archive: Path, limits: Limits):
        self.archive, self.limits, self.files, self.size, self.names = archive, limits, 0, 0, set()
        self.most = min(limits.size, max(2**20, int(limits.ratio * archive.stat().st_size)))

    def admit(self, name: str, size: int) -> PurePosixPath:
        """Contrôle un nom et une taille annoncée ; rend le chemin relatif où écrire."""
        path = safe_path(name)
        if path is None:
            raise _refused(self.archive, f"elle contient un nom qui sortirait du dossier ou serait trompeur : {name!r}")
        key = str(path).casefold()
        if key in self.names:
            raise _refused(self.archive, f"elle contient deux fois le nom {name!r}")
        self.names.add(key)
        self.files += 1
        if self.files > self.limits.files:
            raise _refused(self.archive, f"elle contient plus de {integer(self.limits.files)} fichiers")
        if size > self.limits.single:
            raise _refused(self.archive, f"le fichier {name!r} annonce {integer(size)} octets")
        if self.size + size > self.most:
            raise _refused(self.archive, "une fois extraite, elle dépasserait "
                           f"{integer(self.most)} octets : bombe de décompression")
        return path

    def copy(self, source, target: Path, announced: int) -> None:
        """Écrit ``source`` dans ``target``, jamais plus que ce qui était annoncé."""
        target.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with target.open("wb") as file:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > announced:
                    raise _refused(self.archive, f"le fichier {target.name!r} dépasse la taille annoncée")
                file.write(chunk)
        if written != announced:
            raise _damaged(self.archive)
        self.size += written


def _unzip(archive: Path, folder: Path, limits: Limits, keep) -> None:
    tally = _Tally(archive, limits)
    with zipfile.ZipFile(archive) as content:
        for info in content.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(archive, f"elle contient un lien ou un fichier spécial : {info.filename!r}")
            if info.is_dir():
                if safe_path(info.filename.rstrip("/")) is None:
                    raise _refused(archive, f"elle contient un nom trompeur : {info.filename!r}")
                continue
            if info.flag_bits & 1:
                raise _refused(archive, "elle est protégée par un mot de passe")
            path = tally.admit(info.orig_filename if "\0" in info.orig_filename else info.filename, info.file_size)
            if keep(info.filename):
                with content.open(info) as source:      # lue jusqu'au bout, sa somme CRC est vérifiée
                    tally.copy(source, folder / path, info.file_size)


def _untar(archive: Path, folder: Path, limits: Limits, keep) -> None:
    tally = _Tally(archive, limits)
    with _decompressed(archive) as raw, tarfile.open(fileobj=(flow := _Capped(raw, tally)), mode="r|") as content:
        for member in content:
            if member.isdir():
                if safe_path(member.name.rstrip("/") or ".") is None:
                    raise _refused(archive, f"elle contient un nom trompeur : {member.name!r}")
                continue
            if not member.isreg():
                raise _refused(archive, f"elle contient un lien ou un fichier spécial : {member.name!r}")
            path = tally.admit(member.name, member.size)
            if keep(member.name):
                tally.copy(content.extractfile(member), folder / path, member.size)
        while flow.read(min(_CHUNK, flow.left)):    # lue jusqu'au bout, sa somme de contrôle est vérifiée
            pass
        if not tally.files:
            raise _damaged(archive)


def _decompressed(archive: Path):
    """Ouvre l'archive, décompressée à mesure ; le format est reconnu à ses premiers octets."""
    with archive.open("rb") as file:
        magic = file.read(6)
    openers = {b"\x1f\x8b": gzip.open, b"BZ": BZ2File, b"\xfd7": lzma.open}
    return openers.get(magic[:2], open)(archive, "rb")


class _Capped:
    """Un flux qui refuse de livrer plus que la limite, même dans les en-têtes que tarfile lit de lui-même."""

    def __init__(self, raw, tally: _Tally):
        self.raw, self.tally, self.left = raw, tally, tally.most + 2**20 + 2_048 * min(tally.limits.files, 2**16)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.left:
            raise _refused(self.tally.archive, "une fois décompressée, elle dépasserait la limite : "
                           "bombe de décompression")
        data = self.raw.read(size)
        self.left -= len(data)
        return data


def safe_path(name: str) -> PurePosixPath | None:
    """Rend ``name`` en chemin relatif sûr, ou ``None`` s'il est absolu, remonte, ou n'est pas un nom partout permis."""
    if not name or name.startswith(("/", "\\")) or re.search(r'[\x00-\x1f\x7f\\:*?"<>|]', name):
        return None
    steps = [step for step in name.split("/") if step != "."]
    reserved = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
    for step in steps:
        if step in ("", "..") or step.endswith((" ", ".")) or reserved.fullmatch(step) or len(step.encode()) > 200:
            return None
    return PurePosixPath(*steps) if 0 < len(steps) <= 30 else None


def _seal(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    seal = {"files": len(files), "size": sum(path.stat().st_size for path in files)}
    (folder / _SEAL).write_text(json.dumps(seal), encoding="utf-8")


def _sealed(folder: Path) -> bool:
    """Dit si ``folder`` est une extraction achevée, et si rien n'y manque depuis."""
    try:
        seal = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != _SEAL]
        return seal == {"files": len(files), "size": sum(path.stat().st_size for path in files)}
    except (OSError, ValueError):
        return False


def _refused(archive: Path, reason: str) -> ArchiveError:
    return ArchiveError(f"L'archive « {archive.name} » est refusée : {reason}. Rien n'en a été gardé.")


def _damaged(archive: Path) -> ArchiveError:
    return ArchiveError(f"L'archive « {archive.name} » est abîmée ou incomplète ; rien n'en a été gardé. Que faire : "
                        "la supprimer, puis relancer pour la télécharger de nouveau.")

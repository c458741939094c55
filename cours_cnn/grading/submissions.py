"""Trouver les copies d'une classe dans ce que l'enseignant a reçu : téléchargement de Moodle, arborescence de nbgrader,
dossier de fichiers, fichier seul. Rien n'est extrait sur le disque et aucun lien n'est suivi.
"""

from __future__ import annotations

import io
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from cours_cnn.grading.reading import LARGEST_FILE

MOST_FILES = 20_000
_MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)(?:_(?P<attempt>\d+))?_assignsubmission_(?:file|onlinetext)")
_HIDDEN_PARTS = ("__MACOSX", ".ipynb_checkpoints")


class SubmissionsError(ValueError):
    """Aucune copie ne peut être cherchée à cet endroit ; le message dit ce qui était attendu."""


@dataclass(frozen=True)
class File:
    """Un fichier reçu : chemin dans l'envoi, contenu (``None`` s'il dépasse la taille admise), date, tentative."""

    path: str
    data: bytes | None
    date: datetime | None = None
    attempt: int = 0


@dataclass(frozen=True)
class Submission:
    """La copie d'un élève. ``file`` est le notebook retenu, ``None`` s'il n'y en a pas ; ``notes`` dit le reste."""

    student: str
    identifier: str
    file: File | None
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Rend un nom de fichier propre à cet élève, sans accent ni espace."""
        plain = unicodedata.normalize("NFKD", self.student).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower() or "eleve"
        return f"{slug[:60]}-{self.identifier}" if self.identifier else slug[:60]


def find(source: Path, exercise: str) -> list[Submission]:
    """Rend les copies trouvées dans ``source`` (zip, dossier ou notebook), par nom d'élève.

    ``exercise`` : nom de l'exercice, pour choisir entre plusieurs notebooks. Plusieurs envois d'un même élève : le
    dernier compte, les autres sont cités. Lève :class:`SubmissionsError` si ``source`` ne contient rien de tel.
    """
    if source.is_dir():
        files = _from_folder(source)
    elif zipfile.is_zipfile(source):
        files = _from_zip(source.read_bytes(), "")
    elif source.is_file():
        return [Submission(source.stem, "", File(source.name, source.read_bytes(), _modified(source)))]
    else:
        raise SubmissionsError(f"« {source.name} » n'existe pas. Attendu : le fichier zip téléchargé de Moodle, un "
                               "dossier de copies ou un notebook.")
    groups: dict[tuple[str, str], list[File]] = {}
    for file in files:
        groups.setdefault(_student(file.path, exercise), []).append(file)
    if not groups:
        raise SubmissionsError(f"« {source.name} » ne contient aucun fichier de copie.")
    found = [_chosen(name, identifier, group, exercise) for (name, identifier), group in groups.items()]
    return _distinct(sorted(found, key=lambda one: (one.student.casefold(), one.identifier)))


def _from_folder(folder: Path) -> Iterator[File]:
    count = 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        linked = any(part.is_symlink() for part in (path, *path.parents) if part != folder and folder in part.parents)
        if linked or not path.is_file() or _ignored(inside):
            continue
        count += 1
        if count > MOST_FILES:
            raise SubmissionsError(f"Le dossier contient plus de {MOST_FILES} fichiers : est-ce le bon ?")
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_FILE else None
        yield from _opened(File(inside, data, _modified(path)))


def _from_zip(content: bytes, prefix: str) -> Iterator[File]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES:
                raise SubmissionsError(f"L'archive contient plus de {MOST_FILES} fichiers.")
            for member in members:
                name = unicodedata.normalize("NFC", member.filename.replace("\\", "/"))
                linked = stat.S_ISLNK(member.external_attr >> 16)
                if member.is_dir() or linked or _ignored(name) or ".." in PurePosixPath(name).parts:
                    continue
                file = File(prefix + name.lstrip("/"), _member(archive, member), _dated(member))
                yield from ([file] if prefix else _opened(file))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        if not prefix:
            raise SubmissionsError(f"L'archive est abîmée ({error}). Téléchargez-la de nouveau.") from None


def _member(archive, member) -> bytes | None:
    """Lit un membre sans jamais dépasser la taille admise, quoi qu'annonce l'archive (bombe de décompression)."""
    try:
        with archive.open(member) as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (RuntimeError, OSError, zipfile.BadZipFile, EOFError, NotImplementedError):
        return b""
    return data if len(data) <= LARGEST_FILE else None


def _opened(file: File) -> Iterator[File]:
    """Rend le fichier, précédé de ce qu'il contient si c'est un zip envoyé par l'élève."""
    if file.path.lower().endswith(".zip") and file.data:
        yield from _from_zip(file.data, str(PurePosixPath(file.path).parent / PurePosixPath(file.path).stem) + "/")
    yield file


def _student(path: str, exercise: str) -> tuple[str, str]:
    """Rend (nom, identifiant Moodle ou vide) d'après le chemin du fichier dans l'envoi."""
    parts = PurePosixPath(path).parts
    for part in parts:
        if match := _MOODLE.match(part):
            return match["name"].strip(), match["id"]
    folders = [part for part in parts[:-1] if part != "submitted"]
    if len(folders) >= 2 and folders[1] == exercise:      # submitted/élève/devoir/fichier
        return folders[0], ""
    return (folders[0], "") if folders else (PurePosixPath(path).stem, "")


def _chosen(name: str, identifier: str, files: list[File], exercise: str) -> Submission:
    notes = [f"{file.path} : plus de {LARGEST_FILE // 1_000_000} Mo, non lu" for file in files if file.data is None]
    notebooks = [file for file in files if file.path.lower().endswith(".ipynb") and file.data is not None]
    if not notebooks:
        others = ", ".join(sorted(PurePosixPath(file.path).name for file in files)[:8])
        return Submission(name, identifier, None, [*notes, f"aucun notebook (.ipynb) parmi : {others}"])

    def rank(file: File):
        stem = PurePosixPath(file.path).stem.casefold()
        match = next(filter(None, (_MOODLE.match(part) for part in PurePosixPath(file.path).parts)), None)
        attempt = int(match["attempt"] or 0) if match else 0
        return exercise.casefold() in stem, attempt, file.date or datetime.min, file.path

    kept = max(notebooks, key=rank)
    if exercise.casefold() not in PurePosixPath(kept.path).stem.casefold():
        notes.append(f"fichier nommé {PurePosixPath(kept.path).name} au lieu de {exercise}.ipynb")
    notes += [f"autre notebook reçu, non retenu : {file.path}" for file in notebooks if file is not kept]
    return Submission(name, identifier, kept, notes)


def _distinct(found: list[Submission]) -> list[Submission]:
    """Distingue deux élèves dont le nom donnerait le même fichier de résultat."""
    seen: dict[str, int] = {}
    result = []
    for one in found:
        seen[one.key] = seen.get(one.key, 0) + 1
        again = seen[one.key]
        result.append(one if again == 1 else Submission(one.student, one.identifier or f"bis{again}", one.file,
                                                        one.notes))
    return result


def _ignored(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not parts or any(part in _HIDDEN_PARTS or part.startswith("._") for part in parts) or \
        parts[-1] in (".DS_Store", "Thumbs.db", "timestamp.txt", "desktop.ini")


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime)


def _dated(member) -> datetime | None:
    try:
        return datetime(*member.date_time)
    except ValueError:
        return None

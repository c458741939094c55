"""Réunir des fichiers et leurs étiquettes en un dossier de photographies trié."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cours_cnn.archives import safe_path
from cours_cnn.data.cleaning import examine
from cours_cnn.data.finding import classified
from cours_cnn.data.photos import PhotoFolder, names_to_labels
from cours_cnn.fetch import FetchError, notice
from cours_cnn.french import integer

OWN_FOLDER = "dossier choisi"
_MANY = 5_000   # au-delà, l'attente est annoncée


def gather(folder: Path, paths: Sequence[Path], names: Sequence[str], classes: Sequence[str], *, name: str, source: str,
           licence: str, origin: str, limit: int | None = None, seed: int = 0, removed: Sequence[tuple[str, str]] = (),
           **columns: Sequence[str]) -> PhotoFolder:
    """Ouvre tous les fichiers de ``paths``, écarte ceux qui ne servent pas et rend le reste.

    ``names`` : classe de chaque fichier ; ``limit`` : images examinées par classe, au plus ; ``removed`` : fichiers
    déjà écartés (nom, raison) ; ``columns`` : ``strata``, ``groups``, ``partition``, une valeur par fichier.
    Lève :class:`FetchError` s'il ne reste aucune image d'une classe.
    """
    labels = names_to_labels(names, classes)
    chosen = np.arange(len(paths))
    if limit is not None:
        shuffled = np.random.RandomState(seed).permutation(len(paths))
        chosen = np.sort(np.concatenate([shuffled[labels[shuffled] == label][:limit] for label in range(len(classes))]))
    if len(chosen) > _MANY:
        notice(f"examen de {integer(len(chosen))} fichiers ; cela peut prendre une ou deux minutes.")
    kept, report = examine([paths[index] for index in chosen], folder)
    report = replace(report, examined=report.examined + len(removed), removed=(*removed, *report.removed))
    alive = set(kept)
    chosen = np.array([index for index in chosen if paths[index] in alive], dtype=int)
    for label, class_name in enumerate(classes):
        if not (labels[chosen] == label).any():
            raise FetchError(f"Aucune image utilisable de la classe « {class_name} » dans « {folder.name} » : "
                             f"{report}.")
    return PhotoFolder(name, tuple(paths[index] for index in chosen), labels[chosen], tuple(classes), report, source,
                       licence, origin, **{key: np.array(values)[chosen] for key, values in columns.items()})


def photo_folder(folder: Path | str, *, source: str = "vos fichiers", licence: str = "celle de vos fichiers",
                 limit: int | None = None, seed: int = 0) -> PhotoFolder:
    """Rend les images d'un dossier quelconque, triées : chaque sous-dossier est une classe.

    Lève ``ValueError`` si le dossier n'a pas au moins deux sous-dossiers d'images.
    """
    folder = Path(folder).expanduser()
    paths, names = classified(folder)
    return gather(folder, paths, names, sorted(set(names)), name=f"Dossier « {folder.name} »", source=source,
                  licence=licence, origin=OWN_FOLDER, limit=limit, seed=seed)


def listed_files(folder: Path) -> tuple[list[Path], list[dict[str, str]], list[tuple[str, str]]]:
    """Lit ``folder/liste.csv`` ; rend les fichiers conformes, leur ligne, et les autres avec la raison.

    Lève :class:`FetchError` si la liste est illisible.
    """
    try:
        with (folder / "liste.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names = [str(row["fichier"]) for row in rows]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise FetchError(f"Le fichier « {folder.name}/liste.csv » est illisible ({type(error).__name__}). Que faire : "
                         "recopier le dossier d'origine.") from error
    paths, kept, removed = [], [], []
    for name, row in zip(names, rows, strict=True):
        if problem := _mismatch(folder, name, row.get("sha256")):
            removed.append((name, problem))
        else:
            paths.append(folder / name)
            kept.append(row)
    return paths, kept, removed


def _mismatch(folder: Path, name: str, digest: str | None) -> str | None:
    if safe_path(name) is None:
        return "nom inadmissible dans liste.csv"
    try:
        with (folder / name).open("rb") as file:
            same = not digest or hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return "fichier introuvable"
    return None if same else "contenu différent de celui que décrit liste.csv"

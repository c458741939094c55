"""Radiographies pulmonaires : l'extrait de Kermany, PneumoniaMNIST, et des dessins à défaut. Sans usage clinique."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from cours_cnn.data.drawings import COURSE_LICENCE, DRAWN, drawn_once
from cours_cnn.data.drawn_xrays import CLASSES, write_xrays
from cours_cnn.data.finding import classified
from cours_cnn.data.gathering import OWN_FOLDER, gather, listed_files
from cours_cnn.data.kaggle import kaggle_folder
from cours_cnn.data.photos import PhotoFolder
from cours_cnn.dataset import EMBEDDED, Dataset, Split, check_seed, scaled
from cours_cnn.fetch import (
    FOLDER_VARIABLE,
    FROM_FOLDER,
    FROM_NETWORK,
    FetchError,
    IntegrityError,
    Located,
    RemoteFile,
    UnavailableError,
    fetch,
    locate,
    notice,
    user_folder,
)
from cours_cnn.validation import refuse, whole_number

SOURCES = ("auto", "kermany", "kaggle", "dessins")
KAGGLE_HANDLE = "paultimothymooney/chest-xray-pneumonia"
KERMANY = "Kermany, Zhang et Goldbaum (2018), radiographies pédiatriques, doi:10.17632/rscbjbr9sj.2"
KERMANY_LICENCE = "CC BY 4.0 ; sans usage clinique"
_ALIASES = {"NORMAL": ("normal",), "PNEUMONIA": ("pneumonia", "pneumonie")}
# Somme publiée par TensorFlow Datasets (pneumonia_mnist/checksums.tsv).
PNEUMONIA_FILE = RemoteFile(
    name="pneumoniamnist/pneumoniamnist.npz",
    urls=("https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
          "https://zenodo.org/record/6496656/files/pneumoniamnist.npz?download=1"),
    size=4_170_669,
    sha256="e1792d3f03751cb101e99f19a63b3c1941436c988665f47853417b05be250cd8",
    source="PneumoniaMNIST (MedMNIST v2, Yang et al., 2023)",
    licence=KERMANY_LICENCE,
)
# Le même jeu, reconstitué à partir de copies publiques : mêmes nombres d'images, fichier différent.
REBUILT_FILE = replace(
    PNEUMONIA_FILE, size=4_171_018, source="PneumoniaMNIST (MedMNIST v2), reconstitué de copies publiques",
    sha256="d0bfa3330f26554c4117328b1117f52bfb3746404b0594c58f37a09b4314d396")


def chest_xrays(source: str | Path = "auto", *, limit: int | None = None, seed: int = 0) -> PhotoFolder:
    """Rend des radiographies du thorax, ``NORMAL`` (classe 0) et ``PNEUMONIA`` (classe 1), patient par patient.

    ``groups`` donne le patient de chaque image : ``split`` ne le sépare jamais. ``partition`` donne son dossier
    d'origine, ``"train"`` ou ``"test"``. ``source`` : ``"kermany"`` (1 200 images, dans le dossier
    ``COURS_CNN_DONNEES``) ; ``"kaggle"`` (5 856 images, par kagglehub) ; ``"dessins"`` (thorax schématiques, sans
    valeur médicale) ; un dossier à soi ; ``"auto"`` : la première, sinon les dessins, ce que dit alors un avis.
    ``limit`` : images par classe (pour les dessins, 200 par défaut et 1 000 au plus).
    Lève :class:`FetchError` si la source demandée manque, ``TypeError`` ou ``ValueError`` pour un argument.
    """
    seed = check_seed(seed)
    if limit is not None:
        whole_number("limit", limit, minimum=2)
    if source == "auto":
        if _kermany_folder():
            return _kermany(limit, seed)
        notice("pas de radiographies ; des dessins de thorax, sans aucune valeur médicale, les remplacent.")
        return _drawings(limit, seed)
    if isinstance(source, str) and source in SOURCES:
        return {"kermany": _kermany, "kaggle": _kaggle, "dessins": _drawings}[source](limit, seed)
    if not isinstance(source, str | Path):
        refuse("source", source, "un mot ou le chemin d'un dossier", kind=TypeError)
    folder = Path(source).expanduser()
    if not folder.is_dir():
        refuse("source", str(source), "le chemin d'un dossier existant, ou l'un des mots " +
               ", ".join(repr(name) for name in SOURCES))
    return _named(folder, limit, seed, name=f"Dossier « {folder.name} »", source="vos fichiers",
                  licence="celle de vos fichiers", origin=OWN_FOLDER)


def patient(file_name: str) -> str:
    """Rend le numéro de patient que contient un nom de fichier de Kermany (« person12_virus_3 », « IM-0012-0001 »)."""
    stem = Path(file_name).stem
    found = re.match(r"(person\d+)_", stem) or re.search(r"((?:NORMAL2-)?IM-\d+)", stem)
    return found[1] if found else stem


def _kermany_folder() -> Path | None:
    root = user_folder()
    return root / "chest_xray" if root and (root / "chest_xray" / "liste.csv").is_file() else None


def _kermany(limit: int | None, seed: int) -> PhotoFolder:
    folder = _kermany_folder()
    if folder is None:
        raise UnavailableError(
            f"L'extrait de Kermany est absent : il est attendu dans le dossier que désigne {FOLDER_VARIABLE}, sous le "
            "nom « chest_xray », avec liste.csv, train et test. Que faire : employer source=\"kaggle\" ou \"dessins\".")
    return _from_list(folder, limit, seed, name="Radiographies pulmonaires, extrait", source=KERMANY,
                      licence=KERMANY_LICENCE, origin=FROM_FOLDER)


def _from_list(folder: Path, limit, seed: int, **labels: str) -> PhotoFolder:
    paths, rows, removed = listed_files(folder)
    return gather(folder, paths, [row["classe"] for row in rows], CLASSES, limit=limit, seed=seed, removed=removed,
                  groups=[row["patient"] for row in rows], partition=[row["partition"] for row in rows],
                  strata=[row["type"] for row in rows], **labels)


def _kaggle(limit: int | None, seed: int) -> PhotoFolder:
    return _named(kaggle_folder(KAGGLE_HANDLE), limit, seed, name="Radiographies pulmonaires, Kaggle",
                  source=f"{KERMANY}, par Kaggle ({KAGGLE_HANDLE})", licence=KERMANY_LICENCE, origin=FROM_NETWORK)


def _named(folder: Path, limit, seed: int, **labels: str) -> PhotoFolder:
    """Lit un dossier sans liste : classe et part d'après les dossiers, patient d'après le nom du fichier."""
    paths, names = classified(folder, _ALIASES)
    steps = [{step.casefold() for step in path.relative_to(folder).parts} for path in paths]
    return gather(folder, paths, names, CLASSES, limit=limit, seed=seed, groups=[patient(path.name) for path in paths],
                  partition=["test" if "test" in found else "train" for found in steps], **labels)


def _drawings(limit: int | None, seed: int) -> PhotoFolder:
    count = 200 if limit is None else min(limit, 1_000)
    try:
        folder = drawn_once("dessins_radiographies", f"v1-{count}-{seed}",
                            lambda aside: write_xrays(aside, count, seed))
    except OSError as error:
        raise FetchError(f"Les dessins ne peuvent être écrits dans le cache ({type(error).__name__}).") from error
    photos = _from_list(folder, None, seed, name="Dessins de thorax (aucune valeur médicale)", origin=EMBEDDED,
                        source=DRAWN, licence=COURSE_LICENCE)
    return replace(photos, synthetic=True)


def pneumonia_mnist() -> Dataset:
    """Rend PneumoniaMNIST : images de 28 × 28 pixels, réels de 0 à 1, et la partition de MedMNIST.

    Une image de validation déjà présente à l'entraînement est retirée. Faute de fichier et de réseau, des thorax
    dessinés, réduits à 28 × 28, le remplacent : ``origin`` vaut ``"embarqué"`` et un avis le dit.
    """
    try:
        located = locate(REBUILT_FILE, notify=lambda text: None) or fetch(PNEUMONIA_FILE, timeout=8.0)
    except FetchError as error:
        notice("PneumoniaMNIST est absent ; des dessins de thorax, sans aucune valeur médicale, le remplacent. " +
               str(error).splitlines()[0])
        return _small_drawings()
    return _read_pneumonia(located)


def _read_pneumonia(located: Located) -> Dataset:
    counts = {"train": 4_708, "val": 524, "test": 624}
    try:
        with np.load(located.path, allow_pickle=False) as archive:
            arrays = {part: (archive[f"{part}_images"], archive[f"{part}_labels"].ravel()) for part in counts}
        for part, (x, y) in arrays.items():
            shapes_fit = x.shape == (counts[part], 28, 28) and y.shape == x.shape[:1]
            if not shapes_fit or x.dtype != np.uint8 or not set(y.tolist()) <= {0, 1}:
                raise ValueError(part)
    except Exception as error:
        raise IntegrityError(f"Le fichier « {PNEUMONIA_FILE.name} » n'a pas le contenu attendu : des images de 28 × "
                             "28 pixels, de classe 0 ou 1. Que faire : supprimer ce fichier, puis relancer.") from error
    seen = {image.tobytes() for image in arrays["train"][0]}
    fresh = np.array([image.tobytes() not in seen for image in arrays["val"][0]])
    arrays["val"] = tuple(array[fresh] for array in arrays["val"])
    parts = [Split(scaled(x)[..., np.newaxis], y.astype(np.int64)) for x, y in arrays.values()]
    return Dataset("PneumoniaMNIST", *parts, CLASSES, located.source, located.licence, located.origin)


def _small_drawings() -> Dataset:
    photos = _drawings(None, 0)
    parts = []
    for part in photos.split(0.15, 0.25):
        x, y = part.to_arrays(28)
        parts.append(Split(x[..., :1] / np.float32(255), y))
    return Dataset("Dessins de thorax, à la place de PneumoniaMNIST", *parts, CLASSES, photos.source, photos.licence,
                   EMBEDDED)

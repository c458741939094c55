"""Chats et chiens : quatre sources de photographies, et des dessins à défaut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cours_cnn.archives import ArchiveError, extract
from cours_cnn.data.drawings import COURSE_LICENCE, DRAWN, drawn_folder
from cours_cnn.data.finding import classified
from cours_cnn.data.gathering import OWN_FOLDER, gather, listed_files
from cours_cnn.data.kaggle import kaggle_folder
from cours_cnn.data.photos import PhotoFolder
from cours_cnn.dataset import EMBEDDED, check_seed
from cours_cnn.fetch import (
    CACHE_VARIABLE,
    FOLDER_VARIABLE,
    FROM_FOLDER,
    FROM_NETWORK,
    FetchError,
    RemoteFile,
    StorageError,
    UnavailableError,
    cache_folder,
    fetch,
    locate,
    notice,
    user_folder,
)
from cours_cnn.french import decimal
from cours_cnn.validation import refuse, whole_number

CLASSES = ("chats", "chiens")
ALIASES = {"chats": ("cat", "cats", "chat", "chats"), "chiens": ("dog", "dogs", "chien", "chiens")}
SOURCES = ("auto", "oxford", "filtered", "kaggle", "dessins")
KAGGLE_HANDLE = "arpitjain007/dog-vs-cat-fastai"
OXFORD_LICENCE = "CC BY-SA 4.0 ; les droits de chaque photographie restent à son auteur"
ASIRRA_LICENCE = "aucune licence publiée : photographies d'Asirra (Microsoft, Petfinder), à ne pas rediffuser"
# Google ne publie pas la somme de ce fichier : sa taille est contrôlée, puis la somme CRC de chacune de ses images.
FILTERED_FILE = RemoteFile(
    name="chats_chiens/cats_and_dogs_filtered.zip",
    urls=("https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",),
    size=68_606_236,
    sha256="",
    source="cats_and_dogs_filtered : 3 000 photographies d'Asirra choisies par Google",
    licence=ASIRRA_LICENCE,
)


def cats_and_dogs(source: str | Path = "auto", *, limit: int | None = None, seed: int = 0) -> PhotoFolder:
    """Rend des images de chats (classe 0) et de chiens (classe 1), triées : voir ``report``.

    ``source`` : ``"oxford"`` (2 000 photographies d'Oxford-IIIT Pet, dans le dossier ``COURS_CNN_DONNEES``) ;
    ``"filtered"`` (3 000 photographies, 69 Mo téléchargés sans compte) ; ``"kaggle"`` (plus de 20 000, par kagglehub) ;
    ``"dessins"`` (dessins de synthèse) ; un dossier à soi, par son chemin ; ``"auto"`` : la première disponible
    d'oxford, filtered et dessins, un avis annonçant le téléchargement, puis l'emploi des dessins s'il échoue.
    ``limit`` : nombre d'images par classe (pour les dessins, 400 par défaut et 2 000 au plus) ; ``seed`` fixe le choix
    et les dessins.
    Lève :class:`FetchError` si la source demandée manque, ``TypeError`` ou ``ValueError`` pour un argument.
    """
    seed = check_seed(seed)
    if limit is not None:
        whole_number("limit", limit, minimum=2)
    readers: dict[str, Callable[..., PhotoFolder]] = {
        "auto": _first_available, "oxford": _oxford, "filtered": _filtered, "kaggle": _kaggle, "dessins": _drawings}
    if isinstance(source, str) and source in readers:
        return readers[source](limit, seed)
    if not isinstance(source, str | Path):
        refuse("source", source, "un mot ou le chemin d'un dossier", kind=TypeError)
    if not Path(source).expanduser().is_dir():
        refuse("source", str(source), "le chemin d'un dossier existant, ou l'un des mots " +
               ", ".join(repr(name) for name in SOURCES))
    return _own(Path(source).expanduser(), limit, seed)


def _first_available(limit: int | None, seed: int) -> PhotoFolder:
    if _oxford_folder():
        return _oxford(limit, seed)
    if locate(FILTERED_FILE) is None:
        notice(f"téléchargement de cats_and_dogs_filtered, {decimal(FILTERED_FILE.size / 1e6, 0)} Mo, gardé dans le "
               "cache. Pour s'en passer : source=\"dessins\".")
    try:
        return _filtered(limit, seed, timeout=8.0)
    except FetchError as error:
        notice("pas de photographies de chats et de chiens ; des dessins les remplacent. " + _short(error))
        return _drawings(limit, seed)


def _short(error: FetchError) -> str:
    """Rend la première phrase d'une erreur et sa cause, sans les conseils."""
    return " ".join(line.strip(" -") for line in str(error).split("\nAttendu")[0].splitlines())


def _oxford_folder() -> Path | None:
    root = user_folder()
    return root / "oxford_pets" if root and (root / "oxford_pets" / "liste.csv").is_file() else None


def _oxford(limit: int | None, seed: int) -> PhotoFolder:
    folder = _oxford_folder()
    if folder is None:
        raise UnavailableError(
            f"L'extrait d'Oxford-IIIT Pet est absent : il est attendu dans le dossier que désigne {FOLDER_VARIABLE}, "
            "sous le nom « oxford_pets », avec liste.csv, cats et dogs. Que faire : employer source=\"filtered\", ou "
            "donner le chemin d'un dossier de photographies.")
    paths, rows, removed = listed_files(folder)
    names = [{"cats": "chats", "dogs": "chiens"}.get(row["classe"], row["classe"]) for row in rows]
    return gather(folder, paths, names, CLASSES, name="Oxford-IIIT Pet, extrait", licence=OXFORD_LICENCE,
                  source="Oxford-IIIT Pet (Parkhi et al., 2012), au plus 256 pixels de côté", origin=FROM_FOLDER,
                  limit=limit, seed=seed, removed=removed, strata=[row["race"] for row in rows])


def _filtered(limit: int | None, seed: int, timeout: float = 30.0) -> PhotoFolder:
    located = fetch(FILTERED_FILE, timeout=timeout)
    try:
        folder = extract(located.path, cache_folder() / "chats_chiens" / "cats_and_dogs_filtered")
    except ArchiveError as error:
        if located.origin != FROM_FOLDER:   # le fichier n'est qu'à nous : le prochain essai le téléchargera de nouveau
            located.path.unlink(missing_ok=True)
        raise ArchiveError(f"{error} Le fichier téléchargé, s'il venait du cache, en a été retiré.") from error
    except OSError as error:
        raise StorageError(f"Les photographies ne peuvent être extraites dans le cache ({type(error).__name__}). Que "
                           "faire : libérer de la place, ou choisir un autre dossier par la variable d'environnement "
                           f"{CACHE_VARIABLE}.") from error
    paths, names = classified(folder, ALIASES)
    return gather(folder, paths, names, CLASSES, name="cats_and_dogs_filtered", source=located.source,
                  licence=located.licence, origin=located.origin, limit=limit, seed=seed)


def _kaggle(limit: int | None, seed: int) -> PhotoFolder:
    folder = kaggle_folder(KAGGLE_HANDLE)
    paths, names = classified(folder, ALIASES)
    return gather(folder, paths, names, CLASSES, name="Chats et chiens, Kaggle", source=f"Kaggle, jeu {KAGGLE_HANDLE}",
                  licence=ASIRRA_LICENCE, origin=FROM_NETWORK, limit=limit, seed=seed)


def _own(folder: Path, limit: int | None, seed: int) -> PhotoFolder:
    paths, names = classified(folder, ALIASES)
    return gather(folder, paths, names, CLASSES, name=f"Dossier « {folder.name} »", source="vos fichiers",
                  licence="celle de vos fichiers", origin=OWN_FOLDER, limit=limit, seed=seed)


def _drawings(limit: int | None, seed: int) -> PhotoFolder:
    try:
        folder = drawn_folder(400 if limit is None else min(limit, 2_000), seed)
    except OSError as error:
        raise FetchError(f"Les dessins ne peuvent être écrits dans le cache ({type(error).__name__}).") from error
    paths, names = classified(folder, ALIASES)
    photos = gather(folder, paths, names, CLASSES, name="Dessins de chats et de chiens", origin=EMBEDDED,
                    source=DRAWN, licence=COURSE_LICENCE)
    return replace(photos, synthetic=True)

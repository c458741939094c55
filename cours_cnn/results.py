"""Résultats enregistrés des expériences longues, que les scripts du dossier ``experiments`` refont."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np

from cours_cnn.validation import one_of, refuse


def load(name: str) -> dict:
    """Rend les résultats enregistrés de l'expérience ``name`` : mesures, graines, versions, durée en secondes.

    Lève ``ValueError`` si aucune expérience de ce nom n'est enregistrée.
    """
    folder = resources.files("cours_cnn").joinpath("measured")
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    one_of("name", name, known)
    return json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def correct_images(run: dict, count: int) -> np.ndarray:
    """Rend, pour chacune des ``count`` images de test, 1 si l'entraînement ``run`` l'a bien classée, 0 sinon.

    Le fichier garde un bit par image, en hexadécimal. Lève ``ValueError`` s'il en tient moins que ``count``.
    """
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(run["correct"]), np.uint8))
    if not 0 < count <= len(bits):
        refuse("count", count, f"un nombre d'images compris entre 1 et {len(bits)}")
    return bits[:count].astype(int)


def describe(results: dict) -> str:
    """Dit en une phrase dans quelles conditions ces résultats ont été mesurés."""
    versions = results["versions"]
    return (f"Mesures enregistrées : {len(results['seeds'])} graines, {results['epochs']} époques, "
            f"{results['machine']}, Keras {versions['keras']}, {round(results['seconds'] / 60)} min en tout.")

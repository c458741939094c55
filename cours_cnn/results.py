"""Résultats enregistrés des expériences longues, que les scripts du dossier ``experiments`` refont."""

from __future__ import annotations

import json
from importlib import resources

from cours_cnn.validation import one_of


def load(name: str) -> dict:
    """Rend les résultats enregistrés de l'expérience ``name`` : mesures, graines, versions, durée en secondes.

    Lève ``ValueError`` si aucune expérience de ce nom n'est enregistrée.
    """
    folder = resources.files("cours_cnn").joinpath("measured")
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    one_of("name", name, known)
    return json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def describe(results: dict) -> str:
    """Dit en une phrase dans quelles conditions ces résultats ont été mesurés."""
    versions = results["versions"]
    return (f"Mesures enregistrées : {len(results['seeds'])} graines, {results['epochs']} époques, "
            f"{results['machine']}, Keras {versions['keras']}, {round(results['seconds'] / 60)} min en tout.")

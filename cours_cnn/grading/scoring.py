"""Noter des prédictions : la part de points d'après l'exactitude sur des étiquettes que le notebook ne détient pas.

Une cellule d'évaluation porte dans ses métadonnées ``cours.score`` les réglages suivants, et écrit une liste de
prédictions en JSON (:func:`cours_cnn.checks.probing.show`) :

- ``etiquettes`` : un fichier JSON, à côté du corrigé, que seul le correcteur lit ;
- ``seuils``, par exemple ``[[0.7, 0.5], [0.9, 1]]`` : à partir de chaque exactitude, la part de points acquise ;
- ``images``, facultatif : un fichier à côté du corrigé, montré au noyau (:func:`cours_cnn.checks.probing.hidden`) ;
- ``tirage``, facultatif, ``[question, nombre]`` : les images que la graine choisit, et dans quel ordre
  (:func:`cours_cnn.checks.probing.pick`) ; les étiquettes sont choisies de même, hors du noyau.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

from cours_cnn.checks.probing import pick


def predictions(outputs: Iterable[Mapping]) -> list | None:
    """Rend les prédictions qu'une cellule a écrites, ou ``None`` s'il n'y en a pas.

    Ce sont la dernière ligne non vide de la sortie : une liste JSON, ou une liste dans une liste.
    """
    text = "".join(str(output.get("text", "")) for output in outputs
                   if output.get("output_type") == "stream" and output.get("name") == "stdout")
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        found = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        found = None
    while isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    return found if isinstance(found, list) else None


def accuracy(outputs: Iterable[Mapping], labels: Sequence) -> tuple[float, str]:
    """Rend (exactitude, raison si elle est nulle d'office) des :func:`predictions` qu'une cellule a écrites."""
    found = predictions(outputs)
    if found is None:
        return 0.0, "aucune liste de prédictions n'est écrite"
    if len(found) != len(labels):
        return 0.0, f"{len(found)} prédictions écrites ; attendu : {len(labels)}, une par image"
    right = sum(type(one) is type(label) and one == label for one, label in zip(found, labels, strict=True))
    return right / len(labels), ""


def share(value: float, thresholds: Sequence[Sequence[float]]) -> float:
    """Rend la part de points, de 0 à 1, que vaut une exactitude ; lève ``ValueError`` si les seuils sont mal écrits."""
    for pair in thresholds:
        if len(pair) != 2 or not all(isinstance(number, Real) and 0 <= number <= 1 for number in pair):
            raise ValueError(f"« cours.score.seuils » : attendu des couples (exactitude, part), entre 0 et 1 ; "
                             f"reçu : {pair!r}.")
    return max((part for least, part in thresholds if value >= least), default=0.0)


def drawn(labels: Sequence, settings: Mapping, seed: int) -> list:
    """Rend les étiquettes des images que la graine choisit, dans leur ordre ; toutes si rien n'est tiré.

    Lève ``ValueError`` si ``tirage`` est mal écrit ou demande plus d'images qu'il n'y a d'étiquettes.
    """
    if "tirage" not in settings:
        return list(labels)
    chosen = settings["tirage"]
    if not (isinstance(chosen, list) and len(chosen) == 2 and all(type(number) is int for number in chosen)
            and chosen[0] >= 1 and 1 <= chosen[1] <= len(labels)):
        raise ValueError(f"« cours.score.tirage » : attendu [question, nombre], avec au plus {len(labels)} images ; "
                         f"reçu : {chosen!r}.")
    return [labels[rank] for rank in pick(chosen[0], len(labels), chosen[1], seed=seed)]

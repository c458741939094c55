"""Outils des cellules d'évaluation : tirer des entrées d'une graine, placer des poids connus, écrire des données.

Une cellule d'évaluation n'écrit que des données (nombres, prédictions), jamais un verdict : elles sont comparées
ailleurs à celles du corrigé, tirées de la même graine (variable d'environnement ``COURS_CNN_GRAINE``, 0 par défaut).
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np

from cours_cnn.checks.reading import plain
from cours_cnn.checks.running import names_used
from cours_cnn.settings import setting
from cours_cnn.validation import whole_number


def draw(question: int) -> np.random.RandomState:
    """Rend le générateur de nombres d'une question, tiré de la graine de l'environnement."""
    return np.random.RandomState([setting("graine", 0), whole_number("question", question, minimum=1)])


def pick(question: int, total: int, count: int, *, seed: int | None = None) -> list[int]:
    """Rend les rangs de ``count`` images parmi ``total``, que la graine (celle de l'environnement) tire et ordonne."""
    random = draw(question) if seed is None else np.random.RandomState([seed, question])
    return random.permutation(total)[:count].tolist()


def hidden(name: str) -> dict[str, np.ndarray]:
    """Rend les tableaux d'un fichier ``.npz`` placé à côté du corrigé et que l'élève ne reçoit pas (des images, jamais
    leurs étiquettes).
    """
    folder = Path(os.environ.get("COURS_CNN_EVALUATION") or Path.cwd())
    with np.load(folder / name, allow_pickle=False) as content:
        return {key: content[key] for key in content.files}


def inject(model, random: np.random.RandomState) -> None:
    """Remplace les poids d'un modèle Keras par des nombres tirés de ``random``.

    Les tirages se font dans l'ordre des couches : deux écritures d'un même réseau, par exemple une convolution 5 × 5
    sur une carte 5 × 5 et une couche entièrement connectée, reçoivent les mêmes nombres et donnent la même sortie.
    """
    for weight in model.weights:
        shape = tuple(weight.shape)
        fan_in = math.prod(shape[:-1])
        weight.assign(random.normal(0, 1.4 / math.sqrt(max(fan_in, 4)), math.prod(shape)).reshape(shape))


def uses(function, *names: str) -> list[str]:
    """Rend ceux de ``names`` que cite le code d'une réponse : les fonctions toutes faites que l'énoncé exclut.

    C'est la lecture qu'en fait la vérification de l'élève (:func:`~cours_cnn.checks.running.names_used`).
    """
    return sorted(names_used(function) & set(names))


def show(*values) -> None:
    """Écrit des données sur une ligne, en JSON et en pleine précision, quel que soit le type qui les porte.

    Tenseurs, tableaux, tuples et listes s'écrivent de la même façon, comme 14 et 14.0.
    """
    print(json.dumps([_simple(value) for value in values], ensure_ascii=False))


def _simple(value):
    value = plain(value)
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _simple(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, (list, tuple)):
        return [_simple(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return f"<{type(value).__name__}>"

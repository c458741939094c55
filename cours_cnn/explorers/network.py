"""LeNet vivant : un réseau entraîné, lu par le navigateur."""

from __future__ import annotations

import base64
import json

import numpy as np

from cours_cnn.explorers.base import Explorer, source, text
from cours_cnn.french import percent
from cours_cnn.results import load
from cours_cnn.validation import refuse

DATA = "lenet5.js"
_GLOBAL, _MISREAD, _PER_CLASS = "coursLenet5", 12, 50
_SHAPES = [(5, 5, 1, 6), (6,), (5, 5, 6, 16), (16,), (5, 5, 16, 120), (120,), (120, 84), (84,), (84, 10), (10,)]


def lenet_vivant(model=None) -> Explorer:
    """Rend la figure « LeNet vivant » : dessiner un chiffre, voir les cartes et les dix probabilités changer.

    ``model`` : un LeNet-5 que l'on vient d'entraîner ; sans lui, la figure lit le réseau enregistré avec le cours.
    Lève ``ValueError`` si ``model`` n'a pas les couches de LeNet-5.
    """
    recorded = load("lenet_vivant")
    if model is None:
        heavy = source(f"donnees/{DATA}")
    else:
        from cours_cnn import data

        heavy = f"window.{_GLOBAL} = {json.dumps(network_data(model, data.mnist()))};"
    probabilities = recorded["example"]["probabilities"]
    answer = int(np.argmax(probabilities))
    sentence = (
        f"Le réseau reçoit un 3 de l'ensemble de test et répond {answer}, avec une probabilité de "
        f"{percent(probabilities[answer])}. Avec JavaScript, on dessine un chiffre ou l'on en choisit un, et l'on voit "
        "changer les cartes de C1, S2, C3 et S4, les unités de C5 et F6, et les dix probabilités.")
    return Explorer("lenet_vivant", "LeNet vivant, du dessin aux dix probabilités",
                    {"donnees": _GLOBAL, "fichier": DATA}, _twin(recorded["example"]), sentence,
                    needs=("passe_avant",), heavy=heavy)


def half_precision(values) -> np.ndarray:
    """Arrondit des poids à la demi-précision (16 bits) et les rend en simple précision."""
    return np.asarray(values).astype("<f2").astype("float32")


def network_data(model, digits) -> dict:
    """Rend ce que lit la figure : poids, dix chiffres de test bien répartis, des chiffres mal lus, des voisins.

    Les nombres sont en base 64 : poids en demi-précision, chiffres d'un octet par pixel, voisins réduits à 14 × 14
    et à seize gris, deux pixels par octet.
    """
    from cours_cnn import data

    weights = model.get_weights()
    if [weight.shape for weight in weights] != _SHAPES:
        refuse("model", getattr(model, "name", model), "un LeNet-5 de sortie softmax, comme celui du chapitre")
    test, train = digits.test, digits.train
    answers = model.predict(data.pad(test.x, 2), batch_size=500, verbose=0)
    wrong = np.flatnonzero(answers.argmax(axis=1) != test.y)
    wrong = wrong[np.argsort(-answers[wrong].max(axis=1))][:_MISREAD]
    chosen = [int(np.flatnonzero(test.y == digit)[0]) for digit in range(10)] + wrong.tolist()
    near = np.concatenate([np.flatnonzero(train.y == digit)[:_PER_CLASS] for digit in range(10)])
    small = np.round(15 * train.x[near].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))).astype(np.uint8)
    small = small.reshape(len(near), -1)
    return {"poids": _base64(np.concatenate([weight.ravel() for weight in weights]).astype("<f2")),
            "exemples": _base64(np.round(255 * test.x[chosen]).astype(np.uint8)), "classes": test.y[chosen].tolist(),
            "voisins": _base64(small[:, ::2] * 16 + small[:, 1::2]), "classesVoisins": train.y[near].tolist()}


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")


def _twin(example: dict) -> tuple[str, float, float]:
    """Dessine le chiffre d'exemple, en traits horizontaux, et ses dix probabilités en barres."""
    runs = []
    for row, values in enumerate(example["pixels"]):
        ink = np.flatnonzero(np.diff(np.concatenate([[0], np.array(values) > 100, [0]])))
        runs += [f"M{begin} {row + 0.5:g}h{end - begin}" for begin, end in zip(ink[::2], ink[1::2], strict=True)]
    parts = [f"<path d='{''.join(runs)}' transform='translate(0 15) scale(5)' stroke='currentColor'/>",
             text(165, 90, "→", size=20)]
    for digit, value in enumerate(example["probabilities"]):
        parts += [text(195, 17 * digit + 14, digit), f"<path d='M205 {17 * digit + 3}h{1 + 110 * value:.0f}v12H205z'/>",
                  text(325, 17 * digit + 14, percent(value), anchor="start")]
    return "".join(parts), 380, 172

"""Réemploie pour les chiffres 5 à 9 un réseau qui a appris les chiffres 0 à 4, avec plus ou moins d'étiquettes.

    python -m experiments.transfert_chiffres                refait toutes les mesures (une dizaine de minutes)
    python -m experiments.transfert_chiffres --verifier     refait la première graine et la compare aux résultats
                                                            enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/transfert_chiffres.json``. Données : les 5 000 chiffres embarqués ; la source apprend les
1 750 images d'entraînement de 0 à 4. Cinq régimes, mêmes images, même nombre de mises à jour ; le taux
d'apprentissage de chacun est choisi sur la validation, avec une graine qui ne ressert pas.
"""

from __future__ import annotations

import sys

import keras
import numpy as np
from keras import layers

from cours_cnn import data
from experiments.transfert_protocole import Experiment, accuracy, few, fit_steps, run, told

SEEDS = (0, 1, 2, 3, 4)
TUNING_SEED, TUNING_COUNT = 100, 10
COUNTS = (1, 2, 5, 10, 50, 100)
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
STEPS, SOURCE_STEPS, SOURCE_RATE = 300, 600, 1e-3
LAYERS = ("C1", "C3", "D5", "Out")
# Régime → état de chacune des quatre couches, dans les termes de ``figures.freezing``.
REGIMES = {
    "de zéro": ("neuve", "neuve", "neuve", "neuve"),
    "convolutions au hasard, gelées": ("hasard", "hasard", "neuve", "neuve"),
    "convolutions gelées": ("gelée", "gelée", "neuve", "neuve"),
    "tout gelé sauf la sortie": ("gelée", "gelée", "gelée", "neuve"),
    "affiné": ("ajustée", "ajustée", "ajustée", "neuve"),
}


def network(seed: int) -> keras.Sequential:
    """Construit le petit réseau : deux convolutions, une couche cachée, cinq sorties."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 3, activation="relu", name="C1"), layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, activation="relu", name="C3"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(32, activation="relu", name="D5"),
        layers.Dense(5, activation="softmax", name="Out")])


def halves(part, first: int):
    """Rend les images et les classes, ramenées de 0 à 4, des cinq chiffres à partir de ``first``."""
    chosen = (part.y >= first) & (part.y < first + 5)
    return part.x[chosen], part.y[chosen] - first


def prepared(states, source: keras.Model, seed: int) -> keras.Sequential:
    """Construit un réseau dont chaque couche a l'état demandé : neuve, reprise, gelée, ou au hasard et gelée."""
    model = network(seed)
    for name, state in zip(LAYERS, states, strict=True):
        if state in ("gelée", "ajustée"):
            model.get_layer(name).set_weights(source.get_layer(name).get_weights())
        model.get_layer(name).trainable = state not in ("gelée", "hasard")
    return model


def learn(digits, source, regime: str, count: int, rate: float, seed: int) -> dict:
    """Entraîne un régime sur ``count`` images par classe ; rend ses exactitudes et sa durée."""
    x, y = halves(digits.train, 5)
    chosen = few(y, count, seed)
    model = prepared(REGIMES[regime], source, seed + 1_000)     # une initialisation qui n'est pas celle de la source
    seconds = fit_steps(model, x[chosen], y[chosen], steps=STEPS, rate=rate, seed=seed)
    return {"validation": round(accuracy(model, *halves(digits.validation, 5)), 4),
            "test": round(accuracy(model, *halves(digits.test, 5)), 4), "seconds": round(seconds, 2)}


def source_network(digits, seed: int) -> tuple[keras.Model, float]:
    """Entraîne le réseau source sur les chiffres 0 à 4 ; rend aussi son exactitude de test."""
    model = network(seed)
    fit_steps(model, *halves(digits.train, 0), steps=SOURCE_STEPS, rate=SOURCE_RATE, seed=seed)
    return model, accuracy(model, *halves(digits.test, 0))


def tuned(digits, source, regime: str) -> dict:
    """Choisit le taux d'un régime sur la validation."""
    tried = [learn(digits, source, regime, TUNING_COUNT, rate, TUNING_SEED)["validation"] for rate in RATES]
    told(regime, dict(zip(RATES, tried, strict=True)))
    return {"validation": tried, "chosen": RATES[int(np.argmax(tried))]}


def measure(seeds) -> dict:
    """Mesure tous les régimes, tous les nombres d'étiquettes et toutes les graines."""
    digits = data.mnist()
    source, _ = source_network(digits, TUNING_SEED)
    rates = {regime: tuned(digits, source, regime) for regime in REGIMES}
    sources, runs = {}, {regime: [] for regime in REGIMES}
    for seed in seeds:
        source, sources[str(seed)] = source_network(digits, seed)
        for regime, kept in runs.items():
            for count in COUNTS:
                found = learn(digits, source, regime, count, rates[regime]["chosen"], seed)
                kept.append({"seed": seed, "count": count, **found})
            told(seed, regime, [entry["test"] for entry in kept[-len(COUNTS):]])
    return {"counts": COUNTS, "steps": STEPS, "rates_tried": RATES, "sources": sources, "rates": rates, "runs": runs}


def scores(report: dict, seed: int) -> dict:
    """Rend, pour une graine, l'exactitude de test de chaque régime à chaque nombre d'étiquettes."""
    return {f"{regime}, {entry['count']} par classe": entry["test"]
            for regime, runs in report["runs"].items() for entry in runs if entry["seed"] == seed}


EXPERIMENT = Experiment("transfert_chiffres", SEEDS, 1, "MNIST, extrait : 5 000 chiffres embarqués", measure, scores,
                        interval=0.12, photographs=False)

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

"""Mesure la vitesse d'apprentissage avec ReLU, tanh et la sigmoïde, dans plusieurs réglages.

    python -m experiments.alexnet_activations                refait toutes les mesures (vingt minutes)
    python -m experiments.alexnet_activations --verifier     refait la première graine et la compare aux résultats
                                                             enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/alexnet_activations.json``, que dessine le chapitre AlexNet. La mesure est celle de la
figure 1 de Krizhevsky et al. (2012) : le nombre d'époques jusqu'à un seuil d'exactitude *d'entraînement*, sans aucune
régularisation, le taux d'apprentissage étant choisi pour chaque fonction de sorte qu'elle aille le plus vite possible.
Le choix se fait avec une graine qui ne ressert pas, entre deux taux ; pour le petit réseau, ceux qu'une grille plus
large, essayée avec la graine 0, désignait. Descente de gradient stochastique, *momentum* 0,9, lots de 64.

Réglages : un réseau de quatre couches à poids sur 2 800 photographies de CIFAR-10, préparées et initialisées comme en
2012 (pixels de 0 à 255 recentrés, poids tirés selon N(0 ; 0,01)) ou comme aujourd'hui (entrées réduites, Glorot) ; un
réseau de neuf couches à poids sur les 3 500 chiffres embarqués, initialisé selon Glorot.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cours_cnn import data
from cours_cnn.results import load

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "alexnet_activations.json"
SEEDS = (1, 2)
TUNING_SEED = 100
EPOCHS = 24
INTERVAL = 8  # écart admis sur le nombre d'époques d'une machine à l'autre


@dataclass(frozen=True)
class Setting:
    """Un réglage : les images, leur préparation, la profondeur, l'initialisation, le seuil et les taux essayés."""

    images: str
    raw: bool
    deep: bool
    initializer: str
    threshold: float
    rates: tuple[float, ...]


SETTINGS = {
    "comme en 2012": Setting("cifar10", True, False, "normal_0.01", 0.75, (3e-3, 1e-2)),
    "comme aujourd'hui": Setting("cifar10", False, False, "glorot_uniform", 0.75, (1e-2, 3e-2)),
    "profond, Glorot": Setting("mnist", False, True, "glorot_uniform", 0.90, (1e-2, 3e-2)),
}
ACTIVATIONS = ("relu", "tanh", "sigmoid")  # la sigmoïde n'est mesurée que dans le petit réseau


def inputs(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Rend les images d'entraînement préparées et leurs classes ; arrête tout si les photographies manquent."""
    dataset = data.cifar10() if setting.images == "cifar10" else data.mnist()
    if setting.images == "cifar10" and dataset.origin == "embarqué":
        sys.exit("Cette expérience demande les photographies de CIFAR-10 (voir COURS_CNN_DONNEES).")
    x = dataset.train.x
    return ((x - x.mean()) * 255 if setting.raw else (x - x.mean()) / x.std()), dataset.train.y


def network(setting: Setting, activation: str, shape) -> keras.Sequential:
    """Construit le réseau d'un réglage : trois ou huit convolutions dont le pas réduit les cartes, puis la sortie."""
    def initializer():
        if setting.initializer == "normal_0.01":
            return keras.initializers.RandomNormal(0, 0.01)
        return setting.initializer

    def convolution(maps, size, strides):
        return layers.Conv2D(maps, size, strides, padding="same", activation=activation,
                             kernel_initializer=initializer())

    if setting.deep:
        stack = [convolution(16, 3, 2 if rank in (0, 3, 6) else 1) for rank in range(8)]
    else:
        stack = [convolution(16, 5, 2), convolution(32, 3, 2), convolution(64, 3, 2)]
    return keras.Sequential([keras.Input(shape), *stack, layers.Flatten(),
                             layers.Dense(10, activation="softmax", kernel_initializer=initializer())])


class StopAt(keras.callbacks.Callback):
    """Arrête l'entraînement dès que l'exactitude d'entraînement atteint le seuil, ou si la perte n'est plus finie."""

    def __init__(self, threshold: float):
        super().__init__()
        self.threshold = threshold

    def on_epoch_end(self, epoch, logs=None):
        if logs["accuracy"] >= self.threshold or not np.isfinite(logs["loss"]):
            self.model.stop_training = True


def train(setting: Setting, activation: str, rate: float, seed: int, images=None) -> dict:
    """Entraîne jusqu'au seuil ; rend la graine, le nombre d'époques (``None`` : jamais) et l'exactitude par époque."""
    x, y = images or inputs(setting)
    keras.utils.set_random_seed(seed)
    model = network(setting, activation, x.shape[1:])
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    accuracy = model.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0,
                         callbacks=[StopAt(setting.threshold)]).history["accuracy"]
    return {"seed": seed, "epochs": len(accuracy) if accuracy[-1] >= setting.threshold else None,
            "accuracy": [round(float(value), 4) for value in accuracy]}


def speed(run: dict) -> tuple:
    """Rend une clé de tri : le moins d'époques, puis, si le seuil est hors d'atteinte, la meilleure exactitude."""
    return (run["epochs"] is None, run["epochs"] or 0, -run["accuracy"][-1])


def measure(setting: Setting, activation: str, images) -> dict:
    """Choisit le taux le plus rapide avec la graine réservée, puis entraîne avec chaque graine à ce taux."""
    tried = {rate: train(setting, activation, rate, TUNING_SEED, images) for rate in setting.rates}
    chosen = min(setting.rates, key=lambda rate: speed(tried[rate]))
    return {"tried": {str(rate): {"epochs": run["epochs"], "last": run["accuracy"][-1]}
                      for rate, run in tried.items()},
            "chosen": chosen, "runs": [train(setting, activation, chosen, seed, images) for seed in SEEDS]}


def measure_all() -> dict:
    """Mesure chaque fonction dans chaque réglage et dit l'avancement."""
    results = {}
    for name, setting in SETTINGS.items():
        images, results[name] = inputs(setting), {}
        for activation in ACTIVATIONS[:2] if setting.deep else ACTIVATIONS:
            found = results[name][activation] = measure(setting, activation, images)
            print(name, activation, found["tried"], "taux", found["chosen"], ":",
                  [run["epochs"] for run in found["runs"]], flush=True)
    return results


def again(recorded: dict) -> dict:
    """Refait la première graine de chaque mesure, au taux enregistré ; rend la même structure."""
    redone = {}
    for name, setting in SETTINGS.items():
        images = inputs(setting)
        redone[name] = {activation: {"runs": [train(setting, activation, found["chosen"], SEEDS[0], images)]}
                        for activation, found in recorded[name].items()}
    return redone


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par nombre d'époques qui s'écarte de plus qu'``INTERVAL`` de celui enregistré.

    Une mesure qui n'atteint jamais le seuil compte pour ``EPOCHS`` époques.
    """
    found = []
    for name, functions in measured.items():
        for activation, entry in functions.items():
            known = {run["seed"]: run["epochs"] or EPOCHS for run in recorded.get(name, {}).get(activation, {})
                     .get("runs", [])}
            for run in entry["runs"]:
                label, epochs = f"{name}, {activation}, graine {run['seed']}", run["epochs"] or EPOCHS
                if run["seed"] not in known:
                    found.append(f"{label} : aucune mesure enregistrée")
                elif abs(epochs - known[run["seed"]]) > INTERVAL:
                    found.append(f"{label} : {epochs} époques, enregistré {known[run['seed']]}, écart admis {INTERVAL}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Mesure la vitesse d'apprentissage selon la fonction d'activation.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    if parser.parse_args(arguments).verifier:
        recorded = load("alexnet_activations")["results"]
        found = disagreements(recorded, again(recorded))
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    report = {
        "seeds": SEEDS, "epochs": EPOCHS, "results": measure_all(),
        "thresholds": {name: setting.threshold for name, setting in SETTINGS.items()},
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU",
        "seconds": round(time.perf_counter() - start),
    }
    aside = RESULT.with_suffix(".json.part")
    aside.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(RESULT)
    print(f"Résultats écrits dans {RESULT.name} ({report['seconds']} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

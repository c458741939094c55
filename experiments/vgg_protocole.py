"""Protocole commun aux expériences longues du chapitre VGG : entraîner, choisir un taux, enregistrer, vérifier.

Les photographies sont celles de CIFAR-10 (2 800 d'entraînement, 400 de validation, 800 de test) ; l'optimiseur est
Adam, par lots de 64. Chaque réseau est entraîné à tous les taux d'apprentissage et avec toutes les graines ; le taux
retenu est celui dont l'exactitude de validation moyenne est la plus grande. Le test n'intervient dans aucun choix.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from cours_cnn import anatomy, data
from cours_cnn.results import load

BATCH = 64
INTERVAL = 0.06  # écart admis sur l'exactitude de test d'une machine à l'autre : six points, sur 800 images


@dataclass(frozen=True)
class Experiment:
    """Une expérience : son nom, ses réseaux, ``build`` qui construit un réseau d'après son nom, et ses réglages."""

    name: str
    kinds: Sequence[str]
    build: Callable[[str], keras.Model]
    epochs: int
    rates: Sequence[float]
    seeds: Sequence[int]

    @property
    def path(self) -> Path:
        """Fichier des résultats enregistrés."""
        return Path(__file__).parents[1] / "cours_cnn" / "measured" / f"{self.name}.json"


def measure(experiment: Experiment, images, kind: str, rate: float, seed: int) -> dict:
    """Entraîne un réseau et rend ses mesures : perte et exactitude sur chaque part, pertes par époque, durée."""
    keras.utils.set_random_seed(seed)
    model = experiment.build(kind)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    history = model.fit(images.train.x, images.train.y, batch_size=BATCH, epochs=experiment.epochs, verbose=0)
    run = {"seed": seed, "rate": rate, "seconds": round(time.perf_counter() - start, 1),
           "losses": [round(value, 4) for value in history.history["loss"]]}
    for part in ("train", "validation", "test"):
        split = getattr(images, part)
        loss, accuracy = model.evaluate(split.x, split.y, batch_size=400, verbose=0)
        run |= {f"{part}_loss": round(loss, 4), part: round(accuracy, 4)}
    print(f"{kind}, taux {rate:g}, graine {seed} : perte {run['train_loss']:.2f}, validation {run['validation']:.3f}, "
          f"test {run['test']:.3f}, {run['seconds']:.0f} s", flush=True)
    return run


def best_rate(trials: Sequence[dict]) -> float:
    """Rend le taux dont l'exactitude de validation moyenne est la plus grande ; le test n'est pas consulté."""
    rates = dict.fromkeys(run["rate"] for run in trials)
    means = {rate: [run["validation"] for run in trials if run["rate"] == rate] for rate in rates}
    return max(means, key=lambda rate: sum(means[rate]) / len(means[rate]))


def chosen(experiment: Experiment, kind: str, trials: Sequence[dict]) -> dict:
    """Rend les résultats du réseau ``kind`` : ses comptes, le taux retenu, ses mesures à ce taux, tous les essais."""
    model, rate = experiment.build(kind), best_rate(trials)
    kept = ("rate", "seed", "train_loss", "validation", "test")
    return {"parameters": anatomy.parameter_count(model), "macs": anatomy.mac_count(model), "rate": rate,
            "trials": [{key: run[key] for key in kept} for run in trials],
            "runs": [run for run in trials if run["rate"] == rate]}


def measure_network(experiment: Experiment, images, kind: str) -> dict:
    """Mesure le réseau ``kind`` à chaque taux et avec chaque graine, puis retient un taux."""
    return chosen(experiment, kind, [measure(experiment, images, kind, rate, seed)
                                     for rate in experiment.rates for seed in experiment.seeds])


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de test qui s'écarte de plus qu'``INTERVAL`` de celle de la même graine.

    ``recorded`` : réseau → résultats, comme les rend :func:`measure_network` ; ``measured`` : réseau → mesures.
    """
    found = []
    for kind, runs in measured.items():
        known = {run["seed"]: run["test"] for run in recorded.get(kind, {"runs": []})["runs"]}
        for run in runs:
            if run["seed"] not in known:
                found.append(f"{kind}, graine {run['seed']} : aucune mesure enregistrée")
            elif abs(run["test"] - known[run["seed"]]) > INTERVAL:
                found.append(f"{kind}, graine {run['seed']} : test {run['test']:.3f}, enregistré "
                             f"{known[run['seed']]:.3f}, écart admis {INTERVAL}")
    return found


def photographs():
    """Rend les photographies de CIFAR-10, ou ``None`` si seuls les chiffres de remplacement sont disponibles."""
    images = data.cifar10()
    return None if images.origin == "embarqué" else images


def run(experiment: Experiment, arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description=f"Expérience longue « {experiment.name} ».")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    checking = parser.parse_args(arguments).verifier
    images = photographs()
    if images is None:
        print("CIFAR-10 est absent : rien n'a pu être mesuré.")
        return 0 if checking else 1
    if checking:
        recorded = load(experiment.name)["results"]
        measured = {kind: [measure(experiment, images, kind, recorded[kind]["rate"], experiment.seeds[0])]
                    for kind in experiment.kinds}
        found = disagreements(recorded, measured)
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    report = {
        "seeds": list(experiment.seeds), "epochs": experiment.epochs, "rates": list(experiment.rates),
        "data": "CIFAR-10, 4 000 premières photographies : 2 800 d'entraînement, 400 de validation, 800 de test",
        "results": {kind: measure_network(experiment, images, kind) for kind in experiment.kinds},
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU",
        "seconds": round(time.perf_counter() - start),
    }
    aside = experiment.path.with_suffix(".json.part")
    aside.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(experiment.path)
    print(f"Résultats écrits dans {experiment.path.name} ({report['seconds']} s).")
    return 0

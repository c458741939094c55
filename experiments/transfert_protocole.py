"""Ce que partagent les expériences longues du chapitre sur le transfert : entraîner, compter, enregistrer, vérifier.

Chaque entraînement dure un nombre fixé de mises à jour, le même pour tous les régimes comparés : avec peu d'images,
les mêmes reviennent plus souvent. Les radiographies sont partagées par patient ; le test n'intervient dans aucun
choix.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cours_cnn import data, weights
from cours_cnn.results import load

SIDE = 160
BATCH = 32


@dataclass(frozen=True)
class Experiment:
    """Une expérience : son nom, ses graines, ``measure`` (graines → rubriques), ``scores`` (rubriques → nom → valeur).

    ``interval`` : écart admis, sur chaque valeur de ``scores``, d'une machine à l'autre ; ``epochs`` : passages, pour
    mémoire ; ``photographs`` : les radiographies et les poids ImageNet sont nécessaires.
    """

    name: str
    seeds: Sequence[int]
    epochs: int
    data: str
    measure: Callable[[Sequence[int]], dict]
    scores: Callable[[dict, int], dict]
    interval: float
    photographs: bool = True

    @property
    def path(self) -> Path:
        """Fichier des résultats enregistrés."""
        return Path(__file__).parents[1] / "cours_cnn" / "measured" / f"{self.name}.json"


def told(*words) -> None:
    """Dit l'avancement."""
    print(*words, flush=True)


def draws(count: int, steps: int, seed: int, batch: int = BATCH) -> np.ndarray:
    """Rend les indices de ``steps`` lots tirés sans remise parmi ``count`` images, rebattues à chaque passage."""
    random, size = np.random.default_rng(seed), min(batch, count)
    wanted = steps * size
    return np.concatenate([random.permutation(count) for _ in range(-(-wanted // count))])[:wanted]


def fit_steps(model, x, y, *, steps: int, rate: float, seed: int, class_weight=None) -> float:
    """Entraîne ``model`` pendant ``steps`` mises à jour (Adam) et rend la durée en secondes."""
    order = draws(len(y), steps, seed)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", jit_compile=False)
    start = time.perf_counter()
    model.fit(x[order], y[order], batch_size=min(BATCH, len(y)), epochs=1, shuffle=False, verbose=0,
              class_weight=class_weight)
    return time.perf_counter() - start


def predicted(model, x) -> np.ndarray:
    """Rend la classe la plus probable de chaque image."""
    return np.concatenate([np.asarray(model(x[start:start + 200], training=False)).argmax(axis=1)
                           for start in range(0, len(x), 200)])


def accuracy(model, x, y) -> float:
    """Rend la part d'images bien classées."""
    return float(np.mean(predicted(model, x) == y))


def confusion(found, labels) -> dict[str, int]:
    """Compte les quatre cas ; la pneumonie (classe 1) est l'événement à détecter."""
    found, labels = np.asarray(found), np.asarray(labels)
    return {"tp": int(np.sum((found == 1) & (labels == 1))), "fn": int(np.sum((found == 0) & (labels == 1))),
            "tn": int(np.sum((found == 0) & (labels == 0))), "fp": int(np.sum((found == 1) & (labels == 0)))}


def rate_of(counts: dict[str, int]) -> float:
    """Rend l'exactitude que disent les quatre comptes de :func:`confusion`."""
    return (counts["tp"] + counts["tn"]) / sum(counts.values())


def head(features: Sequence[int], seed: int) -> keras.Sequential:
    """Construit la nouvelle tête : une couche dense de deux unités sur des valeurs déjà calculées."""
    keras.utils.set_random_seed(seed)
    flat = [layers.Flatten()] if len(features) > 1 else []
    return keras.Sequential([keras.Input(tuple(features)), *flat, layers.Dense(2, activation="softmax")])


def few(labels, count: int, seed: int) -> np.ndarray:
    """Rend les indices de ``count`` images par classe, tirées au hasard."""
    random = np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(labels == label))[:count] for label in np.unique(labels)]
    if min(map(len, chosen)) < count:
        raise ValueError(f"moins de {count} images dans une classe")
    return np.concatenate(chosen)


def imagenet(pooling: str | None = None) -> weights.Backbone:
    """Rend MobileNetV2, poids ImageNet, pour des images de ``SIDE`` pixels."""
    return weights.backbone("MobileNetV2", SIDE, pooling=pooling, notice=told)


def maps_of(base: weights.Backbone, x: np.ndarray) -> np.ndarray:
    """Rend les cartes (ou les moyennes) que la base calcule pour des pixels de 0 à 255, en mode évaluation."""
    return np.concatenate([np.asarray(base.model(base.preprocess(x[start:start + 40].copy()), training=False))
                           for start in range(0, len(x), 40)])


def xrays() -> data.PhotoFolder | None:
    """Rend l'extrait de Kermany, ou ``None`` s'il est absent."""
    photos = data.chest_xrays(limit=None)
    return None if photos.synthetic else photos


def available() -> bool:
    """Dit si les radiographies et les poids ImageNet sont là."""
    return xrays() is not None and imagenet().pretrained


def disagreements(experiment: Experiment, recorded: dict, measured: dict, seed: int) -> list[str]:
    """Rend une phrase par valeur qui s'écarte de celle enregistrée, à la même graine, de plus qu'``interval``."""
    known, found = experiment.scores(recorded, seed), []
    for name, value in experiment.scores(measured, seed).items():
        if name not in known:
            found.append(f"{name}, graine {seed} : aucune mesure enregistrée")
        elif abs(value - known[name]) > experiment.interval:
            found.append(f"{name}, graine {seed} : {value:.3f}, enregistré {known[name]:.3f}, "
                         f"écart admis {experiment.interval}")
    return found


def written(report: dict) -> str:
    """Écrit le rapport en JSON, chaque mesure élémentaire sur une ligne."""
    text = json.dumps(report, ensure_ascii=False, indent=1)
    return re.sub(r"[\[{][^][{}]*[\]}]", lambda match: " ".join(match.group().split()), text) + "\n"


def run(experiment: Experiment, arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description=f"Expérience longue « {experiment.name} ».")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    checking = parser.parse_args(arguments).verifier
    if experiment.photographs and not available():
        told("Les radiographies ou les poids ImageNet manquent : rien n'a pu être mesuré.")
        return 0 if checking else 1
    start, seeds = time.perf_counter(), experiment.seeds[:1] if checking else experiment.seeds
    measured = experiment.measure(seeds)
    if checking:
        found = disagreements(experiment, load(experiment.name), measured, seeds[0])
        told("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    report = {"seeds": list(seeds), "epochs": experiment.epochs, "data": experiment.data, **measured,
              "versions": {"python": platform.python_version(), "keras": keras.__version__,
                           "backend": keras.backend.backend()},
              "machine": f"{os.cpu_count()} cœurs, sans GPU", "seconds": round(time.perf_counter() - start)}
    aside = experiment.path.with_suffix(".json.part")
    aside.write_text(written(report), encoding="utf-8")
    aside.replace(experiment.path)
    told(f"Résultats écrits dans {experiment.path.name} ({report['seconds']} s).")
    return 0

"""Mesure, sur un AlexNet de poche, l'effet de chaque ingrédient de l'article, puis celui d'une moyenne de réseaux.

    python -m experiments.alexnet_recettes                refait toutes les mesures (cinq minutes)
    python -m experiments.alexnet_recettes --verifier     refait la première graine et la compare aux résultats
                                                          enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/alexnet_recettes.json``, que dessine le chapitre AlexNet. Même protocole pour toutes les
variantes : 2 800 photographies de CIFAR-10 à l'entraînement, 400 à la validation, 800 au test ; Adam à 0,001, lots de
64, 8 époques, deux graines. Chaque variante ne diffère de la référence que par un ingrédient (Krizhevsky et al.,
2012, sections 3 et 4).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cours_cnn import anatomy, data
from cours_cnn.results import load

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "alexnet_recettes.json"
SEEDS = (0, 1)
EPOCHS = 8
RATE = 1e-3
INTERVAL = 0.06  # écart admis sur l'exactitude de test d'une machine à l'autre, pour une graine
VARIANTS = {
    "référence": {},
    "sans dropout": {"dropout": 0.0},
    "pooling 2 × 2": {"pool": 2},
    "normalisation locale": {"normalised": True},
    "augmentation": {"augmented": True},
}


@keras.saving.register_keras_serializable("cours_cnn")
class LocalResponse(layers.Layer):
    """La normalisation locale de l'article, avec ses constantes (section 3.3)."""

    def call(self, x):
        """Divise chaque carte par une puissance de l'énergie de ses cinq voisines."""
        import tensorflow as tf

        return tf.nn.local_response_normalization(x, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75)


def pocket(*, dropout: float = 0.5, pool: int = 3, normalised: bool = False) -> keras.Sequential:
    """Construit l'AlexNet de poche du chapitre ; entrée (lot, 32, 32, 3), sortie softmax (lot, 10)."""
    relu = {"padding": "same", "activation": "relu"}
    response = [LocalResponse(name=f"locale_{name}") for name in ("c1", "c3")] if normalised else []
    return keras.Sequential([
        keras.Input((32, 32, 3), name="In"),
        layers.Conv2D(24, 7, strides=2, name="C1", **relu),
        *response[:1],
        layers.MaxPooling2D(pool, strides=2, padding="same", name="S2"),
        layers.Conv2D(24, 5, name="C3", **relu),
        *response[1:],
        layers.MaxPooling2D(pool, strides=2, padding="same", name="S4"),
        layers.Conv2D(32, 3, name="C5", **relu),
        layers.Conv2D(32, 3, name="C6", **relu),
        layers.Conv2D(24, 3, name="C7", **relu),
        layers.MaxPooling2D(pool, strides=2, padding="same", name="S8"),
        layers.Flatten(name="aplatir"),
        layers.Dense(256, activation="relu", name="F9"),
        layers.Dropout(dropout, name="dropout_f9"),
        layers.Dense(256, activation="relu", name="F10"),
        layers.Dropout(dropout, name="dropout_f10"),
        layers.Dense(10, activation="softmax", name="Out"),
    ], name="alexnet_de_poche")


def photos() -> dict:
    """Rend les trois parts, entrées réduites d'après l'entraînement ; arrête tout si les photographies manquent."""
    dataset = data.cifar10()
    if dataset.origin == "embarqué":
        sys.exit("Cette expérience demande les photographies de CIFAR-10 (voir COURS_CNN_DONNEES).")
    mean, spread = dataset.train.x.mean(), dataset.train.x.std()
    return {part: ((split.x - mean) / spread, split.y) for part, split in
            (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))}


def train(images: dict, seed: int, *, augmented: bool = False, **options) -> keras.Sequential:
    """Entraîne une variante ; l'augmentation décale d'au plus trois pixels et retourne une image sur deux."""
    keras.utils.set_random_seed(seed)
    model = pocket(**options)
    moves = [layers.RandomFlip("horizontal"), layers.RandomTranslation(3 / 32, 3 / 32, fill_mode="constant")]
    trained = keras.Sequential([keras.Input((32, 32, 3)), *moves, model]) if augmented else model
    trained.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    trained.fit(*images["train"], batch_size=64, epochs=EPOCHS, verbose=0)
    return model


def probabilities(model, x) -> np.ndarray:
    """Rend les probabilités du réseau, hors de tout entraînement."""
    return model.predict(x, batch_size=400, verbose=0)


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Rend la proportion d'images dont la classe la plus probable est la bonne."""
    return round(float((scores.argmax(axis=1) == labels).mean()), 4)


def measure(images: dict, seed: int, options: dict) -> tuple[dict, np.ndarray]:
    """Rend les exactitudes d'une variante pour une graine, et ses probabilités de test (avec celles du reflet)."""
    start = time.perf_counter()
    model = train(images, seed, **options)
    seconds = time.perf_counter() - start
    scores = {part: probabilities(model, x) for part, (x, _) in images.items()}
    x, labels = images["test"]
    mirrored = (scores["test"] + probabilities(model, x[:, :, ::-1])) / 2
    run = {"seed": seed, "seconds": round(seconds, 1), "mirrored": accuracy(mirrored, labels)}
    run |= {part: accuracy(scores[part], y) for part, (_, y) in images.items()}
    return run, scores["test"]


def measure_all(seeds) -> dict:
    """Mesure chaque variante sur chaque graine ; rend les exactitudes et celle de la moyenne des réseaux."""
    images, results, ensembles = photos(), {}, {}
    for name, options in VARIANTS.items():
        found = [measure(images, seed, options) for seed in seeds]
        results[name] = [run for run, _ in found]
        ensembles[name] = accuracy(np.mean([scores for _, scores in found], axis=0), images["test"][1])
        print(name, [run["test"] for run in results[name]], "moyenne des réseaux :", ensembles[name], flush=True)
    return {"results": results, "ensembles": ensembles}


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de test qui s'écarte de celle enregistrée de plus qu'``INTERVAL``.

    ``recorded`` et ``measured`` : variante → liste de mesures.
    """
    found = []
    for name, runs in measured.items():
        known = {run["seed"]: run["test"] for run in recorded.get(name, [])}
        for run in runs:
            if run["seed"] not in known:
                found.append(f"{name}, graine {run['seed']} : aucune mesure enregistrée")
            elif abs(run["test"] - known[run["seed"]]) > INTERVAL:
                found.append(f"{name}, graine {run['seed']} : test {run['test']:.3f}, enregistré "
                             f"{known[run['seed']]:.3f}, écart admis {INTERVAL}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Mesure les ingrédients d'AlexNet sur un réseau de poche.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    if parser.parse_args(arguments).verifier:
        found = disagreements(load("alexnet_recettes")["results"], measure_all(SEEDS[:1])["results"])
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    model = pocket()
    report = {
        "seeds": SEEDS, "epochs": EPOCHS, "parameters": anatomy.parameter_count(model),
        "macs": anatomy.mac_count(model), **measure_all(SEEDS),
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

"""Mesure les variantes de LeNet-5 : activation, pooling, C3 partielle, augmentation, original de 1998.

    python -m experiments.lenet_variantes                refait toutes les mesures (une vingtaine de minutes)
    python -m experiments.lenet_variantes --verifier     refait la première graine et la compare aux résultats
                                                         enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/lenet_variantes.json`` (exactitudes, graines, versions, durée), que dessine le chapitre
LeNet-5. Même protocole pour toutes, trois graines chacune : 3 500 chiffres d'entraînement, 500 de validation,
1 000 de test ; 20 époques, lots de 32, Adam à 0,002 ; pour l'original de 1998, descente de gradient stochastique à
0,01 et entrées recentrées, comme dans l'article (LeCun et al., 1998, section II.B).
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

from cours_cnn import data
from cours_cnn.architectures import lenet5
from cours_cnn.layers_1998 import map_loss, nearest_code_accuracy
from cours_cnn.results import load

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "lenet_variantes.json"
SEEDS = (0, 1, 2)
EPOCHS = 20
INTERVAL = 0.02  # écart admis sur l'exactitude de test d'une machine à l'autre : deux points
SHIFTS = (0, 1, 2, 3, 4)  # au-delà, l'encre sortirait de l'image
VARIANTS = {
    "tanh, pooling moyen": {"shift": 2},
    "sans décalages": {"shift": 0},
    "ReLU": {"shift": 2, "activation": "relu"},
    "pooling max": {"shift": 2, "pooling": "max"},
    "C3 partielle": {"shift": 2, "partial_c3": True},
    "original de 1998": {"shift": 2, "variant": "1998"},
}


def train(digits, seed: int, *, shift: int, variant: str = "moderne", **options) -> keras.Model:
    """Entraîne une variante et rend le réseau, sans la couche de décalage."""
    keras.utils.set_random_seed(seed)
    model = lenet5(variant, **options)
    moved = layers.RandomTranslation(shift / 32, shift / 32, fill_mode="constant", fill_value=background(variant))
    trained = keras.Sequential([keras.Input((32, 32, 1)), moved, model]) if shift else model
    if variant == "1998":
        trained.compile(keras.optimizers.SGD(0.01), map_loss, metrics=[nearest_code_accuracy])
    else:
        trained.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = inputs(digits.train.x, variant)
    trained.fit(x, digits.train.y, batch_size=32, epochs=EPOCHS, verbose=0)
    return model


def background(variant: str) -> float:
    """Rend la valeur du fond : −0,1 pour l'original, zéro sinon."""
    return -0.1 if variant == "1998" else 0.0


def inputs(images, variant: str, dy: int = 0, dx: int = 0) -> np.ndarray:
    """Prépare des images 28 × 28 : bordure, décalage, puis entrées recentrées pour l'original de 1998."""
    framed = data.shift(data.pad(images, 2), dy, dx)
    return framed * 1.275 - 0.1 if variant == "1998" else framed


def accuracy(model, split, variant: str, dy: int = 0, dx: int = 0) -> float:
    """Rend la proportion d'images décalées bien classées (plus grande probabilité, ou plus petite distance en 1998)."""
    scores = model.predict(inputs(split.x, variant, dy, dx), batch_size=500, verbose=0)
    predicted = scores.argmin(axis=1) if variant == "1998" else scores.argmax(axis=1)
    return float((predicted == split.y).mean())


def measure(digits, seed: int, options: dict) -> dict:
    """Rend, pour une graine : exactitudes d'entraînement, de validation, de test, et de test sur chiffres décalés."""
    variant = options.get("variant", "moderne")
    start = time.perf_counter()
    model = train(digits, seed, **options)
    seconds = time.perf_counter() - start
    scores = {name: accuracy(model, getattr(digits, name), variant) for name in ("train", "validation", "test")}
    moved = [np.mean([accuracy(model, digits.test, variant, dy, dx) for dy, dx in ((0, s), (0, -s), (s, 0), (-s, 0))])
             for s in SHIFTS]
    return {"seed": seed, "seconds": round(seconds, 1), **scores, "shifted": [round(float(v), 4) for v in moved]}


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de test qui s'écarte de celle enregistrée, pour la même graine, de plus
    qu'``INTERVAL``.

    ``recorded`` et ``measured`` : variante → liste de mesures, comme les rend :func:`measure`.
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


def measure_all(seeds) -> dict:
    """Mesure chaque variante sur chaque graine et dit l'avancement."""
    digits, results = data.mnist(), {name: [] for name in VARIANTS}
    for name, options in VARIANTS.items():
        for seed in seeds:
            results[name].append(measure(digits, seed, options))
            print(f"{name}, graine {seed} : test {results[name][-1]['test']:.3f}", flush=True)
    return results


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Mesure les variantes de LeNet-5.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    if parser.parse_args(arguments).verifier:
        found = disagreements(load("lenet_variantes")["results"], measure_all(SEEDS[:1]))
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    report = {
        "seeds": SEEDS, "epochs": EPOCHS, "shifts": SHIFTS, "results": measure_all(SEEDS),
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

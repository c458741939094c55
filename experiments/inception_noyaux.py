"""Mesure en petit ce que valent les idées d'Inception : plusieurs tailles de noyau côte à côte, goulots 1 × 1.

    python -m experiments.inception_noyaux                refait toutes les mesures (une dizaine de minutes)
    python -m experiments.inception_noyaux --verifier     refait la première graine et la compare aux résultats
                                                          enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/inception_noyaux.json``, que dessine le chapitre GoogLeNet. Les images sont celles de
CIFAR-10 réduites à 16 × 16 pixels : 2 800 d'entraînement, 400 de validation, 800 de test. Tous les réseaux ont le même
squelette : une convolution 3 × 3, un pooling, deux étages, un pooling, un étage, une moyenne globale. Un étage est un
module Inception, le module naïf de mêmes branches, ou une seule convolution 1 × 1, 3 × 3 ou 5 × 5 dont le nombre de
cartes est choisi pour que le réseau demande autant de MAC que celui des modules. Même protocole pour tous : 12 époques,
lots de 64, Adam et décroissance en cosinus, quatre graines ; le taux d'apprentissage de chaque réseau est choisi parmi
``RATES`` sur la validation, avec la première graine.
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
from keras import layers

from cours_cnn import anatomy, data
from cours_cnn.architectures import inception_module
from cours_cnn.results import load

NAME = "inception_noyaux"
RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / f"{NAME}.json"
SEEDS, TRIAL_SEEDS = (0, 1, 2), (0,)
EPOCHS, BATCH = 10, 64
RATES = (3e-3, 1e-2)
INTERVAL = 0.06  # écart admis sur l'exactitude de test d'une machine à l'autre : six points, sur 800 images
WIDTHS = {"3a": (8, 12, 16, 4, 8, 8), "3b": (16, 16, 32, 4, 8, 8), "4a": (24, 24, 48, 8, 16, 16)}
SINGLE = {1: (72, 115, 187), 3: (22, 36, 57), 5: (12, 20, 31)}  # cartes des trois étages, à MAC égales
KINDS = {"module Inception": "module", "module naïf": "naïf", "1 × 1 seul": 1, "3 × 3 seul": 3, "5 × 5 seul": 5}


def network(kind: str | int) -> keras.Model:
    """Construit un réseau de poche ; ``kind`` : ``"module"``, ``"naïf"`` ou le côté d'un noyau."""
    image = keras.Input((16, 16, 3), name="In")
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1")(image)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    for rank, name in enumerate(WIDTHS):
        if name == "4a":
            x = layers.MaxPooling2D(2, name="pool3")(x)
        x = stage(x, kind, rank, name)
    x = layers.GlobalAveragePooling2D(name="moyenne_globale")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="Out")(x))


def stage(x, kind: str | int, rank: int, name: str):
    """Applique au tenseur ``x`` l'étage de rang ``rank``."""
    one, _, three, _, five, _ = widths = WIDTHS[name]
    if kind == "module":
        return inception_module(x, widths, name)
    if kind == "naïf":
        branches = [layers.Conv2D(maps, side, padding="same", activation="relu", name=f"{name}_{side}x{side}")(x)
                    for maps, side in ((one, 1), (three, 3), (five, 5))]
        return layers.Concatenate(name=f"{name}_sortie")(
            [*branches, layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)])
    return layers.Conv2D(SINGLE[kind][rank], kind, padding="same", activation="relu", name=name)(x)


def prepared(images) -> dict:
    """Rend les trois parts réduites à 16 × 16, centrées et réduites d'après l'entraînement : part → (x, y)."""
    parts = {name: getattr(images, name) for name in ("train", "validation", "test")}
    small = {name: part.x.reshape(len(part), 16, 2, 16, 2, 3).mean(axis=(2, 4)) for name, part in parts.items()}
    mean, spread = small["train"].mean((0, 1, 2)), small["train"].std((0, 1, 2)) + 1e-3
    return {name: ((x - mean) / spread, parts[name].y) for name, x in small.items()}


def measure(parts: dict, kind: str | int, rate: float, seed: int) -> dict:
    """Entraîne un réseau et rend ses mesures : exactitude sur chaque part, perte d'entraînement, temps de
    processeur de l'entraînement.
    """
    keras.utils.set_random_seed(seed)
    model = network(kind)
    x, y = parts["train"]
    decay = keras.optimizers.schedules.CosineDecay(rate, EPOCHS * -(-len(x) // BATCH))
    model.compile(keras.optimizers.Adam(decay), "sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.process_time()
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    seconds = time.process_time() - start  # temps de processeur : les autres programmes ne le faussent guère
    scores = {name: model.evaluate(*part, batch_size=400, verbose=0) for name, part in parts.items()}
    return {"seed": seed, "rate": rate, "cpu_seconds": round(seconds, 1), "train_loss": round(scores["train"][0], 4),
            **{name: round(score[1], 4) for name, score in scores.items()}}


def best_rate(parts: dict, kind: str | int, trials: list[dict]) -> float:
    """Rend le taux dont l'exactitude de validation moyenne est la plus haute ; ajoute les essais à ``trials``."""
    means = {}
    for rate in RATES:
        runs = [measure(parts, kind, rate, seed) for seed in TRIAL_SEEDS]
        trials += runs
        means[rate] = sum(run["validation"] for run in runs) / len(runs)
    return max(means, key=means.get)


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de test qui s'écarte de plus d'``INTERVAL`` de celle de la même graine.

    ``recorded`` et ``measured`` : réseau → {"runs": mesures}.
    """
    found = []
    for name, entry in measured.items():
        known = {run["seed"]: run["test"] for run in recorded.get(name, {}).get("runs", [])}
        for run in entry["runs"]:
            if run["seed"] not in known:
                found.append(f"{name}, graine {run['seed']} : aucune mesure enregistrée")
            elif abs(run["test"] - known[run["seed"]]) > INTERVAL:
                found.append(f"{name}, graine {run['seed']} : test {run['test']:.3f}, enregistré "
                             f"{known[run['seed']]:.3f}, écart admis {INTERVAL}")
    return found


def measure_all(parts: dict) -> dict:
    """Choisit le taux de chaque réseau, le mesure sur chaque graine, et dit l'avancement."""
    results = {}
    for name, kind in KINDS.items():
        model, trials = network(kind), []
        rate = best_rate(parts, kind, trials)
        kept = {run["seed"]: run for run in trials if run["rate"] == rate}
        runs = [kept.get(seed) or measure(parts, kind, rate, seed) for seed in SEEDS]
        results[name] = {"parameters": anatomy.parameter_count(model), "macs": anatomy.mac_count(model), "rate": rate,
                         "trials": trials, "runs": runs}
        print(f"{name}, taux {rate} : test {[run['test'] for run in runs]}", flush=True)
    return results


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Mesure les idées d'Inception sur de petits réseaux.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    verify, images = parser.parse_args(arguments).verifier, data.cifar10()
    if images.origin == "embarqué":
        print("CIFAR-10 est absent : cette expérience ne se refait pas sur les chiffres qui le remplacent.")
        return 0 if verify else 1
    parts = prepared(images)
    if verify:
        recorded = load(NAME)["results"]
        measured = {name: {"runs": [measure(parts, kind, recorded[name]["rate"], SEEDS[0])]}
                    for name, kind in KINDS.items()}
        found = disagreements(recorded, measured)
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    report = {
        "seeds": SEEDS, "epochs": EPOCHS, "data": images.source, "results": measure_all(parts),
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU",
        "seconds": round(time.process_time()),  # temps de processeur
    }
    aside = RESULT.with_suffix(".json.part")
    aside.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(RESULT)
    print(f"Résultats écrits dans {RESULT.name} ({report['seconds']} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

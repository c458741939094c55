"""Compare les cinq réseaux de poche sous un même protocole, sur des photographies de CIFAR-10.

    python -m experiments.panorama_protocole                refait toutes les mesures (un quart d'heure, deux cœurs)
    python -m experiments.panorama_protocole --verifier     refait la première graine du premier réglage et la compare
                                                            aux résultats enregistrés, sans rien écrire

Écrit ``cours_cnn/measured/panorama_protocole.json``, que dessine le chapitre Panorama. Mêmes données pour tous : les
4 000 premières images de CIFAR-10, 2 800 d'entraînement, 400 de validation, 800 de test, centrées et réduites selon
les statistiques de l'entraînement. Deux réglages : images ramenées à 16 × 16, 10 époques ; images entières, 32 × 32,
4 époques. Même augmentation (reflet, décalage d'un seizième du côté au plus), même optimiseur (Adam, taux décroissant
en cosinus), mêmes lots (64) ; seul le taux initial est propre à chaque réseau : le meilleur des deux essayés, sur la
validation, avec une graine qui ne sert pas ensuite. Le test n'est consulté qu'à la fin.
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

from cours_cnn import anatomy, data
from cours_cnn.architectures.pocket import NAMES, pocket
from cours_cnn.dataset import EMBEDDED
from cours_cnn.results import load

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "panorama_protocole.json"
SETTINGS = {"16 × 16": {"side": 16, "epochs": 10, "seeds": (0, 1, 2)},
            "32 × 32": {"side": 32, "epochs": 4, "seeds": (0, 1)}}
RATES = (0.001, 0.003)
CHOICE_SEED = 100
BATCH = 64
INTERVAL = 0.07  # écart admis sur l'exactitude de test : le hasard de l'entraînement diffère d'une machine à l'autre


def prepared(dataset, side: int) -> dict:
    """Rend entraînement, validation et test comme couples (images, classes) : côté ``side``, centrés et réduits."""
    def shrunk(x):
        return x if side == 32 else x.reshape(len(x), 16, 2, 16, 2, 3).mean(axis=(2, 4))

    parts = {name: getattr(dataset, name) for name in ("train", "validation", "test")}
    images = {name: shrunk(part.x) for name, part in parts.items()}
    mean, deviation = images["train"].mean(axis=(0, 1, 2)), images["train"].std(axis=(0, 1, 2))
    return {name: (((images[name] - mean) / deviation).astype("float32"), parts[name].y) for name in parts}


def augmented(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rend les images, une sur deux reflétée au hasard, chacune décalée d'un seizième de son côté au plus.

    Le bord laissé libre reçoit zéro, la moyenne de ces images centrées.
    """
    side = images.shape[1]
    reach = side // 16
    flipped = np.where(random.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    framed = np.pad(flipped, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    tops, lefts = random.integers(0, 2 * reach + 1, (2, len(images)))
    rows, columns = tops[:, None] + np.arange(side), lefts[:, None] + np.arange(side)
    return framed[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def train(name: str, parts: dict, *, side: int, epochs: int, seed: int, rate: float) -> tuple[keras.Model, float]:
    """Entraîne un réseau de poche et rend (réseau, durée de l'époque la plus courte en secondes)."""
    keras.utils.set_random_seed(seed)
    (images, labels), random = parts["train"], np.random.default_rng(seed)
    steps = epochs * -(-len(images) // BATCH)
    model = pocket(name, (side, side, 3))
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
                  "sparse_categorical_crossentropy")
    durations = []
    for _ in range(epochs):
        seen = augmented(images, random)
        start = time.perf_counter()
        model.fit(seen, labels, batch_size=BATCH, verbose=0)
        durations.append(time.perf_counter() - start)
    return model, min(durations)  # la plus courte : la moins troublée par le reste de la machine


def correct(model, part) -> np.ndarray:
    """Rend, pour chaque image d'une part, si elle est bien classée."""
    return model.predict(part[0], batch_size=400, verbose=0).argmax(axis=1) == part[1]


def measure(name: str, parts: dict, *, side: int, epochs: int, seed: int, rate: float) -> dict:
    """Rend, pour une graine : exactitudes, durée d'une époque, et les images de test bien classées, en hexadécimal."""
    model, seconds = train(name, parts, side=side, epochs=epochs, seed=seed, rate=rate)
    right = {part: correct(model, parts[part]) for part in parts}
    return {"seed": seed, **{part: round(float(values.mean()), 4) for part, values in right.items()},
            "epoch_seconds": round(seconds, 3), "correct": packed(right["test"])}


def packed(right: np.ndarray) -> str:
    """Écrit des booléens en hexadécimal, quatre par chiffre ; :func:`unpacked` les relit."""
    return np.packbits(right).tobytes().hex()


def unpacked(text: str, count: int) -> np.ndarray:
    """Relit ``count`` booléens écrits par :func:`packed`."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8), count=count).astype(bool)


def choose(name: str, parts: dict, side: int, epochs: int) -> dict[str, float]:
    """Rend l'exactitude de validation de chaque taux d'apprentissage essayé."""
    tried = {}
    for rate in RATES:
        model, _ = train(name, parts, side=side, epochs=epochs, seed=CHOICE_SEED, rate=rate)
        tried[str(rate)] = round(float(correct(model, parts["validation"]).mean()), 4)
    return tried


def measure_all(dataset) -> dict:
    """Choisit le taux de chaque réseau, puis le mesure sur chaque graine, pour chaque réglage ; dit l'avancement."""
    results = {}
    for label, setting in SETTINGS.items():
        parts, side, epochs = prepared(dataset, setting["side"]), setting["side"], setting["epochs"]
        results[label] = {}
        for name in NAMES:
            tried = choose(name, parts, side, epochs)
            rate = float(max(tried, key=tried.get))
            model = pocket(name, (side, side, 3))
            runs = [measure(name, parts, side=side, epochs=epochs, seed=seed, rate=rate) for seed in setting["seeds"]]
            results[label][name] = {"parameters": anatomy.parameter_count(model), "macs": anatomy.mac_count(model),
                                    "tried": tried, "rate": rate, "runs": runs}
            print(f"{label}, {name}, taux {rate} : test", *(f"{run['test']:.3f}" for run in runs), flush=True)
    return results


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de test qui s'écarte de celle enregistrée, pour la même graine, de plus
    qu'``INTERVAL``.

    ``recorded`` et ``measured`` : réseau → ``{"runs": [...]}``, pour un même réglage.
    """
    found = []
    for name, entry in measured.items():
        known = {run["seed"]: run["test"] for run in recorded.get(name, {"runs": []})["runs"]}
        for run in entry["runs"]:
            if run["seed"] not in known:
                found.append(f"{name}, graine {run['seed']} : aucune mesure enregistrée")
            elif abs(run["test"] - known[run["seed"]]) > INTERVAL:
                found.append(f"{name}, graine {run['seed']} : test {run['test']:.3f}, enregistré "
                             f"{known[run['seed']]:.3f}, écart admis {INTERVAL}")
    return found


def check(dataset) -> list[str]:
    """Refait la première graine du premier réglage, aux taux enregistrés, et rend ce qui s'en écarte."""
    label, setting = next(iter(SETTINGS.items()))
    recorded, parts = load("panorama_protocole")["results"][label], prepared(dataset, setting["side"])
    measured = {name: {"runs": [measure(name, parts, side=setting["side"], epochs=setting["epochs"],
                                        seed=setting["seeds"][0], rate=recorded[name]["rate"])]} for name in NAMES}
    return disagreements(recorded, measured)


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie une graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Compare les cinq réseaux de poche sous un même protocole.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    options, dataset = parser.parse_args(arguments), data.cifar10()
    if dataset.origin == EMBEDDED:
        print("CIFAR-10 est absent : cette expérience ne vaut que pour ses photographies. Indiquez le dossier qui le "
              "contient par COURS_CNN_DONNEES, ou connectez la machine.")
        return 1
    if options.verifier:
        found = check(dataset)
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start, (main_setting, *_) = time.perf_counter(), SETTINGS.values()
    report = {
        "seeds": main_setting["seeds"], "epochs": main_setting["epochs"], "batch": BATCH,
        "settings": SETTINGS, "data": f"{dataset.name} ({dataset.source})", "test_images": len(dataset.test),
        "results": measure_all(dataset),
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU", "seconds": round(time.perf_counter() - start),
    }
    aside = RESULT.with_suffix(".json.part")
    aside.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(RESULT)
    print(f"Résultats écrits dans {RESULT.name} ({report['seconds']} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Radiographies : ce que rapporte une base ImageNet gelée selon le nombre d'images, et comment on en juge.

    python -m experiments.transfert_radiographies                refait toutes les mesures (une dizaine de minutes)
    python -m experiments.transfert_radiographies --verifier     refait la première graine et la compare aux résultats
                                                                 enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/transfert_radiographies.json``. Extrait de Kermany et al. (2018) en 160 × 160 pixels, base
MobileNetV2 (largeur 0,35). Les 800 images du dossier « train » sont partagées par patient (60, 15 et 25 %) ; les 400
du dossier « test », privées des numéros de patient déjà vus, forment un second test. Trois mesures :

- la courbe : base ImageNet gelée, la même au hasard, petit réseau appris de zéro, de 5 à 200 images par classe ;
- le bilan : tout l'entraînement, deux têtes (moyenne globale, mise à plat), les quatre comptes de chaque test ;
- le déséquilibre : trois pneumonies pour une normale, avec et sans poids de classe.

Le taux de chaque régime est choisi sur la validation, avec une graine qui ne ressert pas.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import keras
import numpy as np
from keras import layers

from cours_cnn import weights
from experiments.transfert_protocole import (
    SIDE,
    Experiment,
    accuracy,
    confusion,
    few,
    fit_steps,
    head,
    imagenet,
    maps_of,
    predicted,
    rate_of,
    run,
    told,
    xrays,
)

SEEDS = (0, 1, 2)
TUNING_SEED, TUNING_COUNT = 100, 50
COUNTS = (5, 15, 50, 200)
STEPS = 300
RATES = (1e-3, 3e-3, 1e-2)
SCRATCH_SIDE = 80                 # côté des images du réseau appris de zéro : la moitié, pour tenir la durée
FEWER_NORMAL, MORE_PNEUMONIA = 70, 210
REGIMES = ("de zéro", "base au hasard, gelée", "base ImageNet gelée")


def parts_of(photos, seed: int) -> dict[str, np.ndarray]:
    """Rend les indices des parts : entraînement, validation et test du dossier « train », puis le second test."""
    inside = np.flatnonzero(photos.partition == "train")
    parts = photos.select(inside).split(validation=0.15, test=0.25, seed=seed)
    place = {path: index for index, path in enumerate(photos.paths)}
    found = {name: np.array([place[path] for path in part.paths])
             for name, part in zip(("train", "validation", "test"), parts, strict=True)}
    seen = set(photos.groups[inside])
    outside = [index for index in np.flatnonzero(photos.partition == "test") if photos.groups[index] not in seen]
    return found | {"other": np.array(outside)}


def scratch(seed: int) -> keras.Sequential:
    """Construit le réseau appris de zéro : trois convolutions et une moyenne globale."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential([
        keras.Input((SCRATCH_SIDE, SCRATCH_SIDE, 3)), layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")])


def random_base(seed: int):
    """Rend la même base, poids tirés au hasard."""
    base = imagenet()
    keras.utils.set_random_seed(seed)
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), alpha=0.35)
    return replace(base, model=model, pretrained=False, origin=weights.RANDOM)


def random_features(x, parts, seed: int) -> np.ndarray:
    """Rend les caractéristiques d'une base au hasard, sa normalisation réglée sur des images d'entraînement."""
    base = random_base(seed)
    weights.calibrate(base.model, base.preprocess(x[parts["train"][:200]].copy()))
    return maps_of(base, x).mean(axis=(1, 2))


def regime_of(name: str, images: dict, seed: int):
    """Rend les entrées d'un régime et son réseau neuf."""
    if name == "de zéro":
        return images["small"], scratch(seed)
    features = images["imagenet" if "ImageNet" in name else "random"]
    return features, head(features.shape[1:], seed)


def learn(images, y, parts, regime: str, count: int, rate: float, seed: int) -> dict:
    """Entraîne un régime sur ``count`` images par classe ; rend ses exactitudes et sa durée."""
    x, model = regime_of(regime, images, seed)
    chosen = parts["train"][few(y[parts["train"]], count, seed)]
    seconds = fit_steps(model, x[chosen], y[chosen], steps=STEPS, rate=rate, seed=seed)
    found = {part: round(accuracy(model, x[parts[part]], y[parts[part]]), 4) for part in ("validation", "test")}
    return {"seed": seed, "count": count, **found, "seconds": round(seconds, 1)}


def curve(images, y, photos, seeds) -> dict:
    """Mesure les trois régimes en fonction du nombre d'images par classe."""
    parts, rates, runs = parts_of(photos, TUNING_SEED), {}, {regime: [] for regime in REGIMES}
    images["random"] = random_features(images["x"], parts, TUNING_SEED)
    for regime in REGIMES:
        tried = [learn(images, y, parts, regime, TUNING_COUNT, rate, TUNING_SEED)["validation"] for rate in RATES]
        rates[regime] = {"validation": tried, "chosen": RATES[int(np.argmax(tried))]}
        told(regime, rates[regime])
    for seed in seeds:
        parts = parts_of(photos, seed)
        images["random"] = random_features(images["x"], parts, seed)
        for regime, kept in runs.items():
            kept += [learn(images, y, parts, regime, count, rates[regime]["chosen"], seed) for count in COUNTS]
            told(seed, regime, [entry["test"] for entry in kept[-len(COUNTS):]])
    return {"counts": COUNTS, "steps": STEPS, "rates_tried": RATES, "rates": rates, "runs": runs}


def judged(features, y, parts, chosen, seed: int, *, rate: float, class_weight=None) -> dict:
    """Entraîne une tête sur les images ``chosen`` ; rend les quatre comptes sur chacun des deux tests."""
    model = head(features.shape[1:], seed)
    fit_steps(model, features[chosen], y[chosen], steps=STEPS, rate=rate, seed=seed, class_weight=class_weight)
    return {"seed": seed, "train": np.bincount(y[chosen], minlength=2).tolist(),
            **{part: confusion(predicted(model, features[parts[part]]), y[parts[part]]) for part in ("test", "other")}}


def balance(images, y, photos, seeds, rate: float) -> dict:
    """Mesure le bilan des deux têtes, puis l'effet du déséquilibre et des poids de classe."""
    found = {"moyenne globale": [], "mise à plat": [], "déséquilibré": [], "déséquilibré, poids de classe": []}
    for seed in seeds:
        parts = parts_of(photos, seed)
        train = parts["train"]
        found["moyenne globale"].append(judged(images["imagenet"], y, parts, train, seed, rate=rate))
        found["mise à plat"].append(judged(images["maps"], y, parts, train, seed, rate=rate / 10))
        random = np.random.default_rng(seed)
        chosen = np.concatenate([random.permutation(train[y[train] == 0])[:FEWER_NORMAL],
                                 random.permutation(train[y[train] == 1])[:MORE_PNEUMONIA]])
        counts = np.bincount(y[chosen])
        for name, weight in (("déséquilibré", None),
                             ("déséquilibré, poids de classe", dict(enumerate(len(chosen) / 2 / counts)))):
            found[name].append(judged(images["imagenet"], y, parts, chosen, seed, rate=rate, class_weight=weight))
        told(seed, {name: {part: round(rate_of(kept[-1][part]), 3) for part in ("test", "other")}
                    for name, kept in found.items()})
    return found


def measure(seeds) -> dict:
    """Lit les images, calcule une fois leurs caractéristiques, puis mesure la courbe et le bilan."""
    photos, base = xrays(), imagenet()
    x, y = photos.to_arrays(SIDE)
    maps = maps_of(base, x)
    images = {"x": x, "maps": maps, "imagenet": maps.mean(axis=(1, 2)),
              "small": x.reshape(len(x), SCRATCH_SIDE, 2, SCRATCH_SIDE, 2, 3).mean(axis=(2, 4))}
    told(base.label, maps.shape)
    parts = parts_of(photos, seeds[0])
    drawn = curve(images, y, photos, seeds)
    return {"base": base.label, "side": SIDE, "sizes": {name: len(index) for name, index in parts.items()},
            "shared_patients": len(set(photos.groups[photos.partition == "train"])
                                   & set(photos.groups[photos.partition == "test"])),
            "curve": drawn, "balance": balance(images, y, photos, seeds,
                                               drawn["rates"]["base ImageNet gelée"]["chosen"])}


def scores(report: dict, seed: int) -> dict:
    """Rend, pour une graine, les exactitudes de la courbe et du bilan."""
    found = {f"{regime}, {entry['count']} par classe": entry["test"]
             for regime, runs in report["curve"]["runs"].items() for entry in runs if entry["seed"] == seed}
    return found | {f"{name}, {part}": rate_of(entry[part]) for name, runs in report["balance"].items()
                    for entry in runs if entry["seed"] == seed for part in ("test", "other")}


EXPERIMENT = Experiment(
    "transfert_radiographies", SEEDS, 1, "extrait de Kermany et al. (2018), 1 200 radiographies en 160 × 160 pixels",
    measure, scores, interval=0.12)

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

"""Radiographies : geler puis affiner, et ce que coûtent un taux trop grand, la BN en mode entraînement, un gel oublié.

    python -m experiments.transfert_affinage                refait toutes les mesures (une dizaine de minutes)
    python -m experiments.transfert_affinage --verifier     refait la première graine et la compare aux résultats
                                                            enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/transfert_affinage.json``. Même extrait, même base et mêmes parts que
``transfert_radiographies`` ; cent images d'entraînement, cinquante par classe. Chaque variante part de la même base
ImageNet ; sauf le gel oublié, elle part aussi de la même tête, déjà apprise sur la base gelée.
"""

from __future__ import annotations

import sys
import time

import keras
import numpy as np
from keras import layers

from experiments.transfert_protocole import (
    SIDE,
    Experiment,
    accuracy,
    draws,
    few,
    fit_steps,
    head,
    imagenet,
    maps_of,
    run,
    told,
    xrays,
)
from experiments.transfert_radiographies import parts_of

SEEDS = (0, 1, 2)
COUNT = 50                       # images par classe : cent en tout
HEAD_STEPS, HEAD_RATE = 300, 3e-3
STEPS, BATCH = 30, 20
RATES = (1e-5, 1e-4, 1e-3)
# Variante → taux, normalisation par lots en mode entraînement, tête reprise de la phase gelée.
VARIANTS = {f"affiné, taux {rate:g}": (rate, False, True) for rate in RATES} | {
    "affiné, BN en mode entraînement": (1e-4, True, True),
    "gel oublié": (3e-3, True, False),
}


def whole(base, trained_head, training: bool, seed: int) -> keras.Model:
    """Construit base et tête en un modèle ; une normalisation par lots gelée reste en mode évaluation.

    L'appel ``base.model(image, training=False)`` n'y suffirait pas : sous Keras 3, ``fit`` l'emporte sur lui.
    """
    image = keras.Input((SIDE, SIDE, 3))
    base.model.trainable = True
    for layer in base.model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = training
    maps = base.model(image)
    output = head(base.model.output_shape[3:], seed)
    if trained_head is not None:
        output.set_weights(trained_head.get_weights())
    return keras.Model(image, output(layers.GlobalAveragePooling2D()(maps)))


def tuned(base, x, y, parts, chosen, variant, trained_head, steps: int, seed: int) -> dict:
    """Entraîne tout le modèle selon ``variant`` ; rend ses exactitudes, sa durée, et rend à la base ses poids."""
    rate, training, reuse = variant
    before = base.model.get_weights()
    model = whole(base, trained_head if reuse else None, training, seed)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", jit_compile=False)
    order = chosen[draws(len(chosen), steps, seed, BATCH)]
    start = time.perf_counter()
    model.fit(x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0)
    found = {"seed": seed, "seconds": round(time.perf_counter() - start, 1),
             **{part: round(accuracy(model, x[parts[part]], y[parts[part]]), 4)
                for part in ("validation", "test")},
             "train": round(accuracy(model, x[chosen], y[chosen]), 4)}
    found["statistics_moved"] = _moved(base, before)
    base.model.set_weights(before)
    base.model.trainable = False
    return found


def frozen(features, y, parts, chosen, seed: int):
    """Apprend la tête sur la base gelée ; rend la tête et ses mesures."""
    model = head(features.shape[1:], seed)
    seconds = fit_steps(model, features[chosen], y[chosen], steps=HEAD_STEPS, rate=HEAD_RATE, seed=seed)
    found = {part: round(accuracy(model, features[parts[part]], y[parts[part]]), 4) for part in ("validation", "test")}
    return model, {"seed": seed, "seconds": round(seconds, 1), **found,
                   "train": round(accuracy(model, features[chosen], y[chosen]), 4)}


def measure(seeds) -> dict:
    """Mesure la base gelée, puis chaque variante, avec chaque graine."""
    photos, base = xrays(), imagenet()
    x, y = photos.to_arrays(SIDE)
    x, features = base.preprocess(x.copy()), maps_of(base, x).mean(axis=(1, 2))
    small = {name: [] for name in ("gelé", *VARIANTS)}
    for seed in seeds:
        parts = parts_of(photos, seed)
        train = parts["train"]
        chosen = train[few(y[train], COUNT, seed)]
        trained_head, found = frozen(features, y, parts, chosen, seed)
        small["gelé"].append(found)
        for name, variant in VARIANTS.items():
            small[name].append(tuned(base, x, y, parts, chosen, variant, trained_head, STEPS, seed))
            told(seed, name, small[name][-1])
    return {"base": base.label, "side": SIDE, "images": 2 * COUNT, "steps": [HEAD_STEPS, STEPS],
            "batch": BATCH, "head_rate": HEAD_RATE,
            "variants": {name: {"rate": rate, "training": training, "reuse": reuse}
                         for name, (rate, training, reuse) in VARIANTS.items()},
            "sizes": {name: len(index) for name, index in parts_of(photos, seeds[0]).items()},
            "hundred": small}


def _moved(base, before) -> bool:
    """Dit si une moyenne ou une variance mobile de la base a bougé."""
    return any("moving" in weight.path and not np.array_equal(np.array(weight), old)
               for weight, old in zip(base.model.weights, before, strict=True))


def scores(report: dict, seed: int) -> dict:
    """Rend, pour une graine, l'exactitude de test de chaque variante ; le gel oublié, instable, n'y est pas."""
    return {name: entry["test"] for name, runs in report["hundred"].items() for entry in runs
            if entry["seed"] == seed and name != "gel oublié"}


EXPERIMENT = Experiment("transfert_affinage", SEEDS, 1,
                        "extrait de Kermany et al. (2018), 1 200 radiographies en 160 × 160 pixels",
                        measure, scores, interval=0.12)

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

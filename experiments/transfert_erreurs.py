"""Radiographies : ce que coûtent les erreurs les plus courantes du transfert, mesuré une par une.

    python -m experiments.transfert_erreurs                refait toutes les mesures (quelques minutes)
    python -m experiments.transfert_erreurs --verifier     refait la première graine et la compare aux résultats
                                                           enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/transfert_erreurs.json``. Même extrait, même base et mêmes parts que
``transfert_radiographies`` ; seule la tête apprend, et une seule chose change à la fois :

- le prétraitement : celui des poids, précédé d'une division par 255, absent ; ou juste à l'entraînement seulement ;
- la validation augmentée : la même tête, jugée sur la validation telle quelle, puis légèrement ou fortement déformée ;
- les patients : même nombre d'images de test, tirées par image ou par patient ;
- les copies : des images déformées ajoutées avant le partage, partagées par copie ou par image d'origine ;
- le raccourci : une marque dans le coin des seules pneumonies de l'entraînement.
"""

from __future__ import annotations

import sys

import numpy as np
from keras import Sequential, layers, utils

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
from experiments.transfert_radiographies import parts_of

SEEDS = (0, 1, 2, 3, 4)
STEPS, RATE = 300, 3e-3
PASSES, COPIES, ORIGINALS = 3, 3, 50
MARK, MARGIN = 20, 6             # côté de la marque et distance au bord, en pixels
DISTORTIONS = {                  # force → rotation (en tours), zoom, décalage, miroir
    "légère": (0.02, 0.1, 0.0, False),
    "forte": (0.08, 0.2, 0.1, True),
}
PREPARATIONS = {                 # ce qui précède la base, pour des pixels de 0 à 255 ; x / 127,5 − 1 est le juste
    "prétraitement des poids": lambda x: x / 127.5 - 1,
    "division par 255, puis prétraitement": lambda x: x / 255 / 127.5 - 1,
    "division par 255 seule": lambda x: x / 255,
    "aucun prétraitement": lambda x: x,
}


def features_of(base, x) -> np.ndarray:
    """Rend les moyennes des cartes que la base calcule pour des images déjà préparées."""
    return np.concatenate([np.asarray(base.model(x[start:start + 40], training=False)).mean(axis=(1, 2))
                           for start in range(0, len(x), 40)])


def learned(features, y, chosen, seed: int):
    """Apprend une tête sur les images ``chosen``."""
    model = head(features.shape[1:], seed)
    fit_steps(model, features[chosen], y[chosen], steps=STEPS, rate=RATE, seed=seed)
    return model


def nearest(features, y, train, test) -> float:
    """Rend l'exactitude du plus proche voisin : la classe de l'image d'entraînement la plus ressemblante."""
    unit = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
    return float(np.mean(y[train][(unit[test] @ unit[train].T).argmax(axis=1)] == y[test]))


def distorted(x, strength: str, seed: int) -> np.ndarray:
    """Rend les images déformées au hasard, selon l'une des ``DISTORTIONS``."""
    turn, zoom, shift, mirror = DISTORTIONS[strength]
    utils.set_random_seed(seed)
    layer = Sequential([layers.RandomRotation(turn, fill_mode="nearest"), layers.RandomZoom(zoom, fill_mode="nearest"),
                        layers.RandomTranslation(shift, shift, fill_mode="nearest"),
                        *([layers.RandomFlip("horizontal")] if mirror else [])])
    return np.concatenate([np.asarray(layer(x[start:start + 100], training=True)) for start in range(0, len(x), 100)])


def marked(x) -> np.ndarray:
    """Rend les images avec une marque blanche en haut à gauche."""
    found = x.copy()
    found[:, MARGIN:MARGIN + MARK, MARGIN:MARGIN + MARK] = 255
    return found


def preparation(prepared, y, parts, seed: int) -> dict:
    """Mesure chaque prétraitement, puis le bon à l'entraînement et le mauvais à l'emploi."""
    found, right, wrong = {}, *list(PREPARATIONS)[:2]
    for name, features in prepared.items():
        model = learned(features, y, parts["train"], seed)
        found[name] = round(accuracy(model, features[parts["test"]], y[parts["test"]]), 4)
        if name == right:
            found["juste à l'entraînement, divisé par 255 à l'emploi"] = round(
                accuracy(model, prepared[wrong][parts["test"]], y[parts["test"]]), 4)
    return found


def validation(base, x, features, y, parts, seed: int) -> dict:
    """Juge la même tête sur la validation telle quelle, puis déformée plusieurs fois."""
    model, rows = learned(features, y, parts["train"], seed), parts["validation"]

    def again(strength: str, turn: int) -> float:
        shown = base.preprocess(distorted(x[rows], strength, 1_000 * seed + turn))
        return round(accuracy(model, features_of(base, shown), y[rows]), 4)

    return {"as_is": round(accuracy(model, features[rows], y[rows]), 4),
            "distorted": {strength: [again(strength, turn) for turn in range(PASSES)] for strength in DISTORTIONS}}


def leak(features, y, groups, inside, parts, seed: int) -> dict:
    """Compare un partage par patient et un partage par image, de mêmes tailles."""
    order = np.random.default_rng(seed).permutation(inside)
    sizes = len(parts["train"]), len(parts["test"])
    splits = {"par patient": (parts["train"], parts["test"]),
              "par image": (order[:sizes[0]], order[sizes[0]:sum(sizes)])}
    found = {}
    for name, (train, test) in splits.items():
        model = learned(features, y, train, seed)
        found[name] = {"shared": int(np.isin(groups[test], groups[train]).sum()), "images": len(test),
                       "head": round(accuracy(model, features[test], y[test]), 4),
                       "nearest": round(nearest(features, y, train, test), 4)}
    return found


def copies(base, x, y, parts, seed: int) -> dict:
    """Ajoute des copies déformées à cent images, puis partage par copie ou par image d'origine."""
    rows = parts["train"][few(y[parts["train"]], ORIGINALS, seed)]
    versions = [x[rows]] + [distorted(x[rows], "légère", 1_000 * seed + 500 + turn) for turn in range(COPIES)]
    features = np.concatenate([features_of(base, base.preprocess(version.copy())) for version in versions])
    labels, origin = np.tile(y[rows], COPIES + 1), np.tile(np.arange(len(rows)), COPIES + 1)
    random, found = np.random.default_rng(seed), {}
    held = {"par copie": random.random(len(labels)) < 0.25,
            "par image d'origine": np.isin(origin, random.permutation(len(rows))[:len(rows) // 4])}
    for name, test in held.items():
        train, test = np.flatnonzero(~test), np.flatnonzero(test)
        model = learned(features, labels, train, seed)
        found[name] = {"head": round(accuracy(model, features[test], labels[test]), 4),
                       "nearest": round(nearest(features, labels, train, test), 4)}
    return found


def shortcut(maps, marked_maps, y, parts, seed: int) -> dict:
    """Apprend sur des pneumonies marquées ; juge avec la même marque, puis sans marque, puis toutes marquées."""
    label = y[:, None, None, None]
    mixed = np.where(label == 1, marked_maps, maps)
    model, rows = learned(mixed.mean(axis=(1, 2)), y, parts["train"], seed), parts["test"]
    honest = learned(maps.mean(axis=(1, 2)), y, parts["train"], seed)
    found = {name: confusion(predicted(model, shown[rows].mean(axis=(1, 2))), y[rows])
             for name, shown in (("same", mixed), ("none", maps), ("all", marked_maps))}
    sick = rows[y[rows] == 1]
    return found | {"corner_heat": {name: round(corner(trained, marked_maps[sick]), 4)
                                    for name, trained in (("marked", model), ("honest", honest))}}


def corner(model, maps) -> float:
    """Rend la part de la carte Grad-CAM qui tombe dans la case du coin, en moyenne sur les images."""
    kernel = model.get_weights()[0]
    heat = np.maximum(maps @ (kernel[:, 1] - kernel[:, 0]), 0)
    return float(np.mean(heat[:, 0, 0] / (heat.sum(axis=(1, 2)) + 1e-12)))


def measure(seeds) -> dict:
    """Calcule une fois les caractéristiques de chaque préparation, puis mesure chaque erreur avec chaque graine."""
    photos, base = xrays(), imagenet()
    x, y = photos.to_arrays(SIDE)
    inside = np.flatnonzero(photos.partition == "train")
    maps, marked_maps = maps_of(base, x), maps_of(base, marked(x))
    features = maps.mean(axis=(1, 2))
    prepared = {name: features_of(base, prepare(x).astype("float32")) for name, prepare in PREPARATIONS.items()}
    gap = float(np.abs(prepared["prétraitement des poids"] - features).max())
    if gap > 1e-3:
        raise ValueError(f"le prétraitement écrit ici n'est pas celui de la base : écart de {gap:.2g}")
    found = {name: [] for name in ("preparation", "validation", "leak", "copies", "shortcut")}
    for seed in seeds:
        parts = parts_of(photos, seed)
        found["preparation"].append(preparation(prepared, y, parts, seed))
        found["validation"].append(validation(base, x, features, y, parts, seed))
        found["leak"].append(leak(features, y, photos.groups, inside, parts, seed))
        found["copies"].append(copies(base, x, y, parts, seed))
        found["shortcut"].append(shortcut(maps, marked_maps, y, parts, seed))
        told(seed, {name: kept[-1] for name, kept in found.items()})
    spread = {name: round(float(values[inside].std(axis=0).mean()), 5) for name, values in prepared.items()}
    patients = np.unique(photos.groups[inside], return_counts=True)[1]
    return {"base": base.label, "side": SIDE, "passes": PASSES, "copies_each": COPIES, "originals": 2 * ORIGINALS,
            "sizes": {name: len(rows) for name, rows in parts_of(photos, seeds[0]).items()},
            "patients": {"images": len(inside), "patients": len(patients), "several": int((patients > 1).sum())},
            "spread": spread, **found}


def scores(report: dict, seed: int) -> dict:
    """Rend, pour une graine, les exactitudes de toutes les mesures."""
    rank = list(report["seeds"]).index(seed) if "seeds" in report else 0
    found = dict(report["preparation"][rank])
    found |= {f"partage {name}": entry["head"] for name, entry in report["leak"][rank].items()}
    found |= {f"copies {name}": entry["head"] for name, entry in report["copies"][rank].items()}
    return found | {"raccourci, même marque": rate_of(report["shortcut"][rank]["same"])}


EXPERIMENT = Experiment("transfert_erreurs", SEEDS, 1,
                        "extrait de Kermany et al. (2018), 1 200 radiographies en 160 × 160 pixels",
                        measure, scores, interval=0.12)

if __name__ == "__main__":
    sys.exit(run(EXPERIMENT))

"""Mesure le mini-projet « Chats et chiens » sur de vraies photographies : petit réseau, transfert, erreurs, intrus.

    python -m experiments.chats_chiens                refait toutes les mesures (une dizaine de minutes)
    python -m experiments.chats_chiens --verifier     refait la première graine du transfert et la compare aux résultats
                                                      enregistrés, sans rien écrire (« make experiments »)

Écrit ``cours_cnn/measured/chats_chiens.json``, que dessine le chapitre : des nombres seulement. Photographies : extrait
d'Oxford-IIIT Pet (1 000 chats et 1 000 chiens), partagé en 70 % d'entraînement, 15 % de validation et 15 % de test,
chaque race en proportion ; le partage change avec la graine. Quatre mesures :

- le petit réseau du chapitre, seul, puis augmenté et freiné (*dropout*) ; le test est lu à la dernière époque et à
  celle dont la perte de validation est la plus basse ;
- une tête sur la base MobileNetV2 gelée, selon le nombre d'étiquettes par classe ; témoin : la même base, poids
  tirés au hasard, et ses sorties centrées et réduites, sans quoi elles sont presque nulles ;
- les erreurs de cette tête, race par race, chaque photographie étant tenue à l'écart une fois (cinq plis) ;
- ce qu'elle répond devant des véhicules de CIFAR-10.
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

from cours_cnn import data, weights
from cours_cnn.fetch import UnavailableError
from cours_cnn.results import load
from experiments.chats_chiens_reseaux import BASE_SIDE, SIDE, fitted_head, likely_dog, network, pooled, standardised

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "chats_chiens.json"
SEEDS = (0, 1, 2)
EPOCHS = 14
FOLDS = 5
LABELS = (10, 30, 100, 300, 700)
KINDS = {"seul": False, "augmenté et freiné": True}
VEHICLES = ("avion", "voiture", "bateau", "camion")
SURE = (0.9, 0.99)
INTERVAL = 0.04  # écart admis sur l'exactitude de test d'une machine à l'autre : quatre points, sur 300 photographies


def rounded(values) -> list[float]:
    """Rend les valeurs à quatre décimales."""
    return [round(float(value), 4) for value in values]


def shares(photos, seed: int) -> list[np.ndarray]:
    """Rend les rangs, dans ``photos``, des images d'entraînement, de validation et de test."""
    rank = {path: index for index, path in enumerate(photos.paths)}
    return [np.array([rank[path] for path in part.paths]) for part in photos.split(seed=seed)]


def measure_network(x, y, parts, seed: int, braked: bool) -> dict:
    """Entraîne le petit réseau et rend ses courbes, puis son exactitude de test à la fin et à la meilleure époque."""
    keras.utils.set_random_seed(seed)
    model = network(braked)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping(patience=EPOCHS, restore_best_weights=True)
    train, validation, test = parts
    last, start = {}, time.perf_counter()

    class Last(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == EPOCHS - 1:
                last["test"] = model.evaluate(x[test], y[test], verbose=0)[1]
                last["train"] = model.evaluate(x[train], y[train], verbose=0)[1]

    history = model.fit(x[train], y[train], batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[Last(), best],
                        validation_data=(x[validation], y[validation])).history
    run = {"seed": seed, "curves": {name: rounded(values) for name, values in history.items()},
           "best_epoch": best.best_epoch + 1,
           "train_last": round(last["train"], 4), "test_last": round(last["test"], 4),
           "test_best": round(model.evaluate(x[test], y[test], verbose=0)[1], 4),
           "seconds": round(time.perf_counter() - start, 1)}
    print(f"petit réseau {'freiné' if braked else 'seul'}, graine {seed} : test {run['test_last']:.3f} à la fin, "
          f"{run['test_best']:.3f} à l'époque {run['best_epoch']}, {run['seconds']:.0f} s", flush=True)
    return run


def measure_head(features, y, parts, seed: int, labels: int) -> float:
    """Entraîne une tête avec ``labels`` exemples par classe et rend son exactitude de test."""
    train, _, test = parts
    chosen = np.concatenate([train[y[train] == label][:labels] for label in (0, 1)])
    answers = likely_dog(fitted_head(features[chosen], y[chosen], seed), features[test])
    return round(float(((answers > 0.5) == y[test]).mean()), 4)


def out_of_fold(features, y, strata, seed: int) -> np.ndarray:
    """Rend la probabilité « chien » de chaque photographie, donnée par une tête qui ne l'a pas vue."""
    codes = np.unique([f"{label}/{stratum}" for label, stratum in zip(y, strata, strict=True)], return_inverse=True)[1]
    sizes = [len(part) for part in np.array_split(np.arange(len(y)), FOLDS)]
    answers = np.zeros(len(y))
    for fold in data.stratified(codes.astype(np.int64), sizes, seed):
        others = np.setdiff1d(np.arange(len(y)), fold)
        answers[fold] = likely_dog(fitted_head(features[others], y[others], seed), features[fold])
    return answers


def by_breed(photos, probabilities: list[np.ndarray]) -> dict:
    """Rend, pour chaque race : son espèce, son nombre de photographies, ses erreurs avec chaque graine."""
    y = photos.labels
    found = {}
    for breed in sorted(set(photos.strata)):
        here = photos.strata == breed
        found[str(breed)] = {"species": photos.classes[y[here][0]], "photos": int(here.sum()),
                             "errors": [int(((p > 0.5) != y)[here].sum()) for p in probabilities]}
    return found


def confident(probabilities) -> dict:
    """Rend le nombre d'images, et la part de celles dont une classe dépasse chaque seuil de ``SURE``."""
    sure = np.maximum(probabilities, 1 - probabilities)
    return {"images": len(sure), "shares": {f"{bar:g}": round(float((sure > bar).mean()), 4) for bar in SURE}}


def vehicles() -> np.ndarray:
    """Rend les véhicules du test de CIFAR-10, agrandis au format de la base, pixels de 0 à 255."""
    cifar = data.cifar10()
    if cifar.origin == "embarqué":
        raise UnavailableError("CIFAR-10 est absent.")
    chosen = np.isin(cifar.test.y, [cifar.classes.index(name) for name in VEHICLES])
    return np.asarray(keras.ops.image.resize(255 * cifar.test.x[chosen], (BASE_SIDE, BASE_SIDE)))


def measure(photos, seeds, only_transfer: bool = False) -> dict:
    """Fait toutes les mesures (``only_transfer`` : celles de la tête, toutes les étiquettes, sans témoin)."""
    y, parts = photos.labels, {seed: shares(photos, seed) for seed in seeds}
    start = time.perf_counter()
    base = weights.backbone("MobileNetV2", BASE_SIDE, pooling="avg")
    if not base.pretrained:
        raise UnavailableError("Les poids ImageNet de MobileNetV2 sont absents.")
    pixels = photos.to_dataset(BASE_SIDE, 64)
    features = pooled(base, pixels)
    extraction = round(time.perf_counter() - start, 1)
    print(f"caractéristiques de {len(photos)} photographies : {extraction:.0f} s", flush=True)
    if only_transfer:
        return {"transfer": {str(LABELS[-1]): [measure_head(features, y, parts[seed], seed, LABELS[-1])
                                               for seed in seeds]}}
    found = {"extraction_seconds": extraction, "transfer": {}, "random_base": {}, "networks": {}}
    for labels in LABELS:
        found["transfer"][str(labels)] = [measure_head(features, y, parts[seed], seed, labels) for seed in seeds]
    print("transfert :", found["transfer"], flush=True)
    probabilities = [out_of_fold(features, y, photos.strata, seed) for seed in seeds]
    found["breeds"] = by_breed(photos, probabilities)
    strangers = pooled(base, [(vehicles(), None)])
    heads = [fitted_head(features[parts[seed][0]], y[parts[seed][0]], seed) for seed in seeds]
    answers = [likely_dog(head, strangers) for head in heads]
    found["sure"] = {"chats et chiens": [confident(p) for p in probabilities],
                     "véhicules": [confident(p) for p in answers]}
    print("réponses sûres :", found["sure"], flush=True)
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        control = keras.applications.MobileNetV2(include_top=False, weights=None, alpha=0.35, pooling="avg",
                                                 input_shape=(BASE_SIDE, BASE_SIDE, 3))
        random_features = standardised(pooled(base, pixels, control), parts[seed][0])
        for labels in LABELS:
            score = measure_head(random_features, y, parts[seed], seed, labels)
            found["random_base"].setdefault(str(labels), []).append(score)
    print("base au hasard :", found["random_base"], flush=True)
    x, _ = photos.to_arrays(SIDE)
    for kind, braked in KINDS.items():
        found["networks"][kind] = [measure_network(x, y, parts[seed], seed, braked) for seed in seeds]
    return found


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par exactitude de transfert qui s'écarte de plus qu'``INTERVAL`` de celle de la même graine."""
    found = []
    for labels, scores in measured["transfer"].items():
        known = recorded["transfer"].get(labels, [])
        for rank, score in enumerate(scores):
            if rank >= len(known):
                found.append(f"{labels} étiquettes, graine {SEEDS[rank]} : aucune mesure enregistrée")
            elif abs(score - known[rank]) > INTERVAL:
                found.append(f"{labels} étiquettes, graine {SEEDS[rank]} : test {score:.3f}, enregistré "
                             f"{known[rank]:.3f}, écart admis {INTERVAL}")
    return found


def photographs():
    """Rend l'extrait d'Oxford-IIIT Pet, ou ``None`` s'il n'est pas là."""
    try:
        return data.cats_and_dogs("oxford")
    except UnavailableError:
        return None


def run(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Expérience longue « chats_chiens ».")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    checking = parser.parse_args(arguments).verifier
    photos = photographs()
    if photos is None:
        print("Les photographies d'Oxford-IIIT Pet sont absentes : rien n'a pu être mesuré.")
        return 0 if checking else 1
    if checking:
        found = disagreements(load("chats_chiens")["results"], measure(photos, SEEDS[:1], only_transfer=True))
        print("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    report = {
        "seeds": list(SEEDS), "epochs": EPOCHS, "labels": list(LABELS), "side": SIDE, "base_side": BASE_SIDE,
        "folds": FOLDS,
        "data": "Oxford-IIIT Pet, extrait : 1 000 chats et 1 000 chiens ; 1 400 photographies d'entraînement, 300 de "
                "validation, 300 de test",
        "results": measure(photos, SEEDS),
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
    sys.exit(run())

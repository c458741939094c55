"""Mesure la dégradation : réseaux ordinaires et résiduels, à plusieurs profondeurs, et leurs gradients.

    python -m experiments.resnet_degradation                refait toutes les mesures (près d'une heure)
    python -m experiments.resnet_degradation --verifier     refait la première graine à 8 et 32 couches et la compare
                                                            aux résultats enregistrés, sans rien écrire

Écrit ``cours_cnn/measured/resnet_degradation.json``, que dessine le chapitre ResNet. Photographies de CIFAR-10
réduites à 16 × 16 (2 800 d'entraînement, 400 de validation ; le test n'est pas regardé), et, en second, les chiffres
embarqués. Seize cartes partout, descente de gradient stochastique (*momentum* 0,9, lots de 128), une époque de montée
du taux, puis décroissance en cosinus. Le taux est choisi pour chaque réseau sur la perte de validation, avec des
graines qui ne resservent pas. La perte d'entraînement est mesurée de deux façons : pendant l'époque, et à sa fin en
mode évaluation.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

import keras

from cours_cnn import anatomy, data
from cours_cnn.results import load
from experiments.resnet_reseaux import SIZE, gradient_norms, halved, identity_deepened, network, train

RESULT = Path(__file__).parents[1] / "cours_cnn" / "measured" / "resnet_degradation.json"
SEEDS = (0, 1, 2, 3, 4)
FEWER_SEEDS = (0, 1)
TUNING_SEEDS = (100,)
DEPTHS = (8, 20, 32, 44)
FAMILIES = {"plain": False, "residual": True}
RATES = (0.03, 0.1)
CONTINUED_RATE = 0.03
EPOCHS, LONG_EPOCHS = 6, 12
SETTINGS = {"batch_norm": {}, "he": {"norm": False}, "glorot": {"norm": False, "initializer": "glorot_uniform"}}
CONTROLS = {  # réseau, réglages du réseau, réglages de l'entraînement : chacun isole une explication
    "clipped_plain-32": ("plain-32", {}, {"clip": 1.0}),
    "no_warmup_plain-32": ("plain-32", {}, {"warmup": False}),
    "no_warmup_residual-32": ("residual-32", {}, {"warmup": False}),
    "zero_scale_residual-32": ("residual-32", {"last_scale": "zeros"}, {}),
}
INTERVAL = 0.25  # écart admis sur la perte d'entraînement d'une machine à l'autre


def names(depths=DEPTHS) -> list[str]:
    """Rend les noms des réseaux comparés, « plain-8 », « residual-8 »…"""
    return [f"{family}-{depth}" for depth in depths for family in FAMILIES]


def parts(name: str) -> tuple[int, bool]:
    """Rend la profondeur d'un réseau et s'il est résiduel, d'après son nom."""
    family, depth = name.split("-")
    return int(depth), FAMILIES[family]


def builder(name: str, **options):
    """Rend la fonction sans argument qui construit le réseau."""
    return lambda: network(*parts(name), **options)


def told(*words) -> None:
    """Dit l'avancement."""
    print(*words, flush=True)


def tuned(images, name: str, seeds, **options) -> dict:
    """Essaie chaque taux ; rend les pertes de validation finales et le taux dont la moyenne est la plus basse."""
    tried = {str(rate): [train(images, builder(name), seed=seed, rate=rate, epochs=EPOCHS, **options)[1]
                         ["validation_loss"][-1] for seed in seeds] for rate in RATES}
    chosen = min(RATES, key=lambda rate: sum(tried[str(rate)]))
    told(name, options or "", "taux", chosen, tried)
    return {"validation_loss": tried, "chosen": chosen}


def curves(images, names_, seeds, rates: dict, epochs: int) -> dict:
    """Entraîne chaque réseau avec chaque graine, au taux choisi pour lui ; rend les courbes."""
    found = {}
    for name in names_:
        found[name] = [train(images, builder(name), seed=seed, rate=rates[name]["chosen"], epochs=epochs)[1]
                       for seed in seeds]
        told(name, epochs, "époques :", [run["train_loss"][-1] for run in found[name]])
    return found


def controls(images, rates: dict) -> dict:
    """Mesure les variantes de ``CONTROLS`` ; l'écrêtage du gradient reçoit son propre choix de taux."""
    found = {}
    for label, (name, structure, options) in CONTROLS.items():
        rate = tuned(images, name, TUNING_SEEDS[:1], **options) if "clip" in options else rates[name]
        runs = [train(images, builder(name, **structure), seed=seed, rate=rate["chosen"], epochs=EPOCHS, **options)[1]
                for seed in FEWER_SEEDS]
        found[label] = {"chosen": rate["chosen"], "runs": runs}
        told(label, [run["train_loss"][-1] for run in runs])
    return found


def constructed(images, rates: dict) -> list[dict]:
    """Construit plain-32 en intercalant des blocs identité dans plain-8 appris, puis poursuit l'apprentissage."""
    found = []
    for seed in FEWER_SEEDS:
        shallow, curve = train(images, builder("plain-8"), seed=seed, rate=rates["plain-8"]["chosen"], epochs=EPOCHS)
        deep = identity_deepened(shallow, 32, images["x"])
        start = deep.evaluate(images["x"], images["y"], batch_size=700, verbose=0)
        run = {"seed": seed, "shallow_loss": curve["train_loss"][-1], "built_loss": start}
        for label, model in (("shallow", shallow), ("built", deep)):
            _, further = train(images, lambda model=model: model, seed=seed, rate=CONTINUED_RATE, epochs=EPOCHS)
            run[f"{label}_continued"] = further["train_loss"]
        found.append(run)
        told("construit", run)
    return found


def sizes() -> dict:
    """Rend le nombre de paramètres et de multiplications de chaque réseau."""
    models = {name: builder(name)() for name in names()}
    return {name: {"parameters": anatomy.parameter_count(model), "macs": anatomy.mac_count(model)}
            for name, model in models.items()}


def gradients(images) -> dict:
    """Mesure, à l'initialisation, signal et gradients par couche : réglage → réseau → une liste par graine."""
    batch = images["x"][:128], images["y"][:128]
    found = {}
    for label, options in SETTINGS.items():
        found[label] = {}
        for name in names():
            measured = []
            for seed in SEEDS:
                keras.utils.set_random_seed(seed)
                measured.append(gradient_norms(network(*parts(name), **options), *batch))
            found[label][name] = {key: [m[key] for m in measured] for key in measured[0]}
        told("gradients", label)
    return found


def reduced(dataset) -> dict:
    """Rend les images 16 × 16 d'entraînement et de validation d'un jeu ; le test reste de côté."""
    return {"x": halved(dataset.train.x), "y": dataset.train.y,
            "vx": halved(dataset.validation.x), "vy": dataset.validation.y}


def digits_as_photos():
    """Rend les chiffres embarqués en 32 × 32 sur trois canaux, comme le repli de ``data.cifar10``."""
    digits = data.mnist()
    widen = [(part, data.pad(part.x, 2).repeat(3, axis=-1)) for part in (digits.train, digits.validation)]
    return {key: value for (part, x), (kx, ky) in zip(widen, (("x", "y"), ("vx", "vy")), strict=True)
            for key, value in ((kx, halved(x)), (ky, part.y))}


FOUR = names((8, 32))
SECTIONS = {  # rubrique du fichier → mesure, d'après les photographies, les chiffres et les rubriques précédentes
    "networks": lambda photos, digits, done: sizes(),
    "rates": lambda photos, digits, done: {name: tuned(photos, name, TUNING_SEEDS) for name in FOUR},
    "runs": lambda photos, digits, done: curves(photos, FOUR, SEEDS, done["rates"], EPOCHS),
    "long_runs": lambda photos, digits, done: curves(photos, FOUR, FEWER_SEEDS, done["rates"], LONG_EPOCHS),
    "digit_rates": lambda photos, digits, done: {name: tuned(digits, name, TUNING_SEEDS) for name in FOUR},
    "digit_runs": lambda photos, digits, done: curves(digits, FOUR, FEWER_SEEDS, done["digit_rates"], EPOCHS),
    "digit_long_runs": lambda photos, digits, done: curves(digits, FOUR, FEWER_SEEDS[:1], done["digit_rates"],
                                                           LONG_EPOCHS),
    "controls": lambda photos, digits, done: controls(photos, done["rates"]),
    "constructed": lambda photos, digits, done: constructed(photos, done["rates"]),
    "gradients": lambda photos, digits, done: gradients(photos),
}


def measure_all(photos: dict, digits: dict) -> dict:
    """Rend toutes les mesures, rubrique par rubrique."""
    done = {}
    for section, measure in SECTIONS.items():
        done[section] = measure(photos, digits, done)
    return done


def disagreements(recorded: dict, measured: dict) -> list[str]:
    """Rend une phrase par perte d'entraînement finale qui s'écarte de celle enregistrée de plus qu'``INTERVAL``.

    ``recorded`` et ``measured`` : réseau → liste de mesures, comme les rend :func:`curves`.
    """
    found = []
    for name, runs in measured.items():
        known = {run["seed"]: run["train_loss"][-1] for run in recorded.get(name, [])}
        for run in runs:
            last = run["train_loss"][-1]
            if run["seed"] not in known:
                found.append(f"{name}, graine {run['seed']} : aucune mesure enregistrée")
            elif abs(last - known[run["seed"]]) > INTERVAL:
                found.append(f"{name}, graine {run['seed']} : perte {last:.3f}, enregistrée "
                             f"{known[run['seed']]:.3f}, écart admis {INTERVAL}")
    return found


def written(report: dict) -> str:
    """Écrit le rapport en JSON, chaque liste de nombres sur une ligne."""
    text = json.dumps(report, ensure_ascii=False, indent=1)
    return re.sub(r"\[[^][{}]*\]", lambda match: "[" + " ".join(match.group()[1:-1].split()) + "]", text) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Mesure tout et l'écrit d'un seul coup, ou vérifie la première graine ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Mesure la dégradation des réseaux ordinaires profonds.")
    parser.add_argument("--verifier", action="store_true",
                        help="comparer la première graine aux résultats enregistrés")
    dataset = data.cifar10()
    if dataset.origin == "embarqué":
        told("Les photographies de CIFAR-10 sont nécessaires ; indiquez leur dossier par COURS_CNN_DONNEES.")
        return 2
    photos = reduced(dataset)
    if parser.parse_args(arguments).verifier:
        known = load("resnet_degradation")
        found = disagreements(known["runs"], curves(photos, names((8, 32)), SEEDS[:1], known["rates"], EPOCHS))
        told("\n".join(found) or "Les résultats enregistrés se retrouvent.")
        return 1 if found else 0
    start = time.perf_counter()
    report = {
        "seeds": SEEDS, "epochs": EPOCHS, "long_epochs": LONG_EPOCHS, "depths": DEPTHS, "data": dataset.name,
        "images": [len(photos["x"]), len(photos["vx"])], "size": SIZE, **measure_all(photos, digits_as_photos()),
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU",
        "seconds": round(time.perf_counter() - start),
    }
    aside = RESULT.with_suffix(".json.part")
    aside.write_text(written(report), encoding="utf-8")
    aside.replace(RESULT)
    told(f"Résultats écrits dans {RESULT.name} ({report['seconds']} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

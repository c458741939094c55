"""Entraîne le LeNet-5 du chapitre et écrit ce que lit la figure « LeNet vivant ».

    python -m experiments.lenet_vivant                entraîne et récrit les deux fichiers (une minute)
    python -m experiments.lenet_vivant --verifier     entraîne de nouveau et compare l'exactitude, sans rien écrire

Même protocole que le chapitre LeNet-5 : 3 500 chiffres, graine 0, décalages d'au plus deux pixels, 12 époques, lots de
32, Adam à 0,002. Écrit ``cours_cnn/explorers/donnees/lenet5.js`` (poids en demi-précision, chiffres d'exemple) et
``cours_cnn/measured/lenet_vivant.json`` (exactitudes, versions, durée, probabilités du jumeau statique).
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
from cours_cnn.explorers.network import DATA, half_precision, network_data
from cours_cnn.results import load

PACKAGE = Path(__file__).parents[1] / "cours_cnn"
RESULT = PACKAGE / "measured" / "lenet_vivant.json"
SEED, EPOCHS, INTERVAL = 0, 12, 0.02
EXAMPLE = 3  # le chiffre que montre le jumeau statique


def train(digits) -> keras.Model:
    """Entraîne le réseau comme le fait le chapitre, et rend LeNet-5 sans la couche de décalage."""
    keras.utils.set_random_seed(SEED)
    model = lenet5()
    trained = keras.Sequential([keras.Input((32, 32, 1)),
                                layers.RandomTranslation(2 / 32, 2 / 32, fill_mode="constant"), model])
    trained.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    trained.fit(data.pad(digits.train.x, 2), digits.train.y, batch_size=32, epochs=EPOCHS, verbose=0)
    return model


def accuracy(model, split) -> float:
    """Rend la proportion d'images bien lues."""
    answers = model.predict(data.pad(split.x, 2), batch_size=500, verbose=0).argmax(axis=1)
    return float((answers == split.y).mean())


def write(path: Path, text: str) -> None:
    """Écrit un fichier à part puis le renomme."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Entraîne, puis écrit tout ou compare ; rend le code de sortie."""
    parser = argparse.ArgumentParser(description="Entraîne le réseau de LeNet vivant.")
    parser.add_argument("--verifier", action="store_true", help="comparer à l'exactitude enregistrée")
    checking = parser.parse_args(arguments).verifier
    start, digits = time.perf_counter(), data.mnist()
    model = train(digits)
    # Les poids publiés sont arrondis : c'est le réseau arrondi que l'on mesure.
    model.set_weights([half_precision(weight) for weight in model.get_weights()])
    scores = {name: accuracy(model, getattr(digits, name)) for name in ("train", "validation", "test")}
    if checking:
        gap = abs(scores["test"] - load("lenet_vivant")["results"]["test"])
        print(f"Test {scores['test']:.3f}, écart {gap:.3f}, admis {INTERVAL}.")
        return int(gap > INTERVAL)
    found = network_data(model, digits)
    write(PACKAGE / "explorers" / "donnees" / DATA, f"window.coursLenet5 = {json.dumps(found)};\n")
    shown = digits.test.x[digits.test.y == EXAMPLE][:1]
    report = {
        "seeds": [SEED], "epochs": EPOCHS, "results": scores,
        "example": {"pixels": np.round(255 * shown[0, :, :, 0]).astype(int).tolist(),
                    "probabilities": model.predict(data.pad(shown, 2), verbose=0)[0].round(4).tolist()},
        "versions": {"python": platform.python_version(), "keras": keras.__version__,
                     "backend": keras.backend.backend()},
        "machine": f"{os.cpu_count()} cœurs, sans GPU", "seconds": round(time.perf_counter() - start),
    }
    write(RESULT, json.dumps(report, ensure_ascii=False) + "\n")
    print(f"Test {scores['test']:.3f}, {len(found['classes']) - 10} chiffres mal lus retenus.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

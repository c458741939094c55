"""Les réseaux de l'expérience « Chats et chiens » : ceux du chapitre, plus la tête posée sur une base gelée."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers

SIDE = 64         # côté des photographies données au petit réseau
BASE_SIDE = 224   # côté de celles données à la base convolutive
STEPS = 600       # corrections de la tête, quel que soit le nombre d'exemples
BATCH = 32


def network(braked: bool) -> keras.Sequential:
    """Construit le petit réseau du chapitre ; ``braked`` ajoute l'augmentation et le *dropout*."""
    augmentation = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)]
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 3)),
        *(augmentation if braked else []),
        layers.Rescaling(1 / 127.5, offset=-1),
        *(layer for maps in (16, 32, 64) for layer in (layers.Conv2D(maps, 3, padding="same", activation="relu"),
                                                       layers.MaxPooling2D(2))),
        layers.Flatten(),
        *([layers.Dropout(0.4)] if braked else []),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ])


def pooled(base, batches, model=None) -> np.ndarray:
    """Rend la sortie de ``base`` (ou de ``model``, après son prétraitement) pour des lots (images, classes)."""
    model = model or base.model
    return np.concatenate([model.predict_on_batch(np.asarray(base.preprocess(np.array(x, "float32"))))
                           for x, _ in batches])


def standardised(features, known) -> np.ndarray:
    """Centre et réduit chaque caractéristique d'après les exemples de rangs ``known`` ; une constante devient nulle."""
    deviation = features[known].std(axis=0)
    return (features - features[known].mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def fitted_head(features, labels, seed: int) -> keras.Sequential:
    """Entraîne une couche à une sortie (un score, positif pour un chien) sur des caractéristiques."""
    keras.utils.set_random_seed(seed)
    head = keras.Sequential([keras.Input(features.shape[1:]), layers.Dropout(0.2), layers.Dense(1)])
    head.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    steps = math.ceil(len(features) / BATCH)
    head.fit(features, labels, batch_size=BATCH, epochs=max(1, STEPS // steps), verbose=0)
    return head


def likely_dog(head, features) -> np.ndarray:
    """Rend la probabilité « chien » que la tête donne à chaque ligne de ``features``."""
    return 1 / (1 + np.exp(-head.predict(features, verbose=0)[:, 0].astype(float)))

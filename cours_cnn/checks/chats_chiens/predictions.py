"""Question 7 : un modèle au choix, jugé sur des dessins qu'il n'a pas vus."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.chats_chiens.sections import BATCHES, NETWORK, OVERFITTING
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError, plain, read_items
from cours_cnn.french import percent

SIDE = 64
_EACH = 30
_LUCK = 0.62   # avec soixante dessins, le hasard n'y arrive qu'une fois sur vingt-cinq
_KEY = 2_026   # ni la graine des dessins d'entraînement, ni celle des dessins de la notation


@functools.cache
def visible_drawings() -> tuple[np.ndarray, np.ndarray]:
    """Rend soixante dessins (entiers de 0 à 255, côté 64) et leurs classes, 0 pour un chat et 1 pour un chien."""
    from cours_cnn.data.drawn_scenes import draw_scene

    labels = np.random.RandomState(_KEY).permutation([0, 1] * _EACH)
    scenes = [draw_scene(("chat", "chien")[label], np.random.RandomState((_KEY, rank)))
              for rank, label in enumerate(labels)]
    return np.stack([np.asarray(scene.resize((SIDE, SIDE)), dtype=np.uint8) for scene in scenes]), labels


def _read(answer, count: int) -> np.ndarray:
    """Rend les réponses lues, 0 ou 1, une par image."""
    array = plain(answer)
    if isinstance(array, np.ndarray) and array.ndim > 1:
        raise ToReviewError(f"`predict` rend {described(array)} pour {count} images.",
                            "Attendu : une suite de 0 et de 1, un par image, à une seule dimension.")
    items = [plain(item) for item in read_items(answer, f"Pour {count} images, `predict` rend", count)]
    words = [item for item in items if isinstance(item, str)]
    if words:
        raise ToReviewError(f"`predict` rend des textes, {described(words[0])} par exemple.",
                            "Attendu : 0 pour un chat, 1 pour un chien.")
    try:
        values = np.array([float(item) for item in items])
    except (TypeError, ValueError):
        raise ToReviewError(f"`predict` rend {described(items[0])} pour une image.",
                            "Attendu : 0 pour un chat, 1 pour un chien.") from None
    if not np.isin(values, (0, 1)).all():
        seen = values[~np.isin(values, (0, 1))][0]
        raise ToReviewError(f"`predict` rend {described(round(float(seen), 3))} pour une image.",
                            "Attendu : une décision, 0 ou 1, et non une probabilité.")
    return values.astype(int)


def _check_predictions(answers: Answers) -> str:
    images, labels = visible_drawings()
    found = _read(answers.call("predict", images), len(images))
    alone = [int(_read(answers.call("predict", images[rank:rank + 1]), 1)[0]) for rank in range(3)]
    few = _read(answers.call("predict", images[:7]), 7)
    if alone != found[:3].tolist() or few.tolist() != found[:7].tolist():
        raise ToReviewError("Une même image ne reçoit pas la même réponse selon celles qui l'accompagnent.",
                            "Deux causes fréquentes : une mise à l'échelle d'après le lot reçu, ou des couches "
                            "d'augmentation laissées actives.", section=BATCHES)
    if len(set(found.tolist())) == 1:
        raise ToReviewError(f"Les {len(found)} images reçoivent toutes la réponse {found[0]}.",
                            "L'échelle des pixels est-elle celle de l'entraînement ? La perte est-elle descendue sous "
                            "celle d'une réponse à une chance sur deux ?", section=NETWORK)
    right = float((found == labels).mean())
    if right < 1 - _LUCK:
        raise ToReviewError(f"Sur {len(found)} dessins nouveaux, {percent(right, 0)} des réponses sont justes : moins "
                            "que le hasard.", "Les deux classes sont-elles échangées ? 0 est un chat, 1 un chien.",
                            section=NETWORK)
    if right < _LUCK:
        raise ToReviewError(f"Sur {len(found)} dessins nouveaux, {percent(right, 0)} des réponses sont justes : c'est "
                            "à peu près ce que donne le hasard.", "Comparez l'entraînement et la validation. S'ils "
                            "sont tous deux au hasard, le réseau n'apprend pas ; si seule la validation l'est, il "
                            "apprend par cœur.", section=OVERFITTING)
    return (f"Sur {len(found)} dessins nouveaux, {percent(right, 0)} des réponses sont justes. La notation emploie "
            "d'autres dessins et des seuils plus élevés : c'est votre validation qui vous dit où vous en êtes.")


PREDICTIONS_QUESTION = Question(
    "Répondre sur des images cachées", 4, _check_predictions, (
        "Tout ce que `predict` emploie doit exister après l'exécution de votre cellule : le modèle entraîné, et ce "
        "qu'il faut pour préparer les images comme à l'entraînement.",
        "Le petit réseau du chapitre, augmenté et freiné, suffit pour la plupart des points. Mettez l'échelle des "
        "pixels dans le modèle : elle servira aussi dans `predict`.",
        "`model.predict(images, verbose=0)[:, 0] > 0.5` rend des décisions ; `astype(int)` en fait des 0 et des 1. "
        "Jugez vos réglages sur `parts.validation`, jamais sur le test."), OVERFITTING)

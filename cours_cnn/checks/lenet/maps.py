"""Question 3 : calculer une convolution partielle avec NumPy, et retrouver Keras."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.lenet.sections import CHANNELS, CORRELATION, COUNTING, PARTIAL, SIZES
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close, read_array


@functools.cache
def _map_probes():
    random = np.random.RandomState(3)
    step = np.arange(16.0).reshape(4, 4, 1)
    corner = np.array([[0.0, 1.0], [2.0, 5.0]]).reshape(2, 2, 1, 1)
    return (
        (step, corner, np.array([0.0]), [(0,)]),
        (random.randint(-3, 4, (5, 6, 2)).astype(float), random.randint(-2, 3, (3, 3, 2, 3)).astype(float),
         np.array([1.0, -2.0, 4.0]), [(0, 1)] * 3),
        (random.normal(size=(7, 7, 4)), random.normal(size=(3, 3, 4, 3)), random.normal(size=3),
         [(0, 1), (3,), (0, 2, 3)]),
    )


def _windows(maps, kernels, biases, table):
    """Rend (fenêtres, noyaux masqués par la table, biais) : de quoi écrire la réponse comme les idées fausses."""
    mask = np.zeros(kernels.shape[2:])
    for target, sources in enumerate(table):
        mask[list(sources), target] = 1
    views = np.lib.stride_tricks.sliding_window_view(maps, kernels.shape[:2], axis=(0, 1))
    return views, kernels * mask, biases


def _sum(views, kernels):
    return np.einsum("hwcij,ijcm->hwm", views, kernels)


def _table_maps(maps, kernels, biases, table):
    """Calcule la réponse avec la convolution de Keras, où les noyaux absents de la table valent zéro."""
    import keras

    _, masked, _ = _windows(maps, kernels, biases, table)
    result = keras.ops.conv(maps[None].astype("float32"), masked.astype("float32"), padding="valid")
    return np.asarray(keras.ops.convert_to_numpy(result)[0], dtype=np.float64) + biases


def _with(transform):
    """Rend la réponse que donne ``transform(fenêtres, noyaux masqués, biais)``."""
    return lambda maps, kernels, biases, table: transform(*_windows(maps, kernels, biases, table))


_MAP_TRAPS = (
    Trap(_with(lambda v, k, b: _sum(v, k[::-1, ::-1]) + b),
         "Le noyau est retourné avant d'être appliqué. Les réseaux n'en font rien : la case en haut à gauche du noyau "
         "multiplie le pixel en haut à gauche de la fenêtre.", CORRELATION),
    Trap(_with(lambda v, k, b: _sum(v, k.transpose(1, 0, 2, 3)) + b),
         "Lignes et colonnes sont échangées, dans le noyau ou dans la fenêtre."),
    Trap(lambda m, k, b, t: _sum(_windows(m, k, b, t)[0], k) + b,
         "La table n'est pas employée : des cartes que la table exclut contribuent au résultat.", PARTIAL),
    Trap(_with(lambda v, k, b: _sum(v, k)), "Les biais ne sont pas ajoutés.", COUNTING),
    Trap(lambda m, k, b, t: _sum(*_windows(m, k, b, t)[:2]) + b * [len(row) for row in t],
         "Le biais est ajouté une fois par carte lue. Il ne l'est qu'une fois par carte de sortie.", COUNTING),
    Trap(lambda m, k, b, t: _sum(*_windows(m, k, b, t)[:2]) / [len(row) for row in t] + b,
         "Les cartes lues sont moyennées. Une convolution les additionne."),
    Trap(lambda m, k, b, t: _sum(*_windows(m, k, b, [row[:1] for row in t])[:2]) + b,
         "Une seule carte lue contribue, la première de chaque ligne de la table : `return` ou une affectation se "
         "trouve-t-il trop tôt dans la boucle ?", CHANNELS),
    Trap(lambda m, k, b, t: _sum(*_windows(m, k, b, [row[-1:] for row in t])[:2]) + b,
         "Une seule carte lue contribue, la dernière de chaque ligne de la table : chaque tour de boucle remplace le "
         "résultat du précédent au lieu de s'y ajouter.", CHANNELS),
    Trap(_with(lambda v, k, b: np.pad((_sum(v, k) + b)[:-1, :-1], ((0, 1), (0, 1), (0, 0)))),
         "La dernière ligne et la dernière colonne restent nulles : la boucle s'arrête une position trop tôt.", SIZES),
    Trap(_with(lambda v, k, b: np.tanh(_sum(v, k) + b)),
         "Une non-linéarité est appliquée. La question demande les cartes avant la non-linéarité."),
)


def _check_maps(answers: Answers) -> str:
    reason = "la question demande d'écrire la somme elle-même, avec NumPy."
    answers.forbid("table_maps", dict.fromkeys(
        ("Conv2D", "conv", "conv2d", "convolve", "convolve2d", "correlate", "correlate2d", "fftconvolve"), reason))
    found, probes = [], _map_probes()
    for maps, kernels, biases, table in probes:
        h, w, k = *maps.shape[:2], kernels.shape[0]
        shape = (h - k + 1, w - k + 1, kernels.shape[3])
        what = f"Pour des cartes de forme `{maps.shape}` et des noyaux de forme `{kernels.shape}`, `table_maps` rend"
        answer = answers.call("table_maps", maps, kernels, biases, table)
        hint = ("Sans remplissage, la fenêtre doit tenir tout entière dans la carte, dont la hauteur et la largeur "
                "peuvent différer.")
        found.append(read_array(answer, what, shape, hint, SIZES))
    expected = [_table_maps(*probe) for probe in probes]
    if all(map(close, found, expected)):
        return ("Le résultat est celui de `Conv2D` dans Keras : exactement quand la table est complète, et avec des "
                "noyaux nuls aux places absentes quand elle est partielle.")
    recognise(found, probes, _MAP_TRAPS, close)
    rank = next(i for i, pair in enumerate(zip(found, expected, strict=True)) if not close(*pair))
    if rank == 0:
        row, column = np.argwhere(~np.isclose(found[0], expected[0], atol=1e-4))[0, :2].tolist()
        window = probes[0][0][row:row + 2, column:column + 2, 0].astype(int).tolist()
        raise ToReviewError(
            "Même avec une seule carte, un seul noyau et un biais nul, le résultat diffère de celui de Keras. Ligne "
            f"{row}, colonne {column}, la fonction trouve {code(f'{found[0][row, column, 0]:g}')}, alors que la "
            f"fenêtre est `{window}` et le noyau `[[0, 1], [2, 5]]`.",
            "Faites ce calcul à la main : quatre produits, une somme.")
    raise ToReviewError(
        f"Avec {probes[rank][0].shape[2]} cartes d'entrée et la table `{probes[rank][3]}`, la forme est bonne mais pas "
        "les valeurs ; avec une seule carte et un seul noyau, tout est juste.",
        "Regardez comment les cartes lues se combinent, puis comment le biais s'ajoute.", section=CHANNELS)


MAPS_QUESTION = Question(
    "Calculer C3 avec NumPy", 3, _check_maps, (
        "Commencez par une seule carte d'entrée et un seul noyau, avec deux boucles sur les positions. Le cas général "
        "ajoute une boucle sur les cartes de sortie et une sur les cartes lues.",
        "Pour chaque position (i, j), la fenêtre de la carte c est `maps[i:i + k, j:j + k, c]`. Elle se multiplie, "
        "case par case, avec le noyau `kernels[:, :, c, m]`.",
        "Préparez `result = np.zeros((h - k + 1, w - k + 1, len(table)))`. Pour chaque carte m, `table[m]` donne les "
        "cartes à lire : additionnez leurs sommes de produits, puis ajoutez `biases[m]` une seule fois."), CHANNELS)

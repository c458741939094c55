"""Question 3 : écrire le dropout, dans la convention de 2012 et dans celle de Keras."""

from __future__ import annotations

import functools

import numpy as np

from cours_cnn.checks.alexnet.sections import DROPOUT
from cours_cnn.checks.base import Answers, Question, Trap, recognise
from cours_cnn.checks.message import code
from cours_cnn.checks.reading import ToReviewError, close, read_array


@functools.cache
def _probes():
    random = np.random.RandomState(3)
    return tuple((random.normal(2, 1, (4, 6)), rate, random.uniform(size=(4, 6)), training)
                 for rate in (0.5, 0.2, 0.75) for training in (True, False))


def _keras(x, rate, draws, training, *, factor=None, keep=None, always=False):
    keep = keep or (lambda u, r: u >= r)
    factor = factor or (lambda r: 1 / (1 - r))
    return x * keep(draws, rate) * factor(rate) if training or always else x.copy()


def _paper(x, rate, draws, training, *, keep=None):
    keep = keep or (lambda u, r: u >= r)
    return x * keep(draws, rate) if training else x * (1 - rate)


def _low(u, r):
    return u < r


_KERAS_TRAPS = (
    Trap(lambda x, r, u, t: _keras(x, r, u, t, factor=lambda r: 1), "Les unités gardées ne sont pas multipliées : la "
         "somme que reçoit la couche suivante est plus petite à l'entraînement qu'au test."),
    Trap(lambda x, r, u, t: _keras(x, r, u, t, factor=lambda r: 1 - r), "Les unités gardées sont multipliées par "
         "`1 - rate` : il faut au contraire compenser celles qui manquent, donc les agrandir."),
    Trap(lambda x, r, u, t: _keras(x, r, u, t, factor=lambda r: 1 / r), "Les unités gardées sont divisées par `rate`. "
         "À un taux de 0,5, cela ne se voit pas ; à un taux de 0,2, il en reste quatre sur cinq : par combien faut-il "
         "diviser ?"),
    Trap(lambda x, r, u, t: _keras(x, r, u, t, factor=lambda r: 2), "Les unités gardées sont toujours doublées : c'est "
         "juste pour un taux de 0,5 seulement."),
    Trap(lambda x, r, u, t: _keras(x, r, u, t, keep=_low), "Les unités éteintes et les unités gardées sont échangées : "
         "`rate` est la part que l'on éteint."),
    Trap(lambda x, r, u, t: _keras(x, r, u, t, always=True), "Des unités sont éteintes même hors de l'entraînement. Au "
         "test, toutes répondent : la même image doit recevoir la même réponse."),
    Trap(_paper, "C'est la convention de 2012 : au test, les sorties sont réduites. Keras laisse le test intact et "
         "corrige à l'entraînement."),
    Trap(lambda x, r, u, t: _keras(x, r, u, not t), "L'entraînement et le test sont échangés."),
)
_PAPER_TRAPS = (
    Trap(_keras, "`dropout_2012` suit la convention de Keras : elle corrige à l'entraînement. En 2012, on n'y touche "
         "pas, et c'est au test que l'on réduit."),
    Trap(lambda x, r, u, t: x * (u >= r) if t else x.copy(), "`dropout_2012` ne corrige rien au test. Deux fois plus "
         "d'unités y répondent qu'à l'entraînement, pour un taux de 0,5 : la couche suivante recevrait une somme deux "
         "fois trop grande."),
    Trap(lambda x, r, u, t: x * (u >= r) if t else x * r, "`dropout_2012` multiplie par `rate` au test. À un taux de "
         "0,5, cela ne se voit pas ; à un taux de 0,2, quelle part des unités répondait à l'entraînement ?"),
    Trap(lambda x, r, u, t: x * (u >= r) if t else x / 2, "`dropout_2012` divise toujours par deux au test : c'est "
         "juste pour un taux de 0,5 seulement."),
    Trap(lambda x, r, u, t: _paper(x, r, u, t, keep=_low), "Dans `dropout_2012`, les unités éteintes et les unités "
         "gardées sont échangées."),
    Trap(lambda x, r, u, t: x * (u >= r) * (1 - r) if t else x * (1 - r), "`dropout_2012` réduit aussi les sorties à "
         "l'entraînement. Elle ne doit le faire qu'au test."),
)


def _check_dropout(answers: Answers) -> str:
    reason = "c'est ce calcul que la question demande d'écrire, avec les tirages `draws`."
    for name, reference, traps in (("dropout_keras", _keras, _KERAS_TRAPS), ("dropout_2012", _paper, _PAPER_TRAPS)):
        answers.forbid(name, dict.fromkeys(("Dropout", "dropout"), reason))
        found = []
        for probe in _probes():
            what = f"Avec `rate={probe[1]}` et `training={probe[3]}`, `{name}` rend"
            found.append(read_array(answers.call(name, *probe), what, probe[0].shape))
        expected = [reference(*probe) for probe in _probes()]
        if all(map(close, found, expected)):
            continue
        recognise(found, _probes(), traps, close)
        probe, answer, good = next(triple for triple in zip(_probes(), found, expected, strict=True)
                                   if not close(*triple[1:]))
        row, column = np.argwhere(~np.isclose(answer, good, atol=1e-4))[0]
        value, drawn, got = (code(f"{array[row, column]:.3g}") for array in (probe[0], probe[2], answer))
        raise ToReviewError(
            f"Avec `rate={probe[1]}` et `training={probe[3]}`, `{name}` change une unité de valeur {value}, dont le "
            f"tirage est {drawn}, en {got}.",
            "L'unité doit-elle être gardée, d'après son tirage ? Si oui, par quoi sa valeur est-elle multipliée ?")
    return ("Les deux conventions sont justes, et chacune transmet en moyenne la même somme à l'entraînement et au "
            "test : l'une corrige à l'entraînement, l'autre au test.")


DROPOUT_QUESTION = Question(
    "Écrire le dropout", 3, _check_dropout, (
        "À l'entraînement, un tirage par unité décide si elle est gardée. Reste à savoir qui corrige l'échelle, et "
        "quand.",
        "Avec un taux r, une part 1 − r des unités reste. Pour que la somme garde la même moyenne, il faut agrandir "
        "celles qui restent, ou bien réduire toutes les sorties quand aucune n'est éteinte.",
        "`draws >= rate` est un tableau de vrais et de faux qui se multiplie comme des 1 et des 0. Keras : à "
        "l'entraînement, multipliez par ce masque et divisez par `1 - rate` ; au test, ne changez rien. 2012 : à "
        "l'entraînement, le masque seul ; au test, multipliez par `1 - rate`."), DROPOUT)

"""Question 5 : réparer un AlexNet étroit, à deux tours, qui ne signale aucune de ses fautes."""

from __future__ import annotations

from cours_cnn.checks.alexnet.sections import ARCHITECTURE, DROPOUT, INPUT, POOLING, TOWERS
from cours_cnn.checks.base import Answers, Question
from cours_cnn.checks.message import code
from cours_cnn.checks.networks import BUILD_ERRORS, by, compare_layers, compare_outputs, read_model, steps
from cours_cnn.checks.reading import ToReviewError


def reference():
    """Rend l'AlexNet de 2012, à deux tours, huit fois plus étroit et à dix classes."""
    from cours_cnn.architectures import alexnet

    return alexnet(2, classes=10, width=1 / 8)


def _check_repaired(answers: Answers) -> str:
    model, wanted = read_model(answers, "repaired"), reference()
    _check_input(model)
    _check_pooling(model, wanted)
    _check_groups(model, wanted)
    _check_dropout(model)
    compare_layers(model, wanted, ARCHITECTURE)
    compare_outputs(model, wanted, ARCHITECTURE)
    return ("Le réseau réparé est celui de 2012, en plus étroit : mêmes tailles, mêmes groupes, mêmes sorties avec les "
            "mêmes poids. Aucune de ses fautes n'avait arrêté Keras.")


def _check_input(model) -> None:
    shape = tuple(model.inputs[0].shape[1:])
    if shape == (224, 224, 3):
        raise ToReviewError("L'entrée mesure 224 × 224 pixels : C1, sans remplissage, rend alors des cartes 54 × 54, "
                            "et tout ce qui suit rapetisse.", "Quelle entrée donne des cartes 55 × 55 ?", section=INPUT)


def _check_pooling(model, wanted) -> None:
    for mine, good in zip(steps(model), steps(wanted), strict=False):
        if mine.kind == good.kind == "pooling" and mine.layer.strides != good.layer.strides:
            raise ToReviewError(f"Couche {code(good.layer.name)} : la fenêtre avance de {by(mine.layer.strides)}. Dans "
                                "Keras, un pooling sans `strides` avance d'autant que sa fenêtre.",
                                "AlexNet fait se chevaucher des fenêtres de 3 : de combien avancent-elles ?",
                                section=POOLING)


def _check_groups(model, wanted) -> None:
    for mine, good in zip(steps(model), steps(wanted), strict=False):
        if mine.kind == good.kind == "convolution" and mine.layer.groups != good.layer.groups:
            advice = ("cette couche lit les cartes des deux tours" if good.layer.groups == 1 else
                      "chaque moitié de cette couche ne lit que les cartes de sa tour")
            raise ToReviewError(f"Couche {code(good.layer.name)} : nombre de groupes {mine.layer.groups}.",
                                f"En 2012, {advice}.", section=TOWERS)


def _check_dropout(model) -> None:
    kinds = [one.kind for one in steps(model)]
    if kinds and kinds[-1] == "dropout":
        raise ToReviewError("Un dropout suit la sortie : à l'entraînement, il éteindrait des classes au hasard, et la "
                            "vraie parmi elles une fois sur deux.", "Sur quelles couches l'article le place-t-il ?",
                            section=DROPOUT)
    # Même quand les réseaux se valent au test, leurs unités doivent s'éteindre à l'entraînement.
    if "dropout" not in kinds:
        raise ToReviewError("Aucun dropout ne reste dans le réseau.", "L'article en place un après chacune des deux "
                            "premières couches entièrement connectées.", section=DROPOUT)


REPAIR_QUESTION = Question(
    "Réparer un AlexNet", 4, _check_repaired, (
        "Placez le réseau à côté du tableau du chapitre et comparez-les ligne par ligne, tailles comprises : "
        "`model.summary()` les affiche. Aucune faute ne se signale par une erreur.",
        "Vérifiez dans l'ordre : l'entrée, le pas de chaque pooling, les groupes de chaque convolution, le remplissage "
        "des dernières convolutions, la place de chaque dropout, l'activation de sortie.",
        "Les tailles doivent être 55, 27, 27, 13, 13, 13, 13, 6. Un pooling sans `strides` avance d'autant que sa "
        "fenêtre. C3, C6 et C7 ne lisent que leur tour, C5 lit les deux. Un dropout suit F9, un autre F10. La sortie "
        "donne des probabilités."), ARCHITECTURE, BUILD_ERRORS)

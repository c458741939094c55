"""Courbes, barres et matrice de confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib
from cours_cnn.french import decimal, integer, number, percent
from cours_cnn.validation import refuse

_LABELS = {"loss": "Perte", "accuracy": "Exactitude"}
_ERROR = "#a63603"  # rouge sombre : lisible sur les bleus pâles des erreurs
_FLAT_NAME = 4  # lettres d'un nom de classe qui tient à plat sous sa case


def lines(x: Sequence[float], series: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str, title: str = "",
          alt: str = "", log_y: bool = False) -> Picture:
    """Trace une courbe par entrée de ``series`` (nom → valeurs, une par élément de ``x``).

    ``alt`` vide : le texte de remplacement donne la première et la dernière valeur de chaque courbe.
    Lève ``ValueError`` si une courbe n'a pas autant de valeurs que ``x``.
    """
    if not series:
        refuse("series", series, "un dictionnaire non vide nom → valeurs")
    figure, axes = style.new_figure()
    for index, (name, values) in enumerate(series.items()):
        if len(values) != len(x):
            refuse(name, values, f"une courbe de {len(x)} valeurs")
        axes[0, 0].plot(x, values, marker="o", markersize=4, color=style.PALETTE[index % 6], label=name)
    if log_y:
        axes[0, 0].set_yscale("log")
    if all(isinstance(value, int | np.integer) for value in x):
        axes[0, 0].xaxis.get_major_locator().set_params(integer=True)
    style.dress(axes[0, 0], title=title, xlabel=xlabel, ylabel=ylabel)
    if len(series) > 1:
        axes[0, 0].legend(frameon=False)
    ends = " ; ".join(f"{name} : de {number(float(v[0]))} à {number(float(v[-1]))}" for name, v in series.items())
    return from_matplotlib(figure, alt or f"{title or ylabel} en fonction de « {xlabel} ». {ends}.")


def learning_curves(history, *, title: str = "Courbes d'apprentissage") -> Picture:
    """Trace perte et exactitude par époque, à l'entraînement (trait plein) et à la validation (tirets).

    ``history`` : l'objet rendu par ``model.fit``, ou son dictionnaire ``history``.
    Lève ``ValueError`` s'il ne contient pas de perte.
    """
    record = getattr(history, "history", history)
    if not isinstance(record, Mapping) or "loss" not in record:
        refuse("history", record, "l'objet rendu par model.fit, ou son dictionnaire history")
    metrics = [name for name in ("loss", "accuracy") if name in record]
    figure, axes = style.new_figure(len(metrics), width=3.9 * len(metrics) + 0.4)
    told = []
    for panel, metric in zip(axes[0], metrics, strict=True):
        epochs = range(1, len(record[metric]) + 1)
        panel.plot(epochs, record[metric], color=style.BLUE, label="entraînement")
        told.append(f"{_LABELS[metric].lower()} d'entraînement de {decimal(record[metric][0])} à "
                    f"{decimal(record[metric][-1])}")
        if "val_" + metric in record:
            panel.plot(epochs, record["val_" + metric], color=style.RED, linestyle="--", label="validation")
            told.append(f"de validation de {decimal(record['val_' + metric][0])} à "
                        f"{decimal(record['val_' + metric][-1])}")
        style.dress(panel, title=_LABELS[metric], xlabel="Époque")
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.legend(frameon=False)
    return from_matplotlib(figure, f"{title} sur {len(record['loss'])} époques : {', '.join(told)}.")


def bars(labels: Sequence[str], values: Sequence[float], *, xlabel: str = "", ylabel: str = "", title: str = "",
         alt: str = "", digits: int = 0, unit: str = "", highlight: Sequence[int] = (),
         texts: Sequence[str] | None = None) -> Picture:
    """Trace une barre par valeur, chacune écrite au-dessus ; ``highlight`` met en couleur les barres de ces rangs.

    ``texts`` remplace l'écriture des valeurs (une source n'a pas toujours le même nombre de décimales) ; ``alt``
    vide : le texte de remplacement énumère les valeurs. Lève ``ValueError`` si les longueurs diffèrent.
    """
    if len(labels) != len(values) or not labels:
        refuse("values", values, f"une suite de {len(labels)} valeurs, une par barre")
    if texts is not None and len(texts) != len(values):
        refuse("texts", texts, f"une suite de {len(values)} textes, un par barre")
    figure, axes = style.new_figure()
    colors = [style.RED if index in set(highlight) else style.BLUE for index in range(len(values))]
    drawn = axes[0, 0].bar(range(len(values)), values, color=colors, width=0.7)
    style.dress(axes[0, 0], title=title, xlabel=xlabel, ylabel=ylabel)
    axes[0, 0].set_xticks(range(len(labels)), labels)
    written = texts or [decimal(value, digits) if digits else integer(round(value)) for value in values]
    axes[0, 0].bar_label(drawn, written, padding=2, fontsize=9)
    axes[0, 0].margins(y=0.12)  # l'étiquette de la plus haute barre ne touche pas le titre
    told = ", ".join(f"{str(label).replace(chr(10), ' ')} : {text}{unit}"
                     for label, text in zip(labels, written, strict=True))
    return from_matplotlib(figure, alt or f"{title or ylabel}. {told}.")


def confusion_matrix(y_true, y_pred, classes: Sequence[str], *, title: str = "Matrice de confusion") -> Picture:
    """Dessine la matrice de confusion : une ligne par classe vraie, une colonne par classe prédite.

    ``y_true``, ``y_pred`` : indices de classe (n,) ; ``classes`` : noms. Lève ``ValueError`` si les longueurs
    diffèrent ou si un indice ne désigne aucune classe.
    """
    counts = confusion_counts(y_true, y_pred, len(classes))
    names = 0.07 * max(0, max(map(len, classes)) - _FLAT_NAME)  # la place que prennent les noms, en pouces
    size = 1.6 + 0.42 * len(classes)
    figure, axes = style.new_figure(width=size + names, height=size + 0.7 * names)
    panel = axes[0, 0]
    off_diagonal = counts * (1 - np.eye(len(classes), dtype=int))
    panel.imshow(np.sqrt(counts), cmap="Blues", vmin=0)
    for row, column in np.argwhere(counts > 0):
        shade = np.sqrt(counts[row, column] / counts.max())
        color = "white" if shade > 0.65 else _ERROR if row != column and shade < 0.4 else "black"
        panel.text(column, row, counts[row, column], ha="center", va="center", fontsize=9, color=color)
    # Une case mesure 0,42 pouce : au-delà de quelques lettres, des noms écrits à plat se chevaucheraient.
    slanted = max(map(len, classes)) > _FLAT_NAME
    panel.set_xticks(range(len(classes)), classes, rotation=45 if slanted else 0, ha="right" if slanted else "center",
                     rotation_mode="anchor" if slanted else "default")
    panel.set_yticks(range(len(classes)), classes)
    panel.set_title(title, loc="left", fontsize=11)
    panel.set_xlabel("Classe prédite")
    panel.set_ylabel("Classe vraie")
    right = np.trace(counts) / max(counts.sum(), 1)
    told = f"{title} sur {integer(counts.sum())} exemples : {percent(right)} sur la diagonale"
    if off_diagonal.any():
        row, column = np.unravel_index(off_diagonal.argmax(), off_diagonal.shape)
        told += (f" ; la confusion la plus fréquente prend {classes[row]} pour {classes[column]} "
                 f"({integer(off_diagonal.max())} fois)")
    # En pixels : cent nombres et vingt noms pèseraient le double en tracés.
    return from_matplotlib(figure, told + ".", kind="png")


def confusion_counts(y_true, y_pred, classes: int) -> np.ndarray:
    """Compte, pour chaque couple (classe vraie, classe prédite), le nombre d'exemples ; tableau (classes, classes)."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape:
        refuse("y_pred", y_pred, f"un tableau d'indices de forme {y_true.shape}, comme y_true",
               hint="Pour des probabilités, prenez d'abord argmax(axis=1).")
    for name, values in (("y_true", y_true), ("y_pred", y_pred)):
        if values.dtype.kind not in "iu" or (values.size and not 0 <= values.min() <= values.max() < classes):
            refuse(name, values, f"un tableau d'entiers compris entre 0 et {classes - 1}")
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts

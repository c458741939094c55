"""Où vont les paramètres, le calcul et la mémoire : les parts de plusieurs totaux, côte à côte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib
from cours_cnn.french import percent
from cours_cnn.validation import refuse


def shares(labels: Sequence[str], totals: Mapping[str, Sequence[float]], *, title: str = "", alt: str = "") -> Picture:
    """Trace, pour chaque quantité, la part de chaque élément dans le total, en barres horizontales.

    ``labels`` : éléments, de haut en bas (couches, blocs) ; ``totals`` : quantité → une valeur positive par élément ;
    chaque quantité occupe un panneau, et ses parts ont 100 % pour somme. ``alt`` vide : le texte de remplacement
    énumère les parts. Lève ``ValueError`` si une longueur diffère, si une valeur est négative ou une somme nulle.
    """
    if not labels or not totals:
        refuse("totals", totals, "un dictionnaire non vide quantité → valeurs, une par élément")
    for name, values in totals.items():
        if len(values) != len(labels):
            refuse(name, values, f"une suite de {len(labels)} valeurs, une par élément")
        if min(values) < 0 or not sum(values) > 0:
            refuse(name, values, "des valeurs positives ou nulles, de somme non nulle")
    longest = max(max(values) / sum(values) for values in totals.values())
    figure, axes = style.new_figure(len(totals), width=2.1 + 2.1 * len(totals), height=0.9 + 0.34 * len(labels))
    told = []
    for index, (name, values) in enumerate(totals.items()):
        panel, parts = axes[0, index], [value / sum(values) for value in values]
        bars = panel.barh(range(len(labels)), parts, color=style.PALETTE[index % 6], height=0.7)
        panel.bar_label(bars, [percent(part) for part in parts], padding=3, fontsize=9)
        panel.set_xlim(0, 1.4 * longest)  # même échelle partout : les barres se comparent d'un panneau à l'autre
        panel.invert_yaxis()
        style.dress(panel, title=name, grid="")
        panel.set_xticks([])
        panel.spines["bottom"].set_visible(False)
        panel.set_yticks(range(len(labels)), labels if index == 0 else [""] * len(labels))
        panel.tick_params(axis="y", length=0)
        told.append(f"{name} : " + ", ".join(f"{label} {percent(part)}"
                                             for label, part in zip(labels, parts, strict=True)))
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return from_matplotlib(figure, alt or f"{title or 'Parts du total'}. " + " ; ".join(told) + ".")

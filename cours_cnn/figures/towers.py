"""Les deux tours d'AlexNet : quelle carte est calculée par quel processeur, et quelles couches lisent l'autre tour."""

from __future__ import annotations

import keras

from cours_cnn.anatomy import rows
from cours_cnn.figures.canvas import GREY, ORANGE, Canvas, family, text_width
from cours_cnn.figures.picture import Picture
from cours_cnn.french import integer
from cours_cnn.validation import refuse

_WIDE, _HIGH, _GAP, _LEFT, _TOP, _LANE = 58, 44, 14, 54, 44, 100
_READS_BOTH = (keras.layers.Conv2D, keras.layers.Dense)


def towers(model, *, alt: str = "") -> Picture:
    """Dessine un réseau séquentiel réparti en deux tours, d'après le nombre de groupes de ses convolutions.

    Chaque couche à poids est coupée en deux moitiés, une par tour ; l'entrée et la sortie sont communes. Un trait
    gris : la moitié ne lit que sa tour (convolution à deux groupes), ou l'image ; orange : elle lit les deux tours. Les
    couches sans poids (*pooling*, *dropout*) restent dans leur tour et ne sont pas dessinées.
    Lève ``ValueError`` si aucune convolution n'a deux groupes, ou si une couche ne se partage pas en deux.
    """
    groups = {layer.name: getattr(layer, "groups", 1) for layer in getattr(model, "layers", [])}
    if not set(groups.values()) <= {1, 2} or 2 not in groups.values():
        refuse("model", getattr(model, "name", model), "un réseau dont au moins une convolution a deux groupes",
               hint="Par exemple alexnet(towers=2).")
    weighted = [layer.name for layer in model.layers if isinstance(layer, _READS_BOTH)]
    shown = [row for row in rows(model) if row.name == "In" or row.name in weighted]
    if any(_count(row) % 2 for row in shown[1:-1]):
        refuse("model", model.name, "un réseau dont chaque couche compte un nombre pair de cartes ou d'unités")
    canvas, told = Canvas(), []
    for index, row in enumerate(shown):
        x = _LEFT + index * (_WIDE + _GAP)
        lanes = _lanes(index, len(shown))
        if index:
            alone = groups[row.name] == 2
            _wires(canvas, x, _lanes(index - 1, len(shown)), lanes, alone)
            told.append(f"{row.name} {_reading(index, alone)}")
        with canvas.group("couche", f"{row.name} : {row.kind.lower()}"):
            _column(canvas, row, x, lanes)
    width = _LEFT + len(shown) * (_WIDE + _GAP) - _GAP + 12
    for rank in (0, 1):
        canvas.text(_LEFT - 12, _TOP + rank * _LANE + _HIGH / 2 + 4, f"tour {rank + 1}", 12, anchor="end", faded=True)
    bottom = _TOP + _LANE + _HIGH + 44
    x = 12.0
    for color, words in ((GREY, "lit l'image, ou sa tour seulement"), (ORANGE, "lit les deux tours")):
        canvas.parts.append(f'<path d="M{x:.0f} {bottom - 4}h26" stroke="{color}" stroke-width="2.2"/>')
        canvas.text(x + 34, bottom, words, 12, anchor="start")
        x += 64 + text_width(words, 12)
    told = f"{model.name} en deux tours : " + " ; ".join(told) + "."
    return canvas.picture(width, bottom + 12, model.name, alt or told)


def _lanes(index: int, count: int) -> list[float]:
    """Rend l'ordonnée de chaque boîte d'une colonne : une seule, au milieu, pour l'entrée et pour la sortie."""
    return [_TOP + _LANE / 2] if index in (0, count - 1) else [_TOP, _TOP + _LANE]


def _count(row) -> int:
    return row.maps or row.size


def _reading(index: int, alone: bool) -> str:
    if index == 1:
        return "lit l'image"
    return "ne lit que sa tour" if alone else "lit les deux tours"


def _wires(canvas: Canvas, x: float, before: list[float], after: list[float], alone: bool) -> None:
    for source_rank, source in enumerate(before):
        for rank, target in enumerate(after):
            if alone and len(before) == len(after) and rank != source_rank:
                continue
            both = len(before) == 2 and not alone
            start, end = x - _GAP + 3, x - 3
            color = ORANGE if both else GREY
            canvas.parts.append(f'<path d="M{start:.1f} {source + _HIGH / 2:.1f}L{end:.1f} {target + _HIGH / 2:.1f}" '
                                f'stroke="{color}" stroke-width="{2.2 if both else 1.8}"/>')


def _column(canvas: Canvas, row, x: float, lanes: list[float]) -> None:
    color, share = family(row.kind)[0], _count(row) // len(lanes)
    middle = x + _WIDE / 2
    canvas.text(middle, 18, row.name, 13, bold=True)
    if row.kernel:
        canvas.text(middle, 34, f"{row.kernel[0]} × {row.kernel[1]}", 11, faded=True)
    for top in lanes:
        canvas.box(x, top, _WIDE, _HIGH, color, opacity=0.18)
        canvas.text(middle, top + 19, integer(share), 13, bold=True)
        canvas.text(middle, top + 35, f"{row.size[0]} × {row.size[1]}" if row.maps else "unités", 10.5)

"""La géométrie d'une convolution : la fenêtre qui glisse et son calcul, le cône du champ récepteur."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from cours_cnn.anatomy import output_size
from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, inline_svg
from cours_cnn.french import NBSP, number
from cours_cnn.receptive import Axis, slide
from cours_cnn.validation import refuse, whole_number

_CELL, _GAP, _TOP = 38, 44, 30


def sliding_window(table, kernel, row: int = 0, column: int = 0, *, stride: int = 1, padding: int = 0,
                   digits: int = 0, alt: str = "") -> Picture:
    """Dessine une position d'un noyau sur un tableau : la fenêtre, le noyau, la sortie et le calcul de sa case.

    ``table`` (h, w) et ``kernel`` (k, k) : nombres ; ``row``, ``column`` : case de la sortie calculée ; ``padding`` :
    zéros ajoutés de chaque côté ; ``digits`` : décimales écrites. Les sorties déjà calculées, dans l'ordre de
    lecture, sont écrites. Lève ``ValueError`` ou ``TypeError`` si une forme ou un réglage ne convient pas.
    """
    table, kernel = _small_table("table", table, 12), _small_table("kernel", kernel, 5)
    whole_number("padding", padding)
    shape = tuple(output_size(n, k, stride, padding) for n, k in zip(table.shape, kernel.shape, strict=True))
    whole_number("row", row, maximum=shape[0] - 1)
    whole_number("column", column, maximum=shape[1] - 1)
    padded = np.pad(table, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    output = (windows * kernel).sum(axis=(2, 3))
    top, left = row * stride, column * stride
    seen = {(top + i, left + j) for i, j in np.ndindex(kernel.shape)}
    border = {place for place in np.ndindex(padded.shape)
              if not all(padding <= at < padding + n for at, n in zip(place, table.shape, strict=True))}
    done = row * shape[1] + column
    hidden = {place for place in np.ndindex(shape) if place[0] * shape[1] + place[1] > done}

    x, parts = 2.0, []
    for name, values, marked, color, faded, blank in (
            ("entrée", padded, seen, style.ORANGE, border, set()),
            ("noyau", kernel, set(np.ndindex(kernel.shape)), style.BLUE, set(), set()),
            ("sortie", output, {(row, column)}, style.GREEN, set(), hidden)):
        title = f"{name} {values.shape[0]} × {values.shape[1]}" + (" bordée" if faded else "")
        parts += _grid(values, x, title, marked, color, faded, blank, digits)
        x += max(values.shape[1], 3) * _CELL + _GAP
    height = _TOP + max(padded.shape[0], shape[0]) * _CELL
    lines = [" + ".join(f"{_signed(a, digits)} × {_signed(w, digits)}" for a, w in zip(*pair, strict=True))
             for pair in zip(windows[row, column], kernel, strict=True)]
    for index, line in enumerate(lines):
        text = ("" if index == 0 else "+ ") + line
        text += f" = {number(float(output[row, column]), digits)}" if index == len(lines) - 1 else ""
        parts.append(f'<text x="2" y="{height + 28 + 22 * index}" font-size="15" fill="currentColor">'
                     f"{html.escape(text)}</text>")
    where = "l'entrée bordée de zéros" if padding else "l'entrée"
    told = (f"Fenêtre {kernel.shape[0]} × {kernel.shape[1]} dont le coin est en ligne {top}, colonne {left} de {where}"
            f" ; la case ({row}, {column}) de la sortie vaut {number(float(output[row, column]), digits)}.")
    return inline_svg("".join(parts), x - _GAP + 2, height + 28 + 22 * len(lines), alt or told)


def receptive_cone(size: int, layers: Sequence[tuple[str, int, int]], *, unit: int | None = None,
                   alt: str = "") -> Picture:
    """Dessine, selon une dimension, les unités de chaque couche et celles dont dépend une unité de la dernière.

    ``size`` : pixels de l'entrée ; ``layers`` : couches (nom, noyau, pas) sans remplissage, de la première à la
    dernière ; ``unit`` : rang de l'unité suivie (celle du milieu par défaut). Lève ``ValueError`` ou ``TypeError``
    si un réglage ne convient pas ou si un noyau dépasse sa couche.
    """
    whole_number("size", size, minimum=1, maximum=40)
    if not layers or any(len(layer) != 3 for layer in layers):
        refuse("layers", layers, "une suite non vide de couches (nom, noyau, pas)")
    names, sizes, axes = ["entrée"], [size], [Axis()]
    for name, kernel, stride in layers:
        sizes.append(output_size(sizes[-1], kernel, stride))
        axes.append(slide(axes[-1], sizes[-2], kernel, stride, "valid"))
        names.append(str(name))
    unit = sizes[-1] // 2 if unit is None else whole_number("unit", unit, maximum=sizes[-1] - 1)
    spans = [(unit, unit)]
    for _, kernel, stride in reversed(layers):
        first, last = spans[0]
        spans.insert(0, (first * stride, last * stride + kernel - 1))

    margin, step, gap = 8.5 * max(len(name) for name in names) + 14, 26, 64
    side, height = 20, gap * len(layers) + 34

    def place(level: int, index: int) -> tuple[float, float]:
        center = axes[level].start + index * axes[level].jump + (axes[level].size - 1) / 2
        return margin + (center + 0.5) * step, height - 18 - gap * level

    parts = []
    for level in range(len(layers)):
        below, above = spans[level], spans[level + 1]
        corners = [*(place(level, index) for index in below), *(place(level + 1, index) for index in above[::-1])]
        spread = (-side / 2, side / 2, side / 2, -side / 2)
        points = " ".join(f"{x + dx:.1f},{y:.1f}" for (x, y), dx in zip(corners, spread, strict=True))
        parts.append(f'<polygon points="{points}" fill="{style.ORANGE}" fill-opacity=".16"/>')
    for level, name in enumerate(names):
        y = place(level, 0)[1]
        parts.append(f'<text x="2" y="{y + 5:.1f}" font-size="14" fill="currentColor">{html.escape(name)}</text>')
        for index in range(sizes[level]):
            x, inside = place(level, index)[0], spans[level][0] <= index <= spans[level][1]
            color = f'fill="{style.ORANGE}" stroke="{style.ORANGE}"' if inside else \
                'fill="currentColor" fill-opacity=".06" stroke="currentColor" stroke-opacity=".45"'
            parts.append(f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side}" height="{side}" rx="3" '
                         f"{color}/>")
    first, last = spans[0]
    told = (f"Coupe de {len(layers)} couches : l'unité {unit} de {names[-1]} dépend de {last - first + 1} pixels de "
            f"l'entrée, du rang {first} au rang {last}.")
    return inline_svg("".join(parts), margin + size * step + 4, height, alt or told)


def _grid(values, x: float, title: str, marked, color: str, faded, blank, digits: int) -> list[str]:
    boxes, texts = [], []
    for (row, column), value in np.ndenumerate(values):
        left, top = x + column * _CELL, _TOP + row * _CELL
        inside = (row, column) in marked
        paint = f' fill="{color}" fill-opacity=".28"' if inside else ""
        dashes = ' stroke-dasharray="3 3"' if (row, column) in faded else ""
        boxes.append(f'<rect x="{left:.0f}" y="{top}" width="{_CELL}" height="{_CELL}"{paint}{dashes}/>')
        if (row, column) not in blank:
            weight = ' font-weight="bold"' if inside else ""
            texts.append(f'<text x="{left + _CELL / 2:.0f}" y="{top + _CELL / 2 + 5:.0f}"{weight}>'
                         f"{number(float(value), digits)}</text>")
    return [f'<text x="{x:.0f}" y="18" font-size="14" fill="currentColor">{html.escape(title)}</text>',
            '<g fill="none" stroke="currentColor" stroke-opacity=".5">', *boxes, "</g>",
            '<g font-size="15" text-anchor="middle" fill="currentColor">', *texts, "</g>"]


def _signed(value, digits: int) -> str:
    text = number(float(value), digits).replace(" ", NBSP)
    return f"({text})" if value < 0 else text


def _small_table(name: str, values, largest: int) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind not in "iuf" or not values.size or max(values.shape) > largest:
        refuse(name, values, f"un tableau de nombres à deux dimensions d'au plus {largest} cases de côté")
    return values

"""Plusieurs fenêtres autour d'un même pixel : ce que voient les branches d'un module Inception."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, inline_svg
from cours_cnn.french import number
from cours_cnn.validation import refuse, whole_number

_CELL, _GAP, _TOP = 34, 40, 28
_COLORS = (style.BLUE, style.GREEN, style.RED, style.PURPLE)


def nested_windows(channels, row: int, column: int, *, sizes: Sequence[int] = (1, 3, 5), digits: int = 0,
                   alt: str = "") -> Picture:
    """Dessine, sur chaque canal d'une petite entrée, les fenêtres de côtés ``sizes`` centrées sur un même pixel.

    ``channels`` : tableau (h, w, c) ; ``row``, ``column`` : le pixel ; ``sizes`` : côtés impairs croissants. Les zéros
    que le remplissage « same » ajoute sont écrits en pointillé. Lève ``ValueError`` ou ``TypeError`` si une forme ou un
    réglage ne convient pas.
    """
    channels = np.asarray(channels)
    if channels.ndim != 3 or channels.dtype.kind not in "iuf" or not channels.size or \
            max(channels.shape[:2]) > 8 or channels.shape[2] > 3:
        refuse("channels", channels, "un tableau de nombres (h, w, c) d'au plus 8 × 8 cases et 3 canaux")
    sizes = list(sizes)
    if not 0 < len(sizes) <= len(_COLORS) or sizes != sorted(set(sizes)) or any(size % 2 == 0 for size in sizes):
        refuse("sizes", sizes, f"au plus {len(_COLORS)} côtés impairs croissants, par exemple (1, 3, 5)")
    height, width, count = channels.shape
    whole_number("row", row, maximum=height - 1)
    whole_number("column", column, maximum=width - 1)
    margin = sizes[-1] // 2
    parts, x = [], 3.0
    for index in range(count):
        parts += _grid(np.pad(channels[..., index], margin), margin, x, f"canal {index + 1}", digits)
        parts += [_outline(x, row + margin, column + margin, size, color)
                  for size, color in reversed(list(zip(sizes, _COLORS, strict=False)))]
        x += (width + 2 * margin) * _CELL + _GAP
    bottom = _TOP + (height + 2 * margin) * _CELL + 26
    legend = 3.0
    for size, color in zip(sizes, _COLORS, strict=False):
        parts.append(f'<rect x="{legend:.0f}" y="{bottom - 12}" width="14" height="14" rx="2" fill="{color}" '
                     f'fill-opacity=".15" stroke="{color}" stroke-width="2.5"/>'
                     f'<text x="{legend + 21:.0f}" y="{bottom}" font-size="14" fill="currentColor">'
                     f"fenêtre {size} × {size}</text>")
        legend += 150
    told = (f"Entrée de {height} × {width} cases et {count} canaux bordée de zéros ; autour de la case "
            f"({row}, {column}), des fenêtres de côtés {', '.join(map(str, sizes))}, l'une dans l'autre.")
    return inline_svg("".join(parts), max(x - _GAP, legend) + 3, bottom + 8, alt or told)


def _grid(values, margin: int, x: float, title: str, digits: int) -> list[str]:
    inside = np.pad(np.ones([side - 2 * margin for side in values.shape], bool), margin)
    boxes, texts = [], []
    for (row, column), value in np.ndenumerate(values):
        left, top = x + column * _CELL, _TOP + row * _CELL
        faint = "" if inside[row, column] else ' stroke-dasharray="3 3" stroke-opacity=".35"'
        boxes.append(f'<rect x="{left:.0f}" y="{top}" width="{_CELL}" height="{_CELL}"{faint}/>')
        pale = "" if inside[row, column] else ' fill-opacity=".6"'
        texts.append(f'<text x="{left + _CELL / 2:.0f}" y="{top + _CELL / 2 + 5:.0f}"{pale}>'
                     f"{number(float(value), digits)}</text>")
    return [f'<text x="{x:.0f}" y="18" font-size="14" fill="currentColor">{html.escape(title)}</text>',
            '<g fill="none" stroke="currentColor" stroke-opacity=".5">', *boxes, "</g>",
            '<g font-size="14" text-anchor="middle" fill="currentColor">', *texts, "</g>"]


def _outline(x: float, row: int, column: int, size: int, color: str) -> str:
    half = size // 2
    left, top = x + (column - half) * _CELL, _TOP + (row - half) * _CELL
    return (f'<rect x="{left + 1:.0f}" y="{top + 1}" width="{size * _CELL - 2}" height="{size * _CELL - 2}" rx="3" '
            f'fill="{color}" fill-opacity=".13" stroke="{color}" stroke-width="2.5"/>')

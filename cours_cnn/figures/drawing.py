"""Le dessin d'un réseau, tracé à partir du modèle lui-même."""

from __future__ import annotations

import html
import math

from cours_cnn.anatomy import LayerRow, rows
from cours_cnn.figures.canvas import family, framed, text_width
from cours_cnn.figures.flow import is_chain, nodes
from cours_cnn.figures.picture import Picture, inline_svg
from cours_cnn.figures.stacks import draw_stacks, piles
from cours_cnn.figures.stages import draw_stages
from cours_cnn.french import integer
from cours_cnn.validation import one_of, refuse

_HIDDEN = ("Mise à plat", "Dropout", "Activation", "Normalisation par lots")
_HEIGHT, _TOP, _GAP, _SHEET, _SHEETS = 250, 30, 22, 4, 7
_WIDEST, _MOST_ALIKE, _TOWERS = 900, 5, 4


def architecture(model, *, counts: bool = True, layout: str | None = None, alt: str = "") -> Picture:
    """Dessine un réseau d'après le modèle lui-même.

    Une courte pile montre, couche par couche, des cartes dont le côté croît comme la racine de la taille. Une longue
    pile se replie sur plusieurs lignes et réunit les convolutions semblables qui se suivent ; une convolution à deux
    groupes y paraît en deux tours. Un réseau à branches ou à connexions directes se dessine étage par étage, un cadre
    par bloc. Les couches sans forme propre (mise à plat, activation, *dropout*, normalisation) sont omises.
    ``counts`` : écrit le nombre de paramètres sous chaque couche des piles. ``layout`` : ``"piles"`` ou ``"étages"``
    impose un dessin, ``None`` le choisit. Lève ``TypeError`` ou ``ValueError`` si le modèle n'est pas construit, si
    ``layout`` n'est pas admis ou si un réseau à branches est demandé en piles.
    """
    one_of("layout", layout, [None, "piles", "étages"])
    graph = nodes(model, fold=True)
    chain = is_chain(graph)
    if layout == "piles" and not chain:
        refuse("model", model.name, "une suite de couches sans branches pour être dessiné en piles",
               hint="Choisissez layout=\"étages\", ou figures.graph(model) pour un bloc.")
    if layout == "étages" or not chain:
        return draw_stages(model, alt)
    towers = {layer.name: layer.groups for layer in model.layers if 1 < getattr(layer, "groups", 1) <= _TOWERS}
    short = None if towers else _short_stack(model, counts, alt)
    if short:
        return short
    # Un étage de nombreuses convolutions semblables se lit mieux convolution par convolution.
    if layout is None and max(len(pile.nodes) for pile in piles(graph, towers)) > _MOST_ALIKE:
        return draw_stages(model, alt)
    return draw_stacks(model.name, graph, towers, counts=counts, alt=alt)


def _short_stack(model, counts: bool, alt: str) -> Picture | None:
    """Dessine sur une ligne une courte pile ; rend ``None`` si elle est trop large ou si ses étiquettes se touchent."""
    shown = [row for row in rows(model) if not row.kind.startswith(_HIDDEN)]
    largest = max([max(row.size) for row in shown if row.maps] or [1])
    x, parts, used, free = 14.0, [], [], 0.0
    for index, row in enumerate(shown):
        color, name = family(row.kind)
        used.append((color, name))
        if index:
            parts.append(f'<path d="M{x - _GAP + 5:.0f} {_middle():.0f}h{_GAP - 12}m-5 -4l5 4l-5 4" fill="none" '
                         'stroke="currentColor" stroke-opacity=".55"/>')
        body, width = _stack(row, x, largest, color) if row.maps else _bar(row, x, color)
        # Une petite pile réserve la place de son étiquette, pour que deux voisines ne se touchent pas.
        slot = max(width, 76)
        center = x + width / 2
        lines = _label_lines(row, counts)
        half = max(text_width(text, size, bold=weight == "bold") for _, text, size, weight in lines) / 2
        if center - half < free:
            return None
        free = center + half
        parts += [body, *_labels(lines, center)]
        x += slot + _GAP
    if max(x, free) > _WIDEST:
        return None
    legend, legend_width = _legend(list(dict.fromkeys(used)))
    width = max(x, legend_width + 28)
    told = ", puis ".join(_sentence(row) for row in shown)
    picture = inline_svg("".join(parts) + legend, width, _HEIGHT, alt or f"Architecture de {model.name} : {told}.")
    return framed(picture, model.name, min(width, 680))


def _middle() -> float:
    return _TOP + 80.0


def _stack(row: LayerRow, x: float, largest: int, color: str) -> tuple[str, float]:
    side_h, side_w = (max(9.0, 96 * math.sqrt(size / largest)) for size in row.size)
    sheets = min(row.maps, _SHEETS)
    spread = (sheets - 1) * _SHEET
    rects = []
    for sheet in range(sheets):
        dx, dy = x + spread - sheet * _SHEET, _middle() - (side_h + spread) / 2 + sheet * _SHEET
        rects.append(f'<rect x="{dx:.1f}" y="{dy:.1f}" width="{side_w:.1f}" height="{side_h:.1f}" rx="1.5" '
                     f'fill="{color}" fill-opacity="{0.85 if sheet == sheets - 1 else 0.3}" stroke="{color}"/>')
    return "".join(rects), side_w + spread


def _bar(row: LayerRow, x: float, color: str) -> tuple[str, float]:
    units = row.size if isinstance(row.size, int) else 1
    height = min(130.0, 12 + 15 * math.sqrt(units))
    return (f'<rect x="{x + 24:.1f}" y="{_middle() - height / 2:.1f}" width="14" height="{height:.1f}" rx="3" '
            f'fill="{color}" fill-opacity=".85" stroke="{color}"/>', 62.0)


def _label_lines(row: LayerRow, counts: bool) -> list[tuple[int, str, int, str]]:
    size = f"{row.size[0]} × {row.size[1]}" if row.maps else f"{integer(row.size)} unités"
    above = f"{integer(row.maps)} @ {size}" if row.maps else size
    below = [row.name, f"{row.kernel[0]} × {row.kernel[1]}" if row.kernel else "",
             f"{integer(row.parameters)} param." if row.parameters and counts else ""]
    lines = [(18, above, 12, "normal")]
    lines += [(_HEIGHT - 56 + 15 * i, text, 12, "bold" if i == 0 else "normal") for i, text in enumerate(below)]
    return [line for line in lines if line[1]]


def _labels(lines: list[tuple[int, str, int, str]], center: float) -> list[str]:
    return [f'<text x="{center:.0f}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="middle" '
            f'fill="currentColor">{html.escape(text)}</text>' for y, text, size, weight in lines]


def _legend(families) -> tuple[str, float]:
    x, parts = 14.0, []
    for color, name in families:
        parts.append(f'<rect x="{x:.0f}" y="{_HEIGHT - 11}" width="10" height="10" rx="2" fill="{color}"/>'
                     f'<text x="{x + 15:.0f}" y="{_HEIGHT - 2}" font-size="11" fill="currentColor">'
                     f"{html.escape(name)}</text>")
        x += 33 + 6.2 * len(name)
    return "".join(parts), x


def _sentence(row: LayerRow) -> str:
    if row.maps:
        what = f"{row.maps} carte{'s' if row.maps > 1 else ''} {row.size[0]} × {row.size[1]}"
    else:
        what = f"{row.size} unités"
    kernel = f" {row.kernel[0]} × {row.kernel[1]}" if row.kernel else ""
    return f"{row.name} ({row.kind.lower()}{kernel}, {what})"

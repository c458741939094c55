"""Le dessin d'un réseau, tracé à partir du modèle lui-même."""

from __future__ import annotations

import html
import math

from cours_cnn.anatomy import LayerRow, rows
from cours_cnn.figures.picture import Picture, inline_svg
from cours_cnn.french import integer

_FAMILIES = (  # (début du type, couleur, nom en légende)
    ("Entrée", "#8a8a8a", "entrée"),
    ("Convolution", "#0072b2", "convolution"),
    ("Pooling", "#e69f00", "pooling"),
    ("Sous-échantillonnage", "#e69f00", "sous-échantillonnage"),
    ("Entièrement", "#009e73", "entièrement connectée"),
    ("RBF", "#cc79a7", "sortie RBF"),
)
_HIDDEN = ("Mise à plat", "Dropout", "Activation", "Normalisation par lot")
_HEIGHT, _TOP, _GAP, _SHEET, _SHEETS = 250, 30, 22, 4, 7


def architecture(model, *, counts: bool = True, alt: str = "") -> Picture:
    """Dessine un réseau séquentiel : une pile de cartes par couche, une barre par couche entièrement connectée.

    Le côté des cartes et la hauteur des barres croissent comme la racine de la taille. Les couches sans forme
    propre (mise à plat, activation, *dropout*, normalisation) sont omises.
    ``counts`` : écrit le nombre de paramètres sous chaque couche. Lève ``ValueError`` si le modèle n'est pas construit.
    """
    shown = [row for row in rows(model) if not row.kind.startswith(_HIDDEN)]
    largest = max([max(row.size) for row in shown if row.maps] or [1])
    x, parts, used = 14.0, [], []
    for index, row in enumerate(shown):
        family = next((f for f in _FAMILIES if row.kind.startswith(f[0])), ("", "#8a8a8a", row.kind.lower()))
        used.append(family)
        if index:
            parts.append(f'<path d="M{x - _GAP + 5:.0f} {_middle():.0f}h{_GAP - 12}m-5 -4l5 4l-5 4" fill="none" '
                         'stroke="currentColor" stroke-opacity=".55"/>')
        body, width = _stack(row, x, largest, family[1]) if row.maps else _bar(row, x, family[1])
        # Une petite pile réserve la place de son étiquette, pour que deux voisines ne se touchent pas.
        slot = max(width, 76)
        center = x + width / 2
        parts += [body, *_labels(row, center, counts)]
        x += slot + _GAP
    legend, legend_width = _legend(list(dict.fromkeys(used)))
    width = max(x, legend_width + 28)
    told = ", puis ".join(_sentence(row) for row in shown)
    picture = inline_svg("".join(parts) + legend, width, _HEIGHT, alt or f"Architecture de {model.name} : {told}.")
    # Sur un écran étroit, le dessin défile dans son cadre au lieu de devenir illisible.
    name = html.escape(f"Architecture de {model.name}", quote=True)
    least = min(width, 680)
    svg = picture.data.replace("max-width:100%", f"min-width:{least:.0f}px;max-width:100%")
    return Picture(f'<div class="cours-dessin" style="overflow-x:auto" role="group" tabindex="0" aria-label="{name}">'
                   f"{svg}</div>", "html", picture.alt)


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


def _labels(row: LayerRow, center: float, counts: bool) -> list[str]:
    size = f"{row.size[0]} × {row.size[1]}" if row.maps else f"{integer(row.size)} unités"
    above = f"{integer(row.maps)} @ {size}" if row.maps else size
    below = [row.name, f"{row.kernel[0]} × {row.kernel[1]}" if row.kernel else "",
             f"{integer(row.parameters)} param." if row.parameters and counts else ""]
    lines = [(18, above, 12, "normal")]
    lines += [(_HEIGHT - 56 + 15 * i, text, 12, "bold" if i == 0 else "normal") for i, text in enumerate(below)]
    return [f'<text x="{center:.0f}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="middle" '
            f'fill="currentColor">{html.escape(text)}</text>' for y, text, size, weight in lines if text]


def _legend(families) -> tuple[str, float]:
    x, parts = 14.0, []
    for _, color, name in families:
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

"""Le tracé des dessins de réseaux : boîtes, étiquettes mesurées, liaisons fléchées, cadre qui défile."""

from __future__ import annotations

import html
import re
from contextlib import contextmanager

from cours_cnn.figures.picture import Picture, inline_svg

GREY, BLUE, ORANGE, GREEN, PINK = "#8a8a8a", "#0072b2", "#e69f00", "#009e73", "#cc79a7"
FAMILIES = (  # (début du type, couleur, nom en légende)
    ("Entrée", GREY, "entrée"),
    ("Convolution", BLUE, "convolution"),
    ("Pooling", ORANGE, "pooling"),
    ("Moyenne globale", ORANGE, "pooling"),
    ("Maximum global", ORANGE, "pooling"),
    ("Sous-échantillonnage", ORANGE, "sous-échantillonnage"),
    ("Entièrement", GREEN, "entièrement connectée"),
    ("RBF", PINK, "sortie RBF"),
    ("Addition", PINK, "réunion"),
    ("Concaténation", BLUE, "concaténation"),
)
# Largeurs, en cadratins, de la plus large des polices courantes : une étiquette réelle n'est jamais plus large.
_NARROW, _WIDE = frozenset(" \u00a0.,:;'’|!()[]iIjlft·-"), frozenset("mwMW@%×+−–…→")


def family(kind: str) -> tuple[str, str]:
    """Rend la couleur et le nom en légende d'un type de couche."""
    return next(((color, name) for start, color, name in FAMILIES if kind.startswith(start)), (GREY, kind.lower()))


def text_width(text: str, size: float = 12, *, bold: bool = False) -> float:
    """Rend un majorant de la largeur d'un texte, en pixels."""
    units = sum(0.42 if c in _NARROW else 0.95 if c in _WIDE else 0.72 if c.isupper() else 0.645 for c in text)
    return units * size * (1.1 if bold else 1)


class Canvas:
    """Une feuille SVG en cours de tracé ; les coordonnées sont en pixels, y vers le bas."""

    def __init__(self):
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, size: float = 12, *, bold: bool = False, anchor: str = "middle",
             faded: bool = False) -> None:
        """Écrit ``text`` ; ``y`` est la ligne de base."""
        style = (' font-weight="bold"' if bold else "") + (' fill-opacity=".78"' if faded else "")
        style += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size:g}" fill="currentColor"{style}>'
                          f"{html.escape(text)}</text>")

    def box(self, x: float, y: float, width: float, height: float, color: str, *, opacity: float = 0.16,
            radius: float = 4, edge: float = 1, line: str = "") -> None:
        """Trace un rectangle arrondi ; ``edge`` : opacité du trait, ``line`` : sa couleur si ce n'est pas ``color``."""
        stroke = f' stroke="{line or color}"' if edge else ""
        stroke += f' stroke-opacity="{edge:g}"' if 0 < edge < 1 else ""
        self.parts.append(f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{radius:g}" '
                          f'fill="{color}" fill-opacity="{opacity:g}"{stroke}/>')

    def circle(self, x: float, y: float, radius: float, symbol: str, color: str = PINK) -> None:
        """Trace un rond qui porte un signe d'opération."""
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{color}" fill-opacity=".2" '
                          f'stroke="{color}"/>')
        self.text(x, y + radius * 0.42, symbol, round(1.25 * radius, 1), bold=True)

    def line(self, path: str, *, dashed: bool = False, color: str = "currentColor") -> None:
        """Trace une liaison."""
        style = ' stroke-dasharray="5 3"' if dashed else ""
        self.parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-opacity=".62"{style}/>')

    def head(self, x: float, y: float, towards: str) -> None:
        """Trace la pointe d'une flèche qui arrive en (x, y) vers ``"bas"``, ``"droite"`` ou ``"gauche"``."""
        dx, dy = {"bas": (0, -1), "droite": (-1, 0), "gauche": (1, 0)}[towards]
        a, b = (x + 6 * dx + 3.2 * dy, y + 6 * dy + 3.2 * dx), (x + 6 * dx - 3.2 * dy, y + 6 * dy - 3.2 * dx)
        self.parts.append(f'<path d="M{_n(x)} {_n(y)}L{_n(a[0])} {_n(a[1])}L{_n(b[0])} {_n(b[1])}z" '
                          'fill="currentColor" fill-opacity=".7"/>')

    @contextmanager
    def group(self, kind: str, title: str):
        """Réunit ce qui est tracé dans un groupe de classe ``kind`` ; ``title`` paraît au survol."""
        self.parts.append(f'<g class="{kind}"><title>{html.escape(title)}</title>')
        yield
        self.parts.append("</g>")

    def picture(self, width: float, height: float, name: str, alt: str, *, least: float | None = None) -> Picture:
        """Rend le dessin dans un cadre : sur un écran étroit il défile au lieu de devenir illisible."""
        return framed(inline_svg("".join(self.parts), round(width, 1), round(height, 1), alt), name,
                      0.9 * width if least is None else least)


def framed(picture: Picture, name: str, least: float) -> Picture:
    """Place un dessin dans un cadre défilant, où il ne descend pas au-dessous de ``least`` pixels de large."""
    label = html.escape(f"Architecture de {name}", quote=True)
    svg = picture.data.replace("max-width:100%", f"min-width:{least:.0f}px;max-width:100%")
    return Picture(f'<div class="cours-dessin" style="overflow-x:auto" role="group" tabindex="0" aria-label="{label}">'
                   f"{svg}</div>", "html", picture.alt)


def _n(value: float) -> str:
    """Écrit une coordonnée au dixième de pixel, sans zéro inutile."""
    return re.sub(r"\.0$", "", f"{value:.1f}").replace("-0.0", "0")

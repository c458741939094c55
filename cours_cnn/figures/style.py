"""Aspect commun des figures : couleurs sûres pour les daltoniens, virgule décimale, cadres discrets."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

# Palette d'Okabe et Ito (2008) : huit teintes distinctes pour toutes les formes de daltonisme.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#000000")
PALETTE = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)


def new_figure(columns: int = 1, rows: int = 1, *, width: float = 7.2, height: float = 3.4):
    """Crée une figure (dimensions en pouces) hors de pyplot et rend (figure, tableau 2-D de repères)."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_facecolor("white")
    return figure, figure.subplots(rows, columns, squeeze=False)


def dress(axes, *, title: str = "", xlabel: str = "", ylabel: str = "", grid: str = "y") -> None:
    """Habille un repère : titre à gauche, libellés, quadrillage léger, virgule décimale sur les axes."""
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(axis=grid, color="#d9d9d9", linewidth=0.6)
        axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(tick))


def tick(value: float, position=None) -> str:
    """Écrit une graduation avec la virgule décimale et sans zéros inutiles."""
    return f"{value:.6g}".replace(".", ",").replace("-", "−")

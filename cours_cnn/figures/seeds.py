"""Courbes de plusieurs graines, en panneaux côte à côte : moyenne et étendue de chaque série."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib
from cours_cnn.french import number
from cours_cnn.validation import refuse

_MARKERS = "osD^vP"
_MARKED = 15  # au-delà, des marques serrées brouilleraient la courbe


def seed_panels(panels: Mapping[str, Mapping[str, Sequence[Sequence[float]]]], *, xlabel: str, ylabel: str,
                title: str = "", alt: str = "", x: Sequence[float] | None = None, dashed: Collection[str] = (),
                log_y: bool = False, y_range: tuple[float, float] | None = None, height: float = 3.9) -> Picture:
    """Trace un panneau par entrée de ``panels`` (titre → série → une suite de valeurs par graine).

    Chaque série montre sa moyenne (géométrique si ``log_y``) et, en bande claire, du minimum au maximum. La couleur
    dépend du nom de la série sans son suffixe « , … » ; les séries nommées dans ``dashed`` sont en tirets. ``x`` :
    abscisses communes ; sans lui, chaque série est numérotée à partir de 1, et leurs longueurs peuvent différer.
    ``y_range`` borne l'axe vertical commun ; ce qui dépasse sort du cadre. ``alt`` vide : le texte de remplacement
    donne le début et la fin de chaque moyenne. Lève ``ValueError`` si une série n'a pas la forme attendue.
    """
    if not panels or not all(panels.values()):
        refuse("panels", panels, "un dictionnaire non vide titre → séries, chacune nom → valeurs de chaque graine")
    names = list(dict.fromkeys(name for series in panels.values() for name in series))
    roots = list(dict.fromkeys(_root(name) for name in names))
    figure, axes = style.new_figure(len(panels), width=max(5.4, (3.7 if len(panels) < 3 else 3.1) * len(panels)),
                                    height=height)
    told = []
    for panel, (heading, series) in zip(axes[0], panels.items(), strict=True):
        for name, runs in series.items():
            runs = _checked(name, runs, x)
            places = range(1, runs.shape[1] + 1) if x is None else x
            rank = roots.index(_root(name))
            color, center = style.PALETTE[rank % len(style.PALETTE)], middle(runs, log_y)
            panel.fill_between(places, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15, linewidth=0)
            panel.plot(places, center, color=color, label=name, linestyle="--" if name in dashed else "-",
                       marker=_MARKERS[rank % 6] if len(center) <= _MARKED else None, markersize=3.6,
                       markerfacecolor="white" if name in dashed else color)
            told.append(f"{heading}, {name} : de {_short(center[0])} à {_short(center[-1])}")
        style.dress(panel, title=heading, xlabel=xlabel, ylabel=ylabel if panel is axes[0, 0] else "")
        if log_y:
            panel.set_yscale("log")
        panel.set_xticks(x) if x is not None else panel.xaxis.get_major_locator().set_params(integer=True)
        panel.minorticks_off()
    _share_scale(axes[0], y_range)
    handles = {}
    for panel in axes[0]:
        lines, labels = panel.get_legend_handles_labels()
        handles |= dict(zip(labels, lines, strict=True))
    figure.legend([handles[name] for name in names], names, loc="outside lower center", frameon=False, fontsize=9,
                  ncols=2 if len(names) == 4 else 3)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    what = f"{title or ylabel} en fonction de « {xlabel} », moyennes des graines. "
    return from_matplotlib(figure, alt or what + " ; ".join(told) + ".", kind="png")   # en tracés, le triple du poids


def middle(runs: np.ndarray, geometric: bool) -> np.ndarray:
    """Rend la moyenne des graines, géométrique pour une échelle logarithmique (zéro si une valeur est nulle)."""
    if not geometric:
        return runs.mean(axis=0)
    with np.errstate(divide="ignore"):
        return np.exp(np.log(runs).mean(axis=0))


def _root(name: str) -> str:
    return name.rpartition(", ")[0] or name


def _checked(name: str, runs, x) -> np.ndarray:
    try:
        runs = np.asarray(runs, dtype=float)
    except ValueError:
        runs = np.empty(0)
    length = "n" if x is None else str(len(x))
    if runs.ndim != 2 or not runs.size or (x is not None and runs.shape[1] != len(x)):
        refuse(name, runs, f"un tableau (graines, {length})")
    return runs


def _share_scale(panels, y_range) -> None:
    low = min(panel.get_ylim()[0] for panel in panels)
    high = max(panel.get_ylim()[1] for panel in panels)
    for panel in panels:
        panel.set_ylim(*(y_range or (low, high)))


def _short(value: float) -> str:
    """Écrit une valeur avec deux décimales, ou en puissance de dix si elle est très petite."""
    if value and abs(value) < 0.01:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa} × 10^{int(exponent)}".replace("-", "−")
    return number(float(value))

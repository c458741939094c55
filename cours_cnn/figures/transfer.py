"""Figures du transfert : couches reprises, gelées ou apprises ; courbes à plusieurs graines ; cartes de chaleur."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib, inline_svg
from cours_cnn.french import number
from cours_cnn.validation import refuse

# État d'une couche : remplissage, trait, motif, ce qu'en dit la légende.
STATES = {
    "gelée": (style.SKY, "reprise et gelée"),
    "ajustée": (style.ORANGE, "reprise, puis ajustée"),
    "neuve": ("none", "tirée au hasard, puis apprise"),
    "hasard": ("url(#hasard)", "tirée au hasard et gelée"),
}
_CELL, _HIGH, _ROW, _LEFT, _TOP = 92, 34, 46, 232, 34


def freezing(layers: Sequence[str], regimes: Mapping[str, Sequence[str]], *, alt: str = "") -> Picture:
    """Dessine, pour chaque régime (une ligne), l'état de chaque couche (une colonne), de l'entrée vers la sortie.

    ``regimes`` : nom → un état par couche : ``"gelée"``, ``"ajustée"``, ``"neuve"`` ou ``"hasard"`` (gelée, mais jamais
    apprise). Lève ``ValueError`` si un état est inconnu ou si leur nombre n'est pas celui des couches.
    """
    if not layers or not regimes:
        refuse("regimes", regimes, "un dictionnaire non vide nom → états, et au moins une couche")
    parts = ['<defs><pattern id="hasard" width="7" height="7" patternUnits="userSpaceOnUse" '
             'patternTransform="rotate(45)"><rect width="7" height="7" fill="none"/>'
             '<path d="M0 0V7" stroke="currentColor" stroke-opacity=".55" stroke-width="2.4"/></pattern></defs>']
    for column, name in enumerate(layers):
        parts.append(_text(_LEFT + (column + 0.5) * _CELL, 22, name, anchor="middle", weight="bold"))
    told, seen = [], []
    for row, (name, states) in enumerate(regimes.items()):
        if len(states) != len(layers) or not set(states) <= set(STATES):
            refuse(name, states, f"une suite de {len(layers)} états parmi " + ", ".join(map(repr, STATES)))
        top = _TOP + row * _ROW
        parts.append(_text(_LEFT - 14, top + _HIGH / 2 + 5, name, anchor="end"))
        for column, state in enumerate(states):
            parts.append(_box(_LEFT + column * _CELL + 3, top, _CELL - 6, _HIGH, STATES[state][0]))
        seen += states
        told.append(f"{name} : " + ", ".join(f"{layer} {STATES[state][1]}"
                                             for layer, state in zip(layers, states, strict=True)))
    width, top = _LEFT + len(layers) * _CELL + 10, _TOP + len(regimes) * _ROW + 12
    shown = [state for state in STATES if state in seen]
    for index, state in enumerate(shown):
        x, y = 12 + index % 2 * 290, top + index // 2 * 26
        parts += [_box(x, y, 22, 15, STATES[state][0]), _text(x + 30, y + 12.5, STATES[state][1], size=13)]
    height = top + (len(shown) + 1) // 2 * 26 + 6
    return inline_svg("".join(parts), max(width, 600), height, alt or " ; ".join(told) + ".")


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" fill="{fill}" '
            'stroke="currentColor" stroke-opacity=".7"/>')


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", size: int = 14) -> str:
    return (f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-family="sans-serif" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="currentColor">{html.escape(text)}</text>')


def spreads(x: Sequence[float], series: Mapping[str, Sequence[Sequence[float]]], *, xlabel: str, ylabel: str,
            title: str = "", alt: str = "", log_x: bool = False, ticks: Sequence[str] | None = None) -> Picture:
    """Trace, par série, la moyenne de plusieurs graines et, en bande claire, du minimum au maximum.

    ``series`` : nom → une suite de valeurs par graine, chacune aussi longue que ``x`` ; ``log_x`` espace ``x`` selon
    son logarithme ; ``ticks`` : ce que porte l'axe en chaque ``x``, les nombres eux-mêmes par défaut.
    Lève ``ValueError`` si une série n'a pas cette forme.
    """
    if not series:
        refuse("series", series, "un dictionnaire non vide nom → valeurs de chaque graine")
    figure, axes = style.new_figure(height=3.9)
    panel, told = axes[0, 0], []
    for index, (name, runs) in enumerate(series.items()):
        runs = np.asarray(runs, dtype=float)
        if runs.ndim != 2 or runs.shape[1] != len(x):
            refuse(name, runs, f"un tableau (graines, {len(x)})")
        color, mean = style.PALETTE[index % len(style.PALETTE)], runs.mean(axis=0)
        panel.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15, linewidth=0)
        panel.plot(x, mean, color=color, label=name, marker="osD^vP"[index % 6], markersize=4.5)
        told.append(f"{name} : de {number(mean[0])} à {number(mean[-1])}")
    if log_x:
        panel.set_xscale("log")
    style.dress(panel, title=title, xlabel=xlabel, ylabel=ylabel)
    panel.set_xticks(x, ticks or [number(value) for value in x])
    panel.minorticks_off()
    panel.legend(frameon=False, fontsize=9)
    what = f"{title or ylabel} en fonction de « {xlabel} », moyennes des graines. "
    return from_matplotlib(figure, alt or what + " ; ".join(told) + ".", kind="png")


def heat_overlay(images, heats, titles: Sequence[str] | None = None, *, columns: int = 4, cell: float = 1.7,
                 alt: str) -> Picture:
    """Pose sur chaque image, en gris, sa carte de chaleur agrandie : d'autant plus rouge que la valeur est grande.

    ``images`` : (n, h, l) ou (n, h, l, 1 ou 3), valeurs de 0 à 1 ; ``heats`` : n cartes (a, b), positives.
    Lève ``ValueError`` si les nombres d'images, de cartes et de titres diffèrent.
    """
    images, heats = np.asarray(images, dtype=float), np.asarray(heats, dtype=float)
    if images.ndim not in (3, 4) or not len(images) or heats.ndim != 3 or len(heats) != len(images):
        refuse("heats", heats, f"un tableau de {len(images)} cartes (hauteur, largeur), une par image")
    if titles is not None and len(titles) != len(images):
        refuse("titles", titles, f"une suite de {len(images)} titres, un par image")
    columns = min(columns, len(images))
    lines = -(-len(images) // columns)
    height = cell * images.shape[1] / images.shape[2] + (0.3 if titles is not None else 0.05)
    figure, axes = style.new_figure(columns, lines, width=cell * columns, height=height * lines)
    for index, panel in enumerate(axes.flat):
        panel.set_axis_off()
        if index >= len(images):
            continue
        image, heat = images[index], heats[index] / (heats[index].max() or 1)
        image = image.mean(axis=-1) if image.ndim == 3 else image
        rows, width = image.shape
        veil = np.full((*heat.shape, 4), (0.9, 0.25, 0.0, 0.0))
        veil[..., 3] = 0.75 * np.clip(heat, 0, 1)  # l'opacité porte la valeur : l'image reste lisible dessous
        panel.imshow(image, cmap="gray", vmin=0, vmax=1)
        panel.imshow(veil, interpolation="bilinear", extent=(-0.5, width - 0.5, rows - 0.5, -0.5))
        panel.set_xlim(-0.5, width - 0.5)
        panel.set_ylim(rows - 0.5, -0.5)
        if titles is not None:
            panel.set_title(titles[index], fontsize=8, pad=2)
    return from_matplotlib(figure, alt, kind="png")

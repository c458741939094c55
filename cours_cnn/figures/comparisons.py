"""Comparer des réseaux : nuages de points étiquetés et intervalles rangés l'un sous l'autre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib
from cours_cnn.french import number
from cours_cnn.validation import refuse

_MARKERS = "osD^vP"
_DPI = 100  # en pixels : tant de noms pèseraient trois fois plus en tracés vectoriels
_SMALLEST, _LARGEST = 45, 900  # aires des pastilles, en points carrés
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def scatter(points: Mapping[str, tuple[float, float]], *, xlabel: str, ylabel: str, title: str = "", alt: str = "",
            sizes: Mapping[str, float] | None = None, groups: Mapping[str, str] | None = None, log_x: bool = False,
            frontier: bool = False, height: float = 4.2) -> Picture:
    """Place un point par élément de ``points`` (nom → (x, y)) et écrit son nom à côté, sans chevauchement.

    ``sizes`` : nom → valeur que l'aire de la pastille représente ; ``groups`` : nom → famille, une couleur et une
    forme chacune ; ``log_x`` : axe horizontal logarithmique ; ``frontier`` relie les points qu'aucun autre ne bat à
    la fois par un x plus petit et un y plus grand. ``alt`` vide : le texte de remplacement donne chaque point.
    Lève ``ValueError`` si un nom manque à ``sizes`` ou à ``groups``.
    """
    if not points:
        refuse("points", points, "un dictionnaire non vide nom → (x, y)")
    for label, values in (("sizes", sizes), ("groups", groups)):
        if values is not None and set(points) - set(values):
            refuse(label, sorted(values), "un dictionnaire qui a une entrée par point : " + ", ".join(points))
    figure, axes = style.new_figure(height=height)
    panel, families = axes[0, 0], list(dict.fromkeys((groups or {}).values()))
    areas = _areas(points, sizes)
    for name, (x, y) in points.items():
        rank = families.index(groups[name]) % 6 if groups else 0
        panel.scatter(x, y, s=areas[name], color=style.PALETTE[rank], marker=_MARKERS[rank] if sizes is None else "o",
                      alpha=0.75 if sizes else 1, edgecolor="white", linewidth=0.8, zorder=3)
    if log_x:
        panel.set_xscale("log")
    if frontier:
        chain = [points[name] for name in undominated(points)]
        panel.step(*zip(*chain, strict=True), where="post", color="#888888", linestyle="--", linewidth=1, zorder=1)
    style.dress(panel, title=title, xlabel=xlabel, ylabel=ylabel, grid="both")
    panel.margins(0.12, 0.14)
    for rank, family in enumerate(families):
        panel.scatter([], [], s=45, color=style.PALETTE[rank % 6], label=family,
                      marker=_MARKERS[rank % 6] if sizes is None else "o")
    if families:
        panel.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1, 1))
    _label(figure, panel, points, areas)
    told = " ; ".join(f"{name} ({number(float(x), 1)} ; {number(float(y), 1)})" for name, (x, y) in points.items())
    return from_matplotlib(figure, alt or f"{title or ylabel} : {ylabel} en fonction de « {xlabel} ». {told}.",
                          kind="png", dpi=_DPI)


def undominated(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Rend, par x croissant, les noms des points qu'aucun autre ne bat : x au plus égal et y au moins égal, l'un des
    deux strictement meilleur."""
    def beaten(x, y):
        return any(u <= x and v >= y and (u, v) != (x, y) for u, v in points.values())

    return sorted((name for name, place in points.items() if not beaten(*place)), key=lambda name: points[name])


def intervals(labels: Sequence[str], centers: Sequence[float], margins: Sequence[float], *, xlabel: str,
              title: str = "", alt: str = "", dots: Sequence[Sequence[float]] | None = None,
              reference: float | None = None, digits: int = 1) -> Picture:
    """Trace, de haut en bas, un point et un intervalle ``centre ± marge`` par élément.

    ``dots`` : pour chaque élément, des valeurs isolées (une par graine, par exemple) marquées en gris, au-dessous,
    l'une sous l'autre si elles sont égales ;
    ``reference`` : abscisse d'un trait vertical ; un intervalle qui ne la contient pas est mis en couleur.
    Lève ``ValueError`` si les longueurs diffèrent ou si une marge est négative.
    """
    if not labels or len(centers) != len(labels) or len(margins) != len(labels):
        refuse("centers", centers, f"une suite de {len(labels)} valeurs, et autant de marges")
    if min(margins) < 0:
        refuse("margins", margins, "une suite de marges positives ou nulles")
    if dots is not None and len(dots) != len(labels):
        refuse("dots", dots, f"une suite de {len(labels)} suites de valeurs")
    figure, axes = style.new_figure(height=1.1 + 0.36 * len(labels))
    panel, told = axes[0, 0], []
    for row, (name, center, margin) in enumerate(zip(labels, centers, margins, strict=True)):
        clear = reference is not None and abs(center - reference) > margin
        if dots is not None:
            heights = [row + 0.25 + 0.13 * rank for rank in _ranks(dots[row])]
            panel.plot(dots[row], heights, "o", color="#8a8a8a", markersize=3.5, zorder=2)
        panel.errorbar(center, row, xerr=margin, fmt="o", color=style.RED if clear else style.BLUE, capsize=3,
                       markersize=6, zorder=3)
        told.append(f"{name} : {number(float(center), digits)} ± {number(float(margin), digits)}")
    if reference is not None:
        panel.axvline(reference, color="black", linewidth=0.9)
    style.dress(panel, title=title, xlabel=xlabel, grid="x")
    panel.set_yticks(range(len(labels)), labels)
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(len(labels) - 0.4, -0.6)
    return from_matplotlib(figure, alt or f"{title or xlabel}. " + " ; ".join(told) + ".", kind="png", dpi=_DPI)


def _ranks(values: Sequence[float]) -> list[int]:
    """Rend, pour chaque valeur, le nombre de celles qui la précèdent et lui sont égales, au millième près."""
    rounded = np.round(np.asarray(values, dtype=float), 3).tolist()
    return [rounded[:index].count(value) for index, value in enumerate(rounded)]


def _areas(points: Mapping, sizes: Mapping[str, float] | None) -> dict[str, float]:
    if sizes is None:
        return dict.fromkeys(points, _SMALLEST)
    if min(sizes[name] for name in points) < 0:
        refuse("sizes", sizes, "un dictionnaire de valeurs positives")
    largest = max(sizes[name] for name in points) or 1
    return {name: max(_SMALLEST / 3, _LARGEST * sizes[name] / largest) for name in points}


def _label(figure, panel, points: Mapping, areas: Mapping[str, float]) -> None:
    """Écrit chaque nom à la place la moins encombrée autour de son point : ni texte, ni pastille, ni bord dessous."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # fixe les échelles et la mise en page, dont dépendent les places en pixels
    scale, frame = figure.dpi / 72, panel.get_window_extent()
    centers = {name: panel.transData.transform(place) for name, place in points.items()}
    radii = {name: scale * np.sqrt(areas[name] / np.pi) for name in points}
    taken = []
    for name in sorted(points, key=lambda each: -centers[each][1]):
        text = panel.annotate(name, points[name], (0, 0), textcoords="offset points", fontsize=8.5, zorder=4,
                              bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})
        box = text.get_window_extent(canvas.get_renderer())
        best = None
        for rank, (right, up) in enumerate(_DIRECTIONS):
            for gap in (3, 9):
                reach = radii[name] + gap * scale * (0.8 if right and up else 1)
                left = centers[name][0] + (right * reach * (0.75 if up else 1) - (1 - right) / 2 * box.width)
                low = centers[name][1] + (up * reach * (0.75 if right else 1) - (1 - up) / 2 * box.height)
                place = (left, low, left + box.width, low + box.height)
                cost = (_clutter(place, name, taken, centers, radii, frame), gap, rank)
                if best is None or cost < best[0]:
                    best = (cost, place)
        taken.append(best[1])
        text.set_position(((best[1][0] - centers[name][0]) / scale, (best[1][1] - centers[name][1]) / scale + 1.5))


def _clutter(place, name: str, taken, centers, radii, frame) -> float:
    left, low, right, high = place

    def shared(other):
        width = min(right, other[2]) - max(left, other[0])
        tall = min(high, other[3]) - max(low, other[1])
        return max(width, 0) * max(tall, 0)

    def distance(center):
        return np.hypot(max(left - center[0], 0, center[0] - right), max(low - center[1], 0, center[1] - high))

    disks = [(x - radii[each], y - radii[each], x + radii[each], y + radii[each])
             for each, (x, y) in centers.items()]
    inside = shared((frame.x0, frame.y0, frame.x1, frame.y1))
    # Un nom plus proche d'un autre point que du sien tromperait le lecteur.
    misread = sum(distance(other) < distance(centers[name]) for each, other in centers.items() if each != name)
    return (sum(map(shared, taken)) + sum(map(shared, disks)) + 3 * ((right - left) * (high - low) - inside)
            + 200 * misread)

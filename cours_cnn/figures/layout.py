"""La place des boîtes et le chemin des liaisons, calculés d'après le graphe : rien n'est posé à la main."""

from __future__ import annotations

from dataclasses import dataclass, field

from cours_cnn.figures.flow import Fork, Node, Tangle, members

GAP, FAN, SIDE = 24, 34, 20  # entre deux boîtes, aux bouts d'un faisceau, entre deux branches


@dataclass
class Wire:
    """Une liaison en cours de tracé : la boîte d'où elle part et les points où elle passe verticalement.

    ``aside`` : elle sort d'une branche latérale, et peut donc arriver par le côté.
    """

    start: int
    points: list[tuple[float, float]] = field(default_factory=list)
    aside: bool = False

    def through(self, *points: tuple[float, float], aside: bool = False) -> Wire:
        """Rend la liaison prolongée par ``points``."""
        return Wire(self.start, [*self.points, *points], aside)


@dataclass
class Layout:
    """Le résultat : centre et haut de chaque boîte, liaisons achevées (liaison, boîte d'arrivée), étendue."""

    places: dict[int, tuple[float, float]]
    wires: list[tuple[Wire, int]]
    left: float
    right: float
    height: float


def arrange(graph: list[Node], items: tuple, sizes: list[tuple[float, float]]) -> Layout:
    """Place de haut en bas les boîtes de tailles ``sizes`` (largeur, hauteur) ; l'axe principal est à l'abscisse 0."""
    maker = _Maker(graph, sizes)
    left, right, height = maker.extent(items)
    maker.series(items, 0.0, 0.0, [])
    return Layout(maker.places, maker.wires, left, right, height)


class _Maker:
    def __init__(self, graph: list[Node], sizes: list[tuple[float, float]]):
        self.graph, self.sizes = graph, sizes
        self.places: dict[int, tuple[float, float]] = {}
        self.wires: list[tuple[Wire, int]] = []

    def extent(self, items) -> tuple[float, float, float]:
        """Rend ce qu'une suite occupe à gauche et à droite de son axe, et sa hauteur."""
        left = right = height = 0.0
        for rank, item in enumerate(items):
            if isinstance(item, int):
                width, tall = self.sizes[item]
                sides = (width / 2, width / 2)
            elif isinstance(item, Tangle):
                *sides, tall = self.rows(item)[1:]
            else:
                sides, tall = self.fork(item)[1:3]
            left, right = max(left, sides[0]), max(right, sides[1])
            height += tall + (GAP if rank and isinstance(item, int) and isinstance(items[rank - 1], int) else 0)
        return left, right, height

    def fork(self, fork: Fork):
        """Rend l'axe de chaque branche, l'étendue du faisceau, sa hauteur, la hauteur de chaque branche."""
        extents = [self.extent(branch) for branch in fork.branches]
        tall = max(height for *_, height in extents) + 2 * FAN
        widths = [(max(left, 4), max(right, 4)) for left, right, _ in extents]
        heights = [height for *_, height in extents]
        if self.balanced(fork):
            axes, x = [], 0.0
            for left, right in widths:
                axes.append(x + left)
                x += left + right + SIDE
            middle = (axes[0] + axes[-1]) / 2
            axes = [axis - middle for axis in axes]
            return axes, (widths[0][0] - axes[0], axes[-1] + widths[-1][1]), tall, heights
        # La branche principale reste sur l'axe ; les autres passent à droite, connexion directe la dernière.
        order = sorted(range(len(extents)), key=lambda i: (-len(members(fork.branches[i])), i))
        axes, x = [0.0] * len(extents), widths[order[0]][1]
        for index in order[1:]:
            axes[index] = x + SIDE + widths[index][0]
            x = axes[index] + widths[index][1]
        return axes, (widths[order[0]][0], x), tall, heights

    def balanced(self, fork: Fork) -> bool:
        """Dit si les branches se valent : elles sont alors réparties de part et d'autre de l'axe."""
        found = [index for branch in fork.branches for index in members(branch)]
        into = {i for i, node in enumerate(self.graph) if i not in found and set(found) & set(node.inputs)}
        return all(fork.branches) and bool(into) and not any(self.graph[i].symbol for i in into)

    def series(self, items, x: float, y: float, incoming: list[Wire]) -> tuple[list[Wire], float]:
        """Place une suite à partir de ``y`` ; rend les liaisons qui en sortent et l'ordonnée du bas."""
        for rank, item in enumerate(items):
            if isinstance(item, int):
                y += GAP if rank and isinstance(items[rank - 1], int) else 0
                self.places[item] = (x, y)
                self.wires += [(wire, item) for wire in incoming]
                incoming, y = [Wire(item)], y + self.sizes[item][1]
            elif isinstance(item, Tangle):
                incoming, y = self.tangle(item, x, y, incoming)
            else:
                incoming, y = self.branches(item, x, y, incoming)
        return incoming, y

    def branches(self, fork: Fork, x: float, y: float, incoming: list[Wire]) -> tuple[list[Wire], float]:
        axes, _, tall, heights = self.fork(fork)
        bottom, leaving = y + tall, []
        for branch, axis, height in zip(fork.branches, axes, heights, strict=True):
            spare = tall - 2 * FAN - height
            top = y + FAN + (spare if self.balanced(fork) else spare / 2)
            first = set(members(branch))
            entering = [wire.through((x + axis, y + FAN), (x + axis, top)) for wire in incoming]
            if first and not incoming:  # des entrées du modèle : rien n'y arrive
                entering = []
            exits, end = self.series(branch, x + axis, top, entering)
            leaving += [wire.through((x + axis, end), (x + axis, bottom - FAN), aside=axis != 0) for wire in exits]
        return leaving, bottom

    def rows(self, tangle: Tangle):
        """Range les boîtes par profondeur ; une liaison qui saute des rangées y réserve un passage étroit."""
        inside, depth = set(tangle.members), {}
        for index in tangle.members:
            depth[index] = 1 + max((depth[i] for i in self.graph[index].inputs if i in inside), default=-1)
        count = max(depth.values()) + 1
        rows: list[list] = [[index for index in tangle.members if depth[index] == rank] for rank in range(count)]
        chains = []  # (départ, arrivée, passages) ; None désigne l'extérieur
        read = {i for index in tangle.members for i in self.graph[index].inputs if i in inside}
        for index in tangle.members:
            outside = [i for i in self.graph[index].inputs if i not in inside]
            chains += [(i, index, range(depth[i] + 1, depth[index])) for i in self.graph[index].inputs if i in inside]
            chains += [(None, index, range(depth[index])) for _ in outside[:1]]
            later = any(index in node.inputs for i, node in enumerate(self.graph) if i not in inside)
            if later or index not in read:
                chains.append((index, None, range(depth[index] + 1, count)))
        for rank, chain in enumerate(chains):
            for row in chain[2]:
                rows[row].append(("passage", rank))
        widths = [sum(self.wide(slot) for slot in row) + SIDE * (len(row) - 1) for row in rows]
        heights = [max([self.sizes[slot][1] for slot in row if isinstance(slot, int)]) for row in rows]
        half = max(widths) / 2
        return (rows, chains, heights), half, half, sum(heights) + FAN * (count + 1)

    def wide(self, slot) -> float:
        return self.sizes[slot][0] if isinstance(slot, int) else 10.0

    def tangle(self, tangle: Tangle, x: float, y: float, incoming: list[Wire]) -> tuple[list[Wire], float]:
        (rows, chains, heights), *_, tall = self.rows(tangle)
        spot, top = {}, y + FAN
        for row, height in zip(rows, heights, strict=True):
            at = x - (sum(self.wide(slot) for slot in row) + SIDE * (len(row) - 1)) / 2
            for slot in row:
                spot[slot if isinstance(slot, int) else (slot[1], top)] = (at + self.wide(slot) / 2, top, height)
                if isinstance(slot, int):
                    self.places[slot] = (at + self.wide(slot) / 2, top)
                at += self.wide(slot) + SIDE
            top += height + FAN
        leaving = []
        for rank, (start, end, _) in enumerate(chains):
            crossed = sorted((place for key, place in spot.items() if isinstance(key, tuple) and key[0] == rank),
                             key=lambda place: place[1])
            points = [point for px, py, height in crossed for point in ((px, py), (px, py + height))]
            if start is not None:  # la liaison descend d'abord au bas de sa rangée
                px, py, height = spot[start]
                points = [(px, py + height), *points]
            wires = [wire.through(*points) for wire in incoming] if start is None else [Wire(start, points)]
            if end is None:
                leaving += wires
            else:
                self.wires += [(wire, end) for wire in wires]
        return leaving, y + tall

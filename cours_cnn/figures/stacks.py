"""Le dessin d'une longue pile de couches : les convolutions semblables se regroupent, les lignes se replient."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cours_cnn.figures.canvas import Canvas, family, text_width
from cours_cnn.figures.flow import Node, common_start
from cours_cnn.figures.picture import Picture
from cours_cnn.figures.telling import counted, layer_phrase
from cours_cnn.french import NBSP, integer

_ROW, _GAP, _SHEET, _SIDE = 690, 24, 4, 92
_UNGROUPED = 12  # au-delà, les convolutions semblables qui se suivent partagent une pile


@dataclass
class Pile:
    """Des couches voisines dessinées ensemble ; ``towers`` : groupes séparés de leurs convolutions."""

    nodes: list[Node]
    towers: int = 1


def piles(graph: list[Node], towers: dict[str, int]) -> list[Pile]:
    """Regroupe, dans une longue chaîne, les convolutions successives de mêmes cartes, taille et noyau."""
    shown = [node for node in graph if not node.silent]
    found: list[Pile] = []
    for node in shown:
        row, count = node.row, towers.get(node.row.name, 1)
        last = found[-1] if found else None
        alike = last and row.kind == "Convolution" and (
            row.kind, row.maps, row.size, row.kernel, count) == (
            *_look(last.nodes[-1]), last.towers)
        if alike and len(shown) > _UNGROUPED:
            last.nodes.append(node)
        else:
            found.append(Pile([node], count))
    return found


def _look(node: Node) -> tuple:
    return node.row.kind, node.row.maps, node.row.size, node.row.kernel


def draw_stacks(name: str, graph: list[Node], towers: dict[str, int], *, counts: bool, alt: str = "") -> Picture:
    """Dessine une chaîne de boîtes en piles de cartes, sur autant de lignes qu'il faut."""
    found = piles(graph, towers)
    largest = max([max(pile.nodes[0].row.size) for pile in found if pile.nodes[0].row.maps] or [1])
    slots = [max(_shape(pile, largest)[0], *(text_width(text, size, bold=bold) for text, size, bold in
                                             [_above(pile), *_below(pile, counts)])) for pile in found]
    lines = _wrap([slot + _GAP for slot in slots])
    canvas, y, right = Canvas(), 8.0, 0.0
    for number, line in enumerate(lines):
        tall = max(_shape(found[i], largest)[1] for i in line)
        under = max(len(_below(found[i], counts)) for i in line)
        middle, x = y + 24 + tall / 2, 12.0
        for rank, index in enumerate(line):
            if rank or number:
                canvas.line(f"M{x + (0 if rank else 2):.1f} {middle:.1f}h{_GAP - 10 if rank else 8}")
                canvas.head(x + (_GAP - 6 if rank else 14), middle, "droite")
            x += _GAP if rank else (18 if number else 0)
            pile, center = found[index], x + slots[index] / 2
            with canvas.group("couche", " ; ".join(f"{', '.join(node.names)} : {layer_phrase(node)}"
                                                   for node in pile.nodes)):
                _draw(canvas, pile, center, middle, largest)
                text, size, bold = _above(pile)
                canvas.text(center, y + 14, text, size, bold=bold)
                for row, (text, size, bold) in enumerate(_below(pile, counts)):
                    canvas.text(center, y + 42 + tall + 15 * row, text, size, bold=bold)
            x += slots[index]
        if number + 1 < len(lines):
            canvas.line(f"M{x + 3:.1f} {middle:.1f}h12")
            canvas.head(x + 18, middle, "droite")
            x += 18
        right = max(right, x)
        y += 42 + tall + 15 * under + 14
    x, families = 12.0, list(dict.fromkeys(family(pile.nodes[0].row.kind) for pile in found))
    for color, label in families:
        canvas.box(x, y, 10, 10, color, opacity=0.9, radius=2, edge=0)
        canvas.text(x + 15, y + 9, label, 11, anchor="start")
        x += 34 + text_width(label, 11)
    width = max(right, x) + 12
    return canvas.picture(width, y + 18, name, alt or _alt(name, found), least=0.85 * width)


def _wrap(widths: list[float]) -> list[list[int]]:
    """Coupe la suite en lignes de longueurs voisines, au plus ``_ROW`` pixels si possible."""
    count = math.ceil(sum(widths) / _ROW)
    goal, lines, used = sum(widths) / count, [[]], 0.0
    for index, width in enumerate(widths):
        if lines[-1] and used + width / 2 > goal and len(lines) < count:
            lines.append([])
            used = 0.0
        lines[-1].append(index)
        used += width
    return lines


def _side(pile: Pile, largest: int) -> tuple[float, float]:
    return tuple(max(9.0, _SIDE * math.sqrt(size / largest)) for size in pile.nodes[0].row.size)


def _sheets(pile: Pile) -> int:
    """Rend le nombre de feuilles d'une pile : plus il y a de cartes, plus elle est épaisse."""
    maps = pile.nodes[0].row.maps
    if len(pile.nodes) > 1:
        return 3
    return maps if maps < 4 else min(7, 3 + int(math.log2(maps) / 2))


def _step(pile: Pile, largest: int) -> float:
    """Rend le décalage entre deux convolutions d'une même pile : la face de chacune reste visible."""
    return 12 + 0.3 * _side(pile, largest)[1]


def _shape(pile: Pile, largest: int) -> tuple[float, float]:
    """Rend la largeur et la hauteur du dessin d'une pile."""
    row = pile.nodes[0].row
    if not row.maps:
        return 16.0, _bar(row)
    height, width = _side(pile, largest)
    depth = (_sheets(pile) - 1) * _SHEET
    spread = _step(pile, largest) * (len(pile.nodes) - 1)
    return width + depth + spread, pile.towers * (height + depth) + 16 * (pile.towers - 1)


def _bar(row) -> float:
    return min(130.0, 14 + 1.9 * math.sqrt(row.size if isinstance(row.size, int) else 1))


def _draw(canvas: Canvas, pile: Pile, center: float, middle: float, largest: int) -> None:
    row, color = pile.nodes[0].row, family(pile.nodes[0].row.kind)[0]
    width, height = _shape(pile, largest)
    if not row.maps:
        canvas.box(center - 8, middle - height / 2, 16, height, color, opacity=0.85, radius=3)
        return
    side_h, side_w = _side(pile, largest)
    sheets, step = _sheets(pile), _step(pile, largest)
    each = (height - 16 * (pile.towers - 1)) / pile.towers
    for tower in range(pile.towers):
        top = middle - height / 2 + tower * (each + 16)
        for rank in reversed(range(len(pile.nodes))):  # la première convolution passe devant les suivantes
            for sheet in range(sheets):
                x = center - width / 2 + step * rank + (sheets - 1 - sheet) * _SHEET
                front = sheet == sheets - 1
                canvas.box(x, top + sheet * _SHEET, side_w, side_h, color, radius=1.5,
                           opacity=1 if front and len(pile.nodes) > 1 else 0.85 if front else 0.3,
                           line="#ffffff" if front and len(pile.nodes) > 1 else "")


def _above(pile: Pile) -> tuple[str, float, bool]:
    row = pile.nodes[0].row
    if not row.maps:
        return f"{integer(row.size)} unités" if isinstance(row.size, int) else "", 12, False
    split = f"{pile.towers} × {integer(row.maps // pile.towers)}" if pile.towers > 1 else integer(row.maps)
    return f"{split} @ {row.size[0]} × {row.size[1]}", 12, False


def _below(pile: Pile, counts: bool) -> list[tuple[str, float, bool]]:
    row, count = pile.nodes[0].row, len(pile.nodes)
    kernel = f"{row.kernel[0]} × {row.kernel[1]}" if row.kernel else ""
    lines = [(_names(pile), 12, True)]
    if count > 1:
        lines = [(f"{count} × conv {kernel}, {integer(row.maps)}", 12, True), (_names(pile), 11, False)]
    elif kernel:
        lines.append((kernel, 12, False))
    parameters = sum(node.row.parameters for node in pile.nodes)
    return lines + ([(f"{integer(parameters)} param.", 12, False)] if parameters and counts else [])


def _names(pile: Pile) -> str:
    names = [node.row.name or node.row.kind.lower() for node in pile.nodes]
    if len(names) == 1:
        return names[0]
    start = common_start(names)
    ends = [name[len(start):] for name in names]
    if start and ends[0] and ends[-1]:
        return f"{start}{ends[0]} à {ends[-1]}"
    return f"{names[0]} à {names[-1]}"


def _alt(name: str, found: list[Pile]) -> str:
    told = []
    for pile in found:
        row, count = pile.nodes[0].row, len(pile.nodes)
        label = _names(pile)
        phrase = layer_phrase(pile.nodes[0])
        many = f"{count} fois " if count > 1 else ""
        towers = f", en {counted(pile.towers, 'tour')}" if pile.towers > 1 else ""
        told.append(f"{label}, {many}{phrase}{towers}" if row.kind != "Entrée" else phrase)
    return f"Architecture de {name}{NBSP}: {', puis '.join(told)}."

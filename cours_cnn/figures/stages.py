"""Le dessin d'un grand réseau, étage par étage : un bloc par cadre, les connexions directes en arcs."""

from __future__ import annotations

from cours_cnn.figures.blocks import Block, Single, Stage, branch_shares, stages
from cours_cnn.figures.canvas import PINK, Canvas, family, text_width
from cours_cnn.figures.flow import Node
from cours_cnn.figures.picture import Picture
from cours_cnn.figures.style import GREEN, ORANGE, PURPLE, RED, SKY, YELLOW
from cours_cnn.figures.telling import counted, layer_phrase, stages_alt
from cours_cnn.french import integer

_ROW = 610  # largeur d'une ligne, étiquette de l'étage exclue
_MINI, _TALL, _BETWEEN, _WIRE = 36, 46, 9, 9
_ARC, _HEAD, _NAME, _PAD = 30, 58, 15, 4
_BRANCHES = (SKY, RED, GREEN, ORANGE, PURPLE, YELLOW)


def draw_stages(model, alt: str = "") -> Picture:
    """Dessine un modèle étage par étage ; un étage réunit les couches dont les cartes ont la même taille.

    Un bloc (ce qui se sépare puis se réunit) tient dans un cadre ; sa connexion directe est un arc plein, sa
    projection un arc tireté, la part de chaque branche d'un module une bande de couleur.
    """
    graph, found = stages(model)
    labels = [_size_label(graph, stage) for stage in found]
    left = 14 + max(text_width(text, 12, bold=True) for text in labels)
    colors = _branch_colors(graph, found)
    canvas, bands, y, right, previous = Canvas(), [], 8.0, 0.0, None
    for stage, label in zip(found, labels, strict=True):
        top = y
        for rank, line in enumerate(_lines(graph, stage)):
            wire_y = y + (_ARC if _has_arc(line) else 8) + _PAD + _TALL / 2
            if rank == 0:
                canvas.text(9, wire_y + 4, label, 12, bold=True, anchor="start")
            x = left + 14
            if previous:
                _turn(canvas, previous, (x, wire_y), y, left)
            for index, item in enumerate(line):
                if index:
                    canvas.line(f"M{x - _gap(line[index - 1], item):.1f} {wire_y:.1f}H{x - 2:.1f}")
                    canvas.head(x - 1, wire_y, "droite")
                end = _draw_item(canvas, graph, item, x, wire_y, colors)
                right = max(right, end)
                x = end + (_gap(item, line[index + 1]) if index + 1 < len(line) else 0)
            previous = (x, wire_y)
            y = wire_y + _TALL / 2 + _below(line)
        bands.append((top, y - top - 4))
        y += 6
    width = max(right + 12, 300.0)
    shade = Canvas()
    for top, tall in bands:
        shade.box(2, top, width - 4, tall, "currentColor", opacity=0.045, radius=6, edge=0)
    canvas.parts = shade.parts + canvas.parts
    height = _legend(canvas, graph, found, colors, y + 8, width)
    return canvas.picture(width, height, model.name, alt or stages_alt(model.name, graph, found))


def _size_label(graph: list[Node], stage: Stage) -> str:
    return f"{stage.size[0]} × {stage.size[1]}" if stage.size and None not in stage.size else "vecteur"


def _gap(before, after) -> float:
    """Rend l'espace entre deux éléments : une liaison fléchée, plus longue au bord d'un bloc résiduel."""
    return _BETWEEN + (9 if isinstance(after, Block) and after.residual else 0)


def _width(graph: list[Node], item) -> float:
    if isinstance(item, Single):
        return _mini_width(graph[item.index])
    if not item.residual:
        return max(84.0, text_width(item.name, 12, bold=True) + 16)
    return _frame(graph, item) + _WIRE + 14


def _frame(graph: list[Node], block: Block) -> float:
    minis = sum(_mini_width(graph[i]) for i in block.main) + 3 * (len(block.main) - 1) + 2 * _PAD
    return max(minis, text_width(block.name, 10) + 6)


def _mini_width(node: Node) -> float:
    if node.silent:
        return 10.0
    return max(_MINI, *(text_width(text, size, bold=bold) + 4 for text, size, bold in _mini_lines(node)))


def _mini_lines(node: Node) -> list[tuple[str, float, bool]]:
    row = node.row
    amount = integer(row.maps or row.size) if (row.maps or row.size) else ""
    if node.symbol:
        return [(node.symbol, 14, True)]
    first = f"{row.kernel[0]} × {row.kernel[1]}" if row.kernel else {
        "Entrée": "entrée", "Entièrement connectée": "dense", "Moyenne globale": "moyenne",
        "Maximum global": "maximum"}.get(row.kind, row.kind.lower())
    if row.kind.startswith("Pooling") and row.kernel:
        first = ("max " if "max" in row.kind else "moy. ") + first
    second = {"Moyenne globale": "globale", "Maximum global": "global"}.get(row.kind, "")
    stride = f"pas {row.strides[0]}" if row.strides and row.strides[0] > 1 else ""
    return [(text, size, bold) for text, size, bold in
            ((first, 11, True), (second, 10, False), (amount, 10, False), (stride, 10, False)) if text]


def _lines(graph: list[Node], stage: Stage) -> list[list]:
    """Coupe un étage en lignes de longueurs voisines."""
    widths = [_width(graph, item) + _gap(None, item) for item in stage.items]
    count = max(1, -int(-sum(widths) // _ROW))
    while True:
        goal, lines, used = sum(widths) / count, [[]], 0.0
        for item, width in zip(stage.items, widths, strict=True):
            if lines[-1] and used + width / 2 > goal + 1 and len(lines) < count:
                lines.append([])
                used = 0.0
            lines[-1].append(item)
            used += width
        longest = max(sum(_width(graph, item) + _gap(None, item) for item in line) for line in lines)
        if count >= len(widths) or longest <= _ROW + 20:
            return lines
        count += 1


def _has_arc(line) -> bool:
    return any(isinstance(item, Block) and item.residual for item in line)


def _below(line) -> float:
    """Rend la place qu'une ligne occupe sous les boîtes : nom du bloc, sortie auxiliaire."""
    named = any(isinstance(item, Block) and item.residual for item in line)
    return _PAD + 8 + (_NAME if named else 0) + (_HEAD if any(item.heads for item in line) else 0)


def _draw_item(canvas: Canvas, graph: list[Node], item, x: float, y: float, colors: dict) -> float:
    """Trace un élément dont la liaison passe à l'ordonnée ``y`` ; rend l'abscisse de sa fin."""
    if isinstance(item, Single):
        _mini(canvas, graph[item.index], x, y)
        end = x + _mini_width(graph[item.index])
    elif item.residual:
        end = _residual(canvas, graph, item, x, y)
    else:
        end = _module(canvas, graph, item, x, y, colors)
    for rank, head in enumerate(item.heads):
        row = graph[head].row
        wide = max(text_width(row.name, 10) + 10, 70)
        middle, top = (x + end) / 2, y + _TALL / 2 + 16 + rank * _HEAD
        canvas.line(f"M{middle:.1f} {y + _TALL / 2 + 1:.1f}V{top - 2:.1f}")
        canvas.head(middle, top - 1, "bas")
        with canvas.group("auxiliaire", layer_phrase(graph[head])):
            canvas.box(middle - wide / 2, top, wide, 34, family(row.kind)[0])
            canvas.text(middle, top + 14, row.name, 10)
            canvas.text(middle, top + 27, counted(row.maps or row.size or 0, "sortie"), 10)
    return end


def _mini(canvas: Canvas, node: Node, x: float, y: float) -> None:
    width, lines = _mini_width(node), _mini_lines(node)
    with canvas.group("couche", f"{', '.join(node.names)} : {layer_phrase(node)}"):
        if node.silent:
            canvas.box(x, y - _TALL / 2, width, _TALL, family(node.row.kind)[0], opacity=0.3, radius=3)
            return
        canvas.box(x, y - _TALL / 2, width, _TALL, PINK if node.symbol else family(node.row.kind)[0], radius=3)
        first = y + 4 - 6.5 * (len(lines) - 1)
        for rank, (text, size, bold) in enumerate(lines):
            canvas.text(x + width / 2, first + 13 * rank, text, size, bold=bold)


def _residual(canvas: Canvas, graph: list[Node], block: Block, x: float, y: float) -> float:
    width = _frame(graph, block)
    plus, top = x + width + _WIRE + 7, y - _TALL / 2 - _PAD
    with canvas.group("bloc", f"{block.name} : {', '.join(n for i in block.indices for n in graph[i].names)}"):
        canvas.box(x, top, width, _TALL + 2 * _PAD + _NAME, "currentColor", opacity=0.04, edge=0.5)
        minis = sum(_mini_width(graph[i]) for i in block.main) + 3 * (len(block.main) - 1)
        at = x + (width - minis) / 2
        for index in block.main:
            _mini(canvas, graph[index], at, y)
            at += _mini_width(graph[index]) + 3
        canvas.text(x + width / 2, y + _TALL / 2 + _PAD + 10, block.name, 10, faded=True)
        canvas.line(f"M{x + width:.1f} {y:.1f}H{plus - 8:.1f}")
        start = x - 12
        for rank, branch in enumerate(block.others):
            high = top - 13 - 6 * rank
            canvas.line(f"M{start:.1f} {y:.1f}C{start:.1f} {high - 4:.1f} {start + 6:.1f} {high:.1f} {start + 26:.1f} "
                        f"{high:.1f}H{plus - 26:.1f}C{plus - 6:.1f} {high:.1f} {plus:.1f} {high - 4:.1f} "
                        f"{plus:.1f} {y - 8:.1f}", dashed=bool(branch))
            canvas.head(plus, y - 7, "bas")
            if branch:
                told = ", ".join(_mini_lines(graph[i])[0][0] for i in branch if not graph[i].silent)
                canvas.text((start + plus) / 2, high - 3, told, 10)
        sign = graph[block.merge].symbol or "⧺"
        canvas.circle(plus, y, 7, sign)
    return plus + 7


def _module(canvas: Canvas, graph: list[Node], block: Block, x: float, y: float, colors: dict) -> float:
    width, top, row = _width(graph, block), y - _TALL / 2 - _PAD, graph[block.merge].row
    with canvas.group("bloc", f"{block.name} : {', '.join(n for i in block.indices for n in graph[i].names)}"):
        canvas.box(x, top, width, _TALL + 2 * _PAD, "currentColor", opacity=0.04, edge=0.5)
        canvas.text(x + width / 2, top + 16, block.name, 12, bold=True)
        canvas.text(x + width / 2, top + 31, counted(row.maps or row.size or 0, "carte"), 10)
        shares = branch_shares(graph, block)
        at = x + 4
        for label, share in shares:
            part = (width - 8) * share / sum(value for _, value in shares)
            canvas.box(at, top + 38, part, 11, colors[label], opacity=0.9, radius=0, edge=0)
            at += part
    return x + width


def _branch_colors(graph: list[Node], found: list[Stage]) -> dict[str, str]:
    blocks = [item for stage in found for item in stage.items if isinstance(item, Block) and not item.residual]
    labels = dict.fromkeys(label for block in blocks for label, _ in branch_shares(graph, block))
    return {label: _BRANCHES[rank % len(_BRANCHES)] for rank, label in enumerate(labels)}


def _turn(canvas: Canvas, start, end, limit: float, left: float) -> None:
    """Relie la fin d'une ligne au début de la suivante, par le bord droit puis l'espace entre les lignes."""
    (x, y), (tx, ty) = start, end
    low = limit - 3
    canvas.line(f"M{x + 1:.1f} {y:.1f}h4q5 0 5 5V{low - 5:.1f}q0 5 -5 5H{left + 5:.1f}q-5 0 -5 5V{ty - 5:.1f}"
                f"q0 5 5 5H{tx - 2:.1f}")
    canvas.head(tx - 1, ty, "droite")


def _legend(canvas: Canvas, graph: list[Node], found: list[Stage], colors: dict, y: float, width: float) -> float:
    """Écrit la légende sous le dessin, sur autant de lignes qu'il faut ; rend la hauteur totale."""
    items = [item for stage in found for item in stage.items]
    shown = [i for item in items for i in (item.main if isinstance(item, Block) and item.residual else [item.end])]
    marks = [("box", color, name) for color, name in dict.fromkeys(
        family(graph[i].row.kind) for i in shown if not graph[i].silent and len(graph[i].inputs) < 2)]
    marks += [("box", color, f"branche {label}") for label, color in colors.items()]
    blocks = [item for item in items if isinstance(item, Block) and item.residual]
    marks += [("line", False, "connexion directe")] if any(not b for item in blocks for b in item.others) else []
    changed = [branch for item in blocks for branch in item.others if branch]
    pooled = any(graph[i].row.kind.startswith("Pooling") for branch in changed for i in branch)
    marks += [("line", True, "projection ou pooling" if pooled else "projection")] if changed else []
    x = 10.0
    for kind, value, name in marks:
        wide = text_width(name, 11) + 34
        if x + wide > width and x > 10:
            x, y = 10.0, y + 18
        if kind == "box":
            canvas.box(x, y, 10, 10, value, opacity=0.9, radius=2, edge=0)
        else:
            canvas.line(f"M{x - 4:.1f} {y + 5:.1f}h18", dashed=value)
        canvas.text(x + 18, y + 9, name, 11, anchor="start")
        x += wide
    return y + 18

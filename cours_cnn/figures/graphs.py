"""Le dessin d'un modèle à branches et à connexions directes, tracé à partir du modèle lui-même."""

from __future__ import annotations

from cours_cnn.anatomy import LayerRow
from cours_cnn.figures.canvas import PINK, Canvas, family, text_width
from cours_cnn.figures.flow import Node, activation_label, decompose, nodes
from cours_cnn.figures.layout import Layout, Wire, arrange
from cours_cnn.figures.picture import Picture
from cours_cnn.figures.telling import amount, graph_alt
from cours_cnn.french import integer
from cours_cnn.validation import one_of, refuse

_MOST, _RADIUS, _MARGIN, _BAR = 150, 13, 12, 4


def graph(model, *, compact: bool = False, alt: str = "") -> Picture:
    """Dessine de haut en bas le graphe d'un modèle : une boîte par couche, branches, réunions, connexions directes.

    Le trait épais au bas d'une boîte croît comme son nombre de cartes ; une concaténation montre la part de chaque
    branche ; une addition est un « + » rond, où la connexion directe arrive par le côté.
    ``compact`` : écrit « noyau, cartes » et réunit à chaque couche la normalisation et l'activation qui la suivent.

    Lève ``TypeError`` ou ``ValueError`` si ``model`` n'est pas un modèle Keras construit ou compte trop de couches.
    """
    one_of("compact", compact, [False, True])
    found = nodes(model, fold=compact)
    if len(found) > _MOST:
        refuse("model", model.name, f"un modèle d'au plus {_MOST} boîtes (celui-ci en compte {len(found)})",
               hint="Dessinez-le par figures.architecture(model), ou n'en dessinez qu'un bloc.")
    lines = [_lines(node, compact) for node in found]
    plain = [i for i, node in enumerate(found) if not node.symbol and not _shares(found, node)]
    wide = max(text_width(text, size, bold=bold) for i in plain for text, size, bold in lines[i]) + 20
    sizes = [_size(found, node, lines[i], wide) for i, node in enumerate(found)]
    items = decompose(found)
    layout = arrange(found, items, sizes)
    canvas = Canvas()
    ports = {}
    for wire, end in layout.wires:
        _draw_wire(canvas, found, layout, sizes, wire, end, ports)
    largest = max([node.row.maps for node in found if node.row.maps] or [1])
    for index, node in enumerate(found):
        with canvas.group("couche", _title(node)):
            _draw_node(canvas, found, node, layout.places[index], sizes[index], lines[index], largest)
    shifted = Canvas()
    shifted.parts = [f'<g transform="translate({layout.left + _MARGIN:.1f} {_MARGIN})">', *canvas.parts, "</g>"]
    width = max(layout.left + layout.right + 2 * _MARGIN, 160)
    return shifted.picture(width, layout.height + 2 * _MARGIN, model.name, alt or graph_alt(model.name, found, items))


def _lines(node: Node, compact: bool) -> list[tuple[str, float, bool]]:
    """Rend les lignes d'une boîte : texte, corps, graisse."""
    row, extras = node.row, ", ".join(dict.fromkeys(node.extras))
    if node.symbol:
        return [(extras, 11, False)] if extras else []
    if node.silent:
        return [(extras or row.kind if compact else _silent(row), 11, False)]
    size = f"{row.size[0]} × {row.size[1]}" if row.maps and None not in row.size else ""
    if not compact:
        follows = " · ".join(part for part in (row.name, activation_label(row.activation)) if part)
        return [(row.kind + kernel(row, " "), 12, True), (f"{amount(row)} {size}".strip(), 11, False),
                *([(follows, 10, False)] if follows else [])]
    what = {"Pooling max": "max", "Pooling moyen": "moyen", "Convolution": ""}.get(row.kind, row.kind)
    first = (what + kernel(row, " ")).strip()
    if row.kernel and row.maps:
        first += f", {integer(row.maps)}"
        return [(first, 12, True), *([(extras, 10, False)] if extras else [])]
    return [(first, 12, True), (f"{amount(row)} {size}".strip(), 10, False), *([(extras, 10, False)] if extras else [])]


def kernel(row: LayerRow, before: str = "") -> str:
    """Écrit le noyau d'une couche et son pas s'il diffère de 1."""
    if not row.kernel:
        return ""
    stride = row.strides[0] if row.strides else 1
    return f"{before}{row.kernel[0]} × {row.kernel[1]}" + (f", pas {stride}" if stride > 1 else "")


def _silent(row: LayerRow) -> str:
    return activation_label(row.activation) if row.kind == "Activation" and row.activation else row.kind


def _title(node: Node) -> str:
    return f"{', '.join(node.names)} : {node.row.kind.lower()}{kernel(node.row, ' ')}, {amount(node.row)}"


def _shares(found: list[Node], node: Node) -> list[int]:
    """Rend ce que chaque entrée apporte à une concaténation selon les cartes (ou les unités), sinon une liste vide."""
    if node.row.kind != "Concaténation" or len(node.inputs) < 2:
        return []
    parts = [found[i].row.maps or found[i].row.size for i in node.inputs]
    whole = all(isinstance(part, int) for part in parts)
    return parts if whole and sum(parts) == (node.row.maps or node.row.size) else []


def _size(found, node: Node, lines, wide: float) -> tuple[float, float]:
    if node.symbol:
        return 2 * (_RADIUS + sum(text_width(text, size) + 12 for text, size, _ in lines)), 2 * _RADIUS
    if _shares(found, node):
        return max(wide, 84.0 * len(node.inputs)), 26 + 15 * len(lines)
    return wide, (22.0 if node.silent else 11 + 15 * len(lines) + _BAR)


def _draw_node(canvas: Canvas, found, node: Node, place, size, lines, largest: int) -> None:
    (x, y), (width, height) = place, size
    color = family(node.row.kind)[0]
    if node.symbol:
        canvas.circle(x, y + _RADIUS, _RADIUS, node.symbol)
        for text, points, _ in lines:
            canvas.text(x - _RADIUS - 7, y + _RADIUS + 4, text, points, anchor="end")
        return
    shares = _shares(found, node)
    color = PINK if len(node.inputs) > 1 and not shares else color
    canvas.box(x - width / 2, y, width, height, color, opacity=0.08 if node.silent else 0.16)
    base = y + 15
    if shares:
        left = x - width / 2
        for rank, share in enumerate(shares):
            part = width * share / sum(shares)
            canvas.box(left, y, part, 18, color, opacity=0.55 if rank % 2 else 0.35, radius=2)
            if text_width(integer(share), 11) < part - 2:
                canvas.text(left + part / 2, y + 13, integer(share), 11)
            left += part
        base += 19
    elif node.row.maps and not node.silent:
        thick = max(3.0, (width - 8) * node.row.maps / largest)
        canvas.box(x - thick / 2, y + height - _BAR, thick, _BAR, color, opacity=0.9, radius=0, edge=0)
    for rank, (text, points, bold) in enumerate(lines):
        canvas.text(x, base + 15 * rank, text, points, bold=bold, faded=points == 10)


def _draw_wire(canvas: Canvas, found, layout: Layout, sizes, wire: Wire, end: int, ports: dict) -> None:
    """Trace une liaison : verticale là où elle longe une branche, en S quand elle change d'axe."""
    (x, y), (tx, ty) = layout.places[wire.start], layout.places[end]
    y += sizes[wire.start][1]
    shares, inputs = _shares(found, found[end]), found[end].inputs
    if shares:
        rank = ports.get((wire.start, end), inputs.index(wire.start))
        ports[wire.start, end] = inputs.index(wire.start, rank + 1) if wire.start in inputs[rank + 1:] else rank
        tx += sizes[end][0] * ((sum(shares[:rank]) + shares[rank] / 2) / sum(shares) - 0.5)
    path = f"M{x:.1f} {y:.1f}"
    sideways = found[end].symbol and wire.aside
    for px, py in [*wire.points, *([] if sideways else [(tx, ty - 1)])]:
        if abs(px - x) < 0.05:
            path += f"V{py:.1f}"
        else:
            middle = (y + py) / 2
            path += f"C{x:.1f} {middle:.1f} {px:.1f} {middle:.1f} {px:.1f} {py:.1f}"
        x, y = px, py
    if sideways:
        side, middle = (1 if x > tx else -1), ty + _RADIUS
        path += f"C{x:.1f} {middle:.1f} {x:.1f} {middle:.1f} {tx + side * (_RADIUS + 1):.1f} {middle:.1f}"
        canvas.head(tx + side * (_RADIUS + 1), middle, "gauche" if side > 0 else "droite")
    else:
        canvas.head(tx, ty, "bas")
    canvas.line(path)

"""Les textes de remplacement des dessins de réseaux."""

from __future__ import annotations

from collections import Counter

from cours_cnn.anatomy import LayerRow
from cours_cnn.figures.flow import Node, Tangle, activation_label, members
from cours_cnn.french import NBSP, integer

_COUNTS = ("", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
_LONGEST = 34


def counted(count: int, noun: str) -> str:
    """Écrit un nombre et son nom, au pluriel s'il le faut (``counted(2, "carte")`` → « 2 cartes »)."""
    return f"{integer(count)} {noun}{'s' if count > 1 else ''}"


def amount(row: LayerRow) -> str:
    """Écrit ce que produit une couche : tant de cartes, ou tant d'unités."""
    if row.maps:
        return counted(row.maps, "carte")
    return counted(row.size, "valeur" if row.kind != "Entièrement connectée" else "unité") if row.size else ""


def layer_phrase(node: Node) -> str:
    """Décrit une boîte en quelques mots."""
    row = node.row
    if node.silent and row.kind == "Activation" and row.activation:
        return f"activation {activation_label(row.activation)}"
    words = row.kind.lower() if row.kind[1:] == row.kind[1:].lower() else row.kind
    words += f" {row.kernel[0]} × {row.kernel[1]}" if row.kernel else ""
    words += f", pas {row.strides[0]}" if row.strides and row.strides[0] > 1 else ""
    words += "".join(f", {extra}" for extra in node.extras)
    if node.silent:
        return words
    size = f" {row.size[0]} × {row.size[1]}" if row.maps and None not in row.size else ""
    return f"{words} ({amount(row)}{size})"


def graph_alt(name: str, graph: list[Node], items: tuple) -> str:
    """Décrit un graphe : chaque boîte dans l'ordre, ou le compte des couches s'il est long."""
    if len(graph) > _LONGEST:
        kinds = Counter(node.row.kind.lower() for node in graph)
        listed = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common())
        return f"Graphe de {name}{NBSP}: {len(graph)} boîtes, par type{NBSP}: {listed}."
    return f"Graphe de {name}{NBSP}: {_items(graph, items)}."


def _items(graph: list[Node], items: tuple) -> str:
    told = []
    for item in items:
        if isinstance(item, int):
            told.append(layer_phrase(graph[item]))
        elif isinstance(item, Tangle):
            told.append("boîtes entrecroisées [" + ", ".join(layer_phrase(graph[i]) for i in members((item,))) + "]")
        else:
            count = len(item.branches)
            number = _COUNTS[count] if count < len(_COUNTS) else str(count)
            told.append(f"{number} branches [" + f"{NBSP}; ".join(
                f"{rank}) {_items(graph, branch) if branch else 'connexion directe'}"
                for rank, branch in enumerate(item.branches, start=1)) + "]")
    return ", puis ".join(told)


def stages_alt(name: str, graph: list[Node], stages: list) -> str:
    """Décrit un réseau étage par étage : taille des cartes, couches isolées, nombre et contenu des blocs."""
    told = []
    for stage in stages:
        where = f"en {stage.size[0]} × {stage.size[1]}" if stage.size and None not in stage.size else "sans cartes"
        parts, run = [], []
        for item in [*stage.items, None]:
            if run and (item is None or _signature(graph, item) != _signature(graph, run[-1])):
                parts.append(_run(graph, run))
                run = []
            run.append(item)
        told.append(f"{where}, {', puis '.join(parts)}")
    blocks = [item for stage in stages for item in stage.items if hasattr(item, "merge")]
    heads = sum(len(item.heads) for stage in stages for item in stage.items)
    total = f"{NBSP}; {len(blocks)} blocs en tout" if len(blocks) > 1 else ""
    total += f"{NBSP}; {counted(heads, 'sortie')} auxiliaire{'s' if heads > 1 else ''}" if heads else ""
    return f"Architecture de {name}{NBSP}: {f'{NBSP}; '.join(told)}{total}."


def _signature(graph: list[Node], item) -> tuple:
    """Ce qui fait que deux éléments voisins se décrivent ensemble."""
    if not hasattr(item, "merge"):
        row = graph[item.index].row
        return (row.kind, row.kernel, row.maps, row.size, row.strides)
    if not item.residual:
        return ("module",)
    return ("bloc", tuple(_kernels(graph, item.main)), _link(graph, item))


def _kernels(graph: list[Node], indices) -> list[str]:
    rows = [graph[index].row for index in indices]
    return [f"{row.kernel[0]} × {row.kernel[1]}" for row in rows if row.kernel]


def _run(graph: list[Node], run: list) -> str:
    first = run[0]
    if not hasattr(first, "merge"):
        phrase = layer_phrase(graph[first.index])
        return phrase if len(run) == 1 else f"{len(run)} fois {phrase}"
    if not first.residual:
        names = ", ".join(f"{item.name} ({amount(graph[item.merge].row)})" for item in run)
        branches = f"{len(first.others)} branches"
        return f"module {names} de {branches}" if len(run) == 1 else f"{len(run)} modules de {branches}, {names}"
    what = f"({', '.join(_kernels(graph, first.main))}{NBSP}; {amount(graph[first.merge].row)})"
    link = _link(graph, first)
    return f"1 bloc {link} {what}" if len(run) == 1 else f"{len(run)} blocs {link} {what}"


def _link(graph: list[Node], block) -> str:
    """Dit ce que devient l'entrée d'un bloc avant la réunion."""
    if not all(block.others):
        return "à connexion directe"
    pooled = any(graph[index].row.kind.startswith("Pooling") for branch in block.others for index in branch)
    return "à pooling de l'entrée" if pooled else "à projection"

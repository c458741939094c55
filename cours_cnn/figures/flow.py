"""Le graphe d'un modèle, lu sur le modèle : boîtes, liaisons, branches et réunions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cours_cnn.anatomy import LayerRow, check_model, rows, steps

SYMBOLS = {"Add": "+", "Subtract": "−", "Multiply": "×"}
_LABELS = {"relu": "ReLU", "relu6": "ReLU6", "sigmoid": "sigmoïde", "silu": "SiLU", "gelu": "GELU"}
_PADDING, _FLATTEN, _BATCH = "Bordure de zéros", "Mise à plat", "Normalisation par lots"


@dataclass(frozen=True)
class Node:
    """Une boîte : sa couche principale, les noms de toutes ses couches, ce qui les suit (``extras``), ses entrées."""

    row: LayerRow
    names: tuple[str, ...]
    inputs: tuple[int, ...]
    extras: tuple[str, ...] = ()
    symbol: str = ""
    silent: bool = False


@dataclass(frozen=True)
class Fork:
    """Des branches parallèles ; chacune est une suite d'éléments, vide pour une connexion directe."""

    branches: tuple[tuple, ...]


@dataclass(frozen=True)
class Tangle:
    """Des boîtes reliées de façon qu'aucune suite ni aucun faisceau de branches ne les ordonne."""

    members: tuple[int, ...]


def activation_label(name: str | None) -> str:
    """Rend l'écriture usuelle d'une activation, vide si la couche n'en a pas."""
    return "" if name is None else _LABELS.get(name, name)


def nodes(model, *, fold: bool) -> list[Node]:
    """Rend les boîtes du modèle dans l'ordre du calcul, entrées comprises ; ``Node.inputs`` en donne les rangs.

    ``fold`` réunit à la couche qui précède les couches qui ne changent pas de forme (normalisation, activation,
    *dropout*) et la mise à plat, et à celle qui suit une bordure de zéros.
    Lève ``TypeError`` ou ``ValueError`` si ``model`` n'est pas un modèle Keras construit.
    """
    found, place = [], {}
    for tensor in check_model(model).inputs:
        place[id(tensor)] = len(found)
        maps, size = (tensor.shape[3], tuple(tensor.shape[1:3])) if len(tensor.shape) == 4 else (None, tensor.shape[-1])
        name = "" if tensor.name.startswith("keras_tensor") else tensor.name  # un nom automatique ne dit rien
        found.append(Node(LayerRow(name, "Entrée", maps, size), (name or "entrée",), ()))
    for step, row in zip(steps(model), rows(model)[1:], strict=True):
        inputs = tuple(place[id(tensor)] for tensor in step.inputs if id(tensor) in place)
        place[id(step.output)] = len(found)
        symbol = SYMBOLS.get(type(step.layer).__name__, "") if len(inputs) > 1 else ""
        found.append(Node(row, (row.name,), inputs, symbol=symbol, silent=_silent(row, [found[i].row for i in inputs])))
    return _folded(found) if fold else found


def successors(graph: list[Node]) -> list[list[int]]:
    """Rend, pour chaque boîte, les boîtes qui la lisent."""
    found = [[] for _ in graph]
    for index, node in enumerate(graph):
        for source in node.inputs:
            found[source].append(index)
    return found


def decompose(graph: list[Node]) -> tuple:
    """Décompose le graphe en une suite de boîtes (leur rang), de faisceaux :class:`Fork` et de :class:`Tangle`."""
    after = [list(dict.fromkeys(targets)) or [len(graph)] for targets in successors(graph)]
    starts = [index for index, node in enumerate(graph) if not node.inputs]
    return _region(graph, after, starts, list(range(len(graph))), len(graph))


def members(items) -> list[int]:
    """Rend les rangs de toutes les boîtes d'une suite d'éléments, dans l'ordre."""
    found = []
    for item in items:
        if isinstance(item, int):
            found.append(item)
        elif isinstance(item, Tangle):
            found += item.members
        else:
            found += [index for branch in item.branches for index in members(branch)]
    return found


def common_start(names: list[str]) -> str:
    """Rend le début commun à des noms, lettre par lettre."""
    first, last = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:length]


def is_chain(graph: list[Node]) -> bool:
    """Dit si chaque boîte n'en lit qu'une et n'est lue que par une."""
    return all(len(node.inputs) <= 1 for node in graph) and all(len(targets) <= 1 for targets in successors(graph))


def _silent(row: LayerRow, sources: list[LayerRow]) -> bool:
    """Une couche silencieuse ne change pas la forme et n'apprend rien d'autre qu'une mise à l'échelle."""
    if row.kind in (_PADDING, _FLATTEN, _BATCH):
        return True
    same = len(sources) == 1 and (row.maps, row.size) == (sources[0].maps, sources[0].size)
    return same and row.kernel is None and not row.parameters and row.kind != "Sous-réseau"


def _extra(row: LayerRow) -> str:
    if row.kind == _BATCH:
        return "BN"
    told = {"Dropout": "dropout", _PADDING: "", _FLATTEN: ""}
    return activation_label(row.activation) or told.get(row.kind, row.kind)


def _folded(graph: list[Node]) -> list[Node]:
    """Replie les boîtes silencieuses dans leur voisine, quand aucune autre ne lit le tenseur qui les sépare."""
    readers = successors(graph)
    kept, owner, waiting = [], {}, {}
    for index, node in enumerate(graph):
        source = node.inputs[0] if len(node.inputs) == 1 else None
        alone = source is not None and len(readers[source]) == 1
        inputs, names = tuple(owner[i] for i in node.inputs if i in owner), node.names
        if source in waiting:  # une bordure de zéros attend la couche qu'elle prépare
            inputs, names = waiting[source][0], waiting[source][1] + names
        if node.row.kind == _PADDING and [len(graph[i].inputs) for i in readers[index]] == [1]:
            waiting[index] = (inputs, names)
            continue
        extra = (_extra(node.row),) if node.silent and _extra(node.row) else ()
        if node.silent and alone and source in owner:
            last = kept[owner[source]]
            kept[owner[source]] = replace(last, names=last.names + names, extras=last.extras + extra)
            owner[index] = owner[source]
            continue
        owner[index] = len(kept)
        own = () if node.silent or not node.row.activation else (activation_label(node.row.activation),)
        kept.append(replace(node, names=names, inputs=inputs, extras=own + extra))
    return kept


def _region(graph, after, entries, inside, sink) -> tuple:
    """Décompose les boîtes ``inside`` (rangs croissants) entre les entrées ``entries`` et la boîte ``sink``."""
    parts, direct = _components(graph, inside), sink in entries
    if len(parts) + direct > 1:
        branches = [_region(graph, after, [e for e in entries if e in part], sorted(part), sink) for part in parts]
        branches += [()] if direct else []
        return (Fork(tuple(sorted(branches, key=lambda branch: _order(graph, after, branch, sink)))),)
    if not inside:
        return ()
    position = {index: rank for rank, index in enumerate(inside)}
    furthest = lambda targets: max(position.get(index, len(inside)) for index in targets)  # noqa: E731
    cuts, reach = [], furthest(entries)
    for rank, index in enumerate(inside):
        if reach <= rank:
            cuts.append(rank)
        reach = max(reach, furthest(after[index]))
    if not cuts:
        return (Tangle(tuple(inside)),)
    items, start = [], 0
    for cut in cuts:
        items += [*_region(graph, after, entries, inside[start:cut], inside[cut]), inside[cut]]
        entries, start = after[inside[cut]], cut + 1
    return (*items, *_region(graph, after, entries, inside[start:], sink))


def _components(graph, inside) -> list[set[int]]:
    """Rend les morceaux de ``inside`` que rien ne relie entre eux, dans l'ordre de leur première boîte."""
    parts: list[set[int]] = []
    for index in inside:
        linked = [part for part in parts if any(source in part for source in graph[index].inputs)]
        parts = [part for part in parts if part not in linked] + [{index}.union(*linked)]
    return sorted(parts, key=min)


def _order(graph, after, branch, sink) -> tuple[int, int]:
    """Range les branches comme la réunion lit leurs sorties ; sans réunion, celle du plus long calcul d'abord."""
    found = members(branch)
    if sink == len(graph):
        return (-len(found), min(found, default=0))
    last = [graph[sink].inputs.index(index) for index in found if index in graph[sink].inputs]
    return (min(last, default=len(graph)), 0)

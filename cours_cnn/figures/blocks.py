"""Blocs et étages d'un réseau, reconnus sur son graphe : ce qui se sépare puis se réunit forme un bloc."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cours_cnn.anatomy import LayerRow, steps
from cours_cnn.figures.flow import Fork, Node, Tangle, common_start, decompose, members, nodes, successors


@dataclass
class Block:
    """Un bloc : ses boîtes, réunion comprise, sa branche principale et ses autres branches."""

    name: str
    indices: list[int]
    merge: int
    main: list[int]
    others: list[list[int]]
    residual: bool
    heads: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """La boîte qui donne la taille de sortie."""
        return self.merge


@dataclass
class Single:
    """Une boîte hors de tout bloc."""

    index: int
    heads: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """La boîte elle-même."""
        return self.index


@dataclass
class Stage:
    """Des éléments successifs dont les sorties ont la même taille ; ``size`` vaut ``None`` après les cartes."""

    size: tuple[int, int] | None
    items: list[Block | Single]


def stages(model) -> tuple[list[Node], list[Stage]]:
    """Rend les boîtes du modèle et ses étages ; les sorties auxiliaires sont attachées à l'élément qui les nourrit.

    Lève ``TypeError`` ou ``ValueError`` si ``model`` n'est pas un modèle Keras construit.
    """
    graph, heads = _main_path(nodes(model, fold=True), _output_name(model))
    found: list[Stage] = []
    for item in _items(graph):
        inside = set(item.indices) if isinstance(item, Block) else {item.index}
        item.heads = [head for source, head in heads if source in inside]
        row = graph[item.end].row
        size = row.size if row.maps else None
        if not found or found[-1].size != size:
            found.append(Stage(size, []))
        found[-1].items.append(item)
    return graph, found


def _output_name(model) -> str:
    """Rend le nom de la couche qui produit la première sortie du modèle."""
    return next((step.layer.name for step in steps(model) if step.output is model.outputs[0]), "")


def _main_path(graph: list[Node], output: str) -> tuple[list[Node], list[tuple[int, int]]]:
    """Sépare le calcul de la première sortie des sorties auxiliaires, rendues par (boîte nourricière, boîte finale).

    Les boîtes auxiliaires restent dans la liste, sans entrées ni lecteurs : leurs rangs ne changent pas.
    """
    last = max((i for i, node in enumerate(graph) if output in node.names), default=len(graph) - 1)
    useful, waiting = set(), [last]
    while waiting:
        index = waiting.pop()
        if index not in useful:
            useful.add(index)
            waiting += graph[index].inputs
    origin: dict[int, int] = {}
    for index, node in enumerate(graph):
        if index not in useful and node.inputs:
            first = node.inputs[0]
            origin[index] = first if first in useful else origin.get(first, first)
    ends = [index for index, targets in enumerate(successors(graph)) if index in origin and not targets]
    heads = [(origin[index], index) for index in ends]
    return [node if i in useful else replace(node, inputs=(-1,)) for i, node in enumerate(graph)], heads


def _items(graph: list[Node]) -> list[Block | Single]:
    """Rend la suite des blocs et des boîtes isolées du calcul principal."""
    kept = [index for index, node in enumerate(graph) if node.inputs != (-1,)]
    place = {index: rank for rank, index in enumerate(kept)}
    reduced = [replace(graph[i], inputs=tuple(place[j] for j in graph[i].inputs)) for i in kept]
    found: list[Block | Single] = []
    pending: Fork | Tangle | None = None
    for item in decompose(reduced):
        if not isinstance(item, int):
            pending = item
        elif pending is None:
            found.append(Single(kept[item]))
        else:
            found.append(_block(graph, pending, item, kept))
            pending = None
    return found


def _block(graph: list[Node], item: Fork | Tangle, merge: int, kept: list[int]) -> Block:
    branches = item.branches if isinstance(item, Fork) else (item.members,)
    lists = [[kept[i] for i in members(branch)] for branch in branches]
    residual = graph[kept[merge]].symbol == "+" or not all(lists)
    main = max(lists, key=len)
    others = [branch for branch in lists if branch is not main]
    indices = sorted([index for branch in lists for index in branch] + [kept[merge]])
    name = _name(graph, indices, kept[merge])
    return Block(name, indices, kept[merge], main, others if residual else lists, residual)


def _name(graph: list[Node], indices: list[int], merge: int) -> str:
    """Nomme un bloc par le début commun aux noms de ses couches, sinon par sa réunion."""
    names = [name for index in indices for name in graph[index].names]
    prefix = common_start(names)
    if prefix and prefix not in names and not prefix.endswith(("_", "-", ".", "/")):
        # Le préfixe s'arrête au dernier séparateur : « bloc1_1_conv » et « bloc1_10_add » → « bloc1 ».
        cut = max(prefix.rfind(mark) for mark in "_-./")
        prefix = prefix[:cut] if cut > 0 else ""
    prefix = prefix.strip("_-./")
    return prefix if len(prefix) > 1 else graph[merge].names[0]


def branch_shares(graph: list[Node], block: Block) -> list[tuple[str, int]]:
    """Rend, pour chaque branche d'un module, ce qui la désigne et son nombre de cartes."""
    found = []
    for branch in block.others:
        last = graph[branch[-1]].row
        found.append((_branch_label([graph[index].row for index in branch]), last.maps or last.size or 1))
    return found


def _branch_label(rows: list[LayerRow]) -> str:
    """Désigne une branche par son pooling, sinon par son dernier noyau."""
    if any(row.kind.startswith("Pooling") for row in rows):
        return "pooling"
    kernels = [row.kernel for row in rows if row.kernel]
    return f"{kernels[-1][0]} × {kernels[-1][1]}" if kernels else rows[-1].kind.lower()

"""Lire le graphe d'un modèle Keras à branches, et y placer des poids connus, quelle qu'en soit l'écriture.

Deux écritures d'un même bloc (branches dans un autre ordre, activation à part ou dans la convolution, sous-réseau,
``x + y`` ou ``Add()([x, y])``) donnent le même graphe de :class:`Node` et reçoivent de :func:`place_weights` les mêmes
nombres : leurs sorties se comparent alors directement.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from cours_cnn.checks.base import Answers
from cours_cnn.checks.message import described
from cours_cnn.checks.reading import ToReviewError

_KINDS = {
    "InputLayer": "entrée", "Conv2D": "convolution", "BatchNormalization": "normalisation", "ReLU": "relu",
    "Relu": "relu", "Add": "addition", "Concatenate": "concaténation", "Dense": "dense", "MaxPooling2D": "pooling max",
    "AveragePooling2D": "pooling moyen", "GlobalAveragePooling2D": "moyenne globale", "Flatten": "mise à plat",
    "ZeroPadding2D": "bordure", "Dropout": "dropout", "Multiply": "produit", "Subtract": "soustraction",
}
# Ce qui ne change pas la place d'une couche à poids : deux écritures équivalentes peuvent y différer.
_TRANSPARENT = {"relu", "addition", "concaténation", "bordure", "dropout", "mise à plat", "softmax", "entrée"}


@dataclass(frozen=True, eq=False)
class Node:
    """Une opération du graphe : son genre, sa couche, ce qu'elle reçoit, la forme de sa sortie sans le lot."""

    kind: str
    layer: object
    parents: tuple[Node, ...]
    shape: tuple

    def walk(self) -> list[Node]:
        """Rend ce nœud et tous ceux dont il dépend, chacun une fois, les entrées d'abord."""
        found: dict[int, Node] = {}

        def visit(node):
            if id(node) not in found:
                for parent in node.parents:
                    visit(parent)
                found[id(node)] = node

        visit(self)
        return list(found.values())

    def of_kind(self, kind: str) -> list[Node]:
        """Rend les opérations du genre ``kind`` dont ce nœud dépend, lui compris, les premières d'abord."""
        return [node for node in self.walk() if node.kind == kind]

    def count(self, kind: str) -> int:
        """Rend le nombre d'opérations du genre ``kind`` dont ce nœud dépend, lui compris."""
        return len(self.of_kind(kind))

    def added(self, other: Node) -> set[int]:
        """Rend les identités des convolutions dont ce nœud dépend, et non ``other``."""
        return set(map(id, self.of_kind("convolution"))) - set(map(id, other.of_kind("convolution")))

    def contains(self, other: Node) -> bool:
        """Dit si ce nœud dépend de toutes les convolutions de ``other``, qui en a."""
        return self is not other and bool(other.count("convolution")) and not other.added(self)


def built_model(answers: Answers, name: str, *arguments, shape: tuple | None = None):
    """Rend le modèle construit par la fonction ``name`` de l'étudiant, s'il est utilisable et lit ``shape``."""
    import keras

    model = answers.call(name, *arguments)
    if not isinstance(model, keras.Model):
        tensor = isinstance(model, (keras.KerasTensor, keras.layers.Layer))
        hint = " Ici : `keras.Model(entrée, sortie)`." if tensor else ""
        raise ToReviewError(f"`{name}` rend {described(model)}.", f"Attendu : un modèle Keras.{hint}")
    if not model.built or len(getattr(model, "inputs", None) or []) != 1 or len(model.outputs) != 1:
        raise ToReviewError(f"Le modèle rendu par `{name}` n'a pas exactement une entrée et une sortie connues.",
                            "Attendu : `keras.Model(entrée, sortie)`, où l'entrée vient de `keras.Input(…)`.")
    if shape is not None and tuple(model.inputs[0].shape[1:]) != tuple(shape):
        raise ToReviewError(f"L'entrée du modèle est de forme `{tuple(model.inputs[0].shape[1:])}`.",
                            f"Attendu : la forme demandée, `{tuple(shape)}`.")
    return model


def graph_of(model) -> Node:
    """Rend le nœud de sortie d'un modèle à une sortie, activations séparées et sous-réseaux mis à plat."""
    return _node(model.outputs[0], {})


def _node(tensor, known: dict) -> Node:
    if id(tensor) in known:
        return known[id(tensor)]
    history = tensor._keras_history
    operation, received = history.operation, history.operation._inbound_nodes[history.node_index].input_tensors
    parents = tuple(_node(one, known) for one in received)
    inner = getattr(operation, "_functional", None) or operation
    if hasattr(inner, "_nodes_by_depth") and parents:
        inside = dict(zip(map(id, inner.inputs), parents, strict=True))
        found = _node(inner.outputs[history.tensor_index], inside)
    else:
        found = _operation(operation, parents, tuple(tensor.shape[1:]))
    known[id(tensor)] = found
    return found


def _operation(operation, parents: tuple[Node, ...], shape: tuple) -> Node:
    kind = type(operation).__name__
    activation = getattr(getattr(operation, "activation", None), "__name__", "linear")
    if kind == "Activation":
        return parents[0] if activation == "linear" else Node(activation, operation, parents, shape)
    found = Node(_KINDS.get(kind, kind), operation, parents, shape)
    has_own = activation != "linear" and found.kind in ("convolution", "dense")
    return Node(activation, operation, (found,), shape) if has_own else found


def _weighted(node: Node) -> bool:
    return node.kind not in _TRANSPARENT and bool(getattr(node.layer, "weights", None))


def _marks(model) -> list[tuple[object, int]]:
    """Rend (couche à poids, empreinte de sa place) ; l'empreinte ne dépend pas de l'ordre d'écriture des branches."""
    nodes = graph_of(model).walk()
    # Par nœud : les couches repérées qui le précèdent ; par couche repérée : son nom, et ce qui la suit.
    up: dict[int, set[int]] = {}
    label: dict[int, str] = {}
    below: dict[int, list[str]] = {}
    for node in nodes:
        above = set().union(*(up[id(parent)] for parent in node.parents))
        if node.kind in _TRANSPARENT:
            up[id(node)] = above
            continue
        shapes = [tuple(weight.shape) for weight in getattr(node.layer, "weights", [])]
        label[id(node)] = _hashed(node.kind, shapes, sorted(label[one] for one in above))
        for one in above:
            below.setdefault(one, []).append(f"{node.kind}{shapes}")
        up[id(node)] = {id(node)}
    return [(node.layer, int(_hashed(label[id(node)], sorted(below.get(id(node), [])))))
            for node in nodes if _weighted(node)]


def _hashed(*parts) -> str:
    return str(zlib.crc32(repr(parts).encode()))


def place_weights(model, random: np.random.RandomState) -> None:
    """Remplace les poids d'un modèle à branches par des nombres tirés de ``random``, selon la place de chaque couche.

    Échelles et variances des normalisations restent positives ; deux couches de même place, s'il en est, sont
    distinguées par leur rang.
    """
    key, seen, done = int(random.randint(2**31 - 1)), Counter(), set()
    for layer, mark in _marks(model):
        if id(layer) in done:
            continue
        done.add(id(layer))
        own = np.random.RandomState([key, mark, seen[mark]])
        seen[mark] += 1
        positive = {id(getattr(layer, name, None)) for name in ("gamma", "moving_variance")}
        for weight in layer.weights:
            shape = tuple(weight.shape)
            spread = 0.4 if len(shape) == 1 else 1.4 / math.sqrt(max(math.prod(shape[:-1]), 4))
            centre = 0.3 if weight is getattr(layer, "beta", None) else 0
            drawn = own.uniform(0.5, 1.5, shape) if id(weight) in positive else own.normal(centre, spread, shape)
            weight.assign(drawn)


def answer(model, images) -> np.ndarray:
    """Rend la réponse d'un modèle à une sortie, en mode évaluation, même s'il la rend dans une liste."""
    import keras

    found = model(images, training=False)
    if isinstance(found, (list, tuple)) and len(found) == 1:
        found = found[0]
    return keras.ops.convert_to_numpy(found).astype(float)


def outputs(model, seed: int, *, positive: bool = True) -> np.ndarray:
    """Place des poids tirés de ``seed`` dans un modèle, puis rend sa réponse à deux images tirées d'elle aussi."""
    random = np.random.RandomState(seed)
    place_weights(model, random)
    return answer(model, random.uniform(0 if positive else -1, 1, (2, *model.inputs[0].shape[1:])).astype("float32"))

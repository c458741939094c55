"""Anatomie d'un réseau : tableau des couches, paramètres, multiplications, connexions, mémoire."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import keras
from keras import layers

from cours_cnn.tables import Table
from cours_cnn.validation import one_of, refuse, whole_number

COLUMNS = ("Couche", "Type", "Cartes", "Taille", "Noyau", "Pas", "Remplissage", "Activation", "Paramètres", "MAC")
_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_POOLINGS = (layers.AveragePooling2D, layers.MaxPooling2D)
_KINDS = {
    layers.Conv2D: "Convolution", layers.DepthwiseConv2D: "Convolution en profondeur",
    layers.SeparableConv2D: "Convolution séparable", layers.Dense: "Entièrement connectée",
    layers.AveragePooling2D: "Pooling moyen", layers.MaxPooling2D: "Pooling max",
    layers.GlobalAveragePooling2D: "Moyenne globale", layers.GlobalMaxPooling2D: "Maximum global",
    layers.InputLayer: "Entrée", layers.Flatten: "Mise à plat", layers.Dropout: "Dropout",
    layers.BatchNormalization: "Normalisation par lots", layers.Activation: "Activation", layers.ReLU: "Activation",
    layers.Add: "Addition", layers.Concatenate: "Concaténation", layers.ZeroPadding2D: "Bordure de zéros",
}
_SILENT = (layers.Flatten, layers.Dropout)


@dataclass(frozen=True)
class LayerRow:
    """Une couche : ``maps`` cartes de ``size`` (hauteur, largeur), ou ``size`` unités si ``maps`` vaut ``None``.

    ``macs`` : multiplications-additions pour une image ; ``connections`` : poids et biais comptés à chaque emploi.
    """

    name: str
    kind: str
    maps: int | None
    size: tuple[int, int] | int | None
    kernel: tuple[int, int] | None = None
    strides: tuple[int, int] | None = None
    padding: str | None = None
    activation: str | None = None
    parameters: int = 0
    macs: int = 0
    connections: int = 0


def output_size(size: int, kernel: int, stride: int = 1, padding: int | str = "valid", dilation: int = 1) -> int:
    """Rend la taille de sortie d'une convolution ou d'un pooling, selon une dimension.

    ``padding`` : ``"valid"`` (aucun remplissage), ``"same"`` (convention de Keras, ⌈n/s⌉) ou un nombre entier p de
    zéros de chaque côté : ⌊(n + 2p − k')/s⌋ + 1, où k' = dilation · (k − 1) + 1 est l'étendue du noyau.

    Lève ``ValueError`` si le noyau dépasse l'image, ``TypeError`` si un argument n'est pas entier.
    """
    for name, value in (("size", size), ("kernel", kernel), ("stride", stride), ("dilation", dilation)):
        whole_number(name, value, minimum=1)
    if isinstance(padding, str):
        one_of("padding", padding, ["valid", "same"])
        if padding == "same":
            return -(-size // stride)
    margin = 0 if padding == "valid" else whole_number("padding", padding)
    extent = dilation * (kernel - 1) + 1
    if size + 2 * margin < extent:
        refuse("kernel", kernel, f"un noyau dont l'étendue ne dépasse pas {size + 2 * margin}",
               hint=f"Ici l'étendue vaut {extent} : réduisez le noyau ou la dilatation, ou ajoutez du remplissage.")
    return (size + 2 * margin - extent) // stride + 1


def check_model(model) -> keras.Model:
    """Rend ``model`` si c'est un modèle Keras construit ; lève ``TypeError`` ou ``ValueError`` sinon."""
    if not isinstance(model, keras.Model):
        refuse("model", model, "un modèle Keras (keras.Sequential ou keras.Model)", kind=TypeError)
    if not model.built or not getattr(model, "inputs", None):
        refuse("model", model.name, "un modèle dont la forme d'entrée est connue",
               hint="Commencez-le par keras.Input(...).")
    return model


@dataclass(frozen=True)
class Step:
    """Un emploi d'une couche dans un modèle : la couche, ses tenseurs d'entrée, son tenseur de sortie."""

    layer: keras.layers.Layer
    inputs: tuple
    output: object


def steps(model) -> list[Step]:
    """Rend les emplois des couches dans l'ordre du calcul ; une couche partagée y figure autant de fois qu'elle sert.

    ``layer.output`` ne suffirait pas : il est ambigu dès qu'une couche sert aussi à un autre modèle. Le graphe propre
    au modèle n'est accessible que par des attributs privés de Keras ; ils ne sont lus qu'ici.
    """
    function = getattr(check_model(model), "_functional", None) or model
    by_depth = function._nodes_by_depth
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [Step(node.operation, tuple(node.input_tensors), node.outputs[0]) for node in nodes
            if not isinstance(node.operation, layers.InputLayer)]


def rows(model) -> list[LayerRow]:
    """Rend les couches du modèle, de l'entrée vers la sortie, mises à plat et *dropout* compris."""
    found, seen = [LayerRow("In", "Entrée", *_maps_and_size(check_model(model).inputs[0].shape))], set()
    for step in steps(model):
        row = _row(step.layer, step.output.shape)
        # Les poids d'une couche employée deux fois n'existent qu'une fois.
        found.append(replace(row, parameters=0) if id(step.layer) in seen else row)
        seen.add(id(step.layer))
    return found


def layer_table(model, *, top: str = "sortie", caption: str = "") -> Table:
    """Rend le tableau des couches sous la forme du cours, avec les paramètres et les multiplications (MAC).

    ``top`` : ``"sortie"`` place la sortie en haut, comme dans le diaporama ; ``"entrée"`` place l'entrée en haut.
    Les couches sans calcul (mise à plat, *dropout*) sont omises ; la dernière ligne donne les totaux.

    Lève ``TypeError`` ou ``ValueError`` si ``model`` n'est pas un modèle Keras construit.
    """
    one_of("top", top, ["sortie", "entrée"])
    found = rows(model)
    silent = {layer.name for layer in model.layers if isinstance(layer, _SILENT)}
    lines = [_line(row) for row in found if row.name not in silent]
    if top == "sortie":
        lines.reverse()
    empty = [None] * (len(COLUMNS) - 4)
    lines.append(("Total", "", *empty, sum(r.parameters for r in found), sum(r.macs for r in found)))
    return Table(COLUMNS, lines, caption=caption, total=True)


def parameter_count(model, *, trainable_only: bool = False) -> int:
    """Rend le nombre de paramètres du modèle ; ``trainable_only`` ne compte que ceux que l'apprentissage modifie."""
    weights = check_model(model).trainable_weights if trainable_only else check_model(model).weights
    return sum(math.prod(weight.shape) for weight in weights)


def mac_count(model) -> int:
    """Rend le nombre de multiplications-additions (MAC) qu'une image demande au modèle.

    Convention : convolutions et couches entièrement connectées, biais non comptés ; pooling, activations et
    normalisation par lots (que l'on peut fondre dans la convolution voisine) comptent pour zéro.
    """
    return sum(row.macs for row in rows(model))


def connection_count(model) -> int:
    """Rend le nombre de connexions au sens de LeCun et al. (1998) : chaque poids et biais compté à chaque emploi."""
    return sum(row.connections for row in rows(model))


def activation_memory(model, *, bytes_per_value: int = 4) -> int:
    """Rend, en octets, la place des activations de toutes les couches pour une image (4 octets par valeur)."""
    whole_number("bytes_per_value", bytes_per_value, minimum=1)
    return bytes_per_value * sum((row.maps or 1) * math.prod(row.size if isinstance(row.size, tuple) else (row.size,))
                                 for row in rows(model) if row.size is not None)


def _maps_and_size(shape):
    if len(shape) == 4:
        return shape[3], (shape[1], shape[2])
    return None, shape[-1] if len(shape) == 2 else None


def _row(layer, shape) -> LayerRow:
    maps, size = _maps_and_size(shape)
    facts = {"kind": _KINDS.get(type(layer), type(layer).__name__), "activation": _activation(layer),
             "parameters": sum(math.prod(weight.shape) for weight in getattr(layer, "weights", []))}
    if isinstance(layer, keras.Model):
        inner = rows(layer)
        facts |= {"kind": "Sous-réseau", "macs": sum(r.macs for r in inner),
                  "connections": sum(r.connections for r in inner)}
    elif hasattr(layer, "anatomy_row"):
        facts |= layer.anatomy_row(shape)
    elif isinstance(layer, _CONVOLUTIONS):
        facts |= {"kernel": layer.kernel_size, "strides": layer.strides, "padding": layer.padding}
        facts |= _products(layer, math.prod(shape[1:3]))
    elif isinstance(layer, _POOLINGS):
        facts |= {"kernel": layer.pool_size, "strides": layer.strides, "padding": layer.padding}
    elif isinstance(layer, layers.Dense):
        facts |= _products(layer, math.prod(shape[1:-1]))
    elif facts["parameters"] and not isinstance(layer, (layers.BatchNormalization, layers.Normalization)):
        refuse("model", type(layer).__name__, "un modèle fait de couches dont le cours sait compter les opérations",
               hint="Ajoutez à cette couche une méthode anatomy_row().")
    return LayerRow(layer.name, maps=maps, size=size, **facts)


def _products(layer, positions: int) -> dict[str, int]:
    """Compte les opérations d'une couche à noyau partagé : chaque poids sert une fois par position de sortie."""
    biases = math.prod(layer.bias.shape) if layer.use_bias else 0
    macs = positions * (layer.count_params() - biases)
    return {"macs": macs, "connections": macs + positions * biases}


def _activation(layer) -> str | None:
    if isinstance(layer, layers.ReLU):
        return "relu"
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    return {None: None, "linear": None, "scaled_tanh": "tanh étirée"}.get(name, name)


def _by(value: tuple[int, int] | int | None) -> str | int | None:
    return f"{value[0]} × {value[1]}" if isinstance(value, tuple) else value


def _line(row: LayerRow) -> tuple:
    stride = row.strides and (row.strides[0] if row.strides[0] == row.strides[1] else _by(row.strides))
    return (row.name, row.kind, row.maps, _text(_by(row.size)), _by(row.kernel), _text(stride), row.padding,
            row.activation, row.parameters, row.macs)


def _text(value) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)

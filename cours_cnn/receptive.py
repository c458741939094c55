"""Champ récepteur (*receptive field*) : la région de l'image dont dépend une unité d'un réseau."""

from __future__ import annotations

from dataclasses import dataclass

from keras import layers

from cours_cnn.anatomy import check_model, steps
from cours_cnn.validation import refuse, whole_number

_LOCAL = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.AveragePooling2D,
          layers.MaxPooling2D)
_GLOBAL = (layers.Dense, layers.Flatten, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
_POINTWISE = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Dropout, layers.BatchNormalization,
              layers.Add, layers.Concatenate, layers.Rescaling, layers.SpatialDropout2D, layers.Softmax)


@dataclass(frozen=True)
class Axis:
    """Champ récepteur selon une dimension de l'image, en pixels.

    ``size`` : étendue vue par une unité ; ``jump`` : décalage entre deux unités voisines ; ``start`` : premier pixel
    vu par l'unité 0 (négatif si elle voit du remplissage).
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def window(self, index: int) -> tuple[int, int]:
        """Rend les bornes (premier pixel, dernier pixel exclu) vues par l'unité ``index``."""
        first = self.start + index * self.jump
        return first, first + self.size


@dataclass(frozen=True)
class ReceptiveField:
    """Champ récepteur d'une unité : un :class:`Axis` vertical, un :class:`Axis` horizontal."""

    vertical: Axis
    horizontal: Axis

    @property
    def size(self) -> tuple[int, int]:
        """Hauteur et largeur, en pixels de l'image d'entrée."""
        return self.vertical.size, self.horizontal.size

    def window(self, row: int, column: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rend ((haut, bas), (gauche, droite)) pour l'unité (``row``, ``column``) ; le remplissage peut dépasser."""
        return self.vertical.window(row), self.horizontal.window(column)


def slide(axis: Axis, size: int, kernel: int, stride: int, padding: str | int, dilation: int = 1) -> Axis:
    """Applique à un champ récepteur un noyau glissant sur ``size`` unités (mêmes règles que ``output_size``).

    Récurrence : le champ grandit de (étendue − 1) · jump, et ``jump`` est multiplié par le pas
    (Araujo, Norris et Sim, *Computing Receptive Fields of Convolutional Neural Networks*, Distill, 2019).
    """
    extent = dilation * (kernel - 1) + 1
    if padding == "same":
        # Keras met le zéro impair à la fin : la bordure du début est arrondie vers le bas.
        margin = max((-(-size // stride) - 1) * stride + extent - size, 0) // 2
    else:
        margin = 0 if padding == "valid" else whole_number("padding", padding)
    return Axis(axis.size + (extent - 1) * axis.jump, axis.jump * stride, axis.start - margin * axis.jump)


def receptive_fields(model) -> dict[str, ReceptiveField]:
    """Rend le champ récepteur d'une unité de chaque couche du modèle, par nom de couche.

    Une couche entièrement connectée voit toute l'image ; à une addition ou une concaténation, le champ est la réunion
    de ceux des branches. Lève ``ValueError`` si une couche est d'un type que le calcul ne connaît pas.
    """
    check_model(model)
    if len(model.inputs[0].shape) != 4:
        refuse("model", model.name, "un modèle dont l'entrée est une image (lot, hauteur, largeur, canaux)")
    image = model.inputs[0].shape[1:3]
    fields = {id(tensor): ReceptiveField(Axis(), Axis()) for tensor in model.inputs}
    result = {}
    for step in steps(model):
        merged = _union([fields[id(source)] for source in step.inputs], step.layer.name)
        field = _through(step.layer, merged, image, step.inputs[0].shape, step.output.shape)
        result[step.layer.name] = fields[id(step.output)] = field
    return result


def receptive_field(model, layer: str) -> ReceptiveField:
    """Rend le champ récepteur d'une unité de la couche nommée ``layer`` ; ``ValueError`` si elle n'existe pas."""
    fields = receptive_fields(model)
    if layer not in fields:
        refuse("layer", layer, "le nom d'une couche parmi " + ", ".join(fields))
    return fields[layer]


def _through(layer, field: ReceptiveField, image, shape, output_shape) -> ReceptiveField:
    if isinstance(layer, _GLOBAL):
        return ReceptiveField(Axis(image[0]), Axis(image[1]))
    if isinstance(layer, _POINTWISE):
        return field
    if isinstance(layer, layers.ZeroPadding2D):
        (top, _), (left, _) = layer.padding
        kernel, strides, dilation = (1, 1), (1, 1), (1, 1)
        before = (top, left)
    elif isinstance(layer, _LOCAL):
        kernel = getattr(layer, "kernel_size", None) or layer.pool_size
        strides, dilation = layer.strides, getattr(layer, "dilation_rate", (1, 1))
        before = (layer.padding,) * 2
    elif hasattr(layer, "anatomy_row") and "kernel" in layer.anatomy_row(output_shape):
        facts = layer.anatomy_row(output_shape)
        kernel, strides, dilation = facts["kernel"], facts["strides"], (1, 1)
        before = (facts["padding"],) * 2
    elif hasattr(layer, "anatomy_row"):
        return ReceptiveField(Axis(image[0]), Axis(image[1]))
    else:
        refuse("model", type(layer).__name__, "un modèle fait de couches dont le champ récepteur est connu")
    axes = (slide(axis, n, k, s, p, d) for axis, n, k, s, p, d in
            zip((field.vertical, field.horizontal), shape[1:3], kernel, strides, before, dilation, strict=True))
    return ReceptiveField(*axes)


def _union(fields: list[ReceptiveField], name: str) -> ReceptiveField:
    def merge(axes: list[Axis]) -> Axis:
        if len({axis.jump for axis in axes}) > 1:
            refuse("model", name, "une couche dont les branches ont le même pas cumulé")
        first = min(axis.start for axis in axes)
        last = max(axis.start + axis.size for axis in axes)
        return Axis(last - first, axes[0].jump, first)

    return ReceptiveField(merge([f.vertical for f in fields]), merge([f.horizontal for f in fields]))

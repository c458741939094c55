"""Ce que voit un réseau : images, noyaux, cartes de caractéristiques."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cours_cnn.anatomy import steps
from cours_cnn.figures import style
from cours_cnn.figures.picture import Picture, from_matplotlib
from cours_cnn.french import number
from cours_cnn.validation import refuse, whole_number


def image_grid(images, titles: Sequence[str] | None = None, *, columns: int = 10, alt: str, marked: Sequence[int] = (),
               cell: float = 0.85, value_range: tuple[float, float] | None = (0.0, 1.0)) -> Picture:
    """Dispose des images en grille, chacune sous son titre ; ``marked`` : rangs dont le titre est mis en rouge.

    ``images`` : tableau (n, h, w), (n, h, w, 1) ou (n, h, w, 3) ; ``cell`` : côté d'une vignette en pouces ;
    ``value_range`` : valeurs du noir et du blanc, ou ``None`` pour les extrêmes de chaque image.
    Lève ``ValueError`` si la forme ne convient pas ou si les titres ne sont pas en même nombre.
    """
    images = _image_batch("images", images)
    whole_number("columns", columns, minimum=1)
    if titles is not None and len(titles) != len(images):
        refuse("titles", titles, f"une suite de {len(images)} titres, un par image")
    columns = min(columns, len(images))
    lines = -(-len(images) // columns)
    low, high = value_range or (None, None)
    if titles is None and value_range is not None:
        height = cell * lines * images.shape[1] / images.shape[2]
        figure, axes = style.new_figure(width=cell * columns, height=height)
        axes[0, 0].imshow(_mosaic(images, columns, high), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        axes[0, 0].set_axis_off()
        return from_matplotlib(figure, alt, kind="png")
    height = cell * (1.3 if titles is not None else 1.0)
    figure, axes = style.new_figure(columns, lines, width=cell * columns, height=height * lines)
    for index, panel in enumerate(axes.flat):
        panel.set_axis_off()
        if index < len(images):
            panel.imshow(images[index], cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            if titles is not None:
                color = style.RED if index in set(marked) else "black"
                panel.set_title(str(titles[index]), fontsize=8, pad=2, color=color)
    return from_matplotlib(figure, alt, kind="png")


def _mosaic(images: np.ndarray, columns: int, white: float) -> np.ndarray:
    """Assemble les images en une seule, séparées par des bandes blanches : bien plus rapide que cent repères."""
    count, height, width = images.shape[:3]
    gap = max(1, height // 8)
    lines = -(-count // columns)
    shape = (lines * (height + gap) - gap, columns * (width + gap) - gap, *images.shape[3:])
    board = np.full(shape, white, dtype="float32")
    for index, image in enumerate(images):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        board[top: top + height, left: left + width] = image
    return board


def activations(model, images, layers: Sequence[str]) -> dict[str, np.ndarray]:
    """Rend la sortie des couches nommées pour un lot d'images : nom → tableau (lot, …).

    Lève ``ValueError`` si une couche n'existe pas ou si les images n'ont pas la forme d'entrée du modèle.
    """
    import keras

    names = [layer.name for layer in model.layers]
    for name in layers:
        if name not in names:
            refuse("layers", name, "des noms de couches parmi " + ", ".join(names))
    images = np.asarray(images, dtype="float32")
    expected = tuple(model.inputs[0].shape[1:])
    if images.shape[1:] != expected:
        refuse("images", images, f"un lot d'images de forme (n, {', '.join(map(str, expected))})")
    tensors = {step.layer.name: step.output for step in steps(model)}
    probe = keras.Model(model.inputs[0], [tensors[name] for name in layers])
    outputs = probe(images, training=False)
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {name: keras.ops.convert_to_numpy(output) for name, output in zip(layers, outputs, strict=True)}


def feature_maps(model, image, layers: Sequence[str], *, columns: int = 16, alt: str = "",
                 with_image: bool = False) -> Picture:
    """Dessine les cartes de caractéristiques d'une image, une bande par couche (couches convolutives ou de pooling).

    ``image`` : tableau (h, w, c) de la forme d'entrée du modèle. Bleu : négatif ; rouge : positif ; blanc : zéro.
    ``with_image`` : montre d'abord l'image elle-même, de 0 (noir) à 1 (blanc).
    Lève ``ValueError`` si une couche n'existe pas ou ne produit pas de cartes.
    """
    outputs = activations(model, np.asarray(image)[None], layers)
    for name, values in outputs.items():
        if values.ndim != 4:
            refuse("layers", name, "des couches qui produisent des cartes (lot, hauteur, largeur, cartes)")
    lines = {name: -(-values.shape[-1] // columns) for name, values in outputs.items()}
    first, total = int(with_image), sum(lines.values()) + int(with_image)
    figure, axes = style.new_figure(columns, total, width=0.52 * columns, height=0.72 * total)
    if with_image:
        for panel in axes[0]:
            panel.set_axis_off()
        axes[0, 0].imshow(np.clip(image, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        _band_label(axes[0, 0], f"image {image.shape[0]} × {image.shape[1]}")
    for name, values in outputs.items():
        bound = float(np.abs(values).max()) or 1.0
        band = axes[first: first + lines[name]].ravel()
        for index, panel in enumerate(band):
            panel.set_axis_off()
            if index < values.shape[-1]:
                panel.imshow(values[0, :, :, index], cmap="RdBu_r", vmin=-bound, vmax=bound, interpolation="nearest")
        _band_label(band[0], f"{name} : {values.shape[-1]} cartes {values.shape[1]} × {values.shape[2]}")
        first += lines[name]
    _count_labels(figure)
    told = ", ".join(f"{name} ({v.shape[-1]} cartes {v.shape[1]} × {v.shape[2]})" for name, v in outputs.items())
    alt = alt or f"Cartes de caractéristiques d'une image dans les couches {told}."
    return from_matplotlib(figure, alt, kind="png")


def _band_label(panel, text: str) -> None:
    label = panel.text(0, 1.08, text, transform=panel.transAxes, fontsize=8)
    label.set_in_layout(False)  # sinon la mise en page élargit la première colonne


def _count_labels(figure) -> None:
    """La mise en page faite, le cadrage tient compte des noms de bandes : sinon il couperait le premier."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for label in (text for panel in figure.axes for text in panel.texts):
        label.set_in_layout(True)


def filters(model, layer: str, *, columns: int = 8, alt: str = "") -> Picture:
    """Dessine les noyaux d'une couche de convolution (pour plusieurs canaux d'entrée : leur somme sur les canaux).

    Lève ``ValueError`` si la couche n'existe pas ou n'est pas une convolution.
    """
    names = [item.name for item in model.layers]
    if layer not in names or np.ndim(getattr(model.get_layer(layer), "kernel", None)) != 4:
        refuse("layer", layer, "le nom d'une couche de convolution", hint="Couches : " + ", ".join(names) + ".")
    kernels = np.asarray(model.get_layer(layer).kernel).sum(axis=2)
    bound = float(np.abs(kernels).max()) or 1.0
    shown = (np.moveaxis(kernels, -1, 0) / bound + 1) / 2
    height, width, count = kernels.shape
    columns = min(columns, count)
    lines = -(-count // columns)
    figure, axes = style.new_figure(columns, lines, width=0.95 * columns, height=1.05 * lines)
    for index, panel in enumerate(axes.flat):
        panel.set_axis_off()
        if index < count:
            panel.imshow(shown[index], cmap="RdBu_r", vmin=0, vmax=1, interpolation="nearest")
            panel.set_title(str(index + 1), fontsize=8, pad=2)
    return from_matplotlib(figure, alt or f"Les {count} noyaux {height} × {width} de la couche {layer} : rouge pour "
                           "les poids positifs, bleu pour les négatifs, blanc pour zéro.", kind="png")


def number_grid(table, *, title: str = "", boxed: tuple[int, int, int, int] | None = None, alt: str = "",
                digits: int = 0, indexed: bool = False) -> Picture:
    """Dessine un petit tableau de nombres comme une image : chaque case porte sa valeur et sa nuance de gris.

    ``table`` : tableau (h, w) ; ``boxed`` : région (ligne, colonne, hauteur, largeur) à encadrer en rouge ;
    ``indexed`` : écrit les numéros de ligne et de colonne. Lève ``ValueError`` si le tableau n'a pas deux dimensions.
    """
    from matplotlib.patches import Rectangle

    table = np.asarray(table)
    if table.ndim != 2 or max(table.shape) > 32:
        refuse("table", table, "un tableau à deux dimensions d'au plus 32 cases de côté")
    figure, axes = style.new_figure(width=0.42 * table.shape[1] + 0.2, height=0.42 * table.shape[0] + 0.4)
    panel = axes[0, 0]
    low, high = float(table.min()), float(table.max())
    panel.imshow(table, cmap="gray", vmin=low, vmax=high if high > low else low + 1)
    for (row, column), value in np.ndenumerate(table):
        dark = value < (low + high) / 2
        panel.text(column, row, number(float(value), digits), ha="center", va="center", fontsize=8,
                   color="white" if dark else "black")
    if boxed:
        row, column, height, width = boxed
        panel.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, fill=False, color=style.RED, linewidth=2.5))
    panel.set_title(title, loc="left", fontsize=10)
    panel.tick_params(length=0, labelsize=8, labelleft=indexed, labelbottom=indexed)
    panel.set_xticks(range(table.shape[1]))
    panel.set_yticks(range(table.shape[0]))
    default = (f"Tableau de {table.shape[0]} × {table.shape[1]} nombres, "
               f"de {number(low, digits)} à {number(high, digits)}.")
    return from_matplotlib(figure, alt or f"{title} {default}")


def _image_batch(name: str, images) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.dtype.kind not in "fiu" or images.ndim not in (3, 4) or len(images) == 0 or \
            (images.ndim == 4 and images.shape[-1] != 3):
        refuse(name, images, "un tableau non vide d'images (n, h, w), (n, h, w, 1) ou (n, h, w, 3)")
    return images

"""Toutes les figures du cours ; chaque fonction rend une :class:`Picture` qui porte son texte de remplacement."""

from cours_cnn.figures.drawing import architecture
from cours_cnn.figures.geometry import receptive_cone, sliding_window
from cours_cnn.figures.maps import activations, feature_maps, filters, image_grid, number_grid
from cours_cnn.figures.picture import Picture, from_matplotlib, inline_svg
from cours_cnn.figures.plots import bars, confusion_matrix, learning_curves, lines

__all__ = ["Picture", "activations", "architecture", "bars", "confusion_matrix", "feature_maps", "filters",
           "from_matplotlib", "image_grid", "inline_svg", "learning_curves", "lines", "number_grid",
           "receptive_cone", "sliding_window"]

"""Toutes les figures du cours ; chaque fonction rend une :class:`Picture` qui porte son texte de remplacement."""

from cours_cnn.figures.comparisons import intervals, scatter
from cours_cnn.figures.drawing import architecture
from cours_cnn.figures.geometry import receptive_cone, sliding_window
from cours_cnn.figures.graphs import graph
from cours_cnn.figures.kernels import color_kernels
from cours_cnn.figures.maps import activations, feature_maps, filters, image_grid, number_grid
from cours_cnn.figures.picture import Picture, from_matplotlib, inline_svg
from cours_cnn.figures.plots import bars, confusion_matrix, learning_curves, lines
from cours_cnn.figures.scales import nested_windows
from cours_cnn.figures.seeds import seed_panels
from cours_cnn.figures.shares import shares
from cours_cnn.figures.towers import towers
from cours_cnn.figures.transfer import freezing, heat_overlay, spreads

__all__ = ["Picture", "activations", "architecture", "bars", "color_kernels", "confusion_matrix", "feature_maps",
           "filters", "freezing", "from_matplotlib", "graph", "heat_overlay", "image_grid", "inline_svg", "intervals",
           "learning_curves", "lines", "nested_windows", "number_grid", "receptive_cone", "scatter", "seed_panels",
           "shares", "sliding_window", "spreads", "towers"]

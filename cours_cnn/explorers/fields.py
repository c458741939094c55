"""Figure vivante du champ récepteur : ce que voit une unité d'un réseau du cours, couche par couche."""

from __future__ import annotations

from cours_cnn.explorers.base import Explorer, text

# Nom, noyau, pas, remplissage : v (aucun), s (same de Keras) ou un nombre de zéros. Dans un module à branches, la plus
# large suffit : les autres voient une partie de ce qu'elle voit. Les tests les comparent aux modèles eux-mêmes.
_VGG = ";".join(f"c{block}.{rank} 3 1 s" if rank <= convs else f"p{block} 2 2 v"
                for block, convs in enumerate((2, 2, 3, 3, 3), start=1) for rank in range(1, convs + 2))
_INCEPTION = {name: f"{name} 5 1 s" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")}
_GOOGLENET = ";".join([
    "conv1 7 2 s", "pool1 3 2 s", "conv2 3 1 s", "pool2 3 2 s", _INCEPTION["3a"], _INCEPTION["3b"], "pool3 3 2 s",
    *(_INCEPTION[name] for name in ("4a", "4b", "4c", "4d", "4e")), "pool4 3 2 s", _INCEPTION["5a"], _INCEPTION["5b"]])
_RESNET = ";".join(["conv1 7 2 3", "pool1 3 2 1", *(
    layer for stage, blocks in enumerate((3, 4, 6, 3), start=2) for block in range(1, blocks + 1)
    for layer in ([f"{stage}.1↓ 1 2 v"] if block == 1 and stage > 2 else []) + [f"{stage}.{block} 3 1 s"])])
NETWORKS = {
    "LeNet-5": (32, "C1 5 1 v;S2 2 2 v;C3 5 1 v;S4 2 2 v;C5 5 1 v"),
    "AlexNet": (227, "C1 11 4 v;S2 3 2 v;C3 5 1 s;S4 3 2 v;C5 3 1 s;C6 3 1 s;C7 3 1 s;S8 3 2 v"),
    "VGG-16": (224, _VGG), "GoogLeNet": (224, _GOOGLENET), "ResNet-50": (224, _RESNET),
}


def champ_recepteur() -> Explorer:
    """Rend la figure où l'on choisit une unité d'un réseau et voit la région de chaque couche dont elle dépend."""
    sentence = (
        "Dans AlexNet, le champ récepteur d'une unité mesure 11 pixels de côté à la première convolution, 51 à la "
        "deuxième, 163 à la cinquième et 195 après le dernier pooling. Avec JavaScript, on choisit LeNet-5, AlexNet, "
        "VGG-16, GoogLeNet ou ResNet-50, puis une unité, et l'on voit ce dont elle dépend dans chaque couche.")
    squares = []
    for x, (name, size) in zip((0, 130, 260, 390), (("C1", 11), ("C3", 51), ("C7", 163), ("S8", 195)), strict=True):
        side = 114 * size / 227
        squares.append(f"<path d='M{x} 0h114v114H{x}z' fill='none' stroke='currentColor' stroke-opacity='.5'/>"
                       f"<path d='M{x + 57 - side / 2:.1f} {57 - side / 2:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z' "
                       "fill-opacity='.35'/>" + text(x + 57, 132, f"{name} : {size} × {size}"))
    return Explorer("champ", "Ce que voit une unité, couche par couche", {"reseaux": NETWORKS},
                    ("".join(squares), 506, 140), sentence)

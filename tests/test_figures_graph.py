"""Les dessins de réseaux : toutes les couches, toutes les liaisons, rien qui se chevauche, toujours le même tracé."""

import functools
import itertools
import re
import xml.etree.ElementTree as ET

import keras
import pytest
from keras import layers
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from cours_cnn import figures
from cours_cnn.anatomy import steps
from cours_cnn.architectures import alexnet, googlenet, inception_module, lenet5, resnet, vgg
from cours_cnn.figures import flow
from cours_cnn.figures.blocks import Block, stages
from cours_cnn.figures.canvas import text_width
from cours_cnn.figures.layout import arrange
from cours_cnn.figures.stacks import piles

SIZE, NARROW = (28, 28, 192), (8, 8, 8)
POCKET = {"input_shape": (32, 32, 3), "width": 0.125, "classes": 10}


def conv(x, maps, size=3, **options):
    return layers.Conv2D(maps, size, padding="same", **options)(x)


def inception(bottlenecks=True):
    x = keras.Input(SIZE, name="In")
    if bottlenecks:
        return keras.Model(x, inception_module(x, (64, 96, 128, 16, 32, 32), "3a"), name="module_3a")
    branches = [conv(x, maps, size, name=f"b{size}") for maps, size in ((64, 1), (128, 3), (32, 5))]
    branches.append(layers.MaxPooling2D(3, strides=1, padding="same", name="pool")(x))
    return keras.Model(x, layers.Concatenate(name="sortie")(branches), name="module_naif")


def residual(*, projection=False):
    """Un bloc résiduel de deux convolutions, avec normalisation et ReLU."""
    x = keras.Input(NARROW, name="In")
    stride, maps = (2, 16) if projection else (1, 8)
    y = conv(x, maps, strides=stride, name="c1")
    y = layers.ReLU(name="r1")(layers.BatchNormalization(name="n1")(y))
    y = layers.BatchNormalization(name="n2")(conv(y, maps, name="c2"))
    short = conv(x, maps, 1, strides=stride, name="c0") if projection else x
    return keras.Model(x, layers.ReLU(name="out")(layers.Add(name="somme")([short, y])), name="bloc")


def tangled():
    """Un graphe qui n'est ni une suite ni un faisceau de branches."""
    x = keras.Input(NARROW, name="In")
    a, b = conv(x, 8, 1, name="a"), conv(x, 8, 1, name="b")
    c, d = layers.Add(name="c")([a, b]), conv(b, 8, name="d")
    joined = layers.Concatenate(name="e")([conv(c, 8, name="f"), layers.Add(name="g")([c, d]), d])
    return keras.Model(x, joined, name="t")


def two_inputs():
    a, b = keras.Input((10,), name="a"), keras.Input((5,), name="b")
    joined = layers.Concatenate(name="j")([layers.Dense(4, name="d")(a), b])
    return keras.Model([a, b], layers.Dense(2, name="s")(joined), name="deux_entrees")


def two_outputs():
    x = keras.Input(NARROW, name="In")
    y = conv(x, 8, name="tronc")
    side = layers.Dense(3, name="annexe")(layers.Flatten(name="plat")(y))
    z = layers.Add(name="somme")([y, conv(y, 8, name="branche")])
    main = layers.Dense(2, name="sortie")(layers.GlobalAveragePooling2D(name="moy")(z))
    return keras.Model(x, [main, side], name="d")


def dense_block():
    x = keras.Input(NARROW, name="In")
    y = x
    for rank in range(3):
        y = layers.Concatenate(name=f"j{rank}")([y, conv(y, 4, name=f"c{rank}")])
    return keras.Model(x, y, name="dense")


GRAPHS = {"inception": inception(), "naïf": inception(False), "bloc": residual(),
          "projection": residual(projection=True), "entrecroisé": tangled(),
          "deux entrées": two_inputs(), "deux sorties": two_outputs(),
          "concaténations": dense_block(), "chaîne": lenet5()}
WHOLE = {"lenet5": lenet5(), "alexnet 1": alexnet(1, width=0.25), "alexnet 2": alexnet(2, width=0.25),
         "vgg16": vgg(16, width=0.25, dense=256), "vgg19": vgg(19, width=0.25, dense=256),
         "googlenet": googlenet(**POCKET), "resnet34": resnet(34, **POCKET),
         "resnet50": resnet(50, **POCKET), "plain34": resnet(34, shortcut=False, **POCKET),
         "auxiliaires": googlenet(True, input_shape=(96, 96, 3), width=0.125, classes=10)}


def svg(picture):
    return ET.fromstring(picture.data)[0]


def written(picture) -> list[str]:
    """Les textes du dessin, dans l'ordre."""
    return [node.text for node in svg(picture).iter() if node.tag.endswith("text")]


def named(picture) -> set[str]:
    """Les noms de couches que portent les étiquettes au survol et les textes écrits."""
    found = " ".join(node.text or "" for node in svg(picture).iter() if node.tag.endswith(("title", "text")))
    return set(re.findall(r"[\w&]+", found))


@functools.cache
def measured(text, size, weight):
    """Rend le rectangle d'un texte écrit en DejaVu Sans, plus large que les polices courantes."""
    return TextPath((0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans", weight=weight)).get_extents()


def extents(picture):
    """Rend les rectangles des textes et ceux des boîtes."""
    shift = [float(n) for n in re.findall(r"translate\(([\d.]+) ([\d.]+)\)", picture.data)[:1] for n in n] or [0, 0]
    texts, boxes = [], []
    for node in svg(picture).iter():
        if node.tag.endswith("text"):
            size, x, y = (float(node.get(key)) for key in ("font-size", "x", "y"))
            box = measured(node.text, size, node.get("font-weight", "normal"))
            left = {"middle": x - box.width / 2, "end": x - box.width}.get(node.get("text-anchor"), x)
            texts.append((left + shift[0], y - box.y1 + shift[1], left + box.width + shift[0], y - box.y0 + shift[1],
                          node.text))
        elif node.tag.endswith("rect"):
            x, y, w, h = (float(node.get(key)) for key in ("x", "y", "width", "height"))
            boxes.append((x + shift[0], y + shift[1], x + w + shift[0], y + h + shift[1]))
    return texts, boxes


def overlap(a, b, margin=0.0):
    return min(a[2], b[2]) - max(a[0], b[0]) > margin and min(a[3], b[3]) - max(a[1], b[1]) > margin


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("model", GRAPHS.values(), ids=GRAPHS)
def test_every_layer_of_the_model_is_drawn(model, compact):
    found = named(figures.graph(model, compact=compact))
    assert {step.layer.name for step in steps(model)} <= found


@pytest.mark.parametrize("model", WHOLE.values(), ids=WHOLE)
def test_every_computing_layer_appears_in_a_whole_network(model):
    found = named(figures.architecture(model))
    main = [step.layer for step in steps(model)
            if isinstance(step.layer, (layers.Conv2D, layers.Dense, layers.MaxPooling2D))]
    missing = {layer.name for layer in main} - found
    # D'une sortie auxiliaire, seule la dernière couche est nommée.
    assert {name for name in missing if not name.startswith("auxiliaire")} == set()


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("model", GRAPHS.values(), ids=GRAPHS)
def test_every_edge_is_drawn_once(model, compact):
    graph = flow.nodes(model, fold=compact)
    expected = sorted((source, index) for index, node in enumerate(graph) for source in node.inputs)
    layout = arrange(graph, flow.decompose(graph), [(40, 20)] * len(graph))
    assert sorted((wire.start, end) for wire, end in layout.wires) == expected
    drawn = re.findall(r'<path d="M[^"]*" fill="none"', figures.graph(model, compact=compact).data)
    assert len(drawn) == len(expected)


def test_edges_of_the_unfolded_graph_are_those_of_keras():
    model = residual(projection=True)
    graph = flow.nodes(model, fold=False)
    found = {(graph[source].names[0], node.names[0]) for node in graph for source in node.inputs}
    assert found == {("In", "c1"), ("c1", "n1"), ("n1", "r1"), ("r1", "c2"), ("c2", "n2"), ("In", "c0"),
                     ("c0", "somme"), ("n2", "somme"), ("somme", "out")}


def test_folding_keeps_each_layer_in_one_box_only():
    for model in (*GRAPHS.values(), WHOLE["resnet50"], keras.applications.ResNet50V2(weights=None)):
        names = [name for node in flow.nodes(model, fold=True) for name in node.names]
        assert sorted(names) == sorted(name for node in flow.nodes(model, fold=False) for name in node.names)
    folded = {node.names[0]: node.extras for node in flow.nodes(residual(), fold=True)}
    assert folded == {"In": (), "c1": ("BN", "ReLU"), "c2": ("BN",), "somme": ("ReLU",)}


def test_branches_are_found_by_the_graph():
    graph = flow.nodes(inception(), fold=False)
    first, fork, last = flow.decompose(graph)
    assert (first, last) == (0, len(graph) - 1)
    # Les branches sont rangées comme la concaténation les lit : 1 × 1, 3 × 3, 5 × 5, pooling.
    assert [[graph[i].row.name for i in branch] for branch in fork.branches] == [
        ["3a_1x1"], ["3a_3x3_reduction", "3a_3x3"], ["3a_5x5_reduction", "3a_5x5"], ["3a_pool", "3a_projection"]]
    assert [len(branch) for branch in flow.decompose(flow.nodes(residual(), fold=True))[1].branches] == [2, 0]
    assert any(isinstance(item, flow.Tangle) for item in flow.decompose(flow.nodes(tangled(), fold=False)))


def sampled(path):
    """Rend des points d'une liaison, tracée par M, V et C."""
    x = y = 0.0
    for command, written_numbers in re.findall(r"([MVC])([-\d. ]+)", path):
        numbers = [float(number) for number in written_numbers.split()]
        if command == "M":
            x, y = numbers
        elif command == "V":
            yield from ((x, y + (numbers[0] - y) * t / 20) for t in range(21))
            y = numbers[0]
        else:
            xs, ys = [x, *numbers[0::2]], [y, *numbers[1::2]]
            for t in (rank / 20 for rank in range(21)):
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
                yield tuple(sum(w * v for w, v in zip(weights, values, strict=True)) for values in (xs, ys))
            x, y = numbers[-2:]


def test_boxes_never_overlap_and_wires_avoid_them():
    for model in GRAPHS.values():
        for compact in (False, True):
            picture = figures.graph(model, compact=compact)
            texts, boxes = extents(picture)
            tall = [box for box in boxes if box[3] - box[1] > 20]
            dx, dy = (float(value) for value in re.search(r"translate\(([\d.]+) ([\d.]+)\)", picture.data).groups())
            for path in re.findall(r'<path d="(M[^"]*)" fill="none"', picture.data):
                for x, y in sampled(path):
                    inside = [b for b in tall if b[0] + 1 < x + dx < b[2] - 1 and b[1] + 1 < y + dy < b[3] - 1]
                    assert not inside, (model.name, path)
            for a, b in itertools.combinations(tall, 2):
                assert not overlap(a, b, 0.5), model.name
            for a, b in itertools.combinations(texts, 2):
                assert not overlap(a, b), (model.name, a, b)


@pytest.mark.parametrize("model", WHOLE.values(), ids=WHOLE)
def test_labels_of_whole_networks_never_overlap_and_stay_inside(model):
    picture = figures.architecture(model)
    texts, _ = extents(picture)
    width, height = (float(value) for value in svg(picture).get("viewBox").split()[2:])
    for text in texts:
        assert text[0] >= 0, text
        assert text[2] <= width, text
        assert text[1] >= 0, text
        assert text[3] <= height + 1, text
    for a, b in itertools.combinations(texts, 2):
        assert not overlap(a, b), (a, b)


def test_labels_fit_in_their_boxes():
    texts, boxes = extents(figures.graph(inception()))
    tall = [box for box in boxes if box[3] - box[1] > 20]
    for text in texts:
        around = [box for box in tall if overlap(text, box)]
        assert len(around) == 1, text
        assert around[0][0] <= text[0], text
        assert text[2] <= around[0][2], text


def test_width_of_a_text_is_never_underestimated():
    for text in ("Convolution 3 × 3, pas 2", "block1_conv1 à 2", "102 764 544 param.", "conv2_block1", "Normalisation"):
        for bold in (False, True):
            assert measured(text, 12, "bold" if bold else "normal").width <= text_width(text, 12, bold=bold)


@pytest.mark.parametrize("draw", [
    lambda: figures.graph(inception()), lambda: figures.graph(residual(), compact=True),
    lambda: figures.architecture(resnet(18, **POCKET)), lambda: figures.architecture(vgg(16, **POCKET))])
def test_the_same_model_gives_the_same_drawing(draw):
    assert (draw().data, draw().alt) == (draw().data, draw().alt)


def test_the_drawing_follows_the_theme_and_scrolls():
    for picture in (figures.graph(inception()), *(figures.architecture(model) for model in WHOLE.values())):
        root = ET.fromstring(picture.data)
        assert "overflow-x:auto" in root.get("style")
        assert (root.get("role"), root.get("tabindex")) == ("group", "0")
        assert "min-width" in root[0].get("style")
        assert root[0].get("aria-label") == picture.alt
        assert {node.get("fill") for node in root.iter() if node.tag.endswith("text")} == {"currentColor"}


def test_the_share_of_each_branch_is_drawn_in_the_concatenation():
    texts = written(figures.graph(inception(False), compact=True))
    assert [text for text in texts if text in ("64", "128", "32", "192")] == ["64", "128", "32", "192"]
    assert "5 × 5, 32" in texts
    assert "256 cartes 28 × 28" in "".join(figures.graph(inception()).alt)


def test_a_shortcut_enters_the_sum_by_its_side():
    data = figures.graph(residual()).data
    assert ">+</text>" in data
    curved = [path for path in re.findall(r'<path d="(M[^"]*)" fill="none"', data) if "C" in path]
    assert len(curved) == 1


def test_similar_convolutions_share_a_pile_only_in_long_stacks():
    for depth, sizes in ((16, [2, 2, 3, 3, 3]), (19, [2, 2, 4, 4, 4])):
        found = piles(flow.nodes(vgg(depth, **POCKET), fold=True), {})
        assert [len(pile.nodes) for pile in found if pile.nodes[0].row.kind == "Convolution"] == sizes
    texts = written(figures.architecture(WHOLE["vgg19"]))
    for expected in ("2 × conv 3 × 3, 16", "4 × conv 3 × 3, 128", "block3_conv1 à 4", "128 @ 14 × 14"):
        assert expected in texts
    one = written(figures.architecture(WHOLE["alexnet 1"]))
    assert {"C5", "C6", "C7"} <= set(one)


def test_two_towers_are_drawn_where_the_convolutions_are_grouped():
    texts = written(figures.architecture(WHOLE["alexnet 2"]))
    for expected in ("2 × 32 @ 27 × 27", "2 × 48 @ 13 × 13", "2 × 32 @ 13 × 13", "96 @ 13 × 13",
                     "19\u00a0264 param."):
        assert expected in texts
    alt = figures.architecture(WHOLE["alexnet 2"]).alt
    assert alt.count("en 2 tours") == 3
    assert "tours" not in figures.architecture(WHOLE["alexnet 1"]).alt


@pytest.mark.parametrize(("depth", "blocks", "projections"), [(18, 8, 3), (34, 16, 3), (50, 16, 4)])
def test_residual_blocks_are_recognised(depth, blocks, projections):
    model = resnet(depth, **POCKET)
    _, found = stages(model)
    seen = [item for stage in found for item in stage.items if isinstance(item, Block)]
    assert len(seen) == blocks
    assert all(block.residual and len(block.others) == 1 for block in seen)
    assert sum(bool(block.others[0]) for block in seen) == projections
    assert seen[0].name == "conv2_block1"
    picture = figures.architecture(model)
    assert picture.data.count('class="bloc"') == blocks
    assert picture.data.count("stroke-dasharray") == projections + 1  # et la légende
    assert f"{blocks} blocs en tout" in picture.alt


def test_a_plain_network_has_no_arc_and_shows_its_convolutions():
    picture = figures.architecture(WHOLE["plain34"])
    assert 'class="bloc"' not in picture.data
    assert "connexion directe" not in picture.data
    texts = written(picture)
    assert texts.count("3 × 3") == 32
    labels = [text for text in texts if re.fullmatch(r"\d+ × \d+", text)]
    assert [text for text in labels if text not in ("3 × 3", "7 × 7")] == ["32 × 32", "16 × 16", "8 × 8", "4 × 4",
                                                                          "2 × 2", "1 × 1"]


def test_inception_modules_and_auxiliary_outputs_are_recognised():
    _, found = stages(WHOLE["googlenet"])
    seen = [item for stage in found for item in stage.items if isinstance(item, Block)]
    assert [block.name for block in seen] == ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"]
    assert all(len(block.others) == 4 and not block.residual for block in seen)
    picture = figures.architecture(WHOLE["auxiliaires"])
    assert picture.data.count('class="auxiliaire"') == 2
    assert "2 sorties auxiliaires" in picture.alt
    assert "9 blocs en tout" in picture.alt
    _, found = stages(WHOLE["auxiliaires"])
    fed = [item.name for stage in found for item in stage.items if item.heads]
    assert fed == ["4a", "4d"]


@pytest.mark.lent
def test_other_families_are_drawn_too():
    for build in (keras.applications.MobileNetV2, keras.applications.InceptionV3, keras.applications.ResNet50V2):
        assert len(figures.architecture(build(weights=None)).data) < 150_000
    x = keras.Input(NARROW)
    nested = keras.Model(x, layers.Dense(2)(layers.Flatten()(residual()(x))), name="transfert")
    assert "bloc" in figures.architecture(nested).data


def test_the_alternative_text_says_branches_shortcuts_and_sizes():
    assert "quatre branches" in figures.graph(inception()).alt
    assert "concaténation (256 cartes 28 × 28)" in figures.graph(inception()).alt
    assert "connexion directe" in figures.graph(residual()).alt
    assert "convolution 1 × 1, pas 2" in figures.graph(residual(projection=True)).alt
    assert "en 8 × 8, 1 bloc à projection" in figures.architecture(resnet(18, input_shape=(64, 64, 3), width=0.125)).alt
    assert figures.graph(residual(), alt="Un bloc résiduel de deux convolutions.").alt.startswith("Un bloc résiduel")


def test_the_layout_can_be_chosen():
    assert "2 fois convolution" in figures.architecture(WHOLE["vgg16"], layout="piles").alt
    assert "en 224 × 224, entrée" in figures.architecture(WHOLE["vgg16"], layout="étages").alt
    assert "fois convolution" in figures.architecture(WHOLE["plain34"], layout="piles").alt


@pytest.mark.parametrize(("call", "kind", "message"), [
    (lambda: figures.graph("resnet"), TypeError, "un modèle Keras"),
    (lambda: figures.graph(keras.Sequential([layers.Dense(2)])), ValueError, "forme d'entrée"),
    (lambda: figures.graph(lenet5(), compact="oui"), ValueError, "« compact »"),
    (lambda: figures.graph(resnet(50, **POCKET)), ValueError, "au plus 150 boîtes"),
    (lambda: figures.architecture(lenet5(), layout="arbre"), ValueError, "« layout »"),
    (lambda: figures.architecture(residual(), layout="piles"), ValueError, "sans branches"),
    (lambda: figures.architecture(None), TypeError, "un modèle Keras"),
    (lambda: figures.architecture(keras.Sequential([layers.Dense(2)])), ValueError, "forme d'entrée"),
])
def test_refusals_say_what_was_expected(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_each_mark_of_the_legend_has_its_own_colour():
    data = figures.architecture(WHOLE["googlenet"]).data
    marks = re.findall(r'<rect [^>]*width="10" height="10"[^>]*fill="(#[0-9a-f]{6})"', data)
    assert len(marks) == 8                                      # quatre familles de couches, quatre branches
    assert len(set(marks)) == len(marks)

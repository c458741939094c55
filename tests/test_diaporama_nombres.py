"""Chaque nombre du diaporama a son fait au registre, ou la raison de ne pas en avoir ; les faits se recalculent."""

import tomllib
from pathlib import Path

import keras
import pytest

from cours_cnn import facts
from cours_cnn.anatomy import output_size, parameter_count, rows
from cours_cnn.architectures import alexnet, inception_module, lenet5, resnet, vgg

TABLE = tomllib.loads((Path(__file__).parent / "diaporama_nombres.toml").read_text(encoding="utf-8"))["nombre"]
LEDGER = facts.load()


def ids(entry):
    return f"{entry['diapo']}-{entry['texte']}"[:60]


@pytest.mark.parametrize("entry", TABLE, ids=ids)
def test_every_figure_has_its_fact_or_its_reason(entry):
    assert set(entry) in ({"diapo", "texte", "nombres", "faits"}, {"diapo", "texte", "raison"})
    if "raison" in entry:
        assert len(entry["raison"]) > 10
        return
    assert len(entry["nombres"]) == len(entry["faits"])
    for number, key in zip(entry["nombres"], entry["faits"], strict=True):
        assert key in LEDGER, f"{key} manque à cours_cnn/facts.toml"
        fact = LEDGER[key]
        # Le nombre écrit sur la diapositive est celui du registre, aux arrondis déclarés près.
        assert abs(number - fact.value) <= fact.tolerance, key


def test_the_table_holds_the_whole_deck():
    numbers = [number for entry in TABLE for number in entry.get("nombres", [])]
    assert len(numbers) >= 200
    assert len({key for entry in TABLE for key in entry.get("faits", [])}) >= 150
    assert len({(entry["diapo"], entry["texte"]) for entry in TABLE}) == len(TABLE)
    # Une diapositive n'est décrite qu'une fois : ses lignes se suivent.
    slides = [entry["diapo"] for entry in TABLE]
    changes = [name for name, before in zip(slides, [None, *slides], strict=False) if name != before]
    assert len(changes) == len(set(changes))


def test_every_figure_attributed_to_the_slides_is_in_the_table():
    cited = {key for entry in TABLE for key in entry.get("faits", [])}
    claimed = {key for key in LEDGER if key.split(".")[1].startswith("slides_")}
    # Repris sur d'autres diapositives sous une autre clé, ou cités dans les chapitres seulement.
    assert claimed - cited <= {"inception.slides_depth_v3"}


@pytest.mark.parametrize("name", ["xception", "vgg16", "vgg19", "resnet50", "resnet50v2", "resnet101", "resnet101v2",
                                  "resnet152", "resnet152v2", "inceptionv3"])
def test_each_row_of_the_table_of_keras_is_complete(name):
    cited = [key for entry in TABLE for key in entry.get("faits", []) if key.startswith(f"keras.{name}_")]
    assert [key.rsplit("_", 1)[1] for key in cited] == ["size", "top1", "top5", "parameters", "depth", "cpu", "gpu"]


def by_name(model):
    return {row.name: row for row in rows(model)}


def depth(model) -> int:
    """Couches à poids de la plus longue suite : ni projections ni normalisations."""
    return sum(isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) and not layer.name.endswith("_0_conv")
               for layer in model.layers)


def of_lenet():
    found = by_name(lenet5())
    first, pool = found["C1"], found["S2"]
    return {
        "lenet5.slides_input_size": found["In"].size[0], "lenet5.slides_input_maps": found["In"].maps,
        "lenet5.slides_c1_maps": first.maps, "lenet5.slides_s2_size": pool.size[0],
        "lenet5.slides_c3_maps": found["C3"].maps, "lenet5.slides_c3_size": found["C3"].size[0],
        "lenet5.slides_s4_size": found["S4"].size[0], "lenet5.slides_c5_maps": found["C5"].maps,
        "lenet5.slides_c5_size": found["C5"].size[0], "lenet5.slides_f6_units": found["F6"].size,
        "lenet5.slides_out_units": found["Out"].size, "lenet5.slides_kernel": first.kernel[0],
        "lenet5.slides_convolution_stride": first.strides[0], "lenet5.slides_pool": pool.kernel[0],
        "lenet5.slides_pool_stride": pool.strides[0],
    }


def of_alexnet():
    found = by_name(alexnet(width=0.125))
    return {
        "alexnet.slides_input_maps": found["In"].maps, "alexnet.slides_c1_stride": found["C1"].strides[0],
        "alexnet.slides_c5_stride": found["C5"].strides[0], "alexnet.slides_pool": found["S2"].kernel[0],
        "alexnet.slides_pool_stride": found["S2"].strides[0],
    }


def of_vgg():
    found = by_name(vgg(16, dense=8, classes=2))
    first, second, third = (found[f"block{rank}_conv1"] for rank in (1, 2, 3))
    return {
        "vgg.slides_kernel": first.kernel[0], "vgg.slides_size_first": first.size[0],
        "vgg.slides_size_second": second.size[0], "vgg.slides_size_third": third.size[0],
        "vgg.slides_maps_first": first.maps, "vgg.slides_maps_second": second.maps,
        "vgg.slides_maps_third": third.maps,
        "vgg.slides_pool_factor": first.size[0] // found["block1_pool"].size[0],
        # Deux noyaux 3 × 3 ne laissent qu'une position à une fenêtre de ce côté.
        "vgg.slides_stacked_window": next(n for n in range(5, 9) if output_size(output_size(n, 3), 3) == 1),
    }


def of_inception():
    image = keras.Input((28, 28, 192))
    model = keras.Model(image, inception_module(image, (64, 96, 128, 16, 32, 32), "3a"))
    found = [row for row in rows(model) if row.kernel]
    small, middle, large = sorted({row.kernel[0] for row in found})
    stride, = {row.strides[0] for row in found}
    return {"inception.slides_kernel_small": small, "inception.slides_kernel_middle": middle,
            "inception.slides_kernel_large": large, "inception.slides_stride": stride}


def of_resnet():
    pocket = {"input_shape": (32, 32, 3), "width": 0.125, "classes": 2}
    found = by_name(resnet(18, **pocket))
    unit = [row for name, row in found.items() if name.startswith("conv2_block1") and row.kernel]
    projection = found["conv3_block1_0_conv"]
    return {
        "resnet.slides_depth_18": depth(resnet(18, **pocket)), "resnet.slides_depth_34": depth(resnet(34, **pocket)),
        "resnet.slides_depth_50": depth(resnet(50, **pocket)), "resnet.slides_depth_101": depth(resnet(101, **pocket)),
        "resnet.slides_unit_layers": len(unit), "resnet.slides_kernel": unit[0].kernel[0],
        "resnet.slides_unit_stride": unit[0].strides[0], "resnet.slides_projection_kernel": projection.kernel[0],
        "resnet.slides_projection_stride": projection.strides[0],
    }


def of_transfer():
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(224, 224, 3))
    flat = keras.layers.Flatten()(base.output)
    model = keras.Model(base.inputs, keras.layers.Dense(2, activation="softmax")(flat))
    last, (_, side, _, channels) = rows(base)[-1], base.inputs[0].shape
    found = {
        "transfert.slides_side": side, "transfert.slides_channels": channels,
        "transfert.slides_map_side": last.size[0], "transfert.slides_maps": last.maps,
        "transfert.slides_flattened": flat.shape[1], "transfert.slides_classes": model.output.shape[1],
        "transfert.slides_trainable": parameter_count(model),
        "transfert.slides_fixed": len(base.non_trainable_weights),
    }
    # Gelée comme le dit le code, la base ne laisse à apprendre que la dernière couche.
    base.trainable = False
    assert parameter_count(model, trainable_only=True) == LEDGER["vgg.pneumonia_head_parameters"].value
    return found


@pytest.mark.parametrize("computed", [of_lenet, of_alexnet, of_vgg, of_inception, of_resnet, of_transfer])
def test_the_tables_of_the_slides_are_those_of_the_models(computed):
    for key, value in computed().items():
        assert facts.confront(key, value).verdict == "exact"

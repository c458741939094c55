"""La géométrie dessinée est celle que calculent Keras et le module."""

import re

import numpy as np
import pytest

from cours_cnn.figures import bars, receptive_cone, sliding_window
from cours_cnn.figures.picture import _smaller_svg

TABLE = np.array([[2, 1, 2, 8, 9], [1, 2, 1, 9, 8], [2, 1, 2, 8, 9], [1, 2, 8, 9, 8], [2, 8, 9, 8, 9]])
KERNEL = np.array([[-1, 0, 1]] * 3)


def written(picture) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", picture.data)


def test_the_window_shows_its_own_arithmetic():
    picture = sliding_window(TABLE, KERNEL, 0, 1)
    assert "1 × (−1) + 2 × 0 + 8 × 1" in written(picture)
    assert "+ 1 × (−1) + 2 × 0 + 8 × 1 = 21" in written(picture)
    assert "vaut 21" in picture.alt


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)])
def test_the_drawn_output_is_that_of_keras(stride, padding):
    import keras

    batch = keras.layers.ZeroPadding2D(padding)(TABLE.reshape(1, 5, 5, 1).astype("float32"))
    layer = keras.layers.Conv2D(1, 3, strides=stride, use_bias=False)
    layer.build((None, None, None, 1))
    layer.set_weights([KERNEL.reshape(3, 3, 1, 1)])
    expected = np.array(layer(batch))[0, :, :, 0].astype(int)
    last = expected.shape[0] - 1
    texts = written(sliding_window(TABLE, KERNEL, last, last, stride=stride, padding=padding))
    assert f"sortie {last + 1} × {last + 1}" in texts
    drawn = [int(text.replace("−", "-")) for text in texts if re.fullmatch(r"−?\d+", text)]
    assert drawn[-expected.size:] == expected.ravel().tolist()


def test_only_the_outputs_already_computed_are_written():
    full, first = (written(sliding_window(TABLE, KERNEL, *place)) for place in ((2, 2), (0, 0)))
    assert len(full) - len(first) == 8


@pytest.mark.parametrize(("arguments", "options", "message"), [
    ((TABLE[0], KERNEL), {}, "« table »"),
    ((TABLE, KERNEL[0]), {}, "« kernel »"),
    ((np.zeros((13, 13)), KERNEL), {}, "au plus 12"),
    ((TABLE, KERNEL, 3, 0), {}, "« row »"),
    ((TABLE, KERNEL, 0, -1), {}, "« column »"),
    ((TABLE, KERNEL), {"padding": -1}, "« padding »"),
    ((TABLE, KERNEL), {"stride": 0}, "« stride »"),
    ((TABLE[:2, :2], KERNEL), {}, "« kernel »"),
])
def test_a_bad_window_is_refused(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        sliding_window(*arguments, **options)


def test_the_cone_agrees_with_the_receptive_field_of_the_model():
    import keras

    from cours_cnn.receptive import receptive_field

    stack = [("a", 3, 1), ("b", 2, 2), ("c", 3, 1)]
    model = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(1, 3), keras.layers.MaxPooling2D(2),
                              keras.layers.Conv2D(1, 3, name="c")])
    for unit in range(5):
        first, last = receptive_field(model, "c").window(unit, unit)[0]
        alt = receptive_cone(16, stack, unit=unit).alt
        assert f"dépend de {last - first} pixels" in alt
        assert f"du rang {first} au rang {last - 1}" in alt


@pytest.mark.parametrize(("arguments", "options", "message"), [
    ((0, [("a", 3, 1)]), {}, "« size »"),
    ((16, []), {}, "« layers »"),
    ((16, [("a", 3)]), {}, "« layers »"),
    ((16, [("a", 17, 1)]), {}, "« kernel »"),
    ((16, [("a", 3, 1)]), {"unit": 14}, "« unit »"),
])
def test_a_bad_cone_is_refused(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        receptive_cone(*arguments, **options)


def test_bars_keep_the_texts_given_for_them():
    assert "a : 2,25 %, b : 28,2 %" in bars(["a", "b"], [2.25, 28.2], texts=["2,25 %", "28,2 %"], title="Erreur").alt
    with pytest.raises(ValueError, match="« texts »"):
        bars(["a", "b"], [1, 2], texts=["un"])


def test_a_lighter_svg_keeps_scales_and_drops_line_ends():
    text = '<svg>\n <!-- note -->\n <g transform="translate(1.23456 2.34567)\n scale(0.015625 -0.015625)"/>\n</svg>'
    assert _smaller_svg(text) == '<svg><g transform="translate(1.23 2.34) scale(0.015625 -0.015625)"/></svg>\n'

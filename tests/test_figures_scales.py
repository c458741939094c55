"""Les fenêtres dessinées sont celles que lisent les branches d'un module Inception."""

import re

import numpy as np
import pytest

from cours_cnn.figures import nested_windows

ENTRY = np.arange(50).reshape(5, 5, 2)


def outlines(picture) -> list[tuple[int, int, int]]:
    """Rend (gauche, haut, côté) de chaque cadre de couleur, en cases de la grille bordée."""
    found = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="\d+" rx="3"', picture.data)
    return [((int(x) - 4) // 34, (int(y) - 29) // 34, (int(side) + 2) // 34) for x, y, side in found]


def test_each_window_is_centred_on_the_pixel_of_each_channel():
    found = outlines(nested_windows(ENTRY, 1, 2))
    first = [window for window in found if window[0] < 9]
    assert first == [(2, 1, 5), (3, 2, 3), (4, 3, 1)]      # la grille bordée commence deux cases plus tôt
    assert len(found) == 6


def test_every_value_and_every_added_zero_is_written():
    texts = re.findall(r"<text[^>]*>(\d+)</text>", nested_windows(ENTRY, 0, 0).data)
    assert sorted(map(int, texts)) == sorted([*range(50), *[0] * 2 * (81 - 25)])


def test_the_alternative_text_names_the_pixel_and_the_sides():
    alt = nested_windows(ENTRY, 3, 4, sizes=(1, 3)).alt
    assert "(3, 4)" in alt
    assert "côtés 1, 3" in alt


@pytest.mark.parametrize(("arguments", "options", "message"), [
    ((ENTRY[..., 0], 0, 0), {}, "« channels »"),
    ((np.zeros((9, 9, 1)), 0, 0), {}, "« channels »"),
    ((np.zeros((5, 5, 4)), 0, 0), {}, "« channels »"),
    ((ENTRY, 5, 0), {}, "« row »"),
    ((ENTRY, 0, -1), {}, "« column »"),
    ((ENTRY, 0, 0), {"sizes": (1, 2)}, "« sizes »"),
    ((ENTRY, 0, 0), {"sizes": (3, 1)}, "« sizes »"),
    ((ENTRY, 0, 0), {"sizes": ()}, "« sizes »"),
])
def test_a_bad_setting_is_refused(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        nested_windows(*arguments, **options)

"""Les parts de plusieurs totaux : ce que la figure dit, et ce qu'elle refuse."""

import re

import pytest

from cours_cnn.figures import shares

NBSP = "\u00a0"


def bar_widths(picture) -> list[float]:
    """Rend les largeurs des barres, dans l'ordre du dessin : les rectangles colorés."""
    paths = re.findall(r'd="M ([\d.]+) [\d.]+ L ([\d.]+)[^"]*" clip-path="[^"]*" style="fill: #', picture.data)
    return [float(right) - float(left) for left, right in paths]


def test_alt_gives_each_share_of_each_quantity():
    picture = shares(["bloc 1", "bloc 2"], {"Paramètres": [1, 3], "MAC": [90, 10]}, title="Un réseau")
    assert picture.alt == (f"Un réseau. Paramètres : bloc 1 25,0{NBSP}%, bloc 2 75,0{NBSP}% ; "
                           f"MAC : bloc 1 90,0{NBSP}%, bloc 2 10,0{NBSP}%.")
    assert picture.kind == "svg"


def test_panels_share_one_scale():
    first, second, third, fourth = bar_widths(shares(["a", "b"], {"un": [1, 3], "deux": [90, 10]}))
    assert second == pytest.approx(3 * first, rel=0.02)
    assert third == pytest.approx(0.90 / 0.75 * second, rel=0.02)
    assert fourth == pytest.approx(third / 9, rel=0.02)


def test_own_alt_replaces_the_default():
    text = "Deux panneaux de barres, à titre d'essai."
    assert shares(["a"], {"un": [1]}, alt=text).alt == text


@pytest.mark.parametrize(("labels", "totals", "expected"), [
    ([], {"un": []}, "dictionnaire non vide"), (["a"], {}, "dictionnaire non vide"),
    (["a", "b"], {"un": [1]}, "2 valeurs"), (["a", "b"], {"un": [1, -1]}, "positives ou nulles"),
    (["a", "b"], {"un": [0, 0]}, "somme non nulle"),
])
def test_refusals(labels, totals, expected):
    with pytest.raises(ValueError, match=expected):
        shares(labels, totals)

"""Nuages de points étiquetés et intervalles : ce qu'ils disent, où ils placent les noms, ce qu'ils refusent."""

import io

import numpy as np
import pytest
from PIL import Image

from cours_cnn.figures import comparisons, intervals, scatter
from cours_cnn.figures.comparisons import undominated

POINTS = {"a": (1.0, 70.0), "b": (2.0, 75.0), "c": (3.0, 74.0), "d": (2.0, 72.0)}


def test_undominated_points_are_those_no_other_beats():
    assert undominated(POINTS) == ["a", "b"]
    assert undominated({"x": (1, 1), "y": (1, 1)}) == ["x", "y"]  # ex æquo : aucun ne bat l'autre
    assert undominated({"x": (1, 1), "y": (1, 2)}) == ["y"]


def test_scatter_tells_every_point_and_is_reproducible():
    picture = scatter(POINTS, xlabel="Coût", ylabel="Exactitude", title="Essai")
    assert picture.kind == "png"
    assert "a (1,0 ; 70,0)" in picture.alt
    assert "d (2,0 ; 72,0)" in picture.alt
    assert picture.data == scatter(POINTS, xlabel="Coût", ylabel="Exactitude", title="Essai").data


def test_scatter_keeps_a_given_text_and_accepts_every_option():
    picture = scatter(POINTS, xlabel="x", ylabel="y", alt="Une phrase qui dit ce que l'on voit.", log_x=True,
                      frontier=True, sizes=dict.fromkeys(POINTS, 3.0), groups={name: name for name in POINTS})
    assert picture.alt == "Une phrase qui dit ce que l'on voit."
    assert picture.data.startswith(b"\x89PNG")


def boxes_of(points, monkeypatch):
    """Rend les cadres choisis pour les noms, dans l'ordre où ils ont été placés."""
    placed = []
    real = comparisons._clutter

    def spy(place, name, taken, *rest):
        placed[:] = list(taken)
        return real(place, name, taken, *rest)

    monkeypatch.setattr(comparisons, "_clutter", spy)
    scatter(points, xlabel="x", ylabel="y")
    return placed


def test_names_of_crowded_points_do_not_overlap(monkeypatch):
    random = np.random.default_rng(0)
    points = {f"réseau {index}": tuple(random.normal(size=2)) for index in range(8)}
    points["jumeau"] = points["réseau 0"]
    boxes = boxes_of(points, monkeypatch)
    assert len(boxes) == len(points) - 1  # le dernier nom n'est plus un obstacle pour personne
    for i, (left, low, right, high) in enumerate(boxes):
        for other in boxes[i + 1:]:
            assert right <= other[0] or other[2] <= left or high <= other[1] or other[3] <= low


@pytest.mark.parametrize(("arguments", "message"), [
    ({"points": {}}, "« points »"),
    ({"points": POINTS, "sizes": {"a": 1.0}}, "« sizes »"),
    ({"points": POINTS, "groups": {"a": "x"}}, "« groups »"),
    ({"points": POINTS, "sizes": dict.fromkeys(POINTS, -1.0)}, "« sizes »"),
])
def test_scatter_refuses_in_french(arguments, message):
    with pytest.raises(ValueError, match=message):
        scatter(xlabel="x", ylabel="y", **arguments)


def test_intervals_tell_centers_and_margins():
    picture = intervals(["A − B", "C − D"], [1.0, -4.0], [2.0, 1.5], xlabel="Écart", reference=0,
                        dots=[[0, 2], [-5, -3]])
    assert "A − B : 1,0 ± 2,0 ; C − D : −4,0 ± 1,5" in picture.alt


def test_only_an_interval_that_excludes_the_reference_is_coloured():
    def red(center):
        drawn = intervals(["x"], [center], [1.0], xlabel="Écart", reference=0).data
        pixels = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB")).astype(int)
        return int(np.sum(np.abs(pixels - (0xD5, 0x5E, 0x00)).sum(axis=-1) < 30))

    assert red(0.9) == 0 < red(1.1)
    assert red(-0.9) == 0 < red(-1.1)


@pytest.mark.parametrize(("arguments", "message"), [
    ((["a"], [1.0, 2.0], [1.0]), "« centers »"), (([], [], []), "« centers »"), ((["a"], [1.0], [-1.0]), "« margins »"),
])
def test_intervals_refuse_in_french(arguments, message):
    with pytest.raises(ValueError, match=message):
        intervals(*arguments, xlabel="x")


def test_intervals_refuse_dots_of_another_length():
    with pytest.raises(ValueError, match="« dots »"):
        intervals(["a"], [1.0], [1.0], xlabel="x", dots=[[1], [2]])


def test_equal_dots_are_drawn_one_below_the_other(monkeypatch):
    drawn = []
    monkeypatch.setattr(comparisons, "from_matplotlib", lambda figure, alt, **options: drawn.append(figure))
    intervals(["a", "b"], [38.2, 44.0], [1, 1], dots=[[38.0, 38.0, 38.6], [43.5, 44.1, 44.4]], xlabel="x")
    found = [line.get_ydata() for line in drawn[0].axes[0].lines if len(line.get_ydata()) == 3]
    assert [len(set(heights)) for heights in found] == [2, 1]

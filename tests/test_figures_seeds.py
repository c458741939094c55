"""Courbes de plusieurs graines en panneaux : moyennes, texte de remplacement, refus."""

import numpy as np
import pytest

from cours_cnn import figures
from cours_cnn.figures import seeds
from cours_cnn.figures.seeds import middle, seed_panels

RUNS = [[2.0, 1.0], [3.0, 2.0]]


def panels(**changes):
    options = {"xlabel": "Époque", "ylabel": "Perte", **changes}
    return seed_panels({"(a)": {"8 couches": RUNS, "32 couches": RUNS}, "(b)": {"8 couches": [[5.0, 4.0]]}}, **options)


def test_the_alternative_text_gives_both_ends_of_each_mean():
    picture = panels()
    assert "(a), 8 couches : de 2,50 à 1,50" in picture.alt
    assert "(b), 8 couches : de 5,00 à 4,00" in picture.alt
    assert figures.seed_panels is seed_panels


def test_panels_share_their_scale_and_write_a_decimal_comma(monkeypatch):
    drawn = []
    monkeypatch.setattr(seeds, "from_matplotlib", lambda figure, alt, **settings: drawn.append(figure))
    panels(y_range=(0, 2.5))
    drawn[0].draw_without_rendering()
    found = drawn[0].axes
    assert len(found) >= 2
    assert {panel.get_ylim() for panel in found} == {(0, 2.5)}
    assert "0,5" in [label.get_text() for label in found[0].get_yticklabels()]


def test_means_are_geometric_on_a_logarithmic_scale():
    runs = np.array([[1.0, 0.0], [100.0, 1.0]])
    assert middle(runs, True).tolist() == pytest.approx([10, 0])
    assert middle(runs, False).tolist() == [50.5, 0.5]
    assert "de 1 × 10^−6 à" in seed_panels({"a": {"b": [[1e-6, 1.0]]}}, xlabel="x", ylabel="y", log_y=True).alt


def test_series_may_differ_in_length_unless_the_abscissae_are_given():
    series = {"8 couches": [[1.0, 2.0]], "20 couches": [[1.0, 2.0, 3.0]]}
    assert "20 couches : de 1,00 à 3,00" in seed_panels({"a": series}, xlabel="x", ylabel="y").alt
    with pytest.raises(ValueError, match="20 couches"):
        seed_panels({"a": series}, xlabel="x", ylabel="y", x=[1, 2])


@pytest.mark.parametrize("wrong", [{}, {"a": {}}, {"a": {"b": [1.0, 2.0]}}, {"a": {"b": [[1.0], [1.0, 2.0]]}}])
def test_wrong_shapes_are_refused(wrong):
    with pytest.raises(ValueError, match="doit être"):
        seed_panels(wrong, xlabel="x", ylabel="y")

"""Les expériences longues : la comparaison aux résultats enregistrés sait échouer."""

import pytest

from cours_cnn.results import load
from experiments.lenet_variantes import INTERVAL, VARIANTS, disagreements

RECORDED = load("lenet_variantes")["results"]


def test_recorded_results_cover_the_script():
    assert list(RECORDED) == list(VARIANTS)
    assert disagreements(RECORDED, RECORDED) == []


@pytest.mark.parametrize("gap", [2 * INTERVAL, -2 * INTERVAL])
def test_a_gap_beyond_the_interval_is_told(gap):
    run = RECORDED["ReLU"][0]
    found = disagreements(RECORDED, {"ReLU": [{**run, "test": run["test"] + gap}]})
    assert len(found) == 1
    assert "ReLU, graine 0" in found[0]
    assert disagreements(RECORDED, {"ReLU": [{**run, "test": run["test"] + gap / 4}]}) == []


def test_an_unknown_seed_is_told():
    run = RECORDED["ReLU"][0]
    assert "aucune mesure" in disagreements(RECORDED, {"ReLU": [{**run, "seed": 99}]})[0]

"""L'expérience du chapitre GoogLeNet : mêmes MAC, mêmes formes, une comparaison aux résultats enregistrés."""

import numpy as np
import pytest

from cours_cnn import anatomy
from cours_cnn.results import load
from experiments.inception_noyaux import INTERVAL, KINDS, SEEDS, disagreements, network, prepared

RECORDED = load("inception_noyaux")["results"]


@pytest.mark.parametrize("kind", [1, 3, 5])
def test_single_kernels_ask_for_as_many_products_as_the_modules(kind):
    assert anatomy.mac_count(network(kind)) == pytest.approx(anatomy.mac_count(network("module")), rel=0.015)


def test_the_naive_module_asks_for_more():
    assert anatomy.mac_count(network("naïf")) > 3 * anatomy.mac_count(network("module"))


def test_recorded_results_cover_the_script():
    assert list(RECORDED) == list(KINDS)
    for name, entry in RECORDED.items():
        assert [run["seed"] for run in entry["runs"]] == list(SEEDS)
        assert entry["macs"] == anatomy.mac_count(network(KINDS[name]))
    assert disagreements(RECORDED, RECORDED) == []


@pytest.mark.parametrize("gap", [2 * INTERVAL, -2 * INTERVAL])
def test_a_gap_beyond_the_interval_is_told(gap):
    run = RECORDED["3 × 3 seul"]["runs"][0]
    found = disagreements(RECORDED, {"3 × 3 seul": {"runs": [{**run, "test": run["test"] + gap}]}})
    assert len(found) == 1
    assert "3 × 3 seul, graine 0" in found[0]
    assert disagreements(RECORDED, {"3 × 3 seul": {"runs": [{**run, "test": run["test"] + gap / 4}]}}) == []


def test_an_unknown_seed_is_told():
    run = RECORDED["3 × 3 seul"]["runs"][0]
    assert "aucune mesure" in disagreements(RECORDED, {"3 × 3 seul": {"runs": [{**run, "seed": 99}]}})[0]


def test_images_are_halved_and_centred_on_the_training_part():
    class Part:
        def __init__(self, seed):
            self.x = np.random.default_rng(seed).random((20, 32, 32, 3), dtype="float32")
            self.y = np.arange(20) % 10

        def __len__(self):
            return len(self.x)

    class Images:
        train, validation, test = Part(0), Part(1), Part(2)

    parts = prepared(Images)
    assert parts["train"][0].shape == (20, 16, 16, 3)
    assert np.allclose(parts["train"][0].mean((0, 1, 2)), 0, atol=1e-5)
    assert not np.allclose(parts["test"][0].mean((0, 1, 2)), 0, atol=1e-5)

"""L'expérience du panorama : résultats complets et cohérents, comparaison qui sait échouer."""

import numpy as np
import pytest

from cours_cnn.results import correct_images, load
from experiments import panorama_protocole as protocol

RECORDED = load("panorama_protocole")
FIRST = next(iter(protocol.SETTINGS))


def test_recorded_results_cover_the_script():
    assert list(RECORDED["results"]) == list(protocol.SETTINGS)
    for label, entries in RECORDED["results"].items():
        assert list(entries) == list(protocol.NAMES)
        for entry in entries.values():
            assert [run["seed"] for run in entry["runs"]] == list(protocol.SETTINGS[label]["seeds"])
            assert list(map(float, entry["tried"])) == list(protocol.RATES)
            assert entry["tried"][str(entry["rate"])] == max(entry["tried"].values())


def test_the_rate_is_not_chosen_with_a_seed_that_serves():
    assert all(protocol.CHOICE_SEED not in setting["seeds"] for setting in protocol.SETTINGS.values())


def test_recorded_images_add_up_to_the_recorded_accuracy():
    for entries in RECORDED["results"].values():
        for entry in entries.values():
            for run in entry["runs"]:
                right = protocol.unpacked(run["correct"], RECORDED["test_images"])
                assert right.mean() == pytest.approx(run["test"], abs=1e-4)


def test_packing_is_reversible():
    right = np.random.default_rng(0).random(801) < 0.4
    np.testing.assert_array_equal(protocol.unpacked(protocol.packed(right), 801), right)


@pytest.mark.parametrize("gap", [2 * protocol.INTERVAL, -2 * protocol.INTERVAL])
def test_a_gap_beyond_the_interval_is_told(gap):
    recorded = RECORDED["results"][FIRST]
    run = recorded["vgg"]["runs"][0]
    assert protocol.disagreements(recorded, recorded) == []
    moved = {"vgg": {"runs": [{**run, "test": run["test"] + gap}]}}
    assert len(protocol.disagreements(recorded, moved)) == 1
    near = {"vgg": {"runs": [{**run, "test": run["test"] + gap / 4}]}}
    assert protocol.disagreements(recorded, near) == []


def test_an_unknown_seed_is_told():
    run = RECORDED["results"][FIRST]["vgg"]["runs"][0]
    found = protocol.disagreements(RECORDED["results"][FIRST], {"vgg": {"runs": [{**run, "seed": 99}]}})
    assert "aucune mesure" in found[0]


def test_images_are_centred_on_the_training_part_only():
    class Part:
        def __init__(self, x, y):
            self.x, self.y = x, y

    class Data:
        train = Part(np.random.default_rng(0).random((20, 32, 32, 3)).astype("float32"), np.zeros(20, int))
        validation = Part(np.full((4, 32, 32, 3), 5, "float32"), np.zeros(4, int))
        test = validation

    parts = protocol.prepared(Data, 16)
    assert parts["train"][0].shape == (20, 16, 16, 3)
    np.testing.assert_allclose(parts["train"][0].mean(axis=(0, 1, 2)), 0, atol=1e-5)
    assert parts["validation"][0].min() > 3


def test_augmentation_only_mirrors_and_moves():
    images = np.random.default_rng(0).random((50, 16, 16, 3)).astype("float32")
    seen = protocol.augmented(images, np.random.default_rng(1))
    assert seen.shape == images.shape
    for before, after in zip(images, seen, strict=True):
        candidates = [np.pad(view, ((1, 1), (1, 1), (0, 0)))[top:top + 16, left:left + 16]
                      for view in (before, before[:, ::-1]) for top in range(3) for left in range(3)]
        assert any(np.array_equal(candidate, after) for candidate in candidates)
    assert not np.array_equal(images, seen)


def test_recorded_bits_are_read_as_the_script_wrote_them():
    run = next(iter(RECORDED["results"][FIRST].values()))["runs"][0]
    bits = correct_images(run, RECORDED["test_images"])
    assert bits.mean() == pytest.approx(run["test"], abs=1e-3)
    assert bits.tolist() == np.asarray(protocol.unpacked(run["correct"], RECORDED["test_images"])).astype(int).tolist()
    with pytest.raises(ValueError, match="nombre d'images"):
        correct_images(run, 10**6)

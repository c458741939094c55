"""L'expérience de la dégradation : réseaux comparables, solution construite, comparaison qui sait échouer."""

import keras
import numpy as np
import pytest

from cours_cnn import anatomy
from cours_cnn.results import load
from experiments import resnet_degradation as experiment
from experiments import resnet_reseaux as networks

RECORDED = load("resnet_degradation")
RNG = np.random.default_rng(0)


def test_recorded_results_cover_the_script():
    assert list(RECORDED["networks"]) == experiment.names()
    for section in ("rates", "runs", "long_runs", "digit_rates", "digit_runs", "digit_long_runs"):
        assert list(RECORDED[section]) == experiment.FOUR
    assert list(RECORDED["controls"]) == list(experiment.CONTROLS)
    assert list(RECORDED["gradients"]) == list(experiment.SETTINGS)
    for runs in RECORDED["runs"].values():
        assert tuple(run["seed"] for run in runs) == experiment.SEEDS
        assert all(len(run["train_loss"]) == experiment.EPOCHS for run in runs)
    assert not set(experiment.SEEDS) & set(experiment.TUNING_SEEDS)
    assert experiment.disagreements(RECORDED["runs"], RECORDED["runs"]) == []


def test_the_rate_is_the_best_on_validation():
    for tried in [*RECORDED["rates"].values(), *RECORDED["digit_rates"].values()]:
        means = {rate: np.mean(losses) for rate, losses in tried["validation_loss"].items()}
        assert means[str(tried["chosen"])] == min(means.values())


def test_gradients_are_recorded_for_each_layer_and_block():
    for setting in RECORDED["gradients"].values():
        for name, measured in setting.items():
            depth, _ = experiment.parts(name)
            for seed in range(len(experiment.SEEDS)):
                assert len(measured["kernel_gradient"][seed]) == depth - 1
                assert len(measured["signal"][seed]) == len(measured["signal_gradient"][seed]) == depth // 2


def test_plain_and_residual_networks_differ_by_additions_only():
    plain, residual = networks.network(8, False), networks.network(8, True)
    names = {layer.name for layer in residual.layers} - {layer.name for layer in plain.layers}
    assert names == {"block1_add", "block2_add", "block3_add"}
    for name, model in (("plain-8", plain), ("residual-8", residual)):
        assert RECORDED["networks"][name] == {"parameters": anatomy.parameter_count(model),
                                              "macs": anatomy.mac_count(model)}


def test_a_deep_plain_network_can_compute_what_a_shallow_one_does():
    keras.utils.set_random_seed(0)
    x = RNG.random((20, 16, 16, 3), dtype="float32")
    shallow = networks.network(8, False)
    shallow(x, training=True)  # des moyennes mobiles qui ne soient pas neutres
    deep = networks.identity_deepened(shallow, 14, x)
    assert anatomy.parameter_count(deep) == anatomy.parameter_count(networks.network(14, False))
    np.testing.assert_allclose(deep(x), shallow(x), atol=1e-5)


def test_measuring_gradients_changes_nothing():
    x, y = RNG.random((8, 16, 16, 3), dtype="float32"), np.arange(8)
    model = networks.network(8, True)
    before = model.get_weights()
    measured = networks.gradient_norms(model, x, y)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert [len(values) for values in measured.values()] == [7, 4, 4]


@pytest.mark.parametrize("gap", [2 * experiment.INTERVAL, -2 * experiment.INTERVAL])
def test_a_gap_beyond_the_interval_is_told(gap):
    run = RECORDED["runs"]["plain-8"][0]
    def moved(by):
        return {"plain-8": [{**run, "train_loss": [*run["train_loss"][:-1], run["train_loss"][-1] + by]}]}
    found = experiment.disagreements(RECORDED["runs"], moved(gap))
    assert len(found) == 1
    assert "plain-8, graine 0" in found[0]
    assert experiment.disagreements(RECORDED["runs"], moved(gap / 4)) == []
    assert "aucune mesure" in experiment.disagreements({}, moved(0))[0]


def test_lists_of_numbers_are_written_on_one_line():
    assert experiment.written({"a": [1.5, 2], "b": [[1], [2]]}).splitlines()[1] == ' "a": [1.5, 2],'

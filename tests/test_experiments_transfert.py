"""Les expériences longues du transfert : protocole, comptes, partages, et la vérification qui sait échouer."""

import numpy as np
import pytest

from cours_cnn.results import load
from experiments import (
    transfert_affinage,
    transfert_chiffres,
    transfert_erreurs,
    transfert_protocole,
    transfert_radiographies,
)
from experiments.transfert_protocole import confusion, disagreements, draws, few, head, rate_of

EXPERIMENTS = [module.EXPERIMENT for module in (transfert_chiffres, transfert_radiographies, transfert_affinage,
                                                transfert_erreurs)]


@pytest.fixture(params=EXPERIMENTS, ids=lambda experiment: experiment.name)
def experiment(request):
    return request.param


def test_recorded_results_cover_the_script(experiment):
    recorded = load(experiment.name)
    assert recorded["seeds"] == list(experiment.seeds)
    assert len(recorded["seeds"]) >= 3
    assert recorded["data"] == experiment.data
    for seed in experiment.seeds:
        assert len(experiment.scores(recorded, seed)) >= 5


def test_a_gap_beyond_the_interval_is_told(experiment):
    recorded, seed = load(experiment.name), experiment.seeds[0]
    assert disagreements(experiment, recorded, recorded, seed) == []

    def shifted(gap):
        known = experiment.scores(recorded, seed)
        first = next(iter(known))
        changed = type(experiment)(**{**vars(experiment), "scores": lambda report, seed: (
            known if report is recorded else known | {first: known[first] + gap})})
        return disagreements(changed, recorded, {}, seed)

    assert len(shifted(2 * experiment.interval)) == 1
    assert len(shifted(-2 * experiment.interval)) == 1
    assert shifted(experiment.interval / 2) == []


def test_an_unknown_score_is_told(experiment):
    changed = type(experiment)(**{**vars(experiment), "scores": lambda report, seed: {} if report else {"autre": 1}})
    assert "aucune mesure" in disagreements(changed, load(experiment.name), {}, 0)[0]


def test_draws_see_every_image_before_repeating():
    order = draws(10, steps=6, seed=0, batch=5)
    assert len(order) == 30
    assert all(sorted(order[start:start + 10]) == list(range(10)) for start in (0, 10, 20))
    assert len(draws(3, steps=4, seed=0, batch=32)) == 12


def test_few_takes_the_same_number_of_each_class():
    labels = np.array([0] * 9 + [1] * 5)
    assert np.bincount(labels[few(labels, 4, seed=1)]).tolist() == [4, 4]
    with pytest.raises(ValueError, match="moins de 6"):
        few(labels, 6, seed=1)


def test_confusion_counts_pneumonia_as_the_event():
    counts = confusion([1, 1, 0, 0, 0], [1, 0, 1, 0, 0])
    assert counts == {"tp": 1, "fp": 1, "fn": 1, "tn": 2}
    assert rate_of(counts) == 0.6


def test_a_head_has_two_weights_a_value():
    assert head((7, 7, 3), 0).count_params() == 7 * 7 * 3 * 2 + 2
    assert head((1280,), 0).count_params() == 2562


def test_frozen_layers_keep_the_weights_of_the_source():
    source = transfert_chiffres.network(0)
    model = transfert_chiffres.prepared(transfert_chiffres.REGIMES["convolutions gelées"], source, seed=5)
    control = transfert_chiffres.prepared(transfert_chiffres.REGIMES["convolutions au hasard, gelées"], source, seed=5)
    kernel = source.get_layer("C1").get_weights()[0]
    assert np.array_equal(model.get_layer("C1").get_weights()[0], kernel)
    assert not np.array_equal(control.get_layer("C1").get_weights()[0], kernel)
    assert not np.array_equal(model.get_layer("D5").get_weights()[0], source.get_layer("D5").get_weights()[0])
    assert [layer.name for layer in model.layers if layer.weights and layer.trainable] == ["D5", "Out"]


def test_the_rate_of_each_regime_is_the_one_validation_chose():
    digits, xrays = load("transfert_chiffres"), load("transfert_radiographies")["curve"]
    for report in (digits, xrays):
        for rate in report["rates"].values():
            assert rate["chosen"] == report["rates_tried"][int(np.argmax(rate["validation"]))]


def test_xray_parts_never_share_a_patient():
    from cours_cnn import data

    photos = data.chest_xrays("dessins", limit=80)
    parts = transfert_radiographies.parts_of(photos, seed=3)
    groups = [set(photos.groups[rows]) for rows in parts.values()]
    assert not any(first & second for rank, first in enumerate(groups) for second in groups[rank + 1:])
    assert set(photos.partition[parts["other"]]) == {"test"}


def test_the_mark_of_the_shortcut_stays_in_the_corner_cell():
    last = transfert_erreurs.MARGIN + transfert_erreurs.MARK
    assert last <= transfert_protocole.SIDE / 5
    images = np.zeros((2, 40, 40, 3), np.float32)
    marked = transfert_erreurs.marked(images)
    assert marked.sum() == 2 * 255 * 3 * transfert_erreurs.MARK**2
    assert images.sum() == 0


def test_nearest_neighbour_finds_a_copy():
    features, labels = np.eye(4)[[0, 1, 2, 3, 0, 1]] * 3, np.array([0, 1, 0, 1, 0, 1])
    assert transfert_erreurs.nearest(features, labels, np.array([0, 1, 2, 3]), np.array([4, 5])) == 1


def test_without_photographs_nothing_is_written(monkeypatch, capsys):
    monkeypatch.setattr(transfert_protocole, "available", lambda: False)
    assert transfert_protocole.run(transfert_erreurs.EXPERIMENT, ["--verifier"]) == 0
    assert transfert_protocole.run(transfert_erreurs.EXPERIMENT, []) == 1
    assert "manquent" in capsys.readouterr().out

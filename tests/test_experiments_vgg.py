"""Les expériences longues du chapitre VGG : réseaux comparables, choix du taux sur la validation, vérification."""

import pytest

from cours_cnn import anatomy
from cours_cnn.results import load
from experiments import vgg_noyaux, vgg_profondeur
from experiments.vgg_protocole import INTERVAL, best_rate, disagreements

EXPERIMENTS = [vgg_noyaux.EXPERIMENT, vgg_profondeur.EXPERIMENT]
CASES = [pytest.param(experiment, kind, id=f"{experiment.name}-{kind}")
         for experiment in EXPERIMENTS for kind in experiment.kinds]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_recorded_results_cover_the_script(experiment):
    recorded = load(experiment.name)
    assert list(recorded["results"]) == list(experiment.kinds)
    assert recorded["seeds"] == list(experiment.seeds)
    assert recorded["epochs"] == experiment.epochs
    for found in recorded["results"].values():
        assert sorted(run["seed"] for run in found["runs"]) == list(experiment.seeds)
        assert {run["rate"] for run in found["runs"]} == {found["rate"]}
        assert all(len(run["losses"]) == experiment.epochs for run in found["runs"])


@pytest.mark.parametrize(("experiment", "kind"), CASES)
def test_recorded_counts_are_those_of_the_network(experiment, kind):
    model, found = experiment.build(kind), load(experiment.name)["results"][kind]
    assert (found["parameters"], found["macs"]) == (anatomy.parameter_count(model), anatomy.mac_count(model))


@pytest.mark.parametrize(("experiment", "kind"), CASES)
def test_the_recorded_rate_is_the_one_validation_chose(experiment, kind):
    found = load(experiment.name)["results"][kind]
    assert [(trial["rate"], trial["seed"]) for trial in found["trials"]] == \
        [(rate, seed) for rate in experiment.rates for seed in experiment.seeds]
    assert found["rate"] == best_rate(found["trials"])


def test_best_rate_ignores_the_test_set():
    trials = [{"rate": 0.1, "validation": 0.4, "test": 0.9}, {"rate": 0.1, "validation": 0.5, "test": 0.9},
              {"rate": 0.2, "validation": 0.6, "test": 0.1}, {"rate": 0.2, "validation": 0.4, "test": 0.1}]
    assert best_rate(trials) == 0.2


def test_compared_networks_cost_what_the_chapter_says():
    counts = {kind: anatomy.mac_count(vgg_noyaux.network(kind)) for kind in vgg_noyaux.EXPERIMENT.kinds}
    assert counts["deux 3 × 3"] < counts["un 5 × 5"]
    assert abs(counts["deux 3 × 3 élargis"] - counts["un 5 × 5"]) < 0.01 * counts["un 5 × 5"]
    assert counts["B : un 5 × 5 par paire"] < counts["B : paires de 3 × 3"]


def test_a_gap_beyond_the_interval_is_told():
    recorded = load("vgg_noyaux")["results"]
    run = recorded["un 5 × 5"]["runs"][0]
    found = disagreements(recorded, {"un 5 × 5": [{**run, "test": run["test"] + 2 * INTERVAL}]})
    assert len(found) == 1
    assert f"un 5 × 5, graine {run['seed']}" in found[0]
    assert disagreements(recorded, {"un 5 × 5": [{**run, "test": run["test"] - INTERVAL / 2}]}) == []
    assert "aucune mesure" in disagreements(recorded, {"un 5 × 5": [{**run, "seed": 99}]})[0]


def test_without_photographs_nothing_is_written(monkeypatch, capsys):
    from experiments import vgg_protocole

    monkeypatch.setattr(vgg_protocole, "photographs", lambda: None)
    assert vgg_protocole.run(vgg_noyaux.EXPERIMENT, ["--verifier"]) == 0
    assert vgg_protocole.run(vgg_noyaux.EXPERIMENT, []) == 1
    assert "CIFAR-10 est absent" in capsys.readouterr().out

"""Les expériences d'AlexNet : leurs résultats couvrent les scripts, et la comparaison sait échouer."""

import numpy as np
import pytest

from cours_cnn.results import load
from experiments import alexnet_activations as race
from experiments import alexnet_recettes as recipes

RACE = load("alexnet_activations")["results"]
RECIPES = load("alexnet_recettes")


def test_recorded_races_cover_the_script():
    assert list(RACE) == list(race.SETTINGS)
    for name, functions in RACE.items():
        assert list(functions) == list(race.ACTIVATIONS[:2] if race.SETTINGS[name].deep else race.ACTIVATIONS)
        for entry in functions.values():
            assert [run["seed"] for run in entry["runs"]] == list(race.SEEDS)
            assert entry["chosen"] in race.SETTINGS[name].rates
    assert race.disagreements(RACE, RACE) == []


def test_a_slower_race_is_told():
    run = RACE["comme en 2012"]["relu"]["runs"][0]
    slower = {"comme en 2012": {"relu": {"runs": [{**run, "epochs": (run["epochs"] or 0) + race.INTERVAL + 1}]}}}
    assert "comme en 2012, relu" in race.disagreements(RACE, slower)[0]
    unknown = {"comme en 2012": {"relu": {"runs": [{**run, "seed": 99}]}}}
    assert "aucune mesure" in race.disagreements(RACE, unknown)[0]


def test_the_fastest_rate_comes_first():
    fast, slow = {"epochs": 3, "accuracy": [0.8]}, {"epochs": 9, "accuracy": [0.9]}
    never, worse = {"epochs": None, "accuracy": [0.6]}, {"epochs": None, "accuracy": [0.2]}
    assert sorted([worse, slow, never, fast], key=race.speed) == [fast, slow, never, worse]


def test_training_stops_at_the_threshold():
    setting = race.Setting("mnist", False, False, "glorot_uniform", 0.0, (0.01,))
    images = np.zeros((8, 16, 16, 1), dtype="float32"), np.zeros(8, dtype=int)
    assert race.train(setting, "relu", 0.01, 0, images)["epochs"] == 1


def test_recorded_recipes_cover_the_script():
    assert list(RECIPES["results"]) == list(RECIPES["ensembles"]) == list(recipes.VARIANTS)
    assert recipes.pocket().count_params() == RECIPES["parameters"]
    assert recipes.disagreements(RECIPES["results"], RECIPES["results"]) == []


@pytest.mark.parametrize("gap", [2 * recipes.INTERVAL, -2 * recipes.INTERVAL])
def test_a_recipe_beyond_the_interval_is_told(gap):
    run = RECIPES["results"]["référence"][0]
    found = recipes.disagreements(RECIPES["results"], {"référence": [{**run, "test": run["test"] + gap}]})
    assert len(found) == 1
    assert "référence, graine" in found[0]


def test_local_response_layer_applies_the_constants_of_the_paper():
    normalised = recipes.pocket(normalised=True)
    assert [layer.name for layer in normalised.layers if isinstance(layer, recipes.LocalResponse)] == [
        "locale_c1", "locale_c3"]
    ones = np.ones((1, 2, 2, 9), dtype="float32")
    divisor = 1 / np.asarray(recipes.LocalResponse()(ones))[0, 0, 0, 4]
    assert divisor == pytest.approx((2 + 5e-4) ** 0.75, rel=1e-4)

"""Top-5, panorama et connexion résiduelle : les figures disent ce que disent Keras, le registre et les mesures."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from cours_cnn import anatomy, explorers, facts
from cours_cnn.explorers.measures import GIGA_MACS, SCORES, TRUTHS, geometric_mean, rank, written
from cours_cnn.results import load

RNG = np.random.default_rng(5)


def test_top_k_error_is_that_of_keras(javascript):
    scores, truths = RNG.random((200, 10)), RNG.integers(0, 10, 200)
    found = javascript("top5.js", "erreur", [[scores.tolist(), truths.tolist(), k] for k in range(1, 11)])
    for k, error in enumerate(found, start=1):
        hits = np.array(keras.metrics.sparse_top_k_categorical_accuracy(truths, scores.astype("float32"), k=k))
        assert error == pytest.approx(1 - hits.mean(), abs=1e-6)


def test_ties_count_against_the_network(javascript):
    assert javascript("top5.js", "rang", [[[1, 1, 1, 1], 2], [[3, 2, 1], 0]]) == [4, 1]
    assert [rank([1, 1, 1, 1], 2), rank([3, 2, 1], 0)] == [4, 1]


def test_adjusted_probabilities_still_add_up_to_one(javascript):
    calls = [[(np.array(SCORES[i]) / 100).tolist(), TRUTHS[i], value] for i in range(8) for value in (0.01, 0.4, 0.99)]
    for (before, truth, value), after in zip(calls, javascript("top5.js", "ajuster", calls), strict=True):
        assert sum(after) == pytest.approx(1)
        assert after[truth] == value
        others = [c for c in range(len(after)) if c != truth]
        assert np.argsort([before[c] for c in others]).tolist() == np.argsort([after[c] for c in others]).tolist()


def test_imaginary_probabilities_have_no_tie_and_add_up():
    for scores, truth in zip(SCORES, TRUTHS, strict=True):
        assert sum(scores) == 100
        assert scores.count(scores[truth]) == 1


def test_panorama_shows_the_ledger():
    ledger, rows = facts.load(), explorers.panorama().params["lignes"]
    for name, size, top1, top5, parameters, _, cpu, gpu in rows:
        shown = {"size": size, "top1": top1, "top5": top5, "parameters": parameters, "cpu": cpu, "gpu": gpu}
        assert shown == {column: ledger[f"keras.{name.lower()}_{column}"].value for column in shown}


@pytest.mark.lent
@pytest.mark.parametrize("name", GIGA_MACS)
def test_macs_of_the_panorama_are_counted_on_the_models(name):
    side = 299 if (name.endswith("V2") and name.startswith("ResNet")) or name in ("Xception", "InceptionV3") else 224
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3))
    assert round(anatomy.mac_count(model) / 1e9, 1) == GIGA_MACS[name]
    keras.backend.clear_session()


def test_frontier_and_order(javascript):
    rows = [[f"r{i}", float(a), float(b)] for i, (a, b) in enumerate(RNG.integers(0, 12, (30, 2)))]
    [found] = javascript("panorama.js", "frontiere", [[rows, 1, 2]])
    expected = [row for row in rows if not any(
        other[1] <= row[1] and other[2] >= row[2] and other[1:] != row[1:] for other in rows)]
    assert found == expected
    [ordered] = javascript("panorama.js", "trier", [[rows, 2, -1]])
    assert [row[2] for row in ordered] == sorted((row[2] for row in rows), reverse=True)


def test_residual_curves_are_the_measured_ones(javascript):
    measured, params = load("resnet_degradation"), explorers.residuel().params
    keys = dict(zip(params["q"], ("kernel_gradient", "signal"), strict=True))
    for label, key in keys.items():
        for setting, by_family in zip(measured["gradients"], params["q"][label], strict=True):
            for family, texts in zip(("plain", "residual"), by_family, strict=True):
                for depth, curve in zip(measured["depths"], javascript("residuel.js", "lire", [[t] for t in texts]),
                                        strict=True):
                    true = geometric_mean(measured["gradients"][setting][f"{family}-{depth}"][key])
                    # Un sixième de décade par pas : l'erreur d'arrondi est d'un douzième au plus.
                    assert np.abs(np.log10(curve) - np.log10(true)).max() <= 1 / 12 + 1e-9


def test_one_character_a_number():
    text = written([1e-11, 1.0, 1e4])
    assert len(text) == 3
    assert all(32 < ord(character) < 127 for character in text)
    assert math.isclose(ord(text[1]), 100)


def _by_seed(report: dict, name: str, count: int) -> dict[int, float]:
    return {run["seed"]: run["test"] for run in report["runs"][name] if run["count"] == count}


def test_freezing_shows_the_measurements_and_pairs_the_seeds(javascript):
    reports = [load("transfert_chiffres"), load("transfert_radiographies")["curve"]]
    experiments = explorers.gel().params["x"]
    assert len(experiments) == len(reports)
    for report, shown in zip(reports, experiments, strict=True):
        assert list(shown["r"]) == list(report["runs"])
        first = next(iter(shown["r"]))
        for name, runs in shown["r"].items():
            measured = [_by_seed(report, name, count) for count in report["counts"]]
            assert [list(each.values()) for each in measured] == [
                pytest.approx([value / 1000 for value in values], abs=6e-4) for values in runs]
            told = javascript("gel.js", "resumer", [[values] for values in runs])
            for (mean, low, high), values in zip(told, runs, strict=True):
                assert (low, high) == (min(values), max(values))
                assert mean == pytest.approx(np.mean(values))
            control = [_by_seed(report, first, count) for count in report["counts"]]
            gaps = javascript("gel.js", "ecarts", [[a, b] for a, b in zip(runs, shown["r"][first], strict=True)])
            for gap, one, two in zip(gaps, measured, control, strict=True):
                assert gap == pytest.approx([100 * (one[seed] - two[seed]) for seed in one], abs=0.11)


def test_what_the_chapter_reads_in_the_freezing_figure():
    digits, xrays = load("transfert_chiffres"), load("transfert_radiographies")["curve"]

    def gaps(report, name, count):
        zero = _by_seed(report, "de zéro", count)
        return [value - zero[seed] for seed, value in _by_seed(report, name, count).items()]

    deep = {count: gaps(digits, "tout gelé sauf la sortie", count) for count in digits["counts"]}
    assert [count for count, each in deep.items() if max(each) < 0] == digits["counts"][1:]
    assert not [count for count in digits["counts"] if min(gaps(digits, "affiné", count)) > 0]
    means = [np.mean(gaps(xrays, "base ImageNet gelée", count)) for count in xrays["counts"]]
    assert max(means) == means[-1]

"""L'expérience longue du mini-projet : partages, réseau du chapitre, mesures enregistrées, vérification."""

import numpy as np
import pytest

from cours_cnn import anatomy
from cours_cnn.fetch import UnavailableError
from cours_cnn.results import load
from experiments import chats_chiens as experiment
from experiments.chats_chiens_reseaux import SIDE, fitted_head, likely_dog, network


@pytest.fixture(scope="module")
def recorded() -> dict:
    return load("chats_chiens")


def test_recorded_results_cover_the_script(recorded):
    found = recorded["results"]
    assert recorded["seeds"] == list(experiment.SEEDS)
    assert recorded["labels"] == list(experiment.LABELS)
    assert list(found["networks"]) == list(experiment.KINDS)
    for runs in found["networks"].values():
        assert [run["seed"] for run in runs] == list(experiment.SEEDS)
        assert all(len(values) == recorded["epochs"] for run in runs for values in run["curves"].values())
    for key in ("transfer", "random_base"):
        assert list(found[key]) == [str(labels) for labels in experiment.LABELS]
        assert all(len(scores) == len(experiment.SEEDS) for scores in found[key].values())


def test_best_epoch_is_the_one_validation_chose(recorded):
    for runs in recorded["results"]["networks"].values():
        for run in runs:
            assert run["best_epoch"] == 1 + int(np.argmin(run["curves"]["val_loss"]))


def test_breeds_cover_the_extract_once(recorded):
    breeds = recorded["results"]["breeds"]
    assert len(breeds) == 37
    for species in ("chats", "chiens"):
        assert sum(row["photos"] for row in breeds.values() if row["species"] == species) == 1_000
    for row in breeds.values():
        assert len(row["errors"]) == len(experiment.SEEDS)
        assert all(0 <= errors <= row["photos"] for errors in row["errors"])


def test_recorded_file_holds_figures_only(recorded):
    """Ni pixels ni noms de fichiers : les plus longues listes sont les courbes, une valeur par époque."""
    def longest(value) -> int:
        if isinstance(value, dict):
            return max(map(longest, value.values()), default=0)
        if isinstance(value, list):
            return max([len(value), *map(longest, value)])
        assert not str(value).endswith((".jpg", ".png"))
        return 0

    assert longest(recorded) == recorded["epochs"]


def test_network_is_the_one_of_the_chapter(root):
    """Le code du chapitre, exécuté tel quel, construit le même réseau, seul puis augmenté et freiné."""
    import nbformat

    sources = {cell.id: cell.source for cell in nbformat.read(root / "chapters" / "chats_chiens.ipynb", 4).cells}
    space = {"SIDE": SIDE}
    exec("import keras\nfrom keras import layers", space)
    for name in ("petit-reseau", "augmentation"):
        body = sources[name]
        exec(body[body.index("def "):body.index("\nkeras.utils.set_random_seed")], space)
    for braked, built in ((False, space["small_network"]()),
                          (True, space["small_network"](space["augmentation"](), dropout=0.4))):
        ours = network(braked)
        assert anatomy.parameter_count(built) == anatomy.parameter_count(ours)
        assert anatomy.mac_count(built) == anatomy.mac_count(ours)
        built.set_weights(ours.get_weights())
        x = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3)).astype("float32")
        np.testing.assert_allclose(built(x, training=False), ours(x, training=False), rtol=1e-5)
        kinds = [{type(layer).__name__ for layer in model.layers} for model in (built, ours)]
        assert {"RandomFlip", "RandomTranslation"} <= kinds[0] & kinds[1] or not braked


@pytest.mark.lent
def test_a_head_separates_what_can_be_separated():
    random = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = (random.normal(size=(120, 60)) + 0.6 * (2 * y - 1)[:, None]).astype("float32")
    answers = likely_dog(fitted_head(x[:80], y[:80], seed=0), x[80:])
    assert ((answers > 0.5) == y[80:]).mean() > 0.9


def test_confident_answers_are_counted_on_both_sides():
    found = experiment.confident(np.array([0.995, 0.001, 0.95, 0.5]))
    assert found == {"images": 4, "shares": {"0.9": 0.75, "0.99": 0.5}}


def test_a_gap_beyond_the_interval_is_told(recorded):
    score = recorded["results"]["transfer"]["700"][0]
    far, near = score - 2 * experiment.INTERVAL, score - experiment.INTERVAL / 2
    told = experiment.disagreements(recorded["results"], {"transfer": {"700": [far]}})
    assert len(told) == 1
    assert "graine 0" in told[0]
    assert experiment.disagreements(recorded["results"], {"transfer": {"700": [near]}}) == []
    assert "aucune mesure" in experiment.disagreements(recorded["results"], {"transfer": {"5": [near]}})[0]


def test_without_photographs_nothing_is_written(monkeypatch, capsys):
    def absent(source):
        raise UnavailableError("absent")

    monkeypatch.setattr(experiment.data, "cats_and_dogs", absent)
    before = experiment.RESULT.read_bytes()
    assert experiment.run(["--verifier"]) == 0
    assert experiment.run([]) == 1
    assert "absentes" in capsys.readouterr().out
    assert experiment.RESULT.read_bytes() == before

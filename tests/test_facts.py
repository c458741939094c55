"""Le registre des faits : complet, sourcé, et vérifié par un calcul partout où un calcul est possible."""

import html
import re
from pathlib import Path

import nbformat
import pytest

from cours_cnn import facts
from tools.stated_numbers import output_texts

ROOT = Path(__file__).parents[1]
LEDGER = facts.load()
ONE = '[a]\nb = { value = 2.5, unit = "%", tolerance = 0.1, claim = "x", source = "s", check = "c" }\n'


def test_every_source_is_in_the_bibliography():
    keys = set(re.findall(r"@\w+\{([^,\s]+),", (ROOT / "annexes" / "references.bib").read_text(encoding="utf-8")))
    assert {fact.source for fact in LEDGER.values()} <= keys | {facts.COMPUTED}


def test_every_computable_fact_is_confronted_somewhere():
    """« publié » seul dispense d'un calcul ; tout autre fait est cité par un notebook ou par les tests du registre."""
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("chapters/*.ipynb")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*.py")]
    joined = "\n".join(texts)
    # Une clé composée par le code ne se lit pas dans le source ; l'énoncé affiché par la confrontation, si.
    shown = html.unescape("\n".join(text for path in ROOT.glob("chapters/*.ipynb") for text in output_texts(
        nbformat.read(path, as_version=4))))
    families = set(re.findall(r'lenet5\.\{name\}_(parameters|connections)_1998', joined))
    orphans = [key for key, fact in LEDGER.items() if not fact.check.startswith("publié") and key not in joined
               and fact.claim not in shown
               and not (re.fullmatch(r"lenet5\.[csf]\d_(parameters|connections)_1998", key)
                        and key.split("_")[1] in families)]
    assert orphans == []


def conv(kernel, channels, maps):
    return (kernel * kernel * channels + 1) * maps


def dense(inputs, units):
    return (inputs + 1) * units


def vgg_base(counts):
    channels, total = 3, 0
    for maps, repeat in zip((64, 128, 256, 512, 512), counts, strict=True):
        for _ in range(repeat):
            total, channels = total + conv(3, channels, maps), maps
    return total


TOP = dense(7 * 7 * 512, 4096) + dense(4096, 4096) + dense(4096, 1000)
COMPUTED = {
    "alexnet.parameters_one_tower": conv(11, 3, 96) + conv(5, 96, 256) + conv(3, 256, 384) + conv(3, 384, 384)
    + conv(3, 384, 256) + dense(6 * 6 * 256, 4096) + dense(4096, 4096) + dense(4096, 1000),
    "alexnet.parameters_two_towers": conv(11, 3, 96) + conv(5, 48, 256) + conv(3, 256, 384) + conv(3, 192, 384)
    + conv(3, 192, 256) + dense(6 * 6 * 256, 4096) + dense(4096, 4096) + dense(4096, 1000),
    "vgg.vgg16_base_parameters": vgg_base((2, 2, 3, 3, 3)),
    "vgg.vgg16_parameters": vgg_base((2, 2, 3, 3, 3)) + TOP,
    "vgg.vgg19_parameters": vgg_base((2, 2, 4, 4, 4)) + TOP,
    "vgg.pneumonia_head_parameters": dense(7 * 7 * 512, 2),
    "vgg.pneumonia_parameters": vgg_base((2, 2, 3, 3, 3)) + dense(7 * 7 * 512, 2),
    "inception.naive_5x5": 28 * 28 * 32 * 5 * 5 * 192,
    "inception.bottleneck_5x5": 28 * 28 * 16 * 192 + 28 * 28 * 32 * 5 * 5 * 16,
    "convolution.dense_weights_224": 224 * 224 * 3,
}


@pytest.mark.parametrize("key", COMPUTED)
def test_fact_equals_its_computation(key):
    assert facts.confront(key, COMPUTED[key]).verdict == "exact"


def test_confrontation_line_shows_both_values_and_the_source():
    line = facts.confront("lenet5.slides_parameters", 61_706)
    for expected in ("61\u00a0706", "60\u00a0000", "diaporama", "2\u00a0000 près"):
        assert expected in repr(line)
        assert expected in line._repr_html_()
    both = facts.confront_all({"lenet5.parameters": 61_706, "lenet5.parameters_1998": 60_000})
    assert both._repr_html_().count("✓ exact") == 2
    assert len(repr(both).splitlines()) == 4
    assert "0,03" in repr(facts.confront("lenet5.input_mean_1998", 0.0276))


def test_a_value_taken_from_a_source_is_not_said_to_be_computed():
    both = facts.confront_all({"alexnet.official_seven": 15.3}, heading="Article", published="Résultats")
    assert both.table().columns == ["Fait", "Article", "Résultats", "Source", "Verdict"]
    assert facts.confront_all({"lenet5.parameters": 61_706}).table().columns[1:3] == ["Calculé", "Publié"]


def test_a_number_that_no_source_prints_is_said_to_be_counted_by_the_course():
    """L'article sur AlexNet dit « 60 millions », ceux de VGG « 138 » et « 144 millions » : aucun n'écrit le compte."""
    for key in ("alexnet.parameters_one_tower", "alexnet.parameters_two_towers", "inception.parameters",
                "inception.weights", "inception.parameters_auxiliary", "inception.naive_5x5"):
        line = facts.confront(key, LEDGER[key].value)
        assert "calcul du cours" in repr(line)
        assert "calcul du cours" in line._repr_html_()
        assert facts.confront_all({key: LEDGER[key].value}).table().column("Source") == ["calcul du cours"]
    assert LEDGER["vgg.vgg16_parameters"].source == LEDGER["vgg.vgg19_parameters"].source == "keras-applications"


def test_a_wide_tolerance_is_not_called_an_agreement():
    line = facts.confront("inception.v3_macs", 5_713_216_096)
    assert line.verdict.startswith("ordre de grandeur")
    assert "≈ ordre de grandeur" in line._repr_html_()
    assert facts.confront_all({"inception.v3_macs": 5_713_216_096}).table().rows[0][-1].startswith("≈")
    assert facts.confront("inception.v3_macs", 5_000_000_000).verdict == "exact"
    assert facts.confront("lenet5.input_mean_1998", 0.0276).verdict.startswith("concorde")
    assert facts.confront("resnet.macs_34", 3.66).verdict.startswith("concorde")


def test_published_value_keeps_the_decimals_of_its_source():
    fact = LEDGER["ilsvrc.error_2012_extra"]
    assert fact.written(fact.value) == "15,3\u00a0%"
    assert fact.written(15.32) == "15,32\u00a0%"


def test_claims_are_escaped_in_html():
    fact = facts.load(ONE.replace('claim = "x"', 'claim = "<b>x</b>"'))["a.b"]
    assert "&lt;b&gt;" in facts.Confrontation(fact, 2.5)._repr_html_()


@pytest.mark.parametrize("value", [61_707, 61_705.5, float("nan")])
def test_a_wrong_number_fails_the_cell(value):
    with pytest.raises(facts.FactMismatchError, match="61\u00a0706"):
        facts.confront("lenet5.parameters", value)


@pytest.mark.parametrize(("call", "kind", "expected"), [
    (lambda: facts.confront("lenet5.parametres", 1), KeyError, "lenet5.parameters"),
    (lambda: facts.confront("lenet5.parameters", "beaucoup"), TypeError, "un nombre"),
    (lambda: facts.confront("lenet5.parameters", None), TypeError, "un nombre"),
    (lambda: facts.confront_all({}), TypeError, "dictionnaire non vide"),
    (lambda: facts.load(ONE.replace('unit = "%", ', "")), ValueError, "exactement les champs"),
    (lambda: facts.load(ONE.replace("2.5", '"2,5"')), TypeError, "a.b.value"),
    (lambda: facts.load(ONE.replace("0.1", "-1")), TypeError, "tolérance positive"),
    (lambda: facts.load(ONE.replace('"s"', '" "')), TypeError, "a.b.source"),
])
def test_refusals(call, kind, expected):
    with pytest.raises(kind, match=expected):
        call()

"""Le registre des faits : complet, sourcé, et vérifié par un calcul partout où un calcul est possible."""

import html
import re
from pathlib import Path

import nbformat
import pytest
from test_facts_resnet import COMPUTED as RESNET

from cours_cnn import facts
from tools.stated_numbers import output_texts

ROOT = Path(__file__).parents[1]
LEDGER = facts.load()
ONE = '[a]\nb = { value = 2.5, unit = "%", tolerance = 0.1, claim = "x", source = "s", check = "c" }\n'


def test_every_source_is_in_the_bibliography():
    keys = set(re.findall(r"@\w+\{([^,\s]+),", (ROOT / "annexes" / "references.bib").read_text(encoding="utf-8")))
    assert {fact.source for fact in LEDGER.values()} - {facts.COMPUTED} <= keys


def test_a_fact_that_no_source_prints_is_recomputed_here():
    """Un nombre que le registre dit compté par le cours est exact, et retrouvé sans les modèles par un test."""
    counted = {key: fact for key, fact in LEDGER.items() if fact.source == facts.COMPUTED}
    assert set(counted) <= set(COMPUTED) | set(RESNET)
    assert {fact.tolerance for fact in counted.values()} == {0}
    assert set(counted) >= {"alexnet.parameters_one_tower", "alexnet.parameters_two_towers", "inception.parameters",
                            "inception.weights", "inception.parameters_auxiliary", "lenet5.parameters"}


def test_a_bound_is_a_relation_and_not_a_tolerance():
    """« Moins de », « plus de », « sous » : l'énoncé d'un fait confronté dit une borne, le registre aussi."""
    said = re.compile(r"moins de \d|plus de \d|inférieure à|supérieure à|sous \d|en dessous de")
    # « en moins de 30 s » porte sur la durée d'une épreuve, non sur le nombre.
    bounds = {key for key, fact in LEDGER.items() if said.search(fact.claim)} - {"chats_chiens.asirra_human"}
    assert bounds == {key for key, fact in LEDGER.items() if fact.relation != "="}
    assert {fact.relation for fact in LEDGER.values()} == {"=", "<", ">"}
    assert all(fact.tolerance == 0 for fact in LEDGER.values() if fact.relation != "=")


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


# GoogLeNet, table 1 : sorties des modules 3a à 5b (1 × 1, réduction et 3 × 3, réduction et 5 × 5, projection).
MODULES = [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), (192, 96, 208, 16, 48, 64),
           (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64),
           (256, 160, 320, 32, 128, 128), (256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)]


def googlenet_parts():
    """Rend (paramètres, biais, cartes lues par chaque tête auxiliaire)."""
    sizes, channels, read = [(7, 3, 64), (1, 64, 64), (3, 64, 192)], 192, []
    for rank, (one, reduce3, three, reduce5, five, pool) in enumerate(MODULES):
        sizes += [(1, channels, one), (1, channels, reduce3), (3, reduce3, three), (1, channels, reduce5),
                  (5, reduce5, five), (1, channels, pool)]
        channels = one + three + five + pool
        if rank in (2, 5):                                  # après 4a et 4d
            read.append(channels)
    total = sum(conv(*size) for size in sizes) + dense(channels, 1000)
    return total, sum(maps for *_, maps in sizes) + 1000, read


def auxiliary(channels):
    """Une tête : moyenne 5 × 5 au pas de 3 (4 × 4 valeurs par carte), 1 × 1 vers 128 cartes, deux couches denses."""
    return conv(1, channels, 128) + dense(4 * 4 * 128, 1024) + dense(1024, 1000)


GOOGLENET, GOOGLENET_BIASES, HEADS = googlenet_parts()
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
    "inception.parameters": GOOGLENET,
    "inception.weights": GOOGLENET - GOOGLENET_BIASES,
    "inception.parameters_auxiliary": GOOGLENET + sum(map(auxiliary, HEADS)),
    "lenet5.parameters": conv(5, 1, 6) + conv(5, 6, 16) + conv(5, 16, 120) + dense(120, 84) + dense(84, 10),
    "convolution.dense_weights_224": 224 * 224 * 3,
}


@pytest.mark.parametrize("key", COMPUTED)
def test_fact_equals_its_computation(key):
    counted = LEDGER[key].source == facts.COMPUTED
    assert facts.confront(key, COMPUTED[key]).verdict == ("égal à la valeur du registre" if counted else "exact")


@pytest.mark.parametrize("name", ["naive_5x5", "bottleneck_5x5"])
def test_the_slides_round_these_two_products(name):
    millions = COMPUTED[f"inception.{name}"] / 1e6
    assert facts.confront(f"inception.slides_{name}", millions).verdict.startswith("concorde")
    with pytest.raises(facts.FactMismatchError):
        facts.confront(f"inception.slides_{name}", 1.02 * millions)


def test_a_counted_fact_is_not_said_published():
    line = facts.confront("alexnet.parameters_two_towers", COMPUTED["alexnet.parameters_two_towers"])
    for text in (repr(line), line._repr_html_(), repr(facts.Confrontations([line]))):
        assert "non publié" in text
        assert "calcul du cours" in text
        assert "krizhevsky2012" not in text
    with pytest.raises(facts.FactMismatchError, match="registre"):
        facts.confront("alexnet.parameters_two_towers", 60_965_225)


@pytest.mark.parametrize(("relation", "inside", "outside"), [("<", 6.67, (7, 7.4, 7.001)), (">", 7.1, (7, 6.9))])
def test_a_bound_is_checked_as_a_bound(monkeypatch, relation, inside, outside):
    ledger = facts.load(ONE.replace("value = 2.5", f'value = 7, relation = "{relation}"').replace("0.1", "0"))
    monkeypatch.setattr(facts, "load", lambda: ledger)
    line = facts.confront("a.b", inside)
    assert line.verdict == {"<": "inférieur, comme annoncé", ">": "supérieur, comme annoncé"}[relation]
    said = {"<": "moins de 7\u00a0%", ">": "plus de 7\u00a0%"}[relation]
    assert said in repr(line)
    assert said in line._repr_html_()
    assert f"{inside:.2f}".replace(".", ",") in repr(line)
    for value in (*outside, float("nan")):
        with pytest.raises(facts.FactMismatchError, match="n'est pas"):
            facts.confront("a.b", value)


def test_a_wide_tolerance_is_an_order_of_magnitude():
    line = facts.confront("inception.v3_macs", 5_713_216_096)
    assert line.verdict == "ordre de grandeur, écart de 14\u00a0%"
    assert "≈ ordre" in line._repr_html_()
    assert "✓" not in line._repr_html_()
    assert "≈ ordre" in repr(facts.Confrontations([line]))
    assert facts.confront("inception.v3_macs", 5_000_000_000).verdict == "exact"


def test_a_gap_equal_to_the_tolerance_passes_despite_binary_fractions():
    assert facts.confront("resnet.gain_34_over_18", 27.88 - 25.03).verdict.startswith("concorde à 0,05")


def test_two_publications_are_not_said_computed():
    ours = {"alexnet.official_seven": 15.3, "alexnet.official_five": 16.4}
    table = repr(facts.confront_all(ours, heading="Article", published="Résultats"))
    assert table.splitlines()[0].split() == ["Fait", "Article", "Résultats", "Source", "Verdict"]
    line = facts.confront("resnet.slides_top5", 3.57, heading="Article")
    assert "article 3,57\u00a0%" in repr(line)
    assert "<b>Article\u00a0:</b>" in line._repr_html_()


def test_a_unit_below_two_is_singular():
    assert LEDGER["resnet.macs_18"].written(1.8) == "1,8\u00a0milliard de MAC"
    wrong = [fact.key for fact in LEDGER.values() if abs(fact.value) < 2 and re.match("millions|milliards", fact.unit)]
    assert wrong == []
    assert not re.search(r"\b[01],\d+ (millions|milliards)", "\n".join(fact.claim for fact in LEDGER.values()))


def test_confrontation_line_shows_both_values_and_the_source():
    line = facts.confront("lenet5.slides_parameters", 61_706)
    for expected in ("61\u00a0706", "60\u00a0000", "diaporama", "2\u00a0000 près"):
        assert expected in repr(line)
        assert expected in line._repr_html_()
    both = facts.confront_all({"lenet5.slides_c1_maps": 6, "lenet5.parameters_1998": 60_000})
    assert both._repr_html_().count("✓ exact") == 2
    assert len(repr(both).splitlines()) == 4
    assert "0,03" in repr(facts.confront("lenet5.input_mean_1998", 0.0276))


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
    (lambda: facts.load(ONE.replace("0.1", '0.1, relation = "<"')), ValueError, "tolérance nulle"),
    (lambda: facts.load(ONE.replace("0.1", '0, relation = "≤"')), ValueError, "a.b.relation"),
    (lambda: facts.confront("lenet5.parameters", 61_706, heading=" "), ValueError, "heading"),
])
def test_refusals(call, kind, expected):
    with pytest.raises(kind, match=expected):
        call()

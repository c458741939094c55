"""Nombres français, tableaux, réglages, refus, résultats enregistrés."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cours_cnn import french, results, validation
from cours_cnn.settings import setting
from cours_cnn.tables import Table


@given(st.integers(-10**12, 10**12))
def test_integer_reads_back(value):
    text = french.integer(value)
    assert int(text.replace("\u00a0", "").replace("−", "-")) == value
    assert re.fullmatch(r"−?\d{1,3}(\u00a0\d{3})*", text)


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_decimal_reads_back(value, digits):
    text = french.decimal(value, digits)
    assert "." not in text
    back = float(text.replace("\u00a0", "").replace("−", "-").replace(",", "."))
    assert back == pytest.approx(value, abs=0.51 * 10.0**-digits)


def test_percent_and_number():
    assert french.percent(0.9274) == "92,7\u00a0%"
    assert french.percent(np.float32(0.5), 0) == "50\u00a0%"
    assert french.number(None) == "—"
    assert french.number(np.int64(61706)) == "61\u00a0706"


def test_table_shows_the_same_data_as_text_and_html():
    table = Table(["Couche", "Paramètres"], [("C<1>", 1516), ("S2", None), ("Total", 1516)], caption="Décompte",
                  total=True)
    assert repr(table).splitlines()[0] == "Décompte"
    assert "1\u00a0516" in repr(table)
    root = ET.fromstring(table._repr_html_())
    assert [cell.text for cell in root.iter("td")] == ["C<1>", "1\u00a0516", "S2", "—", "Total", "1\u00a0516"]
    assert [cell.get("scope") for cell in root.iter("th")] == ["col", "col"]
    assert table.column("Paramètres") == [1516, None, 1516]


def test_setting_is_overridden_by_the_environment(monkeypatch):
    monkeypatch.delenv("COURS_CNN_EPOCHS", raising=False)
    assert setting("epochs", 20) == 20
    monkeypatch.setenv("COURS_CNN_EPOCHS", "3")
    assert setting("epochs", 20) == 3
    assert setting("epochs", 0.5) == 3.0
    monkeypatch.setenv("COURS_CNN_EPOCHS", "beaucoup")
    with pytest.raises(ValueError, match=r"COURS_CNN_EPOCHS.*un entier"):
        setting("epochs", 20)


def test_recorded_results_say_how_they_were_measured():
    measured = results.load("lenet_variantes")
    assert set(measured["results"]) >= {"tanh, pooling moyen", "sans décalages", "original de 1998"}
    for runs in measured["results"].values():
        assert [run["seed"] for run in runs] == measured["seeds"]
        assert all(0.9 < run["test"] <= 1 and len(run["shifted"]) == len(measured["shifts"]) for run in runs)
    assert re.fullmatch(r"Mesures enregistrées : 3 graines, 20 époques, .*Keras 3.*", results.describe(measured))


class HugeRepr:
    def __repr__(self):
        return "x" * 10_000


@pytest.mark.parametrize(("call", "kind", "expected"), [
    (lambda: french.integer(1.5), TypeError, "nombre entier"),
    (lambda: french.integer(True), TypeError, "nombre entier"),
    (lambda: french.decimal("1"), TypeError, "nombre réel"),
    (lambda: french.percent("1"), TypeError, "nombre réel"),
    (lambda: Table(["a", "b"], [(1,)]), ValueError, "2 valeurs"),
    (lambda: Table(["a"], [(1,)]).column("b"), KeyError, "une colonne parmi a"),
    (lambda: Table(["", "b"], [(1, 2)]), ValueError, "un nom par colonne"),
    (lambda: validation.whole_number("n", 3, minimum=1, maximum=2), ValueError, "entre 1 et 2 ; reçu : 3"),
    (lambda: validation.pair("kernel", (1, 2, 3)), TypeError, "couple"),
    (lambda: validation.pair("kernel", "ab"), TypeError, "« kernel »"),
    (lambda: validation.one_of("v", 1, ["1"]), ValueError, "'1'"),
    (lambda: validation.refuse("v", HugeRepr(), "court"), ValueError, "x…"),
    (lambda: validation.refuse("v", np.zeros((2, 3)), "court"), ValueError, r"ndarray de forme \(2, 3\)"),
    (lambda: results.load("inconnue"), ValueError, "lenet_variantes"),
])
def test_refusals(call, kind, expected):
    with pytest.raises(kind, match=expected):
        call()

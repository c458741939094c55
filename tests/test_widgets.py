"""Les réglages d'un notebook ouvert : la fonction pure, le jumeau statique, et un vrai widget dans un vrai noyau."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from cours_cnn import figures, widgets
from cours_cnn.tables import Table
from tools.normalisation import normalised


def double(n: int, sign: str) -> Table:
    """Un tableau d'une ligne."""
    return Table(["n", "double"], [(n, 2 * n if sign == "+" else -2 * n)])


def chosen(**changed):
    """Un réglage valable, à quelques changements près."""
    given = {"shown": [{"n": 2, "sign": "+"}], "labels": {"n": "nombre", "sign": "signe"}, "n": range(4), "sign": "+-"}
    return widgets.chooser(double, **{**given, **changed})


def test_every_choice_is_offered_once():
    choices = chosen().every_choice()
    assert len(choices) == 8
    assert choices[0] == {"n": 0, "sign": "+"}
    assert choices[-1] == {"n": 3, "sign": "-"}


def test_the_twin_shows_the_first_choices_and_says_what_can_be_chosen():
    found = chosen(shown=[{"n": 2, "sign": "+"}, {"n": 3, "sign": "-"}])
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}, "sans noyau, aucun réglage mort"
    for told in ("Nombre 2, signe +", "Nombre 3, signe -", "dans un notebook ouvert\u00a0: nombre, signe."):
        assert told in bundle["text/html"]
    assert bundle["text/plain"].startswith("À régler dans un notebook ouvert (nombre, signe).")
    assert ">-6<" in bundle["text/html"].replace("−", "-")


def test_the_twin_escapes_what_it_shows():
    found = widgets.chooser(lambda name: name, [{"name": "<b>"}], {"name": "<i>nom"}, name=["<b>"])
    assert "<b>" not in found.twin()
    assert "<i>" not in found.twin()


def test_numbers_are_written_in_french():
    found = widgets.chooser(lambda x: Table(["x"], [(x,)]), [{"x": 0.25}], {"x": "seuil"}, x=[0.25, 1.0])
    assert found.told({"x": 0.25}) == "seuil 0,25"


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_picture_keeps_its_alternative_text(kind):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1])
    text = widgets.markup(figures.from_matplotlib(figure, 'Une droite "montante" de 0 à 1.', kind=kind))
    assert 'alt="Une droite &quot;montante&quot; de 0 à 1."' in text
    assert text.startswith("<img ")


@pytest.mark.parametrize(("changed", "words"), [
    ({"shown": []}, "au moins un choix"), ({"shown": [{"n": 9, "sign": "+"}]}, "une valeur possible"),
    ({"shown": [{"n": 1}]}, "une valeur possible"), ({"labels": {"n": "nombre"}}, "un nom pour chacun"),
])
def test_choices_that_disagree_are_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        chosen(**changed)


SOURCE = """
from cours_cnn import widgets
from cours_cnn.tables import Table

def double(n):
    return Table(["n", "double"], [(n, 2 * n)])

choice = widgets.chooser(double, [{"n": 1}], {"n": "nombre"}, n=range(5))
choice"""
CHANGE = "choice.controls['n'].value = 4"
STATE = "application/vnd.jupyter.widget-state+json"


@pytest.mark.lent
def test_in_a_kernel_the_control_answers_and_only_the_twin_is_stored():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (SOURCE, CHANGE)])
    # Quand nbclient répond lui-même au réglage, il lui arrive (une fois sur quinze) de ne voir la réponse du noyau
    # qu'à l'échéance : celle de la seconde cellule, qui ne calcule rien, est donc courte.
    NotebookClient(notebook, kernel_name="python3",
                   timeout_func=lambda cell: 120 if cell.source == SOURCE else 10).execute()
    shown = notebook.cells[0].outputs[0].data
    assert widgets.VIEW in shown
    assert "double" in shown["text/html"]
    models = [model["state"] for model in notebook.metadata["widgets"][STATE]["state"].values()]
    answers = [output["data"]["text/html"] for model in models for output in model.get("outputs", ())]
    assert len(answers) == 1, "le nouveau résultat remplace l'ancien"
    assert ">8<" in answers[0]
    sliders = [model for model in models if model.get("_model_name") == "SelectionSliderModel"]
    assert [slider["description"] for slider in sliders] == ["nombre"]
    stored = normalised(notebook)
    assert set(stored.cells[0].outputs[0].data) == {"text/html", "text/plain"}
    assert "widgets" not in stored.metadata

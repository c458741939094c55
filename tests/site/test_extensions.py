"""Les extensions locales, sans construire le site."""

from __future__ import annotations

import re

import pytest
from docutils import nodes
from site_support import ROOT

from cours_cnn import facts
from tools import verrou


def test_formula_constructs_used_by_the_course():
    from formules import mathml

    for latex, expected in [
        (r"\left\lfloor \frac{n}{s} \right\rfloor + 1", ["<mfrac>", "⌊", "⌋"]),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["<mtable", "<mtr>"]),
        (r"\begin{split} a &= b \\ &= c \end{split}", ["<mtable"]),
        (r"\begin{align} a &= b \end{align}", ["<mtable"]),
        (r"\begin{cases} x & \text{si } x > 0 \\ 0 & \text{sinon} \end{cases}", ["<mtext>si"]),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", ["<mtable", "("]),
    ]:
        result = mathml(latex, block=True)
        assert all(part in result for part in expected), (latex, result)
        assert "(1)" not in result, "l'environnement ne doit pas numéroter lui-même"


def test_french_numbers_stay_whole():
    from formules import mathml

    assert "<mn>61\u00a0706</mn>" in mathml(r"61\,706", block=False)
    assert "<mn>138\u00a0357\u00a0544</mn>" in mathml(r"138\,357\,544", block=False)
    assert "<mn>0,5</mn>" in mathml(r"0{,}5", block=False)
    assert "<mn>0,5</mn>" not in mathml(r"\{0, 5\}", block=False)


def test_unknown_command_is_an_error():
    from formules import LatexError, mathml

    for latex in (r"\inconnue{x}", r"\frac{a}{", r"\begin{autre} a \end{autre}"):
        with pytest.raises(LatexError):
            mathml(latex, block=False)


def test_typography_of_text():
    from faits import unbroken
    from francais import typeset

    assert typeset("l'aujourd'hui d'AlexNet, '90") == "l’aujourd’hui d’AlexNet, '90"
    assert typeset("LeNet-5, VGG-16, peut-être, 1-2") == "LeNet-\u20605, VGG-\u206016, peut-être, 1-2"
    assert unbroken("C1 : 28 × 28, 61 706 « ici »") == (
        "C1\u00a0: 28\u00a0×\u00a028, 61\u00a0706 «\u00a0ici\u00a0»")


def test_every_fact_has_a_title_and_a_source():
    from faits import SUBJECTS

    keys = set(re.findall(r"@\w+\{([\w-]+),", (ROOT / "annexes" / "references.bib").read_text(encoding="utf-8")))
    for fact in facts.load().values():
        assert fact.key.split(".")[0] in SUBJECTS, fact.key
        assert fact.source in keys | {facts.COMPUTED}, f"{fact.key} : {fact.source} n'est pas dans references.bib"


def test_the_annex_shows_a_bound_as_a_bound():
    from faits import _tolerance, _value

    registry = facts.load()
    assert (_value(registry["resnet.slides_top5"]), _tolerance(registry["resnet.slides_top5"])) == (
        "moins de 3,6\u00a0%", "borne")
    assert (_value(registry["ilsvrc.slides_first_error"])) == "plus de 26\u00a0%"
    assert (_value(registry["inception.parameters"]), _tolerance(registry["inception.parameters"])) == (
        "6\u00a0998\u00a0552\u00a0paramètres", "exact")


def test_every_fact_quoted_by_a_page_exists():
    registry, quoted = facts.load(), []
    for path in [*ROOT.glob("*.md"), *(ROOT / "annexes").glob("*.md")]:
        quoted += re.findall(r"\{fait\}`~?([a-z0-9_.]+)`", path.read_text(encoding="utf-8"))
    # « sujet.nom » est l'exemple que donne CONTRIBUTING.md.
    assert {key for key in quoted if key != "sujet.nom"} <= set(registry)
    assert len(quoted) > 15


def test_catalogue_has_no_empty_translation():
    from babel.messages.pofile import read_po

    with (ROOT / "book" / "locale" / "booktheme.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    assert [message.id for message in catalogue if message.id and not message.string] == []
    assert len(catalogue) > 5


def test_constraints_pin_everything_the_module_asks():
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))
    assert set(verrou.resolved()) <= set(pinned), "relancez « make verrou »"
    assert pinned["jupyter-book"].startswith("1.")


def test_the_lock_refuses_a_missing_package():
    with pytest.raises(ValueError, match="paquet-qui-n-existe-pas"):
        verrou.resolved("paquet-qui-n-existe-pas", ())


GLOSSARY = """# Glossaire

```{glossary}
champ récepteur
*receptive field*
  Ce que voit une unité.

pas
*stride*
  Déplacement du noyau.

apprentissage
apprendre
taux appris
  Recherche des paramètres.

MAC
  Multiplication suivie d'une addition.
```
"""


def linked(*children) -> tuple[list[str], str]:
    import glossaire

    known = glossaire.forms(GLOSSARY)
    tree = nodes.section("", nodes.paragraph("", "", *children))
    found = glossaire.link_terms(tree, known, {entry: f"g.html#{entry}" for entry in known.values()})
    return found, tree.pformat()


def test_forms_of_the_glossary():
    import glossaire

    assert glossaire.forms(GLOSSARY) == {"champ récepteur": "champ récepteur", "pas": "pas",
                                         "apprentissage": "apprentissage", "taux appris": "apprentissage", "MAC": "MAC"}


def test_first_occurrence_is_linked_once_plural_included():
    found, tree = linked(nodes.Text("Les champs\N{NO-BREAK SPACE}récepteurs. Un champ récepteur de 3 MAC."))
    assert found == ["champ récepteur", "MAC"]
    assert tree.count("<reference") == 2
    assert "champs\N{NO-BREAK SPACE}récepteurs" in tree


def test_an_ordinary_word_is_linked_only_where_it_is_defined():
    assert linked(nodes.Text("Ce n'est pas un "), nodes.strong("", "apprentissage"), nodes.Text(" facile."))[0] == []
    found, tree = linked(nodes.Text("Ce n'est pas long : le "), nodes.strong("", "pas"), nodes.Text(" ("),
                         nodes.emphasis("", "stride"), nodes.Text(") vaut 2."))
    assert found == ["pas"]
    assert "long : le <strong><reference" in re.sub(r"\s+", " ", tree).replace("> <", "><")


def test_titles_links_code_and_outputs_are_left_alone():
    for node in (nodes.reference("", "champ récepteur"), nodes.literal("", "champ récepteur"),
                 nodes.container("", nodes.paragraph("", "champ récepteur"), classes=["cell"])):
        assert linked(node)[0] == []
    assert linked(nodes.Text("hors-champ récepteur"))[0] == []


def test_search_folds_accents_and_plurals():
    from recherche import SearchFolded

    language = SearchFolded({})
    for forms in (("caractéristique", "caracteristiques", "CARACTÉRISTIQUES"), ("noyau", "noyaux"),
                  ("réseau", "reseaux", "Réseaux"), ("canal", "canaux"), ("cœur", "coeurs"), ("époque", "epoques")):
        assert len({language.stem(form) for form in forms}) == 1, forms
    assert language.stem("couche") != language.stem("coche")


def test_the_archive_of_exercises_is_reproducible(tmp_path):
    from publication import archive

    for name in ("b.ipynb", "a.ipynb"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    paths = list(tmp_path.iterdir())
    assert archive(paths) == archive(paths[::-1])

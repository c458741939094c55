"""Masquage du Markdown, typographie, nombres affirmés et orthographe : exemples à signaler, exemples à laisser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.markdown_mask import MASK, masked
from tools.prose import corrected, typography
from tools.spelling import known, list_problems, python_prose, unknown_words
from tools.stated_numbers import false_equalities, numbers_in, numbers_in_facts, orphans, stated_numbers

N = "\u00a0"


def visible(text: str, **options) -> str:
    return " ".join(masked(text, **options).replace(MASK, " ").split())


class TestMask:
    @pytest.mark.parametrize(("text", "prose"), [
        ("Un `code : x!` ici", "Un ici"),
        ("Un ``a ` b`` ici", "Un ici"),
        ("```python\nx ! = 1\n```\nFin", "Fin"),
        ("~~~\ncode\n~~~\nFin", "Fin"),
        ("Avant\n\n    code en retrait\n\nFin", "Avant Fin"),
        ("- liste\n\n  ```\n  code\n  ```\n- suite", "- liste - suite"),
        ("Soit $x : y$ et $$z ; t$$ fin", "Soit et fin"),
        ("Prix : 3 \\$ ou 4 \\$ ici", "Prix : 3 ou 4 ici"),
        ("\\begin{align}\na : b\n\\end{align}\nFin", "Fin"),
        ("Voir [la page](lenet.ipynb#a:b) ici", "Voir [la page ici"),
        ("![un dessin](a.png) ici", "[un dessin ici"),
        ("Voir <https://a.b/c?d:e> ou https://a.b/c;d fin", "Voir ou fin"),
        ("{ref}`texte : <cible>` fin", "fin"),
        ("(ma-cible)=\n# Titre", "# Titre"),
        ("Un <b class=\"x : y\">gras</b> fin", "Un gras fin"),
        ("<!-- note : x -->\n\nFin", "Fin"),
        ("<svg><text>a : b</text></svg> fin", "fin"),
        ("| a | b |\n|:--|--:|\n| 1 | 2 |", "| a | b | | 1 | 2 |"),
        ("---\nkey: value\n---\nFin", "Fin"),
        ("[^note] et [texte][ref]\n\n[ref]: https://a.b \"t : u\"", "et [texte"),
        ("Une accroche {{ nom : x }} fin", "Une accroche fin"),
        ("Un \\` accent et `code`", "Un accent et"),
    ])
    def test_only_prose_remains(self, text, prose):
        assert visible(text) == prose
        assert len(masked(text)) == len(text)
        assert masked(text).count("\n") == text.count("\n")

    def test_prose_directives_are_read(self):
        text = ("```{admonition} Un titre\n:class: tip\nDu texte `x`.\n```\n\n```{code-cell}\nx\n```\n\n"
                ":::{note}\nEncore.\n:::\nFin.")
        assert visible(text) == "Un titre Du texte . Encore. Fin."

    def test_figure_caption_and_alt_are_read_but_not_its_path(self):
        text = "```{figure} a : b.png\n:name: n\n:alt: Un dessin\nLégende.\n```"
        assert visible(text) == "Un dessin Légende."

    def test_math_can_be_kept(self):
        assert visible("Soit $x = 3$ et `4`", math=True) == "Soit $x = 3$ et"


_INLINE = st.sampled_from([
    "mot", "Voici", "61 706", "95,7%", "« texte »", "«texte»", "fin ;", "fin;",
    "quoi ?", "quoi?", "note :", "note:", "l’eau", "12:30",
    "`code : x;y!`", "``a ` b : c``", "$x : y;z$", "[lien : t](a.md#x:y)", "<https://a.b/c?d=e;f>", "https://a.b/c:d;e",
    "![alt : t](i.png)", "{ref}`a : b <c:d>`", "<span title=\"a : b\">", "</span>", "&nbsp;", "\\`", "*mot* :",
    "**Note:**",
    "$", "`", "~~~", "!", "100 000 000", "<!-- a : b -->", "(a;b)", "`1 000`", "[^n]", "\\!", "{{ a : b }}",
])
_BLOCK = st.one_of(
    st.lists(_INLINE, min_size=1, max_size=6).map(" ".join),
    st.lists(_INLINE, min_size=1, max_size=3).map(lambda words: "- " + " ".join(words)),
    st.lists(_INLINE, min_size=1, max_size=3).map(lambda words: "> " + " ".join(words)),
    st.sampled_from([
        "```python\nx = 'a : b ; c!' # 1 000\n```", "    retrait : x ; y", "```{note}\nTexte : x\n`a : b`\n```",
        "~~~\na : b\n~~~",
        "$$\na : b ; 1 000\n$$", "<div data-x=\"a : b\">", "| a : b | `c : d` |\n|:--|--:|\n| 1 000 | x ; y |",
        "# Titre : x",
        ":::{tip}\nTexte : `a : b`\n:::", "```", "- a\n\n      code : x ; y",
    ]),
)
_DOCUMENT = st.lists(_BLOCK, min_size=1, max_size=6).map("\n\n".join)


def untouchable(text: str) -> list:
    """Ce que lit un analyseur Markdown indépendant et que la correction ne doit pas changer."""
    parser = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
    found = []

    def walk(tokens):
        for token in tokens:
            prose_fence = token.type == "fence" and token.info.startswith("{note}")
            if token.type in ("fence", "code_block", "code_inline", "html_inline", "math_inline",
        "math_block") and not prose_fence:
                found.append((token.type, token.content))
            found.extend((token.type, name, value) for name, value in token.attrs.items() if name in ("href", "src"))
            walk(token.children or [])

    walk(parser.parse(text))
    return found


class TestCorrection:
    @pytest.mark.parametrize(("before", "after"), [
        ("Voici : un", f"Voici{N}: un"), ("Voici: un", f"Voici{N}: un"), ("oui ; non", f"oui{N}; non"),
        ("Qui ?", f"Qui{N}?"),
        ("Qui?", f"Qui{N}?"), ("95,7%", f"95,7{N}%"), ("95,7 %", f"95,7{N}%"), ("95,7\u202f%", f"95,7{N}%"),
        ("« mot »", f"«{N}mot{N}»"), ("«mot»", f"«{N}mot{N}»"), ("61 706 ici", f"61{N}706 ici"),
        ("120 422 400", f"120{N}422{N}400"), ("`x` : y", f"`x`{N}: y"), ("**Note** : y", f"**Note**{N}: y"),
        ("l’eau", "l'eau"),
        ("$x$ ; y", f"$x${N}; y"), ("(un) : y", f"(un){N}: y"),
    ])
    def test_repaired(self, before, after):
        assert typography(before)
        assert corrected(before) == after
        assert typography(after) == []

    @pytest.mark.parametrize("text", [
        "12:30", "`a : b`", "http://a.b:80/c", "[a](b:c)", "| a |\n|:--|\n| b |", "en 2012 100 équipes",
        "{ref}`x : y`", "a::b",
        "$61 706$", "(cible)=", ":::{note}\nx\n:::", "Keras 3.15 et Python 3.11", "CC BY-SA 4.0", "version 1.0.4",
        "- % de réussite",
        "```\nx ; y !\n```", "Terme\n: définition", "\n:alt: texte",
    ])
    def test_left_alone(self, text):
        assert corrected(text) == text
        assert typography(text) == []

    @settings(max_examples=120, deadline=None)
    @given(_DOCUMENT)
    def test_idempotent_and_never_touches_code(self, text):
        after = corrected(text)
        assert corrected(after) == after
        assert untouchable(after) == untouchable(text)

    @settings(max_examples=80, deadline=None)
    @given(st.text(alphabet="ab1 0:;!?%«»`$*_[]()<>\\\n~#|-'’{}.", max_size=60))
    def test_any_text(self, text):
        after = corrected(text)
        assert corrected(after) == after
        assert untouchable(after) == untouchable(text)

    @settings(max_examples=80, deadline=None)
    @given(_DOCUMENT)
    def test_only_blanks_and_apostrophes_change(self, text):
        def bare(value):
            return [char for char in value.replace("’", "'") if char not in " \u00a0\u202f"]

        assert bare(corrected(text)) == bare(text)


class TestWarnings:
    @pytest.mark.parametrize(("text", "message"), [
        ("Bravo !", "exclamation"), ('un "mot"', "guillemets droits"), ("un  mot", "doublées"), ("vaut 3.14 ici",
        "virgule"),
        ("vaut -0.5", "virgule"), ("et voilà...", "…"), ("un “mot”", "guillemets anglais"), ("un , deux",
        "virgule ou un point"),
    ])
    def test_flagged(self, text, message):
        assert any(message in problem.message for problem in typography(text))

    def test_place_and_excerpt(self):
        problem = typography("Première ligne.\nUne ligne : la seconde.")[0]
        assert problem.line == 2
        assert "Une ligne : la seconde." in problem.excerpt


class TestNumbers:
    @pytest.mark.parametrize(("text", "written"), [
        (f"61{N}706 paramètres", [f"61{N}706"]), ("95,7 % de réussite", ["95,7 %"]), ("un écart de 0,5", ["0,5"]),
        ("il y a 156 poids", ["156"]), ("1,5 million", ["1,5 million"]), ("12 M de poids", ["12 M"]),
        ("$n \\times 6 = 156$", ["156"]), ("$400\\,000$ et $0{,}95$", [f"400{N}000", "0,95"]),
        ("de 150 à 200", ["150", "200"]), ("| 48 120 |", ["48 120"]), ("2 000 images", ["2 000"]),
        ("1000 × 3", ["1000"]),
    ])
    def test_stated(self, text, written):
        assert [stated.written for stated in stated_numbers(text)] == written

    @pytest.mark.parametrize("text", [
        "en 1998 et 2012", "32 × 32", "224×224×3", "VGG-16, C3, top-5, ResNet-152, CIFAR-100, VGG19", "99 images",
        "100 %", "0 %",
        "`Dense(120)`", "[lien](a.md#500)", "https://a.b/500", "Python 3.11", "version 1.0.4", "CC BY-SA 4.0",
        "le 1er, la 2e",
        "## Sources\n\nVol. 86, 2278–2324, 999 pages", "arXiv:1512.03385", "```\n12345\n```", "InceptionV3",
    ])
    def test_not_stated(self, text):
        assert stated_numbers(text) == []

    def test_sections_after_sources_count(self):
        assert [s.written for s in stated_numbers("## Sources\n\np. 500\n\n## Suite\n\n600 pas")] == ["600"]

    @pytest.mark.parametrize("output", ["61706", f"61{N}706", "61,706", "<td>61 706</td>", "x=61706;", "61706.0"])
    def test_every_writing_of_a_number_counts(self, output):
        assert orphans(f"61{N}706 paramètres", numbers_in([output])) == []
        assert orphans(f"61{N}707 paramètres", numbers_in([output]))

    @pytest.mark.parametrize("output", ["0.957", "95.7", "95,7 %", "9.57e-01"])
    def test_percentages(self, output):
        assert orphans("95,7 % de réussite", numbers_in([output])) == []
        assert orphans("95,8 % de réussite", numbers_in([output]))

    def test_millions(self):
        assert orphans("120 M de produits", numbers_in(["120000000"])) == []
        assert orphans("1,5 million", numbers_in(["1 500 000"])) == []
        assert orphans("1,5 million", numbers_in(["1 512 345"])) == []
        assert orphans("1,5 million", numbers_in(["1 600 000"]))

    @pytest.mark.parametrize("hedge", ["environ", "Près de", "plus de", "environ **"])
    def test_a_hedged_number_may_be_five_percent_away(self, hedge):
        assert orphans(f"{hedge} 8 000 poids".replace("** ", "**"), numbers_in(["8 134"])) == []
        assert orphans(f"{hedge} 8 000 poids".replace("** ", "**"), numbers_in(["8 534"]))
        assert orphans("exactement 8 000 poids", numbers_in(["8 134"]))

    def test_html_attributes_prove_nothing(self):
        assert orphans("156 poids", numbers_in(['<td width="156">3</td>']))

    def test_orphan_is_reported_with_its_sentence(self):
        found = orphans("Avant. Le réseau a 777 poids. Après.", set())
        assert found[0].sentence == "Le réseau a 777 poids."

    def test_facts(self):
        known_numbers = numbers_in_facts('[a]\nb = { value = 61706, claim = "environ 60 000" }')
        assert orphans("61 706 puis 60 000", known_numbers) == []
        assert orphans("60 001", known_numbers)


class TestSpelling:
    @pytest.mark.parametrize("word", [
        "réseau", "l'image", "qu'elle", "aujourd'hui", "entraînées", "peut-on", "va-t-il", "lui-même",
        "quelques-uns", "Réseau",
        "c'est-à-dire", "sous-échantillonnage", "RÉSEAUX",
    ])
    def test_known(self, word):
        assert known(word)

    def test_unknown(self):
        assert unknown_words("Un reseau mal ortografié, l'imagge.", set()) == ["reseau", "ortografié", "l'imagge"]

    def test_allowed_words(self):
        assert unknown_words("Le softmax de LeNet-5.", {"softmax", "LeNet"}) == []
        assert unknown_words("Le softmax de LeNet-5.", {"softmax"}) == ["LeNet"]

    def test_code_is_not_read_and_italic_may_be_english(self):
        assert unknown_words("`strde` et *gradient learning* et $xyzzy$", set()) == []
        assert unknown_words("Du learning", set()) == ["learning"]
        assert unknown_words("*lerning*", set()) == ["lerning"]

    def test_word_list_is_kept_tidy(self):
        corpus = ["Le softmax et le pixel"]
        assert list_problems(["softmax"], corpus) == []
        assert "dictionnaire" in list_problems(["pixel", "softmax"], corpus)[0]
        assert "nulle part" in list_problems(["LeNet", "softmax"], corpus)[0]
        assert "triée" in list_problems(["softmax", "LeNet"], [*corpus, "LeNet"])[0]

    def test_docstrings_and_comments(self):
        source = '"""Un modle ``zzz``."""\nx = 1  # une remarqe sur `yyy`\n'
        assert [word for _, text in python_prose(source) for word in unknown_words(text, set())] == ["modle",
        "remarqe"]


class TestEqualities:
    @pytest.mark.parametrize("text", [
        "$(5 \\times 5 \\times 6 + 1) \\times 16 = 2\\,416$", "28 × 28 = 784 pixels", "$600 + 56 = 656$.",
        "$$\n\\begin{aligned}\n\\text{x} &: (7 \\times 7 \\times 512 + 1) \\times 4\\,096 = 102\\,764\\,544 \\\\\n"
        "\\end{aligned}\n$$",
        "$1000 / 3 = 333{,}33$", "$156 \\times 2 = 300 + 12 = 312$",
    ])
    def test_a_checked_computation_needs_no_other_proof(self, text):
        assert stated_numbers(text) == []
        assert false_equalities(text) == []

    @pytest.mark.parametrize("text", ["$(5 \\times 5 + 1) \\times 6 = 157$", "28 × 28 = 785", "$1000 / 3 = 333{,}34$"])
    def test_a_wrong_computation_is_denounced(self, text):
        assert len(false_equalities(text)) == 1
        assert stated_numbers(text)

    @pytest.mark.parametrize("text", ["$k = 500$", "$x^2 + 3 = 500$", "n = 300 + m", "taille = 500", "$2^8 = 256$"])
    def test_what_is_not_a_computation_proves_nothing(self, text):
        assert stated_numbers(text)
        assert false_equalities(text) == []


def test_quiz_propositions_are_spared_but_not_their_explanations():
    text = ("Combien ?\n\n- (a) 160\n- (b) 1 152\n\n:::{dropdown} Réponse\n- (a) oublie 777 poids\n:::\n\n"
            "**2.** Et 888 ?")
    assert [stated.written for stated in stated_numbers(text)] == ["777", "888"]


def test_a_long_decimal_is_not_read_as_thousands():
    assert orphans("1,7159 fois", numbers_in(["1,7159"])) == []
    assert numbers_in(["1,7159"]) == {1.7159, 17159.0}

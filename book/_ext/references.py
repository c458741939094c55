"""Bibliographie à la française : « et », « p. », et renvois de la forme (auteur, année)."""

from __future__ import annotations

from dataclasses import dataclass, field

from docutils import nodes
from pybtex.plugin import register_plugin as register_pybtex
from pybtex.style.formatting import toplevel
from pybtex.style.formatting.unsrt import Style as UnsortedStyle
from pybtex.style.formatting.unsrt import pages
from pybtex.style.sorting.author_year_title import SortingStyle as AuthorSorting
from pybtex.style.template import field as entry_field
from pybtex.style.template import first_of, href, join, node, optional, sentence, tag, words
from sphinxcontrib.bibtex.plugin import register_plugin as register_referencing
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

NBSP = "\u00a0"


@node
def french_names(children, context, role):
    """Les noms du rôle ``role``, joints par des virgules et « et » ; « others » devient « et al. »."""
    style = context["style"]
    persons = context["entry"].persons[role]
    others = str(persons[-1]) == "others"
    shown = [style.format_name(person, False).format() for person in (persons[:-1] if others else persons)]
    last = ", " if others else " et "
    names = join(sep=", ", sep2=last, last_sep=last)[shown].format()
    return names + f" et{NBSP}al." if others else names


def _identifier(label: str, name: str, base: str):
    return href[join[base, entry_field(name)], join[f"{label}{NBSP}: ", entry_field(name)]]


class CourseSorting(AuthorSorting):
    """Par auteur, année, titre ; un nom d'organisation se range à sa lettre."""

    def persons_key(self, persons):
        return super().persons_key(persons).replace("{", "")


class CourseStyle(UnsortedStyle):
    """Auteurs (année). *Titre*. Support, volume, pages. Lien."""

    default_sorting_style = "cours"

    def format_names(self, role, as_sentence=True):
        return sentence[french_names(role)] if as_sentence else french_names(role)

    def _template(self, *support):
        return toplevel[
            words[self.format_names("author", as_sentence=False), join["(", entry_field("year"), ")."]],
            sentence[tag("em")[entry_field("title")]],
            optional[sentence[support]] if support else "",
            first_of[
                optional[_identifier("doi", "doi", "https://doi.org/")],
                optional[_identifier("arXiv", "eprint", "https://arxiv.org/abs/")],
                optional[href[entry_field("url"), entry_field("url")]],
                "",
            ],
        ]

    def _support(self, name):
        return self._template(
            entry_field(name),
            optional[join["vol.", NBSP, entry_field("volume"), optional[", n", "\u1d52", NBSP, entry_field("number")]]],
            optional[join["p.", NBSP, pages]],
        )

    def get_article_template(self, e):
        return self._support("journal")

    def get_inproceedings_template(self, e):
        return self._support("booktitle")

    def get_techreport_template(self, e):
        return self._template(entry_field("institution"))

    def get_book_template(self, e):
        return self._template(entry_field("publisher"))

    def get_misc_template(self, e):
        return self._template(optional[entry_field("howpublished")])


def _parentheses() -> BracketStyle:
    return BracketStyle(left="(", right=")", sep=f"{NBSP}; ")


@dataclass
class CourseReferences(AuthorYearReferenceStyle):
    """Renvois (LeCun et al., 1998) et LeCun et al. (1998)."""

    bracket_parenthetical: BracketStyle = field(default_factory=_parentheses)
    bracket_textual: BracketStyle = field(default_factory=_parentheses)
    person: PersonStyle = field(default_factory=lambda: PersonStyle(
        sep=", ", sep2=" et ", last_sep=" et ", other=f" et{NBSP}al."))


def visit_citation(translator, node: nodes.citation) -> None:
    """Une entrée est un élément de liste ; son numéro, que rien ne cite, n'est pas montré."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        translator.body.append('<ul class="cours-bibliographie">\n')
    translator.body.append(translator.starttag(node, "li", CLASS="citation"))
    node.children = [child for child in node.children if not isinstance(child, nodes.label)]


def depart_citation(translator, node: nodes.citation) -> None:
    """Ferme l'entrée, et la liste après la dernière."""
    translator.body.append("</li>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        translator.body.append("</ul>\n")


def setup(app) -> dict:
    """Enregistre le style « cours » auprès de pybtex et de sphinxcontrib-bibtex."""
    register_pybtex("pybtex.style.formatting", "cours", CourseStyle)
    register_pybtex("pybtex.style.sorting", "cours", CourseSorting)
    register_referencing("sphinxcontrib.bibtex.style.referencing", "cours", CourseReferences)
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Le français jusqu'à la dernière chaîne, et les boutons qui dépendent de l'adresse du dépôt."""

from __future__ import annotations

import html
import re
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms import SphinxTransform

LOCALE = Path(__file__).resolve().parent.parent / "locale"
CATALOGS = ("booktheme",)


def compile_catalogs(target: Path) -> None:
    """Compile les catalogues ``book/locale`` dans ``target``, comme l'attend gettext."""
    for name in CATALOGS:
        folder = target / "fr" / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        with (LOCALE / f"{name}.po").open("rb") as source, (folder / f"{name}.mo").open("wb") as compiled:
            write_mo(compiled, read_po(source, locale="fr"))


def typeset(text: str) -> str:
    """Rend ``text`` avec l'apostrophe typographique, et « LeNet-5 » insécable (U+2060 après le trait d'union)."""
    return re.sub(r"(?<=[^\W\d_])-(?=\d)", "-\u2060", re.sub(r"(?<=[^\W\d_])'", "’", text))


class Typography(SphinxTransform):
    """Finit la typographie du texte, jamais celle du code ni des formules."""

    default_priority = 760

    def apply(self, **kwargs) -> None:
        """Applique :func:`typeset` à chaque texte."""
        untouched = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)
        for text in list(self.document.findall(nodes.Text)):
            if not isinstance(text.parent, untouched) and typeset(text) != text:
                text.parent.replace(text, nodes.Text(typeset(text)))


def visit_hidden_cell(translator, node: HideCodeCellNode) -> None:
    """Ouvre une cellule repliée ; son nom est son texte visible, non une étiquette anglaise."""
    shown, hidden = html.escape(node["prompt_show"]), html.escape(node["prompt_hide"])
    translator.body.append(
        f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>\n'
        f'<p class="collapsed admonition-title">{shown}</p>\n<p class="expanded admonition-title">{hidden}</p>\n'
        "</summary>\n")


def depart_hidden_cell(translator, node: HideCodeCellNode) -> None:
    """Ferme la cellule repliée."""
    translator.body.append("</details>\n")


def _repository_buttons(app, config) -> None:
    # Jupyter Book refuse ces boutons sans adresse : ils suivent donc l'adresse elle-même.
    known = bool(config.html_theme_options.get("repository_url"))
    config.html_theme_options["use_repository_button"] = known
    config.html_theme_options["use_issues_button"] = known
    if not known:
        config.html_theme_options["launch_buttons"] = {}


def setup(app) -> dict:
    """Ajoute les catalogues français et règle les boutons du dépôt."""
    compiled = Path(app.doctreedir) / "locale"
    compile_catalogs(compiled)
    for name in CATALOGS:
        app.add_message_catalog(name, str(compiled))
    app.add_transform(Typography)
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_cell, depart_hidden_cell))
    app.connect("config-inited", _repository_buttons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

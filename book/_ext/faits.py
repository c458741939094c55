"""Le registre ``cours_cnn/facts.toml`` sur le site : directive ``faits`` (tableaux) et rôle ``fait`` (un nombre)."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from cours_cnn import facts
from cours_cnn.french import NBSP, decimal

SUBJECTS = {
    "convolution": "Convolution",
    "mnist": "MNIST",
    "ilsvrc": "ILSVRC",
    "lenet5": "LeNet-5",
    "alexnet": "AlexNet",
    "vgg": "VGG",
    "inception": "GoogLeNet (Inception)",
    "resnet": "ResNet",
    "chats_chiens": "Chats et chiens",
    "keras": "Keras Applications",
    "transfert": "Apprentissage par transfert",
}
LEDGER = Path(facts.__file__).with_name("facts.toml")
COLUMNS = ("Énoncé", "Valeur", "Tolérance", "Source", "Vérification")


def _anchor(key: str) -> str:
    return "fait-" + key.replace(".", "-").replace("_", "-")


def unbroken(text: str) -> str:
    """Rend ``text``, écrit avec des espaces ordinaires, avec les espaces insécables d'une page."""
    return re.sub(r" (?=[;:!?%»×])|(?<=[«×]) |(?<=\d) (?=\d{3}\b)", NBSP, text)


def _value(fact: facts.Fact) -> str:
    return fact.published if fact.relation != "=" else fact.written(fact.value)


def _tolerance(fact: facts.Fact) -> str:
    if fact.relation != "=":
        return "borne"
    digits = len(f"{fact.tolerance:g}".partition(".")[2])
    return "exact" if fact.tolerance == 0 else f"±{NBSP}{decimal(fact.tolerance, digits)}"


class Facts(SphinxDirective):
    """``{faits}`` écrit tout le registre ; ``{faits} lenet5 vgg`` n'écrit que ces sujets."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(LEDGER))
        registry = facts.load().values()
        wanted = (self.arguments or [""])[0].split()
        present = list(dict.fromkeys(fact.key.split(".")[0] for fact in registry))
        unknown = [name for name in wanted if name not in present] + [n for n in present if n not in SUBJECTS]
        if unknown:
            raise self.error("Sujet sans titre dans book/_ext/faits.py ou absent du registre : " + ", ".join(unknown))
        result = []
        for subject in sorted(wanted or present, key=list(SUBJECTS).index):
            entries = [fact for fact in registry if fact.key.startswith(subject + ".")]
            result.append(self._section(subject, entries))
        return result

    def _section(self, subject: str, entries: list[facts.Fact]) -> nodes.section:
        section = nodes.section(ids=[f"faits-{subject}"], names=[f"faits-{subject}"])
        section += nodes.title("", SUBJECTS[subject])
        table = nodes.table(classes=["cours-faits"])
        group = nodes.tgroup(cols=len(COLUMNS))
        group += [nodes.colspec(colwidth=width) for width in (34, 18, 10, 16, 22)]
        head = nodes.thead("", self._row([nodes.Text(name) for name in COLUMNS]))
        group += [head, nodes.tbody("", *[self._fact(fact) for fact in entries])]
        table += group
        section += table
        return section

    def _fact(self, fact: facts.Fact) -> nodes.row:
        source = [nodes.Text(fact.origin)]
        if fact.source != facts.COMPUTED:
            source, _ = self.parse_inline("{cite:t}`" + fact.source + "`")
        row = self._row([nodes.Text(unbroken(fact.claim)), nodes.Text(_value(fact)),
                         nodes.Text(_tolerance(fact)), source, nodes.Text(unbroken(fact.check))])
        # Chaque fait a son ancre : une page peut le désigner.
        anchor = _anchor(fact.key)
        row.children[0].children[0]["ids"].append(anchor)
        self.env.get_domain("std").anonlabels[anchor] = (self.env.docname, anchor)
        return row

    def _row(self, cells) -> nodes.row:
        entries = []
        for cell in cells:
            paragraph = nodes.paragraph("", "", *(cell if isinstance(cell, list) else [cell]))
            entries.append(nodes.entry("", paragraph))
        return nodes.row("", *entries)


class FactRole(SphinxRole):
    """Rôle ``fait`` : la clé seule écrit la valeur et son unité ; précédée de « ~ », la valeur seule. C'est un lien."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        key = self.text.lstrip("~")
        fact = facts.load().get(key)
        if fact is None:
            message = self.inliner.reporter.error(f"fait inconnu du registre : {key}", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        self.env.note_dependency(str(LEDGER))
        shown = fact.written(fact.value)
        if self.text.startswith("~") and fact.unit:
            shown = shown.removesuffix(NBSP + fact.unit)
        reference = addnodes.pending_xref("", refdomain="std", reftype="ref", refexplicit=True, refwarn=True,
                                          refdoc=self.env.docname, reftarget=_anchor(key))
        reference += nodes.inline("", shown, classes=["cours-fait"])
        return [reference], []


def setup(app) -> dict:
    """Déclare la directive et le rôle."""
    app.add_directive("faits", Facts)
    app.add_role("fait", FactRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

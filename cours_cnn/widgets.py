"""Choisir dans un notebook ouvert, quand c'est le modèle qui doit répondre : une fonction, des réglages, un jumeau.

Les réglages sont des ``ipywidgets`` : ils demandent un noyau. Une page lue sans noyau montre le jumeau statique, les
résultats de quelques choix ; c'est aussi tout ce que le notebook enregistre.
"""

from __future__ import annotations

import base64
import html
import importlib.util
import itertools
from collections.abc import Callable, Mapping, Sequence

from cours_cnn.figures.picture import Picture
from cours_cnn.french import NBSP
from cours_cnn.validation import refuse

VIEW = "application/vnd.jupyter.widget-view+json"


class Chooser:
    """Figure ou tableau que l'on règle : ``function(**choix)``, où chaque choix est pris dans sa liste.

    ``function`` : fonction pure, qui rend un objet affichable (:class:`Picture`, ``Table``) ; ``shown`` : les choix
    que montre le jumeau statique, le premier étant celui du départ ; ``labels`` : nom affiché de chaque réglage ;
    ``choices`` : valeurs possibles de chacun. Lève ``ValueError`` si les trois ne s'accordent pas.
    """

    def __init__(self, function: Callable, shown: Sequence[Mapping], labels: Mapping[str, str],
                 choices: Mapping[str, Sequence]):
        self.function, self.shown, self.labels = function, [dict(one) for one in shown], dict(labels)
        self.choices = {name: list(values) for name, values in choices.items()}
        if not self.choices or set(self.labels) != set(self.choices):
            refuse("labels", sorted(self.labels), f"un nom pour chacun des réglages {sorted(self.choices)}")
        if not self.shown:
            refuse("shown", self.shown, "au moins un choix à montrer")
        for one in self.shown:
            if set(one) != set(self.choices) or any(one[name] not in self.choices[name] for name in one):
                refuse("shown", one, f"une valeur possible pour chacun des réglages {sorted(self.choices)}")
        self.controls: dict = {}
        self.results = [self.function(**one) for one in self.shown]

    def __repr__(self) -> str:
        told = "\n".join(f"{self.told(one)}{NBSP}:\n{found!r}"
                         for one, found in zip(self.shown, self.results, strict=True))
        return f"À régler dans un notebook ouvert ({', '.join(self.labels.values())}).\n{told}"

    def told(self, one: Mapping) -> str:
        """Rend un choix en toutes lettres, par exemple « chiffre 4, couche C1 »."""
        return ", ".join(f"{self.labels[name]} {written(value)}" for name, value in one.items())

    def every_choice(self) -> list[dict]:
        """Rend tous les choix possibles, dans l'ordre des listes."""
        return [dict(zip(self.choices, values, strict=True)) for values in itertools.product(*self.choices.values())]

    def twin(self) -> str:
        """Rend le jumeau statique, en HTML : les résultats des choix ``shown``, chacun sous son nom."""
        names = [html.escape(self.told(one)) for one in self.shown]
        parts = [f"<div><p><strong>{name[:1].upper()}{name[1:]}</strong></p>{markup(found)}</div>"
                 for name, found in zip(names, self.results, strict=True)]
        offered = html.escape(", ".join(self.labels.values()))
        said = f"Réglages offerts ici dans un notebook ouvert{NBSP}: {offered}."
        return f"<div class='cours-choix'>{''.join(parts)}</div><p><em>{said}</em></p>"

    def widget(self):
        """Rend le widget : un réglage par choix, et le résultat au-dessous."""
        import ipywidgets
        from IPython.display import display

        first = self.shown[0]
        self.controls = {name: ipywidgets.SelectionSlider(
            options=[(written(value), value) for value in values], value=first[name], description=self.labels[name],
            continuous_update=False, style={"description_width": "initial"})
            for name, values in self.choices.items()}
        self.output = ipywidgets.interactive_output(lambda **one: display(self.function(**one)), self.controls)
        return ipywidgets.VBox([*self.controls.values(), self.output])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/html": self.twin(), "text/plain": repr(self)}
        if live():
            bundle[VIEW] = self.widget()._repr_mimebundle_()[VIEW]
        return bundle


def chooser(function: Callable, shown: Sequence[Mapping], labels: Mapping[str, str], **choices: Sequence) -> Chooser:
    """Rend un :class:`Chooser` ; ``choices`` : les valeurs possibles de chaque argument de ``function``."""
    return Chooser(function, shown, labels, choices)


def written(value) -> str:
    """Rend une valeur comme on l'écrit en français : 0,5 et non 0.5."""
    return f"{value:g}".replace(".", ",") if isinstance(value, float) else str(value)


def live() -> bool:
    """Dit si un widget peut répondre : un noyau ``IPython`` tourne, et ``ipywidgets`` est installé."""
    if importlib.util.find_spec("ipywidgets") is None:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def markup(found) -> str:
    """Rend le HTML d'un résultat : image avec son texte de remplacement, tableau, ou texte."""
    if isinstance(found, Picture) and found.kind != "html":
        mime = {"svg": "image/svg+xml", "png": "image/png"}[found.kind]
        data = found.data if isinstance(found.data, bytes) else found.data.encode("utf-8")
        return (f"<img alt=\"{html.escape(found.alt, quote=True)}\" "
                f"src=\"data:{mime};base64,{base64.b64encode(data).decode('ascii')}\">")
    if isinstance(found, Picture):
        return found.data
    return found._repr_html_() if hasattr(found, "_repr_html_") else f"<pre>{html.escape(str(found))}</pre>"

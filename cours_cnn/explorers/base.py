"""Ce que toute figure vivante a en commun : le HTML qui porte le script, ses paramètres et son jumeau statique."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files

from cours_cnn.french import NBSP
from cours_cnn.validation import refuse

PREFIX = f"Figure vivante{NBSP}: "
HEAVY_OPENING = "<script class='vivant-donnees'>"
_STRINGS = re.compile(r"('(?:[^'\\]|\\.)*')")


def source(name: str) -> str:
    """Rend le texte d'un fichier du paquet, par exemple ``convolution.js``."""
    return files("cours_cnn.explorers").joinpath(name).read_text(encoding="utf-8")


def squeezed(text: str) -> str:
    """Allège un script ou un style : ni commentaire d'une ligne, ni indentation, ni espace inutile.

    Le script doit terminer chaque instruction par un point-virgule et n'écrire ses textes qu'entre apostrophes.
    """
    lines = [line.strip() for line in text.splitlines()]
    joined = " ".join(line for line in lines if line and not line.startswith("//"))
    pieces = _STRINGS.split(joined)
    # Les textes sont aux rangs impairs ; « + » et « - » gardent leurs espaces, qui séparent a + +b.
    pieces[::2] = [re.sub(r";\}", "}", re.sub(r"\s*([{}();,=<>?*&|])\s*", r"\1", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def _shared(body: str) -> str:
    """Rend les fonctions du socle dont ``body`` a besoin, et celles dont elles ont besoin elles-mêmes."""
    functions = dict(re.findall(r"^(function (?:\w+))(\(.*?^\})", source("socle.js"), flags=re.S | re.M))
    kept, before = ["function monterTous"], 0
    while len(kept) > before:
        before, text = len(kept), body + "".join(functions[name] for name in kept)
        kept += [name for name in functions if name not in kept and re.search(rf"\b{name.split()[1]}\(", text)]
    return "\n".join(name + code for name, code in functions.items() if name in kept)


def light(markup: str) -> str:
    """Rend le HTML d'une figure sans ses données lourdes : la forme qu'un notebook enregistre et que le site lit."""
    return re.sub(f"{re.escape(HEAVY_OPENING)}.*?</script>", f"{HEAVY_OPENING}</script>", markup, flags=re.S)


class Explorer:
    """Figure vivante : elle calcule dans la page, sans noyau, et garde un jumeau statique pour qui n'a pas de script.

    ``name`` : nom du fichier JavaScript ; ``title`` : ce que la figure montre ; ``params`` : réglages de départ, en
    JSON ; ``drawing`` : contenu SVG du jumeau et sa taille ; ``sentence`` : ce qu'il montre et ce que l'on manipule ;
    ``needs`` : autres fichiers JavaScript du paquet ; ``heavy`` : script de données que le site lit dans un fichier.
    """

    def __init__(self, name: str, title: str, params: dict, drawing: tuple[str, float, float], sentence: str,
                 *, needs: tuple[str, ...] = (), heavy: str = ""):
        if len(sentence) < 40:
            refuse("sentence", sentence, "une phrase qui dit ce que montre la figure et ce que l'on y manipule")
        self.name, self.title, self.params, self.sentence = name, title, params, sentence
        self.drawing, self.needs, self.heavy = drawing, needs, heavy

    def __repr__(self) -> str:
        return f"{PREFIX}{self.title}. {self.sentence}"

    def script(self) -> str:
        """Rend le script complet : le socle commun, celui de la figure, puis son montage dans la page."""
        body = " ".join(squeezed(source(f"{name}.js")) for name in (*self.needs, self.name))
        body = f"{squeezed(_shared(body))} {body}"
        return f"(() => {{ 'use strict'; {body} monterTous('{self.name}', monter); }})();"

    def twin(self) -> str:
        """Rend le jumeau statique, lu sans script, à l'impression et dans le PDF."""
        body, width, height = self.drawing
        svg = (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' "
               f'role="img" aria-label="{html.escape(self.title, quote=True)}">'
               f"<g fill='currentColor' font-size='13' text-anchor='middle'>{body}</g></svg>")
        return f"<div class='jumeau'>{svg}<p>{html.escape(self.sentence)}</p></div>"

    def markup(self) -> str:
        """Rend le HTML entier de la figure, sans adresse ni requête extérieure."""
        heavy = f"{HEAVY_OPENING}{self.heavy.strip()}</script>" if self.heavy else ""
        params = _attribute(json.dumps(self.params, ensure_ascii=False, separators=(",", ":")))
        return (f"<div class='vivant' data-nom='{self.name}' data-titre='{_attribute(self.title)}' "
                f"data-params='{params}'><style>{squeezed(source('socle.css'))}</style>{self.twin()}</div>"
                f"{heavy}<script>{self.script()}</script>")

    def page(self) -> str:
        """Rend une page HTML complète, à ouvrir seule dans un navigateur."""
        return (f"<!DOCTYPE html><html lang='fr'><head><meta charset='utf-8'><title>{html.escape(self.title)}</title>"
                "<meta name='viewport' content='width=device-width, initial-scale=1'>"
                "<style>:root { color-scheme: light dark; } body { background: Canvas; color: CanvasText; }</style>"
                f"</head><body><main><h1>{html.escape(self.title)}</h1>{self.markup()}</main></body></html>")

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.markup(), "text/plain": repr(self)}


def _attribute(text: str) -> str:
    """Échappe un texte placé entre apostrophes dans une balise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")


def text(x: float, y: float, content, *, size: int | None = None, anchor: str = "") -> str:
    """Rend un texte SVG centré en ``x``, de la couleur de la page, de 13 pixels sauf avis contraire."""
    styled = (f" font-size='{size}'" if size else "") + (f" text-anchor='{anchor}'" if anchor else "")
    return f"<text x='{x:g}' y='{y:g}'{styled}>{html.escape(str(content))}</text>"

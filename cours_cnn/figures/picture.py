"""Une image affichable qui porte toujours son texte de remplacement."""

from __future__ import annotations

import base64
import html
import io
import re

from cours_cnn.french import NBSP
from cours_cnn.validation import one_of, refuse

ALT_PREFIX = f"Figure{NBSP}: "

# Le sel et la date fixes rendent l'écriture d'un même dessin identique d'une exécution à l'autre.
_SVG_SETTINGS = {"svg.hashsalt": "cours-cnn", "svg.fonttype": "path"}


class Picture:
    """Image et texte de remplacement, affichés ensemble par un notebook.

    ``data`` : texte SVG ou octets PNG ; ``kind`` : ``"svg"`` (image vectorielle), ``"png"`` (pixels) ou
    ``"html"`` (SVG inséré dans la page, qui suit le thème clair ou sombre) ; ``alt`` : ce que montre la figure.
    La sortie texte de la cellule est « Figure : … » : c'est elle que lisent les lecteurs d'écran et que nbval compare.
    """

    def __init__(self, data: str | bytes, kind: str, alt: str):
        self.kind = one_of("kind", kind, ["svg", "png", "html"])
        if not isinstance(alt, str) or len(alt.strip()) < 10:
            refuse("alt", alt, "une phrase qui dit ce que montre la figure")
        self.data, self.alt = data, _one_line(alt)

    def __repr__(self) -> str:
        return ALT_PREFIX + self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        mime = {"svg": "image/svg+xml", "png": "image/png", "html": "text/html"}[self.kind]
        data = base64.b64encode(self.data).decode("ascii") if isinstance(self.data, bytes) else self.data
        return {mime: data, "text/plain": repr(self)}

    def save(self, path) -> None:
        """Écrit l'image dans le fichier ``path``."""
        from pathlib import Path

        data = self.data if isinstance(self.data, bytes) else self.data.encode("utf-8")
        Path(path).write_bytes(data)


def from_matplotlib(figure, alt: str, *, kind: str = "svg", dpi: int = 110) -> Picture:
    """Convertit une figure matplotlib en :class:`Picture` ; ``kind`` vaut ``"svg"`` (courbes) ou ``"png"`` (pixels)."""
    import matplotlib

    one_of("kind", kind, ["svg", "png"])
    buffer = io.BytesIO()
    with matplotlib.rc_context(_SVG_SETTINGS):
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=dpi, bbox_inches="tight", metadata=metadata)
    if kind == "png":
        return Picture(_smaller_png(buffer.getvalue()), "png", alt)
    text = buffer.getvalue().decode("utf-8")
    return Picture(_smaller_svg(text[text.index("<svg"):]), "svg", alt)


def inline_svg(body: str, width: float, height: float, alt: str) -> Picture:
    """Rend un dessin SVG inséré dans la page ; ``body`` est le contenu, ``width`` et ``height`` la taille en pixels."""
    text = html.escape(_one_line(alt), quote=True)
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
           f'style="max-width:100%;height:auto;color:inherit" role="img" aria-label="{text}">{body}</svg>')
    return Picture(svg, "html", alt)


def _one_line(text: str) -> str:
    """Ramène un texte à une ligne en gardant ses espaces insécables (``str.split`` les perdrait)."""
    return re.sub(r"[ \t\n]+", " ", text).strip()


def _smaller_svg(text: str) -> str:
    """Allège un SVG de matplotlib d'un tiers : ni commentaires ni retours à la ligne, coordonnées au centième."""
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.S)
    # Les nombres inférieurs à 1 gardent leurs décimales : ce sont des facteurs d'échelle et des opacités.
    text = re.sub(r"(?<![\d.])([1-9]\d*\.\d\d)\d+", r"\1", text)
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", text)).strip() + "\n"


def _smaller_png(data: bytes) -> bytes:
    """Réduit un PNG à 256 couleurs : trois fois plus léger, sans différence visible pour des cartes et des courbes."""
    from PIL import Image

    image = Image.open(io.BytesIO(data)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()

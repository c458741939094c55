"""Ce qui accompagne les pages publiées : archive des exercices, page 404, plan du site et images de partage.

Le plan du site et les images de partage demandent des adresses complètes : ils ne sont écrits que si ``html.baseurl``
est connu.
"""

from __future__ import annotations

import html
import io
import textwrap
import zipfile
from pathlib import Path
from urllib.parse import quote, urlsplit

from PIL import Image, ImageDraw, ImageFont

ARCHIVE = "telechargements/exercices.zip"
SIZE = (1200, 630)
INK, PAPER, BLUE, ORANGE = "#1f2933", "#ffffff", "#1d5a96", "#f0883e"


def archive(notebooks: list[Path]) -> bytes:
    """Rend une archive zip des ``notebooks``, la même d'une construction à l'autre."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(notebooks):
            entry = zipfile.ZipInfo(f"exercices/{path.name}", (2020, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            target.writestr(entry, path.read_bytes())
    return content.getvalue()


def sitemap(base: str, pages: list[str]) -> str:
    """Rend le plan du site, au format sitemaps.org, pour des ``pages`` sans extension."""
    lines = [f"  <url><loc>{html.escape(address(base, page))}</loc></url>" for page in sorted(pages)]
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>',
                      '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', *lines, "</urlset>", ""])


def address(base: str, page: str, suffix: str = ".html") -> str:
    """Rend l'adresse complète de ``page`` sous l'adresse publique ``base``."""
    return f"{base.rstrip('/')}/{quote(page)}{suffix}"


def not_found(title: str, home: str) -> str:
    """Rend la page 404 : autonome, car le serveur la donne pour une adresse de n'importe quelle profondeur."""
    title, home = html.escape(title), html.escape(home, quote=True)
    return f"""<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Page introuvable — {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.2rem; }}
</style>
</head>
<body>
<main>
<h1>Page introuvable</h1>
<p>Cette adresse ne mène à aucune page du cours. Elle a pu changer, ou être mal recopiée.</p>
<p><a href="{home}">Revenir à l’accueil du cours</a>, dont le sommaire et la recherche mènent à tout le reste.</p>
</main>
</body>
</html>
"""


def card(title: str, course: str) -> bytes:
    """Rend l'image de partage d'une page, PNG de 1200 × 630 pixels : son titre sous trois cartes empilées."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, SIZE[0], 18), fill=BLUE)
    for rank in range(3):
        left, top = 80 + 34 * rank, 80 + 26 * rank
        draw.rectangle((left, top, left + 120, top + 120), fill=PAPER, outline=BLUE, width=6)
    draw.rectangle((188, 172, 228, 212), fill=ORANGE)
    font = ImageFont.load_default(68)
    for rank, line in enumerate(textwrap.wrap(title.replace("\u2060", ""), 30)[:4]):
        draw.text((80, 300 + 78 * rank), line, fill=INK, font=font)
    draw.text((330, 150), course, fill=BLUE, font=ImageFont.load_default(44))
    content = io.BytesIO()
    image.quantize(32).save(content, "PNG", optimize=True)
    return content.getvalue()


def _image_tag(app, pagename, templatename, context, doctree) -> None:
    if app.config.html_baseurl and pagename in app.env.titles:
        found = address(app.config.html_baseurl, f"_partage/{pagename}", ".png")
        text = html.escape(f"{app.env.titles[pagename].astext()}, page du cours {app.config.html_title}", quote=True)
        context["metatags"] = (context.get("metatags", "") + f'\n    <meta property="og:image" content="{found}" />'
                               f'\n    <meta property="og:image:alt" content="{text}" />')


def _write(app, exception) -> None:
    if exception is not None or app.builder.format != "html":
        return
    output, base, course = Path(app.outdir), app.config.html_baseurl, app.config.html_title
    notebooks = [Path(app.srcdir, page + ".ipynb") for page in app.env.found_docs if page.startswith("exercises/")]
    files = {"404.html": not_found(course, f"{urlsplit(base).path.rstrip('/')}/" if base
                                   else f"{app.config.root_doc}.html").encode()}
    if notebooks:
        files[ARCHIVE] = archive(notebooks)
    if base:
        files["sitemap.xml"] = sitemap(base, list(app.env.found_docs)).encode()
        files |= {f"_partage/{page}.png": card(title.astext(), course) for page, title in app.env.titles.items()}
    for name, content in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)


def setup(app) -> dict:
    """Écrit ces fichiers une fois les pages construites."""
    app.connect("html-page-context", _image_tag, priority=700)
    app.connect("build-finished", _write, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

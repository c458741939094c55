"""En-tête de chaque page (description et aperçu de partage, tirés du premier paragraphe) et page d'entrée du site."""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes

LONGEST = 200


def description(doctree: nodes.document) -> str:
    """Rend le premier paragraphe de la page, coupé au mot près à ``LONGEST`` caractères."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and len(paragraph.astext()) > 40:
            text = " ".join(paragraph.astext().split())
            return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + "…"
    return ""


def _metatags(app, pagename, templatename, context, doctree) -> None:
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else app.config.html_title
    values = {"og:title": title, "og:type": "article", "og:locale": "fr_FR", "og:site_name": app.config.html_title}
    text = description(doctree) if doctree is not None else ""
    if text:
        values["description"] = values["og:description"] = text
    if app.config.html_baseurl:
        # Le thème de base écrit déjà le lien canonique.
        values["og:url"] = context.get("pageurl") or ""
    tags = [context.get("metatags", "")]
    for name, value in values.items():
        if value:
            key = "property" if name.startswith("og:") else "name"
            tags.append(f'<meta {key}="{name}" content="{html.escape(value, quote=True)}" />')
    context["metatags"] = "\n    ".join(tags)


def _entry_page(app, exception) -> None:
    # L'accueil du livre n'est pas index.html ; celle-ci y mène, en français et sans script.
    if exception is None and app.builder.format == "html" and app.config.root_doc != "index":
        target, title = f"{app.config.root_doc}.html", html.escape(app.config.html_title)
        Path(app.outdir, "index.html").write_text(
            f'<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            '<link rel="icon" href="_static/favicon.svg">\n'
            f'<meta http-equiv="refresh" content="0; url={target}">\n</head>\n'
            f'<body><main><h1>{title}</h1><p><a href="{target}">Entrer dans le cours</a></p></main></body>\n</html>\n',
            encoding="utf-8")


def setup(app) -> dict:
    """Complète l'en-tête de chaque page."""
    app.connect("html-page-context", _metatags, priority=600)
    app.connect("build-finished", _entry_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

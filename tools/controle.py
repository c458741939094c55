"""Contrôle du site construit, page par page : liens, ancres, images, langue, titres, identifiants, poids.

    python -m tools.controle [DOSSIER]

Un défaut par ligne ; le code de sortie est 1 s'il y en a.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from tools.pages import ROOT, Finding

PLAIN, WITH_FORMULAS = 450_000, 700_000          # octets comprimés d'une page et de ce qu'elle charge, images à part
LOADED = "script[src], link[rel~=stylesheet], link[rel~=preload], link[rel~=icon], img[src], iframe[src], source[src]"
SHOWN_ELSEWHERE = {"index", "search", "genindex", "404"}   # pages de service, sans description
OUTSIDE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^)"']+)""")
FONT = re.compile(r"""url\(["']?([^)"']+\.woff2?)""")


def pages(site: Path) -> list[Path]:
    """Rend les pages du site ; le thème range quelques gabarits parmi ses fichiers statiques."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


@cache
def soup(path: Path) -> BeautifulSoup:
    """Rend la page analysée."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def _anchors(path: Path) -> frozenset[str]:
    return frozenset(tag["id"] for tag in soup(path).select("[id]"))


@cache
def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))


def _target(path: Path, address: str) -> Path | None:
    """Rend le fichier que désigne une adresse de la page, ou ``None`` si elle mène ailleurs."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    return (path.parent / unquote(parts.path)).resolve() if parts.path else path


def _identity(site: Path, path: Path) -> Iterator[str]:
    page = soup(path)
    if page.html is None or page.html.get("lang") != "fr":
        yield "la langue déclarée n'est pas le français : <html lang=\"fr\"> est attendu"
    if page.title is None or not page.title.get_text(strip=True):
        yield "la page n'a pas de titre : un <title> est attendu"
    if path.relative_to(site).with_suffix("").as_posix() not in SHOWN_ELSEWHERE:
        described = page.select_one("meta[name=description]")
        if described is None or not 40 <= len(described.get("content", "")) <= 201:
            yield "la description manque, ou n'a pas de 40 à 201 caractères"
    repeated = [name for name, count in Counter(tag["id"] for tag in page.select("[id]")).items() if count > 1]
    if repeated:
        yield f"identifiants répétés : {', '.join(sorted(repeated)[:5])}"


def _links(path: Path) -> Iterator[str]:
    for link in soup(path).select("a[href]"):
        target, fragment = _target(path, link["href"]), unquote(urlsplit(link["href"]).fragment)
        if target is None:
            continue
        if not target.is_file():
            yield f"le lien {link['href']} ne mène à aucun fichier"
        elif fragment and target.suffix == ".html" and fragment not in _anchors(target):
            yield f"l'ancre du lien {link['href']} n'existe pas"


def _loads(path: Path) -> Iterator[str]:
    for tag in soup(path).select(LOADED):
        address = tag.get("src") or tag.get("href")
        if address.startswith("data:"):
            continue
        target = _target(path, address)
        if target is None:
            yield f"{address} est chargé d'un autre site"
        elif not target.is_file():
            yield f"{address} est chargé, mais n'existe pas"
    for style in soup(path).select("style"):
        yield from (f"{found} est chargé d'un autre site" for found in OUTSIDE.findall(style.get_text()))


def _images(path: Path) -> Iterator[str]:
    for image in soup(path).select("img"):
        alt = image.get("alt", "").strip()
        decorative = "logo__image" in image.get("class", [])
        if not decorative and (len(alt) < 15 or re.search(r"\.(png|svg|jpe?g|webp)$|^_images", alt)):
            yield f"l'image {image.get('src', '')[:60]} ne dit pas ce qu'elle montre (alt « {alt} »)"
    for drawing in soup(path).select("article svg[role=img], .slides svg[role=img]"):
        if len(drawing.get("aria-label", "")) < 15:
            yield "un dessin n'a pas d'aria-label qui dise ce qu'il montre"


def loaded(site: Path, path: Path) -> set[Path]:
    """Rend les fichiers de texte et de police que le navigateur charge pour afficher une page, elle comprise."""
    page, found = soup(path), {path}
    for tag in page.select("script[src], link[rel~=stylesheet], link[rel~=preload]"):
        target = _target(path, tag.get("src") or tag.get("href"))
        if target is not None and target.is_file():
            found.add(target)
    text = path.read_text(encoding="utf-8")
    found |= {script for script in (site / "_static").glob("*.js") if f"{script.name}&" in text or f"{script.name}\"" in
              text}   # les poids de LeNet vivant, que sa figure demande elle-même
    if page.find("math"):
        found |= {(style.parent / name).resolve() for style in list(found) if style.suffix == ".css"
                  for name in FONT.findall(style.read_text(encoding="utf-8")) if "polices" in name}
    return found


def _weight(site: Path, path: Path) -> Iterator[str]:
    limit = WITH_FORMULAS if soup(path).find("math") else PLAIN
    weight = sum(_compressed(file) for file in loaded(site, path))
    if weight > limit:
        yield f"la page pèse {weight // 1000} ko une fois comprimée ; au plus {limit // 1000}"


def check(site: Path) -> list[Finding]:
    """Rend tous les défauts du site construit dans ``site`` ; ``ValueError`` si ce n'en est pas un."""
    site = Path(site).resolve()
    if not (site / "_static").is_dir() or not pages(site):
        raise ValueError(f"{site} n'est pas un site construit. Construisez-le d'abord : make site.")
    found = []
    for path in pages(site):
        name = path.relative_to(site).as_posix()
        for problems in (_identity(site, path), _links(path), _loads(path), _images(path), _weight(site, path)):
            found += [Finding(name, "", problem) for problem in problems]
    for style in sorted(site.rglob("*.css")):
        text = style.read_text(encoding="utf-8", errors="replace")
        found += [Finding(style.relative_to(site).as_posix(), "", f"{address} est chargé d'un autre site")
                  for address in OUTSIDE.findall(text)]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée de la commande ; rend 0 si le site n'a pas de défaut."""
    parser = argparse.ArgumentParser(prog="python -m tools.controle", description="Contrôle le site construit.")
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html", help="dossier du site")
    options = parser.parse_args(arguments)
    try:
        found = check(options.site)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for finding in found:
        print(finding)
    print(f"{len(pages(options.site))} pages contrôlées, {len(found)} défaut(s).")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Liens : toute page, ancre, étiquette, image ou référence citée doit exister ; les adresses du web sont en https."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mdit_py_plugins.anchors.index import slugify

from tools.pages import Finding, Page

_CODE = re.compile(r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)|<!--.*?-->", re.S | re.M)
_SPAN = re.compile(r"(?<!\})(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?(?P<target>(?:[^\s()<>]|\([^\s()]*\))+)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_HTML = re.compile(r"""<(?:a|img|source)\b[^>]*?\b(?:href|src)=["']([^"']+)["']""", re.I)
_AUTOLINK = re.compile(r"<((?:https?|ftp)://[^>\s]+)>|(?<![(<\"'=])\b((?:https?|ftp)://[^\s<>»)\]\"'`]+)")
_DEFINITION = re.compile(r"^[ \t]*\[[^\]^\n]+\]:[ \t]+<?(\S+?)>?(?:\s|$)", re.M)
_ROLE = re.compile(r"\{(ref|numref|doc|eq|term|cite(?::\w+)?|download)\}`([^`]+)`")
_TARGET = re.compile(r"^[ \t]*\(([\w:.-]+)\)=[ \t]*$", re.M)
_EQUATION = re.compile(r"\$\$[ \t]*\(([\w:.-]+)\)")
_NAME = re.compile(r"^[ \t>]*:(?:name|label):[ \t]*(\S+)|\bid=[\"']([^\"']+)[\"']|\{#([\w:.-]+)[^}]*\}", re.M)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*$", re.M)
_GLOSSARY = re.compile(r"^(`{3,}|:{3,})\{glossary\}.*?^\1", re.S | re.M)
_FOUND_IN = re.compile(r"^\s*@\w+\{\s*([^,\s]+)", re.M)


@dataclass
class Landmarks:
    """Ce vers quoi un lien peut pointer dans tout le livre : ancres par page, étiquettes, termes, références."""

    anchors: dict[str, set[str]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)
    citations: set[str] = field(default_factory=set)


def landmarks(pages: Iterable[Page], bibliography: Iterable[str] = ()) -> Landmarks:
    """Relève les ancres, étiquettes, termes du glossaire et clés bibliographiques de ``pages``."""
    result = Landmarks()
    for page in pages:
        text = "\n\n".join(source for _, source in page.markdown())
        bare = _CODE.sub("", text)
        result.anchors[page.name] = _anchors(bare)
        names = {name for groups in _NAME.findall(text) for name in groups if name} | set(_TARGET.findall(text))
        names |= set(_EQUATION.findall(text))
        result.labels |= names
        result.anchors[page.name] |= names
        for glossary in _GLOSSARY.finditer(text):
            lines = (line for line in glossary.group().splitlines()[1:-1] if line.strip())
            result.terms |= {line.strip().casefold() for line in lines if not line.startswith((" ", ":", "\t"))}
    for text in bibliography:
        result.citations |= set(_FOUND_IN.findall(text))
    return result


def link_problems(page: Page, marks: Landmarks, plain_http: set[str] = frozenset()) -> list[Finding]:
    """Rend les liens de ``page`` qui ne mènent nulle part ; ``plain_http`` : adresses admises sans https."""
    found = []
    for place, source in page.markdown():
        bare = _SPAN.sub("", _CODE.sub("", source))
        targets = [match["target"] for match in _LINK.finditer(bare)] + _HTML.findall(bare) + _DEFINITION.findall(bare)
        targets += [url for groups in _AUTOLINK.findall(bare) for url in groups if url]
        for target in dict.fromkeys(targets):
            message = _target_problem(page, target.rstrip(".,;"), marks, plain_http)
            if message:
                found.append(page.finding(place, message))
        for role, content in _ROLE.findall(_CODE.sub("", source)):
            found += [page.finding(place, message) for message in _role_problems(page, role, content, marks)]
    return found


def _anchors(text: str) -> set[str]:
    seen: set[str] = set()
    for _, title in _HEADING.findall(text):
        slug = slugify(re.sub(r"[*_`]|\{[^}]*\}$", "", title).strip())
        unique, rank = slug, 1
        while unique in seen:
            unique, rank = f"{slug}-{rank}", rank + 1
        seen.add(unique)
    return seen


def _target_problem(page: Page, target: str, marks: Landmarks, plain_http: set[str]) -> str | None:
    parts = urlsplit(target)
    if parts.scheme in ("https", "mailto", "data"):
        return None if parts.netloc or parts.scheme != "https" else f"adresse incomplète : {target}"
    if parts.scheme == "http":
        return None if target in plain_http else f"lien sans https : {target}"
    if parts.scheme:
        return f"lien d'un type inattendu : {target}"
    file = page.path if not parts.path else _resolved(page, unquote(parts.path))
    if parts.path and not file.exists():
        # « (etiquette) » seule est une référence MyST à une étiquette du livre.
        return None if target in marks.labels else f"lien vers un fichier absent : {target}"
    if not file.resolve().is_relative_to(page.root):
        return f"lien hors du cours : {target}"
    anchor = unquote(parts.fragment)
    name = file.resolve().relative_to(page.root).as_posix()
    if anchor and file.suffix in (".md", ".ipynb") and anchor not in marks.anchors.get(name, set()) | marks.labels:
        return f"ancre absente : {target}"
    return None


def _role_problems(page: Page, role: str, content: str, marks: Landmarks) -> list[str]:
    explicit = re.search(r"<([^<>]+)>\s*$", content)
    target = (explicit.group(1) if explicit else content).strip()
    if role in ("doc", "download"):
        file = _resolved(page, target)
        candidates = [file] if role == "download" else [file.with_name(file.name + end) for end in (".md", ".ipynb")]
        return [] if any(path.exists() for path in candidates) else [f"rôle {role} vers une page absente : {target}"]
    if role == "term":
        return [] if target.casefold() in marks.terms else [f"terme absent du glossaire : {target}"]
    if role.startswith("cite"):
        keys = [key.strip() for key in content.split(",")]
        return [f"référence absente de la bibliographie : {key}" for key in keys if key not in marks.citations]
    return [] if target in marks.labels else [f"étiquette absente : {target}"]


def _resolved(page: Page, path: str) -> Path:
    return page.root / path.lstrip("/") if path.startswith("/") else page.path.parent / path

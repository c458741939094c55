"""Ce qu'une diapositive garde d'un paragraphe : ses phrases en gras, à défaut les premières."""

from __future__ import annotations

import html
import re

from bs4 import BeautifulSoup, NavigableString, Tag

SENTENCE = re.compile(r"(?<=[.?!…])\s+(?=[A-ZÀÂÉÈÊÎÔŒ«])")
ENDED = re.compile(r"[.?!…]\s+$")
AFTERWARDS = re.compile(r"cellules? suivantes?|fonction suivante|cellule d’après|figure suivante|^Voici|^Durée d’exéc")
PRONOUN = re.compile(r"(Il|Elle|Ils|Elles|Ce|Cet|Cette|Ces|C’est|Cela|Celui|Celle|Ceux|Celles)\b")
SHORT = 200                                      # caractères ; un paragraphe plus court est gardé entier


def sentences(paragraph: Tag) -> list[tuple[str, bool]]:
    """Rend les phrases d'un paragraphe : (HTML, contient du gras)."""
    found, current, bold = [], "", False
    for child in paragraph.children:
        if not isinstance(child, NavigableString):
            current += str(child)
            bold = bold or child.name == "strong" or child.find("strong") is not None
            continue
        first, *others = SENTENCE.split(html.escape(str(child), quote=False))
        current += first
        # Le gras qui ouvre une phrase la sépare du texte : la fin de la précédente n'y est suivie que d'espaces.
        if not others and ENDED.search(first) and child.next_sibling is not None:
            others = [""]
        for other in others:
            found.append((current.strip(), bold))
            current, bold = other, False
    return [*found, (current.strip(), bold)] if current.strip() else found


def condensed(paragraph: Tag) -> str:
    """Rend ce qu'une diapositive garde d'un paragraphe, en HTML ; vide s'il ne fait qu'annoncer une cellule."""
    parts = [(source, bold) for source, bold in sentences(paragraph) if not AFTERWARDS.search(plain(source))]
    if is_question(paragraph):
        return " ".join(source for source, _ in parts)
    if len(plain(str(paragraph))) <= SHORT:
        return " ".join(source for source, _ in parts)
    if any(bold for _, bold in parts):
        # Une phrase qui commence par un pronom ne se comprend qu'avec la précédente.
        needed = {rank - 1 for rank, (source, bold) in enumerate(parts) if bold and PRONOUN.match(plain(source))}
        return " ".join(source for rank, (source, bold) in enumerate(parts) if bold or rank in needed)
    # Une première phrase très courte annonce la suivante : seule, elle ne dirait rien.
    return " ".join(source for source, _ in parts[:2 if parts and len(plain(parts[0][0])) < 75 else 1])


def plain(source: str) -> str:
    """Rend le texte d'un morceau d'HTML."""
    return BeautifulSoup(source, "html.parser").get_text(" ", strip=True)


def is_question(paragraph: Tag) -> bool:
    """Dit si un paragraphe demande une prédiction : sa réponse vient sur la diapositive suivante."""
    strong = paragraph.find("strong")
    return strong is not None and strong.get_text().startswith(("Prédi", "Avant d"))

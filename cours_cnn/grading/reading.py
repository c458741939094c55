"""Lire le notebook d'un élève, fichier réputé hostile : ce qui peut en être tiré, et ce qu'il a fallu réparer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_FILE = 30_000_000
LARGEST_CELL = 200_000
MOST_CELLS = 2_000


class UnreadableError(ValueError):
    """Aucune cellule ne peut être tirée du fichier ; le message dit pourquoi, en une phrase pour l'enseignant."""


@dataclass(frozen=True)
class Cell:
    """Une cellule lue : ``kind`` vaut ``"code"``, ``"markdown"`` ou ``"raw"`` ; ``grade_id`` vient de nbgrader."""

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""


@dataclass(frozen=True)
class Reading:
    """Les cellules d'un notebook, dans l'ordre, et les réparations faites pour les obtenir."""

    cells: list[Cell]
    repairs: list[str] = field(default_factory=list)


def read(data: bytes) -> Reading:
    """Lit un notebook (formats 3 et 4) quels que soient son encodage et ses défauts.

    Lève :class:`UnreadableError` si rien ne peut en être tiré : fichier vide, démesuré, ou d'une autre nature.
    """
    if not data.strip():
        raise UnreadableError("Le fichier est vide.")
    if len(data) > LARGEST_FILE:
        raise UnreadableError(f"Le fichier pèse {len(data) // 1_000_000} Mo ; au plus {LARGEST_FILE // 1_000_000} Mo "
                              "sont lus. Demandez à l'élève d'effacer les sorties du notebook.")
    text, repairs = _decoded(data)
    content = _parsed(text, repairs)
    raw = _raw_cells(content, repairs)
    if len(raw) > MOST_CELLS:
        repairs.append(f"{len(raw)} cellules ; seules les {MOST_CELLS} premières sont lues")
    cells = []
    for rank, item in enumerate(raw[:MOST_CELLS], start=1):
        cell = _cell(item)
        if isinstance(cell, str):
            repairs.append(f"cellule {rank} écartée : {cell}")
        else:
            cells.append(cell)
    if not cells:
        raise UnreadableError("Le notebook ne contient aucune cellule.")
    return Reading(cells, repairs)


def _decoded(data: bytes) -> tuple[str, list[str]]:
    for mark, encoding in ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
                           (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, "replace"), [f"encodage {encoding} avec marque d'ordre (BOM)"]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["encodage Windows (cp1252) au lieu d'UTF-8"]


def _parsed(text: str, repairs: list[str]):
    try:
        return json.loads(text)
    except RecursionError:
        raise UnreadableError("Le fichier contient des structures imbriquées sans fin : ce n'est pas un notebook "
                              "enregistré par Jupyter.") from None
    except ValueError:
        return {"cells": _salvaged(text, repairs)}


def _salvaged(text: str, repairs: list[str]) -> list:
    """Retrouve les cellules entières d'un fichier coupé ou abîmé, une à une depuis le début de la liste."""
    place = text.find('"cells"')
    if place < 0 or "[" not in text[place:place + 100]:
        raise UnreadableError("Le fichier n'est pas un notebook Jupyter (le format JSON attendu est illisible).")
    place = text.index("[", place) + 1
    decoder, found = json.JSONDecoder(), []
    while len(found) < MOST_CELLS:
        start = text.find("{", place)
        if start < 0:
            break
        try:
            cell, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        found.append(cell)
    if not found:
        raise UnreadableError("Le fichier est coupé ou abîmé avant la fin de sa première cellule.")
    repairs.append(f"fichier coupé ou abîmé : {len(found)} cellule(s) retrouvée(s) avant le défaut")
    return found


def _raw_cells(content, repairs: list[str]) -> list:
    if not isinstance(content, Mapping):
        raise UnreadableError("Le fichier est du JSON, mais pas un notebook Jupyter.")
    cells = content.get("cells")
    if cells is None and isinstance(content.get("worksheets"), list):
        repairs.append("ancien format de notebook (version 3), converti")
        cells = [cell for sheet in content["worksheets"] if isinstance(sheet, Mapping)
                 for cell in sheet.get("cells", []) or []]
    if not isinstance(cells, list):
        raise UnreadableError("Le fichier est du JSON, mais pas un notebook Jupyter : il n'a pas de cellules.")
    return cells


def _cell(item) -> Cell | str:
    """Rend la cellule, ou la raison de l'écarter."""
    if not isinstance(item, Mapping):
        return "ce n'est pas une cellule"
    kind = item.get("cell_type")
    source = item.get("source", item.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(kind, str):
        return "son texte est illisible"
    if len(source) > LARGEST_CELL:
        return f"elle contient {len(source)} caractères ; au plus {LARGEST_CELL}"
    metadata = item.get("metadata")
    grader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = grader.get("grade_id") if isinstance(grader, Mapping) else None
    # Un caractère de substitution isolé ne peut être réécrit en UTF-8.
    source = source.encode("utf-8", "replace").decode("utf-8")
    return Cell(kind if kind in ("code", "markdown", "raw") else "markdown", source,
                *(value if isinstance(value, str) else "" for value in (item.get("id"), grade_id)))

"""La feuille de notes de Moodle : celle que l'enseignant a téléchargée, remplie sans toucher au reste."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

# En-têtes français et anglais de Moodle.
_HEADERS = {
    "id": ("identifiant", "identifier"),
    "grade": ("note", "grade"),
    "maximum": ("note maximale", "maximum grade"),
    "feedback": ("feedback par commentaires", "feedback comments"),
    "submitted": ("dernière modification (travail remis)", "last modified (submission)"),
    "editable": ("la note peut être modifiée", "grade can be changed"),
}
_MONTHS = ("janvier|january", "février|february", "mars|march", "avril|april", "mai|may", "juin|june",
           "juillet|july", "août|august", "septembre|september", "octobre|october", "novembre|november",
           "décembre|december")


class WorksheetError(ValueError):
    """Le fichier n'est pas une feuille de notes de Moodle ; le message dit ce qui manque."""


@dataclass(frozen=True)
class Worksheet:
    """Une feuille lue sans perte : ``rows`` garde chaque champ tel qu'il est écrit, guillemets compris."""

    encoding: str
    separator: str
    rows: list[list[str]]
    endings: list[str]
    columns: Mapping[str, int]

    def identifiers(self) -> dict[str, int]:
        """Rend, par numéro d'identifiant, le rang de sa ligne."""
        found = {}
        for rank, row in enumerate(self.rows[1:], start=1):
            if len(row) > self.columns["id"] and (match := re.search(r"(\d+)\s*$", _value(row[self.columns["id"]]))):
                found[match[1]] = rank
        return found

    def submitted(self, identifier: str) -> datetime | None:
        """Rend la date de remise que Moodle a notée, ou ``None``."""
        rank = self.identifiers().get(identifier)
        if rank is None or "submitted" not in self.columns or len(self.rows[rank]) <= self.columns["submitted"]:
            return None
        return read_date(_value(self.rows[rank][self.columns["submitted"]]))


def read(data: bytes) -> Worksheet:
    """Lit une feuille de notes ; lève :class:`WorksheetError` si les colonnes attendues n'y sont pas."""
    encoding = next((code for mark, code in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"),
                                             (b"\xfe\xff", "utf-16")) if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = data.decode(encoding, "replace")
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    rows, endings = _tokenised(text, separator)
    titles = [_value(field).strip().casefold() for field in rows[0]] if rows else []
    columns = {name: titles.index(title) for name, known in _HEADERS.items() for title in known if title in titles}
    missing = [name for name in ("id", "grade") if name not in columns]
    if missing:
        raise WorksheetError("Ce fichier n'est pas une feuille de notes de Moodle : il lui manque la colonne "
                             "« Identifiant » ou « Note ». Téléchargez-la par « Télécharger le formulaire "
                             "d'évaluation » dans le devoir.")
    return Worksheet(encoding, separator, rows, endings, columns)


def filled(sheet: Worksheet, marks: Mapping[str, tuple[float, str]]) -> tuple[bytes, list[str]]:
    """Rend la feuille remplie et ce qui n'a pu l'être ; ``marks`` : identifiant → (note, commentaire).

    Seuls les champs Note et Feedback des lignes concernées changent ; tout autre octet est gardé.
    """
    rows, problems = [list(row) for row in sheet.rows], []
    known = sheet.identifiers()
    comma = any("," in _value(row[sheet.columns["maximum"]]) for row in sheet.rows[1:]
                if "maximum" in sheet.columns and len(row) > sheet.columns["maximum"])
    for identifier, (mark, comment) in marks.items():
        rank = known.get(identifier)
        if rank is None:
            problems.append(f"Participant {identifier} : absent de la feuille de notes")
            continue
        row = rows[rank]
        limit = _number(_value(row[sheet.columns["maximum"]])) if "maximum" in sheet.columns else None
        if limit is not None and mark > limit:
            problems.append(f"Participant {identifier} : note {mark:g} au-dessus du maximum {limit:g} ; Moodle la "
                            "refuserait, elle n'est pas inscrite")
            continue
        written = f"{mark:.2f}".replace(".", ",") if comma else f"{mark:.2f}"
        row[sheet.columns["grade"]] = _quoted(written, sheet.separator)
        if "feedback" in sheet.columns and comment:
            row[sheet.columns["feedback"]] = _quoted(comment, sheet.separator)
    text = "".join(sheet.separator.join(row) + end for row, end in zip(rows, sheet.endings, strict=True))
    return text.encode(sheet.encoding, "xmlcharrefreplace"), problems


def read_date(text: str) -> datetime | None:
    """Lit une date telle que Moodle l'écrit, en français ou en anglais ; ``None`` si elle n'en est pas une."""
    match = re.search(r"(\d{1,2})\s+([^\W\d]+)\s+(\d{4}),?\s+(\d{1,2})[:h](\d{2})\s*([AaPp][Mm])?", text)
    if not match:
        return None
    month = next((rank for rank, names in enumerate(_MONTHS, start=1) if match[2].casefold() in names.split("|")), 0)
    hour = int(match[4]) % 12 + 12 * (match[6].lower() == "pm") if match[6] else int(match[4])
    try:
        return datetime(int(match[3]), month, int(match[1]), hour, int(match[5]))
    except ValueError:
        return None


def _tokenised(text: str, separator: str) -> tuple[list[list[str]], list[str]]:
    """Découpe un CSV en champs bruts, sans retirer les guillemets, et en fins de ligne."""
    rows, endings, row, start, quoted, place = [], [], [], 0, False, 0
    while place < len(text):
        char = text[place]
        if char == '"':
            quoted = not quoted
        elif not quoted and char == separator:
            row.append(text[start:place])
            start = place + 1
        elif not quoted and char in "\r\n":
            end = "\r\n" if text[place:place + 2] == "\r\n" else char
            rows.append([*row, text[start:place]])
            endings.append(end)
            row, start, place = [], place + len(end), place + len(end) - 1
        place += 1
    if start < len(text) or row:
        rows.append([*row, text[start:]])
        endings.append("")
    return rows, endings


def _value(field: str) -> str:
    field = field.strip()
    return field[1:-1].replace('""', '"') if len(field) > 1 and field[0] == field[-1] == '"' else field


def _quoted(text: str, separator: str) -> str:
    text = re.sub(r"^([=+\-@\t\r])(?!\d)", r"'\1", text)  # un tableur exécuterait une formule
    return '"' + text.replace('"', '""') + '"' if re.search(rf'["\r\n{re.escape(separator)}]', text) else text


def _number(text: str) -> float | None:
    try:
        return float(text.replace("\u00a0", "").replace(",", "."))
    except ValueError:
        return None

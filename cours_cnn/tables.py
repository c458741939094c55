"""Tableaux à lire : mêmes données pour l'écran, le texte et les calculs."""

from __future__ import annotations

import html
from collections.abc import Sequence

from cours_cnn.french import NBSP, number
from cours_cnn.validation import refuse


class Table:
    """Tableau affiché en HTML accessible dans un notebook, en colonnes alignées ailleurs.

    ``columns`` : noms des colonnes ; ``rows`` : suites de valeurs (nombres, textes ou ``None`` pour « — ») ;
    ``caption`` : légende ; ``digits`` : décimales des réels ; ``total`` : dernière ligne mise en évidence.
    Lève ``ValueError`` si une colonne n'a pas de nom, ou si une ligne n'a pas une valeur par colonne.
    """

    def __init__(self, columns: Sequence[str], rows, *, caption: str = "", digits: int = 2, total: bool = False):
        self.columns = list(columns)
        self.rows = [tuple(row) for row in rows]
        self.caption, self.digits, self.total = caption, digits, total
        if not all(name.strip() for name in self.columns):
            refuse("columns", self.columns, "un nom par colonne : un lecteur d'écran annonce celui de chaque case")
        for row in self.rows:
            if len(row) != len(self.columns):
                refuse("rows", row, f"une suite de {len(self.columns)} valeurs, une par colonne")

    def column(self, name: str) -> list:
        """Rend les valeurs de la colonne ``name``, du haut vers le bas ; ``KeyError`` si elle n'existe pas."""
        if name not in self.columns:
            refuse("name", name, "une colonne parmi " + ", ".join(self.columns), kind=KeyError)
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def _cells(self) -> list[list[str]]:
        return [[number(value, self.digits) for value in row] for row in self.rows]

    def _numeric(self, index: int) -> bool:
        values = [row[index] for row in self.rows if row[index] is not None]
        return bool(values) and not any(isinstance(value, str) for value in values)

    def __repr__(self) -> str:
        lines = [self.columns, *self._cells()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        pad = [str.rjust if self._numeric(i) else str.ljust for i in range(len(self.columns))]
        text = ["  ".join(pad[i](cell, widths[i]) for i, cell in enumerate(line)).rstrip() for line in lines]
        text.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join(([self.caption] if self.caption else []) + text)

    def _repr_html_(self) -> str:
        align = [' style="text-align:right"' if self._numeric(i) else ' style="text-align:left"'
                 for i in range(len(self.columns))]
        head = "".join(f'<th scope="col"{a}>{html.escape(c)}</th>' for a, c in zip(align, self.columns, strict=True))
        body = []
        for position, cells in enumerate(self._cells()):
            weight = "font-weight:bold" if self.total and position == len(self.rows) - 1 else ""
            # Une taille « 28 × 28 » ne doit pas se couper en fin de ligne.
            cells = [cell.replace(" × ", f"{NBSP}×{NBSP}") for cell in cells]
            row = "".join(f"<td{a}>{html.escape(c)}</td>" for a, c in zip(align, cells, strict=True))
            body.append(f'<tr style="{weight}">{row}</tr>' if weight else f"<tr>{row}</tr>")
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return (f'<table class="dataframe cours-tableau">{caption}<thead><tr>{head}</tr></thead>'
                f'<tbody>{"".join(body)}</tbody></table>')

"""Le barème : note maximale, arrondi, retard, plafond, déclarés en un seul fichier ``bareme.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from datetime import datetime
from numbers import Real
from pathlib import Path

from cours_cnn.french import number
from cours_cnn.validation import refuse


@dataclass(frozen=True)
class Scale:
    """Règles de calcul d'une note.

    ``sur`` : note maximale ; ``arrondi`` : pas de l'arrondi, en points (0,25 par exemple ; 0 pour aucun) ;
    ``plafond`` : note que nul ne dépasse ; ``echeance`` : date limite ; ``tolerance_minutes`` : retard pardonné ;
    ``penalite_par_jour`` : points retirés par jour de retard entamé ; ``penalite_maximale`` : leur maximum.
    """

    sur: float = 20.0
    arrondi: float = 0.25
    plafond: float | None = None
    echeance: datetime | None = None
    tolerance_minutes: float = 0.0
    penalite_par_jour: float = 0.0
    penalite_maximale: float | None = None

    def late_days(self, date: datetime | None) -> int:
        """Rend le nombre de jours de retard entamés ; 0 sans échéance, sans date ou dans la tolérance."""
        if self.echeance is None or date is None:
            return 0
        late = (date.replace(tzinfo=None) - self.echeance.replace(tzinfo=None)).total_seconds()
        return math.ceil(late / 86_400) if late > 60 * self.tolerance_minutes else 0

    def mark(self, points: float, total: float, date: datetime | None = None) -> tuple[float, list[str]]:
        """Rend la note et l'explication de chaque règle appliquée, dans l'ordre."""
        value = self.sur * points / total if total else 0.0
        told = [f"{number(float(points), 2)} points sur {number(float(total), 0)}, "
                f"soit {number(value, 2)} sur {number(float(self.sur), 0)}"]
        days = self.late_days(date)
        if days and self.penalite_par_jour:
            penalty = min(days * self.penalite_par_jour, self.penalite_maximale or math.inf, value)
            value -= penalty
            told.append(f"retard de {days} jour(s) entamé(s) : −{number(penalty, 2)}")
        if self.plafond is not None and value > self.plafond:
            value = self.plafond
            told.append(f"plafond de {number(float(self.plafond), 2)}")
        rounded = self._rounded(value)
        if rounded != value:
            told.append(f"arrondi à {number(rounded, 2)}")
        return rounded, told

    def _rounded(self, value: float) -> float:
        # Un demi-pas s'arrondit vers le haut : l'arrondi « au pair » de Python surprendrait un élève.
        value = math.floor(value / self.arrondi + 0.5 + 1e-9) * self.arrondi if self.arrondi else value
        return round(value, 6)


def read_scale(path: Path | None) -> Scale:
    """Lit ``bareme.toml`` ; sans fichier, le barème par défaut (sur 20, au quart de point, sans retard).

    Lève ``ValueError`` ou ``TypeError``, en français, si le fichier est illisible ou une règle mal écrite.
    """
    if path is None:
        return Scale()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Le barème {path.name} ne peut être lu : {error}") from None
    known = [item.name for item in fields(Scale)]
    unknown = sorted(set(content) - set(known))
    if unknown:
        refuse(path.name, unknown, "un barème fait des règles " + ", ".join(known))
    for name, value in content.items():
        if name == "echeance":
            if not isinstance(value, datetime):
                refuse(name, value, "une date, par exemple 2026-12-01T23:59:00", kind=TypeError)
        elif isinstance(value, bool) or not isinstance(value, Real) or value < 0:
            refuse(name, value, "un nombre positif ou nul")
    scale = Scale(**content)
    if scale.sur <= 0:
        refuse("sur", scale.sur, "un nombre strictement positif")
    return scale

"""Trier un dossier de photographies : ce qui sert, ce qui est converti, ce qui est écarté et pourquoi.

Rien n'est supprimé ni récrit dans le dossier examiné : ce qui est écarté est seulement laissé de côté.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cours_cnn.data.pictures import UnfitPictureError, fingerprint, in_threads, open_picture
from cours_cnn.french import NBSP, integer
from cours_cnn.tables import Table

_SHOWN = 3
# Niveaux de gris d'écart moyen entre deux empreintes. Une copie réenregistrée reste sous 1 ; les deux plus proches de
# 2 000 photographies différentes sont à 7, de 1 200 radiographies à 9, de 800 dessins à 4.
_NEAR = 1.5


@dataclass(frozen=True)
class CleaningReport:
    """Compte rendu d'un tri : ``examined``, nombre de fichiers ; ``removed``, ``converted`` : couples (nom, raison).

    Un fichier écarté n'est pas supprimé ; un fichier converti l'est à la lecture, l'original reste tel quel.
    """

    examined: int
    removed: tuple[tuple[str, str], ...] = ()
    converted: tuple[tuple[str, str], ...] = ()

    @property
    def kept(self) -> int:
        """Nombre de fichiers gardés."""
        return self.examined - len(self.removed)

    def table(self, examples: int = _SHOWN) -> Table:
        """Rend un tableau : une ligne par raison, le nombre de fichiers et au plus ``examples`` de leurs noms."""
        rows = []
        for decision, entries in (("écarté", self.removed), ("converti", self.converted)):
            counts = Counter(_family(reason) for _, reason in entries)
            for family, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
                names = [Path(name).name for name, reason in entries if _family(reason) == family]
                more = "…" if count > examples else ""
                rows.append((decision, family, count, ", ".join(names[:examples]) + more))
        return Table(["Décision", "Raison", "Fichiers", "Exemples"], rows, caption=repr(self))

    def __repr__(self) -> str:
        told = f"{integer(self.examined)} fichiers examinés, {integer(self.kept)} gardés"
        if self.removed:
            told += f", {integer(len(self.removed))} écartés (aucun n'est supprimé)"
        if self.converted:
            told += f", {integer(len(self.converted))} convertis à la lecture"
        return told


def examine(paths: Sequence[Path], root: Path) -> tuple[list[Path], CleaningReport]:
    """Ouvre chaque fichier de ``paths`` en entier ; rend ceux que l'on garde, dans l'ordre, et le compte rendu.

    Est écarté ce qui n'est pas une image lisible, ou répète une image déjà gardée : une copie, placée à la fois dans
    l'entraînement et dans le test, ferait croire à une réussite. ``root`` : dossier d'où les fichiers sont nommés.
    """
    kept, removed, converted, first, seen = [], [], [], {}, _Seen()
    for path, verdict in zip(paths, in_threads(_verdict, paths), strict=True):
        name, problem = path.relative_to(root).as_posix(), verdict.problem
        if problem is None and verdict.digest in first:
            problem = f"copie exacte de {first[verdict.digest]}"
        elif problem is None and (twin := seen.twin(verdict.look)):
            problem = f"même image que {twin}, réenregistrée"
        if problem is not None:
            removed.append((name, problem))
            continue
        first[verdict.digest] = name
        seen.add(name, verdict.look)
        changes = verdict.changes
        kept.append(path)
        if changes:
            converted.append((name, " ; ".join(changes)))
    return kept, CleaningReport(len(paths), tuple(removed), tuple(converted))


class _Seen:
    """Les empreintes déjà vues, rangées par luminosité moyenne : seules les voisines sont à comparer."""

    def __init__(self):
        self.means, self.names, self.looks = [], [], []

    def add(self, name: str, look: np.ndarray) -> None:
        place = bisect.bisect(self.means, look.mean())
        self.means.insert(place, look.mean())
        self.names.insert(place, name)
        self.looks.insert(place, look)

    def twin(self, look: np.ndarray) -> str | None:
        """Rend le nom d'une image presque identique, ``None`` s'il n'y en a pas."""
        # L'écart des moyennes ne dépasse jamais la moyenne des écarts.
        low = bisect.bisect_left(self.means, look.mean() - _NEAR)
        high = bisect.bisect(self.means, look.mean() + _NEAR)
        if low == high:
            return None
        gaps = np.abs(np.stack(self.looks[low:high]) - look).mean(axis=1)
        return self.names[low + int(gaps.argmin())] if gaps.min() <= _NEAR else None


@dataclass(frozen=True)
class _Verdict:
    """Ce que l'on sait d'un fichier : ce qui l'écarte, ou ses empreintes et ce qu'il faut y convertir."""

    problem: str | None = None
    digest: str = ""
    look: np.ndarray | None = None
    changes: tuple[str, ...] = ()


def _verdict(path: Path) -> _Verdict:
    try:
        opened = open_picture(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except UnfitPictureError as error:
        return _Verdict(str(error))
    except OSError:
        return _Verdict("lecture impossible")
    return _Verdict(None, digest, fingerprint(opened.image), opened.changes)


def _family(reason: str) -> str:
    """Rend la raison sans ce qui est propre à un fichier : nom de l'original, dimensions."""
    reason = re.sub(r"copie exacte de .*", "copie exacte d'un autre fichier", reason)
    reason = re.sub(r"même image que .*", "même image qu'un autre fichier, réenregistrée", reason)
    return re.sub(r" ?\([\d\s" + NBSP + r"]+×[^)]*\)", "", reason)

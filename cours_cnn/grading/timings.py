"""Bilan des durées à la fin d'une séance de tests : cellules les plus lentes, durée et budget de chaque notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

_SLOWEST = 10
_WORTH_TELLING_S = 0.5


@dataclass(frozen=True)
class CellTime:
    """Durée d'une cellule, en secondes ; la même, ramenée à une machine libre ; budget de son notebook."""

    notebook: str
    cell: str
    seconds: float
    unhurried: float
    budget: float


def crowding() -> float:
    """Rend le ralentissement dû aux autres programmes : 1 si les cœurs suffisent, 2 si tout va deux fois moins vite.

    C'est la charge moyenne de la dernière minute par cœur ; 1 si le système ne la donne pas.
    """
    if not hasattr(os, "getloadavg"):
        return 1.0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1.0, os.getloadavg()[0] / cores)


def summary_lines(times: Iterable[CellTime]) -> list[str]:
    """Rend les lignes du bilan ; liste vide si aucune cellule n'a été exécutée."""
    times = list(times)
    if not times:
        return []
    slow = sorted((time for time in times if time.seconds >= _WORTH_TELLING_S), key=lambda time: -time.seconds)
    lines = ["Cellules les plus lentes :"] if slow else []
    lines += [f"  {_french(time.seconds)} s  {time.notebook}::{time.cell}" for time in slow[:_SLOWEST]]
    lines.append("Durée d'exécution par notebook (et durée estimée sur une machine libre, comparée au budget) :")
    notebooks: dict[str, list[CellTime]] = {}
    for time in times:
        notebooks.setdefault(time.notebook, []).append(time)
    for name, cells in sorted(notebooks.items(), key=lambda pair: -_total(pair[1])):
        alone, budget = sum(time.unhurried for time in cells), cells[0].budget
        over = "  ← DÉPASSE son budget" if alone > budget else ""
        lines.append(f"  {_french(_total(cells))} s  {name} ({_french(alone).strip()} s, budget {budget:g} s){over}")
    lines.append(f"  {_french(_total(times))} s  au total, {len(times)} cellules")
    return lines


def _total(times: Iterable[CellTime]) -> float:
    return sum(time.seconds for time in times)


def _french(seconds: float) -> str:
    return f"{seconds:7.1f}".replace(".", ",")

"""Compare la suite des notebooks du cours, avec et sans noyaux copiés, à nbval employé seul.

Méthode : les mêmes notebooks (``chapters/``, ``solutions/`` et ``exercises/``) sont rejoués sur la même machine, de
trois façons, l'une après l'autre, tour après tour :

- ``pytest --nbval-lax`` seul et en série, ce que nbval offre par lui-même ;
- la suite du cours, deux ouvriers, noyaux ordinaires ;
- la suite du cours, comme dans ``make test`` : deux ouvriers, un fil de calcul chacun, noyaux copiés d'un processus où
  TensorFlow est chargé (fournisseur ``cours-cnn-rapide``).

La durée retenue est la plus courte des tours, la moins gênée par le reste de la machine ; le résultat est un rapport.
S'y ajoute la durée de ``import cours_cnn``, démarrage de Python déduit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["chapters", "solutions", "exercises"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
WAYS = {
    "nbval_seul": [*PYTEST, "-o", "addopts=", "--nbval-lax", "--nbval-current-env", *FOLDERS],
    "noyaux_ordinaires": [*PYTEST, "-n", "2", "--sans-budget", "--noyaux=", *FOLDERS],
    "noyaux_copies": [*PYTEST, "-n", "2", "--sans-budget", *FOLDERS],
}
# Les réglages de « make test » (UN_FIL, dans son fichier) ; les deux autres façons gardent ceux de TensorFlow.
ONE_THREAD = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")


def measure(rounds: int, tell: Callable[[str], None]) -> dict:
    """Rend les durées de la suite, en secondes, et leurs rapports."""
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(1, rounds + 1):
        for name, command in WAYS.items():
            times[name].append(seconds(command, ONE_THREAD if name == "noyaux_copies" else {}))
            tell(f"Tour {turn}, {name} : {times[name][-1]:.0f} s")
    best = {name: min(values) for name, values in times.items()}
    empty = min(seconds([sys.executable, "-c", "pass"]) for _ in range(5))
    imported = min(seconds([sys.executable, "-c", "import cours_cnn"]) for _ in range(5))
    return {"tours": rounds, "secondes": {name: round(value, 1) for name, value in best.items()},
            "rapport_a_nbval_seul": round(best["nbval_seul"] / best["noyaux_copies"], 2),
            "rapport_aux_noyaux_ordinaires": round(best["noyaux_ordinaires"] / best["noyaux_copies"], 2),
            "import_cours_cnn_s": round(max(0.0, imported - empty), 3)}


def seconds(command: list[str], settings: Mapping[str, str] | None = None) -> float:
    """Rend la durée d'une commande, qui doit réussir ; lève ``RuntimeError`` sinon, avec la fin de sa sortie.

    ``settings`` : variables d'environnement ajoutées à celles du programme.
    """
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                          env=os.environ | (settings or {}))
    if done.returncode:
        raise RuntimeError(f"La commande {' '.join(command[2:])} a échoué :\n{done.stdout[-2000:]}")
    return time.perf_counter() - start

"""Compare, en une même exécution, la suite des notebooks du cours et nbval employé seul.

    python -m benchmarks.suite [--repetitions N]

Méthode : les mêmes notebooks (``chapters/`` et ``solutions/``) sont rejoués sur la même machine, l'un après l'autre,
d'abord par ``pytest --nbval-lax`` seul et en série, puis par la suite du cours (greffon ``cours_cnn.grading.judge``,
deux ouvriers). La durée retenue est la plus courte des répétitions ; le résultat est un rapport, car une durée seule ne
vaut que pour une machine. S'y ajoute la durée de ``import cours_cnn``, démarrage de Python déduit. Le tout est affiché
et écrit dans ``benchmarks/suite.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from cours_cnn.french import decimal

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_suffix(".json")
FOLDERS = ["chapters", "solutions"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
ALONE = [*PYTEST, "-o", "addopts=", "--nbval-lax", "--nbval-current-env", *FOLDERS]
COURSE = [*PYTEST, "-n", "2", *FOLDERS]


def seconds(command: list[str]) -> float:
    """Rend la durée d'une commande, qui doit réussir ; lève ``RuntimeError`` sinon, avec la fin de sa sortie."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"La commande {' '.join(command[2:])} a échoué :\n{done.stdout[-2000:]}")
    return time.perf_counter() - start


def best(command: list[str], repetitions: int) -> float:
    """Rend la plus courte de plusieurs durées : la moins gênée par le reste de la machine."""
    return min(seconds(command) for _ in range(repetitions))


def main() -> None:
    """Mesure, affiche les rapports et les enregistre."""
    parser = argparse.ArgumentParser(description="Compare la suite du cours et nbval employé seul.")
    parser.add_argument("--repetitions", type=int, default=1, help="nombre de mesures de chaque commande")
    repetitions = max(1, parser.parse_args().repetitions)
    print("nbval seul, en série…", flush=True)
    alone = best(ALONE, repetitions)
    print("Suite du cours, deux ouvriers…", flush=True)
    course = best(COURSE, repetitions)
    empty = best([sys.executable, "-c", "pass"], 5)
    imported = best([sys.executable, "-c", "import cours_cnn"], 5)
    report = {"nbval_seul_s": round(alone, 1), "suite_du_cours_s": round(course, 1),
              "rapport": round(alone / course, 2),
              "import_cours_cnn_s": round(max(0.0, imported - empty), 3), "coeurs": os.cpu_count()}
    aside = RESULT.with_suffix(".json.part")
    aside.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(RESULT)
    print(f"Notebooks : {decimal(alone, 0)} s avec nbval seul, {decimal(course, 0)} s avec la suite du cours : "
          f"{decimal(alone / course, 1)} fois plus rapide.")
    print(f"import cours_cnn : {decimal(max(0.0, imported - empty), 3)} s.")


if __name__ == "__main__":
    main()

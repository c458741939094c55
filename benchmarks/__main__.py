"""Mesure la notation et la suite des notebooks, et les compare aux outils existants.

    python -m benchmarks [notation] [suite] [--tours N]

Les durées d'une machine ne valent que pour elle : ce sont leurs rapports, en une même exécution, que l'on retient.
La méthode est dans :mod:`benchmarks.notation` et :mod:`benchmarks.suite`. Le tout est affiché, et écrit dans
``benchmarks/resultats.json`` ; une partie que l'on ne mesure pas y garde ses résultats précédents.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import notation, suite
from cours_cnn.french import decimal

RESULTS = Path(__file__).with_name("resultats.json")
PARTS = {"notation": notation.measure, "suite": suite.measure}
# Barres du projet : (partie, résultat, borne, sens).
BARS = (("notation", "au_dela_du_calcul_propre_s", 1.0, "au plus"), ("notation", "rapport_a_nbgrader", 7.0, "au moins"),
        ("notation", "rapport_a_otter", 5.0, "au moins"), ("suite", "rapport_a_nbval_seul", 2.5, "au moins"),
        ("suite", "import_cours_cnn_s", 0.1, "au plus"))


def main() -> None:
    """Mesure, affiche et enregistre."""
    parser = argparse.ArgumentParser(description="Compare la notation et la suite des notebooks aux outils existants.")
    parser.add_argument("parties", nargs="*", choices=[[], *PARTS], help="notation, suite ; les deux par défaut")
    parser.add_argument("--tours", type=int, default=2, help="nombre de mesures de chaque outil (2)")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name in options.parties or PARTS:
        print(f"— {name}", flush=True)
        results[name] = PARTS[name](max(1, options.tours), lambda line: print(line, flush=True)) | {
            "coeurs": len(os.sched_getaffinity(0)), "charge_a_la_fin": round(os.getloadavg()[0], 1),
            "python": platform.python_version(), "tensorflow": version("tensorflow")}
        aside = RESULTS.with_suffix(".json.part")
        aside.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        aside.replace(RESULTS)
    print("\n".join(bars(results)))


def bars(results: dict) -> list[str]:
    """Rend une ligne par barre mesurée."""
    lines = []
    for part, name, limit, way in BARS:
        if name in results.get(part, {}):
            value = results[part][name]
            held = value <= limit if way == "au plus" else value >= limit
            lines.append(f"{part}, {name} : {decimal(value, 2)} ({way} {decimal(limit, 1)}) : "
                         f"{'tenue' if held else 'NON TENUE'}")
    return lines


if __name__ == "__main__":
    main()

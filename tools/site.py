"""Construit le site : Jupyter Book, tout avertissement étant une erreur.

    python -m tools.site [--sortie DOSSIER] [--sans-corriges]

Les sorties enregistrées des notebooks sont reprises telles quelles : ni TensorFlow ni noyau ne sont nécessaires.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def _newest(*paths: Path) -> float:
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    return max((file.stat().st_mtime for file in files), default=0.0)


def prepare(build: Path, root: Path = ROOT) -> None:
    """Efface ce que la construction ne saurait pas renouveler seule.

    Sphinx ne voit pas qu'une extension locale a changé, ne recopie les fichiers statiques que si une page change, et
    laisse en place une page retirée de la table des matières. Le reste est gardé : une page changée se refait seule.
    """
    settings = _newest(root / "book" / "_ext", root / "_config.yml", root / "_toc.yml")
    shown = max(settings, _newest(root / "book", root / "cours_cnn" / "explorers" / "donnees"))
    cache, index = build / ".doctrees" / "environment.pickle", build / "html" / "searchindex.js"
    if cache.exists() and cache.stat().st_mtime < settings:
        shutil.rmtree(cache.parent)
    if not cache.exists() or not index.exists() or index.stat().st_mtime < shown:
        shutil.rmtree(build / "html", ignore_errors=True)


def without_solutions(toc: dict) -> dict:
    """Rend la table des matières ``toc`` sans les pages de ``solutions/`` ni les parties qui n'auraient plus rien."""
    parts = [{**part, "chapters": [page for page in part["chapters"] if not page["file"].startswith("solutions/")]}
             for part in toc["parts"]]
    return {**toc, "parts": [part for part in parts if part["chapters"]]}


def _contents(build: Path, root: Path, solutions: bool) -> Path:
    """Rend le chemin de la table des matières à suivre ; change de table efface les pages déjà lues."""
    if solutions:
        chosen = root / "_toc.yml"
    else:
        chosen = build / "_toc_sans_corriges.yml"
        toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
        build.mkdir(parents=True, exist_ok=True)
        chosen.write_text(yaml.safe_dump(without_solutions(toc), allow_unicode=True, sort_keys=False), encoding="utf-8")
    kept = build / "_table"
    if not kept.exists() or kept.read_text(encoding="utf-8") != chosen.name:
        shutil.rmtree(build / ".doctrees", ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        kept.write_text(chosen.name, encoding="utf-8")
    return chosen


def build(output: Path, root: Path = ROOT, env: dict[str, str] | None = None, *,
          solutions: bool = True) -> subprocess.CompletedProcess:
    """Construit le site de ``root`` dans ``output/_build/html``, corrigés compris ou non ; rend le processus terminé.
    """
    toc = _contents(output / "_build", root, solutions)
    prepare(output / "_build", root)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(root),
               "--toc", str(toc), "--path-output", str(output), "-W", "-n", "--keep-going", "--quiet"]
    return subprocess.run(command, cwd=root, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée de la commande ; rend 0 si le site est construit sans avertissement."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description="Construit le site du cours.")
    parser.add_argument("--sortie", type=Path, default=ROOT, help="dossier où écrire _build (défaut : la racine)")
    parser.add_argument("--sans-corriges", action="store_true", help="laisser de côté les pages de solutions/")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    done = build(options.sortie.resolve(), solutions=not options.sans_corriges)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        print("Le site n'est pas construit : corrigez les avertissements ci-dessus (WARNING, ERROR).", file=sys.stderr)
        return 1
    pages = list((options.sortie / "_build" / "html").rglob("*.html"))
    print(f"{len(pages)} pages en {time.perf_counter() - start:.0f} s, sans avertissement.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

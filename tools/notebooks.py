"""Ré-exécuter, mettre en forme et vérifier les notebooks et les pages du cours.

    python -m tools.notebooks execute [chemins…] [--garder-images]     exécute et enregistre les sorties
    python -m tools.notebooks normalise [chemins…] [--typographie]     met en forme sans exécuter
    python -m tools.notebooks verify [chemins…] [--regles noms…]       liste les défauts, cellule par cellule

Sans chemin : ``execute`` prend chapters/ et solutions/, ``normalise`` tous les notebooks, ``verify`` tout le cours.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tools.execution import executed
from tools.normalisation import (
    Refusal,
    keep_images,
    normalised,
    refuse_unfit,
    serialised,
    stderr_texts,
    with_typography,
    write_if_changed,
)
from tools.pages import Page, markdown_paths, notebook_paths, read_pages
from tools.prose import corrected
from tools.review import Course, review, rule_names


def execute(page: Page, *, same_images: bool) -> bool:
    """Exécute le notebook de ``page`` et l'enregistre ; rend ``False``, fichier intact, s'il est refusé."""
    print(f"{page.name}")
    try:
        old = page.notebook
        fresh = executed(old, page.path.parent)
        for place, text in stderr_texts(fresh):
            print(f"  sortie d'erreur écartée, cellule « {place} » : {text[:500]}")
        result = normalised(fresh, kind=page.kind)
        if same_images:
            result = keep_images(result, old)
        refuse_unfit(result)
    except (Refusal, ValueError) as error:
        print(f"  REFUSÉ, fichier inchangé : {error}", file=sys.stderr)
        return False
    changed = write_if_changed(page.path, serialised(result))
    print("  enregistré" if changed else "  inchangé")
    return True


def normalise(page: Page, *, typography: bool) -> bool:
    """Met en forme ``page`` sur place ; rend ``False``, fichier intact, si elle est refusée."""
    try:
        if page.is_notebook:
            result = with_typography(page.notebook) if typography else page.notebook
            result = normalised(result, kind=page.kind)
            refuse_unfit(result)
            text = serialised(result)
        else:
            text = corrected(page.text) if typography else page.text
    except (Refusal, ValueError) as error:
        print(f"{page.name} : REFUSÉ, fichier inchangé : {error}", file=sys.stderr)
        return False
    print(f"{page.name} : {'mis en forme' if write_if_changed(page.path, text) else 'inchangé'}")
    return True


def verify(pages: list[Page], rules: list[str] | None) -> bool:
    """Affiche les défauts de ``pages`` ; rend ``True`` s'il n'y en a aucun."""
    course = Course.of(pages[0].root) if pages else Course.of()
    total = 0
    for page in pages:
        for name, finding in review(page, course, rules):
            total += 1
            print(f"{finding}  [{name}]")
    print(f"{len(pages)} page(s) vérifiée(s), {total} défaut(s).")
    return total == 0


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée ; rend 0 si tout va bien, 1 après un refus ou un défaut trouvé, 2 si l'appel est faux."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description="Notebooks du cours.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("execute", help="exécuter et enregistrer les sorties")
    run.add_argument("--garder-images", action="store_true", help="garder une image si seuls ses pixels changent")
    form = commands.add_parser("normalise", help="mettre en forme sans exécuter")
    form.add_argument("--typographie", action="store_true", help="poser les espaces insécables de la prose")
    check = commands.add_parser("verify", help="lister les défauts")
    check.add_argument("--regles", nargs="+", choices=rule_names(), help="se limiter à ces règles")
    for command in (run, form, check):
        command.add_argument("chemins", nargs="*", type=Path, help="notebooks (.ipynb) ou pages (.md)")
    options = parser.parse_args(arguments)
    try:
        pages = read_pages(options.chemins or _default(options.command))
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.command == "verify":
        return 0 if verify(pages, options.regles) else 1
    begin = time.monotonic()
    if options.command == "execute":
        fine = [execute(page, same_images=options.garder_images) for page in pages if page.is_notebook]
    else:
        fine = [normalise(page, typography=options.typographie) for page in pages]
    print(f"{len(fine)} fichier(s), {fine.count(False)} refusé(s), {time.monotonic() - begin:.1f} s.")
    return 0 if all(fine) else 1


def _default(command: str) -> list[Path]:
    if command == "execute":
        return notebook_paths(folders=("chapters", "solutions"))
    return notebook_paths() + (markdown_paths() if command == "verify" else [])


if __name__ == "__main__":
    sys.exit(main())

"""Récrit dans les chapitres la sortie des cellules de figures vivantes, sans exécuter le reste.

    python -m tools.explorateurs [chemins…]

Une telle cellule ne dépend d'aucune autre : elle importe ``explorers`` et appelle une fonction. Après une modification
de ``cours_cnn/explorers``, cette commande met les chapitres à jour sans refaire leurs entraînements.
"""

from __future__ import annotations

import ast
import copy
import sys
from pathlib import Path

import nbformat

from tools.normalisation import normalised, refuse_unfit, serialised, write_if_changed
from tools.pages import Page, notebook_paths, read_pages

IMPORT = "from cours_cnn import explorers\n"


def explorer_cells(notebook) -> list:
    """Rend les cellules de figure vivante de ``notebook``, dans l'ordre."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith(IMPORT)]


def displayed(source: str):
    """Exécute le code d'une cellule et rend l'objet que sa dernière ligne affiche."""
    tree, scope = ast.parse(source), {}
    last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, "cellule", "exec"), scope)
    return eval(compile(last, "cellule", "eval"), scope)


def refreshed(notebook, kind: str):
    """Rend une copie de ``notebook`` où chaque figure vivante a la sortie que son code produit aujourd'hui."""
    result = copy.deepcopy(notebook)
    for cell in explorer_cells(result):
        data = displayed(cell.source)._repr_mimebundle_()
        # Le rang définitif est donné par la mise en forme.
        cell.execution_count = 0
        cell.outputs = [nbformat.v4.new_output("execute_result", data=data, execution_count=0)]
    return normalised(result, kind=kind)


def refresh(page: Page) -> None:
    """Met ``page`` à jour sur place et dit ce qui a changé."""
    result = refreshed(page.notebook, page.kind)
    refuse_unfit(result)
    changed = write_if_changed(page.path, serialised(result))
    print(f"{page.name} : {len(explorer_cells(result))} figure(s) vivante(s), {'récrit' if changed else 'inchangé'}")


def main(arguments: list[str]) -> int:
    """Point d'entrée de la commande."""
    paths = [Path(argument) for argument in arguments] or notebook_paths(folders=("chapters",))
    for page in read_pages(paths):
        if explorer_cells(page.notebook):
            refresh(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

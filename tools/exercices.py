"""Engendre les exercices à partir de leurs corrigés, et dit quelles idées fausses leurs vérifications reconnaissent.

    python -m tools.exercices generer [noms…]     écrit exercises/<nom>.ipynb d'après solutions/<nom>.ipynb
    python -m tools.exercices verifier [noms…]    dit si les exercices concordent avec leurs corrigés
    python -m tools.exercices tableau [noms…]     tableau question → idées fausses reconnues (Markdown)

Sans nom : tous les corrigés. Un corrigé porte l'énoncé, la solution (``### BEGIN SOLUTION``), les vérifications
visibles et les cellules d'évaluation (``### BEGIN HIDDEN TESTS``), avec les métadonnées de nbgrader ; l'exercice en est
tiré par les préprocesseurs de nbgrader. Les cellules de commentaire du corrigé portent l'étiquette « corrige ».
"""

from __future__ import annotations

import argparse
import ast
import copy
import logging
import re
import sys
import tomllib
from pathlib import Path

import nbformat

from tools.normalisation import normalised, serialised, write_if_changed
from tools.pages import ROOT, place_of, tags

STUB = "# Votre réponse ici\n..."
NOTICE = "Fichier engendré par « make exercices » : ne pas le modifier à la main, modifier son corrigé."
TOTAL_POINTS = 20
_TITLE = re.compile(r"\A# Corrigé\b")


class MasterError(ValueError):
    """Le corrigé ne permet pas d'engendrer l'exercice ; le message dit pourquoi et dans quelle cellule."""


def master_paths(names: list[str] | None = None, root: Path = ROOT) -> list[Path]:
    """Rend les corrigés nommés (tous par défaut) ; lève ``FileNotFoundError`` si l'un manque."""
    if not names:
        return sorted((root / "solutions").glob("*.ipynb"))
    paths = [root / "solutions" / f"{Path(name).stem}.ipynb" for name in names]
    for path in paths:
        if not path.is_file():
            known = ", ".join(found.stem for found in master_paths(root=root)) or "aucun"
            raise FileNotFoundError(f"Le corrigé solutions/{path.name} n'existe pas. Corrigés connus : {known}.")
    return paths


def exercise_path(master: Path) -> Path:
    """Rend le chemin de l'exercice tiré du corrigé ``master``."""
    return master.parent.parent / "exercises" / master.name


def check_master(notebook) -> None:
    """Lève :class:`MasterError` si le corrigé n'est pas un devoir nbgrader complet sur 20 points.

    Chaque question qN a une cellule de réponse qN-reponse, une vérification visible qN-verification et une cellule
    d'évaluation qN-evaluation, dans cet ordre ; l'identifiant de la cellule est celui que lit nbgrader.
    """
    roles: dict[str, list[str]] = {}
    points = 0
    for index, cell in enumerate(notebook.cells):
        grader = cell.metadata.get("nbgrader")
        if grader is None:
            continue
        place = place_of(cell, index)
        if grader.get("grade_id") != cell.get("id"):
            raise MasterError(f"{place} : grade_id vaut {grader.get('grade_id')!r} ; attendu : l'identifiant de la "
                              "cellule.")
        role = ("reponse" if grader["solution"] else "evaluation" if grader["grade"] else "verification")
        question, _, named = grader["grade_id"].partition("-")
        if named != role:
            raise MasterError(f"{place} : ses métadonnées en font une cellule « {role} » ; renommez-la.")
        if role == "verification" and "verification-eleve" not in tags(cell):
            raise MasterError(f"{place} : il lui manque l'étiquette « verification-eleve ».")
        roles.setdefault(question, []).append(role)
        points += grader.get("points", 0)
    for question, found in roles.items():
        if found != ["reponse", "verification", "evaluation"]:
            raise MasterError(f"question {question} : cellules {found} ; attendu : réponse, vérification, évaluation.")
    if points != TOTAL_POINTS:
        raise MasterError(f"le total est de {points} points ; attendu : {TOTAL_POINTS}.")


def generated(master, name: str):
    """Rend l'exercice tiré du corrigé ``master`` (un notebook) ; ``name`` : son nom, sans extension.

    Solutions remplacées par un talon qui s'exécute, tests cachés et commentaires retirés, sorties effacées,
    identifiants conservés. Lève :class:`MasterError` si le corrigé est incomplet.
    """
    check_master(master)
    notebook = copy.deepcopy(master)
    notebook.cells = [cell for cell in notebook.cells if "corrige" not in tags(cell)]
    notebook = _through_nbgrader(notebook)
    title = notebook.cells[0].source
    if not _TITLE.match(title):
        raise MasterError("la première cellule doit commencer par le titre « # Corrigé : … ».")
    notebook.cells[0].source = _TITLE.sub("# Exercice", title)
    for cell in notebook.cells:
        # Le texte de remplacement va avec la figure : l'exercice n'a pas encore de sortie.
        cell.metadata.pop("mystnb", None)
        if cell.cell_type == "code" and "installation" not in tags(cell):
            _check_syntax(cell)
    settings = dict(notebook.metadata.get("cours", {}))
    notebook.metadata["cours"] = settings | {"source": f"solutions/{name}.ipynb", "avis": NOTICE}
    return normalised(notebook, kind="exercises")


def generated_text(path: Path) -> str:
    """Rend le texte du fichier de l'exercice tiré du corrigé ``path``, toujours le même pour un même corrigé."""
    master = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    try:
        return serialised(generated(master, path.stem))
    except MasterError as error:
        raise MasterError(f"solutions/{path.name} : {error}") from None


def table(path: Path) -> str:
    """Rend en Markdown les idées fausses que les vérifications d'un exercice reconnaissent, question par question.

    Elles viennent de ``tests/exercices/<nom>.toml``, où chacune est une réponse fausse mise à l'épreuve.
    """
    known = path.parent.parent / "tests" / "exercices" / f"{path.stem}.toml"
    if not known.is_file():
        raise FileNotFoundError(f"Le fichier tests/exercices/{known.name} manque : il liste les réponses à éprouver.")
    answers = tomllib.loads(known.read_text(encoding="utf-8"))
    lines = [f"## {path.stem}", "", "| Question | Idée fausse ou faute reconnue |", "|---|---|"]
    for question, cases in answers.items():
        lines += [f"| {question} | {case['idee']} |" for case in cases["fausses"]]
    return "\n".join(lines)


def _through_nbgrader(notebook):
    from nbgrader.nbgraderformat import ValidationError
    from nbgrader.preprocessors import CheckCellMetadata, ClearHiddenTests, ClearOutput, ClearSolutions, LockCells

    silent = logging.getLogger("exercices.nbgrader")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    steps = (
        CheckCellMetadata(log=silent),
        ClearSolutions(log=silent, code_stub={"python": STUB}, text_stub="*Votre réponse ici.*"),
        ClearHiddenTests(log=silent), ClearOutput(log=silent), LockCells(log=silent), CheckCellMetadata(log=silent),
    )
    resources: dict = {}
    for step in steps:
        try:
            notebook, resources = step.preprocess(notebook, resources)
        except (RuntimeError, ValidationError) as error:
            raise MasterError(f"nbgrader refuse ce corrigé : {error}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = re.sub(r"\n{3,}", "\n\n\n", cell.source)
    return notebook


def _check_syntax(cell) -> None:
    try:
        body = ast.parse(cell.source).body
    except SyntaxError as error:
        raise MasterError(f"cellule « {cell.get('id')} » : une fois la solution retirée, le code n'est plus valide "
                          f"({error.msg}, ligne {error.lineno}).") from None
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant) and last.value.value is Ellipsis:
        raise MasterError(f"cellule « {cell.get('id')} » : l'exercice afficherait « Ellipsis ». Faites suivre la "
                          "réponse d'une instruction, par exemple en plaçant la fonction en dernier.")


def _generate(paths: list[Path]) -> int:
    for path in paths:
        target = exercise_path(path)
        target.parent.mkdir(exist_ok=True)
        changed = write_if_changed(target, generated_text(path))
        print(f"exercises/{target.name} : {'engendré' if changed else 'inchangé'}")
    print(f"{len(paths)} exercice(s).")
    return 0


def state(path: Path) -> str:
    """Rend « concorde », « absent » ou « ne concorde pas » : où en est l'exercice tiré du corrigé ``path``."""
    target = exercise_path(path)
    if not target.is_file():
        return "absent"
    same = target.read_text(encoding="utf-8") == generated_text(path)
    return "concorde" if same else "ne concorde pas"


def _verify(paths: list[Path]) -> int:
    states = {path: state(path) for path in paths}
    for path, found in states.items():
        remedy = "" if found == "concorde" else ". Modifiez le corrigé s'il le faut, puis lancez « make exercices »"
        print(f"exercises/{path.name} : {found}{remedy}.")
    return 0 if set(states.values()) <= {"concorde"} else 1


def _show(paths: list[Path]) -> int:
    print("\n\n".join(table(path) for path in paths))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée ; rend 0 si tout va bien, 1 si un exercice ne concorde pas, 2 si l'appel ou un corrigé est faux.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.exercices", description="Exercices tirés de leurs corrigés.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, action, text in (("generer", _generate, "écrire les exercices"),
                               ("verifier", _verify, "dire s'ils concordent avec leurs corrigés"),
                               ("tableau", _show, "lister les idées fausses reconnues")):
        command = commands.add_parser(name, help=text)
        command.add_argument("noms", nargs="*", help="noms des corrigés, par exemple lenet")
        command.set_defaults(action=action)
    options = parser.parse_args(arguments)
    try:
        return options.action(master_paths(options.noms))
    except (FileNotFoundError, MasterError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

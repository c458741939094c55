"""Examiner un corrigé avant de s'en servir : aucune question ne doit céder à une réponse nulle ou constante."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import nbformat

from cours_cnn.grading.marking import mark
from cours_cnn.grading.rebuild import is_answer, is_evaluation, without_solution
from cours_cnn.grading.session import Session

CONSTANTS = ("None", "0", "1", "[]", "True", "args[0] if args else None")


def weaknesses(session: Session, spread: Callable = map) -> list[str]:
    """Rend une phrase par question qu'une réponse vide ou constante obtient, ou dont le verdict se rend dans le noyau.

    Les réponses d'essai : l'énoncé laissé tel quel, puis chaque fonction remplacée par une constante de ``CONSTANTS``.
    ``spread`` : le ``map`` d'un exécuteur, pour les juger à plusieurs.
    """
    found = [f"{cell.id} : l'évaluation n'écrit aucune donnée ; un objet trompeur peut l'obtenir"
             for cell in session.notebook.cells if is_evaluation(cell) and not session.expected.get(cell.id)]
    trials = {"une copie vierge": {cell.id: without_solution(cell.source) + "\n    ..." for cell in _answers(session)}}
    trials |= {f"une réponse constante ({value})": {cell.id: constant(cell.source, value) for cell in _answers(session)}
               for value in CONSTANTS}
    results = spread(mark, [session] * len(trials), [_copy(session, answers) for answers in trials.values()])
    for name, result in zip(trials, results, strict=True):
        found += [f"{question['id']} : {name} obtient {question['earned']:g} sur {question['points']:g}"
                  for question in result["questions"] if question["earned"]]
    return found


def constant(source: str, value: str) -> str:
    """Rend une réponse où chaque fonction rend ``value`` et où chaque autre nom défini vaut ``None``."""
    lines = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            lines.append(f"def {node.name}(*args, **kwargs): return {value}")
        elif isinstance(node, ast.Assign):
            lines += [f"{target.id} = None" for target in node.targets if isinstance(target, ast.Name)]
    return "\n".join(lines)


def _answers(session: Session) -> list:
    return [cell for cell in session.notebook.cells if is_answer(cell)]


def _copy(session: Session, answers: Mapping[str, str]) -> bytes:
    cells = [nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": {"grade_id": name}})
             for name, source in answers.items()]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = cells
    return nbformat.writes(notebook).encode()

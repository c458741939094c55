"""Reconstruire le notebook à noter : la structure vient du corrigé, les réponses seules viennent de l'élève."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import nbformat

from cours_cnn.grading.reading import Cell, Reading

# Cellules du corrigé que la notation n'exécute pas : vérifications visibles, démonstrations longues, commentaires.
LEFT_OUT = frozenset({"verification", "verification-eleve", "hors-notation", "corrige", "installation"})
CHECKERS = "cours_cnn.checks"

_SOLUTION = re.compile(r"^[ \t]*### BEGIN SOLUTION.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.S | re.M)
_HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS.*?^[ \t]*### END HIDDEN TESTS[ \t]*\n?", re.S | re.M)
_NOTHING = re.compile(r"(?!)")
_MARKER = re.compile(r"(#[^\n]*?)\b(NBVAL_|PYTEST_VALIDATE_)(?=\w)")


@dataclass(frozen=True)
class Rebuilt:
    """Le notebook à exécuter ; ``answers`` : source retenue par cellule de réponse ; ``groups`` : pour chaque cellule,
    la réponse dont elle dépend ; ``repairs``, ``alerts`` : à signaler.
    """

    notebook: nbformat.NotebookNode
    answers: dict[str, str]
    groups: dict[str, str]
    repairs: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)


def grader_of(cell) -> Mapping:
    """Rend les métadonnées nbgrader d'une cellule du corrigé, vides si elle n'en a pas."""
    found = cell.metadata.get("nbgrader", {})
    return found if isinstance(found, Mapping) else {}


def is_answer(cell) -> bool:
    """Dit si la cellule du corrigé attend une réponse de l'élève."""
    return bool(grader_of(cell).get("solution"))


def is_evaluation(cell) -> bool:
    """Dit si la cellule du corrigé rapporte des points."""
    grader = grader_of(cell)
    return bool(grader.get("grade")) and not grader.get("solution")


def is_run(cell) -> bool:
    """Dit si la notation exécute cette cellule du corrigé."""
    return cell.cell_type == "code" and not LEFT_OUT & set(cell.metadata.get("tags", []))


def without_solution(source: str) -> str:
    """Rend la source d'une cellule de réponse sans sa solution."""
    return _SOLUTION.sub("", source)


def without_hidden_tests(source: str) -> str:
    """Rend la source d'une cellule d'évaluation telle que l'élève la reçoit."""
    return _HIDDEN.sub("", source)


def stub_of(source: str) -> str:
    """Rend la source d'une cellule de réponse sans sa solution, blancs ramenés à un."""
    return _squeezed(without_solution(source))


def rebuild(master, reading: Reading | None, expected: Mapping[str, list] | None = None) -> Rebuilt:
    """Rend le notebook à noter.

    ``master`` : le corrigé ; ``reading`` : la copie, ou ``None`` pour prendre les réponses du corrigé lui-même ;
    ``expected`` : pour chaque cellule d'évaluation, les sorties de référence auxquelles nbval comparera.
    """
    repairs: list[str] = []
    taken, extras = ({}, {}) if reading is None else _assign(master, reading, repairs)
    cells, answers, groups, alerts, last = [], {}, {}, [], ""
    for cell in filter(is_run, master.cells):
        name = cell.get("id", "")
        added = [_student_cell(f"eleve-{name}-{rank}", text) for rank, text in enumerate(extras.get(name, []))]
        if is_answer(cell):
            last, source = name, cell.source if reading is None else taken.get(name, "")
            answers[name] = source
            alerts += _alerts(name, source, cell)
            fresh = [*added, _student_cell(name, source)]
        else:
            fresh = [_locked_cell(cell, (expected or {}).get(name)), *added]
        groups |= {one.id: last for one in fresh}
        cells += fresh
    notebook = nbformat.v4.new_notebook(metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    notebook.cells = cells
    return Rebuilt(notebook, answers, groups, repairs, alerts)


def _assign(master, reading: Reading, repairs: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Attribue à chaque cellule de réponse une cellule de l'élève, et range les cellules qu'il a ajoutées.

    Rend (source par cellule de réponse, sources ajoutées par cellule du corrigé qui les précède ou les suit).
    """
    repairs += reading.repairs
    known = {cell.get("id", ""): cell for cell in master.cells}
    expected_order = [name for name, cell in known.items() if is_answer(cell)]
    owners = [_owner(cell, known) for cell in reading.cells]
    taken: dict[str, str] = {}
    used: set[int] = set()
    for name in expected_order:
        found = [rank for rank, owner in enumerate(owners) if owner == name]
        rank = _chosen(name, found, known[name], reading.cells, repairs)
        if rank is None:
            rank = _by_content(known[name], reading.cells, owners, used)
            if rank is None:
                repairs.append(f"{name} : cellule de réponse absente, comptée sans réponse")
                continue
            repairs.append(f"{name} : identifiant perdu ; réponse retrouvée d'après les noms qu'elle définit")
        used |= {rank, *found}
        if reading.cells[rank].kind != "code":
            repairs.append(f"{name} : la cellule n'était plus de type code ; rétablie")
        taken[name] = reading.cells[rank].source
        owners[rank] = name
    order = [owner for rank, owner in enumerate(owners) if owner in taken and rank in used]
    if list(dict.fromkeys(order)) != [name for name in expected_order if name in taken]:
        repairs.append("cellules déplacées ; remises dans l'ordre de l'énoncé")
    return taken, _extras(master, reading.cells, owners, known, repairs)


def _owner(cell: Cell, known: Mapping) -> str:
    for name in (cell.grade_id, cell.id):
        if name in known:
            return name
    return ""


def _chosen(name: str, found: Sequence[int], model, cells: Sequence[Cell], repairs: list[str]) -> int | None:
    """Choisit entre plusieurs cellules de même identifiant : la dernière qui porte une réponse."""
    if not found:
        return None
    filled = [rank for rank in found if _squeezed(cells[rank].source) and not _same_stub(cells[rank].source, model)]
    if len(found) > 1:
        repairs.append(f"{name} : {len(found)} cellules de même identifiant ; la dernière remplie est retenue")
    return (filled or list(found))[-1]


def _by_content(model, cells: Sequence[Cell], owners: Sequence[str], used: set[int]) -> int | None:
    names = _defined(_SOLUTION.sub("", model.source)) or _defined(model.source)
    if not names:
        return None
    for rank in reversed(range(len(cells))):
        if rank not in used and not owners[rank] and cells[rank].kind == "code" and \
                names <= _defined(cells[rank].source):
            return rank
    return None


def _extras(master, cells, owners, known, repairs) -> dict[str, list[str]]:
    """Range les cellules de code de l'élève : les siennes avant la réponse suivante, ses retouches après l'originale.
    """
    extras: dict[str, list[str]] = {}
    # L'élève a reçu les cellules sans leurs tests cachés.
    originals = {_squeezed(pattern.sub("", cell.source)) for cell in master.cells for pattern in (_HIDDEN, _NOTHING)}
    pending: list[str] = []
    last_answer = ""
    for cell, owner in zip(cells, owners, strict=True):
        if owner and is_answer(known[owner]):
            extras.setdefault(owner, []).extend(pending)
            pending, last_answer = [], owner
        elif cell.kind != "code" or not cell.source.strip() or _squeezed(cell.source) in originals:
            continue
        elif not owner:
            pending.append(cell.source)
        elif is_run(known[owner]) and not grader_of(known[owner]):
            repairs.append(f"{owner} : cellule de l'énoncé retouchée ; les deux versions sont exécutées")
            extras.setdefault(owner, []).append(cell.source)
        elif grader_of(known[owner]):
            repairs.append(f"{owner} : cellule verrouillée modifiée ; rétablie")
    if pending and last_answer:
        following = [cell.get("id", "") for cell in master.cells if is_evaluation(cell)
                     and cell.get("id", "").split("-")[0] == last_answer.split("-")[0]]
        if following:  # après la dernière réponse, mais avant son évaluation : une fonction auxiliaire peut y être
            extras.setdefault(last_answer, []).extend(pending)
    count = sum(map(len, extras.values()))
    if count:
        repairs.append(f"{count} cellule(s) ajoutée(s) ou retouchée(s) par l'élève, exécutée(s) sans être notée(s)")
    return extras


def _student_cell(name: str, source: str):
    source = _MARKER.sub(lambda match: match[1] + match[2].lower(), source)
    cell = nbformat.v4.new_code_cell(source, id=re.sub(r"[^\w-]", "-", name)[:64] or "eleve")
    cell.metadata["tags"] = ["nbval-ignore-output"]
    return cell


def _locked_cell(cell, expected: list | None):
    copy = nbformat.v4.new_code_cell(cell.source, id=cell.get("id"))
    copy.metadata.update({key: cell.metadata[key] for key in ("cours", "nbgrader") if key in cell.metadata})
    if expected is None:
        copy.metadata["tags"] = ["nbval-ignore-output"]
    elif not expected:
        # Une évaluation qui n'écrit rien juge par une exception : un affichage de l'élève ne doit pas la faire échouer.
        copy.metadata["tags"] = ["nbval-ignore-output"]
    else:
        # Un numéro d'exécution est ce qui décide nbval à comparer.
        copy.outputs, copy.execution_count = [nbformat.from_dict(output) for output in expected], 1
    return copy


def _alerts(name: str, source: str, model) -> list[str]:
    """Signale ce que l'énoncé interdit : c'est un avis pour l'enseignant, jamais un verdict."""
    settings = model.metadata.get("cours", {})
    forbidden = list(settings.get("interdit", [])) if isinstance(settings, Mapping) else []
    found = [word for word in [*forbidden, CHECKERS] if re.search(rf"(?<![\w.]){re.escape(word)}\b", source)]
    return [f"{name} : emploie {word}, que l'énoncé n'admet pas ; à relire" for word in found]


def _defined(source: str) -> set[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _same_stub(source: str, model) -> bool:
    body = re.sub(r"^\s*#.*$|^\s*\.\.\.\s*$|raise NotImplementedError(\(\))?", "", source, flags=re.M)
    return _squeezed(body) == _squeezed(re.sub(r"^\s*#.*$", "", _SOLUTION.sub("", model.source), flags=re.M))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()

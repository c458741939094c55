"""Une classe d'exemple, pour essayer la notation : un envoi de Moodle et sa feuille de notes, tirés d'un corrigé."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import nbformat

from cours_cnn.grading.rebuild import is_answer, is_evaluation, without_hidden_tests, without_solution

_HEADER = ('Identifiant,"Nom complet",Statut,Note,"Note maximale","La note peut être modifiée",'
           '"Dernière modification (travail remis)","Dernière modification (note)","Feedback par commentaires"')


def sample_class(master: Path) -> dict[str, bytes]:
    """Rend deux fichiers, ``envoi.zip`` et ``feuille.csv``, faits d'après le corrigé ``master``.

    Six élèves fictifs, désignés par une lettre : copie complète, copie vierge, une erreur, une boucle sans fin, un
    fichier coupé, un rapport au lieu du notebook.
    """
    notebook = nbformat.read(master, as_version=4)
    first = next(cell.id for cell in notebook.cells if is_answer(cell))
    full, blank = _copy(notebook), _copy(notebook, keep=False)
    files = {
        "Élève A": ("complète", f"{master.stem}.ipynb", full),
        "Élève B": ("vierge", f"{master.stem}.ipynb", blank),
        "Élève C": ("une erreur", f"{master.stem}.ipynb", _copy(notebook, {first: "raise ValueError('essai')"})),
        "Élève D": ("une boucle sans fin", f"{master.stem}.ipynb", _copy(notebook, {first: "while True:\n    pass"})),
        "Élève E": ("fichier coupé", "devoir.ipynb", full[:len(full) * 2 // 3]),
        "Élève F": ("un rapport", "rapport.txt", b"Voir le notebook."),
    }
    buffer, rows = io.BytesIO(), [_HEADER]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (student, (_, name, data)) in enumerate(files.items(), start=900101):
            archive.writestr(f"{student}_{number}_assignsubmission_file_/{name}", data)
            rows.append(f'"Participant {number}","{student}","Remis pour évaluation",-,"20,00",Oui,'
                        '"mardi 1 décembre 2026, 18:00",-,')
    return {"envoi.zip": buffer.getvalue(), "feuille.csv": ("\ufeff" + "\n".join(rows) + "\n").encode()}


def _copy(notebook, answers: dict[str, str] | None = None, *, keep: bool = True) -> bytes:
    """Rend une copie : les réponses du corrigé (ou aucune), sans ses tests cachés ni ses sorties."""
    copy = nbformat.v4.new_notebook()
    for cell in notebook.cells:
        fresh = nbformat.from_dict({**cell, "metadata": dict(cell.metadata)})
        if fresh.cell_type == "code":
            fresh.outputs, fresh.execution_count = [], None
        if is_answer(cell):
            kept = cell.source if keep else without_solution(cell.source) + "\n    ..."
            fresh.source = (answers or {}).get(cell.id, kept)
        elif is_evaluation(cell):
            fresh.source = without_hidden_tests(cell.source)
        copy.cells.append(fresh)
    return nbformat.writes(copy).encode()

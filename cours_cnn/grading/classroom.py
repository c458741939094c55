"""Noter une classe : répartir les copies, reprendre où l'on s'était arrêté, écrire les rapports."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from cours_cnn.grading import moodle, reports, similarity
from cours_cnn.grading.jail import die_with_parent
from cours_cnn.grading.marking import mark
from cours_cnn.grading.rebuild import is_answer, stub_of
from cours_cnn.grading.scale import Scale
from cours_cnn.grading.session import Session
from cours_cnn.grading.submissions import Submission
from cours_cnn.grading.zygote_client import Zygote, ZygoteError


def processes(workers: int, *, forked: bool = False) -> ProcessPoolExecutor:
    """Rend un exécuteur de ``workers`` processus, qui ne survivent pas à celui-ci, même tué sans préavis.

    ``forked`` : chacun charge aussitôt TensorFlow dans son zygote, pendant que le corrigé s'exécute ailleurs.
    """
    executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_follow_parent)
    if forked:
        for _ in range(workers):
            executor.submit(_warm)
    return executor


def _follow_parent() -> None:
    if sys.platform == "linux":
        die_with_parent()


def _warm() -> None:
    with suppress(ZygoteError):   # une copie dira la même chose, au moment où il faut l'entendre
        Zygote.shared()


def mark_all(session: Session, copies: Sequence[Submission], output: Path, executor: Executor, *,
             resume: bool = False, tell: Callable[[str], None] = print) -> list[dict]:
    """Note chaque copie et rend les résultats, dans l'ordre de ``copies``.

    Chaque résultat est écrit dès qu'il est connu : une interruption ne perd que les copies en cours. ``resume`` ne
    reprend que ce qui a changé (copie, corrigé, graine). ``executor`` : les processus de :func:`processes`, ou une
    grappe.
    """
    folder = output / "copies"
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict] = {}
    waiting = []
    for copy in copies:
        if copy.file is None:
            results[copy.key] = _kept(folder, copy, session, _absent(session, copy))
            continue
        known = _read(folder / f"{copy.key}.json") if resume else None
        if known and known.get("digest") == digest(session, copy):
            results[copy.key] = known
        else:
            waiting.append(copy)
    if resume and results:
        tell(f"{len(copies) - len(waiting)} copie(s) déjà notée(s), inchangée(s).")
    start = time.monotonic()
    futures = {executor.submit(mark, session, copy.file.data): copy for copy in waiting}
    for done, future in enumerate(as_completed(futures), start=1):
        copy = futures[future]
        results[copy.key] = _kept(folder, copy, session, _outcome(future, session))
        pace = (time.monotonic() - start) / done
        tell(f"{done}/{len(waiting)}  {copy.student} : {_short(results[copy.key])}  "
             f"(reste environ {round(pace * (len(waiting) - done))} s)")
    return [results[copy.key] for copy in copies]


def digest(session: Session, copy: Submission) -> str:
    """Rend l'empreinte de tout ce dont dépend le résultat d'une copie."""
    return hashlib.sha256(session.digest.encode() + (copy.file.data if copy.file else b"")).hexdigest()


def graded(result: Mapping, copy: Submission, scale: Scale, date: datetime | None) -> dict:
    """Ajoute à un résultat la note, selon le barème, et l'explication de son calcul."""
    value, told = scale.mark(result["points"], result["total"], date) if result["status"] == "notée" else (0.0, [])
    return {**result, "student": copy.student, "identifier": copy.identifier, "key": copy.key, "notes": copy.notes,
            "mark": value, "out_of": scale.sur, "explanation": told}


def write_reports(session: Session, copies: Sequence[Submission], results: Sequence[Mapping], output: Path,
                  scale: Scale, worksheet: bytes | None = None) -> list[str]:
    """Écrit pages, CSV, JSON et feuille Moodle dans ``output`` ; rend ce qui n'a pu être inscrit."""
    sheet = moodle.read(worksheet) if worksheet is not None else None
    final = []
    for copy, result in zip(copies, results, strict=True):
        date = sheet.submitted(copy.identifier) if sheet and copy.identifier else None
        date = date or (copy.file.date if copy.file else None)
        final.append({**graded(result, copy, scale, date), "exercise": session.exercise})
    template = {cell.id: stub_of(cell.source) for cell in session.notebook.cells if is_answer(cell)}
    pairs = similarity.alike({result["student"]: result["answers"] for result in final}, template)
    for result in final:
        write(output / "eleves" / f"{result['key']}.html", reports.student_page(result))
    write(output / "classe.html", reports.class_page(session.exercise, final, pairs, session.seed, session.digest))
    write(output / "notes.csv", "\ufeff" + reports.marks_csv(final))
    write(output / "resultats.json", json.dumps(
        {"exercice": session.exercise, "graine": session.seed, "empreinte": session.digest, "resultats": final,
         "ressemblances": [asdict(pair) for pair in pairs]}, ensure_ascii=False, indent=1))
    if sheet is None:
        return []
    marks = {result["identifier"]: (result["mark"], reports.comment(result)) for result in final
             if result["identifier"] and result["status"] == "notée"}
    content, problems = moodle.filled(sheet, marks)
    write(output / "moodle.csv", content)
    return problems


def write(path: Path, content: str | bytes) -> None:
    """Écrit un fichier d'un seul coup : à côté, puis renommé."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    aside.replace(path)


def _outcome(future: Future, session: Session) -> dict:
    try:
        return future.result()
    except Exception as error:  # une copie ne doit jamais arrêter la classe : la raison est écrite dans son résultat
        return _empty(session, f"Défaut du correcteur sur cette copie ({type(error).__name__}) : {str(error)[:500]}. "
                               "Les autres copies ne sont pas touchées ; relancez avec --reprendre.")


def _absent(session: Session, copy: Submission) -> dict:
    return _empty(session, "; ".join(copy.notes) or "aucun fichier")


def _empty(session: Session, reason: str) -> dict:
    return {"status": "illisible", "reason": reason, "questions": [], "points": 0.0,
            "total": sum(points for _, points in session.questions()), "repairs": [], "alerts": [], "answers": {},
            "computing": 0.0, "seconds": 0.0}


def _kept(folder: Path, copy: Submission, session: Session, result: dict) -> dict:
    # Un défaut du correcteur n'est pas gardé comme une note : la reprise recommencera cette copie.
    failed = result["reason"].startswith("Défaut du correcteur")
    result = {**result, "digest": "" if failed else digest(session, copy)}
    write(folder / f"{copy.key}.json", json.dumps(result, ensure_ascii=False, indent=1))
    return result


def _read(path: Path) -> dict | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _short(result: Mapping) -> str:
    if result["status"] != "notée":
        return result["status"]
    return f"{result['points']:g} sur {result['total']:g}"

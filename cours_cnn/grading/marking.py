"""Noter une copie : la reconstruire, la faire exécuter et juger par nbval, relever les points.

:func:`mark` est l'unité de travail : des données en entrée, des données en sortie, aucun état. Elle peut donc passer
par n'importe quel exécuteur de ``concurrent.futures``, sur cette machine ou sur une grappe (Dask, Ray).
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from cours_cnn.grading import reading, rebuild
from cours_cnn.grading.judge import SHARE
from cours_cnn.grading.session import KERNELS, Session, marking_environment

SHOWN = 4_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_VERDICTS = (("dépasse", "délai"), ("noyau s'est arrêté", "noyau"), ("exception", "erreur"), ("Mo", "flot"))


class Collector:
    """Greffon pytest d'une seule copie : relève le verdict de chaque cellule et ce qu'elle a écrit."""

    def __init__(self):
        self.cells: dict[str, dict] = {}
        self.defect = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        """Note l'issue de l'exécution d'une cellule."""
        report = yield
        if call.when == "setup" and report.failed:
            # Le noyau n'a pas démarré comme il le devait : aucune réponse n'en est responsable.
            self.defect = clean(str(call.excinfo.value))
        elif call.when == "call":
            error = getattr(call.excinfo, "value", None)
            self.cells[item.name] = {
                "passed": report.passed, "seconds": round(call.duration, 3),
                "headline": clean(getattr(error, "headline", str(error or ""))),
                "details": clean(getattr(error, "details", "")), **_written(item)}
            if (earned := dict(item.user_properties).get(SHARE)) is not None:
                self.cells[item.name]["share"] = earned
        return report


def mark(session: Session, data: bytes | None) -> dict:
    """Note une copie et rend son résultat, fait de données simples (JSON).

    ``data`` : contenu du fichier de l'élève ; ``None`` note le corrigé lui-même. Le résultat contient ``status``
    (``"notée"`` ou ``"illisible"``), ``reason``, ``questions``, ``points``, ``total``, ``repairs``, ``alerts``,
    ``answers``, ``seconds`` (durée totale) et ``computing`` (celle de ses cellules). Tout défaut de
    la copie devient un résultat ; un défaut du correcteur est levé.
    """
    start = time.monotonic()
    total = sum(points for _, points in session.questions())
    empty = {"status": "illisible", "reason": "", "questions": [], "points": 0.0, "total": total, "repairs": [],
             "alerts": [], "answers": {}, "computing": 0.0}
    try:
        found = None if data is None else reading.read(data)
    except reading.UnreadableError as error:
        return empty | {"reason": str(error), "seconds": round(time.monotonic() - start, 3)}
    rebuilt = rebuild.rebuild(session.notebook, found, session.expected)
    cells = run_all(rebuilt, session)
    questions = [_question(name, points, cells, rebuilt.groups) for name, points in session.questions()]
    return empty | {
        "status": "notée", "questions": questions, "points": sum(question["earned"] for question in questions),
        "repairs": rebuilt.repairs, "alerts": rebuilt.alerts, "answers": rebuilt.answers,
        "computing": round(sum(cell["seconds"] for cell in cells.values()), 3),
        "seconds": round(time.monotonic() - start, 3)}


def run_all(rebuilt: rebuild.Rebuilt, session: Session) -> dict[str, dict]:
    """Comme :func:`run`, mais une réponse qui tue ou sature le noyau ne prive pas de points les autres questions.

    La copie est alors reprise sans les cellules de la question fautive, dont le verdict est gardé.
    """
    kept: dict[str, dict] = {}
    groups = rebuilt.groups
    while True:
        cells = run(rebuilt.notebook, session)
        culprit = _culprit(cells, groups)
        if culprit is None:
            return cells | kept
        group = groups.get(culprit)
        ours = [cell for cell in rebuilt.notebook.cells if groups[cell.id] == group and "nbgrader" not in cell.metadata]
        if not any(cell.source.strip() for cell in ours):
            return cells | kept  # la faute ne vient pas d'une cellule de l'élève
        # Ce qui est juste malgré tout le reste, même si la reprise, sans la réponse fautive, n'y parvient plus.
        kept |= {name: cell for name, cell in cells.items()
                 if groups.get(name) == group or (cell["passed"] and name not in kept)}
        for cell in ours:
            cell.source = ""


def run(notebook, session: Session) -> dict[str, dict]:
    """Fait exécuter et juger ``notebook`` par nbval ; rend ce que :class:`Collector` a relevé, par cellule.

    Lève ``RuntimeError`` si le noyau protégé ne démarre pas : une copie ne peut en pâtir.
    """
    collector, console = Collector(), io.StringIO()
    # Le dossier est privé et n'est pas visible du noyau : il contient les sorties de référence.
    with tempfile.TemporaryDirectory(prefix="cours-cnn-notation-") as folder:
        path = Path(folder, "copie.ipynb")
        nbformat.write(notebook, path)
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        # Rien d'autre que nbval et le juge : un greffon installé à côté ne peut ni ralentir ni changer le jugement. Les
        # greffons des exceptions perdues passent le ramasse-miettes plusieurs fois : un tiers de seconde par copie.
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-p", "no:threadexception",
                   "-p", "nbval.plugin", "-p", "cours_cnn.grading.judge", "--nbval", "--nbval-current-env",
                   f"--nbval-cell-timeout={session.cell_limit:g}", "--sans-budget",
                   f"--noyaux={KERNELS[session.protection]}", "--rootdir", folder,
                   "-c", str(Path(folder, "pytest.ini")), "--color=no", str(path)]
        with marking_environment(session), contextlib.redirect_stdout(console), contextlib.redirect_stderr(console):
            code = pytest.main(options, plugins=[collector])
    if collector.defect:
        raise RuntimeError(collector.defect)
    if not collector.cells:
        raise RuntimeError(f"nbval n'a jugé aucune cellule (pytest, code {int(code)}).\n{console.getvalue()[-SHOWN:]}")
    return collector.cells


def _culprit(cells: Mapping[str, dict], groups: Mapping[str, str]) -> str | None:
    """Rend la cellule qui a tué le noyau, ou qui l'a saturé si une autre question échoue après elle, ou ``None``."""
    killer = next((name for name, cell in cells.items() if _shows(cell, "s'est arrêté pendant", "refuse de s'interr")),
                  None)
    if killer is not None:
        return killer
    names = list(cells)
    for rank, name in enumerate(names):
        later = [other for other in names[rank + 1:] if groups.get(other) != groups.get(name)]
        if _shows(cells[name], "dépasse", "affiche plus de") and not all(cells[other]["passed"] for other in later):
            return name
    return None


def _shows(cell: Mapping, *signs: str) -> bool:
    return any(sign in cell["headline"] for sign in signs)


def clean(text: str) -> str:
    """Rend un texte sans séquence de terminal, caractère de contrôle ni inversion de sens, borné en longueur."""
    text = _CONTROL.sub("", _ANSI.sub("", str(text)))
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _written(item) -> dict[str, str]:
    stdout, stderr = [], []
    for output in getattr(item, "test_outputs", None) or []:
        if output.get("output_type") == "stream":
            (stderr if output.get("name") == "stderr" else stdout).append(str(output.get("text", ""))[:SHOWN])
    return {"stdout": clean("".join(stdout)), "stderr": clean("".join(stderr))}


def _question(name: str, points: float, cells: Mapping[str, dict], groups: Mapping[str, str]) -> dict:
    """Rend le résultat d'une question : points, verdict, et ce qui aide à comprendre un échec."""
    cell = cells.get(name, {"passed": False, "seconds": 0, "headline": "cellule non exécutée", "details": "",
                            "stdout": "", "stderr": ""})
    answer = [one for other, one in cells.items() if other != name and groups.get(other) == groups.get(name)]
    share = cell.get("share")
    earned = points if cell["passed"] else 0.0
    verdict = "juste" if cell["passed"] else next(
        (word for sign, word in _VERDICTS if sign in cell["headline"]), "faux")
    message = cell["headline"]
    if share is not None and not cell["passed"]:
        # Le décompte des prédictions justes ne révèle aucune étiquette : il est montré.
        verdict, message = "partiel" if share else "faux", cell["details"].splitlines()[0]
    failed = next((one for one in answer if not one["passed"]), None)
    return {"id": name.removesuffix("-evaluation"), "cell": name, "points": points,
            "earned": earned if share is None else share * points, "verdict": verdict, "message": message,
            "seconds": cell["seconds"],
            # Le détail d'une évaluation montrerait les valeurs attendues : seule l'erreur de la réponse est montrée.
            "answer_error": "" if failed is None else f"{failed['headline']}\n{failed['details']}".strip(),
            "error": cell["details"] if verdict == "erreur" else "",
            "stdout": "".join(one["stdout"] for one in answer)[:SHOWN],
            "stderr": "".join(one["stderr"] for one in [*answer, cell])[:SHOWN]}

"""Une session de notation : une graine secrète, et ce que le corrigé répond à cette graine.

Les cellules d'évaluation écrivent des données tirées de la graine. Le corrigé est exécuté une fois par session, dans
les mêmes conditions qu'une copie ; ses sorties sont la référence que nbval compare. Le noyau d'un élève ne détient ni
valeur attendue, ni verdict, ni vérificateur.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from cours_cnn.grading.provisioner import (
    EVALUATION_VARIABLE,
    HIDDEN_VARIABLE,
    SEED_VARIABLE,
    SHOWN_VARIABLE,
    SILENCED_VARIABLE,
    chosen,
)
from cours_cnn.grading.rebuild import grader_of, is_evaluation, rebuild
from cours_cnn.grading.scoring import drawn

KERNELS = {"prison": "cours-cnn-prison", "bwrap": "cours-cnn-bwrap", "aucune": "cours-cnn-rapide"}
CELL_LIMIT_S = 60


class SessionError(RuntimeError):
    """La session ne peut commencer ; le message dit ce qu'il faut corriger, le plus souvent dans le corrigé."""


@dataclass(frozen=True)
class Session:
    """Ce qu'il faut pour noter une copie ; s'écrit en JSON, pour les autres processus et pour un recours.

    ``master`` : texte du corrigé ; ``expected`` : sorties de référence par cellule d'évaluation ; ``seed`` : graine
    tirée au sort ; ``protection`` : ``"prison"``, ``"bwrap"`` ou ``"aucune"`` ; ``labels`` : étiquettes cachées des
    cellules notées d'après leurs prédictions ; ``shown`` : fichiers d'images montrés aux noyaux, et leur empreinte.
    """

    exercise: str
    master: str
    seed: int
    protection: str = "prison"
    expected: Mapping[str, list] = field(default_factory=dict)
    labels: Mapping[str, list] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    cell_limit: float = CELL_LIMIT_S

    @property
    def notebook(self) -> nbformat.NotebookNode:
        """Le corrigé."""
        return nbformat.reads(self.master, as_version=4)

    @property
    def digest(self) -> str:
        """Rend l'empreinte de tout ce dont dépend une note, hors la copie elle-même."""
        content = [self.master, self.seed, self.expected, self.labels, sorted(self.shown.values()), self.protection,
                   self.cell_limit]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def questions(self) -> list[tuple[str, float]]:
        """Rend (cellule d'évaluation, points) dans l'ordre du corrigé."""
        return [(cell.get("id", ""), float(grader_of(cell).get("points", 0)))
                for cell in self.notebook.cells if is_evaluation(cell)]


def draw_seed() -> int:
    """Tire une graine imprévisible, admise par NumPy."""
    return secrets.randbelow(2**31 - 1)


def open_session(master: Path, *, seed: int | None = None, protection: str = "prison",
                 cell_limit: float = CELL_LIMIT_S) -> Session:
    """Prépare une session : lit le corrigé, l'exécute avec la graine, garde ses sorties.

    Lève :class:`SessionError` si le corrigé est illisible, ne rapporte aucun point ou échoue.
    """
    try:
        notebook = identified(nbformat.reads(master.read_text(encoding="utf-8"), as_version=4))
    except (OSError, ValueError) as error:
        raise SessionError(f"Le corrigé {master.name} ne peut être lu : {error}") from None
    seed = draw_seed() if seed is None else seed
    labels, shown = hidden_parts(notebook, master.parent, seed)
    session = Session(master.stem, nbformat.writes(notebook), seed, protection, cell_limit=cell_limit, labels=labels,
                      shown=shown)
    if not session.questions():
        raise SessionError(f"Le corrigé {master.name} n'a aucune cellule d'évaluation : rien à noter.")
    return Session(**{**vars(session), "expected": _reference(session)})


def identified(notebook):
    """Donne à chaque cellule un identifiant stable : celui de nbgrader s'il existe, le sien, ou son rang.

    Les notebooks antérieurs au format 4.5 n'en ont pas, et nbformat leur en tirerait un au hasard à chaque lecture.
    """
    old = notebook.get("nbformat_minor", 0) < 5
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    for rank, cell in enumerate(notebook.cells, start=1):
        named = str(grader_of(cell).get("grade_id", "")) or ("" if old else cell.get("id", ""))
        name = re.sub(r"[^A-Za-z0-9_-]", "-", named)[:60] or f"cellule-{rank}"
        cell["id"] = name if name not in seen else f"{name}-{rank}"
        seen.add(cell["id"])
    return notebook


@contextmanager
def marking_environment(session: Session) -> Iterator[None]:
    """Règle l'environnement dont les noyaux de la session dépendent, puis le rétablit."""
    checks = Path(__file__).parents[1] / "checks"
    private = [path for path in sorted(checks.iterdir()) if path.is_dir() and path.name != "__pycache__"]
    wanted = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", SEED_VARIABLE: str(session.seed),
              SHOWN_VARIABLE: os.pathsep.join(session.shown),
              EVALUATION_VARIABLE: str(Path(next(iter(session.shown))).parent) if session.shown else "",
              HIDDEN_VARIABLE: os.pathsep.join(map(str, private)),
              SILENCED_VARIABLE: os.pathsep.join(f"cours_cnn.checks.{path.name}" for path in private)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _reference(session: Session) -> dict[str, list]:
    """Exécute le corrigé et rend les sorties de ses cellules d'évaluation, sortie d'erreur et images exclues."""
    notebook = rebuild(session.notebook, None).notebook
    client = NotebookClient(notebook, kernel_name="python3", timeout=round(4 * session.cell_limit),
                            record_timing=False)
    try:
        with marking_environment(session), chosen(KERNELS[session.protection]):
            client.execute()
    except CellExecutionError as error:
        raise SessionError(f"Le corrigé de « {session.exercise} » échoue ({error.ename} : {error.evalue}) ; aucune "
                           "copie n'est notée.") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise SessionError(f"Le corrigé de « {session.exercise} » dépasse le temps admis ou tue son noyau "
                           f"({type(error).__name__}) ; aucune copie n'est notée.") from None
    expected = {cell.id: [_plain(output) for output in cell.outputs if output.get("name") != "stderr"]
                for cell in notebook.cells if is_evaluation(cell)}
    # Une cellule à score est jugée sur les étiquettes cachées, non sur les prédictions du corrigé.
    return expected | {name: [{"output_type": "stream", "name": "stdout", "text": json.dumps(labels)}]
                       for name, labels in session.labels.items()}


def _plain(output) -> dict:
    return json.loads(json.dumps(output))


def hidden_parts(notebook, folder: Path, seed: int) -> tuple[dict[str, list], dict[str, str]]:
    """Rend les étiquettes cachées que la graine choisit, par cellule à score, et les fichiers d'images à montrer."""
    return _labels(notebook, folder, seed), _shown(notebook, folder)


def _labels(notebook, folder: Path, seed: int) -> dict[str, list]:
    """Lit les étiquettes cachées des cellules à score, celles que la graine choisit."""
    found = {}
    for cell, score in _scored(notebook):
        path = folder / score["etiquettes"]
        try:
            found[cell.id] = drawn(json.loads(path.read_text(encoding="utf-8")), score, seed)
        except (OSError, ValueError, TypeError) as error:
            raise SessionError(f"Les étiquettes cachées {path.name} de la cellule {cell.id} ne peuvent être lues : "
                               f"{error}") from None
    return found


def _shown(notebook, folder: Path) -> dict[str, str]:
    """Rend le chemin et l'empreinte des fichiers d'images que les cellules à score montrent au noyau."""
    found = {}
    for cell, score in _scored(notebook):
        if "images" in score:
            path = (folder / score["images"]).resolve()
            try:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                raise SessionError(f"Les images cachées {path.name} de la cellule {cell.id} ne peuvent être lues : "
                                   f"{error}") from None
    return found


def _scored(notebook) -> list:
    return [(cell, score) for cell in notebook.cells if (score := cell.metadata.get("cours", {}).get("score"))]

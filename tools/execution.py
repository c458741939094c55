"""Exécution d'un notebook depuis un noyau neuf, dans son dossier, avec la progression affichée."""

from __future__ import annotations

import copy
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.normalisation import Refusal
from tools.pages import tags

DEFAULT_TIMEOUT_S = 300
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def executed(notebook, folder: Path, *, tell: Callable[[str], None] = print):
    """Exécute toutes les cellules de code d'une copie de ``notebook`` et la rend.

    ``folder`` : dossier de travail du noyau ; ``tell`` reçoit une ligne de progression par cellule. Lève
    :class:`Refusal` si une cellule échoue sans l'étiquette « raises-exception », dépasse son temps ou tue le noyau.
    """
    result = copy.deepcopy(notebook)
    cells = [(index, cell) for index, cell in enumerate(result.cells) if cell.cell_type == "code"]
    client = NotebookClient(
        result, kernel_name="python3", record_timing=False, timeout_func=_limit,
        resources={"metadata": {"path": str(folder)}},
    )
    begin = time.monotonic()
    with client.setup_kernel(stderr=subprocess.DEVNULL):
        for rank, (index, cell) in enumerate(cells, start=1):
            start = time.monotonic()
            cell.outputs, cell.execution_count = [], None
            _run(client, cell, index)
            cell.execution_count = rank
            tell(f"  cellule {rank}/{len(cells)}  {time.monotonic() - start:6.1f} s  {cell.get('id', '')}")
    tell(f"  total {time.monotonic() - begin:.1f} s, démarrage du noyau compris")
    return result


def _limit(cell) -> float:
    return float(cell.metadata.get("cours", {}).get("timeout", DEFAULT_TIMEOUT_S))


def _run(client: NotebookClient, cell, index: int) -> None:
    name = cell.get("id", index)
    if "nbval-raises-exception" in tags(cell):
        cell.metadata.tags.append("raises-exception")
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        trace = _ANSI.sub("", error.traceback).strip()
        raise Refusal(f"la cellule « {name} » lève {error.ename} : {error.evalue}\n{trace}") from None
    except CellTimeoutError:
        raise Refusal(f"la cellule « {name} » dépasse {_limit(cell):g} s (métadonnée cours.timeout)") from None
    except DeadKernelError:
        raise Refusal(f"le noyau s'est arrêté pendant la cellule « {name} »") from None
    finally:
        if "nbval-raises-exception" in tags(cell):
            cell.metadata.tags.remove("raises-exception")

"""Devenir un noyau : ce que font, une fois enfermés, une copie du zygote et le noyau froid de bubblewrap.

Les deux chemins passent par :func:`start` ; graine, vérifications muettes et environnement sont donc les mêmes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import socket
import sys
import types
from pathlib import Path

PRELOADED = ("numpy", "matplotlib.figure", "PIL.Image", "tensorflow", "keras", "ipykernel.kernelapp",
             "ipykernel.ipkernel", "ipykernel.debugger", "cours_cnn.anatomy", "cours_cnn.figures", "cours_cnn.data",
             "cours_cnn.architectures", "cours_cnn.checks.probing")
MESSAGE = 1 << 20
READY = b"pret"


def preload() -> None:
    """Importe ce dont les notebooks se servent ; rien n'est calculé."""
    # Matplotlib choisit en s'important où vont les figures : dans le notebook, comme pour un noyau ordinaire.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for name in PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)


def start(request: dict, link: socket.socket) -> None:
    """Fait de ce processus le noyau que décrit ``request``, annonce qu'il est prêt, et le sert jusqu'à sa fin."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    keep = link.fileno()
    os.closerange(3, keep)
    os.closerange(keep + 1, 4096)
    os.environ.clear()
    os.environ.update(request["env"])
    reseed(request["seed"])
    for name in request["silenced"]:
        sys.modules[name] = silent_module(name)
    connection = Path(request["connection_file"])
    connection.write_text(json.dumps(request["connection"]), encoding="utf-8")
    sys.argv = ["ipykernel_launcher", "-f", str(connection)]
    sys.path[0] = request["cwd"]
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(["-f", str(connection), "--HistoryManager.enabled=False"])
    link.send(READY)
    link.close()
    app.start()
    os._exit(0)


def reseed(seed: int | None) -> None:
    """Fait repartir le hasard de ``seed``, où que le zygote en soit ; ``None`` : d'une graine neuve, du système."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(None if seed is None else seed % 2**32)
    if "keras" in sys.modules and seed is not None:
        sys.modules["keras"].utils.set_random_seed(seed % 2**32)


def silent_module(name: str) -> types.ModuleType:
    """Rend un module dont chaque nom est une fonction sans effet : il tient lieu des vérifications de l'élève."""
    def silent(attribute: str):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return lambda *args, **kwargs: None

    module = types.ModuleType(name)
    module.__getattr__ = silent
    return module

"""Un verrou entre processus : deux programmes ne téléchargent pas ensemble le même fichier."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Garde le verrou ``path`` pour un seul processus ou fil d'exécution.

    ``waiting`` est appelée une fois s'il faut attendre. Le système libère le verrou si le processus meurt. Là
    où il n'en offre pas (certains disques réseau), on continue sans : l'appelant vérifie ce qu'il publie.
    Lève ``OSError`` si le fichier du verrou ne peut être créé.
    """
    with path.open("a+b") as file:
        told = False
        while not _try_lock(file):
            if not told:
                waiting()
                told = True
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(file)


def _try_lock(file) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except PermissionError:
        return os.name != "nt"  # Windows répond ainsi quand le verrou est déjà pris
    except OSError:
        return True
    return True


def _unlock(file) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_UN)

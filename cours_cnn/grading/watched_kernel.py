"""Noyau surveillé : le noyau de nbval, dont la mort se voit aussitôt et dont la sortie ne peut saturer la mémoire."""

from __future__ import annotations

import time
from collections import deque
from queue import Empty

POLL_S = 0.1
OUTPUT_CAP = 2_000_000
# Les seuls messages que nbval attend, hors sorties ; un noyau hostile peut en envoyer d'autres, sans fin.
_EXPECTED = ("status", "execute_input", "error", "clear_output")
_FORGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_MOST_WAITING = 20_000
_ENVELOPE = 200  # octets comptés par message, pour qu'une pluie de messages vides atteigne aussi le plafond


class KernelDied(RuntimeError):  # noqa: N818 — un fait constaté, que le juge traduit en verdict
    """Le noyau s'est arrêté pendant l'exécution d'une cellule."""


class WatchedKernel:
    """Enveloppe d'un ``nbval.kernel.RunningKernel``, de même interface.

    Pendant l'attente d'une réponse, les messages sont lus au fil de l'eau (au plus ``cap`` octets par cellule, le
    reste est compté mais jeté) et la vie du noyau est vérifiée toutes les 0,1 s (nbval attendrait le délai entier).
    """

    def __init__(self, kernel, cap: int = OUTPUT_CAP):
        self._kernel, self._cap = kernel, cap
        self._waiting: deque = deque()
        self.received = 0

    @property
    def truncated(self) -> bool:
        """Vrai si la dernière cellule a affiché plus que ``cap`` octets."""
        return self.received > self._cap

    @property
    def language(self):
        """Le langage du noyau."""
        return self._kernel.language

    def execute_cell_input(self, cell_input, allow_stdin=None):
        """Envoie une cellule au noyau et rend l'identifiant du message."""
        self._waiting.clear()
        self.received = 0
        return self._kernel.execute_cell_input(cell_input, allow_stdin=allow_stdin)

    def await_reply(self, msg_id, timeout=None):
        """Attend la réponse à ``msg_id`` ; lève ``Empty`` après ``timeout`` secondes, ``KernelDied`` si le noyau meurt.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            self._drain()
            try:
                message = self._kernel.kc.get_shell_msg(timeout=POLL_S)
                mine = message["parent_header"].get("msg_id") == msg_id
            except (Empty, *_FORGED):
                self._check(limit)
                continue
            if mine:
                return

    def exit_code(self) -> int | None:
        """Rend le code de sortie du noyau mort, ou ``None`` s'il est inconnu."""
        process = getattr(getattr(getattr(self._kernel, "km", None), "provisioner", None), "process", None)
        return process.poll() if process is not None else None

    def get_message(self, stream, timeout=None):
        """Rend le message suivant de ``stream`` ; lève ``Empty`` après ``timeout`` secondes."""
        if stream != "iopub":
            return self._kernel.get_message(stream, timeout=timeout)
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._waiting:
            try:
                self._take(POLL_S)
            except Empty:
                self._check(limit)
        return self._waiting.popleft()

    def await_idle(self, parent_id, timeout):
        """Lit les messages jusqu'à ce que le noyau annonce la fin de ``parent_id``."""
        while True:
            message = self.get_message("iopub", timeout=timeout)
            idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if idle and message["parent_header"].get("msg_id") == parent_id:
                return

    def is_alive(self) -> bool:
        """Dit si le noyau tourne encore."""
        return self._kernel.is_alive()

    def interrupt(self) -> None:
        """Interrompt la cellule en cours."""
        self._kernel.interrupt()

    def restart(self) -> None:
        """Redémarre le noyau."""
        self._kernel.restart()

    def stop(self) -> None:
        """Arrête le noyau et ferme ses canaux."""
        self._kernel.stop()

    def _check(self, limit: float | None) -> None:
        if not self.is_alive():
            raise KernelDied
        if limit is not None and time.monotonic() > limit:
            raise Empty

    def _drain(self) -> None:
        """Lit les messages déjà arrivés, sans s'attarder : une cellule peut afficher sans fin."""
        stop = time.monotonic() + POLL_S
        while time.monotonic() < stop:
            try:
                self._take(0)
            except Empty:
                return

    def _take(self, timeout: float) -> None:
        """Lit un message ; un message forgé, que jupyter_client ne sait pas lire, est compté puis oublié."""
        try:
            message = self._kernel.kc.get_iopub_msg(timeout=timeout)
            kind, size = message["msg_type"], _size(message)
        except Empty:
            raise
        except _FORGED:
            self.received += _ENVELOPE
            return
        self.received += size
        outputs = kind in ("stream", "display_data", "execute_result", "update_display_data")
        # L'erreur est gardée même au-delà du plafond : c'est elle qui explique l'échec.
        kept = (outputs and not self.truncated) or kind in _EXPECTED
        if kept and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(message)


def _size(message) -> int:
    """Rend le poids d'une sortie, en octets ; lève une erreur si le message n'a pas la forme attendue."""
    kind, content = message["msg_type"], message["content"]
    message["parent_header"].get("msg_id")
    if kind == "stream":
        if content["name"] not in ("stdout", "stderr") or not isinstance(content["text"], str):
            raise ValueError(kind)
        return len(content["text"])
    if kind in ("display_data", "execute_result", "update_display_data"):
        return sum(len(str(value)) for value in content["data"].values())
    if kind == "error":
        return len(content["ename"]) + len(content["evalue"]) + sum(map(len, content["traceback"]))
    if kind == "status" and not isinstance(content["execution_state"], str):
        raise ValueError(kind)
    return 0 if kind in _EXPECTED else _ENVELOPE + len(str(content))

"""Un client de noyau qui ne patiente pas : il sait que le noyau a tout dit, au lieu d'attendre qu'il se taise.

Celui de ``jupyter_client`` vide le canal des sorties jusqu'à un silence de deux dixièmes de seconde, à chaque noyau.
"""

from __future__ import annotations

import time
from queue import Empty

from jupyter_client.blocking import BlockingKernelClient

_REPLY_S, _SILENCE_S, _LIMIT_S = 1.0, 0.2, 60.0


class PromptClient(BlockingKernelClient):
    """Client bloquant, prêt dès que le noyau a répondu et que ses sorties arrivent."""

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """Attend le noyau au plus ``timeout`` secondes (60) ; lève ``RuntimeError`` s'il est mort ou trop lent."""
        limit = time.monotonic() + (_LIMIT_S if timeout is None else timeout)
        while True:
            asked = self.kernel_info()
            try:
                reply = self._reply_to(asked)
                self._read_until_idle(asked)
            except Empty:   # trop tôt, ou le canal des sorties n'était pas encore ouvert : on redemande
                if not self.is_alive():
                    raise RuntimeError("le noyau est mort avant de répondre.") from None
                if time.monotonic() > limit:
                    raise RuntimeError(f"le noyau n'a pas répondu en {timeout:g} s.") from None
                continue
            self._handle_kernel_info_reply(reply)
            return

    def _reply_to(self, asked: str) -> dict:
        while True:
            message = self.get_shell_msg(timeout=_REPLY_S)
            if message["parent_header"].get("msg_id") == asked:
                return message

    def _read_until_idle(self, asked: str) -> None:
        while True:
            message = self.get_iopub_msg(timeout=_SILENCE_S)
            done = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if done and message["parent_header"].get("msg_id") == asked:
                return

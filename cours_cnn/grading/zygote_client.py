"""Le côté de qui demande des noyaux au zygote : le lancer, lui parler, suivre la vie de chaque noyau."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

from cours_cnn.grading.kernel_start import MESSAGE

START_LIMIT_S = 120.0


class ZygoteError(RuntimeError):
    """Le zygote ne peut servir ; le message dit pourquoi."""


class KernelHandle:
    """Un noyau copié du zygote, avec l'interface de ``subprocess.Popen`` dont ``jupyter_client`` a besoin."""

    stdin = stdout = stderr = None

    def __init__(self, zygote: Zygote, identifier: int, pid: int):
        self.zygote, self.identifier, self.pid = zygote, identifier, pid

    def poll(self) -> int | None:
        """Rend le code de sortie du noyau, ou ``None`` s'il tourne encore."""
        return self.zygote.exit_code(self.identifier)

    def wait(self, timeout: float | None = None) -> int:
        """Attend la fin du noyau ; lève ``TimeoutError`` au-delà de ``timeout`` secondes."""
        limit = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if limit is not None and time.monotonic() > limit:
                raise TimeoutError
            time.sleep(0.01)
        return self.poll()

    def send_signal(self, signum: int) -> None:
        """Envoie un signal au noyau ; sans effet s'il est déjà mort."""
        if self.poll() is None:
            try:
                os.kill(self.pid, signum)
            except ProcessLookupError:
                return

    def terminate(self) -> None:
        """Tue le noyau : premier processus de sa prison, il entraîne tous les autres."""
        self.kill()

    def kill(self) -> None:
        """Tue le noyau."""
        self.send_signal(signal.SIGKILL)


class Zygote:
    """Un zygote en marche. ``tensorflow`` dit s'il a pu charger TensorFlow."""

    _shared: dict[int, Zygote] = {}  # noqa: RUF012 — un zygote par processus : jupyter_client crée les fournisseurs

    def __init__(self):
        if sys.platform != "linux":
            raise ZygoteError(f"le zygote demande Linux ; ce système est {sys.platform}.")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE)
        environment = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cours_cnn.grading.zygote", str(theirs.fileno())], pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
            start_new_session=True)
        theirs.close()
        self._channel, self._count = ours, 0
        self._answers: dict[int, dict] = {}
        self._exits: dict[int, int] = {}
        self.tensorflow = bool(self._receive(START_LIMIT_S).get("tensorflow"))
        atexit.register(self.close)

    @classmethod
    def shared(cls) -> Zygote:
        """Rend le zygote de ce processus, lancé au premier appel ou s'il est mort ; lève :class:`ZygoteError`."""
        known = cls._shared.get(os.getpid())
        if known is None or known.process.poll() is not None:
            known = cls._shared[os.getpid()] = cls()
        return known

    def spawn(self, request: dict) -> KernelHandle:
        """Demande un noyau ; lève :class:`ZygoteError` si le zygote le refuse."""
        self._count += 1
        identifier = self._count
        self._channel.send(json.dumps(request | {"id": identifier}).encode())
        limit = time.monotonic() + 30
        while identifier not in self._answers:
            self._note(self._receive(limit - time.monotonic()))
        answer = self._answers.pop(identifier)
        if "error" in answer:
            raise ZygoteError(answer["error"])
        return KernelHandle(self, identifier, answer["pid"])

    def exit_code(self, identifier: int) -> int | None:
        """Rend le code de sortie du noyau ``identifier``, ou ``None`` s'il tourne encore."""
        while select.select([self._channel], [], [], 0)[0]:
            try:
                self._note(self._receive(1))
            except ZygoteError:
                return self._exits.get(identifier, -signal.SIGKILL)
        return self._exits.get(identifier)

    def close(self) -> None:
        """Arrête le zygote et tous ses noyaux."""
        self._channel.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _note(self, message: dict) -> None:
        if "exit" in message:
            self._exits[message["id"]] = message["exit"]
        else:
            self._answers[message["id"]] = message

    def _receive(self, limit: float) -> dict:
        if not select.select([self._channel], [], [], max(0, limit))[0]:
            raise ZygoteError("le zygote ne répond pas.")
        try:
            data = self._channel.recv(MESSAGE)
        except OSError as error:
            raise ZygoteError(f"le zygote est injoignable ({error.strerror}).") from None
        if not data:
            raise ZygoteError("le zygote s'est arrêté ; s'il ne démarre jamais, vérifiez que TensorFlow et ipykernel "
                              "sont installés.")
        return json.loads(data)

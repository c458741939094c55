"""Le zygote : un processus où TensorFlow est chargé, mais n'a rien calculé, et dont chaque noyau est une copie.

    python -m cours_cnn.grading.zygote DESCRIPTEUR

Charger TensorFlow prend plusieurs secondes ; dupliquer (*fork*) un processus qui l'a chargé, quelques millisecondes.
La condition est qu'aucune opération n'ait été exécutée : les fils d'exécution de TensorFlow n'existent pas dans la
copie, qui se bloquerait. Le zygote le vérifie avant chaque copie.

Il obéit au processus qui l'a lancé, par une prise héritée ; messages JSON : ``{"id", "kernel", "env", "jail"…}`` pour
demander un noyau ; en réponse ``{"id", "pid"}`` ou ``{"id", "error"}``, puis ``{"id", "exit"}`` quand il se termine.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

from cours_cnn.grading import jail as jails
from cours_cnn.grading.kernel_start import MESSAGE, READY, preload, start

_THREADS_OF_OPERATIONS = "tf_"


def main(descriptor: int) -> None:
    """Charge les bibliothèques, annonce qu'il est prêt, puis sert jusqu'à la fermeture de la prise."""
    jails.die_with_parent()
    channel = socket.socket(fileno=descriptor)
    preload()
    # Le ramasse-miettes d'une copie parcourrait tous ces objets, et chaque page touchée serait recopiée.
    gc.collect()
    gc.freeze()
    channel.send(json.dumps({"ready": True, "tensorflow": "tensorflow" in sys.modules}).encode())
    _serve(channel)


def operation_threads() -> list[str]:
    """Rend les noms des fils d'exécution que TensorFlow a créés ; une liste vide permet de dupliquer le processus."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if name.startswith(_THREADS_OF_OPERATIONS)]


def _serve(channel: socket.socket) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, reader], [], [])
        if reader in ready:
            with contextlib.suppress(BlockingIOError):
                while os.read(reader, 1024):
                    pass
            _reap(running, channel)
        if channel in ready:
            data = channel.recv(MESSAGE)
            if not data:
                return
            request = json.loads(data)
            try:
                supervisor, kernel = _spawn(request, (channel, reader, writer))
            except (OSError, RuntimeError) as error:
                channel.send(json.dumps({"id": request["id"], "error": str(error)}).encode())
            else:
                running[supervisor] = request["id"]
                channel.send(json.dumps({"id": request["id"], "pid": kernel}).encode())


def _reap(running: dict[int, int], channel: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in running:
            code = os.waitstatus_to_exitcode(status)
            channel.send(json.dumps({"id": running.pop(pid), "exit": code}).encode())


def _spawn(request: dict, inherited) -> tuple[int, int]:
    """Duplique le zygote ; rend les numéros de processus du surveillant et du noyau, premier de sa prison."""
    if found := operation_threads():
        raise RuntimeError(f"le zygote a exécuté une opération de TensorFlow (fils {', '.join(sorted(set(found)))}) : "
                           "il ne peut plus être dupliqué.")
    # Des messages séparés : une machine saturée lit d'un coup ce qu'un flux d'octets aurait collé.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    supervisor = os.fork()
    if supervisor == 0:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ours.close()
            for item in inherited:
                os.close(item if isinstance(item, int) else item.fileno())
            _supervise(request, theirs)
        except BaseException as error:
            with contextlib.suppress(OSError):
                theirs.send(f"!{error}".encode())
        os._exit(70)
    theirs.close()
    try:
        if request["jail"]:
            _expect(ours, b"separe")
            outer = os.getuid() or request["outer"]
            jails.map_identity(supervisor, outer)
            ours.send(b"identite")
        kernel = int(_expect(ours, None))
        _expect(ours, READY)
    except BaseException:
        os.kill(supervisor, signal.SIGKILL)
        os.waitpid(supervisor, 0)
        raise
    finally:
        ours.close()
    return supervisor, kernel


def _expect(link: socket.socket, wanted: bytes | None) -> bytes:
    link.settimeout(20)
    message = link.recv(4096)
    if message.startswith(b"!") or not message or (wanted is not None and message != wanted):
        raise RuntimeError(message[1:].decode("utf-8", "replace") or "le noyau s'est arrêté en démarrant")
    return message


def _supervise(request: dict, link: socket.socket) -> None:
    """Sépare les espaces de noms, lance le noyau dans les nouveaux, attend sa fin et en transmet le code."""
    os.setsid()
    jails.die_with_parent()
    if request["jail"]:
        jails.unshare()
        link.send(b"separe")
        _expect(link, b"identite")
    kernel = os.fork()
    if kernel == 0:
        try:
            _become_kernel(request, link)
        except BaseException as error:
            with contextlib.suppress(OSError):
                link.send(f"!{type(error).__name__} : {error}".encode())
        os._exit(70)
    link.send(str(kernel).encode())
    link.close()
    status = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    if status < 0:  # tué par un signal : le surveillant finit de la même façon
        signal.signal(-status, signal.SIG_DFL) if -status not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -status)
    os._exit(status)


def _become_kernel(request: dict, link: socket.socket) -> None:
    if request["jail"]:
        jails.enter(jails.Jail.of(request["jail"]))
    else:
        os.setpgid(0, 0)
        jails.die_with_parent()
        os.chdir(request["cwd"])
    start(request, link)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Le second chemin de protection : un noyau froid enfermé par bubblewrap, pour qui n'a pas la prison du zygote.

    python -m cours_cnn.grading.bubblewrap DESCRIPTEUR_DE_LA_DEMANDE DESCRIPTEUR_DU_NUMÉRO

La prison est la même (:class:`cours_cnn.grading.jail.Jail`) : mêmes chemins visibles, mêmes limites, même graine. Seul
le démarrage diffère : chaque noyau charge TensorFlow lui-même, soit quelques secondes de plus par copie.

Trois programmes se succèdent par ``exec`` : ce module, qui compose la commande ; ``bwrap``, qui enferme ; et, dedans,
:func:`inside`, qui pose les limites et devient le noyau. La demande (JSON) attend le dernier dans la prise héritée.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cours_cnn.grading import jail as jails
from cours_cnn.grading.kernel_start import MESSAGE, READY, preload, start
from cours_cnn.grading.zygote_client import START_LIMIT_S, KernelHandle, ZygoteError

INSTALL = "sudo apt install bubblewrap"
# Rien de ce qui est dehors ne se voit dedans, et aucun nouvel espace de noms ne peut y rendre des droits.
NAMESPACES = ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--disable-userns",
              "--uid", str(jails.INNER_ID), "--gid", str(jails.INNER_ID), "--die-with-parent", "--as-pid-1",
              "--clearenv")
_SHELF = "/tmp"


class ColdKernel(KernelHandle):
    """Un noyau enfermé par bubblewrap : ``pid`` est le sien, ``process`` celui de ``bwrap``, qui meurt avec lui."""

    def __init__(self, process: subprocess.Popen, pid: int):
        self.process, self.pid = process, pid

    def poll(self) -> int | None:
        """Rend le code de sortie du noyau (négatif s'il a été tué par un signal), ou ``None`` s'il tourne encore."""
        code = self.process.poll()
        return 128 - code if code is not None and code > 128 else code


def spawn(request: dict) -> ColdKernel:
    """Lance un noyau froid ; lève :class:`ZygoteError`, avec ce qu'en dit bubblewrap, s'il ne démarre pas."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE)
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as errors, ours, os.fdopen(reader, "rb") as numbers:
        environment = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}
        process = subprocess.Popen(
            [sys.executable, "-m", "cours_cnn.grading.bubblewrap", str(theirs.fileno()), str(writer)],
            pass_fds=[theirs.fileno(), writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            env=environment, start_new_session=True)
        theirs.close()
        os.close(writer)
        try:
            ours.send(json.dumps(request).encode())
            if not select.select([ours], [], [], START_LIMIT_S)[0] or ours.recv(64) != READY:
                raise OSError
            return ColdKernel(process, int(json.load(numbers)["child-pid"]))
        except (OSError, ValueError):
            process.kill()
            process.wait()
            errors.seek(0)
            told = errors.read(MESSAGE).decode("utf-8", "replace").strip().splitlines()
            raise ZygoteError("bubblewrap n'a pu lancer le noyau : "
                              + (told[-1] if told else "il ne répond pas") + ".") from None


def why_unavailable() -> str | None:
    """Rend la raison pour laquelle bubblewrap ne peut servir ici, ou ``None`` s'il a été essayé avec succès."""
    if sys.platform != "linux":
        return f"bubblewrap demande Linux ; ce système est {sys.platform}"
    program = shutil.which("bwrap")
    if program is None:
        return f"bubblewrap n'est pas installé (sous Debian ou Ubuntu : {INSTALL})"
    other = jails.NOBODY if os.getuid() == 0 else None
    groups = [] if os.getuid() == 0 else None
    done = subprocess.run([program, *NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"], user=other,
                          group=other, extra_groups=groups, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    told = done.stderr.strip().splitlines()
    return ("bubblewrap refuse d'enfermer un noyau (il en faut la version 0.8 ou une plus récente, et un système qui "
            f"admet les espaces de noms d'utilisateurs) : {told[-1] if told else 'sans dire pourquoi'}")


def command(jail: jails.Jail, source: Callable[[str], str], link: int, info: int) -> list[str]:
    """Rend la commande ``bwrap`` qui enferme ; ``source`` rend l'endroit où prendre un chemin de l'hôte."""
    def scratch(path: str) -> list[str]:
        return ["--perms", "0700", "--size", str(jail.limits.scratch), "--tmpfs", path]

    parts = ["bwrap", *NAMESPACES, "--info-fd", str(info)]
    # D'abord ce qui s'écrit : le cours peut se trouver lui-même sous /tmp.
    parts += [*scratch(jails.WORK), *scratch("/tmp")]
    for path in jails.outermost(jail.visible):
        parts += ["--ro-bind", source(path), path]
    for name in ("bin", "sbin", "lib", "lib64"):
        if (shared := Path("/", name)).is_symlink():
            parts += ["--symlink", str(shared.readlink()), str(shared)]
    for name in jails.DEVICES:
        parts += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, target in jails.DEVICE_LINKS.items():
        parts += ["--symlink", target, f"/dev/{name}"]
    parts += [*scratch("/dev/shm"), "--bind", source(jail.sockets), jails.SOCKETS]
    for path in jail.hidden:
        parts += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
    parts += ["--proc", "/proc", "--remount-ro", "/", "--chdir", jails.WORK]
    root = str(Path(__file__).parents[2])
    program = (f"import sys; sys.path.insert(1, {root!r}); from cours_cnn.grading.bubblewrap import inside; "
               f"inside({link})")
    return [*parts, "--", sys.executable, "-c", program]


def outside(link: int, info: int) -> None:
    """Compose la commande d'après la demande en attente dans la prise ``link``, et devient ``bwrap``."""
    waiting = socket.socket(fileno=link)
    jail = jails.Jail.of(json.loads(waiting.recv(MESSAGE, socket.MSG_PEEK))["jail"])
    source = _shelve(jail) if os.getuid() == 0 else str
    for descriptor in (link, info):
        os.set_inheritable(descriptor, True)
    os.execvpe("bwrap", command(jail, source, link, info), {"PATH": os.environ.get("PATH", os.defpath)})


def inside(link: int) -> None:
    """Dans la prison : pose les limites, charge les bibliothèques et devient le noyau demandé."""
    waiting = socket.socket(fileno=link)
    request = json.loads(waiting.recv(MESSAGE))
    jails.restrict(jails.Jail.of(request["jail"]).limits)
    os.environ.update(request["env"])
    preload()
    start(request, waiting)


def _shelve(jail: jails.Jail) -> Callable[[str], str]:
    """Rassemble sous /tmp, pour ce seul processus, ce que la prison montre, puis prend l'identité du compte nobody.

    Sans cela, un noyau lancé par root resterait root pour les fichiers ; et nobody ne traverse pas un dossier privé.
    """
    jails.private_mounts()
    opened = {path: os.open(path, os.O_PATH) for path in [*jails.outermost(jail.visible), jail.sockets]}
    jails.mount("tmpfs", _SHELF, "tmpfs", 0, "size=8m,mode=0755")
    for path, descriptor in opened.items():
        jails.bind(_SHELF + path, descriptor, read_only=path != jail.sockets,
                   folder=Path(f"/proc/self/fd/{descriptor}").is_dir())
        os.close(descriptor)
    os.setgroups([])
    os.setresgid(jails.NOBODY, jails.NOBODY, jails.NOBODY)
    os.setresuid(jails.NOBODY, jails.NOBODY, jails.NOBODY)
    return lambda path: _SHELF + path


if __name__ == "__main__":
    outside(int(sys.argv[1]), int(sys.argv[2]))

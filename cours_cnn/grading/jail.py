"""La prison d'un noyau : espaces de noms, arborescence réduite, limites de ressources. Linux, sans Docker.

Le code d'une copie est réputé hostile. Le processus qui l'exécute ne voit que l'interpréteur, ses bibliothèques et son
dossier de travail : ni réseau, ni autre processus, ni autre copie, ni corrigé. Tout passe par des appels système, car
ce code s'exécute dans un processus dupliqué (*fork*) où TensorFlow est déjà chargé, et qui n'est jamais remplacé
(*exec*).
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WORK = "/travail"
SOCKETS = "/prises"
INNER_ID = 1000  # l'identité du noyau, vue de l'intérieur
NOBODY = 65534

DEVICES = ("null", "zero", "full", "random", "urandom")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}

_CLONE = {"user": 0x10000000, "mount": 0x00020000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x08000000,
          "uts": 0x04000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = (
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18)
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_SIGKILL = 9
_MB = 2**20

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """Ce qu'une copie peut consommer : mémoire et fichiers en octets, processeur en secondes."""

    memory: int = 6 * 2**30       # adresses, non pages occupées : TensorFlow en réserve près de trois gibioctets
    processes: int = 256
    file_size: int = 64 * _MB
    scratch: int = 256 * _MB      # dossier de travail, /tmp et /dev/shm
    cpu: int = 1800


@dataclass(frozen=True)
class Jail:
    """Une prison. ``sockets`` : dossier de l'hôte, le seul où elle écrit (les prises du noyau) ; ``visible`` : chemins
    montrés en lecture seule ; ``hidden`` : dossiers masqués, vides à l'intérieur.
    """

    sockets: str
    visible: Sequence[str]
    hidden: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Mapping) -> Jail:
        """Lit une prison dans un dictionnaire JSON, comme l'écrit ``dataclasses.asdict``."""
        return cls(**{**settings, "limits": Limits(**settings["limits"])})


class JailError(OSError):
    """Le système refuse une étape de la prison."""


def unshare() -> None:
    """Sépare le processus : utilisateurs, montages, processus, réseau, communications. À appeler avant le *fork*."""
    flags = 0
    for value in _CLONE.values():
        flags |= value
    _check(_libc.unshare(flags), "unshare")


def private_mounts() -> None:
    """Sépare les seuls montages du processus : ceux qu'il fait ensuite ne se voient pas du reste de la machine."""
    _check(_libc.unshare(_CLONE["mount"]), "unshare")
    mount("none", "/", None, _MS_REC | _MS_PRIVATE)


def map_identity(pid: int, outer: int) -> None:
    """Écrit, depuis le parent, l'identité du processus ``pid`` : ``INNER_ID`` dedans, ``outer`` dehors."""
    folder = Path(f"/proc/{pid}")
    (folder / "setgroups").write_text("deny")
    for name in ("uid_map", "gid_map"):
        (folder / name).write_text(f"{INNER_ID} {outer} 1\n")


def enter(jail: Jail) -> None:
    """Construit la prison et s'y enferme ; à appeler dans le premier processus de l'espace de noms.

    Lève :class:`JailError` à la première étape refusée : rien de la copie ne doit alors être exécuté.
    """
    mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    # Les sources s'ouvrent avant le changement d'identité : le compte nobody ne traverserait pas un dossier personnel.
    shown = {path: os.open(path, os.O_PATH) for path in outermost(jail.visible) if Path(path).exists()}
    devices = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    sockets = os.open(jail.sockets, os.O_PATH)
    os.setresgid(INNER_ID, INNER_ID, INNER_ID)
    os.setresuid(INNER_ID, INNER_ID, INNER_ID)
    # /tmp existe partout et se traverse ; ce montage n'est vu que du processus séparé.
    base = "/tmp"
    mount("tmpfs", base, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=8m,mode=0755")
    # D'abord ce qui s'écrit : le cours peut se trouver lui-même sous /tmp.
    _writable(base, WORK, jail.limits.scratch)
    _writable(base, "/tmp", jail.limits.scratch)
    for path, source in shown.items():
        bind(base + path, source, read_only=True, folder=Path(f"/proc/self/fd/{source}").is_dir())
    for name in ("bin", "sbin", "lib", "lib64"):
        link = Path("/", name)
        if link.is_symlink() and not os.path.lexists(f"{base}/{name}"):
            Path(base, name).symlink_to(link.readlink())
    _devices(base, devices)
    _writable(base, "/dev/shm", jail.limits.scratch)
    bind(base + SOCKETS, sockets, read_only=False)
    for path in jail.hidden:
        if Path(base + path).is_dir():
            mount("tmpfs", base + path, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_RDONLY, "size=4k")
    Path(base, "proc").mkdir()
    mount("proc", f"{base}/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    # Aucun nouvel espace de noms d'utilisateurs : il rendrait des droits que l'on retire plus bas.
    Path(base, "proc/sys/user/max_user_namespaces").write_text("0")
    Path(base, "ancienne").mkdir(mode=0o700)
    _check(_libc.pivot_root(base.encode(), f"{base}/ancienne".encode()), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/ancienne", _MNT_DETACH), "umount")
    Path("/ancienne").rmdir()
    mount("none", "/", None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    for descriptor in [*shown.values(), *devices.values(), sockets]:
        os.close(descriptor)
    restrict(jail.limits)
    os.chdir(WORK)


def restrict(limits: Limits) -> None:
    """Pose les limites de ressources, puis retire sans retour tous les droits."""
    for kind, value in ((resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_NPROC, limits.processes),
                        (resource.RLIMIT_FSIZE, limits.file_size), (resource.RLIMIT_CPU, limits.cpu),
                        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 512), (resource.RLIMIT_MEMLOCK, 0)):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    die_with_parent()  # en dernier : un changement de droits effacerait ce réglage


def die_with_parent() -> None:
    """Demande au système de tuer ce processus si son parent disparaît."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "pdeathsig")


def outermost(paths: Sequence[str]) -> list[str]:
    """Rend les chemins qu'aucun autre ne contient, dans l'ordre."""
    kept: list[str] = []
    for path in sorted({os.path.abspath(path) for path in paths}):  # noqa: PTH100 — un lien doit rester un lien
        if not any(path == other or path.startswith(other + "/") for other in kept):
            kept.append(path)
    return kept


def bind(target: str, source: int, *, read_only: bool, folder: bool = True) -> None:
    """Montre à l'endroit ``target`` le dossier ou le fichier ouvert sous le numéro ``source``."""
    if folder:
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    mount(f"/proc/self/fd/{source}", target, None, _MS_BIND)
    if read_only:
        mount("none", target, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    else:
        mount("none", target, None, _MS_REMOUNT | _MS_BIND | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _devices(base: str, devices: Mapping[str, int]) -> None:
    Path(base, "dev").mkdir()
    for name, source in devices.items():
        target = Path(base, "dev", name)
        target.touch()
        mount(f"/proc/self/fd/{source}", str(target), None, _MS_BIND)
    for name, link in DEVICE_LINKS.items():
        Path(base, "dev", name).symlink_to(link)


def _writable(base: str, path: str, size: int) -> None:
    Path(base + path).mkdir(parents=True)
    mount("tmpfs", base + path, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size},mode=0700")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Monte ; lève :class:`JailError` si le système refuse."""
    _check(_libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, options.encode()),
           f"mount {target}")


def _check(result: int, step: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise JailError(code, f"prison : étape « {step} » refusée par le système ({os.strerror(code)})")

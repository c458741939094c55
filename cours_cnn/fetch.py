"""Trouver un fichier de données : dossier de l'utilisateur, puis cache, puis téléchargement vérifié.

La même règle sert à tous les jeux de données et à tous les poids ; ce qui suit en cas d'échec (des données
embarquées, le plus souvent) appartient à l'appelant. Rien n'est jamais écrit à moitié : le fichier arrive
dans « nom.part », y est vérifié (taille, SHA-256), puis renommé.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cours_cnn.download import MirrorError, flaw, held, is_web, publish, retrieve
from cours_cnn.french import NBSP, decimal, integer
from cours_cnn.lock import locked
from cours_cnn.validation import refuse, whole_number

FOLDER_VARIABLE, CACHE_VARIABLE = "COURS_CNN_DONNEES", "COURS_CNN_CACHE"
FROM_FOLDER, FROM_CACHE, FROM_NETWORK = "dossier COURS_CNN_DONNEES", "cache", "téléchargement"

_HASHED = 64 * 2**20  # au-delà, la somme d'un fichier du cache n'est calculée qu'à son arrivée
_STEP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class FetchError(RuntimeError):
    """Un fichier de données n'a pu être obtenu ; le message dit ce qui s'est passé et que faire."""


class UnavailableError(FetchError):
    """Aucune adresse n'a livré le fichier : pas de réseau, panne, adresse disparue, délai dépassé."""


class IntegrityError(FetchError):
    """Le fichier reçu n'est pas celui du cours : sa taille ou sa somme SHA-256 diffère."""


class StorageError(FetchError):
    """Le fichier ne peut être écrit : disque plein, dossier interdit."""


@dataclass(frozen=True)
class RemoteFile:
    """Fichier publié sur le réseau, connu d'avance par sa taille (en octets) et sa somme SHA-256.

    ``sha256`` vide : la somme n'est pas publiée, seule la taille est contrôlée, et l'appelant vérifie le contenu.
    ``name`` : chemin relatif, avec des « / », dans le dossier de l'utilisateur et dans le cache ; ``urls`` :
    adresses http ou https, essayées dans l'ordre ; ``source``, ``licence`` : ce qu'affiche un jeu de données.
    Lève ``TypeError`` ou ``ValueError`` si un champ n'a pas cette forme.
    """

    name: str
    urls: tuple[str, ...]
    size: int
    sha256: str
    source: str
    licence: str

    def __post_init__(self):
        for label in ("name", *(("sha256",) if self.sha256 != "" else ()), "source", "licence"):
            if not isinstance(getattr(self, label), str) or not getattr(self, label).strip():
                refuse(label, getattr(self, label), "un texte non vide", kind=TypeError)
        # Une seule expression écarte chemins absolus, « .. », « \ », lettres de lecteur et fichiers cachés.
        steps_fit = all(_STEP.fullmatch(step) for step in self.name.split("/"))
        if not steps_fit or self.name.endswith((".part", ".lock", ".etag")):
            refuse("name", self.name, "un chemin relatif comme « mnist/mnist.npz », sans « .. » ni « \\ »")
        if isinstance(self.urls, str) or not self.urls or not all(isinstance(url, str) for url in self.urls):
            refuse("urls", self.urls, "une suite non vide d'adresses", kind=TypeError)
        for url in self.urls:
            if not is_web(url):
                refuse("urls", url, "une suite d'adresses http:// ou https:// complètes")
        object.__setattr__(self, "urls", tuple(self.urls))
        whole_number("size", self.size, minimum=1)
        if not re.fullmatch("([0-9a-f]{64})?", self.sha256):
            refuse("sha256", self.sha256, "une somme SHA-256 : 64 chiffres hexadécimaux minuscules")


@dataclass(frozen=True)
class Located:
    """Fichier trouvé et vérifié : son chemin, d'où il vient (``origin``), sa source et sa licence."""

    path: Path = field(repr=False)  # un chemin de machine n'a pas sa place dans la sortie d'un notebook
    origin: str
    source: str
    licence: str


def notice(text: str) -> None:
    """Affiche un avis sur la sortie standard : un repli ne doit jamais passer inaperçu."""
    print("Avis" + NBSP + ": " + re.sub(r" (?=[;:!?%»])|(?<=«) ", NBSP, text), flush=True)


def show_progress(name: str, done: int, total: int) -> None:
    """Affiche l'avancement (octets reçus et attendus) dans un terminal ou un notebook ; se tait ailleurs."""
    if sys.stdout.isatty() or "ipykernel" in sys.modules:
        amount = f"{decimal(done / 1e6, 1)} Mo sur {decimal(total / 1e6, 1)}"
        # Le retour en début de ligne laisse la place à l'avancement suivant, ou à un avis.
        print(f"{name}{NBSP}: {amount} ({100 * done // total}{NBSP}%)", end="\r" if done < total else "\n",
              flush=True)


def user_folder() -> Path | None:
    """Rend le dossier que désigne ``COURS_CNN_DONNEES``, ``None`` si la variable n'est pas définie."""
    return _folder(FOLDER_VARIABLE)


def cache_folder() -> Path:
    """Rend le dossier de cache : ``COURS_CNN_CACHE``, sinon l'emplacement d'usage du système."""
    if chosen := _folder(CACHE_VARIABLE):
        return chosen
    if sys.platform == "win32":
        base = _folder("LOCALAPPDATA") or _expanded("~/AppData/Local")
    elif sys.platform == "darwin":
        base = _expanded("~/Library/Caches")
    else:
        base = _folder("XDG_CACHE_HOME") or _expanded("~/.cache")
    return base / "cours-cnn"


def locate(remote: RemoteFile, *, notify: Callable[[str], None] = notice) -> Located | None:
    """Cherche ``remote`` sans réseau : dossier ``COURS_CNN_DONNEES``, puis cache ; ``None`` s'il n'y est pas.

    Un fichier présent mais différent de celui du cours est laissé en place, écarté et signalé par ``notify``.
    Lève ``TypeError`` si ``remote`` n'est pas un :class:`RemoteFile`.
    """
    _check(remote, notify=notify)
    if folder := _folder(FOLDER_VARIABLE):
        problem = flaw(folder / remote.name, remote.size, remote.sha256 or None)
        if problem is None:
            return Located(folder / remote.name, FROM_FOLDER, remote.source, remote.licence)
        if not folder.is_dir():
            notify(f"{FOLDER_VARIABLE} désigne un dossier qui n'existe pas ; il est ignoré.")
        elif problem != "absent":
            notify(f"le fichier {remote.name} du dossier {FOLDER_VARIABLE} est écarté ({problem}).")
    cached = cache_folder() / remote.name
    problem = flaw(cached, remote.size, (remote.sha256 if remote.size <= _HASHED else None) or None)
    if problem is None:
        return Located(cached, FROM_CACHE, remote.source, remote.licence)
    if problem != "absent":
        notify(f"le fichier {remote.name} du cache est abîmé ({problem}) et ne sert pas.")
    return None


def fetch(remote: RemoteFile, *, timeout: float = 30.0, notify: Callable[[str], None] = notice,
          progress: Callable[[str, int, int], None] = show_progress) -> Located:
    """Rend ``remote`` vérifié : du dossier de l'utilisateur, du cache, ou téléchargé dans le cache.

    ``timeout`` : secondes sans nouvelles du serveur avant d'abandonner une adresse ; ``notify`` reçoit les
    avis ; ``progress`` reçoit le nom, les octets reçus et attendus. Un téléchargement interrompu reprend plus
    tard où il s'était arrêté.
    Lève :class:`UnavailableError`, :class:`IntegrityError` ou :class:`StorageError`, toutes trois des
    :class:`FetchError` ; ``TypeError`` ou ``ValueError`` pour un argument.
    """
    _check(remote, notify=notify, progress=progress)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
        refuse("timeout", timeout, "une durée en secondes, strictement positive")
    if found := locate(remote, notify=notify):
        return found
    target = cache_folder() / remote.name
    busy = f"un autre programme télécharge déjà {remote.name} ; attente de la fin."
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.with_name(target.name + ".lock"), lambda: notify(busy)):
            # Un autre processus a pu finir le même téléchargement pendant l'attente du verrou.
            if flaw(target, remote.size, remote.sha256 or None) is not None:
                _download(remote, target, timeout, progress, notify)
    except OSError as error:  # les erreurs du réseau ont déjà été traduites : il ne reste que le disque
        raise StorageError(_storage_message(remote, error)) from error
    return Located(target, FROM_NETWORK, remote.source, remote.licence)


def _download(remote: RemoteFile, target: Path, timeout, progress, notify) -> None:
    """Essaie chaque adresse dans l'ordre et publie ``target`` dès que l'une livre le bon fichier."""
    part = target.with_name(target.name + ".part")
    if shutil.disk_usage(target.parent).free < remote.size - held(part):
        raise OSError(errno.ENOSPC, "")
    failures = []
    for url in remote.urls:
        if failures:
            notify(f"{remote.name} : {failures[-1][1]} ; essai de l'adresse suivante.")
        try:
            retrieve(url, part, remote.size, remote.sha256 or None, timeout=timeout,
                     progress=lambda done: progress(remote.name, done, remote.size))
        except MirrorError as error:
            failures.append((urlsplit(url).hostname, error))
        else:
            return publish(part, target)
    kind = IntegrityError if any(error.corrupt for _, error in failures) else UnavailableError
    reasons = "".join(f"\n  - {host} : {error}" for host, error in failures)
    raise kind(f"Le fichier « {remote.name} » n'a pu être téléchargé.{reasons}\n"
               f"Attendu : {integer(remote.size)} octets{f', SHA-256 {remote.sha256}' * bool(remote.sha256)}.\n"
               "Que faire : relancer plus tard (un téléchargement interrompu reprend où il s'était arrêté) ; "
               f"ou placer le fichier, sous le nom « {remote.name} », dans le dossier désigné par la variable "
               f"d'environnement {FOLDER_VARIABLE} ; ou travailler hors ligne avec les données embarquées, "
               "là où il y en a.")


def _storage_message(remote: RemoteFile, error: OSError) -> str:
    causes = {errno.ENOSPC: "le disque est plein", errno.EACCES: "l'écriture y est interdite",
              errno.EPERM: "l'écriture y est interdite", errno.EROFS: "l'écriture y est interdite",
              errno.ENOTDIR: "ce n'est pas un dossier", errno.EEXIST: "ce n'est pas un dossier"}
    place = str(cache_folder()).replace(str(_expanded("~")), "~", 1)
    return (f"Le fichier « {remote.name} » ({integer(remote.size)} octets) ne peut être écrit dans le "
            f"dossier « {place} » : {causes.get(error.errno, f'{type(error).__name__}, {error.strerror}')}.\n"
            f"Que faire : libérer de la place ; ou choisir un autre dossier par la variable d'environnement "
            f"{CACHE_VARIABLE} ; ou placer le fichier dans un dossier désigné par {FOLDER_VARIABLE}.")


def _expanded(path: str) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser échoue là où HOME manque


def _folder(variable: str) -> Path | None:
    return _expanded(os.environ[variable]) if os.environ.get(variable) else None


def _check(remote, **callbacks) -> None:
    if not isinstance(remote, RemoteFile):
        refuse("remote", remote, "un RemoteFile", kind=TypeError)
    for name, value in callbacks.items():
        if not callable(value):
            refuse(name, value, "une fonction", kind=TypeError)

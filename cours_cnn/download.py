"""Le transport d'un téléchargement : une adresse, un fichier « .part » que l'on complète et vérifie.

Ce module ne sait rien des jeux de données : :mod:`cours_cnn.fetch` choisit les adresses et les dossiers.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cours_cnn.french import integer

_CHUNK = 64 * 1024
_ATTEMPTS = 3          # connexions par adresse, tant que chacune apporte des octets
_SLOWEST = 16 * 1024   # octets attendus au moins par délai : un serveur au goutte-à-goutte est abandonné
_REFRESH = 0.2         # secondes entre deux affichages de l'avancement
_NETWORK = (OSError, http.client.HTTPException, ValueError, OverflowError)


class MirrorError(Exception):
    """Une adresse n'a pas livré le fichier. ``corrupt`` : elle en a livré, ou annoncé, un autre."""

    def __init__(self, reason: str, *, corrupt: bool = False):
        super().__init__(reason)
        self.corrupt = corrupt


def is_web(url: str) -> bool:
    """Dit si ``url`` est une adresse http ou https complète, sans espace, mot de passe ni accent."""
    return re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?([/?][!-~]*)?", url) is not None


def flaw(path: Path, size: int, sha256: str | None) -> str | None:
    """Rend ce qui distingue ``path`` du fichier attendu (« absent » compris), ``None`` s'il est le bon.

    ``size`` est en octets ; la somme n'est calculée que si ``sha256`` est donnée.
    """
    try:
        if not path.exists():
            return "absent"
        if path.stat().st_size != size:
            return f"{integer(path.stat().st_size)} octets au lieu de {integer(size)}"
        if sha256 is not None:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    return "somme SHA-256 différente"
    except OSError:
        return "illisible"
    return None


def held(part: Path) -> int:
    """Rend le nombre d'octets déjà reçus dans ``part``, 0 s'il n'existe pas."""
    return part.stat().st_size if part.exists() else 0


def discard(part: Path) -> None:
    """Supprime ``part`` et son étiquette."""
    part.unlink(missing_ok=True)
    _etag_file(part).unlink(missing_ok=True)


def publish(part: Path, target: Path) -> None:
    """Donne à ``part``, complet et vérifié, son nom définitif : on voit l'ancien fichier ou le nouveau."""
    part.replace(target)
    discard(part)


def retrieve(url: str, part: Path, size: int, sha256: str | None, *, timeout: float,
             progress: Callable[[int], None]) -> None:
    """Complète ``part`` depuis ``url`` et vérifie sa taille et sa somme.

    Une connexion coupée est reprise ; un contenu faux est jeté, et redemandé en entier s'il était fait de
    deux morceaux. ``timeout`` : secondes sans nouvelles du serveur ; ``progress`` reçoit le nombre d'octets
    obtenus. Les octets reçus avant une erreur du réseau restent dans ``part``.
    Lève :class:`MirrorError` pour le réseau et le contenu, ``OSError`` pour le disque.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        resumed = before = held(part)
        if before != size:
            try:
                resumed = _receive(url, part, size, timeout, progress)
            except MirrorError as error:
                if not error.corrupt and held(part) > before and attempt < _ATTEMPTS:
                    continue
                raise
        if flaw(part, size, sha256) is None:
            return
        discard(part)
        if not resumed:  # reçu d'un bout à l'autre : insister redonnerait le même fichier
            break
    raise MirrorError("fichier reçu en entier, mais sa somme SHA-256 diffère", corrupt=True)


def _receive(url: str, part: Path, size: int, timeout: float, progress) -> int:
    """Reçoit ce qui manque à ``part`` ; rend le nombre d'octets repris d'un essai précédent."""
    response, start = _open(url, held(part), size, timeout, _saved_etag(part, url))
    with response, part.open("ab" if start else "wb") as file:
        if not start:
            _save_etag(part, url, response.headers.get("ETag", ""))
        done = mark = start
        mark_time = shown_time = time.monotonic()
        progress(done)
        while done < size:  # jamais davantage : un serveur intarissable ne remplit pas le disque
            try:
                chunk = response.read1(min(_CHUNK, size - done))
            except _NETWORK as error:
                raise MirrorError(_reason(error, timeout)) from error
            if not chunk:
                raise MirrorError(f"connexion coupée après {integer(done)} octets sur {integer(size)}")
            file.write(chunk)
            done += len(chunk)
            now = time.monotonic()
            if now - mark_time > timeout:
                if done < size and done - mark < _SLOWEST:
                    raise MirrorError(f"débit trop faible ({integer(done - mark)} octets en {timeout:g} s)")
                mark, mark_time = done, now
            if now - shown_time > _REFRESH or done == size:
                progress(done)
                shown_time = now
        file.flush()
        os.fsync(file.fileno())
    return start


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Ne suit une redirection que vers http ou https : ni fichier local, ni autre protocole."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not is_web(newurl):
            fp.close()
            raise MirrorError("redirection refusée : elle ne mène pas à une adresse http ou https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, start: int, size: int, timeout: float, etag: str):
    """Ouvre ``url`` à partir de l'octet ``start`` ; rend la réponse et l'octet où elle commence vraiment."""
    # « identity » : une réponse compressée n'aurait ni la taille ni la somme attendues.
    headers = {"User-Agent": "cours-cnn", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if etag:
            headers["If-Range"] = etag
    try:
        opener = urllib.request.build_opener(_WebOnly)
        response = opener.open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return _open(url, 0, size, timeout, "")
        raise MirrorError(_http_reason(error.code)) from error
    except _NETWORK as error:
        raise MirrorError(_reason(error, timeout)) from error
    if response.status == 206 and start and _range_fits(response, start, size):
        return response, start
    if response.status == 200 and response.length in (None, size):
        return response, 0
    announced = response.length
    response.close()
    if response.status == 200:
        raise MirrorError(f"{integer(announced)} octets annoncés au lieu de {integer(size)} : autre version "
                          "du fichier, ou page de connexion du réseau", corrupt=True)
    if start:  # une suite qui ne prolonge pas ce que l'on a : tout reprendre
        return _open(url, 0, size, timeout, "")
    raise MirrorError(f"réponse HTTP inattendue ({response.status})")


def _range_fits(response, start: int, size: int) -> bool:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    return found is not None and int(found[1]) == start and found[2] in (str(size), "*")


def _http_reason(code: int) -> str:
    if 300 <= code < 400:
        return f"redirection refusée ou sans fin (HTTP {code})"
    known = {401: "accès refusé", 403: "accès refusé", 404: "adresse introuvable", 410: "fichier retiré",
             429: "trop de demandes"}
    return f"{known.get(code, 'panne du serveur' if code >= 500 else 'demande refusée')} (HTTP {code})"


def _reason(error: Exception, timeout: float) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"aucune réponse en {timeout:g} s"
    if isinstance(cause, socket.gaierror):
        return "nom de serveur introuvable, sans doute faute de connexion à Internet"
    if isinstance(cause, ConnectionRefusedError):
        return "connexion refusée"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "certificat refusé (date de l'ordinateur, certificats de Python, filtrage du réseau)"
    return f"connexion interrompue ({type(cause).__name__})"


def _etag_file(part: Path) -> Path:
    return part.with_name(part.name + ".etag")


def _save_etag(part: Path, url: str, etag: str) -> None:
    # Seule une étiquette forte garantit que deux morceaux viennent du même fichier, octet pour octet.
    strong = re.fullmatch(r'"[!#-~]*"', etag.strip()) is not None
    _etag_file(part).write_text(f"{url}\n{etag.strip()}" if strong else "", encoding="utf-8")


def _saved_etag(part: Path, url: str) -> str:
    """Rend l'étiquette enregistrée pour ``part`` si elle vient de ``url``, un texte vide sinon."""
    try:
        saved_url, etag = _etag_file(part).read_text(encoding="utf-8").split("\n")
    except (FileNotFoundError, ValueError):
        return ""
    return etag if saved_url == url else ""

"""Un serveur HTTP local dont chaque page se conduit mal à la demande : coupures, lenteurs, mensonges."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """Ce que sert une adresse. ``requests`` garde les en-têtes de chaque demande reçue."""

    body: bytes = b""
    status: int = 200
    etag: str | None = '"v1"'
    ranges: bool = True               # accepte les demandes partielles
    range_status: int = 206           # réponse à une demande partielle
    range_start: int | None = None    # début annoncé à tort dans Content-Range
    announced: int | str | None = "vrai"   # longueur annoncée : la vraie, une autre, ou aucune (None)
    cut_after: int | None = None      # octets envoyés avant de couper la connexion…
    cut_times: int = 1                # … pendant ce nombre de demandes
    wait: float = 0.0                 # secondes avant de répondre
    pause: float = 0.0                # secondes entre deux envois de ``step`` octets
    step: int = 64 * 1024
    location: str | None = None       # redirection
    requests: list[dict[str, str]] = field(default_factory=list)


class LocalServer:
    """Pages servies sur 127.0.0.1, sur un port libre."""

    def __init__(self, http: ThreadingHTTPServer):
        self.http, self.pages, self.stopping, self.lock = http, {}, threading.Event(), threading.Lock()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}{path}"

    def page(self, path: str, body: bytes = b"", **behaviour) -> Page:
        self.pages[path] = Page(body, **behaviour)
        return self.pages[path]


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        with contextlib.suppress(ConnectionError):
            self._answer(self.server.local, self.server.local.pages.get(self.path))

    def _answer(self, local: LocalServer, page: Page | None):
        if page is None:
            return self.send_error(404)
        with local.lock:
            page.requests.append({name.lower(): value for name, value in self.headers.items()})
            count = len(page.requests)
        local.stopping.wait(page.wait)
        if page.location:
            self.send_response(302)
            self.send_header("Location", page.location)
            return self.end_headers()
        if page.status != 200:
            return self.send_error(page.status)
        start, status = self._range(page)
        if status == 416:
            return self.send_error(416)
        data = page.body[start:]
        self.send_response(status)
        if status == 206:
            first = start if page.range_start is None else page.range_start
            self.send_header("Content-Range", f"bytes {first}-{len(page.body) - 1}/{len(page.body)}")
        if page.announced is not None:
            self.send_header("Content-Length", str(len(data) if page.announced == "vrai" else page.announced))
        if page.etag is not None:
            self.send_header("ETag", page.etag)
        self.end_headers()
        if page.cut_after is not None and count <= page.cut_times:
            data = data[:page.cut_after]
        for position in range(0, len(data), page.step):
            self.wfile.write(data[position:position + page.step])
            self.wfile.flush()
            if page.pause and local.stopping.wait(page.pause):
                return None
        return None

    def _range(self, page: Page) -> tuple[int, int]:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, page.etag)
        if not asked or not page.ranges or not same:
            return 0, 200
        return int(asked[1]), page.range_status


@contextlib.contextmanager
def serving() -> Iterator[LocalServer]:
    """Ouvre un :class:`LocalServer` et l'arrête à la sortie, réponses lentes comprises."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    http.local = LocalServer(http)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield http.local
    finally:
        http.local.stopping.set()
        http.shutdown()
        http.server_close()
        thread.join(5)


def closed_port() -> int:
    """Rend un port local sur lequel personne n'écoute."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""Le site, construit une seule fois par séance de tests et servi à tous, et le navigateur qui le visite."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from site_support import without_tensorflow

from cours_cnn.lock import locked
from tools import site as builder


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id):
    """Le résultat de la construction : ``html`` (dossier), ``code`` (de retour), ``log`` (messages), ``env``."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "site"
    shared.mkdir(exist_ok=True)
    log, env = shared / "journal.txt", without_tensorflow(shared / "interdit")
    # Plusieurs ouvriers peuvent demander le site en même temps : le premier le construit, les autres attendent.
    with locked(shared / "verrou", lambda: None):
        if not log.exists():
            done = builder.build(shared, env=env)
            log.write_text(f"{done.returncode}\n{done.stdout}", encoding="utf-8")
    code, _, text = log.read_text(encoding="utf-8").partition("\n")
    return SimpleNamespace(html=shared / "_build" / "html", code=int(code), log=text, env=env)


@pytest.fixture(scope="session")
def html(built) -> Path:
    """Le dossier des pages construites."""
    assert built.code == 0, f"Le site n'est pas construit :\n{built.log}"
    return built.html


@pytest.fixture(scope="session")
def address(html):
    """L'adresse d'un serveur local qui sert les pages."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()

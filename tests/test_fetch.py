"""La politique des données (dossier, cache, téléchargement) contre un serveur local qui se conduit mal."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_server import closed_port, serving

from cours_cnn import download, fetch
from cours_cnn.fetch import IntegrityError, RemoteFile, StorageError, UnavailableError

BODY = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)
NAME = "jeu/fichier.bin"


@pytest.fixture(scope="module")
def server():
    with serving() as local:
        yield local


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURS_CNN_DONNEES", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    return tmp_path / "cache"


def remote(*urls, body=BODY, **changes) -> RemoteFile:
    fields = {"name": NAME, "urls": urls, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(),
              "source": "serveur d'essai", "licence": "CC0"}
    return RemoteFile(**(fields | changes))


def leftovers(cache: Path) -> set[str]:
    """Fichiers du cache, verrou mis à part."""
    return {path.name for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"}


def leave_part(cache: Path, content: bytes, url: str = "", etag: str = "") -> None:
    """Pose le reste d'un téléchargement interrompu."""
    (cache / NAME).parent.mkdir(parents=True, exist_ok=True)
    (cache / (NAME + ".part")).write_bytes(content)
    if etag:
        (cache / (NAME + ".part.etag")).write_text(f"{url}\n{etag}", encoding="utf-8")


# --- Téléchargement complet, cache, dossier ---------------------------------------------------------------


def test_complete_download_is_published_with_its_provenance(server, cache):
    server.page("/a", BODY)
    seen = []
    located = fetch.fetch(remote(server.url("/a")), progress=lambda *step: seen.append(step))
    assert located.path == cache / NAME
    assert located.path.read_bytes() == BODY
    assert (located.origin, located.source, located.licence) == ("téléchargement", "serveur d'essai", "CC0")
    assert leftovers(cache) == {"fichier.bin"}
    assert seen[0] == (NAME, 0, len(BODY))
    assert seen[-1] == (NAME, len(BODY), len(BODY))
    assert seen == sorted(seen)
    assert str(cache) not in repr(located)


def test_second_call_reads_the_cache_without_network(server):
    page = server.page("/a", BODY)
    fetch.fetch(remote(server.url("/a")))
    located = fetch.fetch(remote(server.url("/a")))
    assert located.origin == "cache"
    assert len(page.requests) == 1


def test_named_folder_comes_first(server, cache, tmp_path, monkeypatch):
    page = server.page("/a", BODY)
    fetch.fetch(remote(server.url("/a")))
    (tmp_path / "donnees" / "jeu").mkdir(parents=True)
    (tmp_path / "donnees" / NAME).write_bytes(BODY)
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "donnees"))
    located = fetch.fetch(remote(server.url("/a")))
    assert located.path == tmp_path / "donnees" / NAME
    assert located.origin == "dossier COURS_CNN_DONNEES"
    assert len(page.requests) == 1


def test_wrong_file_in_named_folder_is_announced_and_left_alone(server, cache, tmp_path, monkeypatch):
    server.page("/a", BODY)
    (tmp_path / "donnees" / "jeu").mkdir(parents=True)
    (tmp_path / "donnees" / NAME).write_bytes(OTHER)
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "donnees"))
    said = []
    located = fetch.fetch(remote(server.url("/a")), notify=said.append)
    assert located.path.read_bytes() == BODY
    assert located.origin == "téléchargement"
    assert (tmp_path / "donnees" / NAME).read_bytes() == OTHER
    assert len(said) == 1
    assert "COURS_CNN_DONNEES est écarté (somme SHA-256 différente)" in said[0]


def test_missing_named_folder_is_announced(server, tmp_path, monkeypatch):
    server.page("/a", BODY)
    monkeypatch.setenv("COURS_CNN_DONNEES", str(tmp_path / "nulle_part"))
    said = []
    fetch.fetch(remote(server.url("/a")), notify=said.append)
    assert len(said) == 1
    assert "n'existe pas" in said[0]
    assert str(tmp_path) not in said[0]


@pytest.mark.parametrize("damaged", [OTHER, BODY[:-1], b""], ids=["contenu", "taille", "vide"])
def test_corrupt_cache_is_announced_and_replaced(server, cache, damaged):
    server.page("/a", BODY)
    leave_part(cache, b"")
    (cache / NAME).write_bytes(damaged)
    said = []
    located = fetch.fetch(remote(server.url("/a")), notify=said.append)
    assert located.path.read_bytes() == BODY
    assert located.origin == "téléchargement"
    assert len(said) == 1
    assert "abîmé" in said[0]


def test_corrupt_cache_is_never_served_offline(cache):
    leave_part(cache, b"")
    (cache / NAME).write_bytes(OTHER)
    file = remote(f"http://127.0.0.1:{closed_port()}/a")
    assert fetch.locate(file, notify=lambda text: None) is None
    with pytest.raises(UnavailableError):
        fetch.fetch(file, notify=lambda text: None)


def test_large_cached_file_is_checked_by_size_only(cache, monkeypatch):
    monkeypatch.setattr(fetch, "_HASHED", 1000)
    leave_part(cache, b"")
    (cache / NAME).write_bytes(OTHER)
    assert fetch.locate(remote("http://exemple.test/a")).origin == "cache"
    (cache / NAME).write_bytes(OTHER[:-1])
    assert fetch.locate(remote("http://exemple.test/a"), notify=lambda text: None) is None


def test_locate_never_uses_the_network(server):
    page = server.page("/a", BODY)
    assert fetch.locate(remote(server.url("/a"))) is None
    assert page.requests == []


# --- Reprise ----------------------------------------------------------------------------------------------


def test_cut_connection_is_resumed_at_once(server, cache):
    page = server.page("/a", BODY, cut_after=100_000)
    located = fetch.fetch(remote(server.url("/a")))
    assert located.path.read_bytes() == BODY
    assert leftovers(cache) == {"fichier.bin"}
    assert "range" not in page.requests[0]
    assert page.requests[1]["range"] == "bytes=100000-"
    assert page.requests[1]["if-range"] == '"v1"'


def test_interruption_leaves_a_part_and_the_next_call_resumes(server, cache, monkeypatch):
    page = server.page("/a", BODY, step=1000, pause=0.001)

    def interrupt(name, done, total):
        if done:
            raise KeyboardInterrupt

    monkeypatch.setattr(download, "_REFRESH", 0)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(remote(server.url("/a")), progress=interrupt)
    received = (cache / (NAME + ".part")).stat().st_size
    assert 0 < received < len(BODY)
    assert not (cache / NAME).exists()
    page.pause = 0
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert page.requests[-1]["range"] == f"bytes={received}-"


def test_server_that_ignores_ranges_makes_a_clean_restart(server, cache):
    page = server.page("/a", BODY, ranges=False)
    leave_part(cache, OTHER[:50_000])
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert len(page.requests) == 1


def test_changed_file_is_taken_again_in_full_thanks_to_its_etag(server, cache):
    page = server.page("/a", BODY, etag='"v2"')
    leave_part(cache, OTHER[:50_000], server.url("/a"), '"v1"')
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert [request.get("if-range") for request in page.requests] == ['"v1"']


@pytest.mark.parametrize("etag", [None, 'W/"v1"'], ids=["sans étiquette", "étiquette faible"])
def test_changed_file_without_strong_etag_is_caught_by_its_checksum(server, cache, etag):
    page = server.page("/a", BODY, etag=etag)
    leave_part(cache, OTHER[:50_000])
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert ["range" in request for request in page.requests] == [True, False]
    assert not any("if-range" in request for request in page.requests)


def test_weak_etag_is_not_kept_for_resuming(server, cache):
    page = server.page("/a", BODY, etag='W/"v1"', cut_after=100_000)
    fetch.fetch(remote(server.url("/a")))
    assert page.requests[1]["range"] == "bytes=100000-"
    assert "if-range" not in page.requests[1]


def test_etag_of_another_mirror_is_not_sent(server, cache):
    page = server.page("/b", BODY, etag='"autre"')
    leave_part(cache, BODY[:50_000], server.url("/a"), '"v1"')
    assert fetch.fetch(remote(server.url("/b"))).path.read_bytes() == BODY
    assert page.requests[0]["range"] == "bytes=50000-"
    assert "if-range" not in page.requests[0]


@pytest.mark.parametrize("behaviour", [{"range_status": 416}, {"range_start": 0}, {"range_start": 50_001}],
                         ids=["416", "début", "trou"])
def test_unusable_partial_answer_makes_a_clean_restart(server, cache, behaviour):
    page = server.page("/a", BODY, **behaviour)
    leave_part(cache, BODY[:50_000])
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert ["range" in request for request in page.requests] == [True, False]


def test_complete_part_is_published_without_network(server, cache):
    page = server.page("/a", BODY)
    leave_part(cache, BODY)
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert page.requests == []
    assert leftovers(cache) == {"fichier.bin"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.integers(0, 5_000), right=st.booleans(), ranges=st.booleans(), length=st.booleans(),
       cut=st.none() | st.integers(1, 4_000), etag=st.sampled_from([None, '"v1"', '"v2"']))
def test_whatever_was_left_the_file_obtained_is_exact(server, kept, right, ranges, length, cut, etag):
    body = BODY[:4_000]
    page = server.page("/p", body, ranges=ranges, etag=etag, cut_after=cut, announced="vrai" if length else None)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURS_CNN_CACHE", folder)
        leave_part(Path(folder), (body + OTHER if right else OTHER)[:kept], server.url("/p"), '"v1"')
        for _ in range(2):  # sans reprise possible, une coupure ne se rattrape qu'à l'appel suivant
            try:
                located = fetch.fetch(remote(server.url("/p"), body=body))
                break
            except UnavailableError:
                assert cut is not None
                assert not (Path(folder) / NAME).exists()
        assert located.path.read_bytes() == body
        assert leftovers(Path(folder)) == {"fichier.bin"}
        assert len(page.requests) <= 4


# --- Contenus faux ----------------------------------------------------------------------------------------


def test_wrong_checksum_publishes_nothing_and_does_not_insist(server, cache):
    page = server.page("/a", OTHER)
    with pytest.raises(IntegrityError, match="SHA-256 diffère"):
        fetch.fetch(remote(server.url("/a")))
    assert leftovers(cache) == set()
    assert len(page.requests) == 1


def test_wrong_announced_size_is_refused_before_any_byte(server, cache):
    server.page("/a", BODY + b"!")
    with pytest.raises(IntegrityError, match=r"300\s001 octets annoncés au lieu de 300\s000"):
        fetch.fetch(remote(server.url("/a")))
    assert leftovers(cache) == set()


def test_endless_body_without_length_is_read_no_further_than_expected(server, cache):
    server.page("/a", OTHER * 100, announced=None)
    seen = []
    with pytest.raises(IntegrityError, match="SHA-256 diffère"):
        fetch.fetch(remote(server.url("/a")), progress=lambda name, done, total: seen.append(done))
    assert max(seen) == len(BODY)
    assert leftovers(cache) == set()


def test_body_without_length_is_accepted_when_exact(server):
    server.page("/a", BODY, announced=None)
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY


def test_truncated_body_publishes_nothing(server, cache):
    page = server.page("/a", BODY, ranges=False, cut_after=100_000, cut_times=99)
    with pytest.raises(UnavailableError, match=r"connexion coupée après 100\s000 octets sur 300\s000"):
        fetch.fetch(remote(server.url("/a")))
    assert not (cache / NAME).exists()
    assert (cache / (NAME + ".part")).stat().st_size == 100_000
    assert len(page.requests) == 2  # la seconde connexion n'a rien apporté de plus : inutile d'insister


# --- Pannes et miroirs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "text"), [(404, "adresse introuvable"), (403, "accès refusé"),
                                              (410, "fichier retiré"), (429, "trop de demandes"),
                                              (500, "panne du serveur"), (503, "panne du serveur"),
                                              (418, "demande refusée"), (204, "réponse HTTP inattendue")])
def test_http_errors_say_what_happened_and_what_to_do(server, cache, status, text):
    server.page("/a", status=status)
    with pytest.raises(UnavailableError) as caught:
        fetch.fetch(remote(server.url("/a")))
    message = str(caught.value)
    assert text in message
    assert str(status) in message
    assert "127.0.0.1" in message
    assert hashlib.sha256(BODY).hexdigest() in message
    assert "Que faire : relancer" in message
    assert NAME in message
    assert "COURS_CNN_DONNEES" in message
    assert "hors ligne" in message
    assert str(cache) not in message
    assert leftovers(cache) == set()


@pytest.mark.parametrize("first", [{"status": 404}, {"body": OTHER}, {"body": BODY, "cut_after": 0, "cut_times": 9}],
                         ids=["404", "faux", "coupé"])
def test_next_mirror_is_tried_and_announced(server, first):
    server.page("/a", **first)
    server.page("/b", BODY)
    said = []
    located = fetch.fetch(remote(server.url("/a"), server.url("/b")), notify=said.append)
    assert located.path.read_bytes() == BODY
    assert len(said) == 1
    assert "essai de l'adresse suivante" in said[0]


def test_second_mirror_resumes_what_the_first_gave(server):
    server.page("/a", BODY, ranges=False, cut_after=100_000, cut_times=9)
    page = server.page("/b", BODY)
    said = []
    assert fetch.fetch(remote(server.url("/a"), server.url("/b")), notify=said.append).path.read_bytes() == BODY
    assert page.requests[0]["range"] == "bytes=100000-"


def test_all_mirrors_are_named_when_all_fail(server):
    server.page("/a", status=500)
    server.page("/b", OTHER)
    with pytest.raises(IntegrityError) as caught:
        fetch.fetch(remote(server.url("/a"), server.url("/b")), notify=lambda text: None)
    assert "HTTP 500" in str(caught.value)
    assert "SHA-256 diffère" in str(caught.value)


def test_silent_server_is_abandoned(server):
    server.page("/a", BODY, wait=30)
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match=r"aucune réponse en 0\.2 s"):
        fetch.fetch(remote(server.url("/a")), timeout=0.2)
    assert time.monotonic() - begun < 20


def test_server_that_stalls_in_the_middle_keeps_what_came(server, cache, monkeypatch):
    server.page("/a", BODY, step=50_000, pause=30)
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    with pytest.raises(UnavailableError, match="aucune réponse"):
        fetch.fetch(remote(server.url("/a")), timeout=1)
    assert (cache / (NAME + ".part")).read_bytes() == BODY[:50_000]
    assert not (cache / NAME).exists()


def test_dripping_server_is_abandoned(server, monkeypatch):
    body = BODY[:400]
    server.page("/a", body, step=1, pause=0.02)  # huit secondes pour tout recevoir
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    with pytest.raises(UnavailableError, match="débit trop faible"):
        fetch.fetch(remote(server.url("/a"), body=body), timeout=1)


def test_refused_connection():
    with pytest.raises(UnavailableError, match="connexion refusée"):
        fetch.fetch(remote(f"http://127.0.0.1:{closed_port()}/a"))


def test_unknown_host_speaks_of_the_connection(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnavailableError, match="faute de connexion à Internet"):
        fetch.fetch(remote("https://exemple.test/a"))


def test_https_on_a_plain_server_is_a_clean_failure(server):
    server.page("/a", BODY)
    with pytest.raises(UnavailableError, match="connexion interrompue"):
        fetch.fetch(remote(server.url("/a").replace("http:", "https:")), timeout=10)


# --- Redirections et noms hostiles ------------------------------------------------------------------------


def test_redirection_to_another_page_is_followed(server):
    server.page("/a", location="/b")
    page = server.page("/b", BODY)
    assert fetch.fetch(remote(server.url("/a"))).path.read_bytes() == BODY
    assert len(page.requests) == 1


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/plain,a", "http:///a",
                                   "http://moi:secret@127.0.0.1/a"])
def test_redirection_elsewhere_is_refused(server, cache, place):
    server.page("/a", location=place)
    with pytest.raises(UnavailableError, match="redirection refusée"):
        fetch.fetch(remote(server.url("/a"), size=1))
    assert leftovers(cache) == set()


def test_redirection_to_an_impossible_port_is_a_clean_failure(server):
    server.page("/a", location="http://127.0.0.1:99999/a")
    with pytest.raises(UnavailableError, match=r"connexion (interrompue|refusée)"):
        fetch.fetch(remote(server.url("/a")))


def test_redirection_to_a_local_file_never_opens_it(server, cache, tmp_path):
    (tmp_path / "secret").write_bytes(BODY)
    server.page("/a", location=(tmp_path / "secret").as_uri())
    with pytest.raises(UnavailableError, match="redirection refusée"):
        fetch.fetch(remote(server.url("/a")))
    assert leftovers(cache) == set()


def test_redirection_loop_ends(server):
    server.page("/a", location="/a")
    with pytest.raises(UnavailableError, match="sans fin"):
        fetch.fetch(remote(server.url("/a")))


@pytest.mark.parametrize("name", ["../x", "a/../x", "/etc/x", "a//x", "a/", "./x", ".cache/x", "C:/x", "C:x",
                                  "a\\..\\x", "a x", "a\n", "é", "x.part", "x.lock", "~/x", "a/..", "a\0"])
def test_hostile_names_are_refused(name):
    with pytest.raises(ValueError, match="chemin relatif"):
        remote("http://exemple.test/a", name=name)


@given(st.text(alphabet=st.sampled_from("ab./\\~: C\n"), min_size=1, max_size=8))
def test_every_accepted_name_stays_inside_the_folder(name):
    try:
        accepted = remote("http://exemple.test/a", name=name).name
    except (TypeError, ValueError):
        return
    base = Path(tempfile.gettempdir()).resolve()
    assert base in Path(os.path.normpath(base / accepted)).parents


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://exemple.test/a", "exemple.test/a", "http://", "http:///a",
                                 "https://exemple.test/a b", "https://exemplé.test/a", "http://a\n.test/",
                                 "http://moi:secret@exemple.test/a"])
def test_only_plain_web_addresses_are_accepted(url):
    with pytest.raises(ValueError, match="http:// ou https://"):
        remote(url)


@pytest.mark.parametrize(("changes", "kind", "text"), [
    ({"name": ""}, TypeError, "« name »"), ({"name": 3}, TypeError, "« name »"),
    ({"urls": ()}, TypeError, "suite non vide"), ({"urls": "http://exemple.test/a"}, TypeError, "suite non vide"),
    ({"urls": (3,)}, TypeError, "suite non vide"), ({"size": 0}, ValueError, "« size »"),
    ({"size": "3"}, TypeError, "« size »"), ({"sha256": "abc"}, ValueError, "64 chiffres"),
    ({"sha256": None}, TypeError, "« sha256 »"), ({"source": " "}, TypeError, "« source »"),
    ({"licence": None}, TypeError, "« licence »")])
def test_fields_of_a_remote_file_are_checked(changes, kind, text):
    with pytest.raises(kind, match=text):
        remote("http://exemple.test/a", **changes)


@pytest.mark.parametrize(("arguments", "kind"), [
    ({"timeout": 0}, ValueError), ({"timeout": -1}, ValueError), ({"timeout": "3"}, ValueError),
    ({"timeout": float("nan")}, ValueError), ({"timeout": float("inf")}, ValueError), ({"timeout": True}, ValueError),
    ({"progress": None}, TypeError), ({"notify": "oui"}, TypeError)])
def test_arguments_of_fetch_are_checked(arguments, kind):
    with pytest.raises(kind, match=f"« {next(iter(arguments))} » doit être"):
        fetch.fetch(remote("http://exemple.test/a"), **arguments)


@pytest.mark.parametrize("function", [fetch.fetch, fetch.locate])
def test_only_a_remote_file_is_accepted(function):
    with pytest.raises(TypeError, match="un RemoteFile"):
        function("http://exemple.test/a")


# --- Disque et concurrence --------------------------------------------------------------------------------


def test_full_disk_is_seen_before_downloading(server, monkeypatch):
    page = server.page("/a", BODY)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(StorageError, match="le disque est plein"):
        fetch.fetch(remote(server.url("/a")))
    assert page.requests == []


def test_disk_error_while_writing_publishes_nothing(server, cache, monkeypatch):
    server.page("/a", BODY)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(StorageError, match="COURS_CNN_CACHE"):
        fetch.fetch(remote(server.url("/a")))
    assert not (cache / NAME).exists()


def test_cache_that_is_a_file_is_explained(server, tmp_path, monkeypatch):
    server.page("/a", BODY)
    (tmp_path / "maison").mkdir()
    (tmp_path / "maison" / "occupé").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "maison"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "maison"))
    monkeypatch.setenv("COURS_CNN_CACHE", str(tmp_path / "maison" / "occupé"))
    with pytest.raises(StorageError, match="ce n'est pas un dossier") as caught:
        fetch.fetch(remote(server.url("/a")))
    assert "« ~" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_threads_share_one_download(server):
    page = server.page("/a", BODY, step=50_000, pause=0.03)
    results, said = [], []

    def work():
        results.append(fetch.fetch(remote(server.url("/a")), notify=said.append).path.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == [BODY] * 5
    assert len(page.requests) == 1
    assert said
    assert all("attente" in text for text in said)


def test_processes_share_one_download(server):
    page = server.page("/a", BODY, wait=0.5, step=50_000, pause=0.05)
    code = (f"from cours_cnn.fetch import *; f = RemoteFile({NAME!r}, ({server.url('/a')!r},), {len(BODY)}, "
            f"{hashlib.sha256(BODY).hexdigest()!r}, 's', 'l'); print(fetch(f, notify=str).origin)")
    root = Path(fetch.__file__).parents[1]
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, encoding="utf-8", cwd=root, env=os.environ | {"PYTHONIOENCODING": "utf-8"})
            for _ in range(2)]
    outputs = [run.communicate(timeout=20) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert {error for _, error in outputs} == {""}
    assert len(page.requests) == 1


# --- Ce que voit le lecteur -------------------------------------------------------------------------------


def test_notice_goes_to_standard_output_with_french_spaces(capsys):
    fetch.notice("le fichier « a » manque ; repli : oui.")
    shown = capsys.readouterr()
    assert shown.out == ("Avis\u00a0: le fichier «\u00a0a\u00a0» manque\u00a0; repli\u00a0: oui.\n")
    assert shown.err == ""


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_in_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", terminal := _Terminal())
    fetch.show_progress("mnist.npz", 5_000_000, 10_000_000)
    fetch.show_progress("mnist.npz", 10_000_000, 10_000_000)
    assert terminal.getvalue() == ("mnist.npz\u00a0: 5,0 Mo sur 10,0 (50\u00a0%)\r"
                                   "mnist.npz\u00a0: 10,0 Mo sur 10,0 (100\u00a0%)\n")


def test_progress_is_shown_in_a_notebook_and_silent_elsewhere(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    fetch.show_progress("mnist.npz", 5, 10)
    assert capsys.readouterr().out == ""
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    fetch.show_progress("mnist.npz", 5, 10)
    assert "50\u00a0%" in capsys.readouterr().out


@pytest.mark.parametrize(("platform", "variables", "expected"), [
    ("linux", {}, "~/.cache/cours-cnn"), ("linux", {"XDG_CACHE_HOME": "/ailleurs"}, "/ailleurs/cours-cnn"),
    ("darwin", {}, "~/Library/Caches/cours-cnn"), ("win32", {"LOCALAPPDATA": "/local"}, "/local/cours-cnn"),
    ("linux", {"COURS_CNN_CACHE": "~/mien"}, "~/mien")])
def test_cache_folder_follows_the_system(monkeypatch, platform, variables, expected):
    for name in ("COURS_CNN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert fetch.cache_folder() == Path(expected).expanduser()

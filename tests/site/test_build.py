"""Le site se construit sans avertissement et sans TensorFlow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from site_support import ROOT, pages

from tools import depot
from tools import site as builder

pytestmark = pytest.mark.site

URL = "https://github.com/organisation/depot"
EXTENSIONS = ("_config.yml", "book", "annexes/references.bib", "cours_cnn/facts.toml",
              "cours_cnn/explorers/donnees")


@pytest.mark.long  # le premier à demander le site : les autres tests le trouvent construit
def test_no_warning(built):
    assert built.code == 0, built.log
    assert not re.search(r"WARNING|ERROR|Traceback", built.log), built.log


def test_tensorflow_was_out_of_reach(built):
    tried = subprocess.run([sys.executable, "-c", "import tensorflow"], env=built.env, capture_output=True, check=False)
    assert tried.returncode != 0, "la construction n'était pas privée de TensorFlow : le test ne prouve rien"


def test_every_page_of_the_toc_is_there(html):
    missing = [page for page in pages() if not (html / f"{page}.html").is_file()]
    assert not missing


def small_book(folder: Path, url: str, text: str) -> Path:
    """Un livre d'une page et d'un notebook, avec les réglages et les extensions du cours."""
    for name in EXTENSIONS:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: accueil\nparts:\n  - caption: Chapitres\n    chapters:\n      - file: chapters/essai\n",
        encoding="utf-8")
    (folder / "accueil.md").write_text(f"# Accueil\n\n{text}\n", encoding="utf-8")
    (folder / "annexes" / "faits.md").unlink(missing_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Essai", id="titre")],
                                        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    (folder / "chapters").mkdir()
    nbformat.write(notebook, folder / "chapters" / "essai.ipynb")
    depot.write(url, folder)
    return folder


def test_colab_and_binder_appear_with_the_address(tmp_path):
    book = small_book(tmp_path, URL, "Une page.")
    done = builder.build(book, book)
    assert done.returncode == 0, done.stdout
    links = {page: [link["href"] for link in BeautifulSoup(
        (book / "_build" / "html" / f"{page}.html").read_text(encoding="utf-8"), "html.parser").select("a[href]")]
        for page in ("accueil", "chapters/essai")}
    notebook = "https://colab.research.google.com/github/organisation/depot/blob/main/chapters/essai.ipynb"
    assert notebook in links["chapters/essai"]
    live = "https://mybinder.org/v2/gh/organisation/depot/main?urlpath=lab/tree/chapters/essai.ipynb"
    assert live in [link.replace("%2F", "/") for link in links["chapters/essai"]]
    assert not [link for link in links["accueil"] if "colab" in link or "mybinder" in link]
    assert URL in links["accueil"]


def test_a_public_address_brings_a_plan_and_pictures(tmp_path):
    book = small_book(tmp_path, URL, "Une page.")
    settings = book / "_config.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('baseurl: ""', 'baseurl: "https://exemple.fr/cours/"'), encoding="utf-8")
    done = builder.build(book, book)
    assert done.returncode == 0, done.stdout
    built = book / "_build" / "html"
    listed = ElementTree.parse(built / "sitemap.xml").getroot().iterfind(".//{*}loc")
    assert [entry.text for entry in listed] == ["https://exemple.fr/cours/accueil.html",
                                                "https://exemple.fr/cours/chapters/essai.html"]
    page = BeautifulSoup((built / "chapters" / "essai.html").read_text(encoding="utf-8"), "html.parser")
    picture = page.select_one('meta[property="og:image"]')["content"]
    assert picture == "https://exemple.fr/cours/_partage/chapters/essai.png"
    with Image.open(built / "_partage" / "chapters" / "essai.png") as card:
        assert card.size == (1200, 630)
    lost = BeautifulSoup((built / "404.html").read_text(encoding="utf-8"), "html.parser")
    assert [link["href"] for link in lost.select("a")] == ["/cours/"]
    assert not lost.select("link, script, img"), "une page 404 ne peut compter sur aucune adresse relative"


def test_a_broken_page_stops_the_build(tmp_path):
    book = small_book(tmp_path, "", "Un [lien](absent.md), une formule $\\inconnue{x}$ et {fait}`sujet.absent`.")
    done = builder.build(book, book)
    assert done.returncode != 0
    for expected in ("absent.md", "formule illisible", "fait inconnu du registre"):
        assert expected in done.stdout, done.stdout


def test_the_site_without_solutions_holds_none_of_them(tmp_path):
    book = small_book(tmp_path, "", "Une page.")
    with (book / "_toc.yml").open("a", encoding="utf-8") as toc:
        toc.write("  - caption: Corrigés\n    chapters:\n      - file: solutions/essai\n")
    (book / "solutions").mkdir()
    shutil.copy(book / "chapters" / "essai.ipynb", book / "solutions")
    page = book / "_build" / "html" / "solutions" / "essai.html"
    for wanted in (True, False, True):   # passer d'un site à l'autre ne laisse rien du précédent
        done = builder.build(book, book, solutions=wanted)
        assert done.returncode == 0, done.stdout
        assert page.is_file() is wanted
        home = (book / "_build" / "html" / "accueil.html").read_text(encoding="utf-8")
        assert ("solutions/essai.html" in home) is wanted
        assert ("Corrigés" in home) is wanted


def test_no_page_needs_a_solution():
    """Sans quoi le site sans les corrigés ne se construirait pas."""
    kept = [path for folder in (".", "annexes", "chapters", "exercises") for path in (ROOT / folder).glob("*")
            if path.suffix in (".md", ".ipynb")]
    leading = re.compile(r"\]\((\.\./)?solutions/\w+\.ipynb")
    assert [path.name for path in kept if leading.search(path.read_text(encoding="utf-8"))] == []


def test_binder_installs_what_the_notebooks_need():
    lines = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {"-c ../constraints.txt", "-e .[notebooks]", "jupyterlab"} <= set(lines)
    assert (ROOT / ".binder" / "runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"


def test_links_of_the_frame_lead_to_the_repository_or_nowhere(html):
    url = depot.read_url()
    # Sans adresse inscrite, l'habillage ne mène hors du site par aucun lien.
    hosts = ("https://github.com", "https://colab.research.google.com/github", "https://mybinder.org/v2/gh")
    allowed = tuple(url.replace("https://github.com", host) for host in hosts) if url else ()
    for page in pages():
        soup = BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        found = [link["href"] for link in soup.select(".bd-header-article a[href^=http], .bd-sidebar a[href^=http]")]
        strangers = [link for link in found if not link.startswith(allowed)]
        assert not strangers, f"{page} : {strangers}"


@pytest.fixture
def past_build(tmp_path):
    """Un dépôt et sa construction, plus récente que lui."""
    root, build = tmp_path / "depot", tmp_path / "_build"
    for name in ("book/_ext/pages.py", "book/ressources/cours.css", "_config.yml", "_toc.yml",
                 "cours_cnn/explorers/donnees/lenet5.js"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
        os.utime(root / name, (1000, 1000))
    for name in (".doctrees/environment.pickle", "html/searchindex.js", "html/page.html"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text("")
        os.utime(build / name, (2000, 2000))
    return root, build


@pytest.mark.parametrize(("changed", "pages_kept", "cache_kept"), [
    (None, True, True), ("book/ressources/cours.css", False, True),
    ("cours_cnn/explorers/donnees/lenet5.js", False, True), ("_toc.yml", False, False),
    ("book/_ext/pages.py", False, False),
])
def test_only_what_cannot_be_renewed_is_erased(past_build, changed, pages_kept, cache_kept):
    root, build = past_build
    if changed:
        os.utime(root / changed, (3000, 3000))
    builder.prepare(build, root)
    assert (build / "html" / "page.html").exists() is pages_kept
    assert (build / ".doctrees").exists() is cache_kept


def test_an_unfinished_build_starts_again(past_build):
    root, build = past_build
    (build / "html" / "searchindex.js").unlink()
    builder.prepare(build, root)
    assert not (build / "html").exists()

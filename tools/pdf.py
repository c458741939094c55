"""Imprime le cours : un seul PDF, avec couverture, sommaire paginé, signets et renvois internes.

    python -m tools.pdf [--site DOSSIER] [--sortie FICHIER] [--avec-corriges] [pages…]

Chaque page du site construit est imprimée par Chromium, puis les morceaux sont réunis. Sans ``pages`` : toutes celles
de la table des matières, corrigés exceptés.
"""

from __future__ import annotations

import argparse
import functools
import html
import http.server
import io
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NumberObject

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAPER = {"format": "A4", "print_background": True, "margin": dict.fromkeys(("top", "bottom", "left", "right"), "18mm")}
STYLE = """<style>
body { font: 11pt/1.5 system-ui, sans-serif; margin: 0; color: #1f2933; }
h1 { font-size: 20pt; } h2 { font-size: 13pt; margin: 6mm 0 1mm; }
.couverture { padding-top: 70mm; } .couverture h1 { font-size: 34pt; line-height: 1.15; margin: 0; }
.couverture p { font-size: 14pt; } .couverture .licence { margin-top: 90mm; font-size: 9pt; }
.ligne { display: flex; gap: 3mm; margin: 0 0 1mm; }
.ligne i { flex: 1; border-bottom: 1px dotted #888; margin-bottom: 1.5mm; }
.feuille { height: 290mm; position: relative; break-after: page; }
.feuille p { position: absolute; bottom: 0; width: 100%; margin: 0; text-align: center; font-size: 9pt; }
</style>"""


def parts(root: Path = ROOT, *, solutions: bool = False) -> list[tuple[str, list[str]]]:
    """Rend les parties du livre, (titre, pages), l'accueil d'abord ; sans ``solutions``, les corrigés n'y sont pas."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = [("", [toc["root"]])]
    for part in toc["parts"]:
        pages = [page["file"] for page in part["chapters"] if solutions or not page["file"].startswith("solutions/")]
        found += [(part["caption"], pages)] if pages else []
    return found


@contextmanager
def served(folder: Path):
    """Sert ``folder`` sur la machine le temps d'un bloc ; rend l'adresse."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()


def printed(tab, address: str) -> tuple[str, PdfReader]:
    """Rend le titre et l'impression de la page ``address``, cellules repliées fermées et réponses ouvertes."""
    tab.goto(address, wait_until="load")
    tab.emulate_media(media="print", color_scheme="light")
    title = tab.evaluate("""() => {
        for (const details of document.querySelectorAll("article details:not(.hide)")) details.open = true;
        for (const image of document.images) image.loading = "eager";
        const title = document.querySelector("article h1").cloneNode(true);
        for (const link of title.querySelectorAll(".headerlink")) link.remove();
        return title.textContent.trim();
    }""")
    tab.wait_for_function("[...document.images].every(image => image.complete)", timeout=30_000)
    return title, PdfReader(io.BytesIO(tab.pdf(**PAPER, outline=True, tagged=True)))


def cover(course: str) -> str:
    """Rend la page de couverture."""
    return (f"{STYLE}<div class='couverture'><h1>{html.escape(course)}</h1>"
            "<p>Un cours exécutable : LeNet-5, AlexNet, VGG, GoogLeNet, ResNet, l’apprentissage par transfert</p>"
            "<p class='licence'>Textes et figures sous licence CC BY-SA 4.0, code sous licence MIT. "
            "Les figures à manipuler sont imprimées dans leur état de départ.</p></div>")


def contents(entries: list[tuple[str, str, int]]) -> str:
    """Rend le sommaire : une ligne par page, (partie, titre, numéro), le nom d'une partie devant sa première page."""
    lines, last = [], ""
    for part, title, number in entries:
        if part != last:
            lines.append(f"<h2>{html.escape(part)}</h2>")
        last = part
        lines.append(f"<p class='ligne'><span>{html.escape(title)}</span><i></i><span>{number}</span></p>")
    return f"{STYLE}<h1>Sommaire</h1>" + "".join(lines)


def numbers(first: int, count: int) -> str:
    """Rend ``count`` pages vides qui ne portent que leur numéro, à partir de ``first``."""
    return STYLE + "".join(f"<div class='feuille'><p>{number}</p></div>" for number in range(first, first + count))


def internal_links(writer: PdfWriter, address: str, starts: dict[str, int]) -> None:
    """Change les liens vers une page imprimée en renvois internes, et ôte ceux qui mènent au serveur local."""
    for page in writer.pages:
        kept = ArrayObject()
        for annotation in page.get("/Annots", ()):
            link = annotation.get_object()
            target = str(link.get("/A", {}).get("/URI", ""))
            if target.startswith(address):
                name = unquote(urlsplit(target).path).strip("/").removesuffix(".html")
                if name not in starts:
                    continue
                del link["/A"]
                link[NameObject("/Dest")] = ArrayObject([writer.pages[starts[name]].indirect_reference,
                                                         NameObject("/XYZ"), NumberObject(0), NumberObject(842),
                                                         NumberObject(0)])
            kept.append(annotation)
        if "/Annots" in page:
            page[NameObject("/Annots")] = kept


def assemble(browser, site: Path, book: list[tuple[str, list[str]]], course: str, say=print) -> PdfWriter:
    """Imprime les pages de ``book`` et les réunit ; ``say`` reçoit l'avancement."""
    tab = browser.new_page()
    writer, starts, entries = PdfWriter(), {}, []

    def sheet(source: str) -> PdfReader:
        tab.set_content(source)
        return PdfReader(io.BytesIO(tab.pdf(**PAPER)))

    with served(site) as address:
        pieces = []
        for part, pages in book:
            for page in pages:
                title, piece = printed(tab, f"{address}/{page}.html")
                pieces.append((part, page, title, piece))
                say(f"  {page} : {len(piece.pages)} page(s)")
        # Le sommaire a autant de pages quels que soient ses numéros : une première impression donne sa longueur.
        front = 1 + len(sheet(contents([(part, title, 999) for part, _, title, _ in pieces])).pages)
        place = front
        for part, page, title, piece in pieces:
            starts[page] = place
            entries.append((part, title, place + 1))
            place += len(piece.pages)
        writer.append(sheet(cover(course)), import_outline=False)
        writer.append(sheet(contents(entries)), outline_item="Sommaire", import_outline=False)
        for _, _, title, piece in pieces:
            writer.append(piece, outline_item=title)
        internal_links(writer, address, starts)
    tab.set_content(numbers(front + 1, place - front))
    stamps = PdfReader(io.BytesIO(tab.pdf(format="A4", margin={"bottom": "4mm"}, print_background=False)))
    for page, stamp in zip(writer.pages[front:], stamps.pages, strict=True):
        page.merge_page(stamp)
        page.compress_content_streams()   # la fusion les a décomprimés
    writer.add_metadata({"/Title": course, "/Lang": "fr"})
    writer.compress_identical_objects()
    tab.close()
    return writer


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée de la commande ; rend 0 si le PDF est écrit."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m tools.pdf", description="Imprime le cours en un PDF.")
    parser.add_argument("pages", nargs="*", help="pages à imprimer, par exemple chapters/lenet (toutes par défaut)")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html", help="site construit")
    parser.add_argument("--sortie", type=Path, default=ROOT / "_build" / "architectures-de-cnn.pdf")
    parser.add_argument("--avec-corriges", action="store_true", help="imprimer aussi solutions/")
    options = parser.parse_args(arguments)
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        print("Chromium est introuvable. Sous Debian ou Ubuntu : sudo apt install chromium.", file=sys.stderr)
        return 1
    known = parts(solutions=options.avec_corriges)
    unknown = set(options.pages) - {page for _, pages in known for page in pages}
    if unknown:
        print(f"Pages inconnues : {', '.join(sorted(unknown))}. Elles se nomment comme dans _toc.yml, par exemple "
              "chapters/lenet.", file=sys.stderr)
        return 1
    book = [(part, [page for page in pages if not options.pages or page in options.pages]) for part, pages in known]
    missing = [page for _, pages in book for page in pages if not (options.site / f"{page}.html").is_file()]
    if missing:
        print(f"Pages absentes du site : {', '.join(missing)}. Construisez-le d'abord : make site.", file=sys.stderr)
        return 1
    course = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        writer = assemble(browser, options.site, book, course)
        browser.close()
    with tempfile.NamedTemporaryFile(dir=options.sortie.parent, suffix=".pdf", delete=False) as temporary:
        writer.write(temporary)
    Path(temporary.name).chmod(0o644)   # un fichier temporaire n'est lisible que de son auteur
    Path(temporary.name).replace(options.sortie)
    print(f"{len(writer.pages)} pages : {options.sortie}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

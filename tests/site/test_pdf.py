"""Le cours imprimé : couverture, sommaire, numéros, signets, renvois internes."""

from __future__ import annotations

import pytest
import yaml
from site_support import ROOT

from tools import pdf

pytestmark = [pytest.mark.site, pytest.mark.navigateur]
BOOK = [("Annexes", ["annexes/glossaire", "annexes/errata"])]


@pytest.fixture(scope="module")
def printed(browser, html):
    """Deux annexes imprimées, dont la seconde renvoie à la première et à des chapitres qui ne le sont pas."""
    return pdf.assemble(browser, html, BOOK, "Un cours", say=lambda line: None)


def text_of(page) -> str:
    return " ".join(page.extract_text().split())


def test_front_pages_announce_where_each_part_starts(printed):
    assert "Un cours" in text_of(printed.pages[0])
    contents = text_of(printed.pages[1])
    assert contents.startswith("Sommaire Annexes Glossaire")
    marks = [item["/Title"] for item in printed.outline if isinstance(item, dict)]
    assert marks == ["Sommaire", "Glossaire", "Errata du diaporama"]
    second = next(rank for rank, page in enumerate(printed.pages) if text_of(page).startswith("Errata du diaporama"))
    assert f"Errata du diaporama {second + 1}" in contents


def test_every_printed_page_bears_its_number(printed):
    for rank, page in enumerate(printed.pages[2:], start=3):
        assert text_of(page).endswith(str(rank)), rank


def test_links_lead_inside_or_to_the_web_never_to_this_machine(printed):
    inside, outside = 0, []
    for page in printed.pages:
        for annotation in page.get("/Annots", ()):
            link = annotation.get_object()
            address = str(link.get("/A", {}).get("/URI", ""))
            inside += "/Dest" in link
            outside += [address] if address else []
    assert inside > 5
    assert not [address for address in outside if "localhost" in address or not address.startswith("http")]


def test_the_order_is_that_of_the_contents_without_solutions():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    told = [page for _, pages in pdf.parts() for page in pages]
    assert told[0] == toc["root"]
    assert not [page for page in told if page.startswith("solutions/")]
    assert [page for _, pages in pdf.parts(solutions=True) for page in pages if page.startswith("solutions/")]


def test_missing_site_and_unknown_page_are_said(tmp_path, capsys):
    assert pdf.main(["--site", str(tmp_path), "chapters/inconnu"]) == 1
    assert "chapters/inconnu" in capsys.readouterr().err
    assert pdf.main(["--site", str(tmp_path), "chapters/lenet"]) == 1
    assert "make site" in capsys.readouterr().err

"""Toutes les règles réunies : ce que « verify » affiche et ce que les tests d'hygiène exigent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.links import Landmarks, landmarks, link_problems
from tools.pages import ROOT, Finding, Page, markdown_paths, notebook_paths
from tools.prose import typography
from tools.rules import STRUCTURE
from tools.spelling import comments, read_word_list, unknown_words
from tools.stated_numbers import false_equalities, numbers_in, numbers_in_facts, orphans, output_texts

ADMITTED_NUMBERS = Path("tests/hygiene/nombres_admis.txt")
ADMITTED_LINKS = Path("tests/hygiene/liens_http.txt")


@dataclass(frozen=True)
class Course:
    """Ce que les règles doivent savoir du cours entier : ses pages, son registre de faits, ses listes."""

    root: Path

    @classmethod
    def of(cls, root: Path = ROOT) -> Course:
        """Rend le cours enraciné dans ``root``."""
        return cls(Path(root).resolve())

    @cached_property
    def pages(self) -> list[Page]:
        """Toutes les pages du cours, notebooks compris."""
        return [Page(path, self.root) for path in notebook_paths(self.root) + markdown_paths(self.root)]

    @cached_property
    def words(self) -> set[str]:
        """Les mots du cours que le dictionnaire ignore."""
        return set(read_word_list(self.root / "tests" / "hygiene" / "mots_du_cours.txt"))

    @cached_property
    def facts(self) -> set[float]:
        """Les nombres du registre des faits."""
        path = self.root / "cours_cnn" / "facts.toml"
        return numbers_in_facts(path.read_text(encoding="utf-8")) if path.exists() else set()

    @cached_property
    def computed(self) -> set[float]:
        """Les nombres affichés par les chapitres."""
        chapters = [page for page in self.pages if page.kind == "chapters"]
        return numbers_in(text for page in chapters for text in output_texts(page.notebook))

    @cached_property
    def landmarks(self) -> Landmarks:
        """Les ancres, étiquettes et références du livre."""
        files = sorted((self.root / "annexes").glob("*.bib"))
        return landmarks(self.pages, [path.read_text(encoding="utf-8") for path in files])

    @cached_property
    def admitted(self) -> dict[str, list[str]]:
        """Les nombres admis sans preuve : page → textes, chacun justifié dans ``nombres_admis.txt``."""
        admitted: dict[str, list[str]] = {}
        for page, written, _ in admitted_lines(self.root / ADMITTED_NUMBERS):
            admitted.setdefault(page, []).append(written)
        return admitted

    @cached_property
    def plain_http(self) -> set[str]:
        """Les adresses admises sans https."""
        path = self.root / ADMITTED_LINKS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return {line.split("|")[0].strip() for line in lines if line.strip() and not line.startswith("#")}


def admitted_lines(path: Path) -> list[tuple[str, str, str]]:
    """Lit les lignes « page | nombre | raison » ; ``ValueError`` si une raison manque."""
    result = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{path.name} : attendu « page | nombre | raison », reçu : {line!r}")
        result.append(tuple(parts))
    return result


def check_typography(page: Page, course: Course) -> list[Finding]:
    """Typographie française des cellules de texte et des pages."""
    return [page.finding(_at(place, problem.line), f"« {problem.excerpt} » : {problem.message}")
            for place, text in page.markdown() for problem in typography(text)]


def check_spelling(page: Page, course: Course) -> list[Finding]:
    """Orthographe de la prose, des textes de remplacement et des commentaires du code."""
    texts = list(page.markdown())
    for cell in page.code_cells():
        place = f"cellule « {cell.get('id')} »"
        texts += [(place, text) for _, text in comments(cell.source)]
        texts.append((place, cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")))
    return [page.finding(place, f"mot inconnu : « {word} »")
            for place, text in texts for word in unknown_words(text, course.words)]


def check_numbers(page: Page, course: Course) -> list[Finding]:
    """Aucun nombre orphelin : chapitres (sorties du même notebook, registre) et pages (sorties de tous, registre)."""
    established = numbers_in(output_texts(page.notebook)) if page.kind == "chapters" else course.computed
    known = course.facts | established | numbers_in(course.admitted.get(page.name, []))
    found = []
    for place, text in page.markdown():
        found += [page.finding(place, f"égalité fausse : {written}") for written in false_equalities(text)]
        found += [page.finding(_at(place, stated.line), f"nombre orphelin « {stated.written} », qu'aucune sortie "
                               f"ni le registre facts.toml ni un calcul n'établit : « {stated.sentence} »")
                  for stated in orphans(text, known)]
    return found


def check_links(page: Page, course: Course) -> list[Finding]:
    """Liens, ancres, étiquettes et références."""
    return link_problems(page, course.landmarks, course.plain_http)


_EVERYWHERE = ("chapters", "solutions", "exercises", "notebook", "page")
READING: dict[str, tuple[Callable[[Page, Course], list[Finding]], tuple[str, ...]]] = {
    "typographie": (check_typography, _EVERYWHERE),
    "orthographe": (check_spelling, _EVERYWHERE),
    "nombres": (check_numbers, ("chapters", "page")),
    "liens": (check_links, _EVERYWHERE),
}


def rule_names() -> list[str]:
    """Rend les noms de toutes les règles."""
    return [*STRUCTURE, *READING]


def review(page: Page, course: Course, names: list[str] | None = None) -> Iterator[tuple[str, Finding]]:
    """Applique à ``page`` les règles ``names`` (toutes par défaut) qui la concernent ; rend (règle, défaut)."""
    for name in names or rule_names():
        for finding in apply(name, page, course):
            yield name, finding


def apply(name: str, page: Page, course: Course) -> list[Finding]:
    """Applique la règle ``name`` à ``page`` ; liste vide si la règle ne concerne pas ce genre de page."""
    if name in STRUCTURE:
        rule, kinds = STRUCTURE[name]
        return rule(page) if page.kind in kinds else []
    reading, kinds = READING[name]
    return reading(page, course) if page.kind in kinds else []


def _at(place: str, line: int) -> str:
    return f"{place} ligne {line}" if place else f"ligne {line}"

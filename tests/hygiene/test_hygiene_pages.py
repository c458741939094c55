"""Hygiène des notebooks et des pages : chaque règle de ``tools.review`` sur chaque page du cours."""

from __future__ import annotations

import pytest

from tools.pages import NOTEBOOK_FOLDERS, ROOT, Page, markdown_paths, notebook_paths
from tools.review import ADMITTED_NUMBERS, READING, Course, admitted_lines, apply, rule_names
from tools.rules import STRUCTURE
from tools.spelling import comments, list_problems, python_prose, read_word_list, unknown_words
from tools.stated_numbers import stated_numbers

KINDS = {name: kinds for name, (_, kinds) in {**STRUCTURE, **READING}.items()}
PAGES = [Page(path) for path in notebook_paths() + markdown_paths()]
CASES = [pytest.param(page, rule, id=f"{page.name}-{rule}") for page in PAGES for rule in rule_names()
         if page.kind in KINDS[rule]]
PYTHON = [path for folder in ("cours_cnn", "tools", "book", "benchmarks", "experiments")
          for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def course():
    """Le cours entier, lu une fois."""
    return Course.of()


@pytest.mark.parametrize("folder", NOTEBOOK_FOLDERS)
def test_each_folder_has_notebooks(folder):
    assert notebook_paths(folders=(folder,)), f"aucun notebook dans {folder}/"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "accueil.md", "annexes/glossaire.md"])
def test_expected_pages_exist(name):
    assert name in [page.name for page in PAGES]


@pytest.mark.parametrize(("page", "rule"), CASES)
def test_rule(page, rule, course):
    findings = apply(rule, page, course)
    assert not findings, "\n" + "\n".join(map(str, findings))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docstrings_and_comments_are_spelled(path, course):
    found = [f"ligne {line} : « {word} »" for line, text in python_prose(path.read_text(encoding="utf-8"))
             for word in unknown_words(text, course.words, english=True)]
    assert not found, "\n" + "\n".join(found)


def test_word_list_is_tidy():
    corpus = [text for page in PAGES for _, text in page.markdown()]
    cells = [cell for page in PAGES for cell in page.code_cells()]
    corpus += [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for cell in cells]
    corpus += [text for cell in cells for _, text in comments(cell.source)]
    corpus += [text for path in PYTHON for _, text in python_prose(path.read_text(encoding="utf-8"))]
    problems = list_problems(read_word_list(), corpus)
    assert not problems, "\n" + "\n".join(problems)


def test_admitted_numbers_are_all_needed():
    pages = {page.name: page for page in PAGES}
    for name, written, reason in admitted_lines(ROOT / ADMITTED_NUMBERS):
        assert name in pages, f"nombres_admis.txt cite {name}, qui n'existe pas"
        stated = [found.written for _, text in pages[name].markdown() for found in stated_numbers(text)]
        assert written in [value.replace("\u00a0", " ") for value in stated], f"{name} n'a plus {written} ({reason})"

"""Lire et reconstruire : encodages, formats, coupures, cellules perdues, et cinq cents copies abîmées."""

from __future__ import annotations

import json
import random
from functools import cache

import nbformat
import pytest

from cours_cnn.grading import rebuild as rebuilding
from cours_cnn.grading.reading import LARGEST_CELL, UnreadableError, read
from tools.pages import ROOT

MASTER = nbformat.read(ROOT / "solutions" / "lenet.ipynb", as_version=4)
ANSWERS = {cell.id: cell.source for cell in MASTER.cells if rebuilding.is_answer(cell)}


@cache
def copy_text() -> str:
    """Une copie juste : l'exercice distribué, rempli."""
    notebook = nbformat.read(ROOT / "exercises" / "lenet.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = ANSWERS.get(cell.id, cell.source)
    return nbformat.writes(notebook)


def copy() -> dict:
    return json.loads(copy_text())


def rebuilt(content) -> rebuilding.Rebuilt:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return rebuilding.rebuild(MASTER, read(data))


def answer_cell(content: dict, name: str) -> dict:
    return next(cell for cell in content["cells"] if cell["id"] == name)


class TestReading:
    @pytest.mark.parametrize(("encoding", "repair"), [
        ("utf-8", None), ("utf-8-sig", "BOM"), ("utf-16", "utf-16"), ("utf-32", "utf-32"), ("cp1252", "Windows")])
    def test_every_encoding(self, encoding, repair):
        text = json.dumps({"cells": [{"cell_type": "code", "id": "a", "source": "# été : 3"}]}, ensure_ascii=False)
        found = read(text.encode(encoding))
        assert [cell.source for cell in found.cells] == ["# été : 3"]
        assert (repair is None and not found.repairs) or repair in found.repairs[0]

    def test_version_3(self):
        content = {"nbformat": 3, "worksheets": [{"cells": [
            {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "metadata": {"nbgrader": {"grade_id": "q1"}}}]}]}
        found = read(json.dumps(content).encode())
        assert (found.cells[0].source, found.cells[0].grade_id) == ("a = 1\nb = 2", "q1")
        assert "version 3" in found.repairs[0]

    def test_a_cut_file_keeps_its_whole_cells(self):
        data = copy_text().encode()
        found = read(data[:len(data) * 2 // 3])
        assert 5 < len(found.cells) < len(copy()["cells"])
        assert "coupé" in found.repairs[0]

    @pytest.mark.parametrize("data", [b"", b"  \n", b"%PDF-1.7", b"bonjour", b"[1, 2]", b'{"a": 1}', b'{"cells": 3}',
                                      b'{"cells": []}', b'{"cells": [', b'"' + b"x" * 100, b"[" * 200_000,
                                      b'{"cells": [{"cell_type": 3}]}'])
    def test_what_is_not_a_notebook_is_refused_with_a_reason(self, data):
        with pytest.raises(UnreadableError, match=r"\w+ \w+"):
            read(data)

    def test_a_huge_cell_is_left_out_and_said(self):
        found = read(json.dumps({"cells": [{"cell_type": "code", "source": "x" * (LARGEST_CELL + 1)},
                                           {"cell_type": "code", "source": "a = 1"}]}).encode())
        assert [cell.source for cell in found.cells] == ["a = 1"]
        assert "caractères" in found.repairs[0]


class TestRebuild:
    def test_a_clean_copy_needs_no_repair(self):
        result = rebuilt(copy())
        assert result.repairs == []
        assert result.answers == ANSWERS
        ids = [cell.id for cell in result.notebook.cells]
        assert [name for name in ids if name in ANSWERS] == list(ANSWERS)
        assert "q7-mesure" not in ids
        assert "q1-verification" not in ids

    def test_a_deleted_answer_counts_for_nothing(self):
        content = copy()
        content["cells"].remove(answer_cell(content, "q2-reponse"))
        result = rebuilt(content)
        assert result.answers["q2-reponse"] == ""
        assert any("q2-reponse : cellule de réponse absente" in line for line in result.repairs)

    def test_the_last_filled_duplicate_counts(self):
        content = copy()
        original = answer_cell(content, "q1-reponse")
        place = content["cells"].index(original)
        content["cells"][place:place] = [{**original, "source": "def feature_sizes(size, layers):\n    return [1]"}]
        stub = next(cell for cell in nbformat.read(ROOT / "exercises" / "lenet.ipynb", as_version=4).cells
                    if cell.id == "q1-reponse").source
        content["cells"].append({**original, "source": stub})
        result = rebuilt(content)
        assert result.answers["q1-reponse"] == ANSWERS["q1-reponse"]
        assert any("3 cellules de même identifiant" in line for line in result.repairs)

    def test_lost_identifiers_are_found_by_content(self):
        content = copy()
        for cell in content["cells"]:
            cell.pop("id")
            cell["metadata"] = {}
        result = rebuilt(content)
        assert result.answers == ANSWERS
        assert sum("retrouvée d'après" in line for line in result.repairs) == len(ANSWERS)

    def test_reordered_and_retyped_cells(self):
        content = copy()
        content["cells"].reverse()
        answer_cell(content, "q3-reponse")["cell_type"] = "markdown"
        result = rebuilt(content)
        assert result.answers == ANSWERS
        assert any("remises dans l'ordre" in line for line in result.repairs)
        assert any("plus de type code" in line for line in result.repairs)

    def test_locked_cells_come_from_the_master(self):
        content = copy()
        answer_cell(content, "q1-evaluation")["source"] = "print('[[199]]')"
        result = rebuilt(content)
        locked = next(cell for cell in result.notebook.cells if cell.id == "q1-evaluation")
        assert locked.source == next(cell for cell in MASTER.cells if cell.id == "q1-evaluation").source
        assert any("verrouillée modifiée" in line for line in result.repairs)

    @pytest.mark.parametrize("marker", ["# NBVAL_SKIP", "#NBVAL_IGNORE_OUTPUT", "x = 1 # NBVAL_RAISES_EXCEPTION",
                                        "# PYTEST_VALIDATE_IGNORE_OUTPUT"])
    def test_markers_and_tags_of_the_student_do_nothing(self, marker):
        from nbval.plugin import find_comment_markers

        content = copy()
        cell = answer_cell(content, "q1-reponse")
        cell["source"] = marker + "\n" + ANSWERS["q1-reponse"]
        cell["metadata"]["tags"] = ["nbval-skip", "raises-exception"]
        result = next(cell for cell in rebuilt(content).notebook.cells if cell.id == "q1-reponse")
        assert list(find_comment_markers(result.source)) == []
        assert result.metadata.tags == ["nbval-ignore-output"]

    def test_using_the_student_checks_is_an_alert(self):
        content = copy()
        answer_cell(content, "q1-reponse")["source"] = "from cours_cnn.checks.lenet import counting"
        assert "cours_cnn.checks" in rebuilt(content).alerts[0]


def mutated(seed: int) -> tuple[str, bytes]:
    """Rend une copie abîmée par une à trois opérations tirées au sort."""
    dice = random.Random(seed)
    content = copy()
    names = []
    for _ in range(dice.randint(1, 3)):
        name = dice.choice(list(OPERATIONS))
        names.append(name)
        OPERATIONS[name](content, dice)
    data = json.dumps(content, ensure_ascii=dice.random() < 0.5)
    encoded = data.encode(dice.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32"]), "replace")
    if dice.random() < 0.25:
        names.append("coupe")
        encoded = encoded[:dice.randrange(len(encoded))]
    if dice.random() < 0.1:
        names.append("octets")
        spoiled = bytearray(encoded)
        for _ in range(5):
            if spoiled:
                spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        encoded = bytes(spoiled)
    return "+".join(names), encoded


def pick(content, dice):
    cells = content.get("cells")
    cells = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    return dice.choice(cells) if cells else {}


def _delete(content, dice):
    if isinstance(content.get("cells"), list) and content["cells"]:
        content["cells"].pop(dice.randrange(len(content["cells"])))


def _shuffle(content, dice):
    if isinstance(content.get("cells"), list):
        dice.shuffle(content["cells"])


def _duplicate(content, dice):
    if isinstance(content.get("cells"), list) and content["cells"]:
        content["cells"].insert(dice.randrange(len(content["cells"])), json.loads(json.dumps(pick(content, dice))))


OPERATIONS = {
    "supprime": _delete, "mélange": _shuffle, "double": _duplicate,
    "type": lambda c, d: pick(c, d).update(cell_type=d.choice(["markdown", "raw", "code", "autre", None, 3])),
    "source": lambda c, d: pick(c, d).update(source=d.choice([None, 3, ["a", 2], {"a": 1}, "", "\ud800", "1/0", "(("])),
    "identifiant": lambda c, d: pick(c, d).update(id=d.choice([None, 3, "", "q1-reponse", "é" * 300, ["x"]])),
    "métadonnées": lambda c, d: pick(c, d).update(metadata=d.choice([None, [], "x", {"nbgrader": 3}, {
        "nbgrader": {"grade_id": ["q1"]}}, {"nbgrader": {"grade_id": "q2-reponse"}}])),
    "cellule": lambda c, d: c.update(cells=[*(c.get("cells") or []), d.choice([None, 3, "x", [], {}])]),
    "format": lambda c, d: c.update(nbformat=d.choice([3, 4, 5, "x", None]), nbformat_minor=d.choice([0, 99, None])),
    "noyau": lambda c, d: c.update(metadata=d.choice([{}, None, {"kernelspec": {"name": "R"}}, {"kernelspec": 3}])),
    "énorme": lambda c, d: pick(c, d).update(outputs=[{"output_type": "stream", "text": "x" * 300_000}]),
    "version 3": lambda c, d: c.update(worksheets=[{"cells": c.pop("cells", [])}]) if "cells" in c else None,
    "sans cellules": lambda c, d: c.update(cells=d.choice([{}, "x", []])) if d.random() < 0.2 else None,
}


@pytest.mark.lent
def test_six_hundred_damaged_copies_end_with_a_notebook_or_a_reason():
    outcomes = {"reconstruite": 0, "illisible": 0}
    for seed in range(600):
        names, data = mutated(seed)
        try:
            reading = read(data)
        except UnreadableError as error:
            reason = str(error)
        else:
            reason = ""
        if reason:
            assert len(reason) > 20, names
            outcomes["illisible"] += 1
            continue
        result = rebuilding.rebuild(MASTER, reading)
        assert set(result.answers) == set(ANSWERS), names
        text = nbformat.writes(result.notebook)
        nbformat.validate(nbformat.reads(text, as_version=4))
        text.encode("utf-8")
        outcomes["reconstruite"] += 1
    assert outcomes["reconstruite"] > 400
    assert outcomes["illisible"] > 20

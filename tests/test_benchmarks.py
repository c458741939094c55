"""Les mesures : un même devoir à trois formats, et des rapports calculés comme leur méthode le dit."""

from __future__ import annotations

import json

import nbformat
import pytest

from benchmarks import __main__ as bench
from benchmarks import devoir, notation
from cours_cnn.grading.rebuild import is_answer, is_evaluation

EXPECTED = {"q1": [1, 2], "q2": [3.5], "q3": [0.25, 0.125]}


def answers_of(text: str) -> list[str]:
    return [cell.source for cell in nbformat.reads(text, as_version=4).cells
            if any(cell.source.startswith(question.signature) for question in devoir.QUESTIONS)]


def test_every_variant_fills_the_three_answers_of_the_copy_received():
    for answers in devoir.VARIANTS:
        assert answers_of(devoir.filled(notation._received(), answers)) == list(answers.values())


def test_variants_differ_from_the_reference_only_where_they_should():
    changed = [[name for name in devoir.RIGHT if answers[name] != devoir.RIGHT[name]] for answers in devoir.VARIANTS]
    assert changed == [[], ["q1"], ["q2"], ["q3"], ["q1"], ["q1", "q2", "q3"]]
    assert len(devoir.MARKS) == len(devoir.VARIANTS)
    assert sum(question.points for question in devoir.QUESTIONS) == devoir.MARKS[0] == 20


def test_the_three_formats_evaluate_the_same_computation():
    course, rival = devoir.course_master(), devoir.nbgrader_source(EXPECTED)
    other = [cell.source for cell in devoir.otter_master(EXPECTED).cells]
    for question in devoir.QUESTIONS:
        sources = [next(cell.source for cell in notebook.cells if cell.id == f"{question.name}-evaluation")
                   for notebook in (course, rival)]
        sources.append(next(source for source in other if source.startswith(question.evaluation)))
        assert all(question.evaluation in source for source in sources)
        assert json.dumps(EXPECTED[question.name]) in sources[1]
        assert json.dumps(EXPECTED[question.name]) in sources[2]
        assert "[" + str(EXPECTED[question.name][0]) not in sources[0]
    assert sum(map(is_answer, course.cells)) == sum(map(is_evaluation, course.cells)) == 3


def test_the_report_follows_its_method():
    times = {"cours": [1.0, 1.2, 1.4], "nbgrader": [9.0, 8.4, 12.0], "otter": [6.0, 6.6, 6.0], "nbval": [4.8, 4.8, 4.8]}
    own = [{"calcul_s": value, "notes_justes": 1} for value in (0.6, 0.8, 0.8)]
    found = notation.report(times, own, {"cours": 1, "nbgrader": 0.5, "otter": 1})
    assert found["secondes_par_copie"]["cours"] == 1.2
    assert found["copies_par_minute"]["cours"] == 50
    assert found["rapport_a_nbgrader"] == 7.5
    assert found["rapport_a_otter"] == 5
    assert found["rapport_a_nbval_seul"] == 4
    assert found["au_dela_du_calcul_propre_s"] == pytest.approx(0.8)  # médiane de 0,7, 0,8 et 1,0


def test_bars_say_whether_they_are_held():
    told = bench.bars({"notation": {"au_dela_du_calcul_propre_s": 1.01, "rapport_a_nbgrader": 7.0}})
    assert told == ["notation, au_dela_du_calcul_propre_s : 1,01 (au plus 1,0) : NON TENUE",
                    "notation, rapport_a_nbgrader : 7,00 (au moins 7,0) : tenue"]


def test_stored_results_name_no_machine():
    text = bench.RESULTS.read_text(encoding="utf-8")
    assert "/" not in text
    assert set(json.loads(text)) <= set(bench.PARTS)

"""Chaque question de chaque exercice, éprouvée par des réponses justes, vides et fausses."""

from __future__ import annotations

import re
from functools import cache

import nbformat
import pytest
from banc import NAMES, ROOT, each_answer, each_question

SEED = "20260"
QUESTIONS, WRONG = each_question(), each_answer("fausses")
# Les prédictions d'une question notée diffèrent d'un bon modèle à l'autre, et demandent un entraînement : elles ont
# leurs propres tests.
COMPARED, RIGHT = each_question(compared=True), each_answer("justes", compared=True)
COMPARED_WRONG = each_answer("fausses", compared=True)


def text_of(message) -> str:
    """Le texte d'un message, espaces insécables et retours à la ligne compris, ramené à des espaces ordinaires."""
    return re.sub(r"\s+", " ", repr(message).replace("\u00a0", " "))


@pytest.fixture(autouse=True)
def seed(monkeypatch):
    """Une graine de session, différente de celle des sorties enregistrées."""
    monkeypatch.setenv("COURS_CNN_GRAINE", SEED)


@cache
def _reference(bench, question):
    return bench.evaluate(question, bench.solution(question))


def test_every_exercise_is_put_to_the_test():
    folders = {path.parent.name for path in (ROOT / "cours_cnn" / "checks").glob("*/__init__.py")}
    masters = {path.stem for path in (ROOT / "solutions").glob("*.ipynb")}
    assert set(NAMES) == folders == masters
    assert {"convolution", "lenet"} <= set(NAMES)


def test_every_question_has_enough_known_answers(bench):
    assert list(bench.answers) == list(bench.questions)
    for question in bench.questions:
        assert len(bench.answers[question]["fausses"]) >= 4
        assert len(bench.answers[question]["justes"]) >= 1


@pytest.mark.parametrize(("bench", "question"), COMPARED)
def test_reference_passes(bench, question):
    message = bench.reply(question, bench.solution(question))
    assert message.state == "reussi", message
    assert len(message.paragraphs[0]) > 60


@pytest.mark.parametrize(("bench", "question"), QUESTIONS)
def test_untouched_stub_is_not_an_error(bench, question):
    message = bench.check(question, bench.stub(question))
    assert message.state == "a-faire"
    assert "pas encore de réponse" in text_of(message)


@pytest.mark.parametrize(("bench", "question"), QUESTIONS)
def test_missing_answer_is_not_an_error(bench, question):
    assert bench.check(question).state == "a-faire"


@pytest.mark.parametrize(("bench", "question", "case"), RIGHT)
def test_other_right_answer_passes(bench, question, case):
    message = bench.reply(question, case["code"])
    assert message.state == "reussi", message


@pytest.mark.parametrize(("bench", "question", "case"), WRONG)
def test_wrong_answer_gets_its_message(bench, question, case):
    message = bench.reply(question, case["code"])
    assert message.state == "a-revoir", case["idee"]
    assert case["message"] in text_of(message), f"{case['idee']} → {message}"


@pytest.mark.parametrize(("bench", "question"), QUESTIONS)
def test_messages_tell_wrong_answers_apart(bench, question):
    cases = bench.answers[question]["fausses"]
    shown = [text_of(bench.reply(question, case["code"])) for case in cases]
    for case in cases:
        assert sum(case["message"] in text for text in shown) == 1, case["message"]


@pytest.mark.parametrize(("bench", "question", "case"), COMPARED_WRONG)
def test_evaluation_tells_wrong_from_right(bench, question, case):
    found = bench.evaluate(question, case["code"])
    assert bench.gaps(question, _reference(bench, question), found), case["idee"]


@pytest.mark.parametrize(("bench", "question", "case"), RIGHT)
def test_evaluation_accepts_every_right_answer(bench, question, case):
    assert bench.gaps(question, _reference(bench, question), bench.evaluate(question, case["code"])) == []


@pytest.mark.parametrize(("bench", "question"), COMPARED)
def test_evaluation_prints_rich_data_never_verdicts(bench, question, monkeypatch):
    text = _reference(bench, question)
    assert len(set(re.findall(r"-?\d+(?:\.\d+)?", text))) >= 12
    assert not re.search(r"réussi|juste|faux|correct|points|assert", text, re.I)
    monkeypatch.setenv("COURS_CNN_GRAINE", "7")
    other = bench.evaluate(question, bench.solution(question))
    assert bench.gaps(question, text, other), "la graine ne change rien"


@pytest.mark.parametrize(("bench", "question"), COMPARED)
def test_untouched_stub_earns_nothing(bench, question):
    found = bench.evaluate(question, bench.stub(question))
    assert bench.gaps(question, _reference(bench, question), found)


def _titles(chapter: str) -> list[str]:
    cells = nbformat.reads((ROOT / "chapters" / f"{chapter}.ipynb").read_text(encoding="utf-8"), as_version=4).cells
    source = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [title.replace("\u00a0", " ").replace("*", "") for title in re.findall(r"^#{1,4} (.+)$", source, re.M)]


def test_chapter_sections_exist(bench):
    titles = {section.chapter: _titles(section.chapter) for section in bench.checks.sections.ALL}
    for section in bench.checks.sections.ALL:
        assert section.title in titles[section.chapter], f"{section.name} : cette section n'existe pas"


def test_every_reply_leads_to_a_listed_section(bench):
    listed = set(bench.checks.sections.ALL)
    assert {question.section for question in bench.questions.values()} <= listed
    for question, cases in bench.answers.items():
        shown = [bench.reply(question, case["code"]).section for case in cases["fausses"]]
        assert set(shown) <= {None, *listed}

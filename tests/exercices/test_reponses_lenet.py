"""Chaque question de l'exercice LeNet-5, éprouvée par des réponses justes, vides et fausses."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from cours_cnn.checks.lenet import EXERCISE, sections

ANSWERS = tomllib.loads((Path(__file__).parent / "lenet.toml").read_text(encoding="utf-8"))
QUESTIONS = list(EXERCISE.questions)
SEED = "20260"

RIGHT = [pytest.param(q, case["code"], id=f"{q}-{rank}") for q in QUESTIONS
         for rank, case in enumerate(ANSWERS[q]["justes"], start=1)]
WRONG = [pytest.param(q, case, id=f"{q}-{rank}") for q in QUESTIONS
         for rank, case in enumerate(ANSWERS[q]["fausses"], start=1)]
DISTINGUISHABLE = [param for param in WRONG if not param.values[1].get("equivalente")]


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


def test_every_question_has_enough_known_answers():
    assert list(ANSWERS) == QUESTIONS
    for question in QUESTIONS:
        assert len(ANSWERS[question]["fausses"]) >= 4
        assert len(ANSWERS[question]["justes"]) >= 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_reference_passes(lenet, question):
    message = lenet.reply(question, lenet.solution(question))
    assert message.state == "reussi", message
    assert len(message.paragraphs[0]) > 60


@pytest.mark.parametrize("question", QUESTIONS)
def test_untouched_stub_is_not_an_error(lenet, question):
    message = lenet.check(question, lenet.stub(question))
    assert message.state == "a-faire"
    assert "pas encore de réponse" in text_of(message)


@pytest.mark.parametrize("question", QUESTIONS)
def test_missing_answer_is_not_an_error(lenet, question):
    assert lenet.check(question).state == "a-faire"


@pytest.mark.parametrize(("question", "code"), RIGHT)
def test_other_right_answer_passes(lenet, question, code):
    message = lenet.reply(question, code)
    assert message.state == "reussi", message


@pytest.mark.parametrize(("question", "case"), WRONG)
def test_wrong_answer_gets_its_message(lenet, question, case):
    message = lenet.reply(question, case["code"])
    assert message.state == "a-revoir", case["idee"]
    assert case["message"] in text_of(message), f"{case['idee']} → {message}"


@pytest.mark.parametrize("question", QUESTIONS)
def test_messages_tell_wrong_answers_apart(lenet, question):
    cases = ANSWERS[question]["fausses"]
    shown = [text_of(lenet.reply(question, case["code"])) for case in cases]
    for case in cases:
        assert sum(case["message"] in text for text in shown) == 1, case["message"]


@pytest.mark.parametrize(("question", "case"), DISTINGUISHABLE)
def test_evaluation_tells_wrong_from_right(lenet, question, case):
    found = lenet.evaluate(question, case["code"])
    assert lenet.gaps(question, _reference(lenet, question), found), case["idee"]


@pytest.mark.parametrize(("question", "code"), RIGHT)
def test_evaluation_accepts_every_right_answer(lenet, question, code):
    assert lenet.gaps(question, _reference(lenet, question), lenet.evaluate(question, code)) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_evaluation_prints_rich_data_never_verdicts(lenet, question, monkeypatch):
    text = _reference(lenet, question)
    assert len(set(re.findall(r"-?\d+(?:\.\d+)?", text))) >= 12
    assert not re.search(r"réussi|juste|faux|correct|points|assert", text, re.I)
    monkeypatch.setenv("COURS_CNN_GRAINE", "7")
    other = lenet.evaluate(question, lenet.solution(question))
    assert lenet.gaps(question, text, other), "la graine ne change rien"


@pytest.mark.parametrize("question", QUESTIONS)
def test_untouched_stub_earns_nothing(lenet, question):
    found = lenet.evaluate(question, lenet.stub(question))
    assert lenet.gaps(question, _reference(lenet, question), found)


def test_chapter_sections_exist(root):
    titles = {}
    for section in sections.ALL:
        path = root / "chapters" / f"{section.chapter}.ipynb"
        if section.chapter not in titles:
            import nbformat

            cells = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4).cells
            source = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            titles[section.chapter] = [title.replace("\u00a0", " ").replace("*", "")
                                       for title in re.findall(r"^#{1,4} (.+)$", source, flags=re.M)]
        assert section.title in titles[section.chapter], f"{section.name} : cette section n'existe pas"

"""Le moteur des vérifications, face à tout ce qu'un débutant peut rendre."""

from __future__ import annotations

import logging
import re
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from banc import check_french, each_question, run_cell

from cours_cnn.checks import message as messages
from cours_cnn.checks.base import Exercise, Progress
from cours_cnn.checks.lenet import EXERCISE
from cours_cnn.checks.message import Message, Section, described, markup, typeset
from cours_cnn.checks.running import TimeUpError, is_stub, limited, names_used

QUICK = Exercise("essai", {"q1": EXERCISE.questions["q1"]}, limit_s=0.6)
DEF = "def feature_sizes(size, layers):\n    "


def checked(source: str, exercise: Exercise = QUICK) -> Message:
    """Exécute une réponse à la question 1 puis sa vérification."""
    namespace = {"verifier": exercise.verifier}
    run_cell(source, namespace, "reponse")
    run_cell("message = verifier('q1')", namespace, "verification")
    return namespace["message"]


def words(found) -> str:
    """Le texte d'un message ou d'un tableau, en une ligne d'espaces ordinaires."""
    return re.sub(r"\s+", " ", repr(found).replace("\u00a0", " "))


RETURNED = {
    "un texte": ('return "28"', "rend `'28'`. Attendu : une liste"),
    "un texte dans une liste": ('return ["28"] * len(layers)', "rend `'28'` en position 1. Attendu : un nombre"),
    "nan": ("return [float('nan')] * len(layers)", "qui n'est pas un nombre fini"),
    "infini": ("return [1e999] * len(layers)", "qui n'est pas un nombre fini"),
    "un dictionnaire": ("return {1: 2}", "rend `{1: 2}`"),
    "un ensemble": ("return {1, 2}", "un objet de type `set`"),
    "un générateur": ("yield 28", "un objet de type `generator`"),
    "un booléen": ("return [True] * len(layers)", "rend `True` en position 1"),
    "une fonction": ("return feature_sizes", "la fonction `feature_sizes` elle-même, sans l'appeler"),
    "un type": ("return int", "un objet de type `type`"),
    "une liste de listes": ("return [[28]] * len(layers)", "rend `[28]` en position 1"),
    "rien après un affichage": ("print([28])", "afficher (`print`) n'est pas rendre (`return`)"),
    "rien": ("size = 3", "est-elle atteinte dans tous les cas"),
    "un entier démesuré": ("return [10**400] * len(layers)", "ce nombre est démesuré"),
    "une liste démesurée": ("return list(range(10**6))", "1 000 000 valeurs"),
    "un tableau à deux dimensions": ("import numpy; return numpy.ones((2, 2))", "un tableau NumPy de forme `(2, 2)`"),
}


@pytest.mark.parametrize("name", RETURNED)
def test_whatever_is_returned_gets_a_clear_reply(name):
    body, expected = RETURNED[name]
    message = checked(DEF + body)
    assert message.state == "a-revoir"
    assert expected in words(message), message


def test_a_tensor_is_read_as_a_list():
    import tensorflow as tf

    namespace = {"verifier": QUICK.verifier, "tf": tf}
    run_cell(DEF + "found = []\n    for k, s, p in layers:\n"
             "        size = -(-size // s) if p == 'same' else (size - k) // s + 1\n        found.append(size)\n"
             "    return tf.constant(found)\nmessage = verifier('q1')", namespace)
    assert namespace["message"].state == "reussi"


HOSTILE = {
    "__eq__": "def __eq__(self, other): return True",
    "__eq__ qui échoue": "def __eq__(self, other): raise ValueError('non')",
    "__repr__": "def __repr__(self): raise ValueError('non')",
    "__repr__ sans fin": "def __repr__(self):\n        while True: pass",
    "__getattr__": "def __getattr__(self, name): raise RuntimeError('non')",
    "shape": "shape = 'abc'",
    "numpy": "shape = (3,)\n    def numpy(self): raise RuntimeError('non')",
    "numpy sans fin": "shape = (3,)\n    def numpy(self):\n        while True: pass",
    "__class__": "__class__ = list",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["Piege()", "[Piege()] * len(layers)"])
def test_hostile_objects_never_pass_nor_crash(name, place):
    message = checked(f"class Piege:\n    {HOSTILE[name]}\n{DEF}return {place}")
    assert message.state == "a-revoir"
    assert message._repr_html_()


def test_a_list_that_lies_about_equality_does_not_pass():
    message = checked("class Menteuse(list):\n    def __eq__(self, other): return True\n"
                      "    def __len__(self): return 1\n" + DEF + "return Menteuse([0])")
    assert message.state == "a-revoir"


RAISED = {
    "NameError": ("return sizes", "Un nom est employé sans avoir été défini", "ligne 2 de la cellule : `return sizes`"),
    "IndexError": ("x = [1]\n    return x[3]", "Un indice désigne une place qui n'existe pas", "ligne 3"),
    "TypeError": ("return size + 'a'", "d'un type qu'elle n'admet pas", "ligne 2"),
    "ZeroDivisionError": ("return size / 0", "Une division par zéro", "`return size / 0`"),
    "RecursionError": ("return feature_sizes(size, layers)", "s'appelle elle-même sans fin", "ligne 2"),
    "SystemExit": ("raise SystemExit", "demande l'arrêt du programme", "ligne 2"),
    "NotImplementedError": ("raise NotImplementedError()", "qu'elle n'est pas écrite", "ligne 2"),
    "message hostile": ("class E(Exception):\n        def __str__(self): raise ValueError\n    raise E",
                        "`E`", "ligne 4"),
    "message interminable": ("raise ValueError('a' * 10**6)", "ValueError: aaaa", "ligne 2"),
}


@pytest.mark.parametrize("name", RAISED)
def test_an_exception_is_explained_at_the_student_line(name):
    body, meaning, place = RAISED[name]
    message = checked(DEF + body)
    assert message.state == "a-revoir"
    assert meaning in words(message)
    assert place in words(message)
    assert len(repr(message)) < 600


def test_the_line_shown_is_the_student_one_even_inside_a_library():
    message = checked("import json\n" + DEF + "x = 1\n    return json.loads('{')")
    assert "ligne 4 de la cellule : `return json.loads('{')`" in words(message)


LOOPS = {
    "while True": "while True:\n        pass",
    "tout rattraper": "while True:\n        try:\n            size += 1\n        except BaseException: size = 0",
    "except nu": "while True:\n        try:\n            size += 1\n        except: pass",
    "attente": "import time\n    while True:\n        time.sleep(0.01)",
}


@pytest.mark.parametrize("name", LOOPS)
def test_an_endless_loop_is_stopped(name):
    begin = time.monotonic()
    message = checked(DEF + LOOPS[name])
    assert time.monotonic() - begin < 5
    assert message.state == "a-revoir"
    assert "arrêtée au bout de 0,6 s" in words(message)
    assert re.search(r"ligne \d de la cellule", words(message))


def test_outside_the_main_thread_too():
    found = []
    worker = threading.Thread(target=lambda: found.append(checked(DEF + LOOPS["while True"])))
    worker.start()
    worker.join(10)
    assert "arrêtée au bout de" in words(found[0])


def test_the_alarm_of_others_is_given_back():
    rings = []
    previous = signal.signal(signal.SIGALRM, lambda number, frame: rings.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        checked(DEF + "return 3")
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 50
        assert signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert rings == []


def test_limited_gives_back_values_and_exceptions():
    assert limited(lambda: 3, 5) == 3
    with pytest.raises(KeyError):
        limited(lambda: {}["a"], 5)
    with pytest.raises(TimeUpError):
        limited(lambda: time.sleep(3), 0.1)


def test_a_keyboard_interrupt_stops_the_cell():
    with pytest.raises(KeyboardInterrupt):
        checked(DEF + "raise KeyboardInterrupt")


def test_a_flood_of_prints_is_kept_out(capsys):
    before = sys.stdout
    message = checked(DEF + "print('x' * 10**7)\n    return 3", Exercise("essai", QUICK.questions, limit_s=5))
    assert sys.stdout is before
    assert capsys.readouterr().out == ""
    assert len(repr(message)) < 500


def test_warnings_of_tensorflow_are_kept_out():
    journal, seen = logging.getLogger("tensorflow"), []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    journal.addHandler(handler)
    level = journal.level
    try:
        checked("import logging\n" + DEF + "logging.getLogger('tensorflow').warning('recompilation')\n    return 3")
        assert seen == []
        assert journal.level == level
        journal.warning("après")
        assert seen == ["après"]
    finally:
        journal.removeHandler(handler)


def test_arguments_that_are_modified_are_noticed():
    assert "modifie les arguments qu'elle reçoit" in words(checked(DEF + "layers.clear()\n    return []"))


def test_a_wrong_signature_is_explained():
    message = words(checked("def feature_sizes(size):\n    return 3"))
    assert "est définie par `def feature_sizes(size)`" in message
    assert "2 arguments" in message


def test_a_name_that_is_not_a_function():
    assert "Attendu : une fonction" in words(checked("feature_sizes = [28, 14]"))


@pytest.mark.parametrize("source", ["", "feature_sizes = ...", "feature_sizes = None", DEF + "...", DEF + "pass",
                                    DEF + '"""Rend les tailles."""', DEF + "return None",
                                    "feature_sizes = lambda *a: None"])
def test_an_empty_answer_is_not_an_error(source):
    message = checked(source)
    assert message.state == "a-faire"
    assert "attend `feature_sizes`" in words(message)


def test_a_body_that_does_something_is_not_a_stub():
    def started(size):
        ...
        print(size)

    assert not is_stub(started)
    assert not is_stub(print)
    assert names_used(lambda x: [x.real for _ in range(3)]) >= {"real"}


def test_nothing_from_the_student_enters_the_page_unescaped():
    attack = "<img src=x onerror=alert(1)>"
    for body in (f"return {attack!r}", f"raise ValueError({attack!r})", f"return {{{attack!r}: 1}}"):
        page = checked(DEF + body)._repr_html_()
        assert "<img" not in page
        assert "&lt;img" in page


def test_messages_are_boxes_a_reader_can_tell_apart():
    for state in ("reussi", "a-revoir", "a-faire", "indice"):
        page = Message(state, "Question 1 : titre", ["Un `code`."])._repr_html_()
        assert page.startswith(f'<div class="cours-verif {state}" role="group"')
        assert "<code>code</code>" in page
        # JupyterLab efface des sorties d'un notebook rouvert les couleurs qu'il ne sait pas lire.
        assert "var(" not in page
    with pytest.raises(ValueError, match="state"):
        Message("autre", "titre")


def test_typeset_and_markup():
    assert typeset("a : b ; « c » ? `d : e` 5 %") == "a\u00a0: b\u00a0; «\u00a0c\u00a0»\u00a0? `d : e` 5\u00a0%"
    assert markup("a < `b < c`") == "a &lt; <code>b &lt; c</code>"


def test_described_is_always_short():
    for value in ("x" * 10**6, list(range(10**5)), {i: i for i in range(10**4)}, [[[[[1]]]]], 10**5000, 1.5, (1,)):
        assert len(described(value)) <= 90


@pytest.mark.parametrize(("bench", "question"), each_question())
def test_displayed_french_is_clean(bench, question):
    shown = [bench.reply(question, case["code"]) for case in bench.answers[question]["fausses"]]
    shown.append(bench.check(question))
    if not bench.scored(question):   # sinon le corrigé s'entraîne : ce message est relu avec les autres du projet
        shown.append(bench.reply(question, bench.solution(question)))
    namespace = {"indice": bench.checks.EXERCISE.indice}
    for _ in range(3):
        run_cell(f"found = indice({question!r})", namespace)
        shown.append(namespace["found"])
    for message in shown:
        check_french(message)


# --- Avancement --------------------------------------------------------------------------------------------------

GOOD = DEF + """found = []
    for k, s, p in layers:
        size = -(-size // s) if p == "same" else (size - k) // s + 1
        found.append(size)
    return found"""


def notebook(*sources: str) -> dict:
    """Exécute des cellules dans un notebook neuf qui a importé les trois fonctions."""
    namespace = {"verifier": QUICK.verifier, "indice": QUICK.indice, "bilan": QUICK.bilan}
    for source in sources:
        run_cell(source, namespace)
    return namespace


def test_progress_lives_in_the_notebook_alone():
    first = notebook(GOOD, "verifier('q1')", "table = bilan()")
    second = notebook("table = bilan()")
    assert type(first["_suivi_essai"]) is Progress
    assert first["table"].column("État") == ["réussie", "1\u00a0sur\u00a01"]
    assert second["table"].column("État") == ["à faire", "0\u00a0sur\u00a01"]
    assert vars(QUICK).keys() == {"name", "questions", "limit_s"}


def test_the_summary_counts_attempts_hints_points_and_time():
    found = notebook(DEF + "return 3", "verifier('q1')", "verifier('q1')", "indice('q1')", GOOD, "verifier('q1')",
                     "table = bilan()")["table"]
    assert found.column("Essais") == [3, 3]
    assert found.column("Indices") == [1, 1]
    assert found.column("Points") == ["2 / 2", "2 / 2"]
    assert found.column("Réussie après") == ["moins de 1\u00a0min"] * 2
    assert "2 / 2" in found._repr_html_()


def test_an_answer_broken_afterwards_is_no_longer_passed():
    found = notebook(GOOD, "verifier('q1')", DEF + "return 3", "verifier('q1')", "table = bilan()")["table"]
    assert found.column("Points") == ["0 / 2", "0 / 2"]


def test_a_damaged_record_starts_afresh():
    found = notebook("_suivi_essai = 3", "table = bilan()")["table"]
    assert found.column("Essais") == [0, 0]


def test_hints_go_from_vague_to_precise_and_stop_at_three():
    space = notebook(*[f"m{rank} = indice('q1')" for rank in range(1, 5)])
    texts = [space[f"m{rank}"].paragraphs[0] for rank in range(1, 5)]
    assert len(set(texts[:3])) == 3
    assert texts[3] == texts[2]
    assert [space[f"m{rank}"].title[-7:] for rank in range(1, 4)] == ["1 sur 3", "2 sur 3", "3 sur 3"]


@pytest.mark.parametrize("call", ["verifier()", "verifier('q12')", "verifier(None)", "indice(3.5)", "verifier([1])"])
def test_an_unknown_question_lists_the_known_ones(call):
    found = notebook(f"message = {call}")["message"]
    assert found.state == "a-faire"
    assert '"q1"' in words(found)


@pytest.mark.parametrize("call", ["verifier(1)", "verifier('Q1')", "verifier(' q1 ')"])
def test_close_spellings_of_a_question_are_understood(call):
    assert "Question 1" in notebook(f"message = {call}")["message"].title


def test_every_question_has_three_distinct_hints_and_twenty_points_in_all(bench):
    assert bench.checks.EXERCISE.name == bench.name
    assert 5 <= len(bench.questions) <= 8
    assert sum(question.points for question in bench.questions.values()) == 20
    for key, question in bench.questions.items():
        assert len(set(question.hints)) == 3
        assert question.points == bench.master[f"{key}-evaluation"].metadata["nbgrader"]["points"]
        assert f"({question.points} points)" in bench.master[f"{key}-enonce"].source


# --- Liens vers le cours -----------------------------------------------------------------------------------------

HERE = Section("lenet", "Les données : de vrais chiffres")


def test_the_link_leads_to_the_neighbouring_chapter(tmp_path, monkeypatch):
    (tmp_path / "exercises").mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    assert messages.section_address(HERE) == ""
    assert "<a " not in Message("a-revoir", "t", [], HERE)._repr_html_()
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "lenet.ipynb").write_text("{}")
    address = messages.section_address(HERE)
    assert address.startswith("../chapters/lenet.ipynb#Les-donn")
    assert Path(address.partition("#")[0]).is_file()
    assert f'href="{address}"' in Message("a-revoir", "t", [], HERE)._repr_html_()


@pytest.mark.parametrize(("record", "expected"), [
    ('{"url": "https://github.com/organisation/depot.git"}',
     "https://colab.research.google.com/github/organisation/depot/blob/main/chapters/lenet.ipynb"),
    ('{"url": "https://exemple.org/depot"}', ""),
    (None, ""),
])
def test_in_colab_the_link_leads_to_the_repository(monkeypatch, record, expected):
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    monkeypatch.setattr(messages.metadata, "distribution", lambda name: SimpleNamespace(read_text=lambda file: record))
    assert messages.section_address(HERE) == expected

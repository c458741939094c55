"""Exécuter le code d'un étudiant sans risque : temps limité, affichages retenus, erreurs rapportées à sa ligne."""

from __future__ import annotations

import contextlib
import ctypes
import dis
import io
import linecache
import logging
import signal
import sys
import threading
from collections.abc import Callable
from types import CodeType, FunctionType, TracebackType

from cours_cnn.checks.message import code

DEFAULT_LIMIT_S = 10.0
_REPEAT_S = 0.2
_KEPT = 2_000
_MEANINGS = (
    (NotImplementedError, "la fonction annonce elle-même qu'elle n'est pas écrite"),
    (RecursionError, "la fonction s'appelle elle-même sans fin"),
    (NameError, "un nom est employé sans avoir été défini, ou il est mal écrit"),
    (IndexError, "un indice désigne une place qui n'existe pas"),
    (KeyError, "une clé est demandée à un dictionnaire qui ne l'a pas"),
    (ZeroDivisionError, "une division par zéro"),
    (AttributeError, "un objet n'a pas l'attribut ou la méthode demandés"),
    (ImportError, "un module demandé est introuvable"),
    (MemoryError, "un tableau bien trop grand est demandé"),
    (TypeError, "une opération reçoit une valeur d'un type qu'elle n'admet pas"),
    (ValueError, "une opération reçoit une valeur ou une forme qu'elle refuse"),
    (AssertionError, "une affirmation (assert) du code est fausse"),
    (SystemExit, "le code demande l'arrêt du programme"),
)


class TimeUpError(Exception):
    """Le temps accordé est dépassé ; ``place`` : la ligne de l'étudiant alors en cours, si elle est connue."""

    def __init__(self, seconds: float, place: str = ""):
        super().__init__(f"plus de {seconds:g} s")
        self.seconds, self.place = seconds, place


class _Alarm(BaseException):
    """Interrompt le code surveillé ; hors de la portée de « except Exception »."""


class Printed(io.TextIOBase):
    """Retient le début de ce qui est affiché et compte le reste, sans l'accumuler."""

    def __init__(self):
        self.text, self.size = "", 0

    def writable(self) -> bool:
        """Rend vrai : on peut y écrire."""
        return True

    def write(self, text: str) -> int:
        """Retient les premiers caractères de ``text``."""
        self.text += text[: max(_KEPT - len(self.text), 0)]
        self.size += len(text)
        return len(text)


@contextlib.contextmanager
def quiet(printed: Printed):
    """Détourne vers ``printed`` ce que le code affiche, erreurs comprises ; TensorFlow garde ses avertissements."""
    # Son journal écrit dans la sortie ouverte à l'importation, que le détournement n'atteint pas.
    journal = logging.getLogger("tensorflow")
    level = journal.level
    journal.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield
    finally:
        journal.setLevel(level)


def limited(call: Callable, seconds: float = DEFAULT_LIMIT_S, namespace: dict | None = None):
    """Rend ``call()``, ou lève :class:`TimeUpError` au bout de ``seconds`` secondes.

    Dans le fil principal, une alarme interrompt le calcul, même s'il intercepte toutes les exceptions ; ailleurs (ou
    sous Windows), il tourne dans un fil à part que l'on abandonne.
    """
    try:
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
            return _with_alarm(call, seconds)
        return _in_thread(call, seconds)
    except _Alarm as alarm:
        raise TimeUpError(seconds, place_in(alarm.__traceback__, namespace)) from None


def _with_alarm(call: Callable, seconds: float):
    rings = []

    def stop_handlers(frame, event, argument):
        # Vrai dans une clause « except » : l'interruption levée là n'est plus rattrapée par la même clause.
        if sys.exc_info()[1] is not None:
            raise _Alarm
        return stop_handlers

    def ring(number, frame):
        rings.append(number)
        if len(rings) > 1:
            # Le code a rattrapé la première alarme : il faut le surprendre dans son « except ».
            while frame is not None and frame.f_code is not _with_alarm.__code__:
                frame.f_trace, frame = stop_handlers, frame.f_back
            sys.settrace(stop_handlers)
        raise _Alarm

    tracing = sys.gettrace()
    previous = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT_S)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, previous)
        sys.settrace(tracing)


def _in_thread(call: Callable, seconds: float):
    outcome: list = []

    def target():
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    worker = threading.Thread(target=target, daemon=True)
    worker.start()
    worker.join(seconds)
    if not outcome:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(_Alarm))
        worker.join(_REPEAT_S)
    if not outcome:
        raise _Alarm
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def place_in(traceback: TracebackType | None, namespace: dict | None) -> str:
    """Rend « ligne 3 : `…` », la dernière ligne du code de l'étudiant que traverse ``traceback`` (ou un texte vide)."""
    place = ""
    while traceback is not None:
        frame = traceback.tb_frame
        if namespace is not None and frame.f_globals is namespace:
            number = traceback.tb_lineno
            line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
            place = f"ligne {number} de la cellule" + (f" : {code(line)}" if line else "")
        traceback = traceback.tb_next
    return place


def explained(error: BaseException, known: tuple[tuple[str, str], ...] = ()) -> tuple[str, str, bool]:
    """Rend (explication en une phrase, début du message de Python, vrai si la question l'avait prévue).

    ``known`` : couples (extrait du message, explication) propres à la question.
    """
    name = type(error).__name__
    try:
        text = str(error)[:5_000]
    except Exception:
        text = ""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    meaning = next((meaning for extract, meaning in known if extract in text), None)
    expected = meaning is not None
    if not expected:
        meaning = next((meaning for kind, meaning in _MEANINGS if isinstance(error, kind)), "une erreur d'exécution")
    return f"{meaning[0].upper()}{meaning[1:]}.", code(f"{name}: {first}" if first else name, 140), expected


def is_stub(function) -> bool:
    """Dit si le corps d'une fonction est encore vide : rien d'autre que ``...``, ``pass`` ou ``return None``."""
    if not isinstance(function, FunctionType):
        return False
    silent = {"RESUME", "NOP", "CACHE", "PUSH_NULL", "POP_TOP"}
    for step in dis.get_instructions(function.__code__):
        returns_none = step.opname in ("LOAD_CONST", "RETURN_CONST") and step.argval in (None, Ellipsis)
        if not (returns_none or step.opname == "RETURN_VALUE" or step.opname in silent):
            return False
    return True


def names_used(function) -> set[str]:
    """Rend les noms (fonctions, attributs, modules) que cite le code d'une fonction, fonctions internes comprises."""
    if not isinstance(function, FunctionType):
        return set()
    found, pending = set(), [function.__code__]
    while pending:
        current = pending.pop()
        found |= set(current.co_names)
        pending += [constant for constant in current.co_consts if isinstance(constant, CodeType)]
    return found

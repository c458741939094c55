"""Moteur des vérifications : un :class:`Exercise` réunit des :class:`Question` et répond à l'étudiant.

Chaque module d'exercice construit un ``Exercise`` et en offre trois méthodes : ``verifier("q1")``, ``indice("q1")`` et
``bilan()``. Elles lisent les réponses dans le notebook qui les appelle. L'avancement (essais, indices, temps) est
rangé dans ce même notebook, sous le nom ``_suivi_<exercice>`` : rien n'est conservé ici, ni envoyé où que ce soit.
"""

from __future__ import annotations

import copy
import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cours_cnn.checks.message import Message, Section, code, described, typeset
from cours_cnn.checks.reading import ToReviewError, UnansweredError, same
from cours_cnn.checks.running import (
    DEFAULT_LIMIT_S,
    Printed,
    TimeUpError,
    explained,
    is_stub,
    limited,
    names_used,
    place_in,
    quiet,
)
from cours_cnn.french import NBSP
from cours_cnn.tables import Table

_HINTS = 3


@dataclass(frozen=True)
class Trap:
    """Une idée fausse reconnaissable : ``answer`` calcule ce qu'elle donne, ``message`` aide à s'en défaire."""

    answer: Callable
    message: str
    section: Section | None = None


@dataclass(frozen=True)
class Question:
    """Une question : ``check`` reçoit les :class:`Answers`, rend ce que la réussite prouve ou lève ``ToReviewError``.

    ``hints`` : trois indices, du plus vague au plus précis ; ``section`` : la section du cours à revoir par défaut ;
    ``known_errors`` : couples (extrait d'un message d'exception, explication en français).
    """

    title: str
    points: int
    check: Callable
    hints: tuple[str, str, str]
    section: Section
    known_errors: tuple[tuple[str, str], ...] = ()


@dataclass
class Record:
    """L'avancement d'une question : état du dernier essai, nombre d'essais et d'indices, instant de la réussite."""

    state: str = "a-faire"
    attempts: int = 0
    hints: int = 0
    passed_at: float | None = None


@dataclass
class Progress:
    """L'avancement d'un exercice, rangé dans le notebook de l'étudiant."""

    started: float = field(default_factory=time.monotonic)
    records: dict[str, Record] = field(default_factory=dict)

    def of(self, key: str) -> Record:
        """Rend l'avancement de la question ``key``."""
        return self.records.setdefault(key, Record())


class Answers:
    """Les réponses de l'étudiant, lues dans son notebook."""

    def __init__(self, namespace: dict):
        self.namespace = namespace
        self.printed = Printed()

    def value(self, name: str):
        """Rend la valeur nommée ``name`` ; lève ``UnansweredError`` si elle manque ou vaut ``...`` ou ``None``."""
        found = self.namespace.get(name)
        if found is None or found is Ellipsis:
            raise UnansweredError(name)
        return found

    def function(self, name: str):
        """Rend la fonction nommée ``name`` ; lève ``UnansweredError`` si son corps est encore vide."""
        found = self.value(name)
        if is_stub(found):
            raise UnansweredError(name)
        if not callable(found):
            raise ToReviewError(f"`{name}` : {described(found)}.",
                                f"Attendu : une fonction, définie par `def {name}(…)`.")
        return found

    def call(self, name: str, *arguments):
        """Appelle la fonction de l'étudiant sur une copie de ``arguments`` et rend sa réponse, jamais ``None``.

        Lève ``ToReviewError`` si elle n'admet pas ces arguments, les modifie ou ne rend rien.
        """
        function = self.function(name)
        given = copy.deepcopy(arguments)
        self._accepts(name, function, given)
        before = self.printed.size
        result = function(*given)
        if not all(same(now, then) for now, then in zip(given, arguments, strict=True)):
            raise ToReviewError(f"`{name}` modifie les arguments qu'elle reçoit.",
                                "Attendu : les arguments restent intacts ; la fonction construit un nouvel objet.")
        if result is None or result is Ellipsis:
            cause = ("Elle affiche quelque chose, mais afficher (`print`) n'est pas rendre (`return`)."
                     if self.printed.size > before else "L'instruction `return` est-elle atteinte dans tous les cas ?")
            raise ToReviewError(f"`{name}` ne rend rien (`{result}`).", cause)
        return result

    def forbid(self, name: str, words: dict[str, str]) -> None:
        """Lève ``ToReviewError`` si la fonction ``name`` cite l'un des noms ``words`` (nom → pourquoi il est exclu)."""
        for word in sorted(names_used(self.function(name)) & set(words)):
            raise ToReviewError(f"`{name}` emploie `{word}` : {words[word]}")

    @staticmethod
    def _accepts(name: str, function, arguments: tuple) -> None:
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*arguments)
        except TypeError:
            wanted = "un seul argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
            raise ToReviewError(f"`{name}` est définie par `def {name}{signature}`.",
                                f"Attendu : {wanted}, comme dans l'énoncé.") from None


def recognise(found, probes, traps: tuple[Trap, ...], same_answer: Callable = lambda a, b: a == b) -> None:
    """Lève ``ToReviewError`` si ``found`` (une réponse par essai) est exactement ce que donne l'une des idées fausses.

    ``probes`` : les arguments de chaque essai, passés à ``trap.answer``.
    """
    for trap in traps:
        if all(same_answer(answer, trap.answer(*probe)) for answer, probe in zip(found, probes, strict=True)):
            raise ToReviewError(trap.message, section=trap.section)


class Exercise:
    """Un exercice : ses questions, dans l'ordre. ``limit_s`` : temps accordé à la vérification d'une question."""

    def __init__(self, name: str, questions: dict[str, Question], *, limit_s: float = DEFAULT_LIMIT_S):
        self.name, self.questions, self.limit_s = name, questions, limit_s

    def verifier(self, question: str = "") -> Message:
        """Vérifie la réponse à ``question`` (« q1 », « q2 »…) dans le notebook qui appelle, et dit ce qu'il en est."""
        namespace = sys._getframe(1).f_globals
        key = self._key(question)
        if key is None:
            return self._unknown()
        message = self._checked(key, namespace)
        progress = self._progress(namespace)
        record = progress.of(key)
        record.state = message.state
        if message.state != "a-faire":
            record.attempts += 1
        if message.state == "reussi" and record.passed_at is None:
            record.passed_at = time.monotonic() - progress.started
        return message

    def indice(self, question: str = "") -> Message:
        """Rend un indice sur ``question`` ; chaque appel en donne un de plus, jusqu'au troisième."""
        namespace = sys._getframe(1).f_globals
        key = self._key(question)
        if key is None:
            return self._unknown()
        record = self._progress(namespace).of(key)
        record.hints = min(record.hints + 1, _HINTS)
        last = "C'est le dernier indice." if record.hints == _HINTS else \
            f"Relancer `indice(\"{key}\")` en donne un plus précis."
        found = self.questions[key]
        return Message("indice", f"{self._number(key)}, indice {record.hints} sur {_HINTS}",
                       [found.hints[record.hints - 1], last], found.section if record.hints == 1 else None)

    def bilan(self) -> Table:
        """Rend le tableau des questions : points, état, essais, indices, temps depuis le début."""
        progress = self._progress(sys._getframe(1).f_globals)
        words = {"reussi": "réussie", "a-revoir": "à revoir", "a-faire": "à faire"}
        rows, earned = [], 0
        for key, question in self.questions.items():
            record = progress.of(key)
            won = question.points if record.state == "reussi" else 0
            earned += won
            when = _duration(record.passed_at) if record.state == "reussi" and record.passed_at is not None else None
            rows.append((key, typeset(question.title), f"{won} / {question.points}", words.get(record.state, "à faire"),
                         record.attempts, record.hints, when))
        total = sum(question.points for question in self.questions.values())
        passed = sum(row[3] == "réussie" for row in rows)
        rows.append(("Total", "", f"{earned} / {total}", f"{passed}{NBSP}sur{NBSP}{len(self.questions)}",
                     sum(row[4] for row in rows), sum(row[5] for row in rows),
                     _duration(time.monotonic() - progress.started)))
        return Table(("Question", "Sujet", "Points", "État", "Essais", "Indices", "Réussie après"), rows, total=True,
                     caption="Bilan de l'exercice, d'après les vérifications de ce notebook")

    def _checked(self, key: str, namespace: dict) -> Message:
        question, answers = self.questions[key], Answers(namespace)

        try:
            # Le détournement entoure la limite de temps : un calcul abandonné ne garde pas l'affichage pour lui.
            with quiet(answers.printed):
                proof = limited(lambda: question.check(answers), self.limit_s, namespace)
            return Message("reussi", f"{self._number(key)} : réussie", [proof])
        except UnansweredError as missing:
            return Message("a-faire", f"{self._number(key)} : pas encore de réponse",
                           [f"La vérification attend `{missing.name}`. Écrivez la réponse dans la cellule qui précède, "
                            f"exécutez-la, puis relancez celle-ci. `indice(\"{key}\")` donne un coup de pouce."])
        except ToReviewError as problem:
            paragraphs, section = problem.paragraphs, problem.section or question.section
        except TimeUpError as late:
            where = f" Le calcul en était à la {late.place}." if late.place else ""
            paragraphs = [f"La vérification a été arrêtée au bout de {_seconds(self.limit_s)} s.{where}",
                          "Une boucle `while` dont la condition reste vraie en est la cause la plus fréquente."]
            section = None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            where = place_in(error.__traceback__, namespace)
            meaning, shown, expected = explained(error, question.known_errors)
            paragraphs = ["Une erreur interrompt le calcul" + (f", {where}." if where else ", hors de votre code : la "
                          "réponse n'a pas pu être lue. Vérifiez ce que rend la fonction."), meaning,
                          f"Message de Python : {shown}."]
            section = question.section if expected else None
        return Message("a-revoir", f"{self._number(key)} : à revoir", paragraphs, section)

    def _progress(self, namespace: dict) -> Progress:
        name = f"_suivi_{self.name}"
        if type(namespace.get(name)) is not Progress:
            namespace[name] = Progress()
        return namespace[name]

    def _key(self, question) -> str | None:
        text = f"q{question}" if type(question) is int else question
        text = text.strip().lower() if type(text) is str else None
        return text if text in self.questions else None

    def _number(self, key: str) -> str:
        return f"Question {key.removeprefix('q')}"

    def _unknown(self) -> Message:
        names = ", ".join(code(f'"{key}"') for key in self.questions)
        return Message("a-faire", "Question inconnue", [f"Les questions de cet exercice sont {names}."])


def _seconds(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"moins de 1{NBSP}min"
    return f"{minutes}{NBSP}min" if minutes < 60 else f"{minutes // 60}{NBSP}h{NBSP}{minutes % 60:02d}"

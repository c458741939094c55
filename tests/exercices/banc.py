"""Un banc d'essai pour les exercices : exécute une réponse comme le ferait un noyau, vérifie et évalue."""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
import tomllib
from functools import cache, cached_property
from pathlib import Path

import nbformat
import pytest

from cours_cnn.grading.compare import Tolerance, differences
from tools.prose import typography
from tools.spelling import WORD_LIST, read_word_list, unknown_words

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAMES = sorted(path.stem for path in HERE.glob("*.toml"))


def run_cell(source: str, namespace: dict, name: str = "cellule"):
    """Exécute une cellule dans ``namespace``, ses lignes restant lisibles dans les traces comme dans un notebook."""
    place = f"<{name}>"
    linecache.cache[place] = (len(source), None, source.splitlines(True), place)
    exec(compile(source, place, "exec"), namespace)


class Bench:
    """Le corrigé et l'exercice d'un nom donné, et les réponses à éprouver."""

    def __init__(self, name: str):
        self.name = name
        self._replies: dict = {}
        self._trained: dict = {}   # ce qu'une réponse a entraîné ne l'est qu'une fois par session
        self.answers = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))

    @cached_property
    def checks(self):
        """Le module des vérifications de l'exercice."""
        return importlib.import_module(f"cours_cnn.checks.{self.name}")

    @property
    def questions(self) -> dict:
        """Les questions de l'exercice, dans l'ordre."""
        return self.checks.EXERCISE.questions

    def _cells(self, folder: str) -> dict:
        text = (ROOT / folder / f"{self.name}.ipynb").read_text(encoding="utf-8")
        return {cell["id"]: cell for cell in nbformat.reads(text, as_version=4).cells}

    @cached_property
    def master(self) -> dict:
        """Les cellules du corrigé, par identifiant."""
        return self._cells("solutions")

    @cached_property
    def exercise(self) -> dict:
        """Les cellules de l'exercice distribué, par identifiant."""
        return self._cells("exercises")

    @cached_property
    def _prepared(self) -> dict:
        namespace: dict = {"__name__": "__main__"}
        run_cell(self.master["preparation"].source, namespace, "preparation")
        for question in filter(self.scored, self.questions):   # qui s'entraîne sur des données fournies
            run_cell(self.master[f"{question}-donnees"].source, namespace, "donnees")
        return namespace

    def scored(self, question: str) -> bool:
        """Dit si l'évaluation de ``question`` note des prédictions au lieu de les comparer à celles du corrigé."""
        return "score" in self.master[f"{question}-evaluation"].metadata.get("cours", {})

    def namespace(self, *sources: str) -> dict:
        """Rend un espace de noms où la préparation, puis ``sources``, ont été exécutées."""
        fresh = {name: value for name, value in self._prepared.items() if not name.startswith("_suivi")}
        if sources in self._trained:
            return dict(self._trained[sources])
        for source in sources:
            run_cell(source, fresh, "reponse")
        if any("model.fit(" in source for source in sources):
            self._trained[sources] = dict(fresh)
        return fresh

    def solution(self, question: str) -> str:
        """Rend la réponse du corrigé."""
        return self.master[f"{question}-reponse"].source

    def stub(self, question: str) -> str:
        """Rend la cellule de réponse telle que l'étudiant la reçoit."""
        return self.exercise[f"{question}-reponse"].source

    def check(self, question: str, *sources: str):
        """Exécute ``sources`` puis la vérification de ``question`` ; rend le message affiché."""
        namespace = self.namespace(*sources)
        run_cell(f"_message = {self.master[f'{question}-verification'].source}", namespace, "verification")
        return namespace["_message"]

    def reply(self, question: str, source: str):
        """Rend le message que reçoit la réponse ``source`` ; chacune n'est vérifiée qu'une fois par session."""
        if (question, source) not in self._replies:
            self._replies[question, source] = self.check(question, source)
        return self._replies[question, source]

    def evaluate(self, question: str, source: str) -> str:
        """Rend ce qu'écrit la cellule d'évaluation, ou le nom de l'exception qu'elle lève."""
        namespace, printed = self.namespace(source), io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                run_cell(self.master[f"{question}-evaluation"].source, namespace, "evaluation")
            except Exception as error:
                return f"{type(error).__name__}\n{printed.getvalue()}"
        return printed.getvalue()

    def gaps(self, question: str, expected: str, found: str) -> list[str]:
        """Rend les écarts entre deux sorties d'évaluation, avec la tolérance que la cellule déclare."""
        tolerance = Tolerance.of(self.master[f"{question}-evaluation"].metadata.get("cours", {}))
        streams = [[{"output_type": "stream", "name": "stdout", "text": text}] for text in (expected, found)]
        return differences(*streams, tolerance)


def check_french(message) -> None:
    """Vérifie la typographie et l'orthographe d'un message affiché."""
    allowed = set(read_word_list(WORD_LIST))
    for text in (message.title, *message.paragraphs):
        assert [str(problem) for problem in typography(text)] == [], text
        assert unknown_words(text, allowed) == [], text


@cache
def bench_of(name: str) -> Bench:
    """Rend le banc de l'exercice ``name``, le même pour toute la session."""
    return Bench(name)


def _marks(name: str) -> list:
    return [] if name == "lenet" else [pytest.mark.lent]


def _asked(compared: bool) -> list[tuple]:
    """Rend (banc, question, marques). « make check » se contente d'un exercice : les autres sont du même moteur."""
    return [(bench_of(name), question, _marks(name)) for name in NAMES
            for question in bench_of(name).questions if not (compared and bench_of(name).scored(question))]


def each_question(*, compared: bool = False) -> list:
    """Rend un paramètre (banc, question) par question ; ``compared`` écarte celles dont on note les prédictions."""
    return [pytest.param(bench, question, id=f"{bench.name}-{question}", marks=marks)
            for bench, question, marks in _asked(compared)]


def each_answer(kind: str, *, compared: bool = False) -> list:
    """Rend un paramètre (banc, question, réponse) par réponse « justes » ou « fausses » ; ``compared`` : de même."""
    return [pytest.param(bench, question, case, id=f"{bench.name}-{question}-{rank}", marks=marks)
            for bench, question, marks in _asked(compared)
            for rank, case in enumerate(bench.answers[question][kind], start=1)]


@pytest.fixture(params=[pytest.param(name, marks=_marks(name)) for name in NAMES])
def bench(request) -> Bench:
    """Le banc de chaque exercice, tour à tour."""
    return bench_of(request.param)


@pytest.fixture(scope="session")
def lenet() -> Bench:
    """Le banc de l'exercice LeNet-5."""
    return bench_of("lenet")

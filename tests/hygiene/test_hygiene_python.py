"""Hygiène du code : taille des modules, couches, import instantané, docstrings."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time

import pytest

from tools.pages import ROOT
from tools.rules import machine_traces

LONGEST_MODULE = 300
KERAS_HOOKS = {"build", "call", "compute_output_shape", "get_config"}
SLOWEST_IMPORT_S = 0.1
TREES = ("cours_cnn", "tools", "book", "benchmarks", "experiments")
MODULES = [path for tree in TREES for path in sorted((ROOT / tree).rglob("*.py"))]
# La moitié gauche du cours (DESIGN, section 1) : rien n'y connaît la notation ni les vérifications d'exercices.
RIGHT_HALF = ("cours_cnn.grading", "cours_cnn.checks")
LEFT_HALF = [path for path in MODULES if path.is_relative_to(ROOT / "cours_cnn")
             and path.relative_to(ROOT / "cours_cnn").parts[0] not in ("grading", "checks")]
PUBLIC = [path for path in MODULES if path.is_relative_to(ROOT / "cours_cnn")]


def named(path):
    return path.relative_to(ROOT).as_posix()


def tree_of(path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(tree: ast.Module) -> set[str]:
    """Rend les noms complets des modules qu'un module importe, où que ce soit dans son code."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def undocumented(tree: ast.Module) -> list[str]:
    """Rend les fonctions, classes et méthodes publiques sans docstring."""
    found = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        found += [] if ast.get_docstring(node) else [node.name]
        if isinstance(node, ast.ClassDef):
            # Les méthodes que Keras appelle sont documentées par Keras.
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            found += [f"{node.name}.{item.name}" for item in methods
                      if not item.name.startswith("_") and item.name not in KERAS_HOOKS and not ast.get_docstring(item)]
    return found


def prints_absolute_path(tree: ast.Module) -> list[int]:
    """Rend les lignes où ``print`` affiche un chemin rendu absolu."""
    absolute = {"resolve", "absolute", "cwd", "getcwd", "abspath", "realpath"}
    lines = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
            attributes = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
            names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
            if attributes & absolute or (names & {"__file__", "ROOT"} and "relative_to" not in attributes):
                lines.append(call.lineno)
    return lines


def test_there_are_modules_to_check():
    assert len(LEFT_HALF) > 5
    assert len(PUBLIC) > len(LEFT_HALF)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_module_is_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE, f"{lines} lignes ; au plus {LONGEST_MODULE} : découpez le module selon ses rôles"


@pytest.mark.parametrize("path", LEFT_HALF, ids=named)
def test_left_half_ignores_right_half(path):
    wrong = [name for name in imported_modules(tree_of(path)) if name.startswith(RIGHT_HALF)]
    assert not wrong, f"{named(path)} importe {wrong}"


@pytest.mark.parametrize("path", PUBLIC, ids=named)
def test_public_names_are_documented(path):
    assert not undocumented(tree_of(path))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_trace_of_a_machine(path):
    # La règle qui cherche ces traces les nomme forcément.
    text = re.sub(r"^_(?:PATH|HOST) = .*?^\)", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    assert not machine_traces(text)
    assert not prints_absolute_path(tree_of(path))


def test_import_is_instant_and_light():
    """Le meilleur de cinq essais, démarrage de l'interpréteur déduit : une machine chargée ne change pas le verdict."""
    def best(program: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    net = best("import cours_cnn") - best("pass")
    assert net <= SLOWEST_IMPORT_S, f"import cours_cnn prend {net:.3f} s"
    heavy = "import sys, cours_cnn; sys.exit(bool({'tensorflow', 'keras', 'matplotlib', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0


class TestTheChecksThemselves:
    def test_imports_are_seen_wherever_they_are(self):
        tree = ast.parse("def f():\n    from cours_cnn import grading\n    import cours_cnn.checks.lenet")
        assert {"cours_cnn.grading", "cours_cnn.checks.lenet"} <= imported_modules(tree)

    def test_missing_docstrings_are_seen(self):
        tree = ast.parse("def f(): pass\ndef _g(): pass\nclass A:\n 'D.'\n def m(self): pass\n def _n(self): pass")
        assert undocumented(tree) == ["f", "A.m"]

    @pytest.mark.parametrize("source", [
        "print(path.resolve())", "print(f'{os.getcwd()}')", "print(ROOT / 'x')", "print(__file__)"])
    def test_printed_absolute_paths_are_seen(self, source):
        assert prints_absolute_path(ast.parse(source))

    def test_printed_relative_paths_are_fine(self):
        assert not prints_absolute_path(ast.parse("print(path.relative_to(ROOT))\nprint('x')"))

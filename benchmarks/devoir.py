"""Un devoir TensorFlow réduit, écrit une fois et mis aux formats des trois correcteurs que l'on compare.

Trois questions d'un cours sur les CNN : une formule, un réseau, un apprentissage. Chaque évaluation calcule une liste
de nombres ; le correcteur du cours l'écrit et la compare, nbgrader et otter-grader l'examinent par ``numpy.allclose``
contre les valeurs du corrigé. Le calcul demandé à une copie est donc le même pour les trois.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

SETUP = """import keras
import numpy as np
import tensorflow as tf"""


@dataclass(frozen=True)
class Question:
    """Une question : signature, corps du corrigé, calcul qui l'évalue (dans ``found``), points."""

    name: str
    signature: str
    body: str
    evaluation: str
    points: int

    @property
    def answer(self) -> str:
        """La réponse du corrigé."""
        return f"{self.signature}\n{self.body}"

    @property
    def stub(self) -> str:
        """Ce que reçoit l'élève."""
        return f"{self.signature}\n    ..."


QUESTIONS = (
    Question("q1", "def output_size(size, kernel, stride, padding):",
             "    return (size + 2 * padding - kernel) // stride + 1",
             "found = [output_size(n, k, s, p) for n in (28, 224) for k in (3, 5, 7) for s in (1, 2) for p in (0, 2)]",
             4),
    Question("q2", "def lenet(classes):",
             """    return keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(6, 5, padding="same", activation="tanh"), keras.layers.AveragePooling2D(2),
        keras.layers.Conv2D(16, 5, activation="tanh"), keras.layers.AveragePooling2D(2), keras.layers.Flatten(),
        keras.layers.Dense(120, activation="tanh"), keras.layers.Dense(84, activation="tanh"),
        keras.layers.Dense(classes)])""",
             """model, random = lenet(7), np.random.RandomState(5)
model.set_weights([random.normal(0, 0.2, tuple(weight.shape)) for weight in model.weights])
images = random.uniform(size=(4, 28, 28, 1)).astype("float32")
found = [model.count_params(), *np.ravel(model(images, training=False)).tolist()]""", 8),
    Question("q3", "def train(model, images, labels):",
             """    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model.fit(images, labels, epochs=2, batch_size=32, shuffle=False, verbose=0).history["loss"]""",
             """keras.utils.set_random_seed(9)
small = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Conv2D(4, 3, activation="relu"),
                          keras.layers.Flatten(), keras.layers.Dense(3)])
random = np.random.RandomState(6)
found = list(train(small, random.uniform(size=(256, 12, 12, 1)).astype("float32"), random.randint(0, 3, 256)))""", 8),
)
RIGHT = {question.name: question.answer for question in QUESTIONS}
VARIANTS = (
    RIGHT,
    RIGHT | {"q1": QUESTIONS[0].answer.replace("// stride + 1", "// stride")},
    RIGHT | {"q2": QUESTIONS[1].answer.replace("AveragePooling2D", "MaxPooling2D")},
    RIGHT | {"q3": QUESTIONS[2].answer.replace("from_logits=True", "from_logits=False")},
    RIGHT | {"q1": QUESTIONS[0].answer.replace("// stride", "/ stride").replace("return ", "return int(") + ")"},
    {question.name: question.stub for question in QUESTIONS},
)
# Ce que chaque variante doit obtenir : de quoi vérifier que les trois correcteurs jugent la même chose.
MARKS = (20, 16, 12, 12, 20, 0)


def course_master() -> nbformat.NotebookNode:
    """Rend le corrigé au format du cours : les évaluations écrivent leurs nombres."""
    return _nbgrader_cells(lambda question: "from cours_cnn.checks.probing import show\n\n"
                           f"{question.evaluation}\nshow(found)")


def nbgrader_source(expected: Mapping[str, list]) -> nbformat.NotebookNode:
    """Rend le corrigé pour nbgrader : les évaluations comparent leurs nombres à ceux du corrigé."""
    return _nbgrader_cells(lambda question: f"{question.evaluation}\nassert {_close(expected[question.name])}")


def otter_master(expected: Mapping[str, list]) -> nbformat.NotebookNode:
    """Rend le corrigé pour ``otter assign``, mêmes comparaisons."""
    cells = [new_raw_cell("# ASSIGNMENT CONFIG\nname: devoir\nexport_cell: false\ngenerate: true"),
             new_code_cell(SETUP)]
    for question in QUESTIONS:
        test = new_code_cell(f"{question.evaluation}\n{_close(expected[question.name])}", execution_count=1, outputs=[
            new_output("execute_result", data={"text/plain": "True"}, execution_count=1)])
        cells += [new_raw_cell(f"# BEGIN QUESTION\nname: {question.name}\npoints: {question.points}"),
                  new_markdown_cell(f"**{question.name}**"), new_raw_cell("# BEGIN SOLUTION"),
                  new_code_cell(f"{question.signature}\n    # BEGIN SOLUTION\n{question.body}\n    # END SOLUTION"),
                  new_raw_cell("# END SOLUTION"), new_raw_cell("# BEGIN TESTS"), test, new_raw_cell("# END TESTS"),
                  new_raw_cell("# END QUESTION")]
    return _notebook(cells)


def filled(student_version: nbformat.NotebookNode, answers: Mapping[str, str]) -> str:
    """Rend, en JSON, la copie d'un élève : la version reçue, chaque fonction remplacée par sa réponse."""
    copy = nbformat.from_dict(student_version)
    for cell in copy.cells:
        for question in QUESTIONS:
            if cell.cell_type == "code" and cell.source.startswith(question.signature):
                cell.source = answers[question.name]
    return nbformat.writes(copy)


def reference(outputs: Mapping[str, list]) -> dict[str, list]:
    """Rend les nombres du corrigé, par question, d'après ce que ses cellules d'évaluation ont écrit."""
    return {question.name: json.loads(outputs[f"{question.name}-evaluation"][0]["text"])[0] for question in QUESTIONS}


def _nbgrader_cells(evaluation) -> nbformat.NotebookNode:
    cells = [new_code_cell(SETUP, id="preparation")]
    for question in QUESTIONS:
        source = f"{question.signature}\n    ### BEGIN SOLUTION\n{question.body}\n    ### END SOLUTION"
        cells += [new_code_cell(source, id=f"{question.name}-reponse", metadata=_grader(question, solution=True)),
                  new_code_cell(f"### BEGIN HIDDEN TESTS\n{evaluation(question)}\n### END HIDDEN TESTS",
                                id=f"{question.name}-evaluation", metadata={
                                    **_grader(question, solution=False), "cours": {"rtol": 1e-3, "atol": 1e-5}})]
    return _notebook(cells)


def _grader(question: Question, *, solution: bool) -> dict:
    settings = {"grade_id": f"{question.name}-{'reponse' if solution else 'evaluation'}", "schema_version": 3,
                "cell_type": "code", "grade": not solution, "solution": solution, "locked": not solution, "task": False}
    return {"nbgrader": settings if solution else settings | {"points": question.points}}


def _close(values: list) -> str:
    return f"bool(np.allclose(found, {json.dumps(values)}, rtol=1e-3, atol=1e-5))"


def _notebook(cells: list) -> nbformat.NotebookNode:
    notebook = new_notebook(metadata={"kernelspec": {"display_name": "Python 3", "language": "python",
                                                     "name": "python3"}})
    notebook.cells = cells
    return notebook

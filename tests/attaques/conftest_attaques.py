"""Un petit devoir, sa session de notation, et de quoi en faire des copies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import nbformat
import pytest

from cours_cnn.grading.marking import mark
from cours_cnn.grading.provisioner import why_unavailable
from cours_cnn.grading.session import Session, open_session

SOLUTIONS = {
    "q1": '''def correlate(image, kernel):
    """Rend la corrélation croisée d'une image (h, w) et d'un noyau (k, k)."""
    ### BEGIN SOLUTION
    k = kernel.shape[0]
    rows, columns = image.shape[0] - k + 1, image.shape[1] - k + 1
    return np.array([[np.sum(image[i:i + k, j:j + k] * kernel) for j in range(columns)] for i in range(rows)])
    ### END SOLUTION''',
    "q2": '''def parameters(kernel, channels, maps):
    """Rend le nombre de paramètres d'une convolution, biais compris."""
    ### BEGIN SOLUTION
    return (kernel * kernel * channels + 1) * maps
    ### END SOLUTION''',
    "q3": '''def predict(images):
    """Rend la classe (0 ou 1) de chaque image."""
    ### BEGIN SOLUTION
    return [int(image.mean() > 0.5) for image in images]
    ### END SOLUTION''',
}
STUBS = {name: re.sub(r"### BEGIN.*### END SOLUTION", "# Votre réponse ici\n    ...", source, flags=re.S)
         for name, source in SOLUTIONS.items()}
EVALUATIONS = {
    "q1": """random = draw(1)
for size in (4, 5, 7):
    show(correlate(random.normal(size=(size, size + 1)), random.normal(size=(3, 3))))""",
    "q2": """random = draw(2)
for _ in range(12):
    show(parameters(int(random.randint(1, 8)), int(random.randint(1, 9)), int(random.randint(2, 30))))""",
    "q3": """random = np.random.RandomState(7)  # les images cachées ; leurs étiquettes ne sont pas dans le notebook
show(predict(random.uniform(0, 1, (40, 3, 3)) * random.uniform(0.4, 1.6, (40, 1, 1)).clip(0, 1)))""",
}
POINTS = {"q1": 4, "q2": 3, "q3": 3}


def hidden_labels() -> list[int]:
    import numpy as np

    random = np.random.RandomState(7)
    images = random.uniform(0, 1, (40, 3, 3)) * random.uniform(0.4, 1.6, (40, 1, 1)).clip(0, 1)
    return [int(image.mean() > 0.5) for image in images]


def grader(name: str, **flags) -> dict:
    return {"nbgrader": {"grade_id": name, "schema_version": 3, "cell_type": "code", "grade": False, "solution": False,
                         "locked": True, "task": False, **flags}}


def assignment(answers: dict[str, str], *, evaluations: bool) -> nbformat.NotebookNode:
    """Rend le devoir : le corrigé avec ses évaluations, ou une copie sans elles."""
    cells = [nbformat.v4.new_markdown_cell("# Corrigé : convolution", id="titre"),
             nbformat.v4.new_code_cell("import numpy as np", id="preparation")]
    for name, answer in answers.items():
        cells.append(nbformat.v4.new_code_cell(answer, id=f"{name}-reponse", metadata=grader(
            f"{name}-reponse", solution=True, locked=False)))
        settings = {"q1": {"rtol": 1e-6, "atol": 1e-9}, "q2": {},
                    "q3": {"score": {"etiquettes": "etiquettes.json", "seuils": [[0.7, 0.5], [0.95, 1]]}}}[name]
        imports = "from cours_cnn.checks.probing import draw, show\n\n"
        hidden = f"\n### BEGIN HIDDEN TESTS\n{imports}{EVALUATIONS[name]}\n### END HIDDEN TESTS" if evaluations else ""
        source = "# Évaluation." + hidden
        cells.append(nbformat.v4.new_code_cell(source, id=f"{name}-evaluation", metadata={
            **grader(f"{name}-evaluation", grade=True, points=POINTS[name]), "cours": settings}))
    notebook = nbformat.v4.new_notebook()
    notebook.cells = cells
    return notebook


@dataclass(frozen=True)
class Class:
    """La session, et de quoi noter une copie."""

    session: Session

    def copy(self, before: dict[str, list[str]] | None = None, **answers: str) -> bytes:
        """Rend une copie juste, où ``answers`` remplace des réponses et ``before`` ajoute des cellules avant."""
        notebook = assignment({**SOLUTIONS, **answers}, evaluations=False)
        for name, sources in (before or {}).items():
            place = next(i for i, cell in enumerate(notebook.cells) if cell.id == f"{name}-reponse")
            notebook.cells[place:place] = [nbformat.v4.new_code_cell(source) for source in sources]
        return nbformat.writes(notebook).encode()

    def mark(self, data: bytes | None) -> dict:
        """Note une copie."""
        return mark(self.session, data)


@pytest.fixture(scope="session")
def school(tmp_path_factory) -> Class:
    """Une session de notation ouverte, dans la prison, avec une graine tirée au sort."""
    reason = why_unavailable()
    assert reason is None, f"la suite d'attaques demande la prison : {reason}"
    folder = tmp_path_factory.mktemp("devoir")
    nbformat.write(assignment(SOLUTIONS, evaluations=True), folder / "convolution.ipynb")
    (folder / "etiquettes.json").write_text(json.dumps(hidden_labels()))
    return Class(open_session(folder / "convolution.ipynb", cell_limit=6))


def earned(result: dict) -> dict[str, float]:
    """Rend les points de chaque question."""
    return {question["id"]: question["earned"] for question in result["questions"]}

"""Un petit devoir, sa session de notation, et de quoi en faire des copies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cours_cnn.grading import bubblewrap
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
    "q3": """images = hidden("images.npz")["images"]
show(predict(images[pick(3, len(images), 40)]))""",
}
POINTS = {"q1": 4, "q2": 3, "q3": 3}


def hidden_images() -> tuple[np.ndarray, list[int]]:
    """Rend soixante images cachées et leurs étiquettes ; onze images sombres le sont de peu."""
    random = np.random.RandomState(7)
    ranges = ((0.1, 0.4, 19), (0.465, 0.49, 11), (0.52, 1, 30))
    levels = np.concatenate([random.uniform(*one) for one in ranges])
    order = random.permutation(60)
    return levels[order][:, None, None] * np.ones((60, 3, 3)), (levels[order] > 0.5).astype(int).tolist()


def write_assignment(folder: Path, text: str | None = None) -> Path:
    """Écrit le corrigé (ou ``text``), ses images cachées et leurs étiquettes ; rend le chemin du corrigé."""
    images, labels = hidden_images()
    np.savez(folder / "images.npz", images=images)
    (folder / "etiquettes.json").write_text(json.dumps(labels))
    path = folder / "convolution.ipynb"
    path.write_text(text or nbformat.writes(assignment(SOLUTIONS, evaluations=True)), encoding="utf-8")
    return path


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
                    "q3": {"score": {"etiquettes": "etiquettes.json", "images": "images.npz", "tirage": [3, 40],
                                     "seuils": [[0.6, 0.5], [0.99, 1]]}}}[name]
        imports = "from cours_cnn.checks.probing import draw, hidden, pick, show\n\n"
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


def opened(folder: Path, protection: str, seed: int | None = None) -> Class:
    """Ouvre une session de notation du devoir, une fois prouvé que ses noyaux sont enfermés."""
    school = Class(open_session(write_assignment(folder), cell_limit=6, protection=protection, seed=seed))
    # Les attaques nuiraient vraiment à la machine : aucune n'est exécutée sans preuve de l'enfermement.
    result = school.mark(school.copy(q1=SOLUTIONS["q1"] + "\nimport os\nprint(os.getpid(), sorted(os.listdir('/')))"))
    written = written_by(result)
    assert written.startswith("1 ["), f"pas de prison : {written}"
    assert "'prises'" in written, f"pas de prison : {written}"
    return school


@pytest.fixture(scope="session")
def school(tmp_path_factory) -> Class:
    """Une session de notation ouverte, dans la prison, avec une graine tirée au sort."""
    reason = why_unavailable()
    assert reason is None, f"la suite d'attaques demande la prison : {reason}"
    return opened(tmp_path_factory.mktemp("devoir"), "prison")


@pytest.fixture(scope="session")
def cold_school(school, tmp_path_factory) -> Class:
    """La même session, de même graine, par le second chemin : bubblewrap et noyaux froids."""
    if reason := bubblewrap.why_unavailable():
        pytest.skip(reason)
    return opened(tmp_path_factory.mktemp("devoir-bwrap"), "bwrap", school.session.seed)


def short(school: Class, seconds: float) -> Class:
    """Rend la même session, avec ``seconds`` par cellule."""
    return replace(school, session=replace(school.session, cell_limit=seconds))


def written_by(result: dict, question: str = "q1") -> str:
    """Rend ce que la réponse à une question a affiché."""
    return next(found for found in result["questions"] if found["id"] == question)["stdout"]


def check_forgery(school: Class, source: str) -> None:
    """Vérifie qu'une réponse falsifiée ne rapporte rien."""
    result = short(school, 4).mark(school.copy(q1=source))
    assert result["status"] == "notée"
    assert earned(result)["q1"] == 0
    assert all(earned(result)[other] in (0, POINTS[other]) for other in ("q2", "q3"))


def check_nuisance(school: Class, source: str) -> None:
    """Vérifie qu'une réponse nuisible ne coûte que sa question."""
    result = short(school, 3).mark(school.copy(q1=source))
    assert earned(result) == {**POINTS, "q1": 0}
    assert next(q for q in result["questions"] if q["id"] == "q1")["verdict"] != "juste"


def check_escapes(school: Class, attempts: dict[str, str]) -> None:
    """Vérifie que chaque évasion, tentée par une copie juste, est repoussée."""
    lines = []
    for name, attempt in attempts.items():
        body = "\n".join("        " + line for line in attempt.strip().splitlines())
        lines.append(f"def attempt():\n    try:\n{body}\n    except BaseException as error:\n"
                     f"        print({name!r}, ': repoussé', type(error).__name__)\n        return\n"
                     f"    print({name!r}, ': ATTEINT')\nattempt()")
    result = short(school, 30).mark(school.copy(q1=SOLUTIONS["q1"] + "\n" + "\n".join(lines)))
    written = written_by(result)
    assert written.count("repoussé") == len(attempts), written
    assert "ATTEINT" not in written, written
    assert earned(result) == POINTS


def earned(result: dict) -> dict[str, float]:
    """Rend les points de chaque question."""
    return {question["id"]: question["earned"] for question in result["questions"]}

"""La suite d'attaques : aucun point gagné, aucune évasion, aucun voisin touché ; les copies honnêtes ont tout."""

from __future__ import annotations

import os
from dataclasses import replace

import attaques
import pytest
from conftest_attaques import POINTS, SOLUTIONS, earned

pytestmark = pytest.mark.lent
OTHERS = {"q2": 3, "q3": 3}


def short(school, seconds: float):
    return replace(school, session=replace(school.session, cell_limit=seconds))


def test_the_suite_is_large_enough():
    assert len(attaques.FORGERY) + len(attaques.NUISANCE) + len(attaques.ESCAPE) >= 60


@pytest.mark.parametrize("name", attaques.FORGERY)
def test_forgery_gains_nothing(school, name):
    result = short(school, 4).mark(school.copy(q1=attaques.FORGERY[name]))
    assert result["status"] == "notée"
    assert earned(result)["q1"] == 0
    assert all(earned(result)[other] in (0, full) for other, full in OTHERS.items())


@pytest.mark.parametrize("name", attaques.NUISANCE)
def test_nuisance_costs_only_its_own_question(school, name):
    result = short(school, 3).mark(school.copy(q1=attaques.NUISANCE[name]))
    assert earned(result) == {"q1": 0, **OTHERS}
    assert next(q for q in result["questions"] if q["id"] == "q1")["verdict"] != "juste"


def test_no_escape(school, monkeypatch):
    monkeypatch.setenv("SECRET_DU_TEST", "visible")
    lines = []
    for name, attempt in attaques.ESCAPE.items():
        body = "\n".join("        " + line for line in attempt.strip().splitlines())
        lines.append(f"def attempt():\n    try:\n{body}\n    except BaseException as error:\n"
                     f"        print({name!r}, ': repoussé', type(error).__name__)\n        return\n"
                     f"    print({name!r}, ': ATTEINT')\nattempt()")
    result = short(school, 30).mark(school.copy(q1=SOLUTIONS["q1"] + "\n" + "\n".join(lines)))
    written = next(q for q in result["questions"] if q["id"] == "q1")["stdout"]
    assert written.count("repoussé") == len(attaques.ESCAPE), written
    assert "ATTEINT" not in written, written
    assert earned(result) == POINTS


@pytest.mark.parametrize("where", ["travail", "tmp", "dev/shm"])
def test_nothing_passes_from_one_copy_to_the_next(school, where):
    trace = f"/{where}/trace"
    first = school.mark(school.copy(q1=SOLUTIONS["q1"] + f"\nopen('{trace}', 'w').write('x')"))
    second = school.mark(school.copy(
        q1=SOLUTIONS["q1"] + f"\nimport os\nprint('vu' if os.path.exists('{trace}') else 'rien')"))
    assert earned(first) == earned(second) == POINTS
    assert next(q for q in second["questions"] if q["id"] == "q1")["stdout"].strip() == "rien"
    assert not os.path.exists(trace)  # noqa: PTH110


def test_a_child_that_outlives_its_cell_dies_with_the_copy(school):
    source = SOLUTIONS["q1"] + """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(120)
    os._exit(0)
"""
    import subprocess

    result = school.mark(school.copy(q1=source))
    assert earned(result) == POINTS
    sleeping = subprocess.run(["ps", "-eo", "user,comm,etimes"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in sleeping.splitlines() if line.split()[0] in ("nobody", "65534")]


HONEST = {
    "avertissement": "import warnings, sys\nwarnings.warn('attention')\nprint('bruit', file=sys.stderr)\n"
                     + SOLUTIONS["q1"],
    "SciPy": "from scipy.signal import correlate2d\ndef correlate(image, kernel):\n"
             "    return correlate2d(image, kernel, mode='valid')",
    "TensorFlow": """import tensorflow as tf
def correlate(image, kernel):
    x, w = tf.constant(image)[None, ..., None], tf.constant(kernel)[..., None, None]
    return tf.nn.conv2d(x, w, 1, 'VALID')[0, ..., 0]""",
    "liste de listes": SOLUTIONS["q1"] + "\nbase = correlate\ndef correlate(i, k): return base(i, k).tolist()",
    "tuple": SOLUTIONS["q1"] + "\nbase = correlate\ncorrelate = lambda i, k: tuple(map(tuple, base(i, k)))",
    "objet appelable": SOLUTIONS["q1"] + """
class Layer:
    def __init__(self, f): self.f = f
    def __call__(self, image, kernel): return self.f(image, kernel)
correlate = Layer(correlate)""",
    "affichages et figures": SOLUTIONS["q1"] + """
import matplotlib.pyplot as plt
plt.imshow(np.eye(3)); plt.show()
print('essai :', correlate(np.eye(4), np.ones((3, 3))))
correlate(np.eye(4), np.ones((3, 3)))""",
    "précision": SOLUTIONS["q1"] + "\nbase = correlate\ncorrelate = lambda i, k: base(i, k) * (1 + 1e-8)",
    "erreur après la réponse": SOLUTIONS["q1"] + "\nprint(variable_inconnue)",
    "fenêtres glissantes": """def correlate(image, kernel):
    views = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum('ijkl,kl->ij', views, kernel)""",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_answers_get_everything(school, name):
    result = short(school, 20).mark(school.copy(q1=HONEST[name]))
    assert earned(result) == POINTS, result


def test_added_cells_are_run_before_the_answer_that_needs_them(school):
    helper = "def window(image, i, j, k):\n    return image[i:i + k, j:j + k]"
    answer = """def correlate(image, kernel):
    k = kernel.shape[0]
    return [[np.sum(window(image, i, j, k) * kernel) for j in range(image.shape[1] - k + 1)]
            for i in range(image.shape[0] - k + 1)]"""
    result = school.mark(school.copy(before={"q1": [helper, "print('essai')"]}, q1=answer))
    assert earned(result) == POINTS
    assert any("2 cellule(s) ajoutée(s)" in line for line in result["repairs"])


def test_reference_untouched_and_wrong_answers(school):
    from conftest_attaques import STUBS

    assert earned(school.mark(None)) == POINTS
    assert earned(school.mark(school.copy(**STUBS))) == dict.fromkeys(POINTS, 0)
    flipped = SOLUTIONS["q1"].replace("* kernel)", "* kernel[::-1, ::-1])")
    no_bias = SOLUTIONS["q2"].replace(" + 1)", ")")
    half = "def predict(images): return [1] * len(images)"
    assert earned(school.mark(school.copy(q1=flipped, q2=no_bias, q3=half))) == {"q1": 0, "q2": 0, "q3": 0}


def test_predictions_earn_by_thresholds(school):
    almost = SOLUTIONS["q3"].replace("> 0.5", "> 0.46")
    result = school.mark(school.copy(q3=almost))
    question = next(question for question in result["questions"] if question["id"] == "q3")
    assert (question["earned"], question["verdict"]) == (1.5, "partiel")
    assert "prédictions justes sur 40 : 50 % des points" in question["message"]


def test_reports_never_carry_what_a_student_wrote_as_markup(school):
    from cours_cnn.grading.classroom import graded
    from cours_cnn.grading.reports import class_page, comment, student_page
    from cours_cnn.grading.scale import Scale
    from cours_cnn.grading.submissions import Submission

    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31mrouge\x1b]0;titre\x07\u202eenvers"
    result = school.mark(school.copy(q1=f"import sys\nprint({hostile!r})\nprint({hostile!r}, file=sys.stderr)\n"
                                        f"raise ValueError({hostile!r})"))
    copy = Submission('=cmd|"/c calc"!A1 <b>', "12", None, [hostile])
    final = {**graded(result, copy, Scale(), None), "exercise": "convolution"}
    pages = student_page(final) + class_page("convolution", [final], [], 1, "abc")
    for forbidden in ("<script", "<img", "\x1b", "\u202e", "\x07", "onerror=alert(1)>"):
        assert forbidden not in pages
    assert "&lt;script&gt;" in pages
    assert "default-src 'none'" in pages
    assert "\x1b" not in comment(final)

"""La suite d'attaques : aucun point gagné, aucune évasion, aucun voisin touché ; les copies honnêtes ont tout."""

from __future__ import annotations

import os
from uuid import uuid4

import attaques
import numpy as np
import pytest
from conftest_attaques import (
    POINTS,
    SOLUTIONS,
    Class,
    check_escapes,
    check_forgery,
    check_nuisance,
    earned,
    hidden_images,
    short,
    write_assignment,
    written_by,
)

from cours_cnn.grading.session import open_session

pytestmark = pytest.mark.lent


def test_the_suite_is_large_enough():
    assert len(attaques.FORGERY) + len(attaques.NUISANCE) + len(attaques.ESCAPE) >= 60


def test_copies_are_jailed_even_where_ordinary_kernels_ran_before(school, monkeypatch):
    from jupyter_client.manager import start_new_kernel
    from jupyter_client.provisioning import KernelProvisionerFactory

    # jupyter_client lit la variable une fois par processus : un notebook ordinaire joué avant la figerait.
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "local-provisioner")
    manager, client = start_new_kernel(kernel_name="python3")
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    probe = "\nimport os\nprint(os.getpid(), os.listdir('/prises') != [])"
    result = school.mark(school.copy(q1=SOLUTIONS["q1"] + probe))
    assert written_by(result).strip() == "1 True"


def test_a_kernel_of_another_kind_is_refused_before_any_cell(school, monkeypatch):
    from cours_cnn.grading import notebook_items, provisioner

    monkeypatch.setattr(notebook_items, "chosen", lambda _: provisioner.chosen("cours-cnn-rapide"))
    trace = os.path.abspath(f"trace-{uuid4()}")  # noqa: PTH100
    with pytest.raises(RuntimeError, match="JailedProvisioner ; il l'a été par ForkedProvisioner"):
        school.mark(school.copy(q1=f"open({trace!r}, 'w')"))
    assert not os.path.exists(trace)  # noqa: PTH110


@pytest.mark.parametrize("name", attaques.FORGERY)
def test_forgery_gains_nothing(school, name):
    check_forgery(school, attaques.FORGERY[name])


@pytest.mark.parametrize("name", attaques.NUISANCE)
def test_nuisance_costs_only_its_own_question(school, name):
    check_nuisance(school, attaques.NUISANCE[name])


def test_no_escape(school, monkeypatch):
    monkeypatch.setenv("SECRET_DU_TEST", "visible")
    check_escapes(school, attaques.ESCAPE)


@pytest.mark.parametrize("where", ["travail", "tmp", "dev/shm"])
def test_nothing_passes_from_one_copy_to_the_next(school, where):
    trace = f"/{where}/trace-{uuid4()}"
    first = school.mark(school.copy(q1=SOLUTIONS["q1"] + f"\nopen('{trace}', 'w').write('x')"))
    second = school.mark(school.copy(
        q1=SOLUTIONS["q1"] + f"\nimport os\nprint('vu' if os.path.exists('{trace}') else 'rien')"))
    assert earned(first) == earned(second) == POINTS
    assert written_by(second).strip() == "rien"
    assert not os.path.exists(trace)  # noqa: PTH110


def test_a_child_that_outlives_its_cell_dies_with_the_copy(school):
    source = SOLUTIONS["q1"] + """
import ctypes, os, time
_child = os.fork()
if _child == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, b"survivant")   # un nom que nul autre processus de la machine ne porte
    time.sleep(120)
    os._exit(0)
while open(f"/proc/{_child}/comm").read().strip() != "survivant":
    time.sleep(0.01)
"""
    import subprocess

    result = school.mark(school.copy(q1=source))
    assert earned(result) == POINTS
    running = subprocess.run(["ps", "-eo", "comm"], capture_output=True, text=True, check=True).stdout
    assert "python" in running
    assert "survivant" not in running


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


def test_hidden_images_are_chosen_by_the_seed_and_labels_stay_outside(school, tmp_path):
    _, labels = hidden_images()
    master = write_assignment(tmp_path)
    sessions = [open_session(master, seed=seed) for seed in (1, 1, 2)]
    drawn = [session.labels["q3-evaluation"] for session in sessions]
    assert drawn[0] == drawn[1] != drawn[2]
    expected = np.random.RandomState([1, 3]).permutation(60)[:40]
    assert drawn[0] == [labels[rank] for rank in expected]
    # Ce que voit le noyau : les images, dans un dossier où rien d'autre n'apparaît ; aucune étiquette en mémoire.
    probe = """
import gc, os
from cours_cnn.checks.probing import hidden
folder = os.environ['COURS_CNN_EVALUATION']
print(sorted(os.listdir(folder)), sorted(hidden('images.npz')), hidden('images.npz')['images'].shape)
print([name for place, _, names in os.walk('/') for name in names if 'etiquette' in name])
print([known for known in gc.get_objects() if isinstance(known, list) and len(known) in (40, 60)
       and all(type(one) is int and one in (0, 1) for one in known)])
print([text for text in list(os.environ.values()) + In if '0, 1, ' in text or '1, 0, ' in text])
try: open(folder + '/images.npz', 'ab'); print('écrit')
except OSError: print('lecture seule')"""
    result = Class(sessions[2]).mark(school.copy(q1=SOLUTIONS["q1"] + probe))
    assert earned(result) == POINTS
    assert written_by(result).splitlines() == ["['images.npz'] ['images'] (60, 3, 3)", "[]", "[]", "[]",
                                               "lecture seule"]


@pytest.mark.parametrize("answer", [
    "def predict(images): return [0] * len(images)",
    "def predict(images): return list(range(60))[:len(images)]",
    "def predict(images): return [1 - int(image.mean() > 0.5) for image in images]",
    "def predict(images): return [[int(image.mean() > 0.5)] for image in images]",
    "def predict(images): return [str(int(image.mean() > 0.5)) for image in images]",
    "def predict(images): return [int(image.mean() > 0.5) for image in images][:-1]",
    "def predict(images): print([1] * 40); return None",
])
def test_wrong_or_misshapen_predictions_earn_nothing(school, answer):
    result = school.mark(school.copy(q3=answer))
    assert earned(result) == {**POINTS, "q3": 0}


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

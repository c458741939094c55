"""Le second chemin de protection : les mêmes attaques repoussées, les mêmes notes, par bubblewrap et noyaux froids.

Un noyau froid met plusieurs secondes à démarrer : une partie des attaques suffit d'ordinaire. La variable
d'environnement ``COURS_CNN_TOUTES_LES_ATTAQUES=1`` les fait toutes jouer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import attaques
import pytest
from conftest_attaques import (
    SOLUTIONS,
    STUBS,
    check_escapes,
    check_forgery,
    check_nuisance,
    written_by,
)

from cours_cnn.grading import bubblewrap
from cours_cnn.grading.zygote_client import ZygoteError

pytestmark = pytest.mark.lent
EVERYTHING = bool(os.environ.get("COURS_CNN_TOUTES_LES_ATTAQUES"))
# Celles que le lancement du noyau pourrait changer ; les autres ne dépendent que de l'évaluation.
FORGERY = ["graine changée", "do_execute remplacé", "notebooks du disque", "corrigés du dépôt", "message de fin forgé"]
NUISANCE = ["SIGKILL", "boucle qui retient l'interruption", "mémoire", "bombe de processus"]


@pytest.mark.parametrize("name", attaques.FORGERY if EVERYTHING else FORGERY)
def test_forgery_gains_nothing(cold_school, name):
    check_forgery(cold_school, attaques.FORGERY[name])


@pytest.mark.parametrize("name", attaques.NUISANCE if EVERYTHING else NUISANCE)
def test_nuisance_costs_only_its_own_question(cold_school, name):
    check_nuisance(cold_school, attaques.NUISANCE[name])


def test_no_escape(cold_school, monkeypatch):
    monkeypatch.setenv("SECRET_DU_TEST", "visible")
    check_escapes(cold_school, attaques.ESCAPE)


SAME = {
    "corrigé": {}, "vierge": STUBS,
    "résultat faux, exception, prédictions partielles": {
        "q1": SOLUTIONS["q1"].replace("* kernel)", "* kernel[::-1, ::-1])"), "q2": "raise ValueError('essai')",
        "q3": SOLUTIONS["q3"].replace("> 0.5", "> 0.46")},
}


@pytest.mark.parametrize("name", SAME)
def test_marks_are_those_of_the_jail(school, cold_school, name):
    assert cold_school.session.expected == school.session.expected
    cold, fast = cold_school.mark(cold_school.copy(**SAME[name])), school.mark(school.copy(**SAME[name]))
    kept = ("id", "points", "earned", "verdict", "message")
    assert [[question[key] for key in kept] for question in cold["questions"]] == \
        [[question[key] for key in kept] for question in fast["questions"]]
    assert (cold["points"], cold["repairs"], cold["alerts"]) == (fast["points"], fast["repairs"], fast["alerts"])


def test_both_kernels_see_the_same_world(school, cold_school):
    probe = """
import os, random, resource, sys
print(random.random(), np.random.rand(), os.getuid(), os.getcwd(), sorted(os.listdir('/')),
      sorted((name, value) for name, value in os.environ.items() if name != 'COURS_CNN_EVALUATION'))
print([resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith('RLIMIT')
       and name not in ('RLIMIT_NICE', 'RLIMIT_STACK', 'RLIMIT_RTPRIO', 'RLIMIT_SIGPENDING', 'RLIMIT_MSGQUEUE')])
import keras, tensorflow as tf
print(keras.random.uniform((2,)).numpy().tolist(), tf.random.uniform((2,)).numpy().tolist())
status = open('/proc/self/status').read()
print([line for line in status.splitlines() if line.startswith(('Cap', 'NoNewPrivs', 'Uid', 'Gid', 'Groups'))])
from cours_cnn.checks.lenet import verifier
print(verifier('q1'))"""
    worlds = [written_by(one.mark(one.copy(q1=SOLUTIONS["q1"] + probe))) for one in (school, cold_school)]
    assert worlds[0].splitlines() == worlds[1].splitlines()
    assert worlds[0].splitlines()[4:] == ["None"]


def test_a_kernel_dies_with_the_grader(tmp_path):
    program = f"""
import sys, time, json
sys.path.insert(0, {str(Path(bubblewrap.__file__).parents[2])!r})
from pathlib import Path
from jupyter_client.manager import start_new_kernel
from cours_cnn.grading.provisioner import chosen
with chosen('cours-cnn-bwrap'):
    manager, client = start_new_kernel(kernel_name='python3')
print(manager.provisioner.process.pid, manager.provisioner.pid, flush=True)
time.sleep(120)"""
    if reason := bubblewrap.why_unavailable():
        pytest.skip(reason)
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    numbers = [int(word) for word in grader.stdout.readline().split()]
    assert len(numbers) == 2
    assert all(_alive(number) for number in numbers)
    grader.kill()
    grader.wait()
    limit = time.monotonic() + 10
    while any(_alive(number) for number in numbers) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not any(_alive(number) for number in numbers)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_bubblewrap_says_is_reported(tmp_path):
    if reason := bubblewrap.why_unavailable():
        pytest.skip(reason)
    request = {"jail": {"sockets": str(tmp_path / "absent"), "visible": ["/usr"], "hidden": [], "limits": {
        "memory": 1, "processes": 1, "file_size": 1, "scratch": 4096, "cpu": 1}}}
    with pytest.raises(ZygoteError, match=r"bubblewrap n'a pu lancer le noyau : .*absent"):
        bubblewrap.spawn(request)


def test_a_missing_bubblewrap_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nulle-part")
    assert "sudo apt install bubblewrap" in bubblewrap.why_unavailable()

"""Le juge : comparaison des sorties (fonctions pures), puis greffon pytest sur de petits notebooks fabriqués."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from cours_cnn.grading import zygote_client
from cours_cnn.grading.compare import Tolerance, differences
from cours_cnn.grading.judge import pytest_xdist_make_scheduler
from cours_cnn.grading.provisioner import chosen
from cours_cnn.grading.timings import CellTime, crowding, summary_lines


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(value, mime="text/plain"):
    return nbformat.v4.new_output("display_data", data={mime: value})


class TestComparison:
    def test_equal_outputs_have_no_difference(self):
        outputs = [stream("61 706\n"), shown("<b>95,7 %</b>", "text/html")]
        assert differences(outputs, outputs) == []

    def test_exact_text_without_tolerance(self):
        assert differences([stream("0.3")], [stream("0.30000000000000004")])

    @pytest.mark.parametrize(("expected", "found"), [
        ("perte 0.5000", "perte 0.5004"),
        ("réussite 95,70 %", "réussite 95,75 %"),
        ("61\u00a0706 paramètres", "61\u00a0730 paramètres"),
        ("moins \u22120,300", "moins -0,3001"),
        ("[1.0, 2e-05]", "[1.0000001, 2.001e-05]"),
        ("[1. 2.]", "[1.     1.9999]"),
        ("[[ 1.5 -2.5]]", "[[ 1.5001 -2.5   ]]"),
    ])
    def test_numbers_within_tolerance(self, expected, found):
        assert differences([stream(expected)], [stream(found)], Tolerance(rtol=1e-3)) == []
        assert differences([stream(expected)], [stream(found)], Tolerance(rtol=1e-9))

    def test_thousands_are_one_number(self):
        # 61 706 contre 61 999 : si « 61 » et « 706 » étaient lus à part, 999 sortirait de la tolérance.
        assert differences([stream("61\u00a0706")], [stream("61\u00a0999")], Tolerance(rtol=0.01)) == []

    @pytest.mark.parametrize(("expected", "found"), [
        ("perte 0.50", "coût 0.50"), ("Conv2D", "Conv3D"), ("couche_1", "couche_2"), ("1 2", "1 2 3"), ("vrai", "faux"),
    ])
    def test_the_rest_of_the_text_stays_exact(self, expected, found):
        assert differences([stream(expected)], [stream(found)], Tolerance(rtol=10, atol=10))

    def test_html_attributes_stay_exact(self):
        tolerance = Tolerance(atol=5)
        before, after = '<td width="10">3</td>', '<td width="10">4</td>'
        assert differences([shown(before, "text/html")], [shown(after, "text/html")], tolerance) == []
        after = '<td width="11">3</td>'
        assert differences([shown(before, "text/html")], [shown(after, "text/html")], tolerance)

    def test_message_names_both_numbers(self):
        lines = differences([stream("a 1.0 b 2.0")], [stream("a 1.0 b 3.0")], Tolerance(rtol=0.1))
        assert "hors tolérance" in lines[0]
        assert lines[1].split() == ["attendu", ":", "2.0", "obtenu", ":", "3.0"]

    def test_stderr_and_images_are_ignored(self):
        def picture(pixels):
            return nbformat.v4.new_output("display_data", data={"image/png": pixels, "text/plain": "Figure"})

        before, after = [stream("bruit", "stderr"), picture("AA")], [picture("BB"), stream("x", "stderr")]
        assert differences(before, after) == []
        after[0].data["text/plain"] = "Autre figure"
        assert differences(before, after)

    def test_missing_and_extra_outputs(self):
        assert "1 sortie(s) attendue(s), 0 obtenue(s)" in differences([stream("a")], [])[0]
        assert "0 sortie(s) attendue(s), 1 obtenue(s)" in differences([], [stream("a")])[0]

    def test_long_differences_are_cut(self):
        lines = differences([stream("\n".join("ab" * 500 for _ in range(300)))], [stream("autre")])
        assert len(lines) < 60
        assert max(map(len, lines)) < 300

    @pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "0.1", True, None])
    def test_bad_tolerance_is_refused(self, value):
        with pytest.raises(ValueError, match=r"cours\.rtol"):
            Tolerance.of({"rtol": value})

    def test_no_tolerance_declared(self):
        assert Tolerance.of({"timeout": 3}) is None
        assert Tolerance.of({"atol": 0.5}) == Tolerance(atol=0.5)


class TestSummary:
    def test_slowest_first_and_budget(self):
        cells = [("a.ipynb", "c1", 1.0), ("b.ipynb", "c2", 61.0), ("a.ipynb", "c3", 0.1)]
        lines = summary_lines(CellTime(*cell, cell[2] / 2 if cell[0] == "a.ipynb" else cell[2], 60) for cell in cells)
        text = "\n".join(lines)
        assert lines.index("     61,0 s  b.ipynb::c2") < lines.index("      1,0 s  a.ipynb::c1")
        assert "c3" not in text
        assert re.search(r"61,0 s  b\.ipynb \(61,0 s, budget 60 s\).*DÉPASSE", text)
        assert "      1,1 s  a.ipynb (0,6 s, budget 60 s)" in lines
        assert "62,1 s  au total, 3 cellules" in text

    @pytest.mark.parametrize(("load", "times"), [(0.3, 1.0), (2.0, 1.0), (8.0, 4.0)])
    def test_a_crowded_machine_is_allowed_for(self, monkeypatch, load, times):
        monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
        monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})
        assert crowding() == times

    def test_nothing_to_tell(self):
        assert summary_lines([]) == []


@dataclass
class Session:
    """Une séance de pytest : son code de sortie, son texte, le verdict et le message de chaque test."""

    code: int
    text: str
    verdicts: dict[str, str]
    messages: dict[str, str]
    workers: list[str] = field(default_factory=list)
    grouped: list[str] = field(default_factory=list)


def judge(folder, *arguments, **environment):
    command = [sys.executable, "-m", "pytest", "-p", "cours_cnn.grading.judge", "--nbval", "--nbval-current-env",
               "--nbval-cell-timeout=60", "-c", "vide.ini", "--rootdir=.", "-p", "no:cacheprovider",
               "--junitxml=bilan.xml", "-v", "--color=yes", *arguments]
    (folder / "vide.ini").write_text("[pytest]\n")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, **environment})
    verdicts, messages = {}, {}
    for case in ElementTree.parse(folder / "bilan.xml").iter("testcase"):
        name = case.get("name")
        child = next((case.find(kind) for kind in ("failure", "error", "skipped") if case.find(kind) is not None), None)
        verdicts[name] = "passed" if child is None else child.tag
        messages[name] = "" if child is None else child.text or ""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    return Session(done.returncode, plain, verdicts, messages)


@pytest.fixture(scope="module")
def session(nb, tmp_path_factory):
    """Une seule séance, sur deux processus, pour presque tous les comportements du greffon."""
    folder = tmp_path_factory.mktemp("juge")
    tolerant = {"cours": {"rtol": 0.01}}
    nb.write(folder / "chapters" / "lenet.ipynb", [
        nb.code("c1-parametres", "x = 61706\nprint(x)", "61706\n"),
        nb.code("c2-depend", "print(x + 1)", "61707\n"),
        nb.code("c3-bruit", "import sys, warnings\nprint('TF', file=sys.stderr)\nwarnings.warn('w')\nprint('ok')",
                "ok\n"),
        nb.code("c4-pres", "print('perte 0.5001')", "perte 0.5000\n", **tolerant),
        nb.code("c5-loin", "print('perte 0.60')", "perte 0.50\n", **tolerant),
        nb.code("c6-faux", "print('obtenu')", "attendu\n"),
        nb.code("c7-exception", "1 / 0"),
        nb.code("c8-suite", "print(x)", "61706\n"),
        nb.code("c9-dossier", "import os; print(os.getcwd().split(os.sep)[-1], os.environ['COURS_CNN_ESSAI'])",
                "chapters 7\n"),
        nb.code("c10-ignoree", "print('variable')", "autre\n", tags=["nbval-ignore-output"]),
        nb.code("c11-reglage", "print(1)", "1\n", cours={"rtol": "beaucoup"}),
    ])
    nb.write(folder / "chapters" / "convolution.ipynb", [
        nb.code("debut", "import time; y = 2; time.sleep(0.6)"),
        *[nb.code(f"pas-{k}", f"y += 1; print(y - {k})", "2\n") for k in range(1, 6)],
    ])
    nb.write(folder / "chapters" / "mort.ipynb", [
        nb.code("meurt", "import os; os._exit(3)"), nb.code("apres-la-mort", "print(1)", "1\n")])
    nb.write(folder / "chapters" / "boucle.ipynb", [
        nb.code("sans-fin", "z = 5\nwhile True: pass", cours={"timeout": 1}),
        nb.code("apres-juste", "print(z)", "5\n"), nb.code("apres-faux", "print(z)", "6\n"),
        nb.code("deluge", "for _ in range(3000): print('x' * 1000)", tags=["nbval-ignore-output"]),
        nb.code("apres-deluge", "print(1)", "1\n")])
    nb.write(folder / "chapters" / "lent.ipynb", [
        nb.code("trop-lent", "import time; time.sleep(0.5)"), nb.code("encore-lent", "time.sleep(0.1)"),
    ], cours={"budget_s": 0.01})
    (folder / "test_ordinaire.py").write_text(
        "import os, pathlib, time, pytest\n"
        "class TestEnsemble:\n    @pytest.mark.parametrize('k', range(4))\n"
        "    def test_groupe(self, k, record_property): record_property('groupe', os.environ['PYTEST_XDIST_WORKER'])\n"
        "@pytest.mark.parametrize('k', range(8))\ndef test_ordinaire(k, record_property):\n"
        "    # Chacun attend que les deux processus aient pris un test : le plus rapide ne les prendra pas tous.\n"
        "    pathlib.Path(os.environ['PYTEST_XDIST_WORKER']).touch()\n"
        "    end = time.monotonic() + 30\n"
        "    while len(list(pathlib.Path().glob('gw*'))) < 2 and time.monotonic() < end: time.sleep(0.05)\n"
        "    record_property('ouvrier', os.environ['PYTEST_XDIST_WORKER'])\n")
    outcome = judge(folder, "-n", "2", COURS_CNN_ESSAI="7")
    outcome.workers = re.findall(r'name="ouvrier" value="(gw\d)"', (folder / "bilan.xml").read_text())
    outcome.grouped = re.findall(r'name="groupe" value="(gw\d)"', (folder / "bilan.xml").read_text())
    return outcome


@pytest.mark.lent
class TestPlugin:
    def test_each_cell_has_its_own_verdict(self, session):
        failed = {name for name, verdict in session.verdicts.items() if verdict != "passed"}
        assert failed == {"c5-loin", "c6-faux", "c7-exception", "c11-reglage", "meurt", "apres-la-mort", "sans-fin",
                          "apres-faux", "deluge", "trop-lent"}, session.text
        assert session.code == 1

    def test_names(self, session):
        assert "chapters/lenet.ipynb::c1-parametres" in session.text
        assert "FAILED chapters/lenet.ipynb::c6-faux - la sortie diffère" in session.text

    def test_wrong_number_is_shown(self, session):
        assert "attendu : 0.50   obtenu : 0.60" in session.messages["c5-loin"]
        assert "rtol = 0.01" in session.messages["c5-loin"]

    def test_report_is_readable(self, session):
        message = session.messages["c6-faux"]
        assert message.startswith("la sortie diffère de celle qui est enregistrée.")
        assert "Cellule « c6-faux » de chapters/lenet.ipynb" in message
        assert "  -attendu" in message
        assert "  +obtenu" in message
        assert "print('obtenu')" in message

    def test_exception_report_has_no_terminal_codes(self, session):
        message = session.messages["c7-exception"]
        assert "ZeroDivisionError" in message
        assert "\x1b" not in message
        assert "#x1B" not in message

    def test_dead_kernel_is_seen_at_once(self, session):
        assert "le noyau s'est arrêté pendant cette cellule (code de sortie 3)" in session.messages["meurt"]
        assert "non exécutée : le noyau s'est arrêté à la cellule « meurt »" in session.messages["apres-la-mort"]
        slow = re.search(r"([\d,]+) s  chapters/mort\.ipynb \(", session.text).group(1)
        assert float(slow.replace(",", ".")) < 2.0

    def test_timeout_does_not_excuse_what_follows(self, session):
        assert "l'exécution dépasse 1 s." in session.messages["sans-fin"]
        assert session.verdicts["apres-juste"] == "passed"
        assert session.verdicts["apres-faux"] == "failure"
        assert "xfail" not in session.text.lower()
        assert "xpass" not in session.text.lower()

    def test_flood_is_capped(self, session):
        assert "affiche plus de 2 Mo (3.0 Mo reçus)" in session.messages["deluge"]

    def test_bad_settings_are_refused(self, session):
        expected = "« cours.rtol » doit être un nombre positif ou nul ; reçu : 'beaucoup'"
        assert expected in session.messages["c11-reglage"]

    def test_budget(self, session):
        assert "plus de 2 fois son budget de 0.01 s" in session.messages["trop-lent"]
        assert session.verdicts["encore-lent"] == "passed"
        assert re.search(r"chapters/lent\.ipynb \([\d,]+ s, budget 0\.01 s\).*DÉPASSE", session.text)

    def test_summary_in_french(self, session):
        assert "Cellules les plus lentes" in session.text
        told = re.search(r"(\d+),(\d) s  chapters/convolution\.ipynb::debut", session.text)
        # La cellule dort 0,6 s ; une machine occupée peut y mettre davantage, jamais moins.
        assert 0.6 <= float(f"{told[1]}.{told[2]}") < 10
        assert "au total, 25 cellules" in session.text

    def test_ordinary_tests_spread_over_workers(self, session):
        assert len(session.workers) == 8
        assert set(session.workers) == {"gw0", "gw1"}

    def test_grouped_tests_share_a_worker(self, session):
        assert len(session.grouped) == 4
        assert len(set(session.grouped)) == 1


def _scheduler(mode):
    values = {"dist": mode, "tx": ["2*popen"]}
    return pytest_xdist_make_scheduler(SimpleNamespace(getvalue=values.__getitem__), None)


@pytest.mark.parametrize("mode", ["load", "worksteal", "loadgroup"])
def test_scattering_distributions_are_replaced(mode):
    scheduler = _scheduler(mode)
    assert scheduler._split_scope("chapters/lenet.ipynb::c1") == scheduler._split_scope("chapters/lenet.ipynb::c2")
    assert scheduler._split_scope("tests/a.py::TestA::b[x::y]") == scheduler._split_scope("tests/a.py::TestA::c")
    assert scheduler._split_scope("tests/a.py::test_b[x::y]") != scheduler._split_scope("tests/a.py::test_b[x::z]")
    assert scheduler._split_scope("tests/test_a.py::test_b") != scheduler._split_scope("tests/test_a.py::test_c")


@pytest.mark.parametrize("mode", ["loadfile", "loadscope", "each"])
def test_harmless_distributions_are_kept(mode):
    assert _scheduler(mode) is None


@pytest.mark.lent
def test_plain_run_and_option_without_budget(nb, tmp_path):
    nb.write(tmp_path / "lent.ipynb", [nb.code("lent", "import time; time.sleep(0.3)")], cours={"budget_s": 0.001})
    (tmp_path / "casse.ipynb").write_text("{")
    outcome = judge(tmp_path, "--sans-budget", "--continue-on-collection-errors")
    assert outcome.verdicts["lent"] == "passed"
    assert "casse.ipynb : notebook illisible" in outcome.text


@pytest.mark.lent
def test_judge_does_not_load_tensorflow():
    program = ("import sys, cours_cnn.grading.judge, cours_cnn.grading.notebook_items; "
               "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture(scope="module")
def copied(nb, tmp_path_factory):
    """Une séance sur des noyaux copiés du zygote."""
    folder = tmp_path_factory.mktemp("copies")
    nb.write(folder / "chapters" / "rapide.ipynb", [
        nb.code("deja-charge", "import sys; print('tensorflow' in sys.modules, 'np' in globals())", "True False\n"),
        nb.code("dossier", "import os; print(os.getcwd().split(os.sep)[-1], os.environ['COURS_CNN_ESSAI'])",
                "chapters 7\n"),
        nb.code("hasard", "import random, numpy as np; print(random.random(), np.random.rand())", "0.1 0.2\n"),
        nb.code("calcul", "import tensorflow as tf; print(float(tf.reduce_sum(tf.ones((2, 3)))))", "6.0\n"),
        nb.code("apprentissage", "import keras\nm = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
                "m.compile('sgd', 'mse')\nprint(len(m.fit(np.ones((64, 2)), np.ones(64), verbose=0).history))", "1\n"),
        nb.code("figure", "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
                [nb.figure("essai")]),
        nb.code("meurt", "os._exit(4)")])
    nb.write(folder / "chapters" / "second.ipynb", [nb.code("neuf", "print('m' in globals())", "False\n")])
    return judge(folder, "--noyaux=cours-cnn-rapide", COURS_CNN_ESSAI="7")


@pytest.mark.lent
@pytest.mark.skipif(sys.platform != "linux", reason="le zygote demande Linux")
class TestCopiedKernels:
    def test_a_copied_kernel_behaves_like_a_new_one(self, copied):
        assert {name for name, verdict in copied.verdicts.items() if verdict != "passed"} == {
            "hasard", "figure", "meurt"}, copied.text
        assert "code de sortie 4" in copied.messages["meurt"]

    def test_nothing_is_seeded_behind_the_notebook(self, copied):
        found = re.search(r"\+(0\.\d+) (0\.\d+)", copied.messages["hasard"])
        import random

        assert float(found[1]) != random.Random(0).random()
        assert float(found[2]) != pytest.approx(0.5488135)

    def test_figures_go_to_the_notebook(self, copied):
        assert "<Figure size 640x480 with 1 Axes>" in copied.messages["figure"]


# Le zygote n'est repris par le système que longtemps après avoir été dupliqué, comme sur une machine saturée.
SLOW_ZYGOTE = """
import sys, time
from cours_cnn.grading import zygote
prompt = zygote._expect
def late(link, wanted):
    time.sleep(3 if wanted is None else 0)
    return prompt(link, wanted)
zygote._expect = late
zygote.main(int(sys.argv[1]))
"""


@pytest.mark.lent
@pytest.mark.skipif(sys.platform != "linux", reason="le zygote demande Linux")
def test_a_saturated_machine_does_not_stop_the_zygote(monkeypatch):
    started = subprocess.Popen
    monkeypatch.setattr(zygote_client.Zygote, "_shared", {})
    monkeypatch.setattr(zygote_client.subprocess, "Popen", lambda command, **options: started(
        [command[0], "-c", SLOW_ZYGOTE, command[-1]], **options))
    with chosen("cours-cnn-rapide"):
        manager, client = start_new_kernel(kernel_name="python3")
    try:
        assert client.execute_interactive("assert 6 * 7 == 42", timeout=60)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        zygote_client.Zygote.shared().close()

"""Outil des notebooks : mise en forme (fonctions pures), exécution réelle, commande."""

from __future__ import annotations

import nbformat
import pytest

from tools.normalisation import (
    Refusal,
    keep_images,
    normalised,
    refuse_unfit,
    serialised,
    stderr_texts,
    with_typography,
)
from tools.notebooks import main

ALT = "Une courbe qui descend puis se stabilise"


@pytest.fixture
def notebook(nb):
    """Fabrique un notebook en mémoire à partir de cellules."""
    def build(*cells, **metadata):
        return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)
    return build


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


class TestNormalised:
    def test_metadata_are_chosen(self, nb, notebook):
        before = notebook(
            nb.code("a", "1", count=7, tags=["x"], cours={"rtol": 1}, execution={"t": "1"}, collapsed=True, colab={}),
            kernelspec={"name": "autre", "display_name": "Mon noyau"}, language_info={"name": "python", "version": "3"},
            widgets={"état": 1}, cours={"budget_s": 30}, colab={})
        after = normalised(before)
        assert after.metadata == {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}, "cours": {"budget_s": 30}}
        assert after.cells[0].metadata == {"tags": ["x"], "cours": {"rtol": 1}}
        assert (after.nbformat, after.nbformat_minor) == (4, 5)

    def test_counts_follow_each_other(self, nb, notebook):
        result = nbformat.v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=9)
        after = normalised(notebook(nb.code("a", "1", count=4), nb.code("b", "2", [result], count=9)))
        assert [cell.execution_count for cell in after.cells] == [1, 2]
        assert after.cells[1].outputs[0].execution_count == 2

    def test_stderr_dropped_and_stream_pieces_joined(self, nb, notebook):
        before = notebook(nb.code("a", "1", [stream("un "), stream("bruit", "stderr"), stream("deux")], count=1))
        assert stderr_texts(before) == [("a", "bruit")]
        assert [output.text for output in normalised(before).cells[0].outputs] == ["un deux"]

    def test_alt_is_copied_and_stale_alt_removed(self, nb, notebook):
        stale = {"image": {"alt": "Ancien", "width": "50%"}}
        after = normalised(notebook(
            nb.code("a", "f()", [nb.figure(ALT)], count=1, mystnb=stale), nb.code("b", "1", "1", count=2, mystnb=stale),
            nb.code("c", "1", "1", count=3, mystnb={"image": {"alt": "Ancien"}})))
        assert after.cells[0].metadata.mystnb == {"image": {"alt": ALT, "width": "50%"}}
        assert after.cells[1].metadata.mystnb == {"image": {"width": "50%"}}
        assert "mystnb" not in after.cells[2].metadata

    def test_exercises_lose_their_outputs(self, nb, notebook):
        after = normalised(notebook(nb.code("a", "1", "1", count=1)), kind="exercises")
        assert (after.cells[0].outputs, after.cells[0].execution_count) == ([], None)

    def test_stable_and_does_not_change_its_argument(self, nb, notebook):
        before = notebook(nb.code("a", "1\n", [stream("x", "stderr")], count=3), nb.text("t", "Texte "))
        copy = serialised(before)
        once = serialised(normalised(before))
        assert serialised(normalised(nbformat.reads(once, as_version=4))) == once
        assert serialised(before) == copy

    def test_typography_of_text_cells_only(self, nb, notebook):
        after = with_typography(notebook(nb.text("t", "Voici : `a : b`"), nb.code("c", "# ici : rien")))
        assert [cell.source for cell in after.cells] == ["Voici\u00a0: `a : b`", "# ici : rien"]


class TestKeepImages:
    def test_only_pixels_changed(self, nb, notebook):
        old = notebook(nb.code("a", "f()", [nb.figure(ALT, data="QUE=")], count=1))
        new = notebook(nb.code("a", "f()", [nb.figure(ALT, data="QkI=")], count=1))
        assert keep_images(new, old).cells[0].outputs[0].data["image/png"] == "QUE="

    @pytest.mark.parametrize(("source", "alt"), [("g()", ALT), ("f()", "Une autre figure, décrite autrement")])
    def test_otherwise_the_new_image_stays(self, nb, notebook, source, alt):
        old = notebook(nb.code("a", "f()", [nb.figure(ALT, data="QUE=")], count=1))
        new = notebook(nb.code("a", source, [nb.figure(alt, data="QkI=")], count=1))
        assert keep_images(new, old).cells[0].outputs[0].data["image/png"] == "QkI="


class TestRefusals:
    @pytest.mark.parametrize("text", ["lu dans /home/moi/donnees.npz", "C:\\Users\\moi", "file:///x"])
    def test_machine_paths(self, nb, notebook, text):
        with pytest.raises(Refusal, match="cellule « a »"):
            refuse_unfit(notebook(nb.code("a", "1", text, count=1)))

    def test_relative_paths_are_fine(self, nb, notebook):
        refuse_unfit(notebook(nb.code("a", "1", "donnees/mnist/train.npz 3/4 https://a.b/home/x et/ou", count=1)))

    def test_weight(self, nb, notebook):
        with pytest.raises(Refusal, match="400 ko"):
            refuse_unfit(notebook(nb.code("a", "1", "x" * 400_001, count=1)))


@pytest.fixture(scope="module")
def executed_folder(nb, tmp_path_factory):
    """Un dossier de quatre notebooks, exécuté une fois par la vraie commande."""
    folder = tmp_path_factory.mktemp("cours") / "chapters"
    (folder / "essai").mkdir(parents=True)
    (folder / "donnees.txt").write_text("lu\n")
    figure = ("import IPython.display\n"
              f"data = {{'image/png': str(os.getpid()), 'text/plain': 'Figure\\u00a0: {ALT}'}}\n"
              "IPython.display.display(data, raw=True)")
    nb.write(folder / "bon.ipynb", [
        nb.text("titre", "# Titre"), nb.code("installation", "import sys, os", count=5),
        nb.code("lecture", "print(open('donnees.txt').read()); print('bruit', file=sys.stderr)", "ancien\n", count=9),
        nb.code("valeur", "6 * 7"), nb.code("attendue", "1 / 0", tags=["raises-exception"]), nb.code("figure", figure)])
    nb.write(folder / "exception.ipynb", [nb.code("faute", "print('avant')\n1 / 0", "intact\n")])
    nb.write(folder / "chemin.ipynb", [nb.code("chemin", "print('/home/' + 'moi')", "intact\n")])
    nb.write(folder / "lent.ipynb", [nb.code("lent", "while True: pass", "intact\n", cours={"timeout": 1})])
    return folder


@pytest.fixture(scope="module")
def first_run(executed_folder):
    """Le texte des notebooks avant, leur texte après, le code de sortie et ce qui a été affiché."""
    import contextlib
    import io

    paths = sorted(executed_folder.glob("*.ipynb"))
    before = {path.stem: path.read_text() for path in paths}
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        code = main(["execute", *map(str, paths)])
    return before, {path.stem: path.read_text() for path in paths}, code, shown.getvalue()


@pytest.mark.lent
class TestExecute:
    def test_outputs_are_stored(self, first_run):
        cells = {cell.id: cell for cell in nbformat.reads(first_run[1]["bon"], as_version=4).cells}
        assert cells["lecture"].outputs[0].text == "lu\n\n"
        assert cells["valeur"].outputs[0].data["text/plain"] == "42"
        assert cells["attendue"].outputs[0].ename == "ZeroDivisionError"
        assert cells["figure"].metadata.mystnb.image.alt == ALT
        assert [cell.get("execution_count") for cell in cells.values()] == [None, 1, 2, 3, 4, 5]

    def test_progress_and_dropped_stderr_are_shown(self, first_run):
        assert "cellule 2/5" in first_run[3]
        assert "sortie d'erreur écartée, cellule « lecture » : bruit" in first_run[3]
        assert "bruit" not in first_run[1]["bon"].replace("print('bruit'", "")

    @pytest.mark.parametrize(("name", "message"), [
        ("exception", "la cellule « faute » lève ZeroDivisionError"), ("chemin", "chemin absolu « /home/moi »"),
        ("lent", "la cellule « lent » dépasse 1 s")])
    def test_refused_notebooks_are_left_untouched(self, first_run, name, message):
        before, after, code, shown = first_run
        assert message in shown
        assert after[name] == before[name]
        assert code == 1
        assert "4 fichier(s), 3 refusé(s)" in shown

    def test_running_again_changes_nothing_but_pixels(self, first_run, executed_folder, capsys):
        path = executed_folder / "bon.ipynb"
        assert main(["execute", "--garder-images", str(path)]) == 0
        assert "inchangé" in capsys.readouterr().out
        assert path.read_text() == first_run[1]["bon"]
        assert [entry.name for entry in executed_folder.iterdir() if entry.name.endswith(".nouveau")] == []


@pytest.mark.lent
class TestCommand:
    def test_normalise_with_typography(self, nb, tmp_path, capsys):
        path = nb.write(tmp_path / "chapters" / "a.ipynb", [nb.text("t", "Voici : un"), nb.code("c", "1", count=8)])
        page = tmp_path / "page.md"
        page.write_text("Voici : `a : b`\n")
        assert main(["normalise", str(path), str(page)]) == 0
        assert "Voici : un" in path.read_text()
        assert main(["normalise", "--typographie", str(path), str(page)]) == 0
        assert "Voici\u00a0: un" in path.read_text()
        assert page.read_text() == "Voici\u00a0: `a : b`\n"

    def test_verify_lists_findings_and_fails(self, nb, tmp_path, capsys):
        cells = [nb.text("titre", "Voici un mot inconu."), nb.code("c-un", "1", count=8)]
        path = nb.write(tmp_path / "chapters" / "a.ipynb", cells)
        assert main(["verify", str(path), "--regles", "orthographe", "exécution"]) == 1
        shown = capsys.readouterr().out
        assert "cellule « titre » : mot inconnu : « inconu »  [orthographe]" in shown
        assert "numéro d'exécution 8 ; attendu : 1" in shown
        assert "2 défaut(s)" in shown

    def test_verify_succeeds_on_a_sound_page(self, tmp_path, capsys):
        (tmp_path / "page.md").write_text("Voici une page.\n")
        assert main(["verify", str(tmp_path / "page.md")]) == 0
        assert "0 défaut(s)" in capsys.readouterr().out

    @pytest.mark.parametrize("name", ["absent.ipynb", "programme.py"])
    def test_bad_paths(self, tmp_path, capsys, name):
        (tmp_path / "programme.py").write_text("")
        assert main(["execute", str(tmp_path / name)]) == 2
        assert name in capsys.readouterr().err

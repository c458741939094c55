"""Trouver les copies, remplir la feuille de Moodle, appliquer le barème, comparer les réponses."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cours_cnn.grading import moodle, similarity
from cours_cnn.grading.reading import LARGEST_FILE
from cours_cnn.grading.scale import Scale, read_scale
from cours_cnn.grading.submissions import SubmissionsError, find

NOTEBOOK = b'{"cells": []}'


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def written(folder, members: dict[str, bytes]):
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


MOODLE = {
    "Zoé Lefèvre_657737_assignsubmission_file_/lenet.ipynb": NOTEBOOK,
    "Ali Ben Salah_657738_assignsubmission_file_/devoir final.ipynb": NOTEBOOK,
    "Marie Curie_657740_assignsubmission_file_/rapport.pdf": b"%PDF",
    "Jean_Paul O'Neil_657741_assignsubmission_file_/a/lenet.zip": zipped({"lenet.ipynb": NOTEBOOK, "x/../../y": b"1"}),
    "__MACOSX/._lenet.ipynb": b"x",
}


class TestSubmissions:
    @pytest.mark.parametrize("packed", [True, False])
    def test_moodle_download(self, tmp_path, packed):
        source = tmp_path / "envoi.zip"
        if packed:
            source.write_bytes(zipped(MOODLE))
        else:
            source = written(tmp_path / "envoi", MOODLE)
        found = {one.student: one for one in find(source, "lenet")}
        assert list(found) == ["Ali Ben Salah", "Jean_Paul O'Neil", "Marie Curie", "Zoé Lefèvre"]
        assert {one.identifier for one in found.values()} == {"657737", "657738", "657740", "657741"}
        assert found["Jean_Paul O'Neil"].file.data == NOTEBOOK
        assert found["Marie Curie"].file is None
        assert "rapport.pdf" in found["Marie Curie"].notes[0]
        assert "au lieu de lenet.ipynb" in found["Ali Ben Salah"].notes[0]

    def test_nbgrader_tree_and_flat_folder(self, tmp_path):
        tree = written(tmp_path / "a", {"submitted/bitdiddle/lenet/lenet.ipynb": NOTEBOOK,
                                        "submitted/bitdiddle/lenet/timestamp.txt": b"2026",
                                        "submitted/hacker/lenet/lenet.ipynb": NOTEBOOK})
        assert [one.student for one in find(tree, "lenet")] == ["bitdiddle", "hacker"]
        flat = written(tmp_path / "b", {"alice.ipynb": NOTEBOOK, "bob.ipynb": NOTEBOOK})
        assert [one.student for one in find(flat, "lenet")] == ["alice", "bob"]
        assert [one.student for one in find(flat / "bob.ipynb", "lenet")] == ["bob"]

    def test_the_last_attempt_counts_and_the_others_are_said(self, tmp_path):
        source = written(tmp_path, {"Zoé_1_assignsubmission_file_/lenet.ipynb": b'{"cells": [1]}',
                                    "Zoé_1_2_assignsubmission_file_/lenet.ipynb": NOTEBOOK})
        (one,) = find(source, "lenet")
        assert one.file.data == NOTEBOOK
        assert "non retenu" in one.notes[-1]

    def test_bombs_links_and_traversal_are_harmless(self, tmp_path):
        bomb = zipped({"Zoé_1_assignsubmission_file_/lenet.ipynb": b"0" * (LARGEST_FILE + 10),
                       "../../evasion.ipynb": NOTEBOOK})
        path = tmp_path / "bombe.zip"
        path.write_bytes(bomb)
        (one,) = find(path, "lenet")
        assert one.file is None
        assert "non lu" in one.notes[0]
        assert len(bomb) < LARGEST_FILE / 100
        folder = written(tmp_path / "liens", {"Ali_2_assignsubmission_file_/lenet.ipynb": NOTEBOOK})
        (folder / "Eve_3_assignsubmission_file_").mkdir()
        (folder / "Eve_3_assignsubmission_file_" / "lenet.ipynb").symlink_to("/etc/hostname")
        assert [one.student for one in find(folder, "lenet")] == ["Ali"]
        assert not (tmp_path.parent / "evasion.ipynb").exists()

    @pytest.mark.parametrize("make", [lambda p: p / "absent", lambda p: p])
    def test_nothing_to_mark_is_said(self, tmp_path, make):
        with pytest.raises(SubmissionsError):
            find(make(tmp_path), "lenet")

    def test_same_names_keep_distinct_results(self, tmp_path):
        found = find(written(tmp_path, {"élève.ipynb": NOTEBOOK, "eleve.ipynb": NOTEBOOK}), "lenet")
        assert len({one.key for one in found}) == 2


HEADER = ('Identifiant,"Nom complet",Statut,Note,"Note maximale","La note peut être modifiée",'
          '"Dernière modification (travail remis)","Dernière modification (note)","Feedback par commentaires"')
ROWS = ['"Participant 657737","Lefèvre, Zoé","Remis pour évaluation",-,"20,00",Oui,'
        '"mercredi 25 novembre 2026, 21:58",-,',
        '"Participant 657738","Ben Salah, Ali","Remis",-,"20,00",Oui,-,-,"déjà ""lu"""']


class TestMoodle:
    @pytest.mark.parametrize(("encoding", "separator", "end"), [
        ("utf-8", ",", "\n"), ("utf-8-sig", ",", "\r\n"), ("utf-16", ",", "\n"), ("cp1252", ",", "\r\n")])
    def test_only_marks_and_feedback_change(self, encoding, separator, end):
        text = end.join([HEADER, *ROWS]) + end
        sheet = moodle.read(text.encode(encoding))
        data, problems = moodle.filled(sheet, {"657737": (13.5, "q1 : faux"), "999": (1, "")})
        assert data.decode(encoding) == text.replace(
            '-,"20,00",Oui,"mercredi 25 novembre 2026, 21:58",-,',
            '"13,50","20,00",Oui,"mercredi 25 novembre 2026, 21:58",-,q1 : faux', 1)
        assert "999" in problems[0]
        assert moodle.filled(sheet, {})[0] == text.encode(encoding)

    def test_english_headers_semicolons_and_dates(self):
        text = ("Identifier;Full name;Status;Grade;Maximum Grade;Grade can be changed;Last modified (submission);"
                "Feedback comments\nParticipant90;Zoe;Submitted;;100.00;Yes;Wednesday, 25 November 2026, 9:58 PM;\n")
        sheet = moodle.read(text.encode())
        assert sheet.submitted("90") == datetime(2026, 11, 25, 21, 58)
        data, _ = moodle.filled(sheet, {"90": (15, "=cmd()")})
        assert "Participant90;Zoe;Submitted;15.00;100.00;Yes;" in data.decode()
        assert data.decode().endswith("PM;'=cmd()\n")

    def test_a_mark_above_the_maximum_is_refused(self):
        _, problems = moodle.filled(moodle.read("\n".join([HEADER, *ROWS]).encode()), {"657737": (21, "")})
        assert "au-dessus du maximum" in problems[0]

    @pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Nom,Note\nx,1\n"])
    def test_another_file_is_refused(self, text):
        with pytest.raises(moodle.WorksheetError, match="feuille de notes de Moodle"):
            moodle.read(text.encode())

    @given(st.lists(st.lists(st.text(alphabet='ab,;"\n\r é', max_size=6), min_size=1, max_size=4), max_size=5))
    def test_an_unchanged_sheet_is_byte_for_byte_the_same(self, rows):
        import csv

        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow(["Identifiant", "Note"])
        writer.writerows(rows)
        data = buffer.getvalue().encode()
        assert moodle.filled(moodle.read(data), {})[0] == data


class TestScale:
    def test_plain(self):
        assert Scale().mark(13.4, 20)[0] == 13.5
        assert Scale(arrondi=0).mark(1, 3)[0] == pytest.approx(6.666667)
        assert Scale(sur=10, arrondi=0.5).mark(13, 20)[0] == 6.5

    @pytest.mark.parametrize(("date", "mark", "words"), [
        (datetime(2026, 12, 1, 12, 0), 18, "18"), (datetime(2026, 12, 1, 12, 14), 18, "18"),
        (datetime(2026, 12, 1, 12, 16), 16, "retard de 1 jour"), (datetime(2026, 12, 3, 13, 0), 12, "retard de 3"),
        (datetime(2027, 12, 1), 8, "retard"), (None, 18, "18")])
    def test_late(self, date, mark, words):
        scale = Scale(echeance=datetime(2026, 12, 1, 12, 0), tolerance_minutes=15, penalite_par_jour=2,
                      penalite_maximale=10)
        value, told = scale.mark(18, 20, date)
        assert value == mark
        assert words in " ".join(told)

    def test_cap_and_half_up_rounding(self):
        assert Scale(plafond=12).mark(18, 20)[0] == 12
        assert [Scale(arrondi=0.5).mark(points, 20)[0] for points in (10.25, 10.75, 10.24)] == [10.5, 11, 10]

    def test_file(self, tmp_path):
        path = tmp_path / "bareme.toml"
        path.write_text("sur = 10\narrondi = 0.5\necheance = 2026-12-01T23:59:00\npenalite_par_jour = 1\n")
        assert read_scale(path).echeance == datetime(2026, 12, 1, 23, 59)
        for wrong in ("sur = -1", "sur = 0", "echeance = 3", "inconnu = 2", "sur = ", 'arrondi = "x"'):
            path.write_text(wrong)
            with pytest.raises((ValueError, TypeError), match=r"doit être|ne peut être lu"):
                read_scale(path)


class TestSimilarity:
    LONG = """def f(image, kernel):
    total = 0
    for row in range(image.shape[0] - kernel.shape[0] + 1):
        for column in range(image.shape[1] - kernel.shape[1] + 1):
            window = image[row:row + kernel.shape[0], column:column + kernel.shape[1]]
            total += (window * kernel).sum() if row % 2 else (window - kernel).max()
    return total / 3"""

    def test_renamed_copies_are_found_and_independent_ones_are_not(self):
        renamed = self.LONG.replace("total", "somme").replace("window", "fenetre").replace("row", "i")
        other = "def f(image, kernel):\n    views = sliding_window_view(image, kernel.shape)\n" \
                "    picked = [np.tensordot(view, kernel) for view in views.reshape(-1, 3, 3)]\n" \
                "    return np.add.reduce(np.where(np.arange(len(picked)) > 1, picked, 0)) / len(picked)"
        answers = {"a": {"q": self.LONG}, "b": {"q": renamed}, "c": {"q": other}}
        pairs = similarity.alike(answers, {})
        assert [(pair.first, pair.second, pair.share) for pair in pairs] == [("a", "b", 1.0)]

    def test_the_template_does_not_count(self):
        answers = {name: {"q": self.LONG + f"\nx = {name!r}"} for name in "ab"}
        assert similarity.alike(answers, {"q": self.LONG}) == []

    @pytest.mark.parametrize("source", ["", "((", "def f(:", "'", "\x00", "é" * 100])
    def test_any_source_has_a_fingerprint(self, source):
        assert isinstance(similarity.fingerprint(source), frozenset)

"""Règles des notebooks et liens : un chapitre sans défaut, puis un défaut à la fois, que la règle visée doit dire."""

from __future__ import annotations

import nbformat
import pytest

from tools.links import landmarks, link_problems
from tools.pages import Page
from tools.review import Course, admitted_lines, apply, review, rule_names
from tools.rules import STRUCTURE

N = "\u00a0"
ALT = "Une courbe qui descend puis se stabilise"
SVG = f'<svg role="img" aria-label="{ALT}"><text>C1</text></svg>'


@pytest.fixture
def sound(nb):
    """Les cellules d'un chapitre sans défaut."""
    return [
        nb.text("titre", f"# Un chapitre d'essai\n\n**Durée**{N}: environ 20 s sur deux cœurs."),
        nb.code("installation", "import importlib", tags=["installation"]),
        nb.text("plan", "## Objectifs\n\n## Idées fausses courantes\n\n## On retiendra\n\n## Pour vous tester\n\n"
                        f"## Exercice\n\nLe réseau a 61{N}706 poids.\n\n## Sources"),
        nb.code("c1-parametres", "print(61706)", "61706\n"),
        nb.code("figure-courbe", "f()", [nb.figure(ALT)], mystnb={"image": {"alt": ALT}}),
        nb.code("dessin", "g()", [nb.result(SVG, "text/html")]),
        nb.code("apprendre", "model.fit(x)", tags=["nbval-ignore-output"]),
        nb.code("verifier", "assert True", tags=["verification"]),
    ]


@pytest.fixture
def check(nb, tmp_path):
    """Écrit un notebook et rend les messages des règles demandées (toutes par défaut)."""
    def run(cells, *names, folder="chapters", **metadata):
        path = nb.write(tmp_path / folder / "essai.ipynb", cells, **metadata)
        page = Page(path, tmp_path)
        return [str(finding) for _, finding in review(page, Course.of(tmp_path), list(names) or None)]
    return run


def test_a_sound_chapter_has_no_finding(check, sound):
    assert check(sound) == []


def _set(rank, **values):
    def change(cells):
        for name, value in values.items():
            setattr(cells[rank], name, value)
    return change


def _meta(rank, name, value):
    def change(cells):
        cells[rank].metadata[name] = value
    return change


def _out(rank, *outputs):
    def change(cells):
        cells[rank].outputs = list(outputs)
    return change


def _drop(rank):
    def change(cells):
        del cells[rank]
    return change


def _stderr(text):
    return nbformat.v4.new_output("stream", name="stderr", text=text)


def _shown(**data):
    return nbformat.v4.new_output("display_data", data={name.replace("_", "/"): value for name, value in data.items()})


_ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="v", traceback=[])
_PLAN = "## Objectifs\n\n## On retiendra\n\n## Idées fausses courantes\n\n" \
        "## Pour vous tester\n\n## Exercice\n\n## Sources"

MUTATIONS = [
    ("identifiants", _set(3, id="1f6f7ad7"), "identifiant peu lisible"),
    ("identifiants", _set(3, id="c1_parametres"), "identifiant peu lisible"),
    ("identifiants", _set(3, id="installation"), "plusieurs fois"),
    ("portable", _set(0, source="# Un titre\n\n:::{note}\nTexte\n:::"), "n'est compris que du site"),
    ("portable", _set(0, source="# Un titre {cite:p}`lecun1998`"), "n'est compris que du site"),
    ("portable", _set(0, source="# Un titre\n\n$$\nx = 1\n$$ (une-formule)"), "n'est compris que du site"),
    ("exécution", _set(3, execution_count=7), "numéro d'exécution 7 ; attendu : 2"),
    ("exécution", _set(3, source="  "), "cellule de code vide"),
    ("sorties", _out(3, _stderr("avertissement")), "sortie d'erreur enregistrée"),
    ("sorties", _out(3, _ERROR), "exception ValueError"),
    ("sorties", _out(3, _shown(text_plain="x" * 150_001)), "sortie de 150 ko"),
    ("machine", _out(3, _shown(text_plain="lu dans /home/moi")), "chemin absolu « /home/moi »"),
    ("machine", _set(3, source="open('/tmp/x')"), "chemin absolu « /tmp/x »"),
    ("machine", _set(0, source="Voir C:\\Users\\moi"), "chemin absolu"),
    ("machine", _set(3, source="!pip install --index-url https://x x"), "dépôt de paquets"),
    ("taille", _set(3, source="\n".join(f"x{k} = 1" for k in range(26))), "26 lignes de code"),
    ("figures", _out(4, _shown(image_png="AA", text_plain="<Figure>")), "image sans texte de remplacement"),
    ("figures", _out(4, _shown(image_png="AA", text_plain=f"Figure{N}: courte")), "trop court"),
    ("figures", _meta(4, "mystnb", {"image": {"alt": "Un tout autre texte"}}), "diffère du texte de la figure"),
    ("figures", _meta(4, "mystnb", {}), "diffère du texte de la figure"),
    ("figures", _meta(3, "mystnb", {"image": {"alt": ALT}}), "sans image dans la sortie"),
    ("figures", _out(5, _shown(text_html="<svg><text>C1</text></svg>")), "sans aria-label"),
    ("installation", _meta(1, "tags", []), "l'étiquette « installation »"),
    ("installation", _drop(1), "l'étiquette « installation »"),
    ("plan", _set(2, source=_PLAN), "sections dans l'ordre"),
    ("plan", _set(2, source=_PLAN.replace("## Sources", "")), "« ## Sources » absente"),
    ("plan", _set(0, source="# Un chapitre d'essai"), "durée d'exécution non annoncée"),
    ("plan", _set(0, source=f"# Un chapitre\n\n**Durée**{N}: 90 s."), "durée annoncée de 90 s"),
    ("plan", _set(0, source=f"# Un\n\n# Deux\n\n**Durée**{N}: 20 s."), "2 titres de niveau 1"),
    ("entraînement", _meta(6, "tags", []), "sans l'étiquette « nbval-ignore-output »"),
    ("entraînement", _meta(7, "tags", []), "n'a l'étiquette « verification »"),
    ("typographie", _set(0, source="# Un : titre"), "espace insécable"),
    ("orthographe", _set(0, source="# Un titrre"), "mot inconnu : « titrre »"),
    ("orthographe", _set(3, source="# une remarqe\nprint(61706)"), "mot inconnu : « remarqe »"),
    ("orthographe", _meta(4, "mystnb", {"image": {"alt": "Une courbbe qui descend"}}), "mot inconnu : « courbbe »"),
    ("nombres", _out(3, _shown(text_plain="61707")), f"nombre orphelin « 61{N}706 »"),
    ("nombres", _set(2, source="$30 \\times 30 = 901$"), "égalité fausse : 30 × 30 = 901"),
    ("liens", _set(0, source="# Un\n\n[page](absente.ipynb)"), "fichier absent : absente.ipynb"),
]


@pytest.mark.parametrize(("rule", "change", "message"), MUTATIONS)
def test_each_fault_is_told_by_its_rule(check, sound, rule, change, message):
    change(sound)
    findings = check(sound, rule)
    assert any(message in finding for finding in findings), findings


def test_every_rule_is_exercised():
    tried = {rule for rule, _, _ in MUTATIONS} | {"format"}
    assert tried == set(rule_names())


@pytest.mark.parametrize(("metadata", "message"), [
    ({"kernelspec": {"name": "python3", "display_name": "Autre", "language": "python"}}, "métadonnée kernelspec"),
    ({"language_info": {"name": "python", "version": "3.11"}}, "métadonnée language_info"),
    ({"widgets": {}}, "metadata.widgets"),
])
def test_format(check, sound, metadata, message):
    assert any(message in finding for finding in check(sound, "format", **metadata))


def test_old_format(sound, tmp_path, nb):
    path = nb.write(tmp_path / "chapters" / "a.ipynb", sound)
    path.write_text(path.read_text().replace('"nbformat_minor": 5', '"nbformat_minor": 4'))
    assert any("format 4.4" in str(finding) for finding in apply("format", Page(path, tmp_path), Course.of(tmp_path)))


def test_heavy_file(check, sound, nb):
    sound += [nb.code(f"sortie-{k}", "1", "x" * 100_000) for k in "abcde"]
    assert any("au plus 400 ko" in finding for finding in check(sound, "taille"))


def test_expected_exception_and_long_installation_are_admitted(check, sound):
    sound[3].outputs, sound[3].metadata["tags"] = [_ERROR], ["raises-exception"]
    sound[1].source = "\n".join(f"x{k} = 1" for k in range(40))
    assert check(sound, "sorties", "taille") == []


def test_exercises_have_no_outputs(nb, tmp_path):
    cells = [nb.code("installation", "1", tags=["installation"]), nb.code("question", "2", "2\n")]
    path = nb.write(tmp_path / "exercises" / "a.ipynb", cells)
    assert len(apply("exécution", Page(path, tmp_path), Course.of(tmp_path))) == 2


@pytest.mark.parametrize(("chapter", "seconds", "accepted"), [
    ("resnet", 150, True), ("panorama", 150, True), ("resnet", 151, False), ("panorama", 151, False),
    ("lenet", 60, True), ("lenet", 61, False), ("lenet", 150, False),
])
def test_only_the_chapters_that_compare_deep_networks_may_run_longer(sound, nb, tmp_path, chapter, seconds, accepted):
    sound[0].source = f"# Un chapitre\n\n**Durée**{N}: environ {seconds} s."
    path = nb.write(tmp_path / "chapters" / f"{chapter}.ipynb", sound, cours={"budget_s": seconds})
    found = [str(finding) for finding in apply("plan", Page(path, tmp_path), Course.of(tmp_path))]
    assert (found == []) is accepted, found
    assert accepted or all(any(word in finding for finding in found) for word in ("durée annoncée", "budget_s"))


def test_rules_have_french_docstrings():
    assert all(rule.__doc__ and rule.__doc__.strip().endswith(".") for rule, _ in STRUCTURE.values())


class TestLinks:
    @pytest.fixture
    def book(self, tmp_path, nb):
        """Une page, une autre page qu'elle cite, un notebook, une bibliographie."""
        (tmp_path / "annexes").mkdir()
        (tmp_path / "annexes" / "autre.md").write_text(
            "(cible)=\n# Un titre à l'essai\n\n## Deux mots\n\n$$\nx\n$$ (equation)\n\n"
            "```{glossary}\nNoyau\n  Définition.\n```\n")
        nb.write(tmp_path / "chapters" / "lenet.ipynb", [nb.text("titre", "# LeNet\n\n## C3\u00a0: table")])
        (tmp_path / "image.png").write_bytes(b"")

        def problems(text):
            path = tmp_path / "page.md"
            path.write_text(text)
            pages = [Page(path, tmp_path), Page(tmp_path / "annexes" / "autre.md", tmp_path),
                     Page(tmp_path / "chapters" / "lenet.ipynb", tmp_path)]
            marks = landmarks(pages, ["@article{lecun1998,\n title={x}}"])
            return [finding.message for finding in link_problems(pages[0], marks, {"http://admis.org/"})]
        return problems

    @pytest.mark.parametrize("text", [
        "[a](annexes/autre.md)", "[a](annexes/autre.md#deux-mots)", "[a](annexes/autre.md#un-titre-à-lessai)",
        "[a](chapters/lenet.ipynb#c3-table)", "[a](#cible)", "# Ici\n\n[a](#ici)", "{ref}`cible`",
        "{ref}`un texte <cible>`",
        "{eq}`equation`", "{doc}`annexes/autre`", "{doc}`/chapters/lenet`", "{term}`noyau`",
        "{term}`des noyaux <Noyau>`",
        "{cite:p}`lecun1998`", "![alt](image.png)", "[a](https://a.b/c)", "<https://a.b>", "[a](mailto:a@b.c)",
        "http://admis.org/",
        "`[a](absent.md)`", "```\n[a](absent.md)\n```", "[a][r]\n\n[r]: annexes/autre.md", "[a](cible)",
        '<a href="annexes/autre.md">a</a>',
    ])
    def test_sound(self, book, text):
        assert book(text) == []

    @pytest.mark.parametrize(("text", "message"), [
        ("[a](absent.md)", "fichier absent"), ("[a](annexes/autre.md#rien)", "ancre absente"), ("[a](#rien)",
        "ancre absente"),
        ("[a](chapters/lenet.ipynb#rien)", "ancre absente"), ("{ref}`rien`", "étiquette absente"), ("{doc}`rien`",
        "page absente"),
        ("{term}`rien`", "glossaire"), ("{cite:p}`lecun1998,rien`", "bibliographie : rien"), ("![alt](absente.png)",
        "fichier absent"),
        ("[a](http://a.b/)", "sans https"), ("http://a.b/c", "sans https"), ("<http://a.b>", "sans https"),
        ("[a](ftp://a.b)", "type"),
        ("[a][r]\n\n[r]: absent.md", "fichier absent"), ('<img src="absent.png">', "fichier absent"),
        ("[a](../x.md)", "absent"),
        ("{eq}`rien`", "étiquette absente"),
    ])
    def test_broken(self, book, text, message):
        assert any(message in problem for problem in book(text)), book(text)


def test_admitted_numbers_need_a_reason(tmp_path):
    path = tmp_path / "nombres_admis.txt"
    path.write_text("# commentaire\nREADME.md | 390 | largeur d'écran\n")
    assert admitted_lines(path) == [("README.md", "390", "largeur d'écran")]
    path.write_text("README.md | 390 |\n")
    with pytest.raises(ValueError, match=r"page \| nombre \| raison"):
        admitted_lines(path)


def test_pages_use_the_ledger_the_chapters_and_the_admitted_list(nb, tmp_path):
    nb.write(tmp_path / "chapters" / "a.ipynb", [nb.code("c-un", "1", "777\n")])
    (tmp_path / "cours_cnn").mkdir()
    (tmp_path / "cours_cnn" / "facts.toml").write_text('[a]\nb = { value = 888, claim = "999 cas" }\n')
    (tmp_path / "tests" / "hygiene").mkdir(parents=True)
    (tmp_path / "tests" / "hygiene" / "nombres_admis.txt").write_text("README.md | 390 | largeur d'écran\n")
    (tmp_path / "README.md").write_text("777, 888, 999 et 390 ; mais 555.\n")
    findings = apply("nombres", Page(tmp_path / "README.md", tmp_path), Course.of(tmp_path))
    assert [finding.message.split("»")[0] for finding in findings] == ["nombre orphelin « 555 "]

"""Les annexes tiennent leurs promesses : glossaire bilingue et rangé, liens du diaporama, articles fondateurs."""

from __future__ import annotations

import re
import unicodedata

import pytest

# Mots que le français et l'anglais écrivent de même, ou à un accent près : ils n'ont pas de forme en italique.
SAME_IN_BOTH = {"activation", "calibration", "CIFAR-10", "classification", "convolution", "dropout", "Grad-CAM",
                "ImageNet", "invariance", "logit", "MNIST", "pixel", "saturation", "softmax"}
# Termes que chaque chapitre suppose : leur absence se verrait à la lecture.
NEEDED = """noyau pas remplissage champ récepteur bloc résiduel connexion directe goulot module Inception concaténation
    convolution 1 × 1 convolution groupée normalisation par lots normalisation locale moyenne globale tête auxiliaire
    dégradation évanescence du gradient projection augmentation de données gel ajustement fin base convolutive tête
    sensibilité spécificité déséquilibre des classes fuite de données Grad-CAM prétraitement surapprentissage"""

# Les adresses que cite le diaporama, dans son ordre, sans les réglages de lecture (&t=…, &ab_channel=…).
SLIDE_LINKS = [
    "https://www.youtube.com/watch?v=jRaPzSR98uk",
    "https://github.com/formasys/classification_pneumonia/blob/master/pneumonia_1.ipynb",
    "https://www.youtube.com/watch?v=up8R4jT49Ak",
    "https://www.youtube.com/watch?v=yYvSscuM8so",
    "https://keras.io/api/applications/",
    "https://www.youtube.com/watch?v=C86ZXvgpejM",
    "https://www.youtube.com/watch?v=KfV8CJh7hE0",
    "https://datahacker.rs/deep-learning-inception-network/",
    "https://www.analyticsvidhya.com/blog/2018/10/understanding-inception-network-from-scratch/",
    "https://www.youtube.com/watch?v=zBOavqh3kWU",
    "https://github.com/krishnaik06/Transfer-Learning/blob/master/face_Recognition.py",
    "https://blog.keras.io/building-powerful-image-classification-models-using-very-little-data.html",
    "https://www.kaggle.com/datasets/arpitjain007/dog-vs-cat-fastai",
    "https://www.youtube.com/watch?v=j-3vuBynnOE",
    "https://www.youtube.com/watch?v=A4K6D_gx2lw",
    "https://www.youtube.com/watch?v=FLf5gmSOkwU",
    "https://www.youtube.com/watch?v=4ae13fiKDqo",
    "https://www.youtube.com/watch?v=F4z3vnX4RDk",
]

# Clé de la bibliographie : premier auteur, année, un mot du titre.
PAPERS = {
    "lecun1998": ("LeCun", "1998", "Gradient-Based Learning"), "krizhevsky2012": ("Krizhevsky", "2012", "ImageNet"),
    "simonyan2015": ("Simonyan", "2015", "Very Deep"), "szegedy2015": ("Szegedy", "2015", "Going Deeper"),
    "szegedy2016": ("Szegedy", "2016", "Rethinking"), "szegedy2017": ("Szegedy", "2017", "Inception-v4"),
    "chollet2017": ("Chollet", "2017", "Xception"), "he2016": ("He", "2016", "Deep Residual Learning"),
    "he2016identity": ("He", "2016", "Identity Mappings"), "ioffe2015": ("Ioffe", "2015", "Batch Normalization"),
    "srivastava2014": ("Srivastava", "2014", "Dropout"), "deng2009": ("Deng", "2009", "ImageNet"),
    "russakovsky2015": ("Russakovsky", "2015", "Challenge"), "sandler2018": ("Sandler", "2018", "MobileNetV2"),
    "selvaraju2017": ("Selvaraju", "2017", "Grad-CAM"), "yosinski2014": ("Yosinski", "2014", "Transferable"),
    "kermany2018": ("Kermany", "2018", "Image-Based Deep Learning"), "parkhi2012": ("Parkhi", "2012", "Cats and Dogs"),
    "krizhevsky2009": ("Krizhevsky", "2009", "Tiny Images"), "lin2014": ("Lin", "2014", "Network in Network"),
}


@pytest.fixture(scope="module")
def entries(root) -> list[tuple[list[str], str]]:
    """Les entrées du glossaire : leurs formes, leur définition."""
    text = (root / "annexes" / "glossaire.md").read_text(encoding="utf-8")
    body = text.split("```{glossary}\n")[1].rsplit("```", 1)[0]
    found = []
    for block in body.strip("\n").split("\n\n"):
        forms = [line.strip() for line in block.splitlines() if not line.startswith(" ")]
        found.append((forms, " ".join(line.strip() for line in block.splitlines() if line.startswith(" "))))
    return found


def sorting_key(term: str) -> str:
    """L'ordre d'un dictionnaire français : ni accents ni majuscules."""
    return unicodedata.normalize("NFD", term.casefold()).encode("ascii", "ignore").decode()


def test_the_glossary_holds_sixty_bilingual_terms(entries):
    assert len([forms for forms, _ in entries if any(form.startswith("*") for form in forms)]) >= 60
    assert all(len(definition) > 20 and definition.endswith((".", ". *", ")")) for _, definition in entries)


def test_the_glossary_is_in_alphabetical_order_without_repetition(entries):
    names = [forms[0] for forms, _ in entries]
    assert names == sorted(names, key=sorting_key)
    forms = [form.strip("*").casefold() for group, _ in entries for form in group]
    assert len(forms) == len(set(forms)), sorted(form for form in set(forms) if forms.count(form) > 1)


def test_each_term_has_an_english_form_or_is_the_same_word(entries):
    bare = {forms[0] for forms, _ in entries if not any(form.startswith("*") for form in forms)}
    assert bare == SAME_IN_BOTH
    # Les formes anglaises viennent après les françaises.
    for forms, _ in entries:
        marks = [form.startswith("*") for form in forms]
        assert marks == sorted(marks), forms


def test_the_terms_each_chapter_needs_are_there(entries):
    names = {forms[0] for forms, _ in entries}
    wanted = re.sub(r"\s+", " ", NEEDED)
    for name in sorted(names, key=len, reverse=True):
        wanted = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "", wanted)
    assert not wanted.split(), f"termes absents : {wanted.split()}"


def test_each_chapter_links_the_glossary(root):
    from tools.pages import Page, notebook_paths

    for path in notebook_paths(folders=("chapters",)):
        text = "\n".join(source for _, source in Page(path).markdown())
        assert "](../annexes/glossaire.md" in text, f"{path.name} ne renvoie pas au glossaire"


@pytest.mark.parametrize("url", SLIDE_LINKS)
def test_each_link_of_the_slides_is_explained(root, url):
    text = (root / "annexes" / "liens.md").read_text(encoding="utf-8")
    line = next((line for line in text.splitlines() if f"]({url})" in line), "")
    assert line, f"{url} manque à la page « Liens »"
    # Hors des liens eux-mêmes, la ligne dit ce qu'on y trouve.
    assert len(re.sub(r"\[[^\]]*\]\([^)]*\)", "", line).strip(" -.,")) >= 50, line


def test_the_list_of_links_has_no_repetition():
    assert len(SLIDE_LINKS) == len(set(SLIDE_LINKS)) == 18
    assert all(url.startswith("https://") for url in SLIDE_LINKS)


@pytest.mark.parametrize("key", PAPERS)
def test_each_founding_paper_is_complete(root, key):
    author, year, word = PAPERS[key]
    text = (root / "annexes" / "references.bib").read_text(encoding="utf-8")
    entry = re.search(rf"^@\w+{{{key},\n.*?^}}", text, re.S | re.M)
    assert entry, f"{key} manque à la bibliographie"
    fields = dict(re.findall(r"(\w+) = {(.*?)}(?=[,\n])", entry.group()))
    assert fields["author"].startswith(author)
    assert fields["year"] == year
    assert word in fields["title"]
    assert fields.keys() & {"journal", "booktitle", "institution"}
    assert fields.keys() & {"doi", "url", "eprint", "pages"}


def test_no_entry_of_the_bibliography_is_repeated(root):
    keys = re.findall(r"^@\w+{([^,]+),", (root / "annexes" / "references.bib").read_text(encoding="utf-8"), re.M)
    assert len(keys) == len(set(keys)), sorted(key for key in set(keys) if keys.count(key) > 1)

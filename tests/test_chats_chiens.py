"""Le chapitre « Chats et chiens » de bout en bout : sur de vraies photographies, et dans un Colab simulé, sans rien."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from local_server import closed_port
from nbclient import NotebookClient

CHAPTER = Path("chapters") / "chats_chiens.ipynb"
FOLDER = os.environ.get("COURS_CNN_DONNEES", "")
CPU_SECONDS = 2 * 90  # 90 s sur deux cœurs : un temps de processeur, qu'une machine chargée ne change pas
# Ce que le chapitre doit rappeler à côté de chaque résultat : le nom du jeu, et pour la base celui de ses poids.
RESULTS = ("fiche", "regarder", "nettoyer", "partager", "augmentation", "reperes", "entrainer-petit", "traiter",
           "comparer", "transferer", "transferer-bilan", "tester", "confusion", "erreurs", "erreurs-communes", "photo",
           "intrus", "gradcam-images")
LAST = """
import json, keras, cours_cnn
print(json.dumps({
    "module": cours_cnn.__file__, "real": real, "ready": ready, "accuracy": float(accuracy), "images": len(right),
    "chosen": chosen_name, "cpu": elapsed[1], "model": str(workshop / "animaux.keras"),
    "photos": str(workshop / "photos.npy"), "answers": [float(p) for p in probability[:16]],
    "small": [float(m.evaluate(images("test", SIDE).batch(64), verbose=0)[1]) for m in (small, braked)]}))
"""


def text_of(cell) -> str:
    """Tout ce qu'une cellule a écrit, espaces insécables ramenées à des espaces."""
    parts = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join(parts).replace("\u00a0", " ")


def run_alone(root: Path, folder: Path, **environment):
    """Exécute le chapitre, copié seul dans un dossier vide, et rend (cellules par nom, bilan de la dernière)."""
    folder.mkdir()
    shutil.copy(root / CHAPTER, folder / "projet.ipynb")
    notebook = nbformat.read(folder / "projet.ipynb", 4)
    notebook.cells.append(nbformat.v4.new_code_cell(LAST, id="bilan-du-test"))
    for name in ("tmp", "home"):
        (folder.parent / name).mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COURS_CNN_")}
    env = kept | {"TMPDIR": str(folder.parent / "tmp"), "HOME": str(folder.parent / "home"),
                  "COURS_CNN_CACHE": str(folder.parent / "cache"), "PYTHONPATH": str(root)} | environment
    client = NotebookClient(notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel(env=env):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    return {cell.id: cell for cell in notebook.cells}, json.loads(text_of(notebook.cells[-1]).splitlines()[-1])


def test_stored_outputs_show_drawings_only(root):
    cells = {cell.id: cell for cell in nbformat.read(root / CHAPTER, 4).cells}
    assert "DESSINS" in text_of(cells["materiel"])
    for name in RESULTS:
        assert "Dessins de chats et de chiens" in text_of(cells[name]), name
        assert "Oxford" not in text_of(cells[name]), name


@pytest.mark.lent
@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16"])
def test_preprocessing_travels_with_either_base(name, tmp_path, monkeypatch):
    """Le prétraitement, dans le modèle, survit à l'enregistrement : seul le réglage BASE change."""
    import keras
    import numpy as np

    from cours_cnn import weights

    nowhere = f"http://127.0.0.1:{closed_port()}"
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, nowhere)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    base = weights.backbone(name, 32, notice=lambda text: None)
    image = keras.Input((32, 32, 3))
    encoder = keras.Model(image, base.model(base.preprocess(image), training=False))
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("float32")
    expected = base.model(base.preprocess(x.copy()), training=False)
    np.testing.assert_allclose(encoder(x), expected, rtol=1e-4, atol=1e-5)
    encoder.save(tmp_path / "base.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "base.keras")(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.lent
@pytest.mark.long
@pytest.mark.skipif(not (Path(FOLDER) / "oxford_pets").is_dir(), reason="photographies absentes")
def test_on_photographs_the_reused_base_wins_and_survives_a_new_process(root, tmp_path):
    cells, found = run_alone(root, tmp_path / "seul", COURS_CNN_DONNEES=FOLDER, COURS_CNN_BASE="MobileNetV2")
    assert found["real"]
    assert found["ready"]
    assert found["chosen"].startswith("tête sur MobileNetV2")
    assert found["images"] >= 290
    assert found["accuracy"] >= 0.93
    assert found["cpu"] <= CPU_SECONDS
    assert max(found["small"]) < found["accuracy"] - 0.08, "le petit réseau reste loin derrière"
    assert min(found["small"]) > 0.55, "sans être au hasard"
    assert "DESSINS" not in text_of(cells["materiel"])
    program = ("import sys, json, keras, numpy as np\nmodel = keras.saving.load_model(sys.argv[1])\n"
               "print(json.dumps(model.predict(np.load(sys.argv[2]), verbose=0)[:, 0].tolist()))")
    again = subprocess.run([sys.executable, "-c", program, found["model"], found["photos"]], check=True,
                           capture_output=True, text=True, cwd=tmp_path)
    assert json.loads(again.stdout.splitlines()[-1]) == pytest.approx(found["answers"], abs=1e-4)


@pytest.fixture
def colab(root, tmp_path) -> Path:
    """Un dossier où ne s'importent que le module du cours et un ``google.colab`` de remplacement."""
    from PIL import Image

    site = tmp_path / "site"
    shutil.copytree(root / "cours_cnn", site / "cours_cnn", ignore=shutil.ignore_patterns("__pycache__"))
    stub = site / "google" / "colab"
    stub.mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("RGB", (90, 60), (180, 140, 90)).save(picture, "PNG")
    (stub / "__init__.py").write_text("", encoding="utf-8")
    (stub / "files.py").write_text("def upload():\n    with open('demande', 'w') as file:\n        file.write('oui')\n"
                                   f"    return {{'../../photo de minette.png': {picture.getvalue()!r}}}\n",
                                   encoding="utf-8")
    (stub / "userdata.py").write_text("def get(name):\n    raise KeyError(name)\n", encoding="utf-8")
    return site


@pytest.mark.lent
@pytest.mark.long
def test_on_colab_without_data_weights_or_network(root, tmp_path, colab):
    nowhere = f"http://127.0.0.1:{closed_port()}"
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    cells, found = run_alone(root, tmp_path / "vide", PYTHONPATH=str(colab), COURS_CNN_ENVOI="1",
                             COURS_CNN_IMAGES="150", COURS_CNN_EPOCHS="4", **offline)
    assert found["module"].startswith(str(colab)), "le module vient de la copie, non du dépôt"
    assert not found["real"]
    assert not found["ready"]
    assert "DESSINS" in text_of(cells["materiel"])
    assert "POIDS ALÉATOIRES" in text_of(cells["materiel"])
    for name in RESULTS:
        assert "Dessins de chats et de chiens" in text_of(cells[name]), name
    for name in ("transferer", "transferer-bilan"):
        assert "POIDS ALÉATOIRES" in text_of(cells[name]), name
    assert (tmp_path / "vide" / "demande").read_text() == "oui", "la photo a été demandée à Colab"
    written = {path.name for path in (tmp_path / "vide").iterdir()}
    assert written == {"projet.ipynb", "demande"}, "rien d'autre n'est écrit à côté du notebook"
    assert not list(tmp_path.glob("*minette*"))

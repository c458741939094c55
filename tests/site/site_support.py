"""Ce que partagent les tests du site."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in (ROOT, ROOT / "book" / "_ext"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

BLOCKED = 'import sys\nfor name in ("tensorflow", "keras"):\n    sys.modules[name] = None\n'
# Chaînes de l'interface que le thème ou une extension laisse en anglais s'ils ne sont pas réglés.
ENGLISH = re.compile(
    r"\b(search|toggle|sidebar|show|hide|launch|repository|issue|download|print|close|next|previous|home|contents|copy|"
    r"copied|click|skip|light|dark|settings|theme by|built with|powered|last updated|edit this|permalink|link to|"
    r"back to top|on this page|collapse|expand|live code|fullscreen|matches)\b|^\s*main\s*$", re.I)


def pages() -> list[str]:
    """Les pages que promet ``_toc.yml``, sans extension, accueil en tête."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


def without_tensorflow(folder: Path) -> dict[str, str]:
    """Un environnement où TensorFlow et Keras ne peuvent être importés."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}

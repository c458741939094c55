"""Trouver les images d'un dossier inconnu et la classe de chacune, d'après les noms de dossiers ou de fichiers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cours_cnn.validation import refuse

_HIDDEN = re.compile(r"^(\.|__MACOSX$)|\.partiel$", re.I)


def listed(folder: Path) -> list[Path]:
    """Rend tous les fichiers de ``folder`` et de ses sous-dossiers, triés ; ni fichiers cachés ni liens de dossiers."""
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _HIDDEN.search(name))
        found += [Path(base, name) for name in files if not _HIDDEN.search(name)]
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def classified(folder: Path | str, names: Mapping[str, Sequence[str]] | None = None) -> tuple[list[Path], list[str]]:
    """Rend les fichiers de ``folder`` et la classe de chacun ; les fichiers sans classe sont laissés.

    ``names`` : pour chaque classe, les noms sous lesquels on la rencontre (« cat », « chats »…), cherchés dans les
    dossiers, du plus proche au plus lointain, puis au début du nom du fichier (« cat.12.jpg »). Sans ``names``, chaque
    sous-dossier immédiat est une classe.
    Lève ``ValueError`` si le dossier n'existe pas ou si une classe n'a aucun fichier.
    """
    folder = Path(os.path.expanduser(folder))  # noqa: PTH111 - Path.expanduser échoue là où HOME manque
    if not folder.is_dir():
        refuse("folder", folder.name, "un dossier existant")
    paths, labels = [], []
    known = {alias.casefold(): name for name, aliases in (names or {}).items() for alias in aliases}
    for path in listed(folder):
        steps = path.relative_to(folder).parts
        if names is None:
            label = steps[0] if len(steps) > 1 else None
        else:
            label = next((known[step.casefold()] for step in reversed(steps[:-1]) if step.casefold() in known), None)
            label = label or known.get(re.split(r"[^a-zà-ÿ]", path.name.casefold())[0])
        if label is not None:
            paths.append(path)
            labels.append(label)
    expected = list(names) if names else sorted(set(labels))
    missing = [name for name in expected if name not in labels]
    if missing or len(expected) < 2:
        wanted = " ni pour ".join(f"« {name} »" for name in missing) or "une seconde classe"
        example = f", nommés par exemple « {' » et « '.join(names)} »" if names else ""
        present = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir())[:8]) or "aucun"
        raise ValueError(f"Le dossier « {folder.name} » ne contient aucun fichier pour {wanted}. Attendu : un "
                         f"sous-dossier par classe{example}. Sous-dossiers trouvés : {present}.")
    return paths, labels

"""Récrit ``constraints.txt`` : les versions exactes de tout ce que demandent les extras du module.

    python -m tools.verrou

Seuls y entrent les paquets que le module demande, directement ou non, dans l'environnement courant.
"""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
MODULE = "cours-cnn"
EXTRAS = ("site", "notebooks", "enseignant", "test")
HEADER = """\
# Versions avec lesquelles le cours est vérifié (Python {version}). Fichier produit par « make verrou » : pour le
# mettre à jour, installez les versions voulues dans l'environnement, lancez « make test », puis « make verrou ».
"""


def resolved(name: str = MODULE, extras: tuple[str, ...] = EXTRAS) -> dict[str, str]:
    """Rend les versions installées de tout ce que demande ``name`` avec ses ``extras``, ``name`` excepté.

    Lève ``ValueError`` si un paquet demandé n'est pas installé : le verrou serait incomplet.
    """
    pinned: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while queue:
        project, extra = queue.pop()
        if (project, extra) in seen:
            continue
        seen.add((project, extra))
        try:
            distribution = metadata.distribution(project)
        except metadata.PackageNotFoundError:
            raise ValueError(f"« {project} » est demandé mais absent ; lancez d'abord « make test ».") from None
        if project != canonicalize_name(name):
            pinned[project] = distribution.version
        for line in distribution.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                target = canonicalize_name(requirement.name)
                queue += [(target, wanted) for wanted in ("", *requirement.extras)]
    return pinned


def content(versions: dict[str, str]) -> str:
    """Rend le texte du fichier, un paquet par ligne, dans l'ordre alphabétique."""
    header = HEADER.format(version=f"{sys.version_info.major}.{sys.version_info.minor}")
    return header + "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def main() -> int:
    """Point d'entrée de la commande."""
    try:
        text = content(resolved())
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    path = ROOT / "constraints.txt"
    aside = path.with_name(".constraints.nouveau")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
    print(f"constraints.txt : {text.count('==')} paquets ({platform.system()}, Python {platform.python_version()}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

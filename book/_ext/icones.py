"""Ne garde des icônes du thème que celles des pages : le fichier complet en contient deux mille, et pèse à lui seul
plus que tout le reste d'une page."""

from __future__ import annotations

import re
from pathlib import Path

LIBRARY = Path("_static", "scripts", "fontawesome.js")
USED = re.compile(r"\bfa-([a-z0-9-]+)")
# Une icône de la bibliothèque : nom, [largeur, hauteur, [autres noms], code, tracé ou couple de tracés].
ICON = re.compile(r'(?P<name>"[\w-]+"|\b[\w$]+):\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"\w*",'
                  r'(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?')


def reduced(library: str, used: set[str]) -> str:
    """Rend la bibliothèque d'icônes sans celles que ``used`` ne nomme pas, ni par leur nom ni par un autre nom.

    ``ValueError`` si aucune icône n'y est reconnue : sa forme aurait changé.
    """
    seen = 0

    def kept(match: re.Match) -> str:
        nonlocal seen
        seen += 1
        names = {match["name"].strip('"'), *re.findall(r'"([^"]+)"', match["aliases"])}
        return match[0] if names & used else ""

    smaller = ICON.sub(kept, library)
    if not seen:
        raise ValueError("Aucune icône n'est reconnue dans fontawesome.js : sa forme a changé, adaptez icones.ICON.")
    return smaller


def _finish(app, error) -> None:
    folder = Path(app.outdir)
    library = folder / LIBRARY
    if error or app.builder.format != "html" or not library.is_file():
        return
    readers = [*folder.rglob("*.html"), *(path for path in library.parent.glob("*.js") if path != library)]
    used = {name for path in readers for name in USED.findall(path.read_text(encoding="utf-8"))}
    library.write_text(reduced(library.read_text(encoding="utf-8"), used), encoding="utf-8")


def setup(app) -> dict:
    """Réduit la bibliothèque à la fin de la construction."""
    app.connect("build-finished", _finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

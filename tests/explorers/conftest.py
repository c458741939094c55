"""Faire tourner le JavaScript des figures vivantes : ses fonctions seules, ou la figure dans une page."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from cours_cnn.explorers.base import source, squeezed


@pytest.fixture(scope="session")
def javascript(request):
    """Une fonction ``run(fichier, fonction, liste d'arguments)`` qui rend les résultats, par Node ou par Chromium.

    Le script essayé est celui des pages : allégé, précédé du socle.
    """
    def run(name: str, function: str, calls: list, needs: list[str] = ()) -> list:
        code = " ".join(squeezed(source(one)) for one in ("socle.js", *needs, name))
        call = f"JSON.stringify({json.dumps(calls)}.map((a) => {function}(...a)))"
        if shutil.which("node"):
            done = subprocess.run(["node", "-"], input=f"'use strict'; {code} console.log({call});", text=True,
                                  capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)
        tab = request.getfixturevalue("browser").new_page()
        try:
            return json.loads(tab.evaluate(f"() => {{ 'use strict'; {code} return {call}; }}"))
        finally:
            tab.close()

    return run

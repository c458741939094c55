"""Greffon pytest du cours, autour de nbval 0.11 non modifié : il rejoue les notebooks et juge chaque cellule.

    pytest -p cours_cnn.grading.judge --nbval --nbval-current-env chapters

Ce qu'il ajoute à nbval :

- la sortie d'erreur et les images ne sont pas comparées ; ``{"cours": {"rtol": 1e-3, "atol": 0}}`` dans les
  métadonnées d'une cellule donne une tolérance aux nombres de ses sorties, le reste du texte devant être identique ;
- chaque test porte le nom du notebook et l'identifiant de la cellule (``chapters/lenet.ipynb::c1-parametres``) ;
- un noyau mort se voit aussitôt, la sortie d'une cellule est plafonnée à 2 Mo, ``cours.timeout`` limite une cellule
  (en secondes) et un délai dépassé n'excuse pas les cellules suivantes ;
- avec ``pytest -n``, les cellules d'un notebook restent sur le même processus, quel que soit ``--dist`` ; les tests
  d'une même classe aussi, les fonctions de test se répartissent ;
- le bilan donne les cellules les plus lentes et la durée de chaque notebook, comparée à son budget
  (métadonnée ``cours.budget_s``, 60 s par défaut ; au double, le notebook échoue).
"""

from __future__ import annotations

import pytest

SHARE = "cours_cnn.part"  # part des points d'une cellule notée d'après ses prédictions


def pytest_addoption(parser):
    """Ajoute les options ``--sans-budget`` et ``--noyaux``."""
    group = parser.getgroup("cours_cnn", "Notebooks du cours")
    group.addoption("--sans-budget", action="store_true", help="ne pas faire échouer un notebook trop lent")
    group.addoption("--noyaux", metavar="FOURNISSEUR", help="fournisseur de noyaux, par exemple cours-cnn-rapide")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Remplace chaque notebook collecté par nbval par un notebook jugé."""
    collected = yield
    if not any(type(found).__name__ == "IPyNbFile" for found in collected):
        return collected
    # Importé ici seulement : pytest doit pouvoir préparer nbval avant qu'il ne soit lu.
    from cours_cnn.grading.notebook_items import IPyNbFile, JudgedNotebook

    return [JudgedNotebook.from_parent(parent, path=file_path) if type(found) is IPyNbFile else found
            for found in collected]


def pytest_collection_modifyitems(config, items):
    """Sur plusieurs processus, les notebooks passent d'abord, le plus long en tête : tous finissent ensemble."""
    if not hasattr(config, "workerinput"):
        return
    sizes: dict[str, int] = {}
    for item in items:
        if _notebook(item):
            sizes[item.parent.nodeid] = sizes.get(item.parent.nodeid, 0) + 1

    def rank(item):
        notebook = _notebook(item)
        return (0, -notebook.budget, -sizes[notebook.nodeid], notebook.nodeid) if notebook else (1, 0, 0, "")

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config, log):
    """Remplace les répartitions qui disperseraient les cellules d'un notebook."""
    if config.getvalue("dist") in ("each", "loadfile", "loadscope"):
        return None
    from cours_cnn.grading.scheduling import NotebookScheduling

    return NotebookScheduling(config, log)


def pytest_terminal_summary(terminalreporter):
    """Écrit le bilan des durées, que les cellules aient été jugées ici ou par d'autres processus."""
    from cours_cnn.grading.timings import CellTime, summary_lines

    times = [CellTime(*value) for reports in terminalreporter.stats.values() for report in reports
             if getattr(report, "when", "") == "call"
             for name, value in report.user_properties if name == "cours_cnn.duree"]
    lines = summary_lines(times)
    if lines:
        terminalreporter.section("durée des notebooks")
        terminalreporter.write_line("\n".join(lines))


def _notebook(item):
    parent = item.parent
    return parent if type(parent).__name__ == "JudgedNotebook" else None

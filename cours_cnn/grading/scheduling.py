"""Répartition sur plusieurs processus : les cellules d'un notebook restent ensemble, le reste se répartit."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class NotebookScheduling(LoadScopeScheduling):
    """Unités de travail : un notebook, une classe de tests (elle partage ses préparations), une fonction de test.

    Les marques ``xdist_group`` n'ont pas d'effet : depuis pytest 9.2, xdist 3.8
    ne parvient plus à les transmettre.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, rest = nodeid.partition("::")
        if path.endswith(".ipynb"):
            return path
        name, separator, _ = rest.partition("[")[0].rpartition("::")
        return f"{path}::{name}" if separator else nodeid

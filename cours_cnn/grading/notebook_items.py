"""Le notebook et ses cellules vus par pytest : les classes de nbval, complétées sans que nbval soit modifié."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from numbers import Real

from nbval.plugin import IPyNbCell, IPyNbFile

from cours_cnn.grading.compare import Tolerance, differences
from cours_cnn.grading.judge import SHARE
from cours_cnn.grading.provisioner import chosen, require
from cours_cnn.grading.scoring import accuracy, predictions, share
from cours_cnn.grading.timings import crowding
from cours_cnn.grading.watched_kernel import OUTPUT_CAP, KernelDied, WatchedKernel

DEFAULT_BUDGET_S = 60.0
# La charge de la machine est déduite, mais l'estimation est grossière : il faut le double du budget pour échouer.
BUDGET_MARGIN = 2.0
TIMING = "cours_cnn.duree"

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HEADLINES = {
    "Cell outputs differ": "la sortie diffère de celle qui est enregistrée.",
    "Cell execution caused an exception": "l'exécution lève une exception.",
    "Unrun reference cell has outputs": "sorties enregistrées sans numéro d'exécution : ré-exécutez le notebook.",
}


class CellFailure(Exception):  # noqa: N818 — l'échec d'une cellule est un verdict, pas une erreur du juge
    """Échec d'une cellule : une phrase, puis le détail (écarts ou trace)."""

    def __init__(self, headline: str, details: str = ""):
        super().__init__(headline)
        self.headline, self.details = headline, _ANSI.sub("", details).strip("\n")


class JudgedNotebook(IPyNbFile):
    """Un notebook dont chaque cellule de code est un test nommé d'après son identifiant."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.elapsed = 0.0
        self.over_budget = False
        self.stopped_by: str | None = None

    def collect(self):
        """Rend une :class:`JudgedCell` par cellule de code, avec les options que nbval a lues."""
        names: dict[str, int] = {}
        try:
            items = list(super().collect())
            _ = self.budget
        except (CellFailure, ValueError) as error:
            raise self.CollectError(f"{self.nodeid} : notebook illisible ou mal réglé. {error}") from None
        for item in items:
            name = item.cell.get("id") or f"cellule-{item.cell_num + 1}"
            names[name] = names.get(name, 0) + 1
            name = name if names[name] == 1 else f"{name}~{names[name]}"
            yield JudgedCell.from_parent(self, name=name, cell_num=item.cell_num, cell=item.cell, options=item.options)

    def setup(self):
        """Démarre le noyau demandé par ``--noyaux``, sous surveillance ; lève ``RuntimeError`` si c'en est un autre."""
        wanted = self.config.option.noyaux
        if not wanted:
            super().setup()
        else:
            with chosen(wanted):
                super().setup()
            require(wanted, self.kernel.km)
        self.kernel = WatchedKernel(self.kernel)

    @property
    def budget(self) -> float:
        """Durée d'exécution admise, en secondes (métadonnée ``cours.budget_s`` du notebook)."""
        return _positive(_settings(self.nb.metadata), "budget_s", DEFAULT_BUDGET_S)


class JudgedCell(IPyNbCell):
    """Une cellule de code : exécutée par nbval, comparée avec la tolérance qu'elle déclare."""

    def setup(self):
        """Ne marque rien : après un délai dépassé, nbval excuserait d'avance tous les échecs des cellules suivantes."""
        self.parent.timed_out = False

    def runtest(self):
        """Exécute et juge la cellule ; lève :class:`CellFailure` si elle échoue."""
        parent, option = self.parent, self.config.option
        if not self.options["skip"] and not parent.kernel.is_alive():
            raise CellFailure(f"non exécutée : le noyau s'est arrêté à la cellule « {parent.stopped_by or '?'} ».")
        usual = option.nbval_cell_timeout
        start = time.monotonic()
        try:
            self.time_limit = option.nbval_cell_timeout = _positive(_settings(self.cell.metadata), "timeout", usual)
            super().runtest()
        except KernelDied:
            code = parent.kernel.exit_code()
            parent.kernel.stop()
            raise CellFailure("le noyau s'est arrêté pendant cette cellule"
                              + ("." if code is None else f" (code de sortie {code}).")) from None
        except CellFailure:
            self._refuse_flood()
            raise
        finally:
            option.nbval_cell_timeout = usual
            self._record(time.monotonic() - start)
        self._refuse_flood()
        self._refuse_slowness()

    def compare_outputs(self, test, ref, skip_compare=None):
        """Compare les sorties obtenues à celles du fichier ; rend ``True`` si elles concordent.

        Une cellule à score n'est pas comparée : ses sorties enregistrées tiennent lieu d'étiquettes. Pour noter, ce
        sont les étiquettes cachées ; dans le corrigé, ses propres prédictions, dont un autre entraînement reste proche.
        """
        if score := _settings(self.cell.metadata).get("score"):
            return self._score(test, ref, score)
        try:
            tolerance = Tolerance.of(_settings(self.cell.metadata))
        except ValueError as error:
            raise CellFailure(str(error)) from None
        self.comparison_traceback = differences(self.sanitize_outputs(ref), self.sanitize_outputs(test), tolerance)
        return not self.comparison_traceback

    def _score(self, test, ref, score) -> bool:
        labels = predictions(ref)
        value, reason = accuracy(test, labels)
        earned = share(value, score["seuils"])
        self.user_properties.append((SHARE, earned))
        told = reason or f"{round(value * len(labels))} prédictions justes sur {len(labels)}"
        self.comparison_traceback = [f"{told} : {100 * earned:.0f} % des points"]
        return earned == 1

    def raise_cell_error(self, message, *args, **kwargs):
        """Traduit le verdict de nbval."""
        details = str(args[0]) if args else ""
        if message.startswith("Timeout"):
            stopped = " et refuse de s'interrompre ; le noyau est arrêté" if "Failed to interrupt" in message else ""
            raise CellFailure(f"l'exécution dépasse {self.time_limit:g} s{stopped}.", details)
        raise CellFailure(_HEADLINES.get(message, message), details)

    def repr_failure(self, excinfo):
        """Rend le rapport d'échec : le verdict (repris dans le bilan de pytest), la cellule, le détail, le code."""
        error = excinfo.value
        if not isinstance(error, CellFailure):
            return f"défaut du juge sur {self.nodeid} : {excinfo.getrepr(style='short')}"
        blocks = [error.headline, f"Cellule « {self.name} » de {self.parent.nodeid}", error.details,
                  "Code de la cellule :\n" + "\n".join("    " + line for line in self.cell.source.splitlines())]
        return "\n\n".join(block for block in blocks if block)

    def reportinfo(self):
        """Rend le fichier et le nom sous lesquels pytest présente la cellule."""
        return self.path, 0, self.name

    def _record(self, seconds: float) -> None:
        parent = self.parent
        unhurried = seconds / crowding()
        parent.elapsed += unhurried
        if parent.stopped_by is None and not parent.kernel.is_alive():
            parent.stopped_by = self.name
        times = [round(seconds, 3), round(unhurried, 3)]
        self.user_properties.append((TIMING, [parent.nodeid, self.name, *times, parent.budget]))

    def _refuse_flood(self) -> None:
        if self.parent.kernel.truncated:
            raise CellFailure(f"la cellule affiche plus de {OUTPUT_CAP // 1_000_000} Mo "
                              f"({self.parent.kernel.received / 1e6:.1f} Mo reçus) ; le reste est ignoré.")

    def _refuse_slowness(self) -> None:
        parent = self.parent
        if parent.over_budget or self.config.option.sans_budget or parent.elapsed <= BUDGET_MARGIN * parent.budget:
            return
        parent.over_budget = True
        raise CellFailure(
            f"le notebook a déjà pris {parent.elapsed:.1f} s (machine libre), "
            f"plus de {BUDGET_MARGIN:g} fois son budget de {parent.budget:g} s. "
            "Réduisez les calculs, ou passez --sans-budget sur une machine lente.")


def _settings(metadata) -> Mapping:
    settings = metadata.get("cours", {})
    if not isinstance(settings, Mapping):
        raise CellFailure(f"la métadonnée « cours » doit être un objet ; reçu : {settings!r}.")
    return settings


def _positive(settings: Mapping, name: str, default: float) -> float:
    value = settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, Real) or value <= 0:
        raise CellFailure(f"« cours.{name} » doit être un nombre de secondes positif ; reçu : {value!r}.")
    return float(value)

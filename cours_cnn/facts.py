"""Le registre des faits : chaque nombre publié que le cours cite, sa source, et sa confrontation à un calcul."""

from __future__ import annotations

import html
import tomllib
from dataclasses import dataclass, fields
from importlib import resources

from cours_cnn.french import NBSP, number
from cours_cnn.tables import Table
from cours_cnn.validation import refuse

COMPUTED = "calcul"  # source d'un nombre qu'aucune publication n'imprime
_CLOSE = 0.05  # tolérance relative au-delà de laquelle deux valeurs n'ont que le même ordre de grandeur


class FactMismatchError(AssertionError):
    """Un calcul s'écarte du fait publié de plus que la tolérance admise."""


@dataclass(frozen=True)
class Fact:
    """Un fait chiffré. ``value`` : la valeur tenue pour exacte ; ``claim`` : ce que dit la source, dans ses termes ;

    ``tolerance`` : écart absolu admis ; ``source`` : clé bibliographique, ou :data:`COMPUTED` ; ``check`` : moyen de
    vérification.
    """

    key: str
    value: float | int
    unit: str
    tolerance: float
    claim: str
    source: str
    check: str

    @property
    def digits(self) -> int:
        """Nombre de décimales à écrire : celles de la valeur publiée, ou de la tolérance si elle est plus fine."""
        return max(_digits(self.value), _digits(self.tolerance))

    @property
    def origin(self) -> str:
        """La source, telle qu'un tableau l'écrit."""
        return "calcul du cours" if self.source == COMPUTED else self.source

    def written(self, value) -> str:
        """Écrit ``value`` en français avec l'unité du fait ; la valeur publiée garde les décimales de sa source."""
        digits = _digits(self.value) if value == self.value else self.digits
        return number(value, digits) + (NBSP + self.unit if self.unit else "")


@dataclass(frozen=True)
class Confrontation:
    """Une valeur calculée face au fait publié ; s'affiche comme une ligne : calculé, publié, source, verdict."""

    fact: Fact
    computed: float | int

    @property
    def verdict(self) -> str:
        """« exact » si les valeurs sont égales, sinon « concorde à … près », ou un simple « ordre de grandeur »."""
        if self.computed == self.fact.value:
            return "exact"
        width = number(self.fact.tolerance, self.fact.digits)
        return f"ordre de grandeur, à {width} près" if self.loose else f"concorde à {width} près"

    @property
    def loose(self) -> bool:
        """Dit si les valeurs diffèrent et que la tolérance dépasse 5 % : on ne parlera pas de concordance."""
        fact = self.fact
        return self.computed != fact.value != 0 and fact.tolerance > _CLOSE * abs(fact.value)

    @property
    def marked_verdict(self) -> str:
        """Le verdict et son signe : « ✓ », ou « ≈ » pour un ordre de grandeur."""
        return ("≈ " if self.loose else "✓ ") + self.verdict

    def __repr__(self) -> str:
        fact = self.fact
        return (f"{fact.claim}{NBSP}: calculé {fact.written(self.computed)}, publié {fact.written(fact.value)} "
                f"[{fact.origin}] — {self.verdict}")

    def _repr_html_(self) -> str:
        fact = self.fact
        parts = [("Calculé", fact.written(self.computed)), ("Publié", fact.written(fact.value)),
                 ("Source", fact.origin), ("Verdict", self.marked_verdict)]
        cells = "".join(f" <span><b>{name}{NBSP}:</b> {html.escape(text)}</span>" for name, text in parts)
        return f'<div class="cours-confrontation"><span>{html.escape(fact.claim)}</span>{cells}</div>'


def load(text: str | None = None) -> dict[str, Fact]:
    """Rend le registre : un :class:`Fact` par clé (``"lenet5.parameters"``), dans l'ordre du fichier.

    ``text`` remplace le contenu de ``facts.toml``. Lève ``ValueError`` si une entrée est incomplète ou mal typée.
    """
    if text is None:
        text = resources.files("cours_cnn").joinpath("facts.toml").read_text(encoding="utf-8")
    registry = {}
    for subject, entries in tomllib.loads(text).items():
        for name, entry in entries.items():
            key = f"{subject}.{name}"
            registry[key] = Fact(key, **_checked(key, entry))
    return registry


def confront(key: str, computed) -> Confrontation:
    """Confronte une valeur calculée au fait ``key`` du registre et rend la ligne à afficher.

    Lève ``KeyError`` si le fait n'existe pas, ``TypeError`` si ``computed`` n'est pas un nombre, et
    :class:`FactMismatchError` si l'écart dépasse la tolérance : la cellule échoue alors.
    """
    registry = load()
    if key not in registry:
        close = [name for name in registry if name.split(".")[0] == str(key).split(".")[0]] or sorted(
            {name.split(".")[0] for name in registry})
        refuse("key", key, "un fait du registre", hint="Voyez : " + ", ".join(close) + ".", kind=KeyError)
    fact = registry[key]
    try:
        value = computed.item() if hasattr(computed, "item") else computed
        gap = abs(value - fact.value)
    except (TypeError, ValueError):
        refuse("computed", computed, "un nombre", kind=TypeError)
    if not gap <= fact.tolerance:
        raise FactMismatchError(f"« {fact.claim} » : calculé {fact.written(value)}, publié {fact.written(fact.value)} "
                           f"({fact.origin}). L'écart dépasse la tolérance de {number(fact.tolerance, 4)}.")
    return Confrontation(fact, value)


class Confrontations(tuple):
    """Plusieurs confrontations, affichées en un tableau ; ``columns`` : noms des deux colonnes de valeurs."""

    columns = ("Calculé", "Publié")

    def table(self) -> Table:
        """Range les confrontations dans un tableau, une ligne par fait."""
        return Table(["Fait", *self.columns, "Source", "Verdict"],
                     [(line.fact.claim, line.fact.written(line.computed), line.fact.written(line.fact.value),
                       line.fact.origin, line.marked_verdict) for line in self])

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return f'<div class="cours-confrontations">{self.table()._repr_html_()}</div>'


def confront_all(computed: dict, *, heading: str = "Calculé", published: str = "Publié") -> Confrontations:
    """Confronte chaque valeur du dictionnaire (clé du registre → valeur calculée) ; mêmes erreurs que ``confront``.

    ``heading`` et ``published`` nomment les deux colonnes : deux publications se confrontent aussi.
    """
    if not isinstance(computed, dict) or not computed:
        refuse("computed", computed, "un dictionnaire non vide clé → valeur calculée", kind=TypeError)
    lines = Confrontations(confront(key, value) for key, value in computed.items())
    lines.columns = (heading, published)
    return lines


def _digits(value) -> int:
    text = f"{value:g}"
    return len(text.split(".")[1]) if "." in text else 0


def _checked(key: str, entry: dict) -> dict:
    wanted = {field.name: field.type for field in fields(Fact) if field.name != "key"}
    if not isinstance(entry, dict) or set(entry) != set(wanted):
        missing = sorted(set(wanted) ^ set(entry if isinstance(entry, dict) else ()))
        refuse(key, missing, "une entrée ayant exactement les champs " + ", ".join(wanted))
    for name in ("value", "tolerance"):
        if isinstance(entry[name], bool) or not isinstance(entry[name], int | float) or entry["tolerance"] < 0:
            refuse(f"{key}.{name}", entry[name], "un nombre (tolérance positive ou nulle)", kind=TypeError)
    for name in ("unit", "claim", "source", "check"):
        if not isinstance(entry[name], str) or (name != "unit" and not entry[name].strip()):
            refuse(f"{key}.{name}", entry[name], "un texte", kind=TypeError)
    return entry

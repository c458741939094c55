"""Le registre des faits : chaque nombre publié que le cours cite, sa source, et sa confrontation à un calcul."""

from __future__ import annotations

import html
import tomllib
from dataclasses import MISSING, dataclass, fields
from importlib import resources

from cours_cnn.french import NBSP, number, percent
from cours_cnn.tables import Table
from cours_cnn.validation import one_of, refuse

COMPUTED = "calcul"  # source d'un nombre qu'aucune publication n'imprime
_BOUNDS = {"<": ("moins de", "inférieur"), ">": ("plus de", "supérieur")}


class FactMismatchError(AssertionError):
    """Un calcul s'écarte du fait publié de plus que la tolérance admise."""


@dataclass(frozen=True)
class Fact:
    """Un fait chiffré. ``value`` : la valeur tenue pour exacte ; ``claim`` : ce que dit la source, dans ses termes ;

    ``tolerance`` : écart absolu admis ; ``source`` : clé bibliographique, ou :data:`COMPUTED` ; ``check`` : moyen de
    vérification ; ``relation`` : ``"="``, ou ``"<"`` et ``">"`` si la source n'annonce qu'une borne.
    """

    key: str
    value: float | int
    unit: str
    tolerance: float
    claim: str
    source: str
    check: str
    relation: str = "="

    @property
    def digits(self) -> int:
        """Nombre de décimales à écrire : celles de la valeur publiée, ou de la tolérance si elle est plus fine.

        Une valeur comparée à une borne en garde deux : l'arrondi ne doit pas la lui faire atteindre.
        """
        return max(_digits(self.value), 2 if self.relation in _BOUNDS else _digits(self.tolerance))

    def written(self, value) -> str:
        """Écrit ``value`` en français avec l'unité du fait ; la valeur publiée garde les décimales de sa source."""
        digits = _digits(self.value) if value == self.value else self.digits
        return number(value, digits) + (NBSP + self.unit if self.unit else "")

    @property
    def published(self) -> str:
        """Ce que la source imprime : la valeur, une borne, ou rien."""
        if self.source == COMPUTED:
            return "non publié"
        bound = _BOUNDS[self.relation][0] + " " if self.relation in _BOUNDS else ""
        return bound + self.written(self.value)

    @property
    def origin(self) -> str:
        """La clé bibliographique, ou « calcul du cours »."""
        return "calcul du cours" if self.source == COMPUTED else self.source

    def holds(self, value) -> bool:
        """Dit si ``value`` s'accorde au fait : à la tolérance près, ou du bon côté de la borne."""
        if self.relation in _BOUNDS:
            return value < self.value if self.relation == "<" else value > self.value
        # Deux décimaux s'écartent en binaire d'un rien de plus que leur écart exact.
        return abs(value - self.value) <= self.tolerance * (1 + 1e-9)


@dataclass(frozen=True)
class Confrontation:
    """Une valeur face au fait du registre ; s'affiche comme une ligne : calculé, publié, source, verdict.

    ``heading`` et ``published`` nomment les deux valeurs : deux publications se confrontent aussi.
    """

    fact: Fact
    computed: float | int
    heading: str = "Calculé"
    published: str = "Publié"

    @property
    def verdict(self) -> str:
        """Exact, concordant à la tolérance près, borne tenue, ou ordre de grandeur (tolérance de plus de 5 %)."""
        fact = self.fact
        if fact.relation in _BOUNDS:
            return f"{_BOUNDS[fact.relation][1]}, comme annoncé"
        gap = abs(self.computed - fact.value)
        if gap == 0:
            return "égal à la valeur du registre" if fact.source == COMPUTED else "exact"
        if self._rough:
            return f"ordre de grandeur, écart de {percent(gap / abs(fact.value), 0)}"
        return f"concorde à {number(fact.tolerance, fact.digits)} près"

    @property
    def _rough(self) -> bool:
        return self.computed != self.fact.value and self.fact.tolerance > 0.05 * abs(self.fact.value) > 0

    @property
    def marked(self) -> str:
        """Le verdict précédé de sa marque : ✓, ou ≈ pour un ordre de grandeur."""
        return ("≈ " if self._rough else "✓ ") + self.verdict

    def __repr__(self) -> str:
        fact = self.fact
        known = fact.published if fact.source == COMPUTED else f"{self.published.lower()} {fact.published}"
        return (f"{fact.claim}{NBSP}: {self.heading.lower()} {fact.written(self.computed)}, {known}"
                f" [{fact.origin}] — {self.verdict}")

    def _repr_html_(self) -> str:
        fact = self.fact
        parts = [(self.heading, fact.written(self.computed)), (self.published, fact.published),
                 ("Source", fact.origin), ("Verdict", self.marked)]
        cells = "".join(f" <span><b>{html.escape(name)}{NBSP}:</b> {html.escape(text)}</span>" for name, text in parts)
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


def confront(key: str, computed, *, heading: str = "Calculé", published: str = "Publié") -> Confrontation:
    """Confronte une valeur calculée au fait ``key`` du registre et rend la ligne à afficher.

    ``heading`` et ``published`` nomment les deux valeurs quand la première n'est pas calculée (``"Article"``).
    Lève ``KeyError`` si le fait n'existe pas, ``TypeError`` si ``computed`` n'est pas un nombre, et
    :class:`FactMismatchError` si l'écart dépasse la tolérance ou si la borne n'est pas tenue : la cellule échoue alors.
    """
    registry = load()
    if key not in registry:
        close = [name for name in registry if name.split(".")[0] == str(key).split(".")[0]] or sorted(
            {name.split(".")[0] for name in registry})
        refuse("key", key, "un fait du registre", hint="Voyez : " + ", ".join(close) + ".", kind=KeyError)
    for name, title in (("heading", heading), ("published", published)):
        if not isinstance(title, str) or not title.strip():
            refuse(name, title, "un texte")
    fact = registry[key]
    try:
        value = computed.item() if hasattr(computed, "item") else computed
        agreed = fact.holds(value)
    except (TypeError, ValueError):
        refuse("computed", computed, "un nombre", kind=TypeError)
    if not agreed:
        raise FactMismatchError(f"« {fact.claim} » : {heading.lower()} {fact.written(value)}, " + _disagreement(fact))
    return Confrontation(fact, value, heading, published)


def _disagreement(fact: Fact) -> str:
    if fact.relation in _BOUNDS:
        return f"qui n'est pas {_BOUNDS[fact.relation][1]} à {fact.written(fact.value)} ({fact.origin})."
    known = "au registre" if fact.source == COMPUTED else "publié"
    return (f"{known} {fact.written(fact.value)} ({fact.origin}). "
            f"L'écart dépasse la tolérance de {number(fact.tolerance, 4)}.")


class Confrontations(tuple):
    """Plusieurs confrontations, affichées en un tableau."""

    def table(self) -> Table:
        """Range les confrontations dans un tableau, une ligne par fait."""
        return Table(["Fait", self[0].heading, self[0].published, "Source", "Verdict"],
                     [(line.fact.claim, line.fact.written(line.computed), line.fact.published, line.fact.origin,
                       line.marked) for line in self])

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return f'<div class="cours-confrontations">{self.table()._repr_html_()}</div>'


def confront_all(computed: dict, *, heading: str = "Calculé", published: str = "Publié") -> Confrontations:
    """Confronte chaque valeur du dictionnaire (clé du registre → valeur calculée) ; mêmes erreurs que ``confront``."""
    if not isinstance(computed, dict) or not computed:
        refuse("computed", computed, "un dictionnaire non vide clé → valeur calculée", kind=TypeError)
    return Confrontations(confront(key, value, heading=heading, published=published) for key, value in computed.items())


def _digits(value) -> int:
    text = f"{value:g}"
    return len(text.split(".")[1]) if "." in text else 0


def _checked(key: str, entry: dict) -> dict:
    known = {field.name: field.default is MISSING for field in fields(Fact) if field.name != "key"}
    wanted = {name for name, needed in known.items() if needed}
    if not isinstance(entry, dict) or not wanted <= set(entry) <= set(known):
        given = set(entry if isinstance(entry, dict) else ())
        refuse(key, sorted(wanted - given | given - set(known)),
               "une entrée ayant exactement les champs " + ", ".join(known) + " (relation facultative)")
    for name in ("value", "tolerance"):
        if isinstance(entry[name], bool) or not isinstance(entry[name], int | float) or entry["tolerance"] < 0:
            refuse(f"{key}.{name}", entry[name], "un nombre (tolérance positive ou nulle)", kind=TypeError)
    for name in ("unit", "claim", "source", "check"):
        if not isinstance(entry[name], str) or (name != "unit" and not entry[name].strip()):
            refuse(f"{key}.{name}", entry[name], "un texte", kind=TypeError)
    one_of(f"{key}.relation", entry.get("relation", "="), ["=", *_BOUNDS])
    if entry.get("relation", "=") in _BOUNDS and entry["tolerance"]:
        refuse(f"{key}.tolerance", entry["tolerance"], "une tolérance nulle : une borne se tient sans elle")
    return entry

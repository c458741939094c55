"""Figures vivantes qui comptent : empiler des couches, poser un goulot."""

from __future__ import annotations

from cours_cnn.explorers.base import Explorer, text
from cours_cnn.french import integer, percent

_WIDTH = 300


def comptage() -> Explorer:
    """Rend la figure où l'on empile des couches et lit paramètres, MAC, activations et champ récepteur."""
    side, maps = 56, 64
    single, pair = 25 * maps * maps, 2 * 9 * maps * maps
    sentence = (
        f"Sur {maps} cartes 56 × 56, une convolution 5 × 5 a {integer(single + maps)} paramètres et "
        f"{integer(single * side**2)} MAC ; deux convolutions 3 × 3 voient autant avec {integer(pair + 2 * maps)} "
        f"paramètres et {integer(pair * side**2)} MAC. Avec JavaScript, on empile convolutions et pooling, et l'on lit "
        "ces comptes et le champ récepteur couche par couche.")
    pairs = [{"espece": 1, "m": maps, "s": 1, "same": 1}] * 2
    return Explorer("comptage", "Empiler des couches et compter", {"cote": side, "canaux": maps, "couches": pairs},
                    _bars([("un 5 × 5", single), ("deux 3 × 3", pair)]), sentence)


def goulot() -> Explorer:
    """Rend la figure du goulot : le coût d'une convolution selon la largeur de la 1 × 1 qui la précède."""
    side, received, kernel, maps, width = 28, 192, 5, 32, 16
    without = side**2 * kernel**2 * received * maps
    with_it = side**2 * (received * width + kernel**2 * width * maps)
    sentence = (
        f"De 192 cartes 28 × 28 à 32, une convolution 5 × 5 coûte {integer(without)} MAC ; précédée d'un goulot de "
        f"16 cartes, {integer(with_it)}, soit {percent(with_it / without)}. Avec JavaScript, on règle le côté, les "
        "cartes, le noyau et la largeur du goulot.")
    return Explorer("goulot", "Le goulot : ce qu'il économise",
                    {"n": side, "C": received, "k": kernel, "M": maps, "r": width},
                    _bars([("sans goulot", without), ("avec goulot", with_it)]), sentence)


def _bars(values: list[tuple[str, int]]) -> tuple[str, float, float]:
    """Dessine des barres horizontales, de longueurs proportionnelles aux valeurs."""
    largest = max(value for _, value in values)
    parts = []
    for row, (name, value) in enumerate(values):
        y = 30 * row
        parts += [text(0, y + 19, name, anchor="start"),
                  f"<path d='M100 {y + 4}h{_WIDTH * value / largest:.0f}v20H100z' fill-opacity='.7'/>"]
    return "".join(parts), _WIDTH + 110, 30 * len(values)

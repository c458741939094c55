"""Figures vivantes qui lisent des résultats : top-5, panorama, connexion résiduelle, gel."""

from __future__ import annotations

import math

from cours_cnn.explorers.base import Explorer, text
from cours_cnn.french import decimal, percent
from cours_cnn.results import load

CLASSES = ("chat", "chien", "lynx", "renard", "loup", "tigre", "lapin", "ours")
TRUTHS = (0, 2, 3, 6, 1, 5, 4, 7)
# Probabilités, en pour-cent, d'un classifieur imaginaire : une ligne par image.
SCORES = ((60, 10, 14, 8, 2, 3, 2, 1), (44, 3, 30, 5, 4, 11, 2, 1), (20, 25, 10, 17, 21, 4, 2, 1),
          (30, 20, 14, 12, 10, 8, 2, 4), (5, 52, 3, 14, 19, 1, 2, 4), (12, 2, 31, 5, 3, 42, 1, 4),
          (3, 41, 6, 11, 35, 1, 1, 2), (9, 24, 11, 13, 16, 8, 15, 4))
COLUMNS = ("réseau", "taille (Mio)", "top-1 (%)", "top-5 (%)", "paramètres (M)", "MAC (G)", "CPU (ms)", "GPU (ms)")
# Milliards de MAC d'une image, à la taille où son exactitude fut mesurée (299 pour les V2) ; les tests les recomptent.
GIGA_MACS = {
    "Xception": 8.4, "VGG16": 15.5, "VGG19": 19.6, "ResNet50": 3.9, "ResNet50V2": 6.5, "ResNet101": 7.6,
    "ResNet101V2": 13.4, "ResNet152": 11.3, "ResNet152V2": 20.2, "InceptionV3": 5.7, "MobileNetV2": 0.3,
    "EfficientNetB0": 0.4,
}
_SETTINGS = {"batch_norm": "normalisation par lots", "he": "He, sans normalisation",
             "glorot": "Glorot, sans normalisation"}
_MEASURES = {"kernel_gradient": "gradient des noyaux", "signal": "signal"}


def rank(scores, truth: int) -> int:
    """Rend le rang de la vraie classe ; un ex æquo compte contre le réseau."""
    return sum(score >= scores[truth] for score in scores)


def top5() -> Explorer:
    """Rend la figure où l'on modifie les réponses d'un classifieur et voit bouger les erreurs top-1 et top-k."""
    ranks = [rank(scores, truth) for scores, truth in zip(SCORES, TRUTHS, strict=True)]
    first, fifth = (percent(sum(r > k for r in ranks) / len(ranks), 1) for k in (1, 5))
    sentence = (
        f"Un classifieur imaginaire range huit classes sur huit images ; les rangs de la vraie classe sont "
        f"{', '.join(map(str, ranks))} : {first} d'erreur top-1, {fifth} d'erreur top-5. Avec JavaScript, on change "
        "k et la probabilité de la vraie classe, et l'on voit les deux erreurs bouger.")
    bars = "".join(f"<path d='M{30 * image + 4} {110 - 11 * r}h20v{11 * r}h-20z' "
                   f"fill-opacity='{0.4 if r > 5 else 0.9}'/>" + text(30 * image + 14, 126, r)
                   for image, r in enumerate(ranks))
    return Explorer("top5", "Erreurs top-1 et top-5 d'un classifieur",
                    {"classes": CLASSES, "vrais": TRUTHS, "scores": SCORES},
                    (bars, 244, 130), sentence)


def panorama() -> Explorer:
    """Rend la figure où l'on filtre, trie et compare douze réseaux par leur exactitude, leur taille et leur temps."""
    from cours_cnn import facts

    ledger = facts.load()
    def published(name: str, *columns: str) -> list:
        return [ledger[f"keras.{name.lower()}_{column}"].value for column in columns]

    rows = [(name, *published(name, "size", "top1", "top5", "parameters"), macs, *published(name, "cpu", "gpu"))
            for name, macs in GIGA_MACS.items()]
    best, light = max(rows, key=lambda row: row[2]), min(rows, key=lambda row: row[4])
    sentence = (
        f"De douze réseaux de Keras, le plus exact est {best[0]} ({decimal(best[2], 1)} % de top-1, "
        f"{decimal(best[4], 1)} millions de paramètres), le plus léger {light[0]} ({decimal(light[2], 1)} %, "
        f"{decimal(light[4], 1)} millions). Avec JavaScript, on les filtre, on les trie et l'on en compare deux.")
    most = max(row[5] for row in rows)
    points = "".join(f"<circle cx='{20 + 380 * row[5] / most:.0f}' cy='{190 - 19 * (row[2] - 70):.0f}' r='4'/>"
                     for row in rows)
    frame = "<path d='M16 0v194h400' fill='none' stroke='currentColor' stroke-opacity='.5'/>"
    return Explorer("panorama", "Douze réseaux : exactitude, taille, temps", {"colonnes": COLUMNS, "lignes": rows},
                    (frame + points + text(216, 212, f"MAC, de 0 à {decimal(most, 1)} milliards"), 420, 218), sentence)


def residuel() -> Explorer:
    """Rend la figure du signal et du gradient, couche par couche, avec et sans connexions directes."""
    measured = load("resnet_degradation")
    means = {setting: {network: {key: geometric_mean(runs[key]) for key in _MEASURES}
                       for network, runs in found.items()} for setting, found in measured["gradients"].items()}
    curves = {label: [[[written(means[setting][f"{family}-{depth}"][key]) for depth in measured["depths"]]
                       for family in ("plain", "residual")] for setting in _SETTINGS]
              for key, label in _MEASURES.items()}
    plain, residual = (means["batch_norm"][f"{family}-32"]["kernel_gradient"] for family in ("plain", "residual"))
    sentence = (
        f"À l'initialisation, dans le réseau ordinaire de 32 couches normalisé, le gradient vaut "
        f"{decimal(plain[0], 1)} à l'entrée et {decimal(plain[-1], 1)} à la sortie ; dans le résiduel, "
        f"{decimal(residual[0], 1)} et {decimal(residual[-1], 1)}. Avec JavaScript, on choisit la mesure, le réglage "
        f"et la profondeur.")
    lines = _curve(plain, " stroke-dasharray='4 3'") + _curve(residual, "")
    params = {"q": curves, "r": list(_SETTINGS.values()), "d": list(measured["depths"])}
    return Explorer("residuel", "Signal et gradient selon la profondeur", params, (lines, 330, 110), sentence)


def gel() -> Explorer:
    """Rend la figure de l'exactitude selon ce que l'on gèle et le nombre d'exemples, avec l'écart graine par graine."""
    digits, xrays = load("transfert_chiffres"), load("transfert_radiographies")["curve"]
    experiments = [{"titre": title, "n": found["counts"], "par": unit, "bas": low, "r": {
        name: [[round(1000 * run["test"]) for run in runs if run["count"] == count] for count in found["counts"]]
        for name, runs in found["runs"].items()}} for title, unit, low, found in (
            ("chiffres 5 à 9, d'après 0 à 4", "exemple(s) de chaque chiffre", 300, digits),
            ("radiographies", "radiographies de chaque classe", 500, xrays))]
    shown, middle = experiments[0], digits["counts"].index(10)
    means = {name: sum(runs[middle]) / len(runs[middle]) for name, runs in shown["r"].items()}
    sentence = "Avec dix exemples de chaque chiffre, exactitudes moyennes : " + " ; ".join(
        f"{name}, {percent(mean / 1000)}" for name, mean in means.items()) + (
        ". Avec JavaScript, on change d'expérience et de nombre d'exemples, et l'on compare deux régimes graine par "
        "graine.")
    bars = "".join(f"<path d='M0 {26 * row + 16}h{mean / 3:.0f}v6H0z' fill-opacity='.6'/>"
                   f"<text x='0' y='{26 * row + 12}' font-size='12' text-anchor='start'>{name}</text>"
                   for row, (name, mean) in enumerate(means.items()))
    return Explorer("gel", "Exactitude selon ce que l'on gèle", {"x": experiments},
                    (bars, 340, 26 * len(means) + 4), sentence)


def _curve(values: list[float], dashes: str) -> str:
    points = "L".join(f"{10 + 10 * i} {60 - 45 * math.log10(value):.0f}" for i, value in enumerate(values))
    return f"<path d='M{points}' fill='none' stroke='currentColor'{dashes}/>"


def geometric_mean(seeds: list[list[float]]) -> list[float]:
    """Rend, couche par couche, la moyenne géométrique des graines."""
    return [math.exp(sum(map(math.log, values)) / len(values)) for values in zip(*seeds, strict=True)]


def written(values: list[float]) -> str:
    """Écrit chaque nombre positif en un caractère : son logarithme décimal au sixième le plus proche, décalé de 100."""
    return "".join(chr(100 + round(6 * math.log10(value))) for value in values)

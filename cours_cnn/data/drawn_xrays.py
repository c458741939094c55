"""Radiographies pulmonaires dessinées : un thorax schématique, avec ou sans opacité. Aucune valeur médicale."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_SIDE = 160
CLASSES = ("NORMAL", "PNEUMONIA")


def draw_xray(opaque: bool, random: np.random.RandomState) -> np.ndarray:
    """Rend un thorax dessiné de 160 × 160 pixels, entiers de 0 à 255 ; ``opaque`` : une opacité voile un poumon."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE] / _SIDE
    x, y = x - 0.5 + random.normal(0, 0.02), y - 0.52 + random.normal(0, 0.02)
    body = 0.62 * _blob(x, y, 0, 0.05, 0.44, 0.52, 0.03)
    wide, tall = random.uniform(0.125, 0.165), random.uniform(0.27, 0.34)
    lungs = [_blob(x, y, sign * random.uniform(0.185, 0.215), random.uniform(-0.02, 0.03), wide, tall, 0.035)
             for sign in (-1, 1)]
    picture = body - 0.46 * np.maximum(*lungs)
    picture += 0.16 * _blob(x, y, 0, 0, 0.045, 0.5, 0.02)                                    # la colonne
    picture += 0.2 * _blob(x, y, random.uniform(0.03, 0.08), 0.14, random.uniform(0.12, 0.17), 0.14, 0.03)   # le cœur
    step, lean = random.uniform(0.075, 0.095), random.uniform(0.3, 0.6)
    ribs = np.cos(2 * np.pi * (y + lean * np.abs(x) ** 1.5 + random.rand()) / step)
    picture += 0.075 * np.clip(ribs, 0, 1) * _blob(x, y, 0, -0.02, 0.38, 0.4, 0.04)
    veil = np.zeros_like(x)
    for _ in range(random.randint(2, 5) if opaque else random.randint(0, 2)):
        strength = random.uniform(0.14, 0.34) if opaque else random.uniform(0.03, 0.12)
        side = random.choice((-1, 1))
        veil += strength * _blob(x, y, side * random.uniform(0.12, 0.26), random.uniform(-0.16, 0.22),
                                 random.uniform(0.05, 0.13), random.uniform(0.05, 0.13), 0.06)
    picture += veil * np.maximum(*lungs)
    picture = picture * random.uniform(0.82, 1.1) + random.uniform(0.02, 0.08)
    picture += random.normal(0, random.uniform(0.015, 0.04), picture.shape)
    return (255 * np.clip(picture, 0, 1)).astype(np.uint8)


def _blob(x, y, cx, cy, rx, ry, soft):
    """Une tache elliptique à bord doux : 1 au centre, 0 au loin."""
    radius = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
    return 1 / (1 + np.exp(np.clip((radius - 1) / (soft / min(rx, ry)), -30, 30)))


def write_xrays(folder: Path, count: int, seed: int) -> None:
    """Écrit ``count`` dessins par classe et leur liste : un ou deux par « patient » imaginaire."""
    from PIL import Image

    lines = ["fichier,partition,classe,type,patient"]
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            random = np.random.RandomState((seed, label, index))
            path = folder / name / f"{name.lower()}_{index:04d}.png"
            Image.fromarray(draw_xray(bool(label), random)).save(path)
            part = "test" if index % 4 == 3 else "train"
            # Par huit images : six d'entraînement (trois patients), deux de test (un patient).
            lines.append(f"{name}/{path.name},{part},{name},dessin,{name[0]}{index // 8:03d}-"
                         f"{'t' if part == 'test' else index % 8 // 2}")
    (folder / "liste.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

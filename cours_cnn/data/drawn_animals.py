"""Chats et chiens dessinés : des formes simples, tirées au hasard, dont aucune ne suffit à elle seule à les distinguer.

Un animal est peint sur un calque transparent ; l'unité de longueur est le rayon de la tête.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

COATS = ((214, 132, 66), (126, 126, 130), (62, 58, 58), (232, 228, 220), (140, 96, 62), (222, 196, 158),
         (172, 156, 140), (96, 74, 60))
POSES = ("tête", "assis", "debout", "couché")
_EYES = {"chat": ((120, 170, 70), (205, 170, 50), (90, 150, 190)), "chien": ((86, 54, 30), (60, 42, 30), (120, 84, 44))}


@dataclass
class Brush:
    """Un pinceau sur deux calques : les couleurs, et le masque du pelage sur lequel s'étendent les motifs."""

    colors: object
    coat: object
    center: tuple[float, float]
    unit: float

    def points(self, shape) -> list[tuple[float, float]]:
        """Rend les pixels des points de ``shape``, donnés en rayons de la tête."""
        return [(self.center[0] + self.unit * x, self.center[1] + self.unit * y) for x, y in shape]

    def polygon(self, shape, fill, *, coat: bool = False) -> None:
        """Un polygone plein ; ``coat`` : il fait partie du pelage."""
        placed = self.points(shape)
        self.colors.polygon(placed, fill=fill)
        if coat:
            self.coat.polygon(placed, fill=255)

    def ellipse(self, x, y, rx, ry, fill, *, turn: float = 0.0, coat: bool = False) -> None:
        """Une ellipse de centre (``x``, ``y``), de demi-axes ``rx`` et ``ry``, tournée de ``turn`` radians."""
        angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
        cos, sin = math.cos(turn), math.sin(turn)
        dx, dy = rx * np.cos(angles), ry * np.sin(angles)
        shape = np.column_stack([x + dx * cos - dy * sin, y + dx * sin + dy * cos])
        self.polygon(shape.tolist(), fill, coat=coat)

    def stroke(self, shape, width: float, fill, *, coat: bool = False) -> None:
        """Un trait épais à bouts ronds, qui passe par les points de ``shape``."""
        placed, thick = self.points(shape), max(1, round(width * self.unit))
        for layer, color in ((self.colors, fill), *(((self.coat, 255),) if coat else ())):
            layer.line(placed, fill=color, width=thick, joint="curve")
            if thick > 3:
                for x, y in (placed[0], placed[-1]):
                    layer.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=color)


def shade(color, factor: float) -> tuple[int, int, int]:
    """Assombrit (``factor`` < 1) ou éclaircit une couleur."""
    return tuple(int(min(255, max(0, channel * factor))) for channel in color)


def draw_animal(species: str, side: int, random: np.random.RandomState):
    """Peint un ``"chat"`` ou un ``"chien"`` sur un calque carré transparent de ``side`` pixels (image PIL, RVBA)."""
    from PIL import Image, ImageDraw

    colors, coat = Image.new("RGBA", (side, side)), Image.new("L", (side, side))
    color = shade(COATS[random.randint(len(COATS))] + random.normal(0, 9, 3), 1)
    pose = POSES[random.choice(4, p=(0.42, 0.26, 0.16, 0.16))]
    unit = side * {"tête": 0.31, "assis": 0.19, "debout": 0.165, "couché": 0.165}[pose] * random.uniform(0.88, 1.08)
    place = {"tête": (0.5, 0.54), "assis": (0.5, 0.34), "debout": (0.3, 0.36), "couché": (0.3, 0.45)}[pose]
    brush = Brush(ImageDraw.Draw(colors), ImageDraw.Draw(coat), (side * place[0], side * place[1]), unit)
    if pose != "tête":
        {"assis": _sitting, "debout": _standing, "couché": _lying}[pose](brush, species, color, random)
    _head(brush, species, color, random)
    _pattern(colors, coat, color, species, unit, random)
    _face(brush, species, color, random)
    return colors


def _head(brush: Brush, species: str, color, random) -> None:
    """La tête, sans le visage : les oreilles d'abord."""
    wide, high = (random.uniform(0.98, 1.12), random.uniform(0.84, 0.95)) if species == "chat" else \
        (random.uniform(0.82, 1.0), random.uniform(0.9, 1.08))
    pointed = random.rand() < (0.94 if species == "chat" else 0.28)
    inner = (226, 168, 160) if random.rand() < 0.7 else shade(color, 0.72)
    if pointed:
        tall, spread = (random.uniform(1.3, 1.62), random.uniform(0.6, 0.82)) if species == "chat" else \
            (random.uniform(1.2, 1.7), random.uniform(0.5, 0.78))
        for sign in (-1, 1):
            ear = [(sign * 0.95 * wide, -0.25 * high), (sign * spread, -tall), (sign * 0.16, -0.78 * high)]
            brush.polygon(ear, color, coat=True)
            core = np.mean(ear, axis=0)
            brush.polygon([tuple(core + 0.55 * (np.array(corner) - core)) for corner in ear], inner)
    elif species == "chat":      # oreilles pliées
        for sign in (-1, 1):
            ear = [(sign * 0.9, -0.35), (sign * 0.78, -0.95), (sign * 0.3, -0.86)]
            brush.polygon(ear, shade(color, 0.8), coat=True)
    brush.ellipse(0, 0, wide, high, color, coat=True)
    if not pointed and species == "chien":
        hang, turn = random.uniform(0.55, 0.85), random.uniform(0.05, 0.5)
        for sign in (-1, 1):
            brush.ellipse(sign * 0.98 * wide, -0.25 + hang * 0.55, 0.3, hang, shade(color, 0.74), turn=-sign * turn)


def _face(brush: Brush, species: str, color, random) -> None:
    """Yeux, museau, nez, bouche, moustaches."""
    pale = shade(color, 1.0 + random.uniform(0.12, 0.5)) if sum(color) < 560 else shade(color, 0.9)
    gaze, gap = random.uniform(-0.06, 0.06), random.uniform(0.36, 0.46)
    iris = _EYES[species][random.randint(3)]
    long = species == "chien"
    if long or random.rand() < 0.4:
        deep = random.uniform(0.42, 0.62) if long else random.uniform(0.24, 0.34)
        brush.ellipse(gaze, 0.28 + deep * 0.45, deep * 0.95, deep * 0.85, pale)
    closed = random.rand() < 0.06
    for sign in (-1, 1):
        x, y = sign * gap + gaze, -0.16
        if closed:
            brush.stroke([(x - 0.16, y), (x, y + 0.06), (x + 0.16, y)], 0.05, (40, 34, 34))
        elif long:
            brush.ellipse(x, y, 0.145, 0.15, (246, 244, 240) if random.rand() < 0.3 else shade(iris, 0.8))
            brush.ellipse(x, y, 0.11, 0.12, (34, 26, 24))
            brush.ellipse(x - 0.04, y - 0.05, 0.035, 0.035, (250, 250, 250))
        else:
            brush.ellipse(x, y, 0.21, 0.155, iris, turn=-sign * 0.25)
            brush.ellipse(x, y, random.choice((0.05, 0.07, 0.11)), 0.145, (24, 22, 24))
            brush.ellipse(x - 0.05, y - 0.05, 0.03, 0.03, (250, 250, 250))
    nose_y = 0.42 if long else 0.2
    if long:
        brush.ellipse(gaze, nose_y, random.uniform(0.16, 0.23), random.uniform(0.11, 0.15), (36, 30, 32))
    else:
        nose = (206, 124, 124) if random.rand() < 0.75 else (58, 46, 48)
        brush.polygon([(gaze - 0.1, nose_y - 0.05), (gaze + 0.1, nose_y - 0.05), (gaze, nose_y + 0.08)], nose)
    reach = 0.24 if long else 0.17
    mouth = [(gaze - reach, nose_y + 0.27), (gaze, nose_y + 0.2), (gaze + reach, nose_y + 0.27)]
    brush.stroke(mouth, 0.04, (54, 42, 42))
    brush.stroke([(gaze, nose_y + 0.06), (gaze, nose_y + 0.2)], 0.035, (54, 42, 42))
    if long and random.rand() < 0.34:
        brush.ellipse(gaze, nose_y + 0.42, 0.12, 0.2, (222, 110, 120))
    if not long and random.rand() < 0.86:
        line = (240, 240, 236) if sum(color) < 420 else (90, 84, 82)
        for sign in (-1, 1):
            for tilt in (-0.12, 0.02, 0.16):
                brush.stroke([(sign * 0.22, nose_y + 0.1), (sign * 1.22, nose_y + 0.05 + tilt)], 0.018, line)


def _tail(brush: Brush, species: str, color, random, start, away: int) -> None:
    """La queue : longue et fine le plus souvent chez le chat, plus courte et épaisse chez le chien."""
    x, y = start
    length, width = (random.uniform(1.8, 2.6), random.uniform(0.17, 0.26)) if species == "chat" else \
        (random.uniform(0.9, 2.0), random.uniform(0.2, 0.42))
    bend = random.uniform(-1.2, 1.6)
    steps = np.linspace(0, 1, 9)
    shape = [(x + away * length * 0.62 * t * math.cos(bend * t), y - length * (0.25 * t + 0.6 * t * t * (bend > 0)))
             for t in steps]
    brush.stroke(shape, width, color, coat=True)


def _sitting(brush: Brush, species: str, color, random) -> None:
    """Assis, de face."""
    away = random.choice((-1, 1))
    plump = random.uniform(0.9, 1.2)
    _tail(brush, species, color, random, (away * 0.9 * plump, 3.1), away)
    brush.ellipse(0, 2.0, 1.05 * plump, 1.5, color, coat=True)
    for sign in (-1, 1):
        brush.ellipse(sign * 0.78 * plump, 2.85, 0.55, 0.75, shade(color, 0.92), coat=True)
        brush.stroke([(sign * 0.32, 1.7), (sign * 0.34, 3.35)], 0.36, shade(color, 1.05), coat=True)
        brush.ellipse(sign * 0.36, 3.45, 0.28, 0.17, shade(color, 1.12))


def _standing(brush: Brush, species: str, color, random) -> None:
    """Debout, de profil, la tête tournée vers nous."""
    long, tall = random.uniform(3.3, 4.0), (1.15 if species == "chat" else 1.45) * random.uniform(0.85, 1.15)
    _tail(brush, species, color, random, (long - 0.2, 1.0), 1)
    for x in (0.75, 1.25, long - 0.9, long - 0.4):
        sway = random.uniform(-0.25, 0.25)
        brush.stroke([(x, 1.6), (x + sway, 2.0 + tall)], 0.36, shade(color, 0.9), coat=True)
        brush.ellipse(x + sway - 0.08, 2.1 + tall, 0.28, 0.14, shade(color, 1.08))
    brush.ellipse(long / 2 + 0.2, 1.3, long / 2, random.uniform(0.78, 1.0), color, coat=True)
    brush.ellipse(0.55, 0.7, 0.72, 0.9, color, turn=-0.5, coat=True)


def _lying(brush: Brush, species: str, color, random) -> None:
    """Couché, les pattes devant."""
    long = random.uniform(3.1, 3.8)
    _tail(brush, species, color, random, (long - 0.1, 1.3), random.choice((-1, 1)))
    brush.ellipse(long / 2 + 0.25, 1.15, long / 2, random.uniform(0.75, 0.95), color, coat=True)
    brush.ellipse(long - 0.7, 1.25, 0.8, 0.72, shade(color, 0.93), coat=True)
    for y in (1.5, 1.8):
        brush.stroke([(1.1, y), (-0.9 + random.uniform(-0.2, 0.3), y + 0.05)], 0.34, shade(color, 1.06), coat=True)


def _pattern(colors, coat, color, species: str, unit: float, random) -> None:
    """Étend un motif sur le pelage : uni, rayé, tacheté ou à grandes plages, avec des fréquences propres à l'espèce."""
    from PIL import Image, ImageChops, ImageDraw

    side = colors.size[0]
    kind = random.choice(4, p=(0.4, 0.36, 0.06, 0.18) if species == "chat" else (0.5, 0.08, 0.16, 0.26))
    marks = Image.new("L", colors.size)
    pen = ImageDraw.Draw(marks)
    strong = int(random.uniform(110, 220))
    if kind == 1:
        step, slant = unit * random.uniform(0.34, 0.5), random.uniform(-0.4, 0.4) * unit
        for x in np.arange(-side * 0.2, side * 1.2, step):
            pen.line((x, 0, x + slant, side / 2, x, side), fill=strong, width=max(1, round(step * 0.34)), joint="curve")
    elif kind == 2:
        for x, y in random.uniform(0, side, (40, 2)):
            radius = unit * random.uniform(0.07, 0.2)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=strong)
    elif kind == 3:
        for x, y in random.uniform(0.1 * side, 0.9 * side, (4, 2)):
            rx, ry = unit * random.uniform(0.5, 1.2, 2)
            pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=strong)
    mark = shade(color, 0.45) if sum(color) > 270 or kind != 3 else (228, 224, 216)
    colors.paste((*mark, 255), mask=ImageChops.multiply(marks, coat))

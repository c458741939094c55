"""Décors et mise en scène des animaux dessinés : fond, objets, cadrage, lumière, défauts de prise de vue."""

from __future__ import annotations

import numpy as np

from cours_cnn.data.drawn_animals import draw_animal, shade

_OVER = 2   # l'animal se dessine au double, puis se réduit : bords adoucis


def draw_scene(species: str, random: np.random.RandomState):
    """Dessine un ``"chat"`` ou un ``"chien"`` dans un décor ; rend une image PIL (RVB) de 160 à 256 pixels de côté."""
    from PIL import Image, ImageEnhance, ImageFilter

    width, height = (int(value) for value in random.randint(160, 257, 2))
    board = _background(width, height, random)
    side = int(min(width, height) * random.uniform(0.9, 1.25))
    animal = draw_animal(species, _OVER * side, random).reduce(_OVER)
    if random.rand() < 0.5:
        animal = animal.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    animal = animal.rotate(random.normal(0, 7), Image.Resampling.BILINEAR)
    spare = np.array([board.size[0] - side, board.size[1] - side]) / 2
    place = spare + random.uniform(-0.12, 0.12, 2) * side
    board.paste(animal, tuple(int(value) for value in place), animal)
    if random.rand() < 0.12:
        _foreground(board, random)
    board = ImageEnhance.Brightness(board).enhance(random.uniform(0.62, 1.25))
    board = ImageEnhance.Contrast(board).enhance(random.uniform(0.7, 1.2))
    if random.rand() < 0.25:
        board = board.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 1.6)))
    if random.rand() < 0.4:
        grain = random.normal(0, random.uniform(3, 12), (height, width, 1))
        board = Image.fromarray(np.clip(np.asarray(board) + grain, 0, 255).astype(np.uint8))
    return board


def _background(width: int, height: int, random):
    """Un pré, une pièce, un tissu ou un fond flou."""
    from PIL import Image, ImageDraw, ImageFilter

    size = (width, height)
    kind = random.randint(4)
    if kind == 3:      # taches floues, agrandies : un arrière-plan hors de la mise au point
        tint = random.randint(60, 210, 3)
        blobs = np.clip(tint + random.normal(0, 34, (5, 6, 3)), 0, 255).astype(np.uint8)
        return Image.fromarray(blobs).resize(size, Image.Resampling.BILINEAR)
    base = _any_color(random, 70)
    board = Image.new("RGB", size, base)
    pen = ImageDraw.Draw(board)
    line = int(size[1] * random.uniform(0.35, 0.75))
    if kind == 0:      # un ciel et un pré, quelques brins
        board.paste((150 + random.randint(60), 190 + random.randint(40), 235), (0, 0, size[0], line))
        green = (60 + random.randint(60), 120 + random.randint(70), 50 + random.randint(40))
        board.paste(green, (0, line, *size))
        for x in random.randint(0, size[0], 60):
            y = random.randint(line, size[1])
            pen.line((x, y, x + random.randint(-4, 5), y - random.randint(4, 15)), fill=shade(green, 0.8), width=1)
    elif kind == 1:    # un mur, un sol, un meuble ou une fenêtre
        board.paste(shade(base, random.uniform(0.55, 0.85)), (0, line, *size))
        x, y = random.randint(0, size[0]), random.randint(0, line)
        box = (x - size[0] // 5, y - size[1] // 5, x + size[0] // 5, min(y + size[1] // 5, line))
        if box[3] > box[1]:
            pen.rectangle(box, fill=_any_color(random, 60), outline=shade(base, 0.5), width=3)
    else:              # un tissu rayé ou à carreaux
        step = random.randint(12, 36)
        for x in range(0, size[0], step):
            pen.rectangle((x, 0, x + step // 2, size[1]), fill=shade(base, 0.86))
        if random.rand() < 0.5:
            for y in range(0, size[1], step):
                pen.rectangle((0, y, size[0], y + step // 4), fill=shade(base, 0.74))
    for _ in range(random.randint(0, 4)):   # une balle, un coussin
        x, y = random.randint(0, size[0]), random.randint(line // 2, size[1])
        rx, ry = random.randint(6, 30, 2)
        pen.ellipse((x - rx, y - ry, x + rx, y + ry), fill=_any_color(random, 40))
    return board.filter(ImageFilter.GaussianBlur(random.uniform(0.4, 1.8)))


def _any_color(random, darkest: int) -> tuple[int, int, int]:
    return tuple(int(value) for value in random.randint(darkest, 230, 3))


def _foreground(board, random) -> None:
    """Un barreau, une plante ou un bord de caisse cache une partie de l'animal."""
    from PIL import ImageDraw

    pen, (width, height) = ImageDraw.Draw(board), board.size
    color = _any_color(random, 40)
    if random.rand() < 0.5:
        pen.rectangle((0, int(height * random.uniform(0.72, 0.88)), width, height), fill=color)
    else:
        x = random.randint(width // 6, 5 * width // 6)
        for lean in random.randint(-width // 5, width // 5, 4):
            pen.line((x, height, x + lean, int(height * random.uniform(0.3, 0.7))), fill=color, width=width // 40 + 2)

"""Un zoo de mauvaises images, fabriquées à la demande : tronquées, mal nommées, exotiques, démesurées."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int = 0, size: tuple[int, int] = (48, 36), mode: str = "RGB") -> Image.Image:
    """Une image de petites taches colorées, différente pour chaque graine."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def announced_png(width: int, height: int) -> bytes:
    """Un PNG qui n'a de grand que son en-tête."""
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def rotated(orientation: int) -> bytes:
    """Une image 40 × 20 dont le coin rouge est en haut à gauche une fois l'orientation EXIF appliquée."""
    upright = Image.new("RGB", (40, 20), "blue")
    upright.paste("red", (0, 0, 10, 10))
    stored = {1: upright, 2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
              3: upright.transpose(Image.Transpose.ROTATE_180), 4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
              5: upright.transpose(Image.Transpose.TRANSPOSE), 6: upright.transpose(Image.Transpose.ROTATE_90),
              7: upright.transpose(Image.Transpose.TRANSVERSE), 8: upright.transpose(Image.Transpose.ROTATE_270)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored[orientation], quality=95, subsampling=0, exif=exif)


def zoo() -> dict[str, tuple[bytes, str, str]]:
    """Rend nom → (contenu, sort attendu : « gardé », « converti » ou « écarté », mot que doit contenir la raison)."""
    plain, jpeg, png = picture(1), encoded(picture(1)), encoded(picture(2), "PNG")
    deep = (np.arange(48 * 36, dtype=np.uint16).reshape(36, 48) * 37)
    clear = picture(3).convert("RGBA")
    clear.putalpha(120)
    palette = picture(4).quantize(16)
    gif = io.BytesIO()
    picture(5).save(gif, "GIF", save_all=True, append_images=[picture(6)])
    return {
        "bonne.jpg": (jpeg, "gardé", ""),
        "bonne.png": (png, "gardé", ""),
        "sans_extension": (encoded(picture(7)), "converti", "sans extension"),
        "png_nomme.jpg": (encoded(picture(8), "PNG"), "converti", "PNG nommé .jpg"),
        "gris.jpg": (encoded(picture(9, mode="L")), "converti", "niveaux de gris"),
        "un_bit.png": (encoded(picture(10, mode="1"), "PNG"), "converti", "noir et blanc"),
        "cmjn.jpg": (encoded(picture(11, mode="CMYK")), "converti", "quadrichromie"),
        "seize_bits.png": (encoded(Image.fromarray(deep), "PNG"), "converti", "16 bits"),
        "seize_bits.tif": (encoded(Image.fromarray(deep.T.copy()), "TIFF"), "converti", "16 bits"),
        "reels.tif": (encoded(Image.fromarray(deep.astype(np.float32)[:, ::-1].copy()), "TIFF"), "converti", "16 bits"),
        "transparente.png": (encoded(clear, "PNG"), "converti", "transparence"),
        "gris_transparente.png": (encoded(clear.rotate(180).convert("LA"), "PNG"), "converti", "transparence"),
        "palette.png": (encoded(palette, "PNG"), "converti", "palette"),
        "palette_transparente.png": (encoded(palette.rotate(180), "PNG", transparency=0), "converti", "transparence"),
        "animee.gif": (gif.getvalue(), "converti", "animée"),
        "tournee.jpg": (rotated(6), "converti", "EXIF"),
        "large.png": (encoded(picture(12, (10_000, 200)), "PNG"), "converti", "réduite"),
        "large.jpg": (encoded(picture(13, (10_000, 300))), "converti", "réduite"),
        "reenregistree.jpg": (encoded(plain, quality=60), "écarté", "même image que"),
        "copie.jpg": (jpeg, "écarté", "copie exacte"),
        "vide.jpg": (b"", "écarté", "vide"),
        "texte.jpg": ("Bonjour à tous.\n".encode() * 40, "écarté", "pas une image"),
        "page.png": (b"<!doctype html><html><body>404</body></html>", "écarté", "pas une image"),
        "dessin.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "écarté", "pas une image"),
        "hasard.jpg": (np.random.default_rng(1).bytes(4_000), "écarté", "pas une image"),
        "debut_seul.jpg": (jpeg[:20], "écarté", ""),
        "tronquee.jpg": (encoded(picture(14, (200, 160)))[:-900], "écarté", "tronquée"),
        "tronquee.png": (encoded(picture(15, (200, 160)), "PNG")[:-900], "écarté", "tronquée"),
        "un_pixel.png": (encoded(picture(16, (1, 1)), "PNG"), "écarté", "trop petite"),
        "fil.png": (encoded(picture(17, (10_000, 20)), "PNG"), "écarté", "trop étroite"),
        "bombe.png": (announced_png(50_000, 50_000), "écarté", "démesurée"),
        "bombe_moyenne.png": (announced_png(15_000, 9_000), "écarté", "démesurée"),
        "abimee.png": (png[:60] + b"\x00" * 40 + png[100:], "écarté", ""),
    }


def build(folder: Path, classes: tuple[str, str] = ("cats", "dogs")) -> dict[str, tuple[bytes, str, str]]:
    """Écrit le zoo dans la première classe de ``folder``, deux bonnes images dans la seconde ; rend le zoo."""
    animals = zoo()
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, (content, _, _) in animals.items():
        (folder / classes[0] / name).write_bytes(content)
    for seed in (101, 102):
        (folder / classes[1] / f"{seed}.jpg").write_bytes(encoded(picture(seed)))
    return animals


def class_folder(folder: Path, counts: dict[str, int], *, seed: int = 200) -> Path:
    """Écrit ``counts[classe]`` petites images différentes dans chaque sous-dossier."""
    for rank, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            content = encoded(picture(seed + 1_000 * rank + index, (24, 20)))
            (folder / name / f"{index:03d}.jpg").write_bytes(content)
    return folder

"""Ouvrir une photographie venue de n'importe où : en rendre une image RVB, ou dire pourquoi c'est impossible."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cours_cnn.french import integer

LARGEST_PIXELS = 100_000_000    # au-delà, l'image est refusée d'après son en-tête, sans être décodée
LARGEST_FILE = 100_000_000      # octets
SMALLEST_SIDE = 16              # pixels
LARGEST_SIDE = 1_024            # une image plus grande est réduite
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
_SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "MPO": (".jpg", ".jpeg", ".mpo"), "PNG": (".png",),
             "BMP": (".bmp", ".dib"), "GIF": (".gif",), "WEBP": (".webp",), "TIFF": (".tif", ".tiff")}
_ORIENTATION = 0x0112


class UnfitPictureError(ValueError):
    """Un fichier n'est pas une image que l'on puisse employer ; le message en donne la raison, courte."""


@dataclass(frozen=True)
class Opened:
    """Une image prête à l'emploi : ``image`` (PIL, mode RVB) et ``changes``, ce qu'il a fallu convertir."""

    image: object
    changes: tuple[str, ...]


def in_threads(work: Callable, items: Sequence) -> list:
    """Applique ``work`` à chaque élément, quelques-uns à la fois, et rend les résultats dans l'ordre."""
    with ThreadPoolExecutor(max_workers=min(4, 2 * (os.cpu_count() or 1))) as pool:
        return list(pool.map(work, items))


def open_picture(path: Path) -> Opened:
    """Ouvre ``path``, quel que soit son nom, et en rend une image RVB redressée d'au plus 1 024 pixels de côté.

    Lève :class:`UnfitPictureError` si le fichier est vide, tronqué, démesuré, trop petit, ou n'est pas une image.
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    Image.init()  # sans cela, Pillow ne connaît qu'une partie de ces formats
    try:
        size = path.stat().st_size
        if not size:
            raise UnfitPictureError("fichier vide")
        if size > LARGEST_FILE:
            raise UnfitPictureError(f"fichier de {integer(size)} octets, refusé sans être lu")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow signale ici ce que l'on contrôle plus bas
            with Image.open(path, formats=_FORMATS) as image:
                return _prepared(image, path)
    except UnfitPictureError:
        raise
    except UnidentifiedImageError:
        raise UnfitPictureError("contenu illisible : ce n'est pas une image") from None
    except Image.DecompressionBombError:
        raise UnfitPictureError("image démesurée, refusée sans être décodée") from None
    except FileNotFoundError:
        raise UnfitPictureError("fichier introuvable") from None
    except PermissionError:
        raise UnfitPictureError("lecture interdite") from None
    except Exception:  # un fichier abîmé fait lever à Pillow des exceptions de toute sorte
        raise UnfitPictureError("image tronquée ou abîmée") from None


def fingerprint(image) -> np.ndarray:
    """Rend 256 niveaux de gris, l'image ramenée à 16 × 16 : presque les mêmes pour une copie réenregistrée."""
    from PIL import Image

    return np.asarray(image.convert("L").resize((16, 16), Image.Resampling.BOX), dtype=np.int16).ravel()


def read_pixels(path: Path, size: tuple[int, int]) -> np.ndarray:
    """Rend l'image de ``path`` en tableau d'entiers (hauteur, largeur, 3), étirée à ``size`` (hauteur, largeur).

    Lève :class:`UnfitPictureError` comme :func:`open_picture`.
    """
    from PIL import Image

    height, width = size
    image = open_picture(path).image
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.uint8)


def _prepared(image, path: Path) -> Opened:
    """Décode ``image`` en entier, puis la convertit."""
    from PIL import ImageOps

    width, height = image.size
    if width * height > LARGEST_PIXELS:
        raise UnfitPictureError(f"image démesurée ({integer(width)} × {integer(height)} pixels annoncés), "
                                "refusée sans être décodée")
    if min(width, height) < SMALLEST_SIDE:
        raise UnfitPictureError(f"image trop petite ({width} × {height})")
    changes = []
    if path.suffix.lower() not in _SUFFIXES[image.format]:
        changes.append(f"{_format_name(image.format)} nommé {path.suffix.lower() or 'sans extension'}")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        changes.append("animée : première image gardée")
    if max(width, height) > LARGEST_SIDE:
        # Un grand JPEG se décode directement à une fraction de sa taille.
        image.draft(None, (LARGEST_SIDE, LARGEST_SIDE))
    image.load()
    orientation = 1
    with contextlib.suppress(Exception):  # un EXIF illisible ne condamne pas l'image
        orientation = image.getexif().get(_ORIENTATION, 1)
        image = ImageOps.exif_transpose(image)
    if orientation in range(2, 9):
        changes.append("redressée (EXIF)")
    image, change = _to_rgb(image)
    changes += [change] if change else []
    if max(width, height) > LARGEST_SIDE:
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        changes.append(f"réduite à {integer(LARGEST_SIDE)} pixels")
        if min(image.size) < SMALLEST_SIDE:
            raise UnfitPictureError(f"image trop étroite ({integer(width)} × {integer(height)})")
    return Opened(image, tuple(changes))


def _to_rgb(image):
    """Rend l'image en RVB, 8 bits par canal, et ce que cela a changé (``None`` si rien)."""
    from PIL import Image

    mode = image.mode
    if mode == "RGB" and "transparency" not in image.info:
        return image, None
    if mode.startswith(("I", "F")):
        deep = np.asarray(image, dtype=np.float64)
        top = 65_535 if deep.max(initial=0) > 255 else 255
        pixels = np.clip(deep * (255 / top), 0, 255).astype(np.uint8)
        return Image.fromarray(pixels).convert("RGB"), "16 bits ramenés à 8"
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        solid = image.convert("RGBA")
        board = Image.new("RGBA", solid.size, (255, 255, 255, 255))
        return Image.alpha_composite(board, solid).convert("RGB"), "transparence remplacée par du blanc"
    told = {"L": "niveaux de gris", "1": "noir et blanc", "P": "couleurs en palette", "CMYK": "quadrichromie (CMJN)"}
    return image.convert("RGB"), f"{told.get(mode, f'mode {mode}')} → RVB"


def _format_name(name: str) -> str:
    return {"MPO": "JPEG"}.get(name, name)

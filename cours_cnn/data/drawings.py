"""Les dessins de chats et de chiens, écrits en JPEG : un dossier comme on en reçoit, fichiers abîmés compris."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cours_cnn.data.drawn_scenes import draw_scene
from cours_cnn.data.pictures import in_threads
from cours_cnn.dataset import check_seed
from cours_cnn.fetch import cache_folder
from cours_cnn.lock import locked
from cours_cnn.validation import whole_number

VERSION = 1   # à augmenter quand les dessins changent : ceux du cache ne servent plus
SPECIES = (("chat", "chats"), ("chien", "chiens"))
DONE = ".complet"
DRAWN, COURSE_LICENCE = "dessins de synthèse, tracés par le module du cours", "CC BY-SA 4.0, comme le cours"


def drawn_folder(count: int, seed: int, *, flawed: bool = True) -> Path:
    """Rend le dossier, dans le cache, de ``count`` chats et ``count`` chiens dessinés ; le crée s'il n'existe pas.

    Les mêmes arguments donnent toujours les mêmes dessins. ``flawed`` ajoute quelques fichiers abîmés exprès.
    Lève ``OSError`` si le cache ne peut être écrit.
    """
    whole_number("count", count, minimum=1, maximum=50_000)
    check_seed(seed)
    name = f"v{VERSION}-{count}-{seed}{'-abimes' if flawed else ''}"
    return drawn_once("dessins_chats_chiens", name, lambda folder: write_drawings(folder, count, seed, flawed=flawed))


def drawn_once(kind: str, name: str, write: Callable[[Path], None]) -> Path:
    """Rend le dossier ``kind/name`` du cache, rempli par ``write`` la première fois : entier, ou absent."""
    folder = cache_folder() / kind / name
    if not (folder / DONE).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(name + ".lock"), lambda: None):
            if not (folder / DONE).exists():
                aside = folder.with_name(name + ".partiel")
                for leftover in (aside, folder):
                    shutil.rmtree(leftover, ignore_errors=True)
                aside.mkdir()
                try:
                    write(aside)
                    (aside / DONE).touch()
                    aside.replace(folder)
                except BaseException:
                    shutil.rmtree(aside, ignore_errors=True)
                    raise
    return folder


def write_drawings(folder: Path, count: int, seed: int, *, flawed: bool) -> None:
    """Écrit ``folder/chats`` et ``folder/chiens`` : ``count`` dessins JPEG chacun."""
    jobs = []
    for rank, (species, plural) in enumerate(SPECIES):
        (folder / plural).mkdir(parents=True)
        jobs += [(species, (seed, rank, index), folder / plural / f"{species}_{index:04d}.jpg")
                 for index in range(count)]
    in_threads(_draw, jobs)
    if flawed:
        write_flaws(folder, seed)


def _draw(job: tuple[str, tuple[int, int, int], Path]) -> None:
    species, key, path = job
    # Une graine par dessin : le centième ne dépend ni du nombre de dessins ni de l'ordre des fils d'exécution.
    draw_scene(species, np.random.RandomState(key)).save(path, quality=85)


def write_flaws(folder: Path, seed: int = 0) -> None:
    """Ajoute à ``folder`` les défauts que l'on rencontre dans un vrai dossier : tronqué, mal nommé, CMJN, EXIF…"""
    from PIL import Image

    scene = {species: draw_scene(species, np.random.RandomState((seed, 9, rank)))
             for rank, (species, _) in enumerate(SPECIES)}
    cats, dogs = (folder / plural for _, plural in SPECIES)
    whole = _jpeg(scene["chat"])
    (cats / "chat_vide.jpg").write_bytes(b"")
    (cats / "chat_tronque.jpg").write_bytes(whole[: len(whole) // 2])
    (dogs / "chien_texte.jpg").write_text("Ceci n'est pas une image.\n", encoding="utf-8")
    first = next(iter(sorted(dogs.glob("chien_0*.jpg"))))
    shutil.copyfile(first, dogs / "chien_copie.jpg")
    (dogs / "chien_minuscule.png").write_bytes(_png(Image.new("RGB", (1, 1))))
    (cats / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    # Ceux-ci se lisent, une fois convertis.
    more = [draw_scene(species, np.random.RandomState((seed, 9, rank)))
            for rank, species in enumerate(("chat", "chat", "chien", "chien"), start=2)]
    (cats / "chat_en_fait_png.jpg").write_bytes(_png(more[0]))
    (cats / "chat_gris.jpg").write_bytes(_jpeg(more[1].convert("L")))
    (dogs / "chien_cmjn.jpg").write_bytes(_jpeg(more[2].convert("CMYK")))
    clear = more[3].convert("RGBA")
    clear.putalpha(230)
    (dogs / "chien_transparent.png").write_bytes(_png(clear))
    exif = Image.Exif()
    exif[0x0112] = 6
    (dogs / "chien_tourne.jpg").write_bytes(_jpeg(scene["chien"].transpose(Image.Transpose.ROTATE_90), exif=exif))


def _jpeg(image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85, **options)
    return buffer.getvalue()


def _png(image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()

"""Forme unique des notebooks : mêmes métadonnées, mêmes numéros, mêmes octets tant que rien n'a changé."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat

from cours_cnn.explorers.base import light
from tools.prose import corrected
from tools.rules import IMAGES, KERNELSPEC, LANGUAGE, LARGEST_FILE, alt_of, machine_traces, output_texts_of

VIEW = "application/vnd.jupyter.widget-view+json"
_NOTEBOOK_KEYS = ("cours", "mystnb")
_CELL_KEYS = ("tags", "cours", "mystnb", "nbgrader", "slideshow", "editable", "deletable")


class Refusal(Exception):  # noqa: N818 — un refus n'est pas une erreur du programme
    """Le notebook n'est pas enregistré ; le message dit pourquoi et le fichier reste intact."""


def normalised(notebook, *, kind: str = "chapters"):
    """Rend une copie de ``notebook`` sans rien de passager : métadonnées choisies, stderr écarté, numéros en suite.

    ``kind="exercises"`` retire aussi toutes les sorties. Le texte de remplacement de chaque figure est recopié dans
    ``mystnb.image.alt``, où le site le lit.
    """
    result = nbformat.from_dict(copy.deepcopy(notebook))
    result.nbformat, result.nbformat_minor = 4, 5
    kept = {key: notebook.metadata[key] for key in _NOTEBOOK_KEYS if key in notebook.metadata}
    result.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE, **kept})
    rank = 0
    for cell in result.cells:
        cell.source = cell.source.rstrip()
        chosen = {key: cell.metadata[key] for key in _CELL_KEYS if cell.metadata.get(key) not in (None, [])}
        cell.metadata = nbformat.from_dict(chosen)
        if cell.cell_type != "code":
            continue
        if kind == "exercises":
            cell.outputs, cell.execution_count = [], None
            continue
        if cell.execution_count is not None:
            rank += 1
            cell.execution_count = rank
        cell.outputs = _clean_outputs(cell.outputs, cell.execution_count)
        _copy_alt(cell)
    return result


def with_typography(notebook):
    """Rend une copie de ``notebook`` dont les cellules de texte suivent la typographie française."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = corrected(cell.source)
    return result


def keep_images(new, old):
    """Rend ``new`` où une image retrouve ses anciens pixels si la cellule n'a changé que par eux."""
    stored = {cell.get("id"): cell for cell in old.cells if cell.cell_type == "code"}
    result = copy.deepcopy(new)
    for cell in result.cells:
        before = stored.get(cell.get("id"))
        if before is None or cell.cell_type != "code" or before.source.rstrip() != cell.source:
            continue
        if _without_pixels(before.outputs) == _without_pixels(cell.outputs):
            pairs = zip(cell.outputs, before.outputs, strict=True)
            cell.outputs = [_with_pixels_of(output, source) for output, source in pairs]
    return result


def stderr_texts(notebook) -> list[tuple[str, str]]:
    """Rend les couples (identifiant de cellule, texte) des sorties d'erreur que la mise en forme écarte."""
    return [(cell.get("id", "?"), output.text.strip()) for cell in notebook.cells for output in cell.get("outputs", [])
            if output.output_type == "stream" and output.name == "stderr" and output.text.strip()]


def serialised(notebook) -> str:
    """Rend le texte du fichier : clés triées, indentation d'un espace, caractères accentués en clair."""
    return nbformat.v4.writes(notebook).rstrip("\n") + "\n"


def refuse_unfit(notebook) -> None:
    """Lève :class:`Refusal` si une sortie contient un chemin de la machine ou si le notebook dépasse 400 ko."""
    for cell in notebook.cells:
        traces = [message for text in output_texts_of(cell) for message in machine_traces(text)]
        if traces:
            raise Refusal(f"cellule « {cell.get('id')} », trace de la machine dans la sortie, {traces[0]} : "
                          "affichez un chemin relatif")
    size = len(serialised(notebook).encode("utf-8"))
    if size > LARGEST_FILE:
        raise Refusal(f"le résultat pèserait {size // 1000} ko ; au plus {LARGEST_FILE // 1000} ko sont admis. Allégez "
                      "les figures (from_matplotlib avec kind=\"png\", dpi plus faible)")


def write_if_changed(path: Path, text: str) -> bool:
    """Écrit ``text`` à part puis renomme ; rend ``False`` sans rien écrire si le fichier a déjà ce contenu."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    aside = path.with_name(f".{path.name}.nouveau")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
    return True


def _clean_outputs(outputs, count) -> list:
    """Écarte stderr, réunit les morceaux d'un même flux (leur découpage dépend du moment), fixe les numéros."""
    result = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if result and result[-1].output_type == "stream":
                result[-1].text += output.text
                continue
        if output.output_type == "execute_result":
            output.execution_count = count
        output.get("data", {}).pop(VIEW, None)   # un réglage sans noyau ne répondrait pas ; son jumeau HTML reste
        if "text/html" in output.get("data", {}):
            # Les données lourdes d'une figure vivante restent dans le paquet ; le site les lit dans un fichier.
            output.data["text/html"] = light(output.data["text/html"])
        if "metadata" in output:
            sizes = {mime: value for mime, value in output.metadata.items() if mime in IMAGES}
            output.metadata = nbformat.from_dict(sizes)
        result.append(output)
    return result


def _copy_alt(cell) -> None:
    alts = [alt_of(output.data.get("text/plain", "")) for output in cell.outputs
            if any(mime in output.get("data", {}) for mime in IMAGES)]
    alts = [alt for alt in alts if alt]
    if not cell.outputs or len(alts) > 1:
        return
    mystnb = dict(cell.metadata.get("mystnb", {}))
    image = {key: value for key, value in mystnb.pop("image", {}).items() if key != "alt"}
    image |= {"alt": alts[0]} if alts else {}
    mystnb |= {"image": image} if image else {}
    cell.metadata.pop("mystnb", None)
    if mystnb:
        cell.metadata["mystnb"] = nbformat.from_dict(mystnb)


def _without_pixels(outputs) -> list:
    result = copy.deepcopy(list(outputs))
    for output in result:
        output.pop("execution_count", None)
        output.pop("metadata", None)
        for mime in IMAGES:
            if mime in output.get("data", {}):
                output.data[mime] = ""
    return result


def _with_pixels_of(output, source):
    for mime in IMAGES:
        if mime in output.get("data", {}):
            output.data[mime] = source.data[mime]
    return output

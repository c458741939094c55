"""La recherche du site : avec ou sans accents, au singulier ou au pluriel.

L'analyseur français de Sphinx distingue « caracteristique » de « caractéristique » et « noyau » de « noyaux ». Les mots
sont donc pliés avant lui, de la même façon en Python (index) et dans le navigateur (requête).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import sphinx.search
from sphinx.search.fr import SearchFrench

_FOLD = """
Stemmer = function () {
  const racine = new FrenchStemmer();
  // Sans accents ni ligatures ; « noyaux » et « réseaux » au singulier, que l'analyseur ne sait pas retrouver.
  const plier = (mot) => mot.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFD")
    .replace(/\\p{M}/gu, "").replace(/([ey]au)x$/, "$1");
  this.stemWord = (mot) => racine.stemWord(plier(mot));
};
"""


def fold(word: str) -> str:
    """Rend ``word`` en minuscules, sans accents ni ligatures, les mots en « -eaux » et « -yaux » au singulier."""
    word = unicodedata.normalize("NFD", word.lower().replace("œ", "oe").replace("æ", "ae"))
    letters = (char for char in word if not unicodedata.category(char).startswith("M"))
    return re.sub(r"([ey]au)x$", r"\1", "".join(letters))


class SearchFolded(SearchFrench):
    """L'analyseur français de Sphinx, précédé de :func:`fold`."""

    js_stemmer_rawcode = None

    def init(self, options: dict) -> None:
        """Prépare l'analyseur et son équivalent JavaScript."""
        super().init(options)
        folder = Path(sphinx.search.__file__).parent / "minified-js"
        code = [(folder / name).read_text(encoding="utf-8") for name in ("base-stemmer.js", "french-stemmer.js")]
        self.js_stemmer_code = "\n".join([*code, _FOLD])

    def stem(self, word: str) -> str:
        """Rend la racine sous laquelle ``word`` est rangé."""
        return super().stem(fold(word))


def setup(app) -> dict:
    """Remplace l'analyseur français par le sien."""
    app.add_search_language(SearchFolded)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

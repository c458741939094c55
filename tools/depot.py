"""Inscrit l'adresse du dépôt partout où elle sert, à partir d'un seul réglage : ``repository.url`` de ``_config.yml``.

    python -m tools.depot https://github.com/organisation/depot     inscrit l'adresse
    python -m tools.depot --retirer                                 retire l'adresse
    python -m tools.depot --verifier                                dit si tout concorde

De ce réglage dépendent les boutons Colab et Binder, les liens vers le dépôt (site), ``CITATION.cff``, le bloc « depot »
du README et la première cellule (étiquette ``installation``) de chaque notebook.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK_FOLDERS = ("chapters", "exercises", "solutions")
TAG = "installation"

_URL = re.compile(r"https://github\.com/[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
_CONFIG_LINE = re.compile(r'^(repository:\n(?:[ \t]+.*\n)*?[ \t]+url:[ \t]*)"([^"\n]*)"', re.M)
_CITATION_LINE = re.compile(r'^repository-code:.*\n', re.M)
_README_BLOCK = re.compile(r"(<!-- depot -->\n).*?(<!-- /depot -->)", re.S)


def checked_url(url: str) -> str:
    """Rend l'adresse sans « .git » ni barre finale ; lève ``ValueError`` si ce n'est pas celle d'un dépôt GitHub."""
    text = url.strip().rstrip("/").removesuffix(".git")
    if not _URL.fullmatch(text) or text.endswith(("/.", "/..")):
        raise ValueError(
            "« URL » doit être l'adresse d'un dépôt GitHub, de la forme https://github.com/organisation/depot "
            f"(Colab n'ouvre que ceux-là) ; reçu : {url!r}."
        )
    return text


def installation_cell(url: str = "") -> str:
    """Rend la source de la première cellule d'un notebook ; ``url`` vide tant que l'adresse n'est pas connue."""
    lines = [
        "# Le module du cours est déjà là sur un poste préparé ; sinon, cette cellule y pourvoit.",
        "import importlib.util",
        "",
        'if importlib.util.find_spec("cours_cnn") is None:',
    ]
    if url:
        lines.append(f'    %pip install --quiet "cours-cnn[notebooks] @ git+{checked_url(url)}"')
    else:
        lines[0] = "# Le module du cours doit être installé ; sinon, cette cellule dit comment faire."
        lines += [
            "    raise ModuleNotFoundError(",
            "        \"Le module cours_cnn est absent. "
            "À la racine du cours, exécutez pip install -e '.[notebooks]', \"",
            '        "puis redémarrez le noyau.")',
        ]
    return "\n".join(lines)


def read_url(root: Path = ROOT) -> str:
    """Rend l'adresse inscrite dans ``_config.yml`` (texte vide si elle n'est pas connue)."""
    match = _CONFIG_LINE.search((root / "_config.yml").read_text(encoding="utf-8"))
    if match is None:
        raise ValueError('_config.yml doit contenir la section « repository » avec une ligne « url: "" ».')
    return match.group(2)


def notebooks(root: Path = ROOT) -> list[Path]:
    """Rend les notebooks du cours, dans l'ordre des dossiers puis des noms."""
    found = (path for folder in NOTEBOOK_FOLDERS for path in sorted((root / folder).glob("*.ipynb")))
    return [path for path in found if not path.name.startswith(".")]


def _config(text: str, url: str) -> str:
    return _CONFIG_LINE.sub(lambda match: f'{match.group(1)}"{url}"', text, count=1)


def _citation(text: str, url: str) -> str:
    # Le format CFF n'admet pas d'adresse vide : la ligne existe ou n'existe pas.
    text = _CITATION_LINE.sub("", text)
    return text + (f'repository-code: "{url}"\n' if url else "")


def _readme(text: str, url: str, paths: list[str]) -> str:
    if url:
        name = url.removeprefix("https://github.com/")
        lines = ["```sh", f"git clone {url}.git", "```", "", "Dans Google Colab, sans rien installer :", ""]
        lines += [f"- [{path}](https://colab.research.google.com/github/{name}/blob/main/{path})" for path in paths]
    else:
        lines = [
            "L'adresse du dépôt n'est pas encore inscrite. `make depot URL=https://github.com/…` l'inscrit partout :",
            "boutons Colab et Binder du site, première cellule des notebooks, citation et liens de cette page.",
        ]
    # Même règle que partout dans la prose : espace insécable devant les deux-points.
    body = "\n".join(lines).replace(" :", "\u00a0:")
    return _README_BLOCK.sub(lambda match: f"{match.group(1)}{body}\n{match.group(2)}", text)


def _notebook(text: str, url: str) -> str:
    """Récrit la première cellule étiquetée ; un notebook déjà à jour est rendu à l'octet près."""
    content = json.loads(text)
    source = installation_cell(url).splitlines(keepends=True)
    changed = False
    for cell in content["cells"]:
        if TAG in cell.get("metadata", {}).get("tags", []) and "".join(cell["source"]) != "".join(source):
            cell["source"], changed = source, True
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n" if changed else text


def wanted(url: str, root: Path = ROOT) -> dict[Path, str]:
    """Rend, pour chaque fichier concerné, le texte qu'il doit avoir quand l'adresse du dépôt est ``url``."""
    paths = notebooks(root)
    shown = [path.relative_to(root).as_posix() for path in paths if path.parent.name != "solutions"]
    result = {root / "_config.yml": _config, root / "CITATION.cff": _citation,
              root / "README.md": lambda text, url: _readme(text, url, shown)}
    result |= dict.fromkeys(paths, _notebook)
    return {path: rewrite(path.read_text(encoding="utf-8"), url) for path, rewrite in result.items() if path.exists()}


def disagreements(root: Path = ROOT) -> list[Path]:
    """Rend les fichiers qui ne concordent pas avec l'adresse inscrite dans ``_config.yml``."""
    return [path for path, text in wanted(read_url(root), root).items() if path.read_text(encoding="utf-8") != text]


def write(url: str, root: Path = ROOT) -> list[Path]:
    """Inscrit ``url`` (vide pour la retirer) et rend les fichiers modifiés ; chacun est écrit à part puis renommé."""
    url = checked_url(url) if url else ""
    read_url(root)
    changed = [(path, text) for path, text in wanted(url, root).items() if path.read_text(encoding="utf-8") != text]
    for path, text in changed:
        aside = path.with_name(f".{path.name}.nouveau")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    return [path for path, _ in changed]


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée de la commande ; rend 0 si tout va bien, 1 si des fichiers divergent, 2 si l'appel est faux."""
    parser = argparse.ArgumentParser(prog="python -m tools.depot", description="Adresse du dépôt du cours.")
    parser.add_argument("url", nargs="?", help="adresse https://github.com/organisation/depot")
    parser.add_argument("--retirer", action="store_true", help="retirer l'adresse")
    parser.add_argument("--verifier", action="store_true", help="vérifier que tous les fichiers concordent")
    options = parser.parse_args(arguments)
    if [bool(options.url), options.retirer, options.verifier].count(True) != 1:
        print("Indiquez une adresse, --retirer ou --verifier. Exemple :\n"
              "  make depot URL=https://github.com/organisation/depot", file=sys.stderr)
        return 2
    try:
        if options.verifier:
            stale = disagreements()
            for path in stale:
                print(f"{path.relative_to(ROOT)} ne concorde pas avec _config.yml ; relancez « make depot ».")
            return 1 if stale else 0
        changed = write(options.url or "")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for path in changed:
        print(f"Récrit : {path.relative_to(ROOT)}")
    print("Rien à changer." if not changed else f"{len(changed)} fichier(s) mis à jour.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

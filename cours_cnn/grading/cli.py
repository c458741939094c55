"""La commande ``cours-cnn`` : noter une classe.

    cours-cnn noter DOSSIER_OU_ZIP --exercice lenet --sortie notes/

Codes de sortie : 0, tout est noté ; 1, une copie au moins n'a pu l'être ; 2, l'appel ou le corrigé est fautif ; 3, la
protection demandée n'existe pas sur cette machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import nbformat

from cours_cnn.grading import bubblewrap, classroom, moodle, provisioner, submissions
from cours_cnn.grading.lint import weaknesses
from cours_cnn.grading.sample import sample_class
from cours_cnn.grading.scale import read_scale
from cours_cnn.grading.session import CELL_LIMIT_S, Session, SessionError, hidden_parts, identified, open_session
from cours_cnn.grading.zygote_client import ZygoteError

EXECUTORS = ("dask", "ray")
PROTECTIONS = ("prison", "bwrap")  # dans l'ordre de préférence


def main(arguments: list[str] | None = None) -> int:
    """Point d'entrée de la commande ; rend le code de sortie."""
    options = _parser().parse_args(arguments)
    try:
        return _write_sample(options) if options.commande == "exemple" else _mark_class(options)
    except (submissions.SubmissionsError, SessionError, moodle.WorksheetError, ValueError, TypeError) as error:
        print(error, file=sys.stderr)
        return 2
    except ZygoteError as error:
        print(f"Les noyaux ne peuvent être lancés : {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("\nInterrompu. Les copies déjà notées sont gardées : relancez la même commande avec --reprendre.",
              file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cours-cnn", description="Cours « Architectures de CNN » : outils de "
                                     "l'enseignant.")
    commands = parser.add_subparsers(dest="commande", required=True, metavar="COMMANDE")
    mark = commands.add_parser("noter", help="noter les copies d'une classe")
    mark.add_argument("source", type=Path, metavar="DOSSIER_OU_ZIP", help="zip de Moodle, dossier ou notebook")
    mark.add_argument("--exercice", required=True, help="nom de l'exercice, par exemple lenet")
    mark.add_argument("--sortie", type=Path, required=True, help="dossier des notes et des rapports")
    mark.add_argument("--corriges", type=Path, default=Path("solutions"), help="dossier des corrigés (solutions)")
    mark.add_argument("--feuille", type=Path, help="feuille de notes téléchargée de Moodle, à remplir")
    mark.add_argument("--bareme", type=Path, help="fichier bareme.toml")
    mark.add_argument("--reprendre", action="store_true", help="ne noter que ce qui a changé depuis la dernière fois")
    mark.add_argument("--travailleurs", type=int, default=2, metavar="N", help="copies notées à la fois (2)")
    mark.add_argument("--graine", type=int, help="graine de la session, pour refaire une notation (recours)")
    mark.add_argument("--delai", type=float, default=CELL_LIMIT_S, metavar="S", help="secondes par cellule (60)")
    mark.add_argument("--executeur", metavar="ADRESSE", help="grappe : dask://hôte:port ou ray://hôte:port")
    mark.add_argument("--simulation", action="store_true", help="dire ce qui serait fait, sans rien noter")
    mark.add_argument("--protection", choices=PROTECTIONS,
                      help="prison (la plus rapide) ou bwrap (bubblewrap) ; par défaut, la première qui fonctionne")
    mark.add_argument("--sans-protection", action="store_true",
                      help="exécuter les copies SANS prison : elles peuvent lire et détruire vos fichiers")
    sample = commands.add_parser("exemple", help="écrire une petite classe fictive, pour essayer la notation")
    sample.add_argument("--exercice", required=True, help="nom de l'exercice, par exemple lenet")
    sample.add_argument("--sortie", type=Path, required=True, help="dossier où l'écrire")
    sample.add_argument("--corriges", type=Path, default=Path("solutions"), help="dossier des corrigés (solutions)")
    return parser


def _master(options) -> Path:
    path = options.corriges / f"{options.exercice}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in options.corriges.glob("*.ipynb"))) or "aucun"
        raise SessionError(f"Le corrigé {path} n'existe pas. Exercices connus : {known}.")
    return path


def _write_sample(options) -> int:
    for name, data in sample_class(_master(options)).items():
        classroom.write(options.sortie / name, data)
    place = options.sortie
    print(f"Classe d'exemple écrite dans {place}. Pour la noter :\n  cours-cnn noter {place / 'envoi.zip'} --exercice "
          f"{options.exercice} --feuille {place / 'feuille.csv'} --sortie {place / 'notes'} --delai 10")
    return 0


def _mark_class(options) -> int:
    if options.travailleurs < 1:
        raise ValueError("--travailleurs : au moins 1.")
    master = _master(options)
    scale = read_scale(options.bareme)
    worksheet = options.feuille.read_bytes() if options.feuille else None
    if worksheet is not None:
        moodle.read(worksheet)
    copies = submissions.find(options.source, options.exercice)
    present = [copy for copy in copies if copy.file]
    print(f"{len(copies)} élève(s), {len(present)} notebook(s) à noter.")
    if options.simulation:
        return _simulate(copies)
    protection = _protection(options)
    if protection is None:
        return 3
    executor = _executor(options.executeur) if options.executeur else classroom.processes(
        options.travailleurs, forked=protection == "prison")
    try:
        session = _session(options, master, protection, executor)
        results = classroom.mark_all(session, copies, options.sortie, executor, resume=options.reprendre,
                                     tell=lambda line: print(line, flush=True))
    finally:
        executor.shutdown(cancel_futures=True)
    problems = classroom.write_reports(session, copies, results, options.sortie, scale, worksheet)
    for problem in problems:
        print(f"Feuille Moodle : {problem}.")
    refused = [copy.student for copy, result in zip(copies, results, strict=True) if result["status"] != "notée"]
    print(f"{len(results) - len(refused)} copie(s) notée(s). Rapport : {options.sortie / 'classe.html'}")
    if refused:
        print("Non notée(s) : " + ", ".join(refused) + ".")
    return 1 if refused or problems else 0


def _protection(options) -> str | None:
    """Rend la protection des copies : celle demandée, sinon la première qui fonctionne ; ``None`` sans aucune."""
    if options.sans_protection:
        print("AVERTISSEMENT : les copies s'exécutent sans protection ; elles peuvent lire et modifier vos fichiers.")
        return "aucune"
    checks = {"prison": provisioner.why_unavailable, "bwrap": bubblewrap.why_unavailable}
    reasons = []
    for name in [options.protection] if options.protection else PROTECTIONS:
        reason = checks[name]()
        if reason is None:
            if reasons:
                print(f"Protection employée : {name} ({'; '.join(reasons)}).")
            return name
        reasons.append(f"{name} : {reason}")
    print("Aucune protection des copies n'est disponible.\n" + "".join(f"  {line}.\n" for line in reasons)
          + "Noter sans elle laisserait les copies lire et modifier vos fichiers ; si vous l'acceptez, ajoutez "
          "--sans-protection.", file=sys.stderr)
    return None


def _simulate(copies) -> int:
    for copy in copies:
        print(f"  {copy.student} : {copy.file.path if copy.file else 'rien à noter'}")
        for note in copy.notes:
            print(f"      {note}")
    print("Simulation : rien n'a été exécuté ni écrit.")
    return 0


def _session(options, master: Path, protection: str, executor) -> Session:
    """Rend la session à employer ; une reprise garde la graine et la référence de la session interrompue."""
    kept = options.sortie / "session.json"
    if options.reprendre and kept.is_file():
        known = Session(**json.loads(kept.read_text(encoding="utf-8")))
        now = identified(nbformat.read(master, as_version=4))
        same = (known.master, known.protection) == (nbformat.writes(now), protection) and \
            (known.labels, known.shown) == hidden_parts(now, master.parent, known.seed)
        if same and options.graine in (None, known.seed) and known.cell_limit == options.delai:
            print("Session reprise : même graine, même corrigé.")
            return known
        print("Le corrigé ou les réglages ont changé : nouvelle session, toutes les copies sont renotées.")
    print("Exécution du corrigé…", flush=True)
    session = executor.submit(partial(open_session, master.resolve(), seed=options.graine, protection=protection,
                                      cell_limit=options.delai)).result()
    check = executor.submit(classroom.mark, session, None).result()
    if check["points"] != check["total"]:
        lost = [question["id"] for question in check["questions"] if question["earned"] != question["points"]]
        raise SessionError(f"Le corrigé n'obtient que {check['points']:g} sur {check['total']:g} (questions "
                           f"{', '.join(lost)}) : il n'est pas reproductible. Aucune copie n'est notée.")
    for weakness in weaknesses(session, executor.map):
        print(f"Corrigé à revoir, {weakness}.")
    classroom.write(kept, json.dumps(asdict(session), ensure_ascii=False))
    return session


def _executor(address: str):
    """Rend l'exécuteur d'une grappe existante, par l'interface de ``concurrent.futures``."""
    kind, _, place = address.partition("://")
    if kind not in EXECUTORS or not place:
        raise ValueError(f"--executeur : attendu dask://hôte:port ou ray://hôte:port ; reçu : {address}")
    try:
        if kind == "dask":
            from distributed import Client

            return Client(f"tcp://{place}").get_executor()
        import ray
        from ray.util.multiprocessing import Pool

        ray.init(f"ray://{place}")
        return _PoolExecutor(Pool())
    except ModuleNotFoundError as error:
        raise ValueError(f"--executeur {address} : le paquet {error.name} n'est pas installé.") from None


class _PoolExecutor:
    """Donne à un ``multiprocessing.Pool`` (celui de Ray) l'interface de ``concurrent.futures``."""

    def __init__(self, pool):
        self.pool = pool

    def submit(self, function, *arguments):
        from concurrent.futures import Future

        future: Future = Future()
        self.pool.apply_async(function, arguments, callback=future.set_result, error_callback=future.set_exception)
        return future

    def map(self, function, *columns):
        return [future.result() for future in [self.submit(function, *row) for row in zip(*columns, strict=True)]]

    def shutdown(self, **_options) -> None:
        self.pool.terminate()


if __name__ == "__main__":
    sys.exit(main())

"""Les rapports : une page HTML par élève, une pour la classe, un CSV. Rien de ce qu'écrit un élève n'y est exécuté.

Les pages sont autonomes (ni script, ni image, ni requête) ; une politique de sécurité (CSP) interdit d'avance tout ce
qu'elles ne contiennent pas, et chaque texte venu d'une copie est échappé.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence
from statistics import mean, median

from cours_cnn.french import NBSP, number, percent
from cours_cnn.grading.similarity import Pair

_HEAD = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>{title}</title><style>
:root{{color-scheme:light dark}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
h1{{line-height:1.2}} table{{border-collapse:collapse;width:100%}} .cadre{{overflow-x:auto}}
th,td{{border-bottom:1px solid #8888;padding:.4rem .6rem;text-align:left;vertical-align:top}}
td.n,th.n{{text-align:right;white-space:nowrap}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.6rem;border-radius:4px;font-size:.85rem}}
.note{{font-size:2rem;font-weight:700}} .avis{{border-left:4px solid #b35c00;padding-left:.8rem}}
.barre{{display:inline-block;height:.7rem;background:#0b63a5;vertical-align:baseline}}
</style></head><body>
"""  # noqa: E501 — la politique de sécurité s'écrit sur une ligne
VERDICTS = {
    "juste": "Juste",
    "partiel": "Les prédictions ne valent qu'une partie des points.",
    "faux": "Le résultat diffère de celui qui est attendu.",
    "erreur": "L'exécution s'est arrêtée sur une erreur.",
    "délai": "L'exécution a dépassé le temps admis.",
    "noyau": "L'exécution a interrompu le noyau Python.",
    "flot": "L'exécution a affiché une quantité démesurée de texte.",
}


def student_page(result: Mapping) -> str:
    """Rend la page d'un élève ; ``result`` : un résultat de :mod:`cours_cnn.grading.classroom`."""
    parts = [_HEAD.format(title=_text(f"{result['exercise']} : {result['student']}")),
             f"<h1>{_text(result['student'])}</h1><p>Exercice {_text(result['exercise'])}</p>"]
    if result["status"] != "notée":
        parts.append(f'<p class="avis">Copie non notée{NBSP}: {_text(result["reason"])}</p>')
    else:
        parts.append(f'<p class="note">{_number(result["mark"])}{NBSP}/{NBSP}{_number(result["out_of"])}</p>')
        parts.append("<ul>" + "".join(f"<li>{_text(line)}</li>" for line in result["explanation"]) + "</ul>")
        parts.append('<h2>Questions</h2><div class="cadre" tabindex="0" role="region" aria-label="Questions"><table>'
                     '<thead><tr><th scope="col">Question</th><th scope="col" class="n">Points</th>'
                     '<th scope="col">Verdict</th></tr></thead><tbody>')
        parts += [_question_row(question) for question in result["questions"]]
        parts.append("</tbody></table></div>")
    for title, name in (("Réparations faites pour noter la copie", "repairs"), ("Remarques sur l'envoi", "notes"),
                        ("Points à relire par l'enseignant", "alerts")):
        if result.get(name):
            parts.append(f"<h2>{title}</h2><ul>" + "".join(f"<li>{_text(line)}</li>" for line in result[name])
                         + "</ul>")
    return "".join(parts) + "</body></html>\n"


def class_page(exercise: str, results: Sequence[Mapping], pairs: Sequence[Pair], seed: int, digest: str) -> str:
    """Rend la page de la classe : notes, réussite par question, copies à relire, ressemblances."""
    marked = [result for result in results if result["status"] == "notée"]
    parts = [_HEAD.format(title=_text(f"{exercise} : la classe")), f"<h1>Exercice {_text(exercise)}</h1>",
             f"<p>{len(results)} copies, dont {len(marked)} notées.</p>"]
    if marked:
        marks = [result["mark"] for result in marked]
        parts.append(f"<p>Moyenne{NBSP}: {number(mean(marks), 2)} ; médiane{NBSP}: {number(float(median(marks)), 2)} ; "
                     f"de {number(min(marks), 2)} à {number(max(marks), 2)}.</p>")
        parts.append(_success(marked))
    parts.append('<h2>Copies</h2><div class="cadre" tabindex="0" role="region" aria-label="Copies"><table><thead><tr>'
                 '<th scope="col">Élève</th><th scope="col" class="n">Note</th><th scope="col" class="n">Temps (s)</th>'
                 '<th scope="col">À signaler</th></tr></thead><tbody>')
    for result in results:
        mark = number(result["mark"], 2) if result["status"] == "notée" else "—"
        told = dict.fromkeys([*([result["reason"]] if result["reason"] else []), *result["notes"], *result["repairs"],
                              *result["alerts"], *_incidents(result)])
        parts.append(f'<tr><td><a href="eleves/{_text(result["key"])}.html">{_text(result["student"])}</a></td>'
                     f'<td class="n">{mark}</td><td class="n">{number(result["seconds"], 1)}</td>'
                     f'<td>{"<br>".join(_text(line) for line in told)}</td></tr>')
    parts.append("</tbody></table></div><h2>Réponses semblables</h2>")
    if pairs:
        parts.append(f"<p>Une alerte à relire, jamais un verdict{NBSP}: deux bonnes réponses peuvent se ressembler. "
                     "Pour chaque question, la part commune aux deux réponses, une fois retiré ce que l'énoncé donne."
                     "</p><ul>")
        together: dict[tuple[str, str], list[str]] = {}
        for pair in pairs:
            shared = f"{pair.question.removesuffix('-reponse')} ({percent(pair.share, 0)})"
            together.setdefault((pair.first, pair.second), []).append(shared)
        parts += [f"<li>{_text(first)} et {_text(second)}{NBSP}: {_text(', '.join(sorted(shared)))}</li>"
                  for (first, second), shared in together.items()]
        parts.append("</ul>")
    else:
        parts.append("<p>Aucune.</p>")
    parts.append(f"<h2>Pour refaire cette notation</h2><p>Graine de la session{NBSP}: {seed} ; empreinte{NBSP}: "
                 f"{_text(digest[:16])}.</p>")
    return "".join(parts) + "</body></html>\n"


def marks_csv(results: Sequence[Mapping]) -> str:
    """Rend les notes en CSV : une ligne par élève, une colonne par question, séparateur point-virgule."""
    names = list(dict.fromkeys(question["id"] for result in results for question in result["questions"]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Élève", "Identifiant", "Note", "Sur", "État", *names])
    for result in results:
        earned = {question["id"]: question["earned"] for question in result["questions"]}
        mark = _decimal(result["mark"]) if result["status"] == "notée" else ""
        points = [_decimal(earned[name]) if name in earned else "" for name in names]
        writer.writerow([_cell(result["student"]), _cell(result["identifier"]), mark, _decimal(result["out_of"]),
                         _cell(result["status"]), *points])
    return buffer.getvalue()


def comment(result: Mapping) -> str:
    """Rend le commentaire de la feuille Moodle : une phrase par question perdue, en texte simple."""
    if result["status"] != "notée":
        return f"Copie non notée : {_plain(result['reason'])}"
    lines = [*result["explanation"]]
    lines += [f"{question['id']} : {VERDICTS[question['verdict']]}" for question in result["questions"]
              if question["verdict"] != "juste"]
    return " ; ".join(_plain(line).rstrip(".") for line in lines) + "."


def _incidents(result: Mapping) -> list[str]:
    """Rend ce qui a troublé l'exécution d'une copie : délai, noyau interrompu, flot de texte."""
    return [f"{question['id']}{NBSP}: {VERDICTS[question['verdict']].rstrip('.').replace('L', 'l', 1)}"
            for question in result.get("questions", []) if question["verdict"] in ("délai", "noyau", "flot")]


def _question_row(question: Mapping) -> str:
    details = [VERDICTS[question["verdict"]]]
    if "prédictions" in question["message"]:
        details.append(f'<p>{_text(question["message"])}</p>')
    for title, name in (("Erreur de la réponse", "answer_error"), ("Erreur à l'évaluation", "error"),
                        ("Sortie d'erreur (sans effet sur la note)", "stderr"), ("Affichage", "stdout")):
        if question[name]:
            details.append(f"<details><summary>{title}</summary><pre>{_text(question[name])}</pre></details>")
    return (f'<tr><th scope="row">{_text(question["id"])}</th><td class="n">{_number(question["earned"])}{NBSP}/{NBSP}'
            f'{_number(question["points"])}</td><td>{"".join(details)}</td></tr>')


def _success(marked: Sequence[Mapping]) -> str:
    rows = []
    for name in dict.fromkeys(question["id"] for result in marked for question in result["questions"]):
        found = [question for result in marked for question in result["questions"] if question["id"] == name]
        share = mean(question["earned"] / question["points"] if question["points"] else 1 for question in found)
        rows.append(f'<tr><th scope="row">{_text(name)}</th><td class="n">{percent(share, 0)}</td>'
                    f'<td><span class="barre" style="width:{12 * share:.2f}rem"></span></td>'
                    f'<td class="n">{number(mean(question["seconds"] for question in found), 2)}</td></tr>')
    return ('<h2>Réussite par question</h2><div class="cadre" tabindex="0" role="region" aria-label="Réussite"><table>'
            '<thead><tr><th scope="col">Question</th><th scope="col" class="n">Réussite</th><td></td>'
            '<th scope="col" class="n">Temps moyen (s)</th></tr></thead><tbody>' + "".join(rows)
            + "</tbody></table></div>")


def _text(value) -> str:
    return html.escape(_plain(value), quote=True)


def _plain(value) -> str:
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", str(value))


def _number(value: float) -> str:
    return number(int(value) if float(value).is_integer() else float(value), 2)


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _cell(value) -> str:
    """Un tableur exécuterait un texte qui commence comme une formule."""
    text = _plain(value).replace("\n", " ")
    return "'" + text if text[:1] in tuple("=+-@\t\r") else text

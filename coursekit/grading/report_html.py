"""Reports as web pages: one file each, without scripts, links to elsewhere or images.

Everything that came with a submission is cleaned and escaped, and the page forbids the
browser to load or run anything, so that even a mistake here would show text only.
"""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from coursekit.grading.report_clean import file_name, name, number, plain
from coursekit.grading.report_tally import (
    WORDS,
    Tally,
    headline,
    look,
    percent,
    score,
    tallies,
    unprotected,
)
from coursekit.grading.report_text import NO_SANDBOX
from coursekit.grading.types import Grade, Report

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --paper: #fff; --soft: #5b6675;
  --line: #d9dee5; --good: #13703f; --half: #8a5a00; --bad: #a8271f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14181d;
  --soft: #9aa5b4; --line: #333b46; --good: #63c992; --half: #e0af55;
  --bad: #f08c84; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); overflow-wrap: anywhere; }
.score { font-size: 1.2rem; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem .45rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; min-width: 4.5rem; }
th { font-weight: 600; color: var(--soft); } td.n, th.n { text-align: right;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
.right { color: var(--good); } .partly { color: var(--half); }
.bad { color: var(--bad); }
.box { border-left: 4px solid var(--half); padding: .5rem 1rem; margin: 1rem 0; }
.why { color: var(--ink); } a { color: inherit; }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>{title}</title>
<style>{style}</style></head><body>
{body}
</body></html>
"""
_COLOURS = {"right": "right", "partly": "partly", "unanswered": "", "missing": ""}


def student(report: Report) -> str:
    """The page for one student: every exercise, its points and what to do about it."""
    body = [
        f"<h1>{_name(report.student)}</h1>",
        f'<p class="soft">{_text(report.notebook)} · {_file(report.origin)}</p>',
        f'<p class="score">{escape(score(report))}</p>',
    ]
    if report.problem:
        body.append(f'<p class="box">{_text(report.problem)}</p>')
    if report.grades:
        rows = "\n".join(_row(grade) for grade in report.grades)
        body.append(
            '<table><thead><tr><th>exercise</th><th class="n">points</th>'
            f"<th>result</th></tr></thead><tbody>\n{rows}\n</tbody></table>"
        )
    body += _list("Notes", report.notes)
    return _page(name(report.student), body)


def classroom(reports: Sequence[Report], folders: Sequence[str]) -> str:
    """The page for the teacher. folders: where each student's page is, relative."""
    body = ["<h1>The class</h1>", f'<p class="score">{escape(headline(reports))}</p>']
    if unprotected(reports):
        body.append(f'<p class="box">{_text(NO_SANDBOX)}</p>')
    rows = "\n".join(
        _member(report, folder) for report, folder in zip(reports, folders, strict=True)
    )
    body.append(
        '<table><thead><tr><th>student</th><th>notebook</th><th class="n">points</th>'
        f'<th class="n">%</th><th>to look at</th></tr></thead><tbody>\n{rows}\n'
        "</tbody></table>"
    )
    found = tallies(reports)
    if found:
        head = "".join(f'<th class="n">{escape(g)}</th>' for g in found[0].groups)
        lines = "\n".join(_exercise(tally) for tally in found)
        body.append(
            f"<h2>Exercise by exercise</h2><table><thead><tr><th>exercise</th>{head}"
            f'<th class="n">points</th></tr></thead><tbody>\n{lines}\n</tbody></table>'
        )
    return _page("The class", body)


def _page(title: str, body: Sequence[str]) -> str:
    return _PAGE.format(title=escape(title), style=_STYLE, body="\n".join(body))


def _text(text: object) -> str:
    return escape(plain(text), quote=True)


def _name(text: object) -> str:
    """A name in its own direction of writing, so that it cannot turn the line."""
    return f"<bdi>{escape(name(text), quote=True)}</bdi>"


def _file(origin: object) -> str:
    return f"<bdi>{escape(file_name(origin), quote=True)}</bdi>"


def _row(grade: Grade) -> str:
    colour = _COLOURS.get(grade.state, "bad")
    state = WORDS.get(grade.state, plain(grade.state, 20))
    if grade.state == "partly":
        state += f" ({grade.right} of {grade.cases} cases)"
    cell = f'<span class="{colour}">{escape(state)}</span>'
    if grade.reason and grade.state != "right":
        cell += f'<p class="why">{_text(grade.reason)}</p>'
    cell += "".join(f'<p class="soft">{_text(note)}</p>' for note in grade.notes)
    title = _text(grade.task.title or grade.task.name)
    points = f"{number(grade.points)} / {number(grade.task.points)}"
    return (
        f"<tr><td><b>{_text(grade.task.id)}</b> {title}</td>"
        f'<td class="n">{points}</td><td>{cell}</td></tr>'
    )


def _member(report: Report, folder: str) -> str:
    link = escape(f"students/{quote(folder)}/feedback.html", quote=True)
    points = share = "–"
    if not report.problem:
        points = f"{number(report.points)} / {number(report.possible)}"
        share = f"{percent(report):.0f}"
    why = _text(look(report))
    if report.problem:
        why += f'<p class="soft">{_text(report.problem)}</p>'
    return (
        f'<tr><td><a href="{link}">{_name(report.student)}</a></td>'
        f'<td>{_text(report.notebook)}</td><td class="n">{points}</td>'
        f'<td class="n">{share}</td><td>{why}</td></tr>'
    )


def _exercise(tally: Tally) -> str:
    counts = (count or "" for count in tally.groups.values())
    cells = "".join(f'<td class="n">{count}</td>' for count in counts)
    title = _text(tally.task.title or tally.task.name)
    return (
        f"<tr><td><b>{_text(tally.task.id)}</b> {title}</td>{cells}"
        f'<td class="n">{100 * tally.share:.0f} %</td></tr>'
    )


def _list(title: str, notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    items = "".join(f"<li>{_text(note)}</li>" for note in notes)
    return [f"<h2>{escape(title)}</h2><ul>{items}</ul>"]

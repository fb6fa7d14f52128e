"""Reports as plain text: one submission for its student, a class for its teacher."""

import re
import textwrap
from collections.abc import Sequence

from coursekit.grading.report_clean import file_name, name, number, pad, plain, width
from coursekit.grading.report_tally import (
    WORDS,
    headline,
    look,
    percent,
    score,
    tallies,
    unprotected,
)
from coursekit.grading.types import Grade, Report

WIDTH = 88
_MARKS = {"right": "+", "partly": "~", "unanswered": ".", "missing": "."}
NO_SANDBOX = (
    "These submissions ran WITHOUT a sandbox: their code could read and change what "
    "you can. Grade people you do not know in a container or a throw-away machine."
)


def student(report: Report) -> str:
    """The table for one student: a line for each exercise, the reason below it."""
    lines = [f"{name(report.student)}: {score(report)}"]
    place = file_name(report.origin)
    lines.append(f"{report.notebook} in {place}" if report.notebook else place)
    if report.problem:
        lines += ["", *_wrap(report.problem, "  ")]
    if report.grades:
        room = max([20, *(width(_title(grade)) for grade in report.grades)])
        lines.append("")
        for grade in report.grades:
            lines += _grade(grade, min(room, 50))
    if report.notes:
        lines.append("")
        for note in report.notes:
            lines += _wrap(note, "  note: ", "        ")
    return _join(lines)


def classroom(reports: Sequence[Report]) -> str:
    """The table for the teacher: who, how many points, whom to look at, what was hard.

    Ends with the exercises, so that one sees what the class should hear again.
    """
    lines = [headline(reports), ""]
    room = min(40, max([7, *(width(name(r.student)) for r in reports)]))
    lines.append(f"{'student':<{room}}  {'notebook':<20}{'points':>12}{'%':>6}")
    for report in reports:
        points, share = "-", ""
        if not report.problem:
            points = f"{number(report.points)}/{number(report.possible)}"
            share = f"{percent(report):.0f}"
        who = pad(_cut(name(report.student), room), room)
        row = f"{who}  {plain(report.notebook, 19):<20}{points:>12}{share:>6}"
        lines.append(row.rstrip())
        if said := report.problem or look(report):
            lines += _wrap(said, "    look: ", "          ")
    found = tallies(reports)
    if found:
        columns = found[0].groups
        head = f"{'exercise':<30}" + "".join(f"{column:>13}" for column in columns)
        lines += ["", f"{head}{'points':>9}"]
        for tally in found:
            title = pad(_cut(f"{tally.task.id:<6}{plain(tally.task.name)}", 29), 30)
            cells = "".join(f"{count:>13}" for count in tally.groups.values())
            lines.append(f"{title}{cells}{100 * tally.share:>7.0f} %")
    if unprotected(reports):
        lines += ["", *_wrap(NO_SANDBOX, "")]
    return _join(lines)


def _join(lines: Sequence[str]) -> str:
    """The text. In the log of a CI run no line of it can be a command to the runner.

    GitHub takes `::name::` at the beginning of a line and `##[name]` anywhere.
    """
    safe = (re.sub(r"^(\s*):(?=:)", r"\1: ", line) for line in lines)
    return "\n".join(safe).replace("##[", "## [") + "\n"


def _title(grade: Grade) -> str:
    return f"{plain(grade.task.id, 12)} {plain(grade.task.title or grade.task.name)}"


def _cut(text: str, columns: int) -> str:
    """The text, or its beginning and an ellipsis, within a number of columns."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - 3:
            break
        kept += char
    return kept + "..."


def _grade(grade: Grade, room: int) -> list[str]:
    mark = _MARKS.get(grade.state, "x")
    points = f"{number(grade.points)}/{number(grade.task.points)}"
    state = WORDS.get(grade.state, plain(grade.state, 20))
    if grade.state == "partly":
        state += f" ({grade.right} of {grade.cases} cases)"
    title = pad(_cut(_title(grade), room), room)
    lines = [f"{mark} {title}  {points:>9}  {state}"]
    if grade.reason and grade.state != "right":
        lines += _wrap(grade.reason, "      ")
    for note in grade.notes:
        lines += _wrap(note, "      note: ", "            ")
    return lines


def _wrap(text: str, first: str, more: str | None = None) -> list[str]:
    return textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if more is None else more,
        break_on_hyphens=False,
    )

"""Reports as plain text: one submission for its student, a class for its teacher."""

import re
import textwrap
from collections.abc import Sequence
from statistics import median

from coursekit.grading.classbook import Book, Student
from coursekit.grading.report_clean import file_name, name, number, plain, width
from coursekit.grading.report_tally import GROUPS, group, percent, tallies, words
from coursekit.grading.types import Grade, Report

WIDTH = 88
_MARKS = dict(zip(GROUPS, "+~x.=", strict=True))


def student(report: Report, result: str) -> str:
    """The table for one file: a line for each exercise, the reason below it."""
    lines = [f"{name(report.student)}: {result}"]
    place = file_name(report.origin) if report.origin else ""
    lines.append(" in ".join(filter(None, [report.notebook, place])))
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
            lines += _wrap(note, "  note: ")
    return joined(lines)


def headline(book: Book) -> str:
    """The class in one line."""
    count, flagged = len(book.students), sum(bool(s.look) for s in book.students)
    absent = sum(student.absent for student in book.students)
    parts = [f"{count} student{'s' * (count != 1)}"]
    parts += [f"{absent} handed in nothing"] * bool(absent)
    return ", ".join(parts + [f"{flagged} to look at"] * bool(flagged))


def medians(book: Book) -> list[tuple[str, int, str]]:
    """Each notebook, how many handed it in, and their median."""
    found = []
    for notebook in book.notebooks:
        entries = [s.entries[notebook] for s in book.students if notebook in s.entries]
        there = [each for each in entries if each.counts]
        graded = [percent(each) for each in there if not each.problem]
        middle = f"{median(graded):.0f} %" if graded else "-"
        found.append((notebook, len(there), middle))
    return found


def classroom(book: Book, foot: str) -> str:
    """The table for the teacher: who, how many points, whom to look at, what was hard.

    Ends with the exercises, so that one sees what the class should hear again; the
    mistakes and the equal answers are on the page.
    """
    lines = [headline(book)]
    lines += [f"{plain(n)}: {c} handed in, median {m}" for n, c, m in medians(book)]
    room = min(36, max([7, *(width(name(s.name)) for s in book.students)]))
    short = [plain(each.partition("_")[0], 5) for each in book.notebooks]
    heads = "".join(f"{each:>7}" for each in short)
    full = "".join(f"{number(each):>7}" for each in book.possible.values())
    lines += ["", f"{'student':<{room}}{heads}{'sum':>8}{'%':>6}"]
    lines.append(f"{'possible':<{room}}{full}{number(book.most):>8}")
    for one in book.students:
        cells = "".join(f"{cell(one, each):>7}" for each in book.notebooks)
        total = f"{number(one.points):>8}{percent(one):>6.0f}"
        who = _fit(name(one.name), room)
        lines.append(f"{who}{cells}{total if not one.absent else ''}".rstrip())
        lines += _wrap(one.remarks, "    ")
        lines += _wrap(one.look, "    look: ")
    found = tallies(book.counting)
    if found:
        head = "".join(f"{each:>{len(each) + 2}}" for each in GROUPS)
        lines += ["", f"{'exercise':<28}{head}{'points':>8}"]
        for tally in found:
            code = tally.task.kind == "code"
            title = plain(tally.task.name if code else tally.task.title)
            counts = [f"{n or '':>{len(g) + 2}}" for g, n in tally.groups.items()]
            title = _fit(f"{tally.task.id:<6}{title}", 27)
            lines.append(f"{title} {''.join(counts)}{100 * tally.share:>6.0f} %")
    for said in book.said:
        lines += ["", *_wrap(said, "note: ")]
    return joined([*lines, "", *_wrap(foot, "")])


def cell(student: Student, notebook: str) -> str:
    """Points of one notebook, * when late; - for none handed in, ? for not graded."""
    entry = student.entries.get(notebook)
    if entry is None:
        return "-"
    points = number(entry.points) + "*" * entry.late
    return "exc" if entry.excused else "?" if entry.problem else points


def joined(lines: Sequence[str]) -> str:
    """The text. In the log of a CI run no line of it can be a command to the runner.

    GitHub takes `::name::` at the beginning of a line and `##[name]` anywhere.
    """
    safe = (re.sub(r"^(\s*):(?=:)", r"\1: ", line) for line in lines)
    return "\n".join(safe).replace("##[", "## [") + "\n"


def _title(grade: Grade) -> str:
    return f"{plain(grade.task.id, 12)} {plain(grade.task.title or grade.task.name)}"


def _fit(text: str, columns: int) -> str:
    """The text in so many columns: with spaces after it, or cut and an ellipsis."""
    if width(text) > columns:
        while width(text) > columns - 3:
            text = text[:-1]
        text += "..."
    return text + " " * (columns - width(text))


def _grade(grade: Grade, room: int) -> list[str]:
    mark = _MARKS[group(grade.state)]
    points = f"{number(grade.points)}/{number(grade.task.points)}"
    state = words(grade.state)
    if grade.state == "partly":
        state += f" ({grade.right} of {grade.cases} cases)"
    title = _fit(_title(grade), room)
    lines = [f"{mark} {title}  {points:>9}  {state}"]
    lines += _wrap(grade.why, "      ")
    for note in grade.notes:
        lines += _wrap(note, "      note: ")
    return lines


def _wrap(text: str, first: str) -> list[str]:
    """Lines below each other, the first with what stands before it; none for ""."""
    return textwrap.wrap(
        plain(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )

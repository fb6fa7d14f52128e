"""marks.csv: what a person decides. Points by hand, comments and excuses.

A run reads the file that --marks names and writes a fresh one, with all rows of the
old, beside its reports; a file that is there is never written over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coursekit.grading import spreadsheet
from coursekit.grading.report_clean import name, number, plain
from coursekit.grading.report_tally import WORDS
from coursekit.grading.types import Grade, Person, Report, Task

COLUMNS = ("student", "id", "notebook or exercise", "points", "comment", "excused")
_NO = {"", "0", "-", "no", "n", "false", "nein", "non"}


@dataclass(frozen=True)
class Mark:
    """One row. item: a notebook or an exercise; points: None leaves the grader's."""

    student: str
    id: str
    item: str
    points: float | None = None
    comment: str = ""
    excused: bool = False

    @property
    def says(self) -> bool:
        """Is anything filled in?"""
        return self.points is not None or bool(self.comment) or self.excused

    @property
    def shown(self) -> str:
        """For people: whose row, and about what."""
        return f"{name(self.student or self.id)}, {plain(self.item, 40)}"


def read(path: Path) -> tuple[Mark, ...]:
    """The rows of a file. ValueError, with the row, for one that cannot be meant."""
    rows, _ = spreadsheet.read(path)
    head = [cell.casefold() for cell in rows[0]] if rows else []
    if missing := [each for each in COLUMNS if each not in head]:
        raise ValueError(f"{path}: no column {missing[0]!r}; the first row names them")
    marks = []
    for place, row in enumerate(rows[1:], start=2):
        cells = dict(zip(head, [*row, *[""] * len(head)], strict=False))
        student, about, item, points, comment, excused = map(cells.get, COLUMNS)
        try:
            value = spreadsheet.number(points) if points else None
        except ValueError:
            said = f"{plain(points, 20)!r} is no number of points"
            raise ValueError(f"{path}, row {place}: {said}") from None
        who = (spreadsheet.fused(student or ""), spreadsheet.fused(about or ""))
        no = (excused or "").casefold() in _NO
        text = spreadsheet.fused(comment or "")
        marks.append(Mark(*who, item or "", value, text, not no))
    return tuple(marks)


def filled(path: Path) -> bool:
    """Has somebody written into it?"""
    try:
        return any(mark.says for mark in read(path))
    except ValueError:
        return True


def template(
    marks: Sequence[Mark], rows: Iterable[tuple[str, Person, str]]
) -> list[list[str]]:
    """The given marks, and an empty row for each student and notebook without one."""
    table = [list(COLUMNS)]
    for mark in marks:
        points = "" if mark.points is None else number(mark.points)
        excused = "yes" if mark.excused else ""
        table.append([mark.student, mark.id, mark.item, points, mark.comment, excused])
    there = {(mark.student, mark.id, mark.item) for mark in marks}
    for student, person, notebook in rows:
        row = (name(student), plain(person.id), notebook)
        if row not in there:
            table.append([*row, "", "", ""])
    return table


def applied(report: Report, marks: Mapping[str, Mark], tasks: Iterable[Task]) -> Report:
    """The report with the marks for its exercises in it. tasks: of its notebook.

    Where the grader could read nothing, there are still marks for what was asked.
    """
    if not marks:
        return report
    if not report.grades:
        empty = tuple(Grade(task, 0.0, "missing") for task in tasks)
        told = (report.problem,) if report.problem else ()
        notes = (*report.notes, *told)
        report = replace(report, grades=empty, problem="", notes=notes)
    grades = tuple(
        _marked(grade, marks[grade.task.id]) if grade.task.id in marks else grade
        for grade in report.grades
    )
    if whole := marks.get(report.notebook):
        report = replace(report, notes=(*report.notes, *_said(whole, report.points)))
    return replace(report, grades=grades)


def _marked(grade: Grade, mark: Mark) -> Grade:
    if mark.excused:
        task = replace(grade.task, points=0.0)
        return replace(
            grade, task=task, points=0.0, state="excused", reason=mark.comment
        )
    if mark.points is None:
        return replace(grade, notes=(*grade.notes, *_said(mark, 0)))
    was = WORDS.get(grade.state, grade.state)
    (said,) = _said(mark, grade.points, f", {was}")
    return replace(grade, points=mark.points, state="by hand", reason=said)


def _said(mark: Mark, before: float, was: str = "") -> tuple[str]:
    if mark.excused:
        return (f"excused. {mark.comment}".strip(),)
    if mark.points is None:
        return (f"comment: {mark.comment}",)
    line = f"marked by hand: {number(mark.points)} (the grader: {number(before)}{was})"
    return (f"{line}. {mark.comment}".rstrip(". ") + ".",)

"""marks.csv: what a person decides. Points by hand, comments and excuses.

A run reads the file that --marks names and writes a fresh one, with all rows of the
old, beside its reports; a file that is there is never written over.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coursekit.grading import spreadsheet
from coursekit.grading.report_clean import fold, name, number, plain
from coursekit.grading.report_tally import words
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
    def decides(self) -> bool:
        """Does it change points?"""
        return self.points is not None or self.excused


def read(path: Path) -> tuple[Mark, ...]:
    """The rows of a file. ValueError, with the row, for one that cannot be meant."""
    marks = []
    for place, row in enumerate(spreadsheet.read(path, COLUMNS).rows, start=2):
        student, about, item, points, comment, excused = (row[key] for key in COLUMNS)
        try:
            value = spreadsheet.number(points) if points else None
        except ValueError:
            said = f"{plain(points, 20)!r} is no number of points"
            raise ValueError(f"{path}, row {place}: {said}") from None
        item = item.split()[-1] if item else ""  # "exercise 01.10" lasts in Excel
        no = excused.casefold() in _NO
        marks.append(Mark(student, about, item, value, comment, not no))
    return tuple(marks)


def filled(path: Path) -> bool:
    """Has somebody written into it?"""
    try:
        return any(mark.decides or mark.comment for mark in read(path))
    except ValueError:
        return True


def template(marks: Sequence[Mark], asked: Iterable[Mark]) -> bytes:
    """A file with the given marks, and those that are asked for and not among them."""
    there = {(mark.student, mark.id, mark.item) for mark in marks}
    new = [each for each in asked if (each.student, each.id, each.item) not in there]
    table = [COLUMNS]
    for mark in (*marks, *new):
        points = "" if mark.points is None else number(mark.points)
        excused = "yes" if mark.excused else ""
        table.append((mark.student, mark.id, mark.item, points, mark.comment, excused))
    return spreadsheet.write(table)


def by_student(
    marks: Iterable[Mark], persons: Mapping[str, Person], items: Container[str]
) -> tuple[defaultdict[str, dict[str, Mark]], list[str]]:
    """The marks by student and item, and a line for each that fits nobody."""
    by_id = {fold(p.id): student for student, p in persons.items() if p.id}
    by_name = {fold(name(student)): student for student in persons}
    found = defaultdict[str, dict[str, Mark]](dict)
    said: list[str] = []
    for mark in (each for each in marks if each.decides or each.comment):
        student = by_id.get(fold(mark.id)) if mark.id else None
        student = student or by_name.get(fold(name(mark.student)))
        if student is not None and mark.item in items:
            found[student][mark.item] = mark
        else:
            row = f"{name(mark.student or mark.id)}, {plain(mark.item, 40)}"
            unknown = "student" if student is None else "notebook or exercise"
            said.append(f"marks: {row}: no such {unknown}, not used")
    return found, said


def applied(report: Report, marks: Mapping[str, Mark], tasks: Iterable[Task]) -> Report:
    """The report with the marks for it and its exercises. tasks: of its notebook.

    Where the grader could read nothing, a person still can.
    """
    if not marks:
        return report
    decided = {item for item, mark in marks.items() if mark.decides}
    if not report.origin:  # nothing was handed in: the points of exercises need rows
        decided.discard(report.notebook)
    if not report.grades and decided:
        empty = tuple(Grade(task, 0.0, "missing") for task in tasks)
        notes = (*report.notes, *filter(None, [report.problem]))
        report = replace(report, grades=empty, problem="", notes=notes)
    grades = tuple(
        _marked(grade, marks[grade.task.id]) if grade.task.id in marks else grade
        for grade in report.grades
    )
    if whole := marks.get(report.notebook):
        said = _said(whole, number(report.points))
        report = replace(report, notes=(*report.notes, said))
    return replace(report, grades=grades)


def _marked(grade: Grade, mark: Mark) -> Grade:
    was = f"{number(grade.points)}, {words(grade.state)}"
    if mark.excused:
        task, said = replace(grade.task, points=0.0), mark.comment
        return replace(grade, task=task, points=0.0, state="excused", reason=said)
    if mark.points is None:
        return replace(grade, notes=(*grade.notes, _said(mark, "")))
    said = f"{mark.comment} (the grader: {was})".lstrip()
    return replace(grade, points=mark.points, state="by hand", reason=said)


def _said(mark: Mark, before: str) -> str:
    told = "excused" if mark.excused else "comment"
    if mark.points is not None and not mark.excused:
        told = f"marked by hand: {number(mark.points)} (the grader: {before})"
    return f"{told}: {mark.comment}" if mark.comment else told

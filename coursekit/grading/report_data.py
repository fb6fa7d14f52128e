"""Reports for programs: our own JSON (also back again), JUnit XML, Gradescope."""

import json
import math
import platform
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from coursekit import __version__
from coursekit.grading.classbook import MINUTE, Student
from coursekit.grading.report_clean import file_name, name, number, plain
from coursekit.grading.report_tally import look, order, words
from coursekit.grading.types import Grade, Person, Report, Task

FORMAT = 2  # raised when a reader of today would misread a file


@dataclass(frozen=True)
class Run:
    """With what and when reports were made."""

    date: str = field(default_factory=lambda: datetime.now().strftime(MINUTE))
    python: str = field(default_factory=platform.python_version)
    course: str = __version__

    def line(self, reports: Iterable[Report]) -> str:
        """For people: all that one must know to repeat it."""
        found = [report for report in reports if report.grades]
        seeds = ", ".join(sorted({str(report.seed) for report in found})) or "-"
        levels = ", ".join(sorted({plain(r.sandbox, 20) for r in found})) or "-"
        return (
            f"Graded {self.date.replace('T', ' ')} with coursekit {self.course} and "
            f"Python {self.python}, seed {seeds}, sandbox {levels}."
        )


def as_dict(report: Report) -> dict[str, Any]:
    """Everything of a report but the stubs, as plain data."""
    return asdict(report) | {
        "format": FORMAT,
        "points": report.points,
        "possible": report.possible,
        "look": look(report),
        "grades": [_grade_dict(grade) for grade in report.grades],
    }


def _grade_dict(grade: Grade) -> dict[str, Any]:
    flat = asdict(grade.task) | {"possible": grade.task.points} | asdict(grade)
    del flat["task"], flat["stub"]
    return flat


def from_dict(data: Mapping[str, Any]) -> Report:
    """The report of `as_dict`, without stubs. ValueError for anything else."""
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}, and {FORMAT} is known here")
        person = data["person"] and _made(Person, data["person"])
        grades = tuple(map(_grade, data["grades"]))
        notes = tuple(map(str, data["notes"]))
        report: Report = _made(Report, data, person=person, grades=grades, notes=notes)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a report of coursekit grade ({error!r})") from None
    return report


def _grade(data: Mapping[str, Any]) -> Grade:
    task = _made(Task, {**data, "points": data["possible"]}, stub="")
    grade: Grade = _made(Grade, data, task=task, notes=tuple(map(str, data["notes"])))
    return grade


def _made(kind: Any, data: Mapping[str, Any], **own: Any) -> Any:
    """A dataclass of plain values, each made what its field says it is.

    own: the fields that hold something else.
    """
    rest: list[Any] = [each for each in fields(kind) if each.name not in own]
    return kind(**{each.name: each.type(data[each.name]) for each in rest}, **own)


def to_json(data: object) -> str:
    """JSON in ASCII, which every program reads, without NaN, which many do not."""
    return json.dumps(_finite(data), indent=1) + "\n"


def _finite(data: Any) -> Any:
    """The data, in which a number that is none earns nothing."""
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    if isinstance(data, float):
        return round(data, 4) if math.isfinite(data) else 0.0
    return data


def junit(reports: Iterable[Report]) -> bytes:
    """JUnit XML: a suite for each submission, a case for each exercise, by its id.

    Less than full points is a failure, and nothing is ever "skipped": there are
    programs that count what did not fail.
    """
    root = ET.Element("testsuites", name="coursekit grade")
    for report in reports:
        about = {"name": name(report.student), "skipped": "0"}
        suite = ET.SubElement(root, "testsuite", about, time=number(report.seconds))
        if report.problem:
            case = _case(suite, report, "submission")
            ET.SubElement(case, "error", type="problem", message=plain(report.problem))
        for grade in report.grades:
            case = _case(suite, report, f"{grade.task.id} {grade.task.name}")
            facts = {"id": grade.task.id, "points": number(grade.points)}
            facts |= {"possible": number(grade.task.points), "state": grade.state}
            holder = ET.SubElement(case, "properties")
            for key, value in facts.items():
                ET.SubElement(holder, "property", name=key, value=plain(value))
            if not grade.full:
                tag = "error" if grade.state == "not gradable" else "failure"
                said = plain(grade.reason) or words(grade.state)
                ET.SubElement(case, tag, type=plain(grade.state, 40), message=said)
    for element in (*root, root):
        for tag in ("testcase", "failure", "error"):
            count = len(list(element.iter(tag)))
            element.set("tests" if tag == "testcase" else f"{tag}s", str(count))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, report: Report, title: str) -> ET.Element:
    notebook = plain(report.notebook) or "unknown notebook"
    return ET.SubElement(suite, "testcase", classname=notebook, name=plain(title))


def student_dict(student: Student) -> dict[str, Any]:
    """What counts of one student, as plain data."""
    return {
        "student": student.name,
        **{key: getattr(student.person, key) for key in ("id", "email", "group")},
        "points": student.points,
        "possible": student.possible,
        "missing": student.missing,
        "remarks": student.remarks,
        "look": student.look,
        "notebooks": {
            notebook: {
                "points": entry.points,
                "possible": entry.possible,
                "tries": entry.tries,
                "late": entry.late,
                "excused": entry.excused,
                "exercises": {
                    grade.task.id: {"points": grade.points, "state": grade.state}
                    for grade in entry.report.grades
                },
            }
            for notebook, entry in student.entries.items()
        },
    }


def gradescope(student: Student) -> dict[str, Any]:
    """What a Gradescope autograder leaves in /autograder/results/results.json.

    All notebooks of one student together. Texts are marked as text, so that
    Gradescope shows them as they are, and the log of the run stays hidden.
    """
    said = [plain(student.remarks)] if student.remarks else []
    for report in student.reports:
        lines = filter(None, (report.problem, *report.notes))
        said += [f"{file_name(report.origin)}: {plain(line)}" for line in lines]
    grades = [g for entry in student.entries.values() for g in entry.report.grades]
    return {
        "score": student.points,
        "execution_time": round(
            sum(_finite(report.seconds) for report in student.reports)
        ),
        "output": "\n".join(said),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            _gradescope_test(grade)
            for grade in sorted(grades, key=lambda each: order(each.task.id))
        ],
    }


def _gradescope_test(grade: Grade) -> dict[str, Any]:
    lines = filter(None, (words(grade.state), grade.why, *grade.notes))
    return {
        "number": plain(grade.task.id, 12),
        "name": plain(grade.task.title or grade.task.name),
        "score": grade.points,
        "max_score": grade.task.points,
        "status": "passed" if grade.full else "failed",
        "output": "\n".join(map(plain, lines)),
    }

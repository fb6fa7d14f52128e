"""Reports for programs: our own JSON (also back again), JUnit XML, Gradescope."""

import json
import math
import platform
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from coursekit import __version__
from coursekit.grading.classbook import MINUTE, Student
from coursekit.grading.report_clean import file_name, name, plain
from coursekit.grading.report_tally import WORDS, look, order
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
    fields = ("student", "origin", "notebook", "problem", "seed", "sandbox")
    return {
        "format": FORMAT,
        **{field: getattr(report, field) for field in fields},
        "seconds": _finite(report.seconds),
        "points": _finite(report.points),
        "possible": _finite(report.possible),
        "look": look(report),
        "notes": list(report.notes),
        "person": asdict(report.person) if report.person else None,
        "attempt": report.attempt,
        "handed_in": report.handed_in,
        "late": report.late,
        "grades": [_grade_dict(grade) for grade in report.grades],
    }


def from_dict(data: Mapping[str, Any]) -> Report:
    """The report of `as_dict`, without stubs. ValueError for anything else."""
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}, and {FORMAT} is known here")
        texts = ("student", "origin", "notebook", "problem", "sandbox")
        return Report(
            **{field: str(data[field]) for field in texts},
            grades=tuple(_grade(each) for each in data["grades"]),
            notes=tuple(map(str, data["notes"])),
            seed=int(data["seed"]),
            seconds=float(data["seconds"]),
            person=_person(data.get("person")),
            attempt=int(data.get("attempt", 1)),
            handed_in=str(data.get("handed_in", "")),
            late=bool(data.get("late", False)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a report of coursekit grade ({error!r})") from None


def _person(data: Mapping[str, Any] | None) -> Person | None:
    fields = ("name", "id", "email", "group")
    return Person(*(str(data[each]) for each in fields)) if data else None


def to_json(data: object) -> str:
    """JSON in ASCII, which every program reads; refuses NaN, which many do not."""
    return json.dumps(data, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _grade_dict(grade: Grade) -> dict[str, Any]:
    flat = asdict(grade.task) | {"possible": _finite(grade.task.points)} | asdict(grade)
    del flat["task"], flat["stub"]
    return flat | {"points": _finite(grade.points), "notes": list(grade.notes)}


def _grade(data: Mapping[str, Any]) -> Grade:
    words = {key: str(data[key]) for key in ("id", "kind", "name", "title", "symbol")}
    return Grade(
        task=Task(**words, points=float(data["possible"]), stub=""),
        points=float(data["points"]),
        state=str(data["state"]),
        reason=str(data["reason"]),
        right=int(data["right"]),
        cases=int(data["cases"]),
        notes=tuple(map(str, data["notes"])),
        fingerprint=str(data.get("fingerprint", "")),
    )


def _finite(value: float) -> float:
    """A number that is none earns nothing."""
    return round(float(value), 4) if math.isfinite(value) else 0.0


def junit(reports: Iterable[Report]) -> bytes:
    """JUnit XML: a suite for each submission, a case for each exercise, by its id.

    Less than full points is a failure, and nothing is ever "skipped": there are
    programs that count what did not fail.
    """
    root = ET.Element("testsuites", name="coursekit grade")
    totals = {"tests": 0, "failures": 0, "errors": 0}
    for report in reports:
        suite = ET.SubElement(root, "testsuite", name=name(report.student))
        counts = dict.fromkeys(totals, 0)
        if report.problem:
            case = _case(suite, report, "submission")
            _outcome(case, "error", "problem", report.problem, counts)
        for grade in report.grades:
            case = _case(suite, report, f"{grade.task.id} {grade.task.name}")
            facts = {"id": grade.task.id, "points": _finite(grade.points)}
            facts |= {"possible": _finite(grade.task.points), "state": grade.state}
            holder = ET.SubElement(case, "properties")
            for key, value in facts.items():
                text = plain(value)
                ET.SubElement(holder, "property", name=key, value=text)
            tag = "error" if grade.state == "not gradable" else "failure"
            full = grade.state == "right" and grade.points >= grade.task.points
            said = grade.reason or WORDS.get(grade.state, grade.state)
            _outcome(case, "" if full else tag, grade.state, said, counts)
        suite.attrib |= {key: str(value) for key, value in counts.items()}
        suite.attrib |= {"skipped": "0", "time": f"{_finite(report.seconds):.3f}"}
        totals = {key: totals[key] + counts[key] for key in totals}
    root.attrib |= {key: str(value) for key, value in totals.items()}
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, report: Report, title: str) -> ET.Element:
    return ET.SubElement(
        suite,
        "testcase",
        classname=plain(report.notebook) or "unknown notebook",
        name=plain(title),
    )


def _outcome(
    case: ET.Element, tag: str, kind: str, said: str, counts: dict[str, int]
) -> None:
    counts["tests"] += 1
    if tag:
        counts[f"{tag}s"] += 1
        ET.SubElement(case, tag, type=plain(kind, 40), message=plain(said))


def student_dict(student: Student) -> dict[str, Any]:
    """What counts of one student, as plain data."""
    return {
        "student": student.name,
        **{key: getattr(student.person, key) for key in ("id", "email", "group")},
        "points": _finite(student.points),
        "possible": _finite(student.possible),
        "missing": list(student.missing),
        "remarks": student.remarks,
        "look": student.look,
        "notebooks": {
            notebook: {
                "points": _finite(entry.points),
                "possible": _finite(entry.possible),
                "tries": entry.tries,
                "late": entry.late,
                "excused": entry.excused,
                "exercises": {
                    grade.task.id: {
                        "points": _finite(grade.points),
                        "state": grade.state,
                    }
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
    tests: list[dict[str, Any]] = []
    said, seconds = [], 0.0
    counting = [entry.report for entry in student.entries.values()]
    for report in (*counting, *student.others):
        seconds += _finite(report.seconds)
        place = file_name(report.origin)
        lines = (report.problem, *report.notes)
        said += [f"{place}: {plain(line)}" for line in lines if line]
    for report in counting:
        tests += [_gradescope_test(grade) for grade in report.grades]
    tests.sort(key=lambda test: order(test["number"]))
    remarks = [student.remarks] if student.remarks else []
    return {
        "score": _finite(student.points),
        "execution_time": round(seconds),
        "output": "\n".join([*map(plain, remarks), *said]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _gradescope_test(grade: Grade) -> dict[str, Any]:
    lines = [WORDS.get(grade.state, grade.state)]
    if grade.reason and grade.state != "right":
        lines.append(grade.reason)
    score, full = _finite(grade.points), _finite(grade.task.points)
    right = grade.state == "right" and score >= full
    return {
        "number": plain(grade.task.id, 12),
        "name": plain(grade.task.title or grade.task.name),
        "score": score,
        "max_score": full,
        "status": "passed" if right else "failed",
        "output": "\n".join(plain(line) for line in [*lines, *grade.notes]),
        "output_format": "text",
    }

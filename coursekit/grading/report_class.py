"""A class's reports as a folder: written whole, shared out over machines, merged.

class.html class.txt class.csv class.json junit.xml    for the teacher
marks.csv                                              for the teacher to fill in
feedback.zip                                           for the learning platform
students/NAME/index.html results.json                  for the student, and Gradescope
students/NAME/NOTEBOOK/feedback.html feedback.txt report.json junit.xml
"""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from pathlib import Path

from coursekit.files import write_atomic
from coursekit.grading import (
    anonymous,
    compare,
    exports,
    marks,
    report_data,
    report_html,
    report_text,
    spreadsheet,
)
from coursekit.grading.alike import find_equal
from coursekit.grading.anonymous import Key
from coursekit.grading.classbook import Book, Policy, Student, build
from coursekit.grading.report_clean import folder_names, name, number, plain
from coursekit.grading.report_data import Run
from coursekit.grading.report_tally import BLANK, percent, score, tallies
from coursekit.grading.types import Report

WHOLE = "1/1"
MARKS, CHANGES = "marks.csv", "changes.txt"
_PLAIN = Policy()


def parse_shard(text: str) -> tuple[int, int]:
    """The (2, 5) of "2/5". ValueError, with what to write, for anything else."""
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text.strip(), re.ASCII)
    if found and 1 <= int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    raise ValueError(f"--shard {plain(text, 30)!r}: write I/N with 1 <= I <= N, as 2/5")


def write_all(
    reports: Sequence[Report],
    out: Path,
    shard: str = WHOLE,
    complete: bool = True,
    policy: Policy = _PLAIN,
    run: Run | None = None,
) -> list[Path]:
    """Write every file, each of them whole or not at all, and return their paths.

    shard: "2/5" when this is the second of five parts of a class, for `merge`, which
    refuses a part that is not `complete`. OSError when the folder cannot be written,
    ValueError when a file that the policy names is not what it should be.
    """
    run = run or Run()
    files: dict[Path, bytes | str] = {}
    key = numbers_so_far(out, policy)
    if ("gradescope", Path()) in policy.exports:  # all files there are of one student
        one = next((r.student for r in reports), "student")
        reports = [replace(each, student=one) for each in reports]
    if policy.anonymous:
        hidden = map(key.hidden, reports)
        reports = sorted(hidden, key=lambda each: each.student)  # not by name
    policy = key.translated(policy)
    if policy.anonymous:
        files[out / anonymous.KEY] = key.table()
    book = build(reports, policy)
    said = list(book.said)
    folders = folder_names([student.name for student in book.students])
    pages: list[tuple[Report, bytes]] = []
    for student, folder in zip(book.students, folders, strict=True):
        pages += _of_student(student, out / "students" / folder, files)
    if len(book.students) == 1:
        results = report_data.gradescope(book.students[0])
        files[out / "gradescope.json"] = report_data.to_json(results)
    if not policy.anonymous:
        files[out / "feedback.zip"] = exports.feedback(pages)
    for kind, gradebook in policy.exports:
        if kind == "moodle":
            files[out / "moodle.csv"] = exports.moodle(book)
        elif kind != "gradescope":
            total = kind == "canvas-total"
            files[out / "canvas.csv"], lines = exports.canvas(book, gradebook, total)
            said += lines
    rows = [report_data.student_dict(student) for student in book.students]
    if policy.compare:
        before = compare.read(policy.compare)
        if policy.anonymous:
            before = [key.renamed(each) for each in before]
        lines = compare.changes(before, rows)
        files[out / CHANGES] = report_text.joined(lines)
    if not (out / MARKS).exists():
        asked = (
            marks.Mark(name(student.name), plain(student.person.id), notebook)
            for student in book.students
            for notebook in book.notebooks
        )
        files[out / MARKS] = marks.template(policy.marks, asked)
    elif policy.marks_file is None and marks.filled(out / MARKS):
        said.append(f"{MARKS} in this folder was not used: name it with --marks")
    book = replace(book, said=tuple(said))
    foot, equal = run.line(reports), find_equal(book.counting)
    files[out / "class.html"] = report_html.classroom(book, folders, foot, equal)
    files[out / "class.txt"] = report_text.classroom(book, foot)
    files[out / "class.csv"] = table(book)
    files[out / "junit.xml"] = report_data.junit(book.counting)
    every = {
        "format": report_data.FORMAT,
        "shard": shard,
        "complete": complete,
        "run": asdict(run),
        "students": rows,
        "reports": [report_data.as_dict(report) for report in reports],
    }
    # Last: a folder with a class.json is complete.
    files[out / "class.json"] = report_data.to_json(every)
    mask = os.umask(0o077)  # grades are as private as the teacher's other files
    os.umask(mask)
    for path, content in files.items():
        data = content if isinstance(content, bytes) else _utf8(content)
        write_atomic(path, data, 0o666 & ~mask)
    return list(files)


def numbers_so_far(out: Path, policy: Policy) -> Key:
    """The numbers that people have so far. ValueError when a key cannot be read."""
    beside = policy.marks_file.parent if policy.marks_file else None
    return Key([out, policy.compare, beside])


def show(out: Path, policy: Policy) -> None:
    """Print what the folder says of the class."""
    print((out / "class.txt").read_text(encoding="utf-8"))
    if policy.compare:
        print((out / CHANGES).read_text(encoding="utf-8"))


def _of_student(
    student: Student, place: Path, files: dict[Path, bytes | str]
) -> list[tuple[Report, bytes]]:
    """Adds the files of one student; returns the page for each of their files."""
    found = []
    for entry in student.entries.values():
        remarks = [each for each in entry.remarks if each != "excused"]  # the result
        found.append((entry.report, ", ".join([score(entry), *remarks])))
    for report in student.others:
        asked = report.notebook in student.entries
        remark = "another try counts" if asked else "does not count"
        found.append((report, f"{score(report)}, {remark}"))
    folders = folder_names([report.notebook or "file" for report, _ in found])
    pages, rows = [], []
    for folder, (report, result) in zip(folders, found, strict=True):
        page = report_html.student(report, result)
        files[place / folder / "feedback.html"] = page
        files[place / folder / "feedback.txt"] = report_text.student(report, result)
        data = report_data.as_dict(report)
        files[place / folder / "report.json"] = report_data.to_json(data)
        files[place / folder / "junit.xml"] = report_data.junit([report])
        rows.append((folder, report, result))
        if report.origin:
            pages.append((report, _utf8(page)))
    files[place / "index.html"] = report_html.index(student, rows)
    files[place / "results.json"] = report_data.to_json(report_data.gradescope(student))
    return pages


def table(book: Book) -> bytes:
    """The class for a spreadsheet: a row a student, a column a notebook and exercise.

    What was not answered is empty, what is wrong is 0.
    """
    ids = [tally.task.id for tally in tallies(book.counting)]
    about = ("student", "id", "email", "group")
    head = [*about, "points", "possible", "percent", *book.notebooks, *ids]
    rows = [[*head, "remarks", "to look at", "files"]]
    for student in book.students:
        person, entries = student.person, student.entries.values()
        totals = [number(student.points), number(student.possible)]
        totals.append(f"{percent(student):.1f}")
        counted = {
            notebook: "" if entry.problem or entry.excused else number(entry.points)
            for notebook, entry in student.entries.items()
        }
        grades = [g for e in entries if not e.excused for g in e.report.grades]
        earned = {g.task.id: number(g.points) for g in grades if g.state not in BLANK}
        places = filter(None, (report.origin for report in student.reports))
        rows.append(
            [
                *(name(student.name), person.id, person.email, person.group),
                *(["", "", ""] if student.absent else totals),
                *(counted.get(each, "") for each in book.notebooks),
                *(earned.get(each, "") for each in ids),
                *(student.remarks, student.look, "; ".join(map(name, places))),
            ]
        )
    return spreadsheet.write(rows)


def merge(folders: Iterable[Path]) -> tuple[list[Report], Run]:
    """The reports of all parts of a class, in the order of one undivided run.

    Of two folders that hold the same part the later one counts, so a part can be run
    again. ValueError names a part that is missing or is no report.
    """
    parts: dict[tuple[int, int], list[Report]] = {}
    runs: dict[tuple[int, int], Run] = {}
    for folder in folders:
        shard, reports, run = _load(folder / "class.json")
        parts[shard], runs[shard] = reports, run
    totals = {total for _, total in parts}
    if len(totals) != 1:
        found = ", ".join(sorted(f"{i}/{n}" for i, n in parts)) or "none"
        raise ValueError(f"these are not the parts of one class: {found}")
    (total,) = totals
    shards = [(i, total) for i in range(1, total + 1)]
    if missing := [f"{i}/{n}" for i, n in shards if (i, n) not in parts]:
        raise ValueError(f"missing: part {', '.join(missing)} of the class")
    versions = sorted({run.course for run in runs.values()})
    if len(versions) > 1:
        said = " and ".join(versions)
        raise ValueError(f"the parts are of different versions: {said}")
    # Dealt round and round, so taken back round and round.
    rounds = zip_longest(*(parts[shard] for shard in shards))
    whole = [report for each in rounds for report in each if report is not None]
    return whole, max(runs.values(), key=lambda run: run.date)


def _load(path: Path) -> tuple[tuple[int, int], list[Report], Run]:
    try:
        data = json.loads(path.read_bytes())
        run = Run(**{key: plain(value, 40) for key, value in data["run"].items()})
        reports = [report_data.from_dict(each) for each in data["reports"]]
        shard, complete = parse_shard(data["shard"]), data["complete"]
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: that run did not finish") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is no class report: {error}") from None
    if not complete:
        raise ValueError(f"{path}: that run was stopped. Run the part again")
    return shard, reports, run


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")

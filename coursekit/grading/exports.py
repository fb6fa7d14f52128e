"""Files for learning platforms: Canvas and Moodle gradebooks, a zip of feedback."""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from coursekit.grading import spreadsheet
from coursekit.grading.classbook import Book, Student
from coursekit.grading.report_clean import fold, name, number, plain
from coursekit.grading.types import Report

TOTAL = "coursekit total"
_KEPT = (
    "student",
    "id",
    "sis user id",
    "sis login id",
    "integration id",
    "root account",
)
_KEPT_ALSO = ("section",)


def canvas(book: Book, gradebook: Path, total: bool) -> tuple[bytes, list[str]]:
    """A copy of a Canvas gradebook with our columns, and what to know about it.

    A column of the gradebook whose name begins like ours keeps its heading, so that
    Canvas fills in that assignment; others become new assignments.
    """
    rows, mark = spreadsheet.read(gradebook)
    head = [cell.casefold() for cell in rows[0]] if rows else []
    if "student" not in head or "id" not in head:
        raise ValueError(f"{gradebook} is no Canvas gradebook: no columns Student, ID")
    items = [TOTAL] if total else book.notebooks
    kept = [place for place, cell in enumerate(head) if cell in _KEPT]
    old = [_heading(item, rows[0]) for item in items]
    table = [[rows[0][place] for place in kept] + old]
    found: set[str] = set()
    lost = []
    for row in rows[1:]:
        row = row + [""] * (len(head) - len(row))
        cells = dict(zip(head, row, strict=False))
        ours = [""] * len(items)
        if cells["student"].casefold() == "points possible":
            ours = [number(_possible(book, item)) for item in items]
        elif cells["id"]:
            student = _match(book, cells)
            if student is None or student.name in found:
                lost.append(cells["student"])
            else:
                found.add(student.name)
                ours = [_points(student, item, "EX") for item in items]
        table.append([row[place] for place in kept] + ours)
    said = [
        f"canvas: {name(each)} of the gradebook is not in this class" for each in lost
    ]
    said += [
        f"canvas: {name(each.name)} is not in the gradebook"
        for each in book.students
        if each.name not in found
    ]
    return spreadsheet.write(table, mark), said


def _heading(item: str, head: Sequence[str]) -> str:
    same = [c for c in head if re.fullmatch(rf"{re.escape(item)}( \(\d+\))?", c, re.I)]
    return same[0] if same else item


def _match(book: Book, cells: dict[str, str]) -> Student | None:
    """By number, login, e-mail; by name only when one student has it."""
    for key in ("id", "sis user id", "sis login id"):
        if wanted := fold(cells.get(key, "")):
            for student in book.students:
                known = student.person
                local = known.email.partition("@")[0] if key == "sis login id" else ""
                if wanted in {fold(known.id), fold(known.email), fold(local)}:
                    return student
    words = _words(cells["student"])
    same = [
        s for s in book.students if words in (_words(s.name), _words(s.person.name))
    ]
    return same[0] if len(same) == 1 else None


def _words(text: str) -> list[str]:
    """ "Lovelace, Ada" is Ada Lovelace."""
    return sorted(re.findall(r"\w+", fold(text)))


def _possible(book: Book, item: str) -> float:
    if item == TOTAL:
        return max((student.possible for student in book.students), default=0.0)
    return book.possible[item]


def _points(student: Student, item: str, excused: str) -> str:
    """ "" where there is nothing to enter."""
    if item == TOTAL:
        return "" if student.absent else number(student.points)
    entry = student.entries.get(item)
    if entry is None or entry.problem:
        return ""
    return excused if entry.excused else number(entry.points)


def moodle(book: Book) -> bytes:
    """What "Import" in the Moodle gradebook takes."""
    items = [*book.notebooks, TOTAL]
    table = [["ID number", "Full name", "Email address", *items]]
    for student in book.students:
        who = student.person
        about = [who.id, name(who.name), who.email]
        table.append(about + [_points(student, item, "") for item in items])
    return spreadsheet.write(table)


def feedback(pages: Sequence[tuple[Report, bytes]]) -> bytes:
    """A zip of pages in the layout in which the submissions came."""
    ways = [_way(report.origin) for report, _ in pages]
    shared = 0
    while len({way[shared] for way in ways}) == 1 and all(
        len(way) > shared + 1 and "_assignsubmission_" not in way[shared]
        for way in ways
    ):
        shared += 1
    folders = [tuple(way[:-1]) for way in ways]
    file, taken = io.BytesIO(), set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for (_, page), way, folder in zip(pages, ways, folders, strict=True):
            last = f"{re.sub(r'[.]ipynb$', '', way[-1], flags=re.I)}.feedback.html"
            moodle = [
                n for n, part in enumerate(folder) if "_assignsubmission_" in part
            ]
            start = moodle[0] if moodle else shared
            if moodle and folders.count(folder) == 1:
                folder, last = folder[: moodle[0] + 1], "feedback.html"
            path, count = "/".join((*folder[start:], last)), 1
            while fold(path) in taken:
                count += 1
                path = "/".join((*folder[start:], f"{count}-{last}"))
            taken.add(fold(path))
            # A fixed date: the same reports make the same file.
            archive.writestr(zipfile.ZipInfo(path), page, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _way(origin: str) -> list[str]:
    """Folders and name of a file; none leads out of the folder it is unpacked in."""
    parts = re.split(r"[/\\]|: ", origin)
    kept = [plain(part, 200).replace(":", "-") for part in parts]
    return [part for part in kept if part.strip(". ")] or ["submission"]

"""Files for learning platforms: Canvas and Moodle gradebooks, a zip of feedback."""

import io
import re
import zipfile
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from coursekit.grading import spreadsheet
from coursekit.grading.classbook import Book, Student
from coursekit.grading.report_clean import fold, name, number, plain
from coursekit.grading.roster import key_of
from coursekit.grading.types import Report

_MOODLE = "_assignsubmission_"
TOTAL = "coursekit total"
_KEPT = {"student", "id", "sis user id", "sis login id", "integration id"}
_KEPT |= {"root account", "section"}


def canvas(book: Book, gradebook: Path, total: bool) -> tuple[bytes, list[str]]:
    """A copy of a Canvas gradebook with our columns, and what to know about it.

    A column of the gradebook that is named like ours keeps its heading, its points
    possible and the grades that we have none for; other columns make new assignments.
    """
    table = spreadsheet.read(gradebook, ("Student", "ID", "Section"))
    items = [TOTAL] if total else book.notebooks
    headings = [_heading(item, table.head) for item in items]
    kept = [each for each in table.head if each.casefold() in _KEPT]
    copy, lines, found, strange = [kept + headings], list[str](), set(), list[str]()
    for cells in table.rows:
        ours = [cells.get(heading.casefold(), "") for heading in headings]
        if cells["student"].casefold() == "points possible":
            full = [number(book.possible.get(item, book.most)) for item in items]
            ours = [there or here for there, here in zip(ours, full, strict=True)]
            lines += [
                f"{item} has {there} points in the gradebook, {here} here"
                for item, there, here in zip(items, ours, full, strict=True)
                if re.sub(r"(\.\d*?)0+$", r"\1", there).rstrip(".") != here
            ]
        elif cells["id"]:
            student = _match(book, cells)
            if student is None or student.name in found:
                strange.append(name(cells["student"]))
            else:
                found.add(student.name)
                new = [_points(student, item, "EX") for item in items]
                ours = [here or there for there, here in zip(ours, new, strict=True)]
        copy.append([cells[each.casefold()] for each in kept] + ours)
    strange = [each for each in strange if _words(each) != ["student", "test"]]
    absent = [name(each.name) for each in book.students if each.name not in found]
    only = {"only in the gradebook": strange, "not in the gradebook": absent}
    lines += [f"{what}: {'; '.join(names)}" for what, names in only.items() if names]
    # Canvas does not know a byte order mark.
    content = spreadsheet.write(copy, table.mark, "")
    return content, [f"canvas: {each}" for each in lines]


def _heading(item: str, head: Sequence[str]) -> str:
    same = (c for c in head if re.fullmatch(rf"{re.escape(item)}( \(\d+\))?", c, re.I))
    return next(same, item)


def _match(book: Book, cells: dict[str, str]) -> Student | None:
    """By number, login, e-mail; by name only when one student has it."""
    for key in ("id", "sis user id", "sis login id"):
        wanted = fold(cells.get(key, ""))
        for student in book.students if wanted else ():
            known = student.person
            login = known.email.partition("@")[0] if key == "sis login id" else ""
            if wanted in {fold(known.id), fold(known.email), fold(login)}:
                return student
    words = _words(cells["student"])
    same = [s for s in book.students if words in map(_words, (s.name, s.person.name))]
    return same[0] if len(same) == 1 else None


def _words(text: str) -> list[str]:
    """Of "Lovelace, Ada" the same as of "Ada Lovelace"."""
    return sorted(key_of(text).split())


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
    levels = zip(*(way[:-1] for way in ways), strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    file, taken = io.BytesIO(), set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for way, (_, page) in zip(ways, pages, strict=True):
            *folders, last = way
            moodle = [n for n, part in enumerate(folders) if _MOODLE in part]
            if moodle and sum(other[:-1] == folders for other in ways) == 1:
                place, last = folders[moodle[0] :][:1], "feedback.html"
            else:
                place = folders[moodle[0] if moodle else shared :]
                last = re.sub(r"[.]ipynb$", "", last, flags=re.I) + ".feedback.html"
            path, count = "/".join([*place, last]), 1
            while fold(path) in taken:
                count += 1
                path = "/".join([*place, f"{count}-{last}"])
            taken.add(fold(path))
            # A fixed date: the same reports make the same file.
            archive.writestr(zipfile.ZipInfo(path), page, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _way(origin: str) -> list[str]:
    """Folders and name of a file; none leads out of the folder it is unpacked in."""
    parts = re.split(r"[/\\]|: ", origin)
    kept = [plain(part, 200).replace(":", "-") for part in parts]
    return [part for part in kept if part.strip(". ")] or ["submission"]

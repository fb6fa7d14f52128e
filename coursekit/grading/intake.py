"""From what an instructor has on disk to submissions: files, folders, zip archives.

First all names are listed and it is told whose each file is, then one student's files
at a time are read. Links are never followed, and pipes and devices are never opened.
Whatever cannot be read is a submission with a problem, so that no student is lost
without a word.
"""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from coursekit.grading import notebook_file, roster, student_name
from coursekit.grading.intake_entries import (
    MOST_ENTRIES,
    Entry,
    NotRead,
    hidden,
    unseen,
)
from coursekit.grading.intake_zip import LARGEST_ARCHIVE, Budget, forget
from coursekit.grading.intake_zip import entries as zip_entries
from coursekit.grading.notebook_json import LARGEST_FILE
from coursekit.grading.platform_name import Whose, clean, fold, gradescope, minutes
from coursekit.grading.types import Person, Submission

DEEPEST = 20
DEEPEST_ARCHIVE = 2  # a platform's download holds the students' own archives
FOREIGN = (
    "This is none of the course's notebooks: no cell of it belongs to an exercise. "
    "Hand in the notebook that you were given, with your answers in it."
)
_WAY = 3  # how many folders above a single file may tell whose it is
_KEPT = 20 * 2**20  # characters of one student's cells that wait in memory
_SPARE = ("solutions", "working files")  # beside them lies what was handed in
_NUMBER = re.compile(r"(?:(?<=[\W_a-z])|^)(\d{1,14})\W*$", re.I)
_UNKNOWN = "?.ipynb"  # a notebook may be behind it


@dataclass
class _Student:
    """One person's files, with what their names say of each."""

    whose: Whose
    person: Person | None = None
    notes: list[str] = field(default_factory=list)
    files: list[tuple[Entry, Whose]] = field(default_factory=list)
    name: str = ""

    @property
    def books(self) -> list[tuple[Entry, Whose]]:
        """The notebooks, but for those in hidden folders."""
        return [each for each in self.files if each[0].notebook and not each[0].aside]


def collect(
    paths: Iterable[str | os.PathLike[str]], people: Sequence[Person] = ()
) -> Iterator[Submission]:
    """Every submission in files, folders and archives, one student after the other.

    people: the class list, if there is one; a submission's person is then from it.
    `student` is the same for all files of one person, and another for each person.
    """
    given = list(dict.fromkeys(Path(path) for path in paths))
    try:
        entries, above = _listed(given)
        students = _students(entries, above, people)
        _call(students)
        told = [s for s in students if s.books and s.whose.by]
        nothing = True
        for student in students:
            flat = student.whose.by == "file"
            if student.books:
                rows = _read(student)
            elif not student.whose.by or (not told and any(s.books for s in students)):
                continue  # a single student's folder: these are helper files
            elif flat and not _stands_alone(student, students):
                continue
            else:
                rows = _instead(student)
            for row in rows:
                nothing = False
                yield row
        if nothing:
            for path in given:
                yield _none_here(path, entries)
    finally:
        forget()


def _none_here(path: Path, entries: Sequence[Entry]) -> Submission:
    """The row for a class, or a student, without anything that counts."""
    (student, *_) = student_name.owners([("",)], [False], path.absolute().parts[-1:])
    where = "archive" if path.suffix.lower() == ".zip" else "folder"
    problem = f"There is no notebook (.ipynb) in this {where}."
    if any(entry.name and not entry.archive for entry in entries):
        problem += " " + _only([entry for entry in entries if entry.name])
    return Submission(student.name, _text(str(path)), problem=problem)


# -- names ---------------------------------------------------------------------------


def _listed(given: Sequence[Path]) -> tuple[list[Entry], tuple[str, ...]]:
    """All files by name, below the folders that all have in common."""
    whole = [Path(os.path.abspath(path)) for path in given]
    above: tuple[str, ...] = ()
    if len(whole) == 1:
        own = whole[0].is_dir() or whole[0].suffix.lower() == ".zip"
        above = whole[0].parts[-1:] if own else whole[0].parts[-_WAY - 1 : -1]
        within = [() if own else whole[0].parts[-1:]]
    else:
        try:
            top = Path(os.path.commonpath([path.parent for path in whole]))
        except ValueError:  # on several drives, or no paths at all
            top = Path()
        above = top.parts[-1:]
        within = [path.relative_to(top).parts for path in whole]
    found: list[Entry] = []
    for path, parts in zip(given, within, strict=True):
        budget = Budget()
        for entry in sorted(
            _files(path, parts, len(given) == 1), key=lambda each: each.parts
        ):
            inside = list(_unpacked(entry, budget))
            if not parts and entry.parts == whole[0].parts[-1:]:  # only this archive
                inside = [replace(e, parts=e.parts[1:] or e.parts) for e in inside]
            found += inside
    filled = {e.parts[:n] for e in found if e.name for n in range(1, len(e.parts))}
    return [e for e in found if e.name or e.parts[:-1] not in filled], above


def _files(path: Path, parts: tuple[str, ...], alone: bool) -> Iterator[Entry]:
    """What lies at one path of the command line."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path, parts, 0, False)
            return
        entry = Entry(parts or (path.name,), partial(_bytes, path), str(path))
        if alone or not stat.S_ISREG(mode):  # it was named, so it is looked at
            parts = (
                entry.parts
                if entry.notebook or entry.archive
                else (*entry.parts, _UNKNOWN)
            )
            entry = replace(entry, parts=parts)
        yield entry
    except (OSError, ValueError):
        refuse = partial(_refuse, "There is no such file or folder.")
        yield Entry((*parts, _UNKNOWN), refuse, str(path))
    except NotRead as error:
        yield Entry((*parts, _UNKNOWN), partial(_refuse, str(error)), str(path))


def _walk(
    folder: Path, parts: tuple[str, ...], depth: int, aside: bool
) -> Iterator[Entry]:
    """The files below a folder, links and special files as entries that say so."""
    if depth > DEEPEST:
        raise NotRead(f"The folder is deeper than {DEEPEST} levels.")
    try:
        listed = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        raise NotRead(f"The folder cannot be opened: {error.strerror}.") from None
    if len(listed) > MOST_ENTRIES:
        raise NotRead(f"The folder has more than {MOST_ENTRIES} files.")
    for each in listed:
        if unseen([each.name]):
            continue
        here, away = (*parts, each.name), aside or hidden([each.name])
        if not each.is_dir(follow_symlinks=False):
            yield Entry(here, partial(_bytes, Path(each.path)), each.path, "", away)
            continue
        yield Entry((*here, ""), partial(_refuse, ""), each.path, "", away)
        try:
            yield from _walk(Path(each.path), here, depth + 1, away)
        except NotRead as error:
            refuse = partial(_refuse, str(error))
            yield Entry((*here, _UNKNOWN), refuse, each.path, "", away)


def _unpacked(entry: Entry, budget: Budget, depth: int = 0) -> Iterator[Entry]:
    """The entry, or what is in it where it is an archive: a folder like others."""
    if not entry.archive or entry.aside:
        yield entry
        return
    try:
        if depth >= DEEPEST_ARCHIVE:
            raise NotRead("An archive in an archive in an archive is not opened.")
        inside = list(zip_entries(entry, entry.origin, budget))
    except NotRead as error:
        parts, refuse = (*entry.parts, _UNKNOWN), partial(_refuse, str(error))
        yield replace(entry, parts=parts, read=refuse)
        return
    yield replace(entry, parts=(*entry.parts, ""))
    for each in inside:
        each = replace(each, when=entry.when or each.when)
        yield from _unpacked(each, budget, depth + 1)


def _refuse(reason: str) -> bytes:
    raise NotRead(reason)


def _bytes(path: Path) -> bytes:
    """The bytes of a regular file. NotRead for links, pipes, devices and the like."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)  # not every system has every flag
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise NotRead(
                "This is a link, and links are not followed. Hand in the file itself."
            )
        if not stat.S_ISREG(mode):
            raise NotRead("This is not a plain file, so it is not opened.")
        handle = os.open(path, flags)
    except OSError as error:
        raise NotRead(f"The file cannot be opened: {error.strerror}.") from None
    limit = LARGEST_ARCHIVE if path.suffix.lower() == ".zip" else LARGEST_FILE
    with os.fdopen(handle, "rb") as stream:
        # Looked at again, since a file can be exchanged between the two calls.
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise NotRead("This is not a plain file, so it is not opened.")
        try:
            return stream.read(limit + 1)
        except OSError as error:
            raise NotRead(f"The file cannot be read: {error.strerror}.") from None


def _students(
    entries: Sequence[Entry], above: Sequence[str], people: Sequence[Person]
) -> list[_Student]:
    """The entries by whose they are, in the order of their names."""
    known: dict[str, Whose] = {}
    for entry in entries:
        if entry.name == "submission_metadata.yml":
            known |= gradescope(_start(entry, LARGEST_FILE))
    ways = [
        tuple(p for p in e.parts[:-1] if not e.aside or not hidden([p])) + e.parts[-1:]
        for e in entries
    ]
    books = [entry.notebook and not entry.aside for entry in entries]
    owners = student_name.owners(ways, books, above, known)
    found: dict[object, _Student] = {}
    for entry, way, whose in zip(entries, ways, owners, strict=True):
        number = "" if whose.by == "moodle" else whose.id  # Moodle's is only its own
        who = Person(whose.name, number, whose.email)
        person, note = roster.match(who, (*above, *way), people)
        key: object = person or (fold(whose.name), whose.id)
        student = found.setdefault(key, _Student(whose, person))
        student.files.append((entry, whose))
        if note and note not in student.notes:
            student.notes.append(note)
    students = list(found.values())
    _take_strays(students)
    return students


def _take_strays(students: list[_Student]) -> None:
    """Foreign notebooks beside the only good one are that student's scratch paper."""
    hosts = [each for each in students if each.books and not each.whose.by]
    named = [each for each in students if each.books and each.whose.by]
    strays = [each for each in named if each.whose.by == "file" and not each.person]
    if len(hosts) != 1 or not strays or len(named) > min(len(strays), 20):
        return
    if all(_one(e, w).problem == FOREIGN for s in strays for e, w in s.books):
        for stray in strays:
            hosts[0].files += stray.files
            students.remove(stray)


def _call(students: Iterable[_Student]) -> None:
    """Give each student a name of their own: the id tells two of one name apart."""
    students = [each for each in students if each.files]
    for each in students:
        each.name = each.person.name if each.person else each.whose.name
    counts = Counter(fold(each.name) for each in students)
    taken: set[str] = set()
    for each in students:
        number = each.person.id if each.person else each.whose.id
        if counts[fold(each.name)] > 1 and number and number != each.name:
            each.name = f"{each.name} [{number}]"
        name, count = each.name, 1
        while fold(name) in taken:
            count += 1
            name = f"{each.name} ({count})"
        taken.add(fold(name))
        each.name = name


# -- one student's files -------------------------------------------------------------


def _read(student: _Student) -> Iterator[Submission]:
    """A student's notebooks, the tries at each numbered from the oldest."""
    spare = [each for each in student.books if _is_spare(each[0])]
    names = {fold(e.name) for e, w in student.books if not _is_spare(e)}
    left = [each for each in spare if fold(each[0].name) in names]
    stamps = {e.parts[:-1]: e for e, w in student.files if e.name == "timestamp.txt"}
    files = [
        (entry, replace(whose, when=whose.when or _stamp(entry, stamps)))
        for entry, whose in student.books
        if (entry, whose) not in left
    ]
    files.sort(key=lambda each: (each[1].when, _number(each[0]), each[0].when))
    rows, room = [], _KEPT
    for entry, whose in files:
        row = replace(_one(entry, whose), student=student.name)
        row = replace(row, person=student.person or _person(whose))
        room -= sum(len(cell.source) for cell in row.cells)
        rows.append((row if room > 0 or row.problem else replace(row, cells=()), entry))
    own = {r.notebook for r, e in rows if not r.problem and not _is_copy(r)}
    good = any(not row.problem for row, entry in rows)
    out = [e for r, e in rows if good and r.problem == FOREIGN]
    copies = [e for r, e in rows if _is_copy(r) and r.notebook in own]
    rows = [(row, entry) for row, entry in rows if entry not in out + copies]
    notes = _notes(student, out, len(left) + len(copies))
    counts = Counter(row.notebook for row, entry in rows if not row.problem)
    tries: Counter[str] = Counter()
    for row, entry in rows:
        said = list(notes)
        notes = list(student.notes)
        if not row.problem:
            tries[row.notebook] += 1
            if counts[row.notebook] > 1:
                count = f"{tries[row.notebook]} of {counts[row.notebook]}"
                said.append(f"This is file {count} of this student for this notebook.")
                if re.search(r"(?i)part(?:ie|e)?[ _-]?\d|teil[ _-]?\d", entry.name):
                    said.append("Parts of a notebook are graded one by one.")
            if not row.cells and sum(counts.values()) > 1:  # they had to wait outside
                row = replace(row, cells=notebook_file.read(*_again(entry)).cells)
        attempt = max(tries[row.notebook], 1)
        yield replace(row, attempt=attempt, notes=(*said, *row.notes))


def _one(entry: Entry, whose: Whose) -> Submission:
    """One notebook, with what its name says of it."""
    try:
        row = notebook_file.read(*_again(entry))
    except NotRead as error:
        row = Submission("", _text(entry.origin), problem=str(error))
    if not row.problem and not row.notebook:
        row = replace(row, problem=FOREIGN, cells=(), notes=())
    return replace(row, handed_in=whose.when or entry.when, late=whose.late)


def _again(entry: Entry) -> tuple[bytes, str, str]:
    return entry.read(), "", _text(entry.origin)


def _notes(student: _Student, foreign: Sequence[Entry], left: int) -> list[str]:
    """What is said once for a student: what lay beside the notebooks."""
    notes = list(student.notes)
    aside = left + sum(e.aside and e.notebook for e, w in student.files)
    if foreign:
        names = ", ".join(clean(entry.name) for entry in foreign[:5])
        notes.append(f"Beside it lies what is none of the course's notebooks: {names}.")
    scripts = [clean(e.name) for e, w in student.files if not e.notebook and e.ours]
    if scripts:
        notes.append(f"Not read, since only notebooks are: {', '.join(scripts[:5])}.")
    if aside:
        notes.append(
            f"Left out: {aside} notebook{'s' * (aside > 1)} in hidden folders, in "
            "solutions/ or beside what was handed in."
        )
    return notes


def _instead(student: _Student) -> Iterator[Submission]:
    """A row for who has handed in no notebook, with what there is in its place."""
    entries = [entry for entry, whose in student.files if not entry.aside]
    wrong = [entry for entry in entries if entry.kind] or entries
    if not wrong:
        wrong = [entry for entry, whose in student.files if entry.notebook][:1]
    for entry in wrong[:1]:
        whose = student.whose
        row = Submission("", _text(entry.origin), problem=_only(entries))
        if entry.ours and entry.name.lower().endswith((".json", ".txt")):
            read = _one(entry, whose)  # a browser's name for a notebook
            row = row if read.problem else read
        person = student.person or _person(whose)
        yield replace(
            row,
            student=student.name,
            person=person,
            notes=(*student.notes, *row.notes),
            handed_in=whose.when or entry.when,
            late=whose.late,
        )


def _only(entries: Sequence[Entry]) -> str:
    """What to hand in, where these files are all there is."""
    kinds = sorted({entry.kind for entry in entries if entry.kind})
    names = [clean(entry.name) for entry in entries if entry.name]
    there = f"only {', '.join(names[:3])}" if names else "the folder is empty"
    there += f" ({', '.join(kinds[:3])})" if kinds else ""
    return (
        f"No notebook (.ipynb) was handed in, {there}. Hand in the notebook itself: "
        "File > Download in Jupyter, File > Download > .ipynb in Colab."
    )


def _stands_alone(student: _Student, students: Sequence[_Student]) -> bool:
    """Is a loose file of another kind meant as a submission?"""
    books = [each.whose.by for each in students if each.books]
    named = books.count("file") > 1 and "" not in books
    return any(
        entry.kind and (named or entry.ours or not entry.loose)
        for entry, whose in student.files
    )


def _is_spare(entry: Entry) -> bool:
    return any(part.lower() in _SPARE for part in entry.parts[:-1])


def _is_copy(row: Submission) -> bool:
    return notebook_file.SOLUTION in row.notes


def _person(whose: Whose) -> Person | None:
    if not whose.id and not whose.email:
        return None
    return Person(whose.name, whose.id, whose.email)


def _number(entry: Entry) -> int:
    """The number that a name ends with: of a version, a part or a copy."""
    stems = [re.sub(r"\.\w+$", "", part) for part in entry.parts[-2:]]
    found = [_NUMBER.search(stem) for stem in (stems[-1], *stems[:-1])]
    return next((int(each[1]) for each in found if each), 0)


def _stamp(entry: Entry, stamps: dict[tuple[str, ...], Entry]) -> str:
    """When it was handed in, from a timestamp.txt beside or above it."""
    for up in range(1, min(len(entry.parts), 4)):
        if entry.parts[:-up] in stamps:
            return minutes(_start(stamps[entry.parts[:-up]], 200))
    return ""


def _start(entry: Entry, size: int) -> str:
    try:
        return entry.read()[:size].decode("utf-8", "replace")
    except NotRead:
        return ""


def _text(origin: str) -> str:
    """A path as text that can be written: file names need not be UTF-8."""
    return origin.encode("utf-8", "replace").decode("utf-8")[:1000]

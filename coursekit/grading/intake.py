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
_KEPT = 20 * 2**20  # characters of one student's cells that wait in memory
_SPARE = ("solutions", "working files")  # beside them lies what was handed in
_NUMBER = re.compile(r"(?:(?<=[\W_a-z])|^)(\d{1,14})\W*$", re.I)
_PART = re.compile(r"part(?:ie|e)?[ _-]?\d|teil[ _-]?\d", re.I)
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
        students = _students(*_listed(given), people)
        some = False
        for student in students:
            for row in _read(student) if student.books else _instead(student, students):
                some = True
                yield row
        for path in given if not some else ():
            problem = _only([entry for each in students for entry, _ in each.files])
            name = student_name.owners([("",)], [False], path.absolute().parts[-1:])
            yield Submission(name[0].name, _text(str(path)), problem=problem)
    finally:
        forget()


def _listed(given: Sequence[Path]) -> tuple[list[Entry], tuple[str, ...]]:
    """All files by name, below the folders that all have in common, and those."""
    whole = [Path(os.path.abspath(path)) for path in given]
    try:
        top = Path(os.path.commonpath([path.parent for path in whole])).parts
    except ValueError:  # on several drives
        top = ()
    found: dict[tuple[str, ...], Entry] = {}
    for path, full in zip(given, whole, strict=True):
        parts, budget = full.parts[len(top) :] or full.parts, Budget()
        inside = (e for each in _walk(path, parts) for e in _unpacked(each, budget))
        found |= {e.parts: e for e in sorted(inside, key=lambda each: each.parts)}
    filled = {way[:n] for way in found if way[-1] for n in range(1, len(way))}
    listed = [e for way, e in found.items() if way[-1] or way[:-1] not in filled]
    if len(given) != 1:
        return listed, top[-1:]
    if any(len(entry.parts) > 1 for entry in listed):  # a folder, or an archive
        return [replace(e, parts=e.parts[1:]) for e in listed], whole[0].parts[-1:]
    # One file, which is looked at whatever it is called; its folders tell whose it is.
    only = listed[0]
    parts = only.parts if only.notebook else (*only.parts, _UNKNOWN)
    return [replace(only, parts=parts)], top[-3:]


def _walk(
    path: Path, parts: tuple[str, ...], depth: int = 0, aside: bool = False
) -> Iterator[Entry]:
    """A file, or those below a folder; what cannot be opened is one that says so."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            yield Entry(parts, partial(_bytes, path), str(path), "", aside)
            return
        if depth > DEEPEST:
            raise NotRead(f"The folder is deeper than {DEEPEST} levels.")
        names = sorted(os.listdir(path))
        if len(names) > MOST_ENTRIES:
            raise NotRead(f"The folder has more than {MOST_ENTRIES} files.")
    except (NotRead, OSError, ValueError) as error:
        said = getattr(error, "strerror", None)
        said = f"It cannot be opened: {said}." if said else str(error)
        if not aside:
            yield Entry((*parts, _UNKNOWN), partial(_refuse, said), str(path))
        return
    yield Entry((*parts, ""), partial(_refuse, ""), str(path), "", aside)
    for name in names:
        if not unseen([name]):
            away = aside or hidden([name])
            yield from _walk(path / name, (*parts, name), depth + 1, away)


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
            raise NotRead("This is a link, which is not followed. Hand in the file.")
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
    known = {
        (*above, *entry.parts[:-1], folder): whose
        for entry in entries
        if entry.name == "submission_metadata.yml"
        for folder, whose in gradescope(_start(entry, LARGEST_FILE)).items()
    }
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
        around = () if whose.by else above
        person, note = roster.match(who, (*around, *way), people)
        key = person or (fold(whose.name), whose.id)
        student = found.setdefault(key, _Student(whose, person))
        student.files.append((entry, whose))
        if note and note not in student.notes:
            student.notes.append(note)
    students = list(found.values())
    _take_strays(students)
    _call(students)
    return students


def _take_strays(students: list[_Student]) -> None:
    """Foreign notebooks beside one student's good one are that student's scratch paper.

    That is so where one of the two has no name of its own; in a class, it is a mistake
    of somebody else.
    """
    with_books = [each for each in students if each.books]
    unnamed = [each for each in with_books if not each.whose.by]
    named = [each for each in with_books if each.whose.by]
    if len(unnamed) != 1 or not named or len(named) > 20:
        return
    if len(named) == 1 and _foreign(unnamed[0]):
        (host,), strays = named, unnamed
    elif all(each.whose.by == "file" and _foreign(each) for each in named):
        (host,), strays = unnamed, named
    else:
        return
    for stray in strays:
        host.files += stray.files
        students.remove(stray)


def _foreign(student: _Student) -> bool:
    return all(_one(*each).problem == FOREIGN for each in student.books)


def _call(students: Sequence[_Student]) -> None:
    """Give each student a name of their own: the id tells two of one name apart."""
    known = [(each.person or each.whose).name for each in students]
    counts, taken = Counter(map(fold, known)), set[str]()
    for each, name in zip(students, known, strict=True):
        number = (each.person or each.whose).id
        if counts[fold(name)] > 1 and number and number != name:
            name = f"{name} [{number}]"
        each.name, count = name, 1
        while fold(each.name) in taken:
            count += 1
            each.name = f"{name} ({count})"
        taken.add(fold(each.name))


def _read(student: _Student) -> Iterator[Submission]:
    """A student's notebooks, the tries at each numbered from the oldest."""
    names = {fold(e.name) for e, w in student.books if not _spare(e)}
    left = [e for e, w in student.books if _spare(e) and fold(e.name) in names]
    stamps = {e.parts[:-1]: e for e, w in student.files if e.name == "timestamp.txt"}
    files = [
        (entry, replace(whose, when=whose.when or _stamp(entry, stamps)))
        for entry, whose in student.books
        if entry not in left
    ]
    files.sort(key=lambda each: (each[1].when, _number(each[0]), each[0].when))
    rows, room = [], _KEPT
    for entry, whose in files:
        row = _one(entry, whose)
        room -= sum(len(cell.source) for cell in row.cells)
        rows.append((entry, row if room > 0 else replace(row, cells=())))
    good = [row for entry, row in rows if not row.problem]
    own = {row.notebook for row in good if notebook_file.SOLUTION not in row.notes}
    foreign = [e for e, row in rows if good and row.problem == FOREIGN]
    left += [
        entry
        for entry, row in rows
        if notebook_file.SOLUTION in row.notes and row.notebook in own
    ]
    rows = [each for each in rows if each[0] not in foreign + left]
    notes = _beside(student, foreign, len(left))
    counts = Counter(row.notebook for entry, row in rows if not row.problem)
    tries = Counter[str]()
    for entry, row in rows:
        tries[row.notebook] += not row.problem
        nth, count = max(tries[row.notebook], 1), counts[row.notebook]
        said = list(student.notes)
        if not row.problem:  # once, with what is graded
            said, notes = said + notes, []
        if count > 1:
            said.append(f"File {nth} of {count} of this student for this notebook.")
            if not student.whose.by and not student.person:
                said.append("No name tells whose they are, nor if one student's.")
            if _PART.search(entry.name):
                said.append("Parts of a notebook are graded one by one.")
        if room <= 0 and not row.cells and not row.problem:  # they had to wait outside
            row = replace(row, cells=_one(entry, Whose("")).cells)
        row = _named(row, student)
        yield replace(row, attempt=nth, notes=(*said, *row.notes))


def _one(entry: Entry, whose: Whose) -> Submission:
    """One notebook, with what its name says of it."""
    origin = _text(entry.origin)
    try:
        row = notebook_file.read(entry.read(), "", origin)
    except NotRead as error:
        row = Submission("", origin, problem=str(error))
    if not row.problem and not row.notebook:
        row = replace(row, problem=FOREIGN, cells=(), notes=())
    person = Person(whose.name, whose.id, whose.email)
    return replace(
        row,
        person=person if whose.id or whose.email else None,
        handed_in=whose.when or entry.when,
        late=whose.late,
    )


def _named(row: Submission, student: _Student) -> Submission:
    return replace(row, student=student.name, person=student.person or row.person)


def _beside(student: _Student, foreign: Sequence[Entry], left: int) -> list[str]:
    """What is said once for a student: what lay beside the notebooks."""
    scripts = [e for e, w in student.files if not e.notebook and e.ours]
    left += sum(e.aside and e.notebook for e, w in student.files)
    said = {
        "Beside it lies what is none of the course's notebooks": _names(foreign),
        "Not read, since only notebooks are": _names(scripts),
        "Notebooks left out (in hidden folders, in solutions/, or beside what was "
        "handed in)": str(left or ""),
    }
    return [f"{what}: {names}." for what, names in said.items() if names]


def _instead(student: _Student, students: Sequence[_Student]) -> Iterator[Submission]:
    """A row for who has handed in no notebook, with what there is in its place.

    None for files of other kinds that lie loose among notebooks, or in the folder of
    one student: nobody meant them as a submission.
    """
    books = [each.whose.by for each in students if each.books]
    if not student.whose.by or (books and not any(books)):
        return
    class_of_files = books.count("file") > 1 and "" not in books
    files = [each for each in student.files if not each[0].aside] or student.files
    meant = [
        (entry, whose)
        for entry, whose in files
        if student.whose.by != "file"
        or (entry.kind and (class_of_files or entry.ours or not entry.loose))
    ]
    for entry, whose in sorted(meant, key=lambda each: not each[0].kind)[:1]:
        row = _one(entry, whose)
        if row.problem or not entry.ours:  # else it has a browser's name, .json or .txt
            row = replace(row, cells=(), problem=_only([e for e, w in files]))
        yield replace(_named(row, student), notes=(*student.notes, *row.notes))


def _only(entries: Sequence[Entry]) -> str:
    """What to hand in, where these files are all there is."""
    kinds = sorted({entry.kind for entry in entries if entry.kind})
    there = "only hidden files" if any(e.name for e in entries) else "it is empty"
    if names := _names([entry for entry in entries if not entry.aside]):
        there = f"only {names}"
    there += f" ({', '.join(kinds[:3])})" if kinds else ""
    return (
        f"There is no notebook (.ipynb), {there}. Hand in the notebook itself: "
        "File > Download in Jupyter, File > Download > .ipynb in Colab."
    )


def _names(entries: Sequence[Entry]) -> str:
    return ", ".join([clean(entry.name) for entry in entries if entry.name][:4])


def _spare(entry: Entry) -> bool:
    return any(part.lower() in _SPARE for part in entry.parts[:-1])


def _number(entry: Entry) -> int:
    """The number that a name ends with: of a version, a part or a copy."""
    stems = [re.sub(r"\.\w+$", "", part) for part in entry.parts[-2:]]
    found = [_NUMBER.search(stem) for stem in reversed(stems)]
    return next((int(each[1]) for each in found if each), 0)


def _stamp(entry: Entry, stamps: dict[tuple[str, ...], Entry]) -> str:
    """When it was handed in, from a timestamp.txt beside or above it."""
    above = (entry.parts[:-up] for up in range(1, min(len(entry.parts), 4)))
    found = next((stamps[folder] for folder in above if folder in stamps), None)
    return minutes(_start(found, 200)) if found else ""


def _start(entry: Entry, size: int) -> str:
    try:
        return entry.read()[:size].decode("utf-8", "replace")
    except NotRead:
        return ""


def _text(origin: str) -> str:
    """A path as text that can be written: file names need not be UTF-8."""
    return origin.encode("utf-8", "replace").decode("utf-8")[:1000]

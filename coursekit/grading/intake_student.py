"""One student's files read: the notebooks, or what was handed in instead of one."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from coursekit.grading import notebook_file
from coursekit.grading.intake_entries import Entry, NotRead
from coursekit.grading.notebook_name import FOREIGN
from coursekit.grading.platform_name import NOBODY, Whose, minutes, told
from coursekit.grading.report_clean import name, plain
from coursekit.grading.types import Person, Submission

PATH = 1000  # characters of a path
_SPARE = ("solutions", "working files")  # beside them lies what was handed in
_NUMBER = re.compile(r"(?:(?<=[\W_a-z])|^)(\d{1,14})\W*$", re.I)
_PART = re.compile(r"part(?:ie|e)?[ _-]?\d|teil[ _-]?\d", re.I)


@dataclass
class Student:
    """One person's files. whose: what told so first; notes: on who it is."""

    whose: Whose
    person: Person | None = None
    notes: list[str] = field(default_factory=list)
    files: list[Entry] = field(default_factory=list)
    name: str = ""

    @property
    def books(self) -> list[Entry]:
        """The notebooks, but for those in hidden folders."""
        return [each for each in self.files if each.notebook and not each.aside]


def read(student: Student) -> Iterator[Submission]:
    """A student's notebooks, the tries at each numbered from the oldest."""
    # All are looked into first; their cells, which fill memory, are read again later.
    rows = [(entry, replace(one(entry), cells=())) for entry in _in_order(student)]
    places = {_place(entry) for entry, row in rows if not row.problem}
    own = {r.notebook for entry, r in rows if not r.problem and not _spare(entry, r)}
    tries, foreign, left = [], [], 0
    for entry, row in rows:
        if row.notebook in own and _spare(entry, row):
            left += 1
        elif row.problem == FOREIGN and _place(entry) in places:
            foreign.append(entry)
        else:
            tries.append((entry, row))
    scripts = [each for each in student.files if not each.notebook and each.ours]
    beside = [each for each in scripts if _place(each) in places]
    notes = _beside(student, foreign, beside, left)
    counts = Counter(row.notebook for _, row in tries if not row.problem)
    numbers = Counter[str]()
    for entry, row in tries:
        said = list(student.notes)
        if not row.problem:
            numbers[row.notebook] += 1
            nth, count = numbers[row.notebook], counts[row.notebook]
            said, notes = said + notes, []  # once, with what is graded
            if count > 1:
                said.append(f"File {nth} of {count} of this student for this notebook.")
                if not student.whose.by and not student.person:
                    said.append("No name tells whose they are, nor if one student's.")
                if _PART.search(entry.name):
                    said.append("Parts of a notebook are graded one by one.")
            row = replace(one(entry), attempt=nth)
        yield replace(_named(row, student), notes=(*said, *row.notes))
    for entry in scripts:
        if entry not in beside:  # in place of another assignment's notebook
            row = Submission("", plain(entry.origin, PATH), problem=what_to_do([entry]))
            yield _named(row, student)


def _in_order(student: Student) -> list[Entry]:
    """A student's notebooks, the oldest first, with the times of timestamp.txt."""
    stamps = {e.parts[:-1]: e for e in student.files if e.name == "timestamp.txt"}
    dated = [
        replace(e, whose=replace(e.whose, when=e.whose.when or _stamp(e, stamps)))
        for e in student.books
    ]
    return sorted(dated, key=lambda each: (each.whose.when, _number(each), each.when))


def _place(entry: Entry) -> tuple[str, ...]:
    """The download, or one student's part of it, in which a file lies; () for none."""
    whose, place = told(entry.parts, {})
    if whose is NOBODY:
        return ()
    return (*entry.parts[:place], re.sub("_assignsub.*", "", entry.parts[place]))


def one(entry: Entry) -> Submission:
    """One notebook, with what its name says of it."""
    whose, origin = entry.whose, plain(entry.origin, PATH)
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


def _named(row: Submission, student: Student) -> Submission:
    return replace(row, student=student.name, person=student.person or row.person)


def _beside(
    student: Student, foreign: Sequence[Entry], scripts: Sequence[Entry], left: int
) -> list[str]:
    """What is said once for a student: what lay beside the notebooks."""
    left += sum(each.aside and each.notebook for each in student.files)
    said = {
        "Beside it lies what is none of the course's notebooks": _names(foreign),
        "Not read, since only notebooks are": _names(scripts),
        "Notebooks left out (in hidden folders, in solutions/, or beside what was "
        "handed in)": str(left or ""),
    }
    return [f"{what}: {names}." for what, names in said.items() if names]


def instead(student: Student, books: Sequence[str]) -> Iterator[Submission]:
    """A row for who has handed in no notebook, with what there is in its place.

    None for files of other kinds that lie loose among notebooks, or in the folder of
    one student: nobody meant them as a submission. books: what told whose the notebooks
    of each other student are.
    """
    if not student.whose.by or (books and not any(books)):
        return
    class_of_files = books.count("file") > 1 and "" not in books
    files = [each for each in student.files if not each.aside] or student.files
    meant = [
        each
        for each in files
        if student.whose.by != "file"
        or (each.kind and (class_of_files or each.ours or not each.loose))
    ]
    for entry in sorted(meant, key=lambda each: not each.kind)[:1]:
        row = one(entry)
        if row.problem or not entry.ours:  # else it has a browser's name, .json or .txt
            row = replace(row, cells=(), problem=what_to_do(files))
        yield replace(_named(row, student), notes=(*student.notes, *row.notes))


def what_to_do(entries: Sequence[Entry]) -> str:
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
    return ", ".join([name(entry.name) for entry in entries if entry.name][:4])


def _spare(entry: Entry, row: Submission) -> bool:
    """Is it no work to hand in, where there is other work for its notebook?"""
    folders = {part.lower() for part in entry.parts[:-1]}
    return notebook_file.SOLUTION in row.notes or not folders.isdisjoint(_SPARE)


def _number(entry: Entry) -> int:
    """The number that a name ends with: of a version, a part or a copy."""
    stems = [re.sub(r"\.\w+$", "", part) for part in entry.parts[-2:]]
    found = [_NUMBER.search(stem) for stem in reversed(stems)]
    return next((int(each[1]) for each in found if each), 0)


def _stamp(entry: Entry, stamps: dict[tuple[str, ...], Entry]) -> str:
    """When it was handed in, from a timestamp.txt beside or above it."""
    above = (entry.parts[:-up] for up in range(1, min(len(entry.parts), 4)))
    found = next((stamps[folder] for folder in above if folder in stamps), None)
    return minutes(start(found, 200)) if found else ""


def start(entry: Entry, size: int) -> str:
    """How a file begins, as text."""
    try:
        return entry.read()[:size].decode("utf-8", "replace")
    except NotRead:
        return ""

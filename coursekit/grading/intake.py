"""From what an instructor has on disk to submissions: files, folders, zip archives.

First all names are listed and it is told whose each file is, then one student's files
at a time are read. Whatever cannot be read is a submission with a problem, so that no
student is lost without a word.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from coursekit.grading import roster, student_name
from coursekit.grading.intake_entries import Entry, hidden
from coursekit.grading.intake_files import listed
from coursekit.grading.intake_student import (
    PATH,
    Student,
    instead,
    one,
    read,
    start,
    what_to_do,
)
from coursekit.grading.intake_zip import forget
from coursekit.grading.notebook_json import LARGEST_FILE
from coursekit.grading.notebook_name import FOREIGN
from coursekit.grading.platform_name import gradescope
from coursekit.grading.report_clean import bare_words, distinct, plain
from coursekit.grading.types import Person, Submission


def collect(
    paths: Iterable[str | os.PathLike[str]], people: Sequence[Person] = ()
) -> Iterator[Submission]:
    """Every submission in files, folders and archives, one student after the other.

    people: the class list, if there is one; a submission's person is then from it.
    `student` is the same for all files of one person, and another for each person.
    """
    given = list(dict.fromkeys(Path(path) for path in paths))
    try:
        students = _students(*listed(given), people)
        books, some = [each.whose.by for each in students if each.books], False
        for student in students:
            for row in read(student) if student.books else instead(student, books):
                some = True
                yield row
        for path in given if not some else ():
            problem = what_to_do([file for each in students for file in each.files])
            name = plain(path.absolute().name)
            yield Submission(name, plain(path, PATH), problem=problem)
    finally:
        forget()


def _students(
    entries: Sequence[Entry], above: Sequence[str], people: Sequence[Person]
) -> list[Student]:
    """The entries by whose they are, in the order of their names."""
    known = {
        (*above, *entry.parts[:-1], folder): whose
        for entry in entries
        if entry.name == "submission_metadata.yml"
        for folder, whose in gradescope(start(entry, LARGEST_FILE)).items()
    }
    ways = [
        tuple(p for p in e.parts[:-1] if not e.aside or not hidden(p)) + e.parts[-1:]
        for e in entries
    ]
    books = [entry.notebook and not entry.aside for entry in entries]
    owners = student_name.owners(ways, books, above, known)
    found: dict[object, Student] = {}
    persons: dict[object, Person | None] = {}
    # Notebooks first: what lies beside them is of the same person, whoever it names.
    both = zip(entries, ways, owners, strict=True)
    for entry, way, whose in sorted(both, key=lambda each: not each[0].notebook):
        number = "" if whose.by == "moodle" else whose.id  # Moodle's is only its own
        who = Person(whose.name, number, whose.email)
        person, note = roster.match(who, (*(() if whose.by else above), *way), people)
        own = (bare_words(whose.name), whose.id)
        if not entry.notebook and own in persons:
            person, note = persons[own], ""
        persons.setdefault(own, person)
        student = found.setdefault(person or own, Student(whose, person))
        student.files.append(replace(entry, whose=whose))
        if note and note not in student.notes:
            student.notes.append(note)
    students = sorted(found.values(), key=lambda each: each.files[0].parts)
    _take_strays(students)
    _call(students)
    return students


def _take_strays(students: list[Student]) -> None:
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


def _foreign(student: Student) -> bool:
    return all(one(each).problem == FOREIGN for each in student.books)


def _call(students: Sequence[Student]) -> None:
    """Give each student a name of their own: the id tells two of one name apart."""
    people = [each.person or each.whose for each in students]
    counts = Counter(bare_words(each.name) for each in people)
    names = [
        f"{each.name} [{each.id}]"
        if counts[bare_words(each.name)] > 1 and each.id not in ("", each.name)
        else each.name
        for each in people
    ]
    for student, name in zip(
        students, distinct(names, bare_words, "{} ({})"), strict=True
    ):
        student.name = name

"""The class book: a row for each student, with what counts of all the files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from coursekit.grading.marks import Mark, applied, by_student
from coursekit.grading.report_clean import file_name, fold, plain
from coursekit.grading.report_tally import look
from coursekit.grading.roster import UNCLEAR, UNLISTED, key_of
from coursekit.grading.types import Person, Report, Task

NO_SANDBOX = (
    "These submissions ran WITHOUT a sandbox: their code could read and change what "
    "you can. Grade people you do not know in a container or a throw-away machine."
)
NOT_ASKED = "This notebook was not asked for."
MINUTE = "%Y-%m-%dT%H:%M"
Tasks = defaultdict[str, tuple[Task, ...]]  # of each notebook


@dataclass(frozen=True)
class Policy:
    """How results become points, and what else an instructor asks for.

    deadlines: by notebook, "" is for all others; notebooks: those that count, () is
    all; bonus: exercises whose points count only when earned.
    """

    attempt: str = "latest"
    deadlines: Mapping[str, str] = field(default_factory=dict)
    late_factor: float = 1.0
    notebooks: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    bonus: frozenset[str] = frozenset()
    people: tuple[Person, ...] = ()
    marks: tuple[Mark, ...] = ()
    said: str = ""  # about the class list
    marks_file: Path | None = None
    anonymous: bool = False
    compare: Path | None = None
    exports: tuple[tuple[str, Path], ...] = ()  # ("canvas", gradebook)
    private: tuple[Path, ...] = ()  # all files named, which no student may see

    def late(self, report: Report) -> bool:
        """Does the platform say so, or the time against the deadline?"""
        end = self.deadlines.get(report.notebook, self.deadlines.get("", ""))
        try:
            when = datetime.fromisoformat(report.handed_in).strftime(MINUTE)
        except ValueError:
            when = ""
        return report.late or bool(end and when > end)


@dataclass(frozen=True)
class Entry:
    """What counts of one student's tries at one notebook. report: with marks in it."""

    report: Report
    raw: Report
    points: float
    possible: float
    tries: int = 1
    late: bool = False
    excused: bool = False
    by_hand: bool = False  # the points of the whole notebook

    @property
    def counts(self) -> bool:
        """Has something come, and is it for the statistics of the class?"""
        return self.tries > 0 and not self.excused

    @property
    def problem(self) -> str:
        """Why there are no points, or ""."""
        return "" if self.by_hand or self.excused else self.report.problem

    @property
    def remarks(self) -> list[str]:
        """What to know about it, in a word each."""
        grades = self.report.grades
        hand = self.by_hand or any(grade.state == "by hand" for grade in grades)
        told = {"excused": self.excused, "late": self.late, "by hand": hand}
        told[f"{self.tries} tries"] = self.tries > 1
        return [words for words, true in told.items() if true]


@dataclass(frozen=True)
class Student:
    """One row. others: files that do not count; missing: notebooks not handed in."""

    name: str
    person: Person
    entries: Mapping[str, Entry]
    others: tuple[Report, ...]
    missing: tuple[str, ...]
    points: float
    possible: float

    @property
    def reports(self) -> list[Report]:
        """All of them, those that count first."""
        return [*(entry.report for entry in self.entries.values()), *self.others]

    @property
    def absent(self) -> bool:
        """Has nothing come from this person, and nothing been decided?"""
        return not self.reports

    @property
    def look(self) -> str:
        """Why a person must look at this student, or ""."""
        found = [entry.report for entry in self.entries.values() if entry.counts]
        for report in self.others:  # an earlier try that nobody could read is no loss
            entry = self.entries.get(report.notebook)
            newer = entry is None or report.attempt > entry.raw.attempt
            if not report.notebook and not self.missing:  # is all in its place decided?
                newer = all(each.tries for each in self.entries.values())
            if report.problem not in ("", NOT_ASKED) and newer:
                found.append(report)
        told = [
            f"{report.notebook or file_name(report.origin)}: {said}"
            for report in found
            if (said := look(report))
        ]
        notes = dict.fromkeys(note for report in self.reports for note in report.notes)
        doubts = [note for note in notes if note.startswith((UNCLEAR, UNLISTED))]
        return "; ".join(doubts + told)

    @property
    def unasked(self) -> str:
        """What came besides what counts, or that nothing came, in a line."""
        if self.absent:
            return "nothing handed in"
        extra = dict.fromkeys(report.notebook for report in self.others)
        listed = ", ".join(each for each in extra if each and each not in self.entries)
        return f"not asked for: {listed}" if listed else ""

    @property
    def remarks(self) -> str:
        """All that there is to know, in a line."""
        told: dict[str, list[str]] = {}
        for notebook, entry in self.entries.items():
            for words in entry.remarks:
                told.setdefault(words, []).append(notebook)
        told["missing"] = [] if self.absent else list(self.missing)
        lines = [f"{words}: {', '.join(each)}" for words, each in told.items() if each]
        return "; ".join(filter(None, [*lines, self.unasked]))


@dataclass(frozen=True)
class Book:
    """The class. possible: of each notebook; said: lines for the teacher."""

    students: tuple[Student, ...]
    possible: Mapping[str, float]
    said: tuple[str, ...]

    @property
    def notebooks(self) -> list[str]:
        """Those that count, in order."""
        return list(self.possible)

    @property
    def most(self) -> float:
        """The sum that is possible for a student without excuses."""
        return max((student.possible for student in self.students), default=0.0)

    @property
    def counting(self) -> list[Report]:
        """The tries that count, by student."""
        return [
            entry.report
            for student in self.students
            for entry in student.entries.values()
            if entry.counts
        ]


def build(reports: Sequence[Report], policy: Policy) -> Book:
    """The rows of a class, as its list has them or by name, and of who is missing."""
    run = {r.notebook for r in reports if r.problem != NOT_ASKED} - {""}
    counting = list(policy.notebooks) or sorted(run)
    tasks: Tasks = defaultdict(tuple)
    for report in sorted(reports, key=lambda each: len(each.grades)):
        tasks[report.notebook] = tuple(grade.task for grade in report.grades)
    files = defaultdict[str, list[Report]](list)
    for report in reports:
        files[report.student].append(report)
    persons = {
        student: next((r.person for r in own if r.person), Person(student))
        for student, own in files.items()
    }
    there = {who(person) for person in persons.values()}
    for person in policy.people:
        if who(person) not in there:
            unique = person.name
            while unique in persons:  # two people of one name
                unique = f"{unique} ({person.id or 2})"
            persons[unique] = person
    exercises = {task.id for each in counting for task in tasks[each]}
    marks, said = by_student(policy.marks, persons, exercises.union(counting))
    if any(report.sandbox == "off" and report.grades for report in reports):
        said.insert(0, NO_SANDBOX)
    said += [
        f"--bonus {plain(each, 20)}: no such exercise was handed in"
        for each in sorted(policy.bonus - exercises)
    ]
    row = _Row(policy, counting, tasks)
    # As on the class list; not with numbers for names, which that would give away.
    listed = () if policy.anonymous else policy.people
    order = {who(person): place for place, person in enumerate(listed)}

    def rank(student: str) -> tuple[int, str, str]:
        place = order.get(who(persons[student]), len(order))
        return place, key_of(student), student

    students = tuple(
        row.student(each, persons[each], files[each], marks[each])
        for each in sorted(persons, key=rank)
    )
    possible = {each: row.possible(tasks[each]) for each in counting}
    return Book(students, possible, tuple(said))


def who(person: Person) -> str:
    """What tells people apart, as well as it is known."""
    return fold(person.id or person.email or person.name)


@dataclass(frozen=True)
class _Row:
    """Makes the rows of a class."""

    policy: Policy
    notebooks: Sequence[str]
    tasks: Tasks

    def possible(self, tasks: Iterable[Task]) -> float:
        bonus = self.policy.bonus
        return round(sum(task.points for task in tasks if task.id not in bonus), 2)

    def student(
        self, student: str, person: Person, files: list[Report], marks: dict[str, Mark]
    ) -> Student:
        entries: dict[str, Entry] = {}
        points = possible = 0.0
        for notebook in self.notebooks:
            own = [each for each in files if each.notebook == notebook]
            none = Report(student, "", notebook, person=person)
            entry = replace(self.entry(own or [none], marks), tries=len(own))
            if own or entry.excused or entry.report is not entry.raw:
                entries[notebook] = entry
            if not entry.excused:
                weight = self.policy.weights.get(notebook, 1.0)
                points += weight * entry.points
                possible += weight * entry.possible
        used = [id(entry.raw) for entry in entries.values()]
        others = tuple(each for each in files if id(each) not in used)
        missing = tuple(each for each in self.notebooks if each not in entries)
        total = (round(points, 2), round(possible, 2))
        return Student(student, person, entries, others, missing, *total)

    def entry(self, files: list[Report], marks: Mapping[str, Mark]) -> Entry:
        """The try that counts, with its points."""
        files = sorted(files, key=lambda each: each.attempt)
        found = [self.counted(each, marks) for each in files]
        readable = [each for each in found if not each.problem] or found
        best = self.policy.attempt == "best"
        return max(reversed(readable), key=lambda each: each.points if best else 0.0)

    def counted(self, raw: Report, marks: Mapping[str, Mark]) -> Entry:
        """One try and its points."""
        tasks = self.tasks[raw.notebook]
        items = (raw.notebook, *(task.id for task in tasks))
        own = {each: marks[each] for each in items if each in marks}
        report, late = applied(raw, own, tasks), self.policy.late(raw)
        points = report.points * (self.policy.late_factor if late else 1.0)
        whole = own.get(raw.notebook, Mark("", "", ""))
        return Entry(
            report,
            raw,
            points=round(points if whole.points is None else whole.points, 2),
            possible=self.possible([g.task for g in report.grades] or tasks),
            late=late,
            excused=whole.excused,
            by_hand=whole.points is not None,
        )

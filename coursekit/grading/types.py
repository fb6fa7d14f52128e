"""What passes between the parts of the grader: plain, frozen, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell of a submitted file, read as data. Nothing in it is trusted.

    kind: "code", "markdown" or "raw"; exercise: the id that its metadata claims, or "".
    """

    index: int
    kind: str
    id: str
    exercise: str
    source: str


@dataclass(frozen=True)
class Person:
    """A student as a class list or a learning platform knows them; "" is not known."""

    name: str
    id: str = ""
    email: str = ""
    group: str = ""


@dataclass(frozen=True)
class Submission:
    """One submitted notebook. problem: why it cannot be read, or "".

    person: who it is, where more than a name is known; `student` is what tells them
    apart in a class, and stands once for each person.
    """

    student: str
    origin: str  # where it came from, to show: a path, or archive.zip: member
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()  # oddities that cost nothing
    problem: str = ""
    notebook: str = ""  # the official notebook it claims to be, such as "01_diffusion"
    person: Person | None = None
    attempt: int = 1  # which of this person's files for this notebook, from the oldest
    handed_in: str = ""  # when, as "2026-11-30T17:40", where a name or archive tells
    late: bool = False  # the platform says so


@dataclass(frozen=True)
class Task:
    """One exercise or paper question of an official notebook."""

    id: str  # "01.4"
    kind: str  # "code", "formula" or "choice"
    name: str  # the function's name in the notebook, or the answer's variable
    title: str
    points: float
    stub: str  # the learner's cell as it was handed out
    symbol: str = ""  # "coursekit.theory.ddpm:q_sample" for code


@dataclass(frozen=True)
class OfficialCell:
    """A code cell of the official learner's notebook.

    kind: "setup", "given" (woven), "exercise", "check", or "" for lecture code.
    """

    id: str
    kind: str
    exercise: str
    source: str


@dataclass(frozen=True)
class Official:
    """The trusted notebook a submission is held against."""

    name: str  # "01_diffusion"
    version: str
    cells: tuple[OfficialCell, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Attempt:
    """What a student handed in for one task.

    state: "answered", "unanswered" (the stub, untouched) or "missing". source: the
    student's code for this task; helpers: definitions from elsewhere in the file that
    it uses, in order; above, below: the student's own cells before it, and those
    between it and the next exercise.
    """

    task: Task
    state: str
    source: str = ""
    helpers: str = ""
    notes: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class MiniCell:
    """One code cell of the notebook that is run for one attempt."""

    id: str
    source: str
    probe: bool = False  # prints values; all other cells only define things


@dataclass(frozen=True)
class MiniNotebook:
    """All that is run for one attempt, in a kernel of its own.

    filled: the exercises ("module:name" or "module:Class.method") of which this kernel
    has the official version; of all others its package has a stub.
    """

    task: str
    filled: tuple[str, ...]
    cells: tuple[MiniCell, ...]


@dataclass(frozen=True)
class CellRun:
    """What came out of one cell.

    state: "ran", "raised", "timed out", "died" (the kernel), "flooded" or "not
    reached". text: its stdout, cut off at a limit; error: "Name: message", cut off.
    """

    state: str
    text: str = ""
    error: str = ""


@dataclass(frozen=True)
class NotebookRun:
    """What came out of one mini notebook, by cell id."""

    cells: Mapping[str, CellRun]
    seconds: float = 0.0
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Grade:
    """The verdict on one task, with a reason that a student can act on.

    state: "right", "partly", "wrong", "unanswered", "missing", "crashed", "timed out",
    "tampered" (its output is not what the probe prints) or "not gradable" (the grader's
    own fault: a person must look).
    """

    task: Task
    points: float
    state: str
    reason: str = ""
    right: int = 0  # cases
    cases: int = 0
    notes: tuple[str, ...] = ()
    fingerprint: str = ""  # equal for answers that are equal up to names

    @property
    def full(self) -> bool:
        """Did the grader itself give all points?"""
        return self.state == "right" and self.points >= self.task.points

    @property
    def why(self) -> str:
        """The reason, or "" for a right answer, which needs none."""
        return "" if self.state == "right" else self.reason


@dataclass(frozen=True)
class Report:
    """Everything about one submission."""

    student: str
    origin: str
    notebook: str
    grades: tuple[Grade, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""  # why there are no grades
    seed: int = 0
    seconds: float = 0.0
    sandbox: str = "off"
    person: Person | None = None
    attempt: int = 1
    handed_in: str = ""
    late: bool = False

    @property
    def points(self) -> float:
        """Points earned."""
        return round(sum(grade.points for grade in self.grades), 2)

    @property
    def possible(self) -> float:
        """Points there are."""
        return round(sum(grade.task.points for grade in self.grades), 2)

"""What a class did: by exercise, and which reports a person must look at."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from coursekit.grading.report_clean import number, plain
from coursekit.grading.types import Grade, Report, Task

WORDS = {
    "right": "right",
    "partly": "partly right",
    "wrong": "not right yet",
    "unanswered": "not answered",
    "missing": "cell missing",
    "crashed": "raised an error",
    "timed out": "too slow",
    "tampered": "output not valid",
    "not gradable": "a person will look",
    "by hand": "marked by hand",
    "excused": "excused",
}
BLANK = ("unanswered", "missing", "excused")
GROUPS = ("right", "partly right", "not right", "blank", "by hand")


def words(state: str) -> str:
    """What a state is called where people read it."""
    return WORDS.get(state, plain(state, 20))


def group(state: str) -> str:
    """Which of GROUPS a state is in: all, some or none of it right, or left blank."""
    if state in BLANK:
        return "blank"
    named = {"right": "right", "partly": "partly right", "by hand": "by hand"}
    return named.get(state, "not right")


@dataclass(frozen=True)
class Tally:
    """One exercise over a class."""

    task: Task
    grades: list[Grade]

    @property
    def mistakes(self) -> list[tuple[str, int]]:
        """The reasons that several reports share, the most frequent first."""
        wrong = (g for g in self.grades if group(g.state) in GROUPS[1:3])
        reasons = Counter(plain(grade.reason, 160) for grade in wrong if grade.reason)
        return [(said, n) for said, n in reasons.most_common(3) if n > 1]

    @property
    def groups(self) -> dict[str, int]:
        """How many answers are in each of GROUPS."""
        count = Counter(group(grade.state) for grade in self.grades)
        return {each: count[each] for each in GROUPS}

    @property
    def share(self) -> float:
        """The part of all possible points that was earned, 0 to 1."""
        earned = sum(grade.points for grade in self.grades)
        possible = len(self.grades) * self.task.points
        return earned / possible if possible else 0.0


def tallies(reports: Iterable[Report]) -> list[Tally]:
    """One tally for each exercise, in the order of the ids."""
    found: dict[str, list[Grade]] = defaultdict(list)
    for report in reports:
        for grade in report.grades:
            found[grade.task.id].append(grade)
    return [Tally(found[key][0].task, found[key]) for key in sorted(found, key=order)]


def order(task_id: str) -> tuple[tuple[int, str], ...]:
    """Sorts 01.4 before 01.12."""
    parts = task_id.split(".")
    return tuple((int(p) if p.isdecimal() else 10**9, p) for p in parts)


def look(report: Report) -> str:
    """Why a person must look at this report, or ""."""
    if report.problem:  # its other sentences tell the student what to do
        first = re.split(r"(?<=[.]) (?=[A-Z])", plain(report.problem))[0]
        return f"could not be graded: {first}"
    found = []
    for state in ("not gradable", "tampered"):
        ids = [grade.task.id for grade in report.grades if grade.state == state]
        if ids:
            found.append(f"{WORDS[state]}: {', '.join(ids)}")
    return "; ".join(found)


class Result(Protocol):
    """What has points: a report, an entry of the class book, a student."""

    @property
    def points(self) -> float:
        """Points earned."""

    @property
    def possible(self) -> float:
        """Points there are."""


def percent(result: Result) -> float:
    """Points earned, of 100."""
    return 100 * result.points / result.possible if result.possible else 0.0


def score(result: Result) -> str:
    """The result in a few words: 12.5 of 20 points (62 %)."""
    if getattr(result, "problem", ""):
        return "not graded"
    if getattr(result, "excused", False):
        return "excused"
    return (
        f"{number(result.points)} of {number(result.possible)} points "
        f"({percent(result):.0f} %)"
    )

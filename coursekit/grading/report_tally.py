"""What a class did: by exercise, and which reports a person must look at."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from coursekit.grading.report_clean import number, plain
from coursekit.grading.types import Report, Task

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


def words(state: str) -> str:
    """What a state is called where people read it."""
    return WORDS.get(state, plain(state, 20))


@dataclass
class Tally:
    """One exercise over a class: how many reports are in which state."""

    task: Task
    states: Counter[str] = field(default_factory=Counter)
    earned: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def mistakes(self) -> list[tuple[str, int]]:
        """The reasons that several reports share, the most frequent first."""
        return [(said, n) for said, n in self.reasons.most_common(3) if n > 1]

    @property
    def count(self) -> int:
        """Reports that have this exercise."""
        return sum(self.states.values())

    @property
    def groups(self) -> dict[str, int]:
        """The states in four columns: all, some or none of it right, or left blank."""
        states = self.states
        blank = sum(states[each] for each in BLANK)
        hand = states["by hand"]
        other = self.count - states["right"] - states["partly"] - blank - hand
        found = {"right": states["right"], "partly right": states["partly"]}
        return found | {"not right": other, "blank": blank, "by hand": hand}

    @property
    def share(self) -> float:
        """The part of all possible points that was earned, 0 to 1."""
        possible = self.count * self.task.points
        return self.earned / possible if possible else 0.0


def tallies(reports: Iterable[Report]) -> list[Tally]:
    """One tally for each exercise, in the order of the ids."""
    found: dict[str, Tally] = {}
    for report in reports:
        for grade in report.grades:
            tally = found.setdefault(grade.task.id, Tally(grade.task))
            tally.states[grade.state] += 1
            tally.earned += grade.points
            if grade.reason and grade.state not in ("right", "by hand", *BLANK):
                tally.reasons[plain(grade.reason, 160)] += 1
    return [found[key] for key in sorted(found, key=order)]


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


def unprotected(reports: Iterable[Report]) -> bool:
    """Did any of the code run without a sandbox?"""
    return any(r.sandbox == "off" and r.grades for r in reports)

"""What a class did: by exercise, and which reports a person must look at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from coursekit.grading.report_clean import number
from coursekit.grading.types import Report, Task

# What each state is called where people read it.
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
}


@dataclass
class Tally:
    """One exercise over a class: how many reports are in which state."""

    task: Task
    states: Counter[str] = field(default_factory=Counter)
    earned: float = 0.0

    @property
    def count(self) -> int:
        """Reports that have this exercise."""
        return sum(self.states.values())

    @property
    def groups(self) -> dict[str, int]:
        """The states in four columns: all, some or none of it right, or left blank."""
        states = self.states
        blank = states["unanswered"] + states["missing"]
        other = self.count - states["right"] - states["partly"] - blank
        found = {"right": states["right"], "partly right": states["partly"]}
        return found | {"not right": other, "blank": blank}

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
    return [found[key] for key in sorted(found, key=order)]


def order(task_id: str) -> tuple[tuple[int, str], ...]:
    """Sorts 01.4 before 01.12."""
    parts = task_id.split(".")
    return tuple((int(p) if p.isdecimal() else 10**9, p) for p in parts)


def look(report: Report) -> str:
    """Why a person must look at this report, or ""."""
    if report.problem:
        return "could not be graded"
    found = []
    for state in ("not gradable", "tampered"):
        ids = [grade.task.id for grade in report.grades if grade.state == state]
        if ids:
            found.append(f"{WORDS[state]}: {', '.join(ids)}")
    return "; ".join(found)


def headline(reports: Sequence[Report]) -> str:
    """The class in one line."""
    graded = [report for report in reports if not report.problem]
    parts = [f"{len(reports)} submission{'s' * (len(reports) != 1)}"]
    if graded:
        middle = median(percent(report) for report in graded)
        parts.append(f"median {middle:.0f} %")
    flagged = sum(bool(look(report)) for report in reports)
    if flagged:
        parts.append(f"{flagged} to look at")
    return ", ".join(parts)


def percent(report: Report) -> float:
    """Points earned, of 100."""
    return 100 * report.points / report.possible if report.possible else 0.0


def score(report: Report) -> str:
    """The result in a few words: 12.5 of 20 points (62 %)."""
    if report.problem:
        return "not graded"
    return (
        f"{number(report.points)} of {number(report.possible)} points "
        f"({percent(report):.0f} %)"
    )


def unprotected(reports: Iterable[Report]) -> bool:
    """Did any of the code run without a sandbox?"""
    return any(r.sandbox in ("", "off", "none") and r.grades for r in reports)

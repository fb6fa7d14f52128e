"""Numbers in place of names; key.csv, which stays with the teacher, tells them apart.

The numbers are drawn by chance, so that no class list gives them back, and kept for
people whom an earlier key.csv knows.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import Any

from coursekit.grading import spreadsheet
from coursekit.grading.classbook import Policy, who
from coursekit.grading.report_clean import fold
from coursekit.grading.types import Person, Report

KEY = "key.csv"
COLUMNS = ("number", "student", "id", "email", "group")


class Key:
    """Who has which number: "student 482913"."""

    def __init__(self, folders: Iterable[Path | None]) -> None:
        """folders: where earlier keys may lie."""
        self.people: dict[str, Person] = {}
        for folder in folders:
            if folder and (folder / KEY).is_file():
                for row in spreadsheet.read(folder / KEY, COLUMNS).rows:
                    number, *person = (row[key] for key in COLUMNS)
                    self.people.setdefault(number, Person(*person))
        self.numbers = {who(person): each for each, person in self.people.items()}

    def number(self, person: Person) -> str:
        """Theirs, drawn now if they have none."""
        while who(person) not in self.numbers:
            drawn = f"student {100_000 + secrets.randbelow(900_000)}"
            if drawn not in self.people:
                self.people[drawn], self.numbers[who(person)] = person, drawn
        return self.numbers[who(person)]

    def renamed(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A student of an earlier class.json, with the number that they have now."""
        known = who(Person(*(str(row[key]) for key in ("student", "id", "email"))))
        number = {"student": self.numbers.get(known), "id": "", "email": ""}
        return {**row, **number} if known in self.numbers else row

    def translated(self, policy: Policy) -> Policy:
        """The policy with all names as numbers, or in a file of marks all as names."""
        if policy.anonymous:
            people = tuple(Person(self.number(each)) for each in policy.people)
            policy = replace(policy, people=people)
        rows: dict[str, tuple[str, str]] = {}
        for number, known in self.people.items():
            if policy.anonymous:
                texts = {known.id, known.name} - {""}
                rows |= {fold(each): (number, "") for each in texts}
            else:
                rows[fold(number)] = known.name, known.id
        marks = []
        for mark in policy.marks:
            row = rows.get(fold(mark.id)) or rows.get(fold(mark.student))
            student, about = row or (mark.student, mark.id)
            marks.append(replace(mark, student=student, id=about))
        if policy.anonymous:  # a class list's order would tell
            marks.sort(key=lambda mark: mark.student)
        return replace(policy, marks=tuple(marks))

    def table(self) -> bytes:
        """The key as a file."""
        rows = [(number, *astuple(person)) for number, person in self.people.items()]
        return spreadsheet.write([COLUMNS, *sorted(rows)])

    def hidden(self, report: Report) -> Report:
        """The report with a number where there are names."""
        person = report.person or Person(report.student)
        # Two people of one name are told apart by `student`.
        if not (person.id or person.email):
            person = replace(person, name=report.student)
        number = self.number(person)
        names = {report.student, person.name, person.id, person.email} - {""}
        longest = sorted(map(re.escape, names), key=len, reverse=True)
        either = "|".join(longest) or "(?!)"
        pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.I)
        clean = partial(pattern.sub, number)
        grades = tuple(
            replace(g, reason=clean(g.reason), notes=tuple(map(clean, g.notes)))
            for g in report.grades
        )
        return replace(
            report,
            student=number,
            person=Person(number),
            origin=f"{number}/{report.notebook or 'file'}.ipynb",
            problem=clean(report.problem),
            notes=tuple(map(clean, report.notes)),
            grades=grades,
        )

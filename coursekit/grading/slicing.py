"""What an answer needs from the rest of its notebook: found by reading, never run.

An answer is graded in a notebook of its own, so its helpers must come along: functions
and classes, imports and assignments at the top level of other cells, and what these
need in turn. Loops, calls and pictures stay behind.
"""

import builtins
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from coursekit.grading.cell_code import Code, Statement, parse

BUILTINS = frozenset(dir(builtins)) | {
    *("__name__", "__file__", "__doc__", "__builtins__", "get_ipython", "display"),
    *("In", "Out", "_", "__", "___", "exit", "quit"),
}
_MOVABLE = ("def", "import", "assign", "block")
LONGEST = 200_000  # characters of helpers
MOST_STEPS = 5000
NEAR = 200  # definitions of one name that are looked at, on either side

OFFICIAL, STUDENT = 0, 1  # the two groups of cells
END = 10**9  # behind the last statement of a cell
Place = tuple[
    int, int, int
]  # 0 the official notebook, 1 the student's; cell; statement
FUTURE = "from __future__ import annotations"


@dataclass
class Slice:
    """Helper definitions as text, the names the student made, and notes on the rest."""

    text: str = ""
    names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def definitions_needed(
    source: str, others: Sequence[str], known: Collection[str]
) -> str:
    """The definitions in other cells that a piece of code needs, in their order.

    known: names that are there anyway and are never searched for.
    """
    cells = {index: parse(each) for index, each in enumerate(others)}
    return Shelf(cells).needed(parse(source), known, len(others)).text


class Shelf:
    """All that the cells of a notebook define, ready to be asked for by name.

    student, official: the code of cells by their index in each file.
    """

    def __init__(
        self, student: dict[int, Code], official: dict[int, Code] | None = None
    ) -> None:
        """Index every statement that may move."""
        self.made: dict[tuple[int, str], list[Place]] = {}
        self.changes: dict[str, list[Place]] = {}
        self.at: dict[Place, Statement] = {}
        self.stars: list[Place] = []
        self.loops: set[str] = set()
        self.future = False
        for group, cells in enumerate((official or {}, student)):
            for index, code in sorted(cells.items()):
                for number, statement in enumerate(code.statements):
                    self._put((group, index, number), statement)

    def _put(self, place: Place, statement: Statement) -> None:
        self.at[place] = statement
        if statement.future:
            self.future |= place[0] == STUDENT
        elif statement.kind == "change" and place[0] == STUDENT:
            for name in statement.binds:
                self.changes.setdefault(name, []).append(place)
        elif statement.star:
            self.stars.append(place)
        elif statement.kind in _MOVABLE:
            for name in statement.binds:
                self.made.setdefault((place[0], name), []).append(place)
        elif statement.kind == "other":
            self.loops |= statement.binds

    def needed(
        self,
        code: Code,
        known: Collection[str],
        here: int,
        skip: Collection[int] = (),
        official_here: int = END,
    ) -> Slice:
        """What `code`, which stands in cell `here`, needs from the other cells.

        skip: cells of the student that are not looked into, such as the answer's own.
        A list that a thousand scratch cells add to comes along as it was made.
        """
        found = self._needed(code, known, here, skip, official_here, altered=set())
        if not found.notes or found.text:
            return found
        every = set(self.changes)
        return self._needed(code, known, here, skip, official_here, altered=every)

    def _needed(
        self,
        code: Code,
        known: Collection[str],
        here: int,
        skip: Collection[int],
        official_here: int,
        altered: set[str],
    ) -> Slice:
        """altered: names whose later changes are left behind, or have come along."""
        have = {*known, *code.binds}
        heres = (official_here, here)
        chosen: set[Place] = set()
        unknown: set[str] = set()
        seen: set[tuple[str, Place]] = set()
        after: dict[Place, set[Place]] = {}  # what must stand above a statement
        wanted = [
            (name, (STUDENT, here, END))
            for each in code.statements
            if each.kind != "check"
            for name in sorted(each.now | each.later)
        ]
        while wanted:
            name, where = wanted.pop()
            if name in have or (name, where) in seen:
                continue
            seen.add((name, where))
            if len(seen) > MOST_STEPS:
                return Slice(
                    notes=["It needs too much from other cells to take along."]
                )
            place = self._find(name, where, skip, heres)
            if place is None:
                unknown.add(name)
                continue
            if where in self.at and name in self.at[where].now:
                after.setdefault(where, set()).add(place)
            for each in (place, *self._changes(name, place, skip, altered)):
                if each not in chosen:
                    chosen.add(each)
                    wanted += self._needs(each, heres)
        return self._slice(_in_order(chosen, after), unknown, skip)

    def _changes(
        self, name: str, place: Place, skip: Collection[int], done: set[str]
    ) -> Iterable[Place]:
        """The statements that fill or alter what a student's statement made."""
        if place[0] == STUDENT and name not in done:
            done.add(name)
            for each in self.changes.get(name, [])[:MOST_STEPS]:
                if each[1] not in skip:
                    yield each

    def _needs(
        self, place: Place, heres: tuple[int, int]
    ) -> Iterable[tuple[str, Place]]:
        """Names needed at once as they are there, those of functions as at the end."""
        statement = self.at[place]
        for name in sorted(statement.now):
            yield name, place
        for name in sorted(statement.later - statement.binds):
            yield name, max(place, (place[0], heres[place[0]], END))

    def _find(
        self,
        name: str,
        where: Place,
        skip: Collection[int],
        heres: tuple[int, int],
    ) -> Place | None:
        """The last definition above a place, else the first below; students' first."""
        for group in (STUDENT, OFFICIAL):
            limit = where if where[0] == group else (group, heres[group], END)
            places = self.made.get((group, name), [])
            middle = bisect_left(places, limit)
            near = (*reversed(places[max(0, middle - NEAR) : middle]),)
            for place in (*near, *places[middle : middle + NEAR]):
                if place == where or (group == STUDENT and place[1] in skip):
                    continue
                # `sum = 0` in a scratch cell must not hide the builtin.
                kind = self.at[place].kind
                if name not in BUILTINS or kind in ("def", "import"):
                    return place
        return None

    def _slice(
        self, ordered: list[Place], unknown: set[str], skip: Collection[int]
    ) -> Slice:
        result = Slice()
        lost = unknown - BUILTINS
        if lost:
            stars = [p for p in self.stars if p[0] == OFFICIAL or p[1] not in skip]
            ordered = [*stars, *ordered]
            lost = set() if stars else lost
        text = "\n\n".join(self.at[place].text for place in ordered)
        if len(text) > LONGEST:
            result.notes.append(
                "Its helpers in other cells are too long to take along."
            )
            return result
        if self.future:
            text = f"{FUTURE}\n\n{text}".rstrip()
        result.text = text
        own = [
            name
            for place in ordered
            if place[0] == STUDENT and self.at[place].kind != "import"
            for name in sorted(self.at[place].binds)
        ]
        result.names = tuple(dict.fromkeys(own))
        for name in sorted(lost)[:5]:
            if name in self.loops:
                result.notes.append(
                    f"It uses `{name[:40]}`, which a loop in another cell makes: what "
                    "an answer needs belongs in its own cell."
                )
            else:
                result.notes.append(
                    f"It uses `{name[:40]}`, which nothing in the notebook defines."
                )
        return result


def _in_order(chosen: set[Place], after: dict[Place, set[Place]]) -> list[Place]:
    """In the file's order, save for what must stand above: cells run in any order."""
    result: dict[Place, None] = {}
    begun: set[Place] = set()
    waiting = sorted(chosen, reverse=True)
    while waiting:
        place = waiting[-1]
        first = sorted(after.get(place, set()) - begun, reverse=True)
        if place not in begun and first:
            begun.add(place)
            waiting += first
        else:
            begun.add(place)
            result.setdefault(waiting.pop())
    return list(result)

"""What an answer needs from the rest of its notebook: found by reading, never run.

An answer is graded in a notebook of its own, so its helpers must come along: functions
and classes, imports and assignments at the top level of other cells, and what these
need in turn. Loops, calls and pictures stay behind; they run where the student's own
cells do.
"""

import builtins
from bisect import bisect_left
from collections.abc import Collection, Mapping
from typing import NamedTuple

from coursekit.grading.cell_code import Code, Statement

BUILTINS = frozenset(dir(builtins)) | {
    *("__name__", "__file__", "__doc__", "__builtins__", "get_ipython", "display"),
    *("In", "Out", "_", "__", "___", "exit", "quit"),
}
LONGEST = 200_000  # characters of helpers
MOST_STEPS = 5000
NEAR = 200  # definitions of one name that are looked at, on either side
LACKS = "It uses `"  # how notes begin on names that do not come along

END = 10**9  # behind the last statement of a cell
FUTURE = "from __future__ import annotations"

Place = tuple[int, int]  # cell, statement


class Slice(NamedTuple):
    """Helper definitions as text, the names the student made, and notes on the rest."""

    text: str = ""
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Shelf:
    """All that the cells of a notebook define, ready to be asked for by name."""

    def __init__(self, cells: Mapping[int, Code]) -> None:
        """cells: by their index; those below 0 are not the student's."""
        self.at: dict[Place, Statement] = {}
        self.made: dict[str, list[Place]] = {}
        self.stars: list[Place] = []
        self.future = False
        for index, code in sorted(cells.items()):
            for number, statement in enumerate(code.statements):
                self._put((index, number), statement)

    def _put(self, place: Place, statement: Statement) -> None:
        self.at[place] = statement
        if statement.future:
            self.future = True
        elif statement.star:
            self.stars.append(place)
        elif statement.kind not in ("check", "other"):
            for name in statement.binds:
                self.made.setdefault(name, []).append(place)

    def needed(
        self, code: Code, known: Collection[str], here: int, skip: Collection[int] = ()
    ) -> Slice:
        """What `code`, which stands in cell `here`, needs from the other cells.

        known: names that are there anyway and are never searched for. skip: cells that
        are not looked into, such as the answer's own.
        """
        have = {*known, *code.binds}
        chosen: set[Place] = set()
        unknown: set[str] = set()
        seen: set[tuple[str, Place]] = set()
        wanted = [
            (name, (here, END))
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
                said = "It needs too much from other cells to take along."
                return Slice(notes=(said,))
            place = self._find(name, where, skip)
            if place is None:
                unknown.add(name)
                continue
            if place not in chosen:
                chosen.add(place)
                # Needed at once as it is there, by functions as it is at the end.
                each = self.at[place]
                end = max(place, (here, END))
                wanted += [(name, place) for name in sorted(each.now)]
                wanted += [(name, end) for name in sorted(each.later - each.binds)]
        return self._slice(sorted(chosen), unknown - BUILTINS, skip)

    def _find(self, name: str, where: Place, skip: Collection[int]) -> Place | None:
        """The last definition above a place, else the first below."""
        places = self.made.get(name, [])
        middle = bisect_left(places, where)
        above = reversed(places[max(0, middle - NEAR) : middle])
        for place in (*above, *places[middle : middle + NEAR]):
            if place == where or place[0] in skip:
                continue
            # `sum = 0` in a scratch cell must not hide the builtin.
            if name not in BUILTINS or self.at[place].kind in ("def", "import"):
                return place
        return None

    def _slice(
        self, ordered: list[Place], lost: set[str], skip: Collection[int]
    ) -> Slice:
        stars = [place for place in self.stars if lost and place[0] not in skip]
        text = "\n\n".join(self.at[place].text for place in (*stars, *ordered))
        if len(text) > LONGEST:
            said = "Its helpers in other cells are too long to take along."
            return Slice(notes=(said,))
        if self.future:
            text = f"{FUTURE}\n\n{text}".rstrip()
        own = [
            name
            for place in ordered
            if place[0] >= 0 and self.at[place].kind != "import"
            for name in sorted(self.at[place].binds)
        ]
        notes = [
            f"{LACKS}{name[:40]}`, which no definition in another cell makes."
            for name in sorted(lost)[:5]
            if not stars
        ]
        return Slice(text, tuple(dict.fromkeys(own)), tuple(notes))

"""The pieces of fair.md as submissions: several habits share one where they can."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from notebook_kit import Notebook, cell, code, put, solved, text
from written import sections

OURS = {"setup", "given", "exercise", "check"}
_HEAD = re.compile(r"(\S+)(?: ([a-z |]+?))??((?: alone| whole)*)(?: /(.+)/)?")
_SOLUTION = re.compile(r"^( *)@(\S+?)(?: (.+) -> (.+))?@$", re.MULTILINE)
_MARK = re.compile(r"^# %%(.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Habit:
    """One piece. states: those that are fair; words: what must be read, a pattern.

    cells: (where, source) in order; where: "above", "here", "below" and so on.
    """

    name: str
    lecture: str
    task: str
    states: tuple[str, ...]
    words: str
    alone: bool
    whole: bool
    cells: tuple[tuple[str, str], ...]

    @property
    def right(self) -> bool:
        """Does it earn full points, and nothing else?"""
        return self.states == ("right",)


@cache
def bare(lecture: str, task: str) -> str:
    """The solution of an exercise without its docstrings and its first line."""
    tree = ast.parse(text(solved(lecture), task))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.unparse(tree)


def _cells(lecture: str, written: str) -> Iterator[tuple[str, str]]:
    def solution(found: re.Match[str]) -> str:
        made = bare(lecture, found[2])
        if found[3]:
            assert found[3] in made
            made = made.replace(found[3], found[4])
        return re.sub("^", found[1], made, flags=re.MULTILINE)

    first, *rest = _MARK.split(_SOLUTION.sub(solution, written))
    where = "above"
    for mark, source in [("", first), *zip(rest[::2], rest[1::2], strict=True)]:
        if "# exercise" in source and where == "above":
            yield "here", source
            where = "below"
        elif source:
            yield mark.strip() or where, source


def _habits() -> Iterator[Habit]:
    for lecture, section in sections("fair.md").items():
        for name, note in section.notes.items():
            head = _HEAD.fullmatch(note)
            assert head, note
            cells = tuple(_cells(lecture, section.codes[name]))
            states = tuple((head[2] or "right").split("|"))
            flags = head[3] or ""
            alone, whole = "alone" in flags, "whole" in flags
            words = head[4] or ""
            yield Habit(name, lecture, head[1], states, words, alone, whole, cells)


HABITS = {habit.name: habit for habit in _habits()}


def packs() -> list[tuple[Habit, ...]]:
    """The habits, put together: of each exercise only one in a submission.

    What is not right may spoil a later answer that needs it, so it is kept apart.
    """
    made: dict[tuple[object, ...], list[Habit]] = {}
    for habit in HABITS.values():
        alone = habit.name if habit.alone else ""
        key = habit.lecture, alone, habit.whole, habit.right
        number = 0
        while any(h.task == habit.task for h in made.get((*key, number), ())):
            number += 1
        made.setdefault((*key, number), []).append(habit)
    return [tuple(pack) for pack in made.values()]


def notebook(pack: tuple[Habit, ...]) -> Notebook:
    """The solved notebook of a lecture, in which exercises are answered like this.

    Without the lecture's demonstrations, which take long, save where they matter.
    """
    made = solved(pack[0].lecture)
    if not pack[0].whole:
        made["cells"] = [each for each in made["cells"] if _ours(each)]
    for habit in pack:
        here = cell(made, habit.task)
        for where, source in habit.cells:
            if where == "here":
                put(made, source, habit.task)
                continue
            new = code(source)
            if where == "marked":  # as a split in JupyterLab does
                new["metadata"] = here["metadata"]
            place = made["cells"].index(here) + (where != "above")
            if where.startswith("below "):
                place = made["cells"].index(cell(made, where.split()[1])) + 1
            if where == "end":
                place = len(made["cells"])
            elif where != "above":  # behind those that are there
                ids = [each["id"] for each in made["cells"][place:]]
                place += next(n for n, i in enumerate(ids) if not i.startswith("new-"))
            made["cells"].insert(place, new)
    if pack[0].alone or not pack[0].right:
        made["cells"] = made["cells"][: _last(made, pack)]
    return made


def _last(made: Notebook, pack: tuple[Habit, ...]) -> int:
    """Where the exercises begin that come after the last of these habits."""
    tried = {habit.task for habit in pack}
    about = [each["metadata"].get("coursekit", {}) for each in made["cells"]]
    found = max(n for n, each in enumerate(about) if each.get("id") in tried)
    more = (n for n, each in enumerate(about) if n > found and each.get("id"))
    return next(more, len(about))


def _ours(each: dict[str, Any]) -> bool:
    kind = each["metadata"].get("coursekit", {}).get("kind")
    return each["cell_type"] == "code" and (kind in OURS or each["id"] == "imports")

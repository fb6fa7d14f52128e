"""What a student handed in for each exercise: which code, and what it needs.

A cell belongs to the exercise that its metadata, its id or its first line names. Of
several, the last one in the file that was worked on counts. When none is left, the last
top-level definition of the exercise's function anywhere in the file counts.
"""

import ast
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from coursekit.grading import reach
from coursekit.grading.attempt_state import untouched
from coursekit.grading.cell_code import Code, Function, Statement, parse
from coursekit.grading.exercise_claim import claim
from coursekit.grading.own_cells import OwnCells, brought_along, typed_into_check
from coursekit.grading.slicing import Shelf
from coursekit.grading.types import Attempt, Cell, Official, Submission, Task

NO_PYTHON = f"it cannot be read as Python {sys.version_info[0]}.{sys.version_info[1]}"
MOST_CLAIMS = 20  # of cells marked as one exercise, the last ones are looked at
_FENCE = re.compile(r"^[ \t]*(```|~~~).*$\n?", re.MULTILINE)


@dataclass
class Found:
    """An answer as it was found, before its helpers are looked up."""

    code: Code
    cells: tuple[int, ...]  # where it stands
    notes: list[str] = field(default_factory=list)


def attempts(official: Official, submission: Submission) -> list[Attempt]:
    """One attempt for each task of the official notebook, in its order."""
    return _Reading(official, submission).attempts()


@cache
def _given_names(official: Official) -> frozenset[str]:
    """What every answer's notebook has anyway: given code, and the official imports.

    The names of the set-up cell count too: they are only for the course's check lines.
    """
    found = set[str]()
    for cell in official.cells:
        given = cell.kind in ("setup", "given") or cell.id == "imports"
        for each in parse(cell.source).statements:
            if given or (cell.kind == "exercise" and each.kind == "import"):
                found |= each.binds
    return frozenset(found)


@cache
def _lecture_code(official: Official) -> dict[int, Code]:
    """Lecture code, for answers that use what it made, above all of the student's."""
    return {
        index - len(official.cells): parse(cell.source)
        for index, cell in enumerate(official.cells)
        if cell.kind == "" and cell.id != "imports"
    }


class _Reading:
    """A submission next to the official notebook."""

    def __init__(self, official: Official, submission: Submission) -> None:
        self.official = official
        self.cells = submission.cells
        self.code = {c.index: parse(c.source) for c in self.cells if c.kind == "code"}
        self.claims: dict[str, list[Cell]] = {}
        for cell in self.cells:
            self.claims.setdefault(claim(cell), []).append(cell)
        self.functions = {task.name for task in official.tasks if task.kind == "code"}
        self.shelf = Shelf(_lecture_code(official) | self.code)
        self.own_cells = OwnCells(self.cells, self.code, official)

    def attempts(self) -> list[Attempt]:
        return [self._attempt(task) for task in self.official.tasks]

    def _attempt(self, task: Task) -> Attempt:
        claimed = self.claims.get(task.id, [])[-MOST_CLAIMS:]
        readable = [found for cell in claimed if (found := self._read(task, cell))]
        worked = [found for found in readable if self._is_answer(task, found.code)]
        notes: list[str] = []
        if len(claimed) > 1:
            places = ", ".join(str(cell.index + 1) for cell in claimed)
            notes.append(f"Several cells are marked as {task.id}: cells {places}.")
        found = worked[-1] if worked else self._second_choice(task, claimed, readable)
        if found is None:
            return self._unanswered(task, claimed, notes)
        if len(claimed) > 1:
            notes.append(f"Cell {found.cells[0] + 1} counts.")
        return self._answered(task, found, notes)

    def _read(self, task: Task, cell: Cell) -> Found | None:
        """The code of a claimed cell, also of one that was turned into text."""
        if cell.kind == "code":
            return Found(self.code[cell.index], (cell.index,))
        code = parse(_FENCE.sub("", cell.source))
        if code.defining(task.name) is None:
            return None
        note = (
            f"Cell {cell.index + 1} is a {cell.kind} cell; its code was taken all the "
            "same. Turn it back into a code cell."
        )
        return Found(code, (cell.index,), [note])

    def _is_answer(self, task: Task, code: Code) -> bool:
        made = code.defining(task.name)
        return made is not None and not untouched(task, made)

    def _second_choice(
        self, task: Task, claimed: Sequence[Cell], readable: Sequence[Found]
    ) -> Found | None:
        """When no marked cell answers: in pieces, renamed, elsewhere, or broken."""
        return (
            self._in_the_check(task)
            or self._joined(task, claimed)
            or self._under_another_name(task, readable)
            or self._elsewhere(task)
            or self._broken(task, readable)
        )

    def _in_the_check(self, task: Task) -> Found | None:
        """An answer on paper that is typed where it is checked."""
        if task.kind == "code":
            return None
        for index, code in reversed(self.code.items()):
            if (value := typed_into_check(code, task.id)) is not None:
                note = (
                    f"The answer is typed into check_answer(...) in cell {index + 1}; "
                    "it counts."
                )
                return Found(parse(f"{task.name} = {value}"), (index,), [note])
        return None

    def _joined(self, task: Task, claimed: Sequence[Cell]) -> Found | None:
        """A function that was split in its middle: the next cell starts indented."""
        for cell in reversed(claimed):
            if cell.kind != "code":
                continue
            text, used = cell.source, [cell.index]
            for other in self.cells[self.cells.index(cell) + 1 :][:4]:
                if other.kind != "code" or claim(other) not in ("", task.id):
                    break
                first = next((li for li in other.source.split("\n") if li.strip()), "")
                if not first.startswith((" ", "\t")):
                    break
                text, used = f"{text}\n{other.source}", [*used, other.index]
                code = parse(text)
                if self._is_answer(task, code):
                    places = " and ".join(str(index + 1) for index in used)
                    note = f"Cells {places} were put together: a function was split."
                    return Found(code, tuple(used), [note])
        return None

    def _under_another_name(
        self, task: Task, readable: Sequence[Found]
    ) -> Found | None:
        """The one function of a cell that has the task's parameters."""
        stub = parse(task.stub).defining(task.name)
        wanted = _parameters(stub.node) if stub else []
        for found in reversed(readable):
            made = [
                (each.node.name, each)
                for each in found.code.statements
                if isinstance(each.node, Function) and _parameters(each.node) == wanted
            ]
            if found.code.defining(task.name) or not wanted or len(made) != 1:
                continue
            name, statement = made[0]
            if name in self.functions or untouched(task, statement):
                continue
            note = f"Your function is called `{name[:60]}`, not `{task.name}`."
            code = parse(f"{found.code.text}\n\n{task.name} = {name}")
            return Found(code, found.cells, [note])
        return None

    def _elsewhere(self, task: Task) -> Found | None:
        """The last definition in a cell that is not marked as this exercise."""
        marked = {cell.index for cell in self.claims.get(task.id, ())}
        for index, code in reversed(self.code.items()):
            made = code.defining(task.name)
            if index in marked or made is None or untouched(task, made):
                continue
            note = (
                f"Cell {index + 1} is not marked as {task.id}, but it defines "
                f"`{task.name}`; it counts."
            )
            alone = parse(made.text)
            return Found(alone if alone.statements else code, (index,), [note])
        return None

    def _broken(self, task: Task, readable: Sequence[Found]) -> Found | None:
        """A cell that was worked on and does not define what it should."""
        for found in reversed(readable):
            code = found.code
            stub = code.defining(task.name)
            if stub is not None or not _says_anything(code):
                continue
            reason = f"it does not define `{task.name}`"
            if code.error:
                off = code.error.startswith("it is switched off")
                reason = code.error if off else f"{NO_PYTHON} ({code.error})"
            note = f"Cell {found.cells[0] + 1} is marked as {task.id}, but {reason}."
            return Found(code, found.cells, [note])
        return None

    def _unanswered(
        self, task: Task, claimed: Sequence[Cell], notes: list[str]
    ) -> Attempt:
        if not claimed:
            note = f"The file has no cell for {task.id}."
            return Attempt(task, "missing", notes=(*notes, note))
        for cell in claimed:
            if not cell.source.strip():
                notes.append(f"Cell {cell.index + 1} is empty or was left out.")
            notes += brought_along(cell, self.code.get(cell.index), task.name)
        last = claimed[-1]
        if last.kind != "code":
            return Attempt(task, "unanswered", notes=tuple(notes))
        above, below = self.own_cells.around(task, (last.index,))
        if not any(task.name in text for text in below):
            above = below = ()  # nothing finishes it there
        return Attempt(task, "unanswered", last.source, "", tuple(notes), above, below)

    def _answered(self, task: Task, found: Found, notes: list[str]) -> Attempt:
        later = self._later(task)
        dropped, said = self._left_out(task, found.code, later)
        source = found.code.without(dropped)
        code, here = parse(source), found.cells[0]
        skip = found.cells if dropped or len(found.cells) > 1 else ()
        known = _given_names(self.official) | self.functions
        needed = self.shelf.needed(code, known - later, here, skip)
        if later & {*needed.names}:  # the course's own where the reference needs it too
            absent = reach.absent(self.official, task)
            needed = self.shelf.needed(code, known - absent, here, skip)
        notes += [*found.notes, *said]
        if needed.names:
            names = ", ".join(f"`{name[:40]}`" for name in needed.names[:12])
            notes.append(f"From other cells it takes along: {names}.")
        notes += needed.notes
        above, below = self.own_cells.around(task, found.cells)
        return Attempt(
            task, "answered", source, needed.text, tuple(notes), above, below
        )

    def _later(self, task: Task) -> frozenset[str]:
        """The names of the exercises behind one of code."""
        behind = self.official.tasks[self.official.tasks.index(task) + 1 :]
        later = (each.name for each in behind if each.kind == task.kind == "code")
        return frozenset(later)

    def _left_out(
        self, task: Task, code: Code, later: frozenset[str]
    ) -> tuple[set[Statement], list[str]]:
        """The statements of a cell that do not count for its exercise, and notes.

        later: exercises that the kernel may have as stubs; what is used of them stays.
        """
        dropped = {each for each in code.statements if each.kind == "check"}
        notes = []
        for each in code.statements if task.kind == "code" else ():
            others = each.binds & self.functions
            defined = each.kind in ("def", "assign") and task.name not in each.binds
            if not others or not defined:
                continue
            if not others <= later:
                listed = ", ".join(f"`{other}`" for other in sorted(others))
                notes.append(f"For {listed}, the course's own is used here.")
            elif others & _used(code.statements, each):
                continue
            dropped.add(each)
        return dropped, notes


def _parameters(node: ast.stmt) -> list[str]:
    """The names of a function's parameters, in order."""
    if not isinstance(node, Function):
        return []
    given = node.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _used(statements: Iterable[Statement], but: Statement) -> frozenset[str]:
    """The names that the other statements of a cell need, check lines left out."""
    rest = (s for s in statements if s is not but and s.kind != "check")
    return frozenset().union(*(s.now | s.later for s in rest))


def _says_anything(code: Code) -> bool:
    """More than comments, imports and check lines?"""
    if code.error:
        return True
    return any(each.kind not in ("import", "check") for each in code.statements)

"""Of which exercises a kernel has the official version: of those before its own.

An answer stands on what comes before it in the course. A later exercise may be the
earlier one turned round, or made of it, so a kernel gets a later one only where the
course's own answer needs it too.
"""

import inspect
import types
from collections.abc import Iterator
from functools import cache
from typing import Any

from coursekit.checks.registry import by_id, code_exercises
from coursekit.checks.spec import Exercise
from coursekit.grading.types import Official, Task

PACKAGE = "coursekit"


def filled(official: Official, task: Task) -> tuple[str, ...]:
    """The symbols whose stubs the kernel for a task gets filled."""
    place = [each.id for each in official.tasks].index(task.id)
    before = {each.id for each in official.tasks[:place]}
    notebook, needed = task.id.partition(".")[0], needs(task.id)
    return tuple(
        each.symbol
        for each in code_exercises()
        if each.id in before
        or each.id.partition(".")[0] < notebook
        or each.symbol in needed
    )


@cache
def absent(official: Official, task: Task) -> frozenset[str]:
    """The names of later exercises of the notebook that the kernel has as stubs."""
    place = [each.id for each in official.tasks].index(task.id)
    later = (each for each in official.tasks[place + 1 :] if each.kind == "code")
    needed = needs(task.id)
    return frozenset(each.name for each in later if each.symbol not in needed)


@cache
def needs(exercise_id: str) -> frozenset[str]:
    """The symbols of other exercises that the course's own answer and its probe use."""
    exercise = by_id(exercise_id)
    if not isinstance(exercise, Exercise):
        return frozenset()
    others = {id(e.reference()): e.symbol for e in code_exercises()}
    found, seen = set[str](), set[int]()
    waiting: list[Any] = [exercise.reference(), exercise.probe().call]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if id(item) in others and item is not exercise.reference():
            found.add(others[id(item)])
        waiting += _uses(item)
    return frozenset(found)


def _uses(item: Any) -> Iterator[Any]:
    """Functions and classes of the package that one of them names or holds."""
    if inspect.isclass(item):
        yield from (part for part in vars(item).values() if _ours(part))
    wrapped = getattr(item, "__wrapped__", None)
    if wrapped is not None:
        yield wrapped
    function = getattr(item, "__func__", item)
    if not isinstance(function, types.FunctionType):
        return
    names = set(_names(function.__code__))
    space = function.__globals__
    for name in names & space.keys():
        value = space[name]
        if isinstance(value, types.ModuleType) and value.__name__.startswith(PACKAGE):
            inside = vars(value)
            yield from (inside[n] for n in names & inside.keys() if _ours(inside[n]))
        elif isinstance(value, dict):
            yield from _held(value)
        elif _ours(value):
            yield value
    for cell in function.__closure__ or ():
        if _ours(cell.cell_contents):
            yield cell.cell_contents


def _held(table: dict[Any, Any]) -> Iterator[Any]:
    """The functions that stand in a table, or in the things that stand there.

    And the classes of those things, since their methods are called without a name.
    """
    for each in table.values():
        parts = [each, *getattr(each, "__dict__", {}).values()]
        parts += [type(p) for part in parts if isinstance(part, tuple) for p in part]
        yield from (part for part in (*parts, type(each)) if _ours(part))


def _ours(value: Any) -> bool:
    if not isinstance(value, types.FunctionType | staticmethod | classmethod | type):
        return False
    return str(getattr(value, "__module__", PACKAGE)).startswith(PACKAGE)


def _names(code: types.CodeType) -> Iterator[str]:
    """All names that a function's code looks up, in inner functions too."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _names(part)

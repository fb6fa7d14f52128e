"""Which functions of the exercises run when a model learns, draws or is judged.

Nobody writes this list: the exercises say what they are, and the interpreter says what
is called.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from coursekit.checks.registry import code_exercises
from coursekit.checks.spec import Exercise, resolve
from coursekit.plots.draw import Line, Mark, Sheet, Text
from coursekit.plots.images import Picture
from coursekit.plots.theme import SERIES

LAST = "08a"  # the notebook up to which exercises are looked for, this one excluded
ROW, WIDE, RIGHT = 17, 640, 420


def functions(exercise: Exercise) -> Iterator[Any]:
    """What the learner writes: one function, or methods of a class."""
    found = resolve(exercise.symbol)
    if not inspect.isclass(found):
        yield found
        return
    _, _, methods = exercise.symbol.partition(":")[2].partition(".")
    names = methods.split(",") if methods else list(vars(found))
    for name in names:
        method = inspect.getattr_static(found, name)
        yield getattr(method, "__func__", getattr(method, "fget", None) or method)


def codes() -> dict[CodeType, Exercise]:
    """The code of every exercise before this notebook."""
    found = {}
    for exercise in code_exercises():
        if exercise.id.partition(".")[0] < LAST:
            for function in functions(exercise):
                code = getattr(inspect.unwrap(function), "__code__", None)
                if code is not None:
                    found[code] = exercise
    return found


def called(run: Callable[[], object]) -> list[Exercise]:
    """The exercises whose functions `run` calls, in the order of the course."""
    known, seen = codes(), set[Exercise]()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in known:
            seen.add(known[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(before)
    order = {exercise: i for i, exercise in enumerate(code_exercises())}
    return sorted(seen, key=order.__getitem__)


def graph(uses: Mapping[str, Sequence[Exercise]]) -> Picture:
    """Functions on the left, by lecture; on the right what calls them; lines between.

    uses: what is done -> the exercises that it calls.
    """
    order = {e: i for i, e in enumerate(code_exercises())}
    every = sorted({e for each in uses.values() for e in each}, key=order.__getitem__)
    lectures = sorted({e.id.partition(".")[0] for e in every})
    tones = {each: SERIES[i % len(SERIES)] for i, each in enumerate(lectures)}
    high = ROW * len(every)
    ends = {name: high * (i + 0.5) / len(uses) + ROW / 2 for i, name in enumerate(uses)}
    lines, words = list[Mark](), list[Mark]()
    for row, exercise in enumerate(every):
        y, tone = ROW * (row + 1), tones[exercise.id.partition(".")[0]]
        words.append(Text(10, y + 4, exercise.id, tone, bold=True))
        words.append(Text(62, y + 4, exercise.symbol.partition(":")[2], tone))
        for name, found in uses.items():
            if exercise in found:
                way = np.array([(250.0, y), (RIGHT - 8.0, ends[name])])
                lines.append(Line(way, tone, opacity=0.7))
    words += [Text(RIGHT, y + 4, name, bold=True) for name, y in ends.items()]
    return Sheet((*lines, *words), WIDE, high + ROW, "who calls whom").picture()

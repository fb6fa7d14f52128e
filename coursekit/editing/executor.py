"""Runs a plan on pixels, exactly, after the allow-list has been asked, and logs it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from coursekit.editing.allow_list import AllowList
from coursekit.editing.colour import Pixels
from coursekit.editing.operations import OPERATIONS
from coursekit.editing.plan import Plan, Step

BAND = 1 << 20  # pixels that are worked on at once


@dataclass(frozen=True)
class Call:
    """One line of the log: an operation that ran."""

    do: str
    values: dict[str, float]
    before: tuple[int, int]  # width, height
    after: tuple[int, int]
    seconds: float

    def row(self) -> dict[str, object]:
        """As JSON takes it."""
        return asdict(self)


def size_of(image: Pixels) -> tuple[int, int]:
    """(width, height) of pixels (H, W, 3)."""
    return image.shape[1], image.shape[0]


def run_step(image: Pixels, step: Step) -> Pixels:
    """A step on pixels (H, W, 3), uint8. The input is not changed.

    A colour operation sees one pixel at a time, so it may work band by band: a large
    photograph in real numbers would fill the memory.
    """
    operation, rows = OPERATIONS[step.do], max(1, BAND // image.shape[1])
    if operation.kind != "colour" or len(image) <= rows:
        return operation.run(image, **step.values)
    bands = (image[first : first + rows] for first in range(0, len(image), rows))
    return np.concatenate([operation.run(band, **step.values) for band in bands])


def run_plan(
    image: Pixels,
    plan: Plan,
    allowed: AllowList,
    log: Callable[[Call], None] = lambda call: None,
) -> Pixels:
    """The whole plan, or nothing: Refused before the first step, by `allowed`.

    log: told of each call when it has run.
    """
    allowed.check(plan, size_of(image))
    for step in plan:
        begin = time.perf_counter()
        edited = run_step(image, step)
        spent = time.perf_counter() - begin
        log(Call(step.do, dict(step.values), size_of(image), size_of(edited), spent))
        image = edited
    return image.copy() if not plan else image

"""What is looked at when a notebook is too long to look at everything.

Answers come first, then cells that define something, then scratch; within a kind the
later ones first, since the last answer counts. So whatever else somebody keeps in a
notebook, it costs no exercise.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from coursekit.grading.exercise_claim import claim
from coursekit.grading.types import Cell

_DEFINES = re.compile(
    r"^(?:def|class|async def|import|from|@|answer_\d)", re.MULTILINE | re.ASCII
)


def rank(cell: Cell) -> int:
    """0 for a cell that claims an exercise, 1 for one that defines, 2 for the rest."""
    if claim(cell):
        return 0
    return 1 if cell.kind == "code" and _DEFINES.search(cell.source) else 2


def by_worth(cells: Iterable[Cell]) -> list[Cell]:
    """The cells, those that matter most first."""
    return sorted(cells, key=lambda cell: (rank(cell), -cell.index))


def within(
    cells: Sequence[Cell], most: int, size: Callable[[Cell], int]
) -> tuple[list[Cell], list[Cell]]:
    """Those that fit into a budget, and those that do not, each in their order.

    Answers have a budget of their own, as large as that of all the rest.
    """
    left = {True: most, False: most}
    kept: list[Cell] = []
    out: list[Cell] = []
    for cell in by_worth(cells):
        answers = rank(cell) == 0
        left[answers] -= size(cell)
        (kept if left[answers] >= 0 else out).append(cell)
    return sorted(kept, key=_place), sorted(out, key=_place)


def _place(cell: Cell) -> int:
    return cell.index

"""A table of numbers for a live widget: cells in colour, as marks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.draw import Area, Line, Mark, Sheet, Text, box

ROW = 46  # pixels of a row: its text and its cells


def heat_table(
    values: ArrayLike,
    names: Sequence[str],
    bold: ArrayLike,
    *,
    title: str = "",
    low: float = 0.0,
    high: float = 1.0,
    cell: int = 112,
    gap: int = 10,
) -> Sheet:
    """One line of text and one row of cells for each row of `values` (R, C).

    Cells are `cell` wide with `gap` between them, so that they can stand above a row of
    pictures. low, high: the values of the palest and the fullest colour. bold: (R, C)
    bool, cells with a frame and bold numbers.
    """
    table, strong = np.asarray(values, dtype=float), np.asarray(bold, dtype=bool)
    shares = np.clip((table - low) / (high - low), 0, 1)
    marks: list[Mark] = [Text(0, 14, title, bold=True, size=12)]
    for i, name in enumerate(names):
        top = 24 + ROW * i
        marks.append(Text(0, top + 12, name, size=12))
        for j, value in enumerate(table[i]):
            left = j * (cell + gap)
            frame = box(left, top + 17, left + cell, top + 39)
            marks.append(Area(frame, "blue", 0.08 + 0.72 * shares[i, j]))
            chosen = bool(strong[i, j])
            if chosen:
                marks.append(Line(np.concatenate([frame, frame[:1]]), "orange", 2.0))
            middle, text = left + cell / 2, f"{value:.2f}"
            marks.append(Text(middle, top + 33, text, "ink", 12, "middle", chosen))
    width = table.shape[1] * (cell + gap) - gap
    return Sheet(tuple(marks), width, 28 + ROW * len(table), title)

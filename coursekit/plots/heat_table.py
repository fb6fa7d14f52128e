"""A table of numbers as a chart: cells in colour, drawn like every live chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.chart import Chart
from coursekit.plots.draw import Area, Line, Mark, Text


@dataclass(frozen=True)
class HeatTable(Chart):
    """One line of text and one row of cells for each row of `values` (R, C).

    Cells are `cell` wide with `gap` between them, so that they can stand above a row of
    pictures. low, high: the values of the palest and the fullest colour. bold: (R, C)
    bool, cells with a frame and bold numbers.
    """

    values: ArrayLike = ()
    names: Sequence[str] = ()
    bold: ArrayLike = ()
    low: float = 0.0
    high: float = 1.0
    cell: int = 112
    gap: int = 10
    form: str = ".2f"

    ROW: ClassVar[int] = 46  # pixels of a row: its text and its cells

    def marks(self) -> list[Mark]:
        """The rows, from the top."""
        table = np.asarray(self.values, dtype=float)
        strong = np.asarray(self.bold, dtype=bool)
        marks: list[Mark] = []
        if self.title:
            marks.append(Text(0, 14, self.title, bold=True, size=12))
        for i, (row, name) in enumerate(zip(table, self.names, strict=True)):
            top = 24 + self.ROW * i
            marks.append(Text(0, top + 12, name, size=12))
            for j, value in enumerate(row):
                left, right = j * (self.cell + self.gap), 0
                right = left + self.cell
                box = np.array(
                    [
                        [left, top + 17],
                        [right, top + 17],
                        [right, top + 39],
                        [left, top + 39],
                    ],
                    dtype=float,
                )
                share = (value - self.low) / (self.high - self.low)
                marks.append(
                    Area(box, "blue", 0.08 + 0.72 * float(np.clip(share, 0, 1)))
                )
                chosen = bool(strong[i, j])
                if chosen:
                    frame = np.concatenate([box, box[:1]])
                    marks.append(Line(frame, "orange", 2.0))
                middle = (left + right) / 2
                text = format(value, self.form)
                marks.append(
                    Text(middle, top + 33, text, size=12, anchor="middle", bold=chosen)
                )
        return marks


def heat_table(
    values: ArrayLike,
    names: Sequence[str],
    bold: ArrayLike,
    cell: int = 112,
    gap: int = 10,
    **options: Any,
) -> HeatTable:
    """A `HeatTable` with the size that its rows and columns need."""
    table = np.asarray(values, dtype=float)
    width = table.shape[1] * (cell + gap) - gap
    height = 28 + HeatTable.ROW * len(table)
    return HeatTable(
        [],
        values=table,
        names=tuple(names),
        bold=bold,
        width=width,
        height=height,
        cell=cell,
        gap=gap,
        **options,
    )

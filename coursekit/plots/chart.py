"""Line charts for widgets: a frozen description, drawn without a plotting library.

`Chart.svg()` is shown live (a millisecond, follows the theme), `Chart.picture()` is the
still of the same marks. For figures that carry a claim use `plot_figures` instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coursekit.plots.draw import Area, Line, Mark, Text, to_png, to_svg
from coursekit.plots.images import Picture
from coursekit.plots.theme import SERIES

Values = NDArray[np.float64]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round numbers (1, 2 or 5 times a power of ten) in [low, high]."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.6)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def tick_label(value: float, log: bool = False) -> str:
    """Short text of a tick; on a log axis `value` is the exponent of ten."""
    if log:
        return "10" + str(round(value)).translate(_RAISED) if value else "1"
    return f"{value:.6g}"


@dataclass(frozen=True)
class Curve:
    """One line of a chart; x and y of equal length, colour a palette name."""

    name: str
    x: ArrayLike
    y: ArrayLike
    colour: str = ""
    fill: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Curves over a common x axis, with a cursor where one is wanted.

    With log_y, values are plotted as log10 (those <= 0 are left out) and y_limits are
    exponents. level: a dashed horizontal line with its text. cursor: x position.
    """

    curves: Sequence[Curve] = ()
    title: str = ""
    x_name: str = ""
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)
    log_y: bool = False
    level: tuple[float, str] | None = None
    cursor: float | None = None
    width: int = 340
    height: int = 170
    margins: tuple[int, int, int, int] = field(default=(38, 26, 10, 34))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the plotting area, in pixels."""
        left, top, right, bottom = self.margins
        return left, top, self.width - right, self.height - bottom

    def to_x(self, x: ArrayLike) -> Values:
        """Data to pixels, across."""
        left, _, right, _ = self.box
        low, high = self.x_limits
        part = (np.asarray(x, dtype=float) - low) / (high - low)
        return np.asarray(left + part * (right - left))

    def to_y(self, y: ArrayLike) -> Values:
        """Data (on a log axis: exponents) to pixels, downwards; clipped to the box."""
        _, top, _, bottom = self.box
        low, high = self.y_limits
        part = (np.asarray(y, dtype=float) - low) / (high - low)
        return np.asarray(bottom - np.clip(part, -0.01, 1.01) * (bottom - top))

    def _axes(self) -> list[Mark]:
        left, top, right, bottom = self.box
        marks: list[Mark] = []
        if self.title:
            marks.append(Text(left, top - 10, self.title, bold=True, size=12))
        for value in ticks(*self.y_limits, 3 if self.log_y else 2):
            if self.log_y and value != round(value):
                continue
            y = float(self.to_y(value))
            rule = np.array([[left, y], [right, y]])
            marks.append(Line(rule, "grid", 1, opacity=0.35))
            text = tick_label(value, self.log_y)
            marks.append(Text(left - 6, y + 4, text, anchor="end", size=10.5))
        for value in ticks(*self.x_limits, 4):
            x = float(self.to_x(value))
            marks.append(Line(np.array([[x, bottom], [x, bottom + 4]]), "grid", 1))
            label = tick_label(value)
            marks.append(Text(x, bottom + 16, label, anchor="middle", size=10.5))
        marks.append(Line(np.array([[left, bottom], [right, bottom]]), "grid", 1))
        if self.x_name:
            x, y = (left + right) / 2, self.height - 4
            marks.append(Text(x, y, self.x_name, anchor="middle", size=11))
        return marks

    def _curve(self, curve: Curve, colour: str) -> list[Mark]:
        x = np.asarray(curve.x, dtype=float)
        y = np.asarray(curve.y, dtype=float)
        if self.log_y:
            keep = y > 0
            x, y = x[keep], np.log10(y[keep])
        keep = np.isfinite(x) & np.isfinite(y)
        if keep.sum() < 2:
            return []
        points = np.stack([self.to_x(x[keep]), self.to_y(y[keep])], axis=1)
        marks: list[Mark] = []
        if curve.fill:
            floor = self.box[3]
            ends = np.array([[points[-1, 0], floor], [points[0, 0], floor]])
            marks.append(Area(np.concatenate([points, ends]), colour))
        marks.append(Line(points, colour, 2.0, dashed=curve.dashed))
        return marks

    def _legend(self, colours: Sequence[str]) -> list[Mark]:
        """Names at the right of the title line, last curve outermost."""
        marks: list[Mark] = []
        x, y = self.box[2], self.box[1] - 10
        for curve, colour in reversed(list(zip(self.curves, colours, strict=True))):
            if curve.name:
                marks.append(Text(x, y, curve.name, colour, 11, "end", True))
                x -= 7.2 * len(curve.name) + 12
        return marks

    def marks(self) -> list[Mark]:
        """Everything there is to draw, back to front."""
        colours = [
            c.colour or SERIES[i % len(SERIES)] for i, c in enumerate(self.curves)
        ]
        marks = self._axes()
        _, top, right, bottom = self.box
        if self.level is not None:
            y = float(self.to_y(self.level[0]))
            rule = np.array([[self.box[0], y], [right, y]])
            marks.append(Line(rule, "red", 1.2, dashed=True))
            text = self.level[1]
            marks.append(Text(right - 2, y - 5, text, "red", 10.5, "end"))
        for curve, colour in zip(self.curves, colours, strict=True):
            marks += self._curve(curve, colour)
        if self.cursor is not None:
            x = float(self.to_x(self.cursor))
            rule = np.array([[x, top - 2], [x, bottom]])
            marks.append(Line(rule, "ink", 1.5, role="ck-cursor"))
        return marks + self._legend(colours)

    def svg(self) -> str:
        """The chart as one `<svg>` element."""
        return to_svg(self.marks(), self.width, self.height, self.label)

    def picture(self) -> Picture:
        """The chart as a still picture."""
        return to_png(self.marks(), self.width, self.height, self.label)

    @property
    def label(self) -> str:
        """What is drawn, in words."""
        names = ", ".join(c.name for c in self.curves if c.name)
        over = f"over {self.x_name}" if self.x_name else ""
        shown = " ".join(filter(None, (names, over)))
        return ": ".join(filter(None, (self.title or "a chart", shown)))

"""A chart is a short list of marks; two back ends draw the same marks.

`to_svg` is what a live widget shows: text of a few kilobytes, made in a fraction of a
millisecond, in the colours of the theme. `to_png` is the still picture of the same
thing, drawn once by matplotlib on a transparent ground.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.plots import theme as plot_theme
from coursekit.plots.images import Picture

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """An open polyline; points (N, 2) in pixels, y downwards."""

    points: Points
    colour: str = "ink"
    width: float = 1.0
    dashed: bool = False
    opacity: float = 1.0
    role: str = ""


@dataclass(frozen=True)
class Area:
    """A filled polygon; points (N, 2) in pixels."""

    points: Points
    colour: str
    opacity: float = 0.15


@dataclass(frozen=True)
class Text:
    """One line of text; anchor is "start", "middle" or "end", y is the base line."""

    x: float
    y: float
    text: str
    colour: str = "ink"
    size: float = 11.0
    anchor: str = "start"
    bold: bool = False


Mark = Line | Area | Text


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of a rectangle."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


@dataclass(frozen=True)
class Sheet:
    """Marks, back to front, on a sheet of width x height page pixels."""

    content: tuple[Mark, ...]
    width: int
    height: int
    label: str = ""

    def marks(self) -> tuple[Mark, ...]:
        """Everything there is to draw."""
        return self.content

    def svg(self) -> str:
        """The sheet as one `<svg>` element."""
        return to_svg(self.content, self.width, self.height, self.label)

    def picture(self) -> Picture:
        """The sheet as a still picture."""
        return to_png(self.content, self.width, self.height, self.label)


def _css(name: str) -> str:
    """A theme variable for ink, so that SVG text follows JupyterLab's theme."""
    if name == "ink":
        return f"var(--jp-ui-font-color1,{plot_theme.INK})"
    if name == "grid":
        return f"var(--jp-border-color1,{plot_theme.GRID})"
    return plot_theme.colour(name)


def _path(points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist())


def to_svg(marks: Sequence[Mark], width: int, height: int, label: str = "") -> str:
    """The marks as one `<svg>` element; `label` is read out by screen readers."""
    out = [
        f'<svg class="ck-chart" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(label, quote=True)}" '
        'style="font-family:var(--jp-ui-font-family,sans-serif);max-width:100%">'
    ]
    for mark in marks:
        if isinstance(mark, Line):
            dash = ' stroke-dasharray="4 3"' if mark.dashed else ""
            role = f' class="{mark.role}"' if mark.role else ""
            out.append(
                f'<polyline{role} points="{_path(mark.points)}" fill="none" '
                f'stroke="{_css(mark.colour)}" stroke-width="{mark.width:g}" '
                f'stroke-linejoin="round" opacity="{mark.opacity:g}"{dash}/>'
            )
        elif isinstance(mark, Area):
            out.append(
                f'<polygon points="{_path(mark.points)}" fill="{_css(mark.colour)}" '
                f'opacity="{mark.opacity:g}"/>'
            )
        else:
            weight = ' font-weight="600"' if mark.bold else ""
            out.append(
                f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size:g}" '
                f'text-anchor="{mark.anchor}" fill="{_css(mark.colour)}"{weight}>'
                f"{escape(mark.text)}</text>"
            )
    out.append("</svg>")
    return "".join(out)


_POINT = 0.72  # matplotlib counts in points, at 100 page pixels for an inch
_SIDE = {"start": "left", "middle": "center", "end": "right"}


def to_png(marks: Sequence[Mark], width: int, height: int, label: str = "") -> Picture:
    """The marks as a still picture, at two pixels for each pixel of the page."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon

    figure = Figure(figsize=(width / 100, height / 100), dpi=200, facecolor="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    for mark in marks:
        look: dict[str, Any] = {"color": plot_theme.colour(mark.colour)}
        if isinstance(mark, Text):
            look |= {"weight": 700 if mark.bold else 400, "family": "DejaVu Sans"}
            look |= {"size": mark.size * _POINT * 0.92, "ha": _SIDE[mark.anchor]}
            axis.text(mark.x, mark.y, mark.text, parse_math=False, **look)
        elif isinstance(mark, Line):
            if mark.dashed:  # dashes are counted in widths of the line
                look["linestyle"] = (0, (4 / mark.width, 3 / mark.width))
            look |= {"linewidth": mark.width * _POINT, "alpha": mark.opacity}
            axis.add_artist(Line2D(*mark.points.T, **look))
        else:
            axis.add_artist(Polygon(mark.points, alpha=mark.opacity, lw=0, **look))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    said = label or "; ".join(mark.text for mark in marks if isinstance(mark, Text))
    return Picture(buffer.getvalue(), width, height, said)

"""A chart is a short list of marks; two back ends draw the same marks.

`to_svg` is what a live widget shows: text of a few kilobytes, sharp on every screen,
in the colours of the theme. `to_png` is the still picture of the same thing, drawn
with Pillow on a transparent ground. Neither needs matplotlib.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

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


_ANCHOR = {"start": "ls", "middle": "ms", "end": "rs"}
_DENSITY = 2  # pixels of the still for each pixel on the page
_SMOOTH = 3  # Pillow draws hard edges: draw larger, then average


def _dashes(points: Points) -> list[Points]:
    """Cut a polyline into dashes of about 4 pixels with gaps of 3."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    pieces = []
    for start in np.arange(0.0, along[-1], 7.0):
        s = np.linspace(start, min(start + 4.0, along[-1]), 4)
        pieces.append(
            np.stack([np.interp(s, along, points[:, i]) for i in (0, 1)], axis=1)
        )
    return pieces


def draw_on(image: Image.Image, marks: Sequence[Mark], density: float) -> None:
    """Draw the marks onto an RGBA image, one page pixel = `density` image pixels."""
    for mark in marks:
        if isinstance(mark, Text):
            ImageDraw.Draw(image).text(
                (mark.x * density, mark.y * density),
                mark.text,
                font=plot_theme.font(mark.size * density * 0.92, mark.bold),
                fill=plot_theme.rgb(mark.colour),
                anchor=_ANCHOR[mark.anchor],
            )
        elif len(mark.points):
            _draw_shape(image, mark, density)


def _draw_shape(image: Image.Image, mark: Line | Area, density: float) -> None:
    """One line or area, on a mask no larger than the mark: there may be hundreds."""
    points = np.nan_to_num(mark.points) * density
    pad = 2 + (mark.width * density if isinstance(mark, Line) else 0)
    size = np.array(image.size)
    low = np.clip(np.floor(points.min(0) - pad), 0, size).astype(int)
    high = np.clip(np.ceil(points.max(0) + pad), 0, size).astype(int)
    if not (high > low).all():  # all of it lies outside
        return
    width, height = (high - low) * _SMOOTH
    mask = Image.new("L", (int(width), int(height)), 0)
    draw = ImageDraw.Draw(mask)
    level = round(255 * mark.opacity)
    if isinstance(mark, Line):
        pieces = _dashes(mark.points) if mark.dashed else [mark.points]
        thick = max(round(mark.width * density * _SMOOTH), 1)
        for piece in pieces:
            flat = [tuple(p) for p in ((piece * density - low) * _SMOOTH).tolist()]
            draw.line(flat, fill=level, width=thick, joint="curve")
    else:
        flat = [tuple(p) for p in ((points - low) * _SMOOTH).tolist()]
        draw.polygon(flat, fill=level)
    box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    image.paste(plot_theme.rgb(mark.colour), box, mask.reduce(_SMOOTH))


def to_png(marks: Sequence[Mark], width: int, height: int) -> Picture:
    """The marks as a still picture, at two pixels for each pixel of the page."""
    # A ground of transparent grey, not of transparent black: edges stay clean.
    ground = (*plot_theme.rgb("ink"), 0)
    image = Image.new("RGBA", (width * _DENSITY, height * _DENSITY), ground)
    draw_on(image, marks, _DENSITY)
    return Picture.of(np.asarray(image), density=_DENSITY)

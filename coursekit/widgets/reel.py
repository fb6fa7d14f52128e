"""A reel: every frame a film player will ever show, with its captions, as plain arrays.

This is the tested half of each film widget: an experiment makes a reel, `FilmPlayer`
only scrubs it. Frames lie in C order over the axes (one slider each), so frame (i, j)
of axes with n and m values is number i * m + j.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.plots.chart import Chart
from coursekit.plots.images import Picture, grid, pick
from coursekit.plots.theme import PALETTE, SERIES, rgb


@dataclass(frozen=True)
class Axis:
    """One slider: its name and the text of each position."""

    name: str
    values: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Meter:
    """A bar beside the picture: one value in [0, 1] and one text for each frame."""

    name: str
    values: tuple[float, ...]
    texts: tuple[str, ...]
    colour: str = "blue"


@dataclass(frozen=True)
class Reel:
    """Frames of images or of 2-D points, and what is written around them.

    frames: uint8 (F, N, H, W, C) images, or float32 (F, P, N, 2): N points in P panels.
    axes: the sliders; the product of their lengths is F.  columns: images in a row.
    row_names: one for each row of images, or for each panel of points.
    captions: one for each frame.  notes: for each frame, one for each image: text, or
    words marked right, wrong or unknown, "+brown|-red hat|?park", which become a bar.
    chart, chart_x: a chart whose cursor stands at chart_x[frame].
    limit: panels show [-limit, limit] squared.  groups: colour number of each point.
    ghost: pale points (M, 2) behind every panel.  trails: draw the ways points came.
    """

    frames: NDArray[Any]
    axes: tuple[Axis, ...]
    columns: int = 0
    row_names: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    notes: tuple[tuple[str, ...], ...] = ()
    meters: tuple[Meter, ...] = ()
    chart: Chart | None = None
    chart_x: tuple[float, ...] = ()
    limit: float = 2.5
    groups: tuple[int, ...] = ()
    ghost: NDArray[np.float32] | None = None
    trails: bool = False
    start: int = 0
    tile: int = 96

    def __post_init__(self) -> None:
        """Refuse a reel whose parts do not fit together."""
        frames = self.frames
        if not (
            (frames.dtype == np.uint8 and frames.ndim == 5)
            or (frames.dtype == np.float32 and frames.ndim == 4)
        ):
            raise ValueError(
                "frames must be uint8 (F, N, H, W, C) or float32 (F, P, N, 2), "
                f"not {frames.dtype} {frames.shape}"
            )
        count = math.prod(len(axis.values) for axis in self.axes)
        if count != len(frames):
            raise ValueError(
                f"the sliders have {count} positions for {len(frames)} frames"
            )
        per_frame = {
            "captions": self.captions,
            "notes": self.notes,
            "chart_x": self.chart_x,
            **{f"meter {m.name}": m.values for m in self.meters},
        }
        for name, values in per_frame.items():
            if values and len(values) != count:
                raise ValueError(f"{name}: {len(values)} entries for {count} frames")
        if not 0 <= self.start < count:
            raise ValueError(f"start {self.start} is not one of {count} frames")

    @property
    def kind(self) -> str:
        """Either "tiles" or "points"."""
        return "tiles" if self.frames.ndim == 5 else "points"

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.frames)

    def plan(self) -> dict[str, Any]:
        """Everything but the frames, as JSON for the browser."""
        chart = None
        if self.chart is not None:
            x = self.chart.to_x(np.asarray(self.chart_x))
            base = float(self.chart.to_x(self.chart.cursor or 0.0))
            shifts = [round(float(v) - base, 1) for v in x]
            chart = {"svg": self.chart.svg(), "shifts": shifts}
        ghost = [] if self.ghost is None else np.round(self.ghost, 3).tolist()
        return {
            "kind": self.kind,
            "shape": list(self.frames.shape),
            "columns": self.columns or self.frames.shape[1],
            "row_names": list(self.row_names),
            "axes": [
                {"name": a.name, "values": list(a.values), "help": a.help}
                for a in self.axes
            ],
            "captions": list(self.captions),
            "notes": [list(n) for n in self.notes],
            "meters": [
                {
                    "name": m.name,
                    "values": [round(float(v), 4) for v in m.values],
                    "texts": list(m.texts),
                    "colour": PALETTE.get(m.colour, m.colour),
                }
                for m in self.meters
            ],
            "chart": chart,
            "limit": self.limit,
            "groups": list(self.groups),
            "ghost": ghost,
            "trails": self.trails,
            "tile": self.tile,
            "colours": [PALETTE[name] for name in SERIES],
        }

    def still(self, width: int = 8, rows: int = 4) -> Picture:
        """A picture of the whole reel: time (or the first slider) runs to the right."""
        if not self.axes:
            shown = range(min(width, self.frames.shape[1]))
            return grid(np.stack([self._tile(0, panel) for panel in shown]))
        first, *others = self.axes
        columns = pick(len(first.values), width)
        names = [first.values[i] for i in columns]
        inner = math.prod(len(axis.values) for axis in others)
        if inner > 1:  # a table: the second slider runs down, the first image of each
            lines = pick(inner, rows)
            at = [(i * inner + j, 0) for j in lines for i in columns]
            labels = [f"{others[0].name} {others[0].values[j]}" for j in lines]
        else:
            panels = list(range(0, self.frames.shape[1], self.columns or 1))
            panels = panels[:rows] if self.row_names else list(range(rows))
            panels = [p for p in panels if p < self.frames.shape[1]]
            at = [(i, p) for p in panels for i in columns]
            labels = list(self.row_names)
        tiles = np.stack([self._tile(frame, panel) for frame, panel in at])
        return grid(tiles, len(columns), row_labels=labels, column_labels=names)

    def _tile(self, frame: int, panel: int) -> NDArray[np.uint8]:
        cell = self.frames[frame, panel]
        return cell if self.kind == "tiles" else self._dots(cell)

    def _dots(self, points: NDArray[np.float32], side: int = 96) -> NDArray[np.uint8]:
        """One panel of points as RGBA pixels on a transparent ground."""
        image = np.zeros((side, side, 4), np.uint8)
        image[..., :3] = rgb("ink")
        image[(0, -1), :, 3] = 90
        image[:, (0, -1), 3] = 90
        clouds = [] if self.ghost is None else [(self.ghost, None)]
        for cloud, tint in [*clouds, (points, self.groups or (0,) * len(points))]:
            place = (np.nan_to_num(cloud) / self.limit + 1) * (side - 1) / 2
            column = np.rint(place[:, 0]).astype(int)
            row = side - 1 - np.rint(place[:, 1]).astype(int)
            inside = (column > 0) & (column < side - 1) & (row > 0) & (row < side - 1)
            colours = (
                np.array([rgb("grid")] * len(cloud))
                if tint is None
                else np.array([rgb(SERIES[g % len(SERIES)]) for g in tint])
            )
            image[row[inside], column[inside], :3] = colours[inside]
            image[row[inside], column[inside], 3] = 80 if tint is None else 255
        return image

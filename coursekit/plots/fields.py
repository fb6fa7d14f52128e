"""Arrows in the plane: vector fields as figures, and as marks for live widgets.

A score or a velocity can be thousands of times longer in one place than in another.
Lengths are therefore squeezed: an arrow of typical size gets half of the room, a huge
one almost all of it, and the direction stays exact.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coursekit.plots.chart import Chart
from coursekit.plots.draw import Area, Line, Mark, box
from coursekit.plots.figures import canvas, draw_plane, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.theme import colour

Points = NDArray[np.float64]
FieldFunction = Callable[..., ArrayLike]  # field(x (N, 2) tensor) -> (N, 2)


def lattice(limit: float, count: int) -> Points:
    """count * count points, evenly spread over [-limit, limit] squared; (N, 2)."""
    half = limit / count  # the middle of each of count * count cells
    line = np.linspace(-limit + half, limit - half, count)
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def squeezed(arrows: ArrayLike, room: float, typical: float | None = None) -> Points:
    """The same directions, with lengths in [0, room): room * r / (r + typical).

    typical: the length that gets half the room; by default the median. (N, 2).
    """
    v = numbers(arrows)
    length = np.linalg.norm(v, axis=1, keepdims=True)
    if typical is None:
        typical = float(np.median(length))
    return np.asarray(room * v / np.maximum(length + typical, 1e-12))


def quiver(
    fields: Mapping[str, FieldFunction],
    *,
    limit: float = 2.5,
    count: int = 19,
    ghost: ArrayLike | None = None,
    size: float = 2.7,
    typical: float | None = None,
) -> Picture:
    """Vector fields side by side; each is a function of points, a tensor (N, 2).

    ghost: pale points (M, 2) behind each panel.  typical: see `squeezed`.
    """
    import torch

    places = lattice(limit, count)
    with style():
        figure, axes = canvas(len(fields), size, size)
        for axis, (name, field) in zip(axes, fields.items(), strict=True):
            draw_plane(axis, limit, name, ghost)
            found = numbers(field(torch.from_numpy(places)))
            shift = squeezed(found, 2.4 * limit / count, typical)
            axis.quiver(
                *places.T,
                *shift.T,
                angles="xy",
                scale_units="xy",
                scale=1,
                color=colour("blue"),
                width=0.006,
                headwidth=4,
                headlength=4,
                headaxislength=3.5,
            )
        return render(figure)


@dataclass(frozen=True)
class Dots:
    """Points (N, 2) as small squares; radius in pixels."""

    points: ArrayLike
    colour: str = "grid"
    radius: float = 1.2
    opacity: float = 0.5


@dataclass(frozen=True)
class Arrows:
    """Arrows from points (N, 2) along shifts (N, 2), in data units."""

    points: ArrayLike
    shifts: ArrayLike
    colour: str = "blue"
    width: float = 1.1


@dataclass(frozen=True)
class Way:
    """A line through points (N, 2)."""

    points: ArrayLike
    colour: str = "orange"
    width: float = 1.6
    dashed: bool = False
    opacity: float = 1.0


Layer = Dots | Arrows | Way


def ways(
    states: ArrayLike,
    colour: str,
    width: float,
    opacity: float,
    ts: ArrayLike | None = None,
) -> tuple[Way, ...]:
    """The ways of a crowd: states (F, N, 2), or (F, N) over their times ts (F,)."""
    film = numbers(states)
    if ts is not None:
        film = np.stack([np.tile(numbers(ts)[:, None], film.shape[1]), film], axis=2)
    return tuple(
        Way(film[:, i], colour, width, opacity=opacity) for i in range(film.shape[1])
    )


@dataclass(frozen=True)
class Plane(Chart):
    """A chart of layers in data units: dots, arrows and ways, back to front."""

    layers: tuple[Layer, ...] = ()

    def _pixels(self, points: ArrayLike) -> Points:
        p = np.asarray(points, dtype=float).reshape(-1, 2)
        return np.stack([self.to_x(p[:, 0]), self.to_y(p[:, 1])], axis=1)

    def marks(self) -> list[Mark]:
        """The axes, then every layer."""
        marks = super().marks()
        for layer in self.layers:
            at = self._pixels(layer.points)
            if isinstance(layer, Dots):
                r = layer.radius
                corners = box(-r, -r, r, r)
                marks += [Area(p + corners, layer.colour, layer.opacity) for p in at]
            elif isinstance(layer, Way):
                tone, width = layer.colour, layer.width
                line = Line(at, tone, width, layer.dashed, layer.opacity)
                marks.append(line)
            else:
                shifts = np.asarray(layer.shifts, dtype=float).reshape(-1, 2)
                tips = self._pixels(np.asarray(layer.points, dtype=float) + shifts)
                for start, tip in zip(at, tips, strict=True):
                    marks.append(Line(arrow(start, tip), layer.colour, layer.width))
        return marks


def square(
    title: str,
    layers: Iterable[Layer],
    limit: float,
    width: int = 380,
    height: int = 380,
    **options: Any,
) -> Plane:
    """A plane that shows [-limit, limit] squared."""
    edge = (-limit, limit)
    size: dict[str, Any] = {"width": width, "height": height, **options}
    layers = tuple(layers)
    return Plane(title=title, layers=layers, x_limits=edge, y_limits=edge, **size)


def arrow(start: Points, tip: Points) -> Points:
    """A shaft and two barbs as one polyline, in pixels."""
    back = 0.35 * (start - tip)
    length = float(np.hypot(*back))
    if length > 7:  # heads of long arrows stay small
        back *= 7 / length
    side = 0.55 * np.array([-back[1], back[0]])
    return np.stack([start, tip, tip + back + side, tip, tip + back - side])

"""Anti-aliased shapes, drawn for many pictures at once.

A `Patch` is a stack of small pictures with the batch as its LAST axis: the inner loop
of every numpy call then runs over the pictures, and a shape that sits at the same
place in each of them is a plain slice. A shape is its signed distance d (negative
inside); a pixel of width px is covered by clip(1/2 - d/px, 0, 1) of it.

Only + - * / sqrt, comparisons, floor, minimum and maximum on float32 are used: IEEE
754 fixes their results to the last bit, so the same scene gives the same bytes on
every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Number = F32 | float
Window = tuple[slice, slice]
Colours = Sequence[Number] | F32


@dataclass
class Patch:
    """B pictures of H x W pixels and the coordinates of their pixel centres.

    rgb (3, H, W, B); x (W, B) and y (H, B) in the units the shapes use (B may be 1
    there); px (B,) is the width of a pixel in those units, between px_low and px_high.
    Pixel column j has its centre near (j - origin_x) pixels, to within one pixel.
    """

    rgb: F32
    x: F32
    y: F32
    px: F32
    px_low: float
    px_high: float
    origin_x: int
    origin_y: int

    def window(self, left: float, right: float, top: float, bottom: float) -> Window:
        """Rows and columns that can see a shape with these bounds."""
        _, height, width, _ = self.rgb.shape

        def cut(low: float, high: float, origin: int, length: int) -> slice:
            first = min(low / self.px_low, low / self.px_high)
            last = max(high / self.px_low, high / self.px_high)
            start = max(0, min(length, origin + floor(first) - 2))
            return slice(start, max(start, min(length, origin + ceil(last) + 3)))

        return (
            cut(top, bottom, self.origin_y, height),
            cut(left, right, self.origin_x, width),
        )

    def blend(self, where: Window, cover: F32, colour: Colours) -> None:
        """Lay `colour` over the window; `cover` (h, w, B) says how much of it."""
        rows, columns = where
        for plane, value in zip(self.rgb, colour, strict=True):
            view = plane[rows, columns]
            step = value - view
            step *= cover
            view += step

    def blend_shaded(
        self, where: Window, cover: F32, colour: Colours, shade: F32
    ) -> None:
        """As `blend`, with the colour multiplied by `shade` (h, w, B)."""
        rows, columns = where
        for plane, value in zip(self.rgb, colour, strict=True):
            view = plane[rows, columns]
            step = value * shade
            step -= view
            step *= cover
            view += step


def lowest(value: Number) -> float:
    """The smallest entry, as a plain float."""
    return value if isinstance(value, float) else float(value.min())


def highest(value: Number) -> float:
    """The largest entry, as a plain float."""
    return value if isinstance(value, float) else float(value.max())


def around(patch: Patch, cx: Number, cy: Number, rx: float, ry: float) -> Window:
    """The window of a shape with centre (cx, cy) and half-sizes rx, ry."""
    return patch.window(
        lowest(cx) - rx, highest(cx) + rx, lowest(cy) - ry, highest(cy) + ry
    )


def cover(distance: F32, px: F32) -> F32:
    """The part of each pixel inside the shape; overwrites `distance`."""
    distance /= -px
    distance += np.float32(0.5)
    np.maximum(distance, 0, out=distance)
    np.minimum(distance, 1, out=distance)
    return distance


def disc_share(squared_radius: float, px: F32) -> F32:
    """True area of a small disc over the area `cover` gives it (B,).

    `cover` draws a disc as a frustum of radius r + px/2, too much by pi px^2 / 12, or
    as a cone where r < px/2. With this factor small eyes, stars and flowers keep their
    weight at every resolution.
    """
    r2 = np.float32(squared_radius)
    outer = np.sqrt(r2) + px * np.float32(0.5)
    frustum = r2 / (r2 + px * px / np.float32(12))
    cone = np.float32(3) * r2 * px / (outer * outer * outer)
    return np.where(outer < px, cone, frustum)


def line_share(width: float, px: F32) -> F32:
    """True area of a thin line over the area `cover` gives it (B,)."""
    total = px + np.float32(width)
    share = np.float32(4 * width) * px / (total * total)
    return np.where(px > width, share, np.float32(1))


def ellipse(
    patch: Patch, where: Window, cx: Number, cy: Number, rx: Number, ry: Number
) -> F32:
    """First-order signed distance F / |grad F| to an axis-parallel ellipse."""
    x = (patch.x[where[1]] - cx) / rx
    y = (patch.y[where[0]] - cy) / ry
    gx = x / rx
    gy = y / ry
    slope = np.add((gy * gy)[:, None], (gx * gx + np.float32(1e-9))[None])
    np.sqrt(slope, out=slope)
    slope *= 2
    value: F32 = np.add((y * y - np.float32(1))[:, None], (x * x)[None])
    value /= slope
    return value


def capsule(
    patch: Patch,
    where: Window,
    ax: Number,
    ay: Number,
    bx: Number,
    by: Number,
    radius: Number,
) -> F32:
    """Signed distance to a line from a to b with round ends."""
    x = patch.x[where[1]] - ax
    y = patch.y[where[0]] - ay
    dx = bx - ax
    dy = by - ay
    length = dx * dx + dy * dy
    along: F32 = np.add((y * (dy / length))[:, None], (x * (dx / length))[None])
    np.maximum(along, 0, out=along)
    np.minimum(along, 1, out=along)
    qx = x[None] - along * dx
    along *= dy
    np.subtract(y[:, None], along, out=along)
    along *= along
    qx *= qx
    along += qx
    np.sqrt(along, out=along)
    along -= radius
    return along


def polygon(
    patch: Patch, where: Window, corners: Sequence[tuple[Number, Number]]
) -> F32:
    """Signed distance bound to a convex polygon, corners clockwise on the screen."""
    x = patch.x[where[1]]
    y = patch.y[where[0]]
    result: F32 | None = None
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        nx, ny = by - ay, ax - bx
        size = np.sqrt(np.asarray(nx * nx + ny * ny, dtype=np.float32))
        side = np.add(((y - ay) * (ny / size))[:, None], ((x - ax) * (nx / size))[None])
        result = side if result is None else np.maximum(result, side, out=result)
    assert result is not None
    return result


def span(x: F32, low: Number, high: Number, px: F32) -> F32:
    """Exact part of the pixel interval [x - px/2, x + px/2] inside [low, high]."""
    half: F32 = px * np.float32(0.5)
    part: F32 = np.minimum(x + half, high)
    part -= np.maximum(x - half, low)
    part /= px
    return np.maximum(part, np.float32(0), out=part)


def box(
    patch: Patch, where: Window, left: Number, right: Number, top: Number, low: Number
) -> F32:
    """Exact pixel cover of an axis-parallel rectangle (a product of two spans)."""
    across = span(patch.x[where[1]], left, right, patch.px)
    down = span(patch.y[where[0]], top, low, patch.px)
    return np.multiply(down[:, None], across[None])


def stripes(x: F32, period: float, duty: float, px: F32) -> F32:
    """Exact pixel cover of stripes [n, n + duty) * period along one axis."""

    def filled(z: F32) -> F32:
        whole = np.floor(z)
        part: F32 = np.minimum(z - whole, np.float32(duty))
        part += whole * np.float32(duty)
        return part

    half: F32 = px * np.float32(0.5)
    step = np.float32(period)
    high: F32 = (x + half) / step
    low: F32 = (x - half) / step
    part = filled(high)
    part -= filled(low)
    part *= step / px
    np.maximum(part, np.float32(0), out=part)
    return np.minimum(part, np.float32(1), out=part)

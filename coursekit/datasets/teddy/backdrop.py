"""The six places, each a function that paints a whole batch of backgrounds."""

from collections.abc import Callable

import numpy as np

from coursekit.datasets.teddy.palette import WHITE, Colour
from coursekit.datasets.teddy.shapes import (
    F32,
    Number,
    Patch,
    around,
    box,
    cover,
    disc_share,
    ellipse,
    highest,
    lowest,
    polygon,
    stripes,
)


def fade(patch: Patch, top: float, low: float, first: Colour, last: Colour) -> None:
    """Fill rows top..low with a vertical colour gradient."""
    rows, columns = patch.window(0.0, 1.0, top, low)
    y = patch.y[rows]
    half = patch.px * np.float32(0.5)
    inside = np.minimum(y + half, low) - np.maximum(y - half, top)
    part = np.maximum(inside / patch.px, 0)[:, None]
    along = np.minimum(np.maximum((y - top) / np.float32(low - top), 0), 1)[:, None]
    for plane, start, stop in zip(patch.rgb, first, last, strict=True):
        view = plane[rows, columns]
        view += part * (start + along * np.float32(stop - start) - view)


def disc(
    patch: Patch, cx: Number, cy: Number, rx: float, ry: float, colour: Colour
) -> None:
    """An ellipse of one colour."""
    where = around(patch, cx, cy, rx, ry)
    part = cover(ellipse(patch, where, cx, cy, rx, ry), patch.px)
    part *= disc_share(rx * ry, patch.px)
    patch.blend(where, part, colour)


def bar(
    patch: Patch, left: Number, right: Number, top: float, low: float, colour: Colour
) -> None:
    """An axis-parallel rectangle of one colour."""
    where = patch.window(lowest(left), highest(right), top, low)
    patch.blend(where, box(patch, where, left, right, top, low), colour)


def peak(
    patch: Patch, cx: Number, half: float, top: float, low: float, colour: Colour
) -> None:
    """An upright triangle of one colour."""
    where = around(patch, cx, (top + low) / 2, half, (low - top) / 2)
    corners = [(cx, top), (cx + half, low), (cx - half, low)]
    patch.blend(where, cover(polygon(patch, where, corners), patch.px), colour)


def park(p: Patch, drift: F32) -> None:
    """Blue sky, a sun, a cloud, round trees on green hills."""
    fade(p, 0.0, 0.70, (0.42, 0.74, 0.98), (0.82, 0.93, 1.00))
    disc(p, 0.86 - drift * 0.1, 0.14, 0.09, 0.09, (1.0, 0.88, 0.36))
    for dx, r in ((-0.07, 0.045), (0.0, 0.065), (0.075, 0.05)):
        disc(p, 0.30 + drift * 0.4 + dx, 0.15, r * 1.3, r, WHITE)
    disc(p, 0.15 + drift * 0.5, 0.86, 0.75, 0.30, (0.62, 0.85, 0.42))
    trunk = 0.03 + drift * 0.16
    bar(p, trunk - 0.022, trunk + 0.022, 0.40, 0.70, (0.50, 0.34, 0.20))
    disc(p, trunk, 0.36, 0.125, 0.15, (0.24, 0.60, 0.30))
    disc(p, trunk + 0.03, 0.32, 0.06, 0.07, (0.33, 0.69, 0.36))
    trunk = 0.82 + drift * 0.16
    bar(p, trunk - 0.018, trunk + 0.018, 0.48, 0.70, (0.50, 0.34, 0.20))
    disc(p, trunk, 0.45, 0.095, 0.115, (0.28, 0.64, 0.32))
    fade(p, 0.68, 1.0, (0.52, 0.80, 0.36), (0.38, 0.68, 0.27))
    for dx, y in ((0.06, 0.93), (0.27, 0.80), (0.72, 0.78), (0.93, 0.90)):
        disc(p, dx + drift * 0.04, y, 0.016, 0.016, (1.0, 0.95, 0.85))


def beach(p: Patch, drift: F32) -> None:
    """Pale sky, turquoise sea with a sail, yellow sand, a parasol."""
    fade(p, 0.0, 0.44, (0.58, 0.86, 0.98), (0.93, 0.97, 0.98))
    disc(p, 0.14 + drift * 0.1, 0.13, 0.085, 0.085, (1.0, 0.80, 0.30))
    fade(p, 0.44, 0.66, (0.05, 0.52, 0.72), (0.24, 0.78, 0.80))
    sail = 0.66 + drift * 0.25
    peak(p, sail, 0.06, 0.30, 0.45, WHITE)
    bar(p, sail - 0.07, sail + 0.07, 0.455, 0.485, (0.80, 0.30, 0.25))
    for x, y in ((0.1, 0.52), (0.45, 0.57), (0.75, 0.55)):
        bar(p, x - drift * 0.1, x + 0.12 - drift * 0.1, y, y + 0.012, (0.7, 0.93, 0.94))
    fade(p, 0.66, 1.0, (0.98, 0.90, 0.68), (0.93, 0.78, 0.50))
    bar(p, 0.0, 1.0, 0.655, 0.68, (0.95, 0.98, 0.98))
    pole = 0.02 + drift * 0.12
    bar(p, pole - 0.010, pole + 0.010, 0.42, 0.82, (0.96, 0.96, 0.92))
    where = around(p, pole, 0.44, 0.17, 0.15)
    dome = ellipse(p, where, pole, 0.44, 0.17, 0.13)
    np.maximum(dome, (p.y[where[0]] - np.float32(0.44))[:, None], out=dome)
    p.blend(where, cover(dome, p.px), (0.95, 0.38, 0.36))


def snow(p: Patch, drift: F32) -> None:
    """Grey-blue sky, fir trees, white ground, falling flakes."""
    fade(p, 0.0, 0.71, (0.56, 0.67, 0.80), (0.84, 0.89, 0.95))
    disc(p, 0.85 - drift * 0.6, 0.80, 0.60, 0.25, (0.90, 0.94, 0.99))
    for base, size in ((0.03, 1.0), (0.86, 0.8)):
        fir = base + drift * 0.13
        for half, top, low in ((0.09, 0.20, 0.42), (0.125, 0.32, 0.60)):
            shift = 0.70 * (1 - size)
            top, low = top * size + shift, low * size + shift
            peak(p, fir, half * size, top, low, (0.16, 0.36, 0.36))
            peak(p, fir, half * size * 0.45, top, top + (low - top) * 0.45, WHITE)
        bar(
            p, fir - 0.016, fir + 0.016, 0.60 * size + 0.70 * (1 - size), 0.70, FIR_BARK
        )
    fade(p, 0.69, 1.0, (0.95, 0.97, 1.00), (0.84, 0.89, 0.96))
    for x, y in FLAKES:
        disc(p, x + drift * 0.06, y, 0.016, 0.016, WHITE)


FIR_BARK: Colour = (0.36, 0.27, 0.22)
FLAKES = (
    *((0.20, 0.08), (0.42, 0.18), (0.66, 0.09), (0.90, 0.20), (0.24, 0.36)),
    *((0.75, 0.36), (0.52, 0.05), (0.05, 0.14), (0.66, 0.52), (0.32, 0.54)),
)


def room(p: Patch, drift: F32) -> None:
    """Striped wallpaper, a window, a picture, a wooden floor and a rug."""
    fade(p, 0.0, 0.72, (0.99, 0.86, 0.74), (0.96, 0.79, 0.66))
    wall = p.window(0.0, 1.0, 0.0, 0.72)
    strips = stripes(p.x[wall[1]], 0.125, 0.5, p.px)[None] * np.float32(0.5)
    down = (np.minimum(p.y[wall[0]], 0.72) < 0.71).astype(np.float32)[:, None]
    p.blend(wall, strips * down, (0.93, 0.70, 0.60))
    left = 0.06 + drift * 0.10
    bar(p, left - 0.03, left + 0.25, 0.09, 0.48, WHITE)
    bar(p, left, left + 0.22, 0.12, 0.45, (0.55, 0.80, 0.98))
    bar(p, left + 0.10, left + 0.12, 0.12, 0.45, WHITE)
    bar(p, left, left + 0.22, 0.275, 0.295, WHITE)
    frame = 0.76 + drift * 0.06
    bar(p, frame, frame + 0.16, 0.14, 0.34, (0.55, 0.35, 0.20))
    bar(p, frame + 0.025, frame + 0.135, 0.165, 0.315, (0.98, 0.95, 0.84))
    disc(p, frame + 0.08, 0.24, 0.032, 0.045, (0.92, 0.42, 0.42))
    fade(p, 0.72, 1.0, (0.66, 0.45, 0.28), (0.55, 0.35, 0.21))
    bar(p, 0.0, 1.0, 0.70, 0.735, (0.98, 0.95, 0.90))
    disc(p, 0.5 - 0.05 + drift * 0.1, 0.93, 0.42, 0.075, (0.55, 0.64, 0.74))
    disc(p, 0.5 - 0.05 + drift * 0.1, 0.93, 0.34, 0.052, (0.70, 0.78, 0.86))


def forest(p: Patch, drift: F32) -> None:
    """Dim green light between trunks, moss and red mushrooms."""
    fade(p, 0.0, 0.80, (0.09, 0.25, 0.17), (0.36, 0.52, 0.28))
    for at, width, bark in (
        (0.30, 0.026, (0.20, 0.27, 0.17)),
        (0.62, 0.030, (0.20, 0.27, 0.17)),
        (0.02, 0.060, (0.24, 0.17, 0.12)),
        (0.84, 0.055, (0.26, 0.18, 0.12)),
    ):
        trunk = at + drift * 0.12
        bar(p, trunk - width, trunk + width, 0.0, 0.80, bark)
    for x, r in ((0.0, 0.20), (0.28, 0.15), (0.55, 0.14), (0.80, 0.17), (1.02, 0.19)):
        disc(p, x - drift * 0.06, 0.0, r, r * 0.75, (0.11, 0.33, 0.18))
    disc(p, 0.25, 0.86, 0.45, 0.12, (0.26, 0.40, 0.17))
    fade(p, 0.80, 1.0, (0.28, 0.42, 0.17), (0.17, 0.28, 0.12))
    for x, y in ((0.09, 0.85), (0.89, 0.80)):
        cap = x + drift * 0.06 - 0.03
        bar(p, cap - 0.014, cap + 0.014, y, y + 0.06, (0.95, 0.90, 0.80))
        disc(p, cap, y, 0.048, 0.032, (0.86, 0.20, 0.16))


def city(p: Patch, drift: F32) -> None:
    """A violet night sky, a moon, houses with lit windows, a street."""
    fade(p, 0.0, 0.74, (0.06, 0.06, 0.20), (0.36, 0.24, 0.48))
    for x, y in ((0.12, 0.07), (0.36, 0.12), (0.50, 0.04), (0.66, 0.10), (0.95, 0.06)):
        disc(p, x + drift * 0.05, y, 0.011, 0.011, (0.95, 0.95, 1.0))
    disc(p, 0.70 + drift * 0.12, 0.15, 0.085, 0.085, (0.99, 0.95, 0.74))
    disc(p, 0.735 + drift * 0.12, 0.13, 0.070, 0.070, (0.10, 0.09, 0.25))
    for left, width, top, wall in (
        (-0.06, 0.24, 0.26, (0.15, 0.14, 0.29)),
        (0.20, 0.20, 0.42, (0.20, 0.17, 0.34)),
        (0.44, 0.18, 0.34, (0.14, 0.13, 0.27)),
        (0.66, 0.18, 0.46, (0.20, 0.17, 0.34)),
        (0.85, 0.26, 0.30, (0.15, 0.14, 0.29)),
    ):
        start = left + drift * 0.05
        bar(p, start, start + width, top, 0.78, wall)
        where = p.window(lowest(start), highest(start) + width, top, 0.78)
        inside = box(p, where, start, start + width, top + 0.04, 0.72)
        inside *= stripes(p.x[where[1]] - start - np.float32(0.02), 0.075, 0.45, p.px)
        inside *= stripes(p.y[where[0]] - np.float32(top), 0.10, 0.45, p.px)[:, None]
        p.blend(where, inside, (1.0, 0.83, 0.36))
    fade(p, 0.76, 1.0, (0.30, 0.29, 0.40), (0.20, 0.19, 0.28))
    bar(p, 0.0, 1.0, 0.755, 0.785, (0.46, 0.44, 0.54))


PAINTERS: dict[str, Callable[[Patch, F32], None]] = {
    "park": park,
    "beach": beach,
    "snow": snow,
    "room": room,
    "forest": forest,
    "city": city,
}

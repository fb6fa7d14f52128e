"""A teddy bear, drawn for a batch of bears at once.

The bear's own coordinates: feet at (0, 0), one unit tall, y downwards (so heads are at
negative y). Everything is painted back to front.
"""

import numpy as np

from coursekit.datasets.teddy.painter import Looks, Painter
from coursekit.datasets.teddy.palette import HAT, INK, STAR, WHITE
from coursekit.datasets.teddy.shapes import (
    F32,
    Colours,
    Number,
    Patch,
    Window,
    around,
    cover,
    ellipse,
    highest,
    lowest,
    polygon,
)

# What a bear can reach in its own units: the patch must hold this rectangle.
REACH = (-0.62, 0.62, -1.30, 0.07)


def draw_bears(patch: Patch, bears: Looks) -> None:
    """Paint one bear into each picture of the patch."""
    p = Painter(patch, bears)
    p.dot(0.0, -0.01, 0.42, 0.055, (0.05, 0.05, 0.09), 0.30)  # its shadow
    _ears(p)
    _body(p)
    _head(p)
    _face(p)
    _book(p)
    _arms(p)
    _notes(p)
    _glasses(p)
    for kind, hat in (("red", _cone), ("blue", _beanie), ("yellow", _sun_hat)):
        if bears.hat[kind].any():
            hat(p, bears.hat[kind])


def _ears(p: Painter) -> None:
    for side in (-1, 1):
        x = p.lean(0.23 * side, -0.88)
        p.ball(x, -0.88, 0.11, 0.11, p.bears.fur, 0.05)
        p.ball(x, -0.87, 0.062, 0.062, p.bears.pale, 0.05)


def _body(p: Painter) -> None:
    kick = np.abs(p.bears.dancing)
    to_right = np.maximum(p.bears.dancing, np.float32(0))
    for side in (-1, 1):
        # A dancer lifts the leg on the side away from the lean.
        lift: F32 = to_right if side < 0 else kick - to_right
        x = (0.195 + lift * 0.13) * side
        y = -0.105 - lift * 0.11
        p.limb(x * 0.55, -0.17, x, y, 0.105)
        p.ball(x, y, 0.072, 0.078, p.bears.pale, 0.06)
    p.ball(p.lean(0.0, -0.31), -0.31, 0.235, 0.245, p.bears.fur, 0.07)
    p.ball(p.lean(0.0, -0.28), -0.28, 0.148, 0.165, p.bears.pale, 0.08)
    if p.striped:
        _star(p, p.lean(0.0, -0.28), -0.28, 0.13)


def _head(p: Painter) -> None:
    p.ball(p.lean(0.0, -0.70), -0.70, 0.30, 0.25, p.bears.fur, 0.07)
    p.ball(p.lean(0.0, -0.605), -0.605, 0.120, 0.092, p.bears.pale, 0.06)


def _face(p: Painter) -> None:
    for side in (-1, 1):
        p.dot(p.lean(0.205 * side, -0.61), -0.61, 0.055, 0.036, (1.0, 0.3, 0.38), 0.42)
    _eyes(p, None)
    x = p.lean(0.0, -0.645)
    p.dot(x, -0.645, 0.045, 0.034, INK)
    for side in (-1, 1):
        tip = (x + 0.044 * side, -0.590)
        p.stick((x, -0.572), tip, 0.009, INK, 0.9)


def _eyes(p: Painter, flag: F32 | None) -> None:
    """Both eyes; with a flag, only where it is 1."""
    for side in (-1, 1):
        x = p.lean(0.128 * side, -0.70)
        p.dot(x, -0.70, 0.047, 0.056, INK, 1.0 if flag is None else flag)
        p.dot(x + 0.015, -0.722, 0.016, 0.016, WHITE, 1.0 if flag is None else flag)


def _arms(p: Painter) -> None:
    reading = p.bears.reading
    for side, up in ((-1, p.bears.right_up), (1, p.bears.left_up)):
        down = 1 - up
        # Down: beside the belly, or at the edge of the book. Up: beside the head.
        x = (up * 0.415 + down * (0.315 - reading * 0.085)) * side
        y = up * -0.60 + down * (-0.215 - reading * 0.01)
        shoulder = p.lean(0.185 * side, -0.43)
        paw = p.lean(x, y)
        p.limb(shoulder, -0.43, paw, y, 0.078)
        p.dot(paw, y, 0.042, 0.042, p.bears.pale, up)


def _book(p: Painter) -> None:
    reading = p.bears.reading
    if not reading.any():
        return
    p.slab(-0.245, 0.245, -0.305, -0.075, (0.12, 0.42, 0.45), reading)
    p.slab(-0.222, -0.010, -0.318, -0.098, (1.0, 0.99, 0.94), reading)
    p.slab(0.010, 0.222, -0.318, -0.098, (1.0, 0.99, 0.94), reading)
    p.slab(-0.010, 0.010, -0.318, -0.098, (0.80, 0.76, 0.68), reading)
    for row in range(3):
        y = -0.265 + 0.055 * row
        for left in (-0.17, 0.055):
            p.slab(left, left + 0.12, y, y + 0.014, (0.55, 0.52, 0.50), reading)


def _notes(p: Painter) -> None:
    dancing = np.abs(p.bears.dancing)
    if not dancing.any():
        return
    side = p.bears.dancing
    for x, y in ((-0.47, -0.82), (-0.53, -0.40)):
        cx = side * x
        p.dot(cx, y, 0.042, 0.034, INK, dancing)
        p.stick((cx + 0.034, y), (cx + 0.034, y - 0.13), 0.012, INK, dancing)
        p.stick((cx + 0.034, y - 0.13), (cx + 0.085, y - 0.09), 0.014, INK, dancing)


def _glasses(p: Painter) -> None:
    for flag, rim, glass, solid in (
        (p.bears.round_glasses, (0.72, 0.10, 0.16), (0.93, 0.98, 1.0), 0.62),
        (p.bears.sun_glasses, INK, (0.13, 0.10, 0.20), 1.0),
    ):
        if not flag.any():
            continue
        y = -0.70
        p.slab(p.lean(-0.26, y), p.lean(0.26, y), y - 0.016, y + 0.010, rim, flag)
        for side in (-1, 1):
            x = p.lean(0.128 * side, y)
            _ring(p, x, y, 0.094, 0.024, rim, flag)
            p.dot(x, y, 0.078, 0.078, glass, flag * np.float32(solid))
            if solid == 1.0:  # a glint
                p.dot(x - 0.022, y - 0.028, 0.026, 0.016, (0.62, 0.62, 0.75), flag)
        if solid < 1.0:
            _eyes(p, flag)


def _ring(
    p: Painter,
    cx: Number,
    cy: float,
    radius: float,
    width: float,
    colour: Colours,
    flag: F32,
) -> None:
    where = around(p.patch, cx, cy, radius + width / 2, radius + width / 2)
    distance = np.abs(ellipse(p.patch, where, cx, cy, radius, radius))
    distance -= np.float32(width / 2)
    p.patch.blend(where, cover(distance, p.patch.px) * flag, colour)


def _cloth(p: Painter, where: Window, distance: F32, kind: str, flag: F32) -> None:
    floor = np.float32(0.72)
    shade = np.minimum(np.maximum(distance * np.float32(-6) + floor, floor), 1)
    part = cover(distance, p.patch.px)
    part *= flag
    p.patch.blend_shaded(where, part, HAT[kind], shade.astype(np.float32))


def _cone(p: Painter, flag: F32) -> None:
    top, low = p.lean(0.0, -1.20), p.lean(0.0, -0.89)
    where = p.patch.window(lowest(low) - 0.22, highest(top) + 0.22, -1.22, -0.84)
    corners = [(top, -1.21), (low + 0.185, -0.88), (low - 0.185, -0.88)]
    _cloth(p, where, polygon(p.patch, where, corners), "red", flag)
    for y, half in ((-0.97, 0.115), (-1.07, 0.06)):
        x = p.lean(0.0, y)
        p.dot(x, y, half * 0.35, 0.024, (1.0, 0.90, 0.55), flag)
    p.stick((low - 0.18, -0.885), (low + 0.18, -0.885), 0.026, (1.0, 0.95, 0.9), flag)
    p.dot(top, -1.19, 0.052, 0.052, (1.0, 0.95, 0.9), flag)


def _beanie(p: Painter, flag: F32) -> None:
    x = p.lean(0.0, -0.90)
    where = around(p.patch, x, -0.93, 0.24, 0.20)
    dome = ellipse(p.patch, where, x, -0.87, 0.235, 0.215)
    np.maximum(dome, (p.patch.y[where[0]] + np.float32(0.86))[:, None], out=dome)
    _cloth(p, where, dome, "blue", flag)
    p.stick((x - 0.215, -0.87), (x + 0.215, -0.87), 0.038, (0.30, 0.50, 0.98), flag)
    p.dot(p.lean(0.0, -1.10), -1.10, 0.062, 0.062, (0.95, 0.97, 1.0), flag)


def _sun_hat(p: Painter, flag: F32) -> None:
    x = p.lean(0.0, -0.90)
    where = around(p.patch, x, -0.98, 0.20, 0.16)
    crown = ellipse(p.patch, where, x, -0.93, 0.19, 0.175)
    np.maximum(crown, (p.patch.y[where[0]] + np.float32(0.88))[:, None], out=crown)
    _cloth(p, where, crown, "yellow", flag)
    where = around(p.patch, x, -0.885, 0.40, 0.06)
    brim = ellipse(p.patch, where, x, -0.885, 0.395, 0.052)
    _cloth(p, where, brim, "yellow", flag)
    p.stick((x - 0.17, -0.935), (x + 0.17, -0.935), 0.026, (0.85, 0.30, 0.35), flag)


# Corners of a five-pointed star of radius 1: outer and inner points in turn.
_STAR = (
    (0.0, -1.0),
    (0.951057, -0.309017),
    (0.587785, 0.809017),
    (-0.587785, 0.809017),
    (-0.951057, -0.309017),
)


def _star(p: Painter, cx: Number, cy: float, size: float) -> None:
    """The patch of the [V] bear: inside at least four of the five long edges."""
    where = around(p.patch, cx, cy, size, size)
    x = (p.patch.x[where[1]] - cx) / np.float32(size)
    y = (p.patch.y[where[0]] - np.float32(cy)) / np.float32(size)
    sides = [
        np.add((y * np.float32(-ny))[:, None], (x * np.float32(-nx))[None]) - 0.309017
        for nx, ny in _STAR
    ]
    stack = np.stack(sides).astype(np.float32)
    stack.sort(axis=0)
    part = cover(stack[3] * np.float32(size), p.patch.px) * p.bears.special
    p.patch.blend(where, part, STAR)

"""What a clip adds to a teddy scene: somebody who passes, a table, a book, dust."""

from collections.abc import Sequence

import numpy as np

from coursekit.datasets.teddy.clip_scene import (
    Clip,
    Numbers,
    book_at,
    dust_age,
    swing,
    walker_at,
)
from coursekit.datasets.teddy.palette import Colour
from coursekit.datasets.teddy.shapes import (
    F32,
    Number,
    Patch,
    Window,
    box,
    cover,
    ellipse,
    highest,
    lowest,
)

# Far enough apart that one step of 255 tells two of them in the dimmest light, and not
# so bright that the brightest light clips them.
SHIRT: dict[str, Colour] = {
    "red": (0.81, 0.10, 0.12),
    "yellow": (0.81, 0.73, 0.10),
    "green": (0.10, 0.52, 0.20),
    "blue": (0.10, 0.26, 0.81),
    "pink": (0.81, 0.38, 0.68),
    "purple": (0.45, 0.12, 0.60),
}
SKIN, HAIR, TROUSERS = (0.86, 0.65, 0.52), (0.25, 0.16, 0.12), (0.20, 0.20, 0.28)
WOOD, COVER, LEAVES = (0.50, 0.31, 0.18), (0.10, 0.48, 0.52), (0.98, 0.96, 0.88)
DUST = (0.72, 0.68, 0.62)

# A walker, in heights of the picture above his feet. His feet are a little above the
# bear's, for he is further away; at 32 pixels his shirt is 4 x 6 of them.
BEHIND = 0.05
LEGS, SHOULDERS = 0.065, 0.065 + 6 / 32
HALF_SHIRT, HALF_SLEEVES, SLEEVES = 2 / 32, 2.5 / 32, 0.10
HEAD, HEIGHT = 0.047, 0.38

TABLE_X, HALF_TABLE, TABLE_TOP = 0.86, 0.12, 0.70
PUFFS = ((-0.06, 0.030, 0.16), (0.0, 0.042, 0.24), (0.065, 0.034, 0.19))


def _each(clips: Sequence[Clip], frames: int, value: str) -> F32:
    """A number of each clip's bear, for each of its frames, (N * frames,)."""
    numbers = [getattr(c.scene.bears[0], value) for c in clips]
    return np.repeat(np.array(numbers, dtype=np.float32), frames)


def _all(parts: Sequence[Numbers]) -> F32:
    return np.concatenate(list(parts)).astype(np.float32)


def _bar(
    p: Patch, where: Window, x: F32, half: float, y: F32, top: float, low: float
) -> F32:
    """Cover of a rectangle that reaches from `top` to `low` above y."""
    return box(p, where, x - np.float32(half), x + np.float32(half), y - top, y - low)


def _disc(p: Patch, where: Window, x: F32, y: F32, r: Number, tall: Number) -> F32:
    return cover(ellipse(p, where, x, y, r, tall), p.px)


def draw_walkers(p: Patch, clips: Sequence[Clip], frames: int) -> F32:
    """Paint each clip's walker; returns how much of each pixel is shirt, (H, W, B)."""
    x = _all([walker_at(clip, frames) for clip in clips])
    y = _each(clips, frames, "y") - np.float32(BEHIND)
    where = p.window(0.0, 1.0, lowest(y) - HEIGHT, highest(y))
    # His legs swing with the way he goes: two steps for half a picture.
    step = 0.018 * swing(4 * x.astype(np.float64)).astype(np.float32)
    for side in (-1, 1):
        leg = x + np.float32(0.020 * side) + step * np.float32(side)
        p.blend(where, _bar(p, where, leg, 0.018, y, LEGS + 0.02, 0.0), TROUSERS)
    top = y - np.float32(SHOULDERS + HEAD * 0.85)
    p.blend(where, _disc(p, where, x, top - np.float32(0.012), HEAD, HEAD), HAIR)
    p.blend(where, _disc(p, where, x, top + np.float32(0.008), 0.040, 0.036), SKIN)
    body = _bar(p, where, x, HALF_SHIRT, y, SHOULDERS, LEGS)
    sleeves = _bar(p, where, x, HALF_SLEEVES, y, SHOULDERS - 0.012, SHOULDERS - SLEEVES)
    shirt = np.zeros(p.rgb.shape[1:], dtype=np.float32)
    np.maximum(body, sleeves, out=shirt[where])
    rows = np.array([SHIRT[clip.shirt] for clip in clips], dtype=np.float32)
    p.blend(where, shirt[where], np.repeat(rows.T, frames, axis=-1))
    return shirt


def draw_table(p: Patch, clips: Sequence[Clip], frames: int) -> None:
    """Paint the tables beside the bears, and the books that are put on them."""
    if not any(clip.table for clip in clips):
        return
    where = p.window(TABLE_X - HALF_TABLE, 1.0, 0.0, TABLE_TOP + 0.22)
    flag = np.repeat(np.array([c.table for c in clips], dtype=np.float32), frames)
    x = np.full(len(flag), TABLE_X, dtype=np.float32)
    y = np.full(len(flag), TABLE_TOP, dtype=np.float32)
    for side in (-1, 1):
        leg = x + np.float32(side * (HALF_TABLE - 0.03))
        p.blend(where, _bar(p, where, leg, 0.016, y, 0.0, -0.22) * flag, WOOD)
    p.blend(where, _bar(p, where, x, HALF_TABLE, y, 0.0, -0.045) * flag, WOOD)
    flag = np.repeat(np.array([c.book for c in clips], dtype=np.float32), frames)
    y = y - _all([book_at(clip, frames) for clip in clips])
    p.blend(where, _bar(p, where, x, 0.085, y, 0.075, 0.0) * flag, COVER)
    p.blend(where, _bar(p, where, x, 0.085, y, 0.050, 0.022) * flag, LEAVES)


def draw_dust(p: Patch, clips: Sequence[Clip], frames: int) -> None:
    """Paint the dust that rises from the tables, in front of everything."""
    if not any(clip.dust for clip in clips):
        return
    where = p.window(0.6, 1.0, 0.2, TABLE_TOP)
    flag = np.repeat(np.array([c.dust for c in clips], dtype=np.float32), frames)
    age = _all([dust_age(clip, frames) for clip in clips])
    # Thick soon after it has risen, thin at last.
    amount = flag * np.minimum(age * 8, 1) * (1 - age) * np.float32(0.9)
    for aside, radius, rise in PUFFS:
        x = np.float32(TABLE_X) + np.float32(aside) * (1 + age)
        y = np.float32(TABLE_TOP - 0.06) - np.float32(rise) * age
        size = np.float32(radius) * (1 + age)
        p.blend(where, _disc(p, where, x, y, size, size) * amount, DUST)

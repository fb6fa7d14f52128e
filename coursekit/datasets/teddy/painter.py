"""The brushes a bear is painted with, and its attributes as arrays.

A piece of plush gets a darker rim, which keeps an arm visible in front of a belly of
the same colour. All brushes paint a whole batch of bears at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coursekit.datasets.teddy.palette import FUR, HAT, PALE, STRIPE
from coursekit.datasets.teddy.scene import Bear
from coursekit.datasets.teddy.shapes import (
    F32,
    Colours,
    Number,
    Patch,
    Window,
    around,
    box,
    capsule,
    cover,
    disc_share,
    ellipse,
    highest,
    line_share,
    lowest,
    stripes,
)


@dataclass
class Looks:
    """The attributes of B bears as arrays: colours (3, B), flags and numbers (B,)."""

    fur: F32
    pale: F32
    hat: dict[str, F32]
    round_glasses: F32
    sun_glasses: F32
    right_up: F32
    left_up: F32
    reading: F32
    dancing: F32
    special: F32

    @property
    def lean(self) -> F32:
        """How far a bear's middle leans aside per unit of height."""
        return self.dancing * np.float32(0.16)


def looks(bears: Sequence[Bear], flipped: Sequence[bool]) -> Looks:
    """Tabulate bears; a flipped one (a reflection) has its sides exchanged."""

    def flag(values: Sequence[bool]) -> F32:
        return np.array(values, dtype=np.float32)

    def colours(table: dict[str, tuple[float, float, float]], words: list[str]) -> F32:
        rows = np.array([table[word] for word in words], dtype=np.float32)
        return np.ascontiguousarray(rows.T)

    up = [
        (b.pose in ("right-up", "both-up"), b.pose in ("left-up", "both-up"))
        for b in bears
    ]
    sides = [(b, a) if f else (a, b) for (a, b), f in zip(up, flipped, strict=True)]
    sign = np.where(np.array(flipped), -1, 1).astype(np.float32)
    return Looks(
        fur=colours(FUR, [b.fur for b in bears]),
        pale=colours(PALE, [b.fur for b in bears]),
        hat={kind: flag([b.hat == kind for b in bears]) for kind in HAT},
        round_glasses=flag([b.glasses == "round" for b in bears]),
        sun_glasses=flag([b.glasses == "sun" for b in bears]),
        right_up=flag([a for a, _ in sides]),
        left_up=flag([b for _, b in sides]),
        reading=flag([b.action == "reading" for b in bears]),
        dancing=flag([b.action == "dancing" for b in bears]) * sign,
        special=flag([b.special for b in bears]),
    )


class Painter:
    """Paints the parts of the bears of one patch."""

    def __init__(self, patch: Patch, bears: Looks) -> None:
        """Paint on `patch`, which holds one bear per picture."""
        self.patch = patch
        self.bears = bears
        self.striped = bool(bears.special.any())

    def lean(self, x: Number, y: Number) -> Number:
        """Where x lies when the bear leans (it turns about its feet)."""
        return x - self.bears.lean * y

    def plush(self, where: Window, distance: F32, colour: Colours, rim: float) -> None:
        """Blend a soft body whose colour darkens towards its edge."""
        shade = distance * np.float32(-0.42 / rim)
        shade += np.float32(0.64)
        np.maximum(shade, np.float32(0.64), out=shade)
        np.minimum(shade, 1, out=shade)
        covered = cover(distance, self.patch.px)
        self.patch.blend_shaded(where, covered, colour, shade)
        if self.striped and colour is self.bears.fur:
            y = self.patch.y[where[0]]
            bands = stripes(y, 0.15, 0.45, self.patch.px)[:, None] * covered
            bands *= self.bears.special
            self.patch.blend_shaded(where, bands, STRIPE, shade)

    def ball(
        self, cx: Number, cy: Number, rx: float, ry: float, colour: Colours, rim: float
    ) -> None:
        """A plush ellipse."""
        where = around(self.patch, cx, cy, rx, ry)
        distance = ellipse(self.patch, where, cx, cy, rx, ry)
        self.plush(where, distance, colour, rim)

    def dot(
        self,
        cx: Number,
        cy: Number,
        rx: float,
        ry: float,
        colour: Colours,
        amount: Number = 1.0,
    ) -> None:
        """A flat ellipse, `amount` (B,) opaque."""
        where = around(self.patch, cx, cy, rx, ry)
        part = cover(ellipse(self.patch, where, cx, cy, rx, ry), self.patch.px)
        part *= disc_share(rx * ry, self.patch.px) * amount
        self.patch.blend(where, part, colour)

    def stick(
        self,
        a: tuple[Number, Number],
        b: tuple[Number, Number],
        radius: float,
        colour: Colours,
        amount: Number,
    ) -> None:
        """A flat line from a to b."""
        where = self.patch.window(
            min(lowest(a[0]), lowest(b[0])) - radius,
            max(highest(a[0]), highest(b[0])) + radius,
            min(lowest(a[1]), lowest(b[1])) - radius,
            max(highest(a[1]), highest(b[1])) + radius,
        )
        part = cover(capsule(self.patch, where, *a, *b, radius), self.patch.px)
        part *= line_share(2 * radius, self.patch.px) * amount
        self.patch.blend(where, part, colour)

    def limb(
        self, ax: Number, ay: Number, bx: Number, by: Number, radius: float
    ) -> None:
        """A plush arm or leg from a to b."""
        where = self.patch.window(
            min(lowest(ax), lowest(bx)) - radius,
            max(highest(ax), highest(bx)) + radius,
            min(lowest(ay), lowest(by)) - radius,
            max(highest(ay), highest(by)) + radius,
        )
        distance = capsule(self.patch, where, ax, ay, bx, by, radius)
        self.plush(where, distance, self.bears.fur, 0.045)

    def slab(
        self,
        left: Number,
        right: Number,
        top: float,
        low: float,
        colour: Colours,
        amount: Number,
    ) -> None:
        """A flat rectangle."""
        where = self.patch.window(lowest(left), highest(right), top, low)
        part = box(self.patch, where, left, right, top, low)
        part *= amount
        self.patch.blend(where, part, colour)

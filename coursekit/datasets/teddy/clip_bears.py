"""The bears of clips: the still bear's brushes, with arms and leans in between."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from math import ceil

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.bear import REACH, draw_bears
from coursekit.datasets.teddy.clip_scene import Clip, Stance
from coursekit.datasets.teddy.painter import Looks, looks
from coursekit.datasets.teddy.shapes import F32, Colours, Patch, Window


@dataclass
class Moving(Looks):
    """Looks of bears that move: arms between up and down, a lean without a dance."""

    tilt: F32

    @property
    def lean(self) -> F32:
        """How far a bear's middle leans aside per unit of height."""
        return super().lean + self.tilt


@dataclass
class Pane(Patch):
    """A patch that keeps how much of what was there is left: clear (H, W, B)."""

    clear: F32

    def blend(self, where: Window, cover: F32, colour: Colours) -> None:
        """Lay a colour over the window."""
        super().blend(where, cover, colour)
        self._cover(where, cover)

    def blend_shaded(
        self, where: Window, cover: F32, colour: Colours, shade: F32
    ) -> None:
        """Lay a shaded colour over the window."""
        super().blend_shaded(where, cover, colour, shade)
        self._cover(where, cover)

    def _cover(self, where: Window, cover: F32) -> None:
        view = self.clear[where]
        view *= 1 - cover


def _moving(clips: list[Clip], stances: list[Stance], frames: int) -> Moving:
    """The looks of every frame, of the clips in order."""
    plain = looks([c.scene.bears[0] for c in clips], [False] * len(clips))
    told = {f.name: getattr(plain, f.name) for f in fields(plain)}
    hats = {kind: np.repeat(flag, frames) for kind, flag in told.pop("hat").items()}
    rest = {name: np.repeat(value, frames, axis=-1) for name, value in told.items()}
    moves = {
        name: np.concatenate([getattr(s, name) for s in stances]).astype(np.float32)
        for name in ("right_up", "left_up", "dancing", "tilt")
    }
    return Moving(**{**rest, **moves}, hat=hats)


def draw_moving_bears(
    canvas: Patch, clips: list[Clip], stances: list[Stance], size: int
) -> F32:
    """Draw the bear of each frame, in a patch of its own as still pictures have it.

    Returns how much of what was there is left to be seen, (size, size, B).
    """
    frames = len(stances[0].x)
    scale = np.repeat([c.scene.bears[0].scale for c in clips], frames)
    unit = scale.astype(np.float32) * np.float32(size)
    px = np.float32(1) / unit
    feet_x, feet_y = (
        np.concatenate([getattr(s, axis) for s in stances]).astype(np.float32)
        * np.float32(size)
        for axis in "xy"
    )
    low, high = 1 / float(unit.max()), 1 / float(unit.min())
    left, right, top, bottom = REACH
    origin_x, origin_y = ceil(-left / low) + 2, ceil(-top / low) + 2
    width = origin_x + ceil(right / low) + 3
    height = origin_y + ceil(bottom / low) + 3
    first_x = np.floor(feet_x).astype(np.int64) - origin_x
    first_y = np.floor(feet_y).astype(np.int64) - origin_y

    def pixels(length: int, first: NDArray[np.int64], feet: F32) -> F32:
        index = (np.arange(length)[:, None] + first[None]).astype(np.float32)
        return (index + np.float32(0.5) - feet) * px

    patch = Pane(
        np.zeros((3, height, width, len(unit)), dtype=np.float32),
        x=pixels(width, first_x, feet_x),
        y=pixels(height, first_y, feet_y),
        px=px,
        px_low=low,
        px_high=high,
        origin_x=origin_x,
        origin_y=origin_y,
        clear=np.ones((height, width, len(unit)), dtype=np.float32),
    )
    cuts = list(_cuts(first_x, first_y, width, height, size))
    for inside, outside in cuts:
        patch.rgb[inside] = canvas.rgb[outside]
    draw_bears(patch, _moving(clips, stances, frames))
    clear: F32 = np.ones_like(canvas.rgb[0])
    for inside, outside in cuts:
        canvas.rgb[outside] = patch.rgb[inside]
        clear[outside[1:]] = patch.clear[inside[1:]]
    return clear


Cut = tuple[slice, slice, slice, slice]


def _cuts(
    first_x: NDArray[np.int64],
    first_y: NDArray[np.int64],
    width: int,
    height: int,
    size: int,
) -> Iterator[tuple[Cut, Cut]]:
    """Which part of a patch lies on which part of the canvas, for runs of frames."""

    def meet(first: int, length: int) -> tuple[slice, slice]:
        low = max(0, -first)
        high = max(low, min(length, size - first))
        return slice(low, high), slice(low + first, high + first)

    corners = list(zip(first_x.tolist(), first_y.tolist(), strict=True))
    for (x, y), run in groupby(range(len(corners)), key=corners.__getitem__):
        members = list(run)
        batch = slice(members[0], members[-1] + 1)
        (ys, yd), (xs, xd) = meet(y, height), meet(x, width)
        every = slice(None)
        yield (every, ys, xs, batch), (every, yd, xd, batch)

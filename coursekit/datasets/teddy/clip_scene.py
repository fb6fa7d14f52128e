"""What a teddy clip contains: a scene, and who moves when.

A clip is a scene with one bear and a few numbers; its frames follow from them by
formulas, so every attribute of every frame is known. Time is counted in frames from 0.
Only + - * / and comparisons are used: the same clip is the same on every machine.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.scene import Scene

MOTIONS = ("stand", "walk", "wave", "dance")
SHIRTS = ("red", "yellow", "green", "blue", "pink", "purple")
PERIOD = 8  # frames from one wave of the arm, two steps or one swing to the next
STRIDE = 16  # frames a walking bear takes from one side to the other
REACH = 0.14  # how far a walking bear gets from the middle of its way
DROP, LANDS = 0.09, 6  # how fast a book falls, and the frame at which it lies

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Clip:
    """A scene with one bear, its motion, and perhaps somebody who passes behind it.

    phase in [0, 1): how far into its period a bear is that waves, walks or dances;
    which arm waves is the pose of the scene's bear, heading (1 or -1) which way a
    walk or a dance starts. A walker in a `shirt` comes from the left (direction 1) or
    the right (-1) at `speed` (widths of the picture a frame), is behind the bear's
    middle at frame `arrives`, stands there for `wait` frames and goes on, or back if
    he `turns`. On a `table` a book may be put, and dust may rise.
    """

    scene: Scene
    motion: str = "stand"
    phase: float = 0.0
    heading: int = 1
    shirt: str = "none"
    direction: int = 1
    arrives: int = 8
    speed: float = 0.05
    wait: int = 0
    turns: bool = False
    table: bool = False
    book: bool = False
    dust: bool = False

    def __post_init__(self) -> None:
        """Reject what cannot be drawn."""
        if self.motion not in MOTIONS:
            raise ValueError(f"motion={self.motion!r}: use one of {MOTIONS}")
        if self.motion == "wave" and self.scene.bears[0].pose == "both-down":
            raise ValueError("who waves has an arm up in the scene: the one that waves")
        if self.shirt not in ("none", *SHIRTS):
            raise ValueError(f"shirt={self.shirt!r}: use none or one of {SHIRTS}")
        if len(self.scene.bears) != 1 or self.scene.mirror:
            raise ValueError("a clip's scene has one bear and no mirror")
        if not {self.heading, self.direction} <= {1, -1}:
            raise ValueError("heading and direction are 1 or -1")
        if self.speed <= 0 or self.wait < 0:
            raise ValueError("speed is above 0 and wait is not below")
        if (self.book or self.dust) and not self.table:
            raise ValueError("book and dust want a table")
        if self.table and self.shirt != "none":
            raise ValueError("who passes finds no table: one of the two in a clip")


@dataclass(frozen=True)
class Stance:
    """How a bear stands in each of T frames, arrays (T,).

    x, y: its feet; right_up and left_up: its own arms, from 0 (down) to 1 (up);
    dancing: its lean with the leg lifted, from -1 to 1; tilt: a lean without that.
    """

    x: Numbers
    y: Numbers
    right_up: Numbers
    left_up: Numbers
    dancing: Numbers
    tilt: Numbers


def swing(turns: Numbers) -> Numbers:
    """A smooth wave of period 1 made of parabolas: 0, 1, 0, -1 at 0, 1/4, 1/2, 3/4."""
    z = 2 * (turns - np.floor(turns)) - 1
    wave: Numbers = 4 * z * (np.abs(z) - 1)
    return wave


def stance(clip: Clip, frames: int) -> Stance:
    """How the bear stands in frames 0 .. frames - 1."""
    bear, still = clip.scene.bears[0], np.zeros(frames)
    x, y = still + bear.x, still + bear.y
    turns = np.arange(frames) / PERIOD + clip.phase
    wave = swing(turns)
    right, left = (bear.pose in (side, "both-up") for side in ("right-up", "left-up"))
    if clip.motion == "wave":
        up = (1 + swing(turns - 0.25)) / 2
        return Stance(x, y, up * right, up * left, still, still)
    if clip.motion == "dance":
        lean = clip.heading * wave
        return Stance(x, y, (1 + lean) / 2, (1 - lean) / 2, lean, still)
    if clip.motion == "walk":
        # To one side and back again: 1 at frame 0, -1 after STRIDE frames.
        way = np.abs(np.arange(frames) / STRIDE % 2 - 1) * 2 - 1
        x = x - clip.heading * REACH * way
        return Stance(x, y - 0.02 * np.abs(wave), still, still, still, 0.07 * wave)
    return Stance(x, y, still + right, still + left, still, still)


def walker_at(clip: Clip, frames: int) -> Numbers:
    """Where the middle of the walker is, (T,); he need not be in the picture yet."""
    time = np.arange(frames)
    coming = np.minimum(time - clip.arrives, 0)
    going = np.maximum(time - clip.arrives - clip.wait, 0)
    steps = coming + (-going if clip.turns else going)
    at: Numbers = clip.scene.bears[0].x + clip.direction * clip.speed * steps
    return at


def book_at(clip: Clip, frames: int) -> Numbers:
    """How far above the table the book is, (T,), in heights of the picture."""
    return DROP * np.maximum(LANDS - np.arange(frames), 0.0)


def dust_age(clip: Clip, frames: int) -> Numbers:
    """How old the dust is, (T,), from 0 (none yet) to 1 (gone); it takes ten frames."""
    return np.clip((np.arange(frames) - LANDS) / 10, 0.0, 1.0)

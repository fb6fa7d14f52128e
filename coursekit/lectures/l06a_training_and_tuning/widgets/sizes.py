"""One scene at three sizes, under the same noise or under the same uncertainty.

What is read is exact: a reader that knows some scenes by heart, at each size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import FURS, PLACES
from coursekit.lectures.l06a_training_and_tuning.experiments.by_heart import (
    about,
    belief,
    bits,
)
from coursekit.lectures.l06a_training_and_tuning.experiments.probes import answers
from coursekit.theory.resolution_shift import shift_factor
from coursekit.widgets.controls import choice, number, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SIZES = (16, 32, 64)
KNOWN = 300  # scenes that the reader knows
SIDE = 192  # dots of each picture's side
DRAWS = 16  # of noise, over which its lack is averaged; the first is shown
Shift = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True)
class Album:
    """The same scenes at all sizes, with noise of their own."""

    pictures: dict[int, Tensor]
    right: Tensor  # (KNOWN, 2): place and fur

    @classmethod
    def of(cls, count: int = KNOWN) -> "Album":
        """Scenes with one bear."""
        made = {size: teddies(count, size, seed=77) for size in SIZES}
        pictures = {size: to_model(images) for size, (images, _) in made.items()}
        return cls(pictures, answers(made[SIZES[0]][1], ("place", "fur")))

    def noisy(self, size: int, which: int, t: float) -> Tensor:
        """Scene `which` at time t, (DRAWS, 3, size, size); the noise stays."""
        x0 = self.pictures[size][which : which + 1]
        stir = torch.Generator().manual_seed(1000 * size + which)
        eps = torch.randn(DRAWS, *x0.shape[1:], generator=stir)
        return (1 - t) * x0 + t * eps

    def read(self, size: int, xt: Tensor, t: float) -> tuple[str, float]:
        """The likeliest words for the first picture, and the bits left in the mean."""
        chances = belief(xt.flatten(1), t, self.pictures[size].flatten(1))
        said = []
        for i, words in enumerate((PLACES, FURS)):
            each = about(chances, self.right[:, i], len(words))[0]
            said.append(f"{words[int(each.argmax())]} {float(each.max()):.0%}")
        return ", ".join(reversed(said)), float(bits(chances).mean())


def times(shift: Shift, reference: int, t: float, shifted: bool) -> list[float]:
    """The time of each size when the reference has time t."""
    if not shifted:
        return [t] * len(SIZES)
    now = torch.tensor(t, dtype=torch.float64)
    return [float(shift(now, shift_factor(reference**2, n**2))) for n in SIZES]


def draw(
    album: Album, shift: Shift, reference: int, shifted: bool, t: float, scene: int
) -> Scene:
    """The three noisy pictures side by side, and what the reader says of each."""
    tiles, names, left = [], [], []
    for size, now in zip(SIZES, times(shift, reference, t, shifted), strict=True):
        xt = album.noisy(size, scene, now)
        said, unknown = album.read(size, xt, now)
        big = to_uint8(xt[:1]).repeat(SIDE // size, 1).repeat(SIDE // size, 2)
        tiles.append(big[0])
        names.append(f"{size} px, t = {now:.2f}: {said}")
        left.append(unknown)
    return Scene((), np.stack(tiles), names, verdict(left), tone(left))


def verdict(left: Sequence[float]) -> str:
    """How many of all bits each size still hides."""
    told = ", ".join(f"{n} px {b:.1f}" for n, b in zip(SIZES, left, strict=True))
    whole = f"of {np.log2(KNOWN):.1f}, mean of {DRAWS} noises"
    return f"Bits that the reader still lacks ({whole}): {told}."


def tone(left: Sequence[float]) -> str:
    """Good where all sizes hide about as much."""
    return "good" if max(left) - min(left) < 1 else "warn"


def noisy_sizes(shift: Shift) -> Live:
    """One scene at 16, 32 and 64 pixels, at one time or at shifted times.

    shift: a function (t, factor), such as `shift_time`.
    """
    controls = {
        "reference": choice([(f"t of {n} px", n) for n in SIZES], 16),
        "shifted": choice([("same t", False), ("shifted", True)]),
        "t": time(0.5, 0.02, 0.98),
        "scene": number("scene", 3, 0, 40, 1, "d"),
    }
    return Live(controls, partial(draw, Album.of(), shift), "noisy_sizes")

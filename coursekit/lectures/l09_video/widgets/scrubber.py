"""Scrub through a clip: each frame, its latent, and all that these two depend on.

What a position depends on follows from the layers alone: their windows and strides.
How much of it is felt is the gradient of the network as it is trained.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.evaluation.rebuilt_clips import rebuilt, to_clip
from coursekit.models.causal_video import CausalConv3d, Chain, Double
from coursekit.models.video_autoencoder import (
    STRIDE,
    VideoAutoencoder,
    latent_count,
)
from coursekit.plots.draw import Area, Line, Mark, Sheet, Text, box
from coursekit.widgets.controls import choice, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

CELL, ROW, LEFT, TOP = 26, 19, 96, 24
FRAMES = 17
LOOKS = {"back": 1, "both ways": 2}


class Level(NamedTuple):
    """A row of the picture: how many places, and which of them count."""

    name: str
    places: int
    seen: set[int]


def below(layer: nn.Module, places: Iterable[int], both: int = 1) -> set[int]:
    """The frames that a layer looks at to answer for `places`.

    both: 2 for windows with as much behind a frame as before it. Places below 0 are
    zeros in front of the clip, and left out.
    """
    found = set(places)
    for each in reversed([m for m in layer.modules() if isinstance(m, CausalConv3d)]):
        size, stride = each.conv.kernel_size[0], each.conv.stride[0]
        back = (size - 1) // both
        found = {p * stride - back + i for p in found for i in range(size)}
        found = {p for p in found if p >= 0}
    if isinstance(layer, Double):  # of the doubled row 0, 1, 1, 2, 2, ..
        found = {(p + 1) // 2 for p in found}
    return found


def cone(chain: Chain, top: set[int], both: int = 1) -> list[set[int]]:
    """What places of a chain's output depend on, from the last layer to the input."""
    rows = [top]
    for layer in reversed(list(chain)):
        rows.append(below(layer, rows[-1], both))
    return rows


def felt(model: VideoAutoencoder, x: Tensor) -> NDArray[np.float64]:
    """(J, T): how much each latent of a clip (1, 3, T, H, W) feels each frame.

    The length of the gradient of the latent's length, as a share of its largest.
    """
    x = x.detach().requires_grad_()
    rows = []
    for j in range(model.latent_shape(x.shape[2], *x.shape[3:])[1]):
        (slope,) = torch.autograd.grad(model.encode(x)[:, :, j].norm(), x)
        size = slope.square().sum((0, 1, 3, 4)).sqrt()
        rows.append(size / size.max())
    return torch.stack(rows).double().numpy()


def levels(
    model: VideoAutoencoder, frame: int, whole: bool, both: int = 1
) -> list[Level]:
    """All levels, from the top down: the latent of `frame`, or its frame that comes out
    if `whole`, down to the frames that go in."""
    rows, top = list[Level](), {latent_count(fitting(frame)) - 1}
    if whole:
        *rows, (_, _, top) = named(
            (17, 17, 17, 9, 9, 5, 5), cone(model.grow, {frame}, both), "frames out"
        )
    going = cone(model.shrink, top, both)
    return rows + named((5, 5, 5, 9, 9, 17, 17), going, "latents", "frames in")


def fitting(frame: int) -> int:
    """The shortest length 1 + 4 k that holds a frame, counted from 0."""
    return frame + 1 + -frame % STRIDE


def named(
    counts: Sequence[int], seen: list[set[int]], first: str, last: str = ""
) -> list[Level]:
    """Levels of which only the ends have names."""
    names = [first, *[""] * (len(seen) - 2), last]
    return [Level(*row) for row in zip(names, counts, seen, strict=True)]


def picture(rows: list[Level], frame: int, share: NDArray[np.float64] | None) -> Sheet:
    """A line of cells for each level; full where the chosen place depends on them."""
    marks: list[Mark] = [Text(LEFT, 12, "what it depends on", size=12, bold=True)]
    for i, (name, count, seen) in enumerate(rows):
        top, stride = TOP + i * ROW, (FRAMES - 1) // (count - 1)
        marks.append(Text(LEFT - 8, top + 13, name, size=12, anchor="end"))
        tone = "orange" if name == "latents" else "blue"
        for place in range(count):
            begin = stride * (place - 1) + 1 if place else 0  # the first one is alone
            left, right = (LEFT + at * CELL for at in (begin, stride * place + 1))
            strength = 0.75 if place in seen else 0.07
            square = box(left + 1, top + 1, right - 1, top + ROW - 2)
            marks.append(Area(square, tone, strength))
    bottom = TOP + len(rows) * ROW
    if share is not None:
        marks.append(Text(LEFT - 8, bottom + 13, "felt", size=12, anchor="end"))
        for place, part in enumerate(share):
            left, high = LEFT + place * CELL, float(part) * (ROW - 3)
            end = bottom + ROW - 2
            bar = box(left + 1, end - high, left + CELL - 1, end)
            marks.append(Area(bar, "green", 0.8))
    for place in range(FRAMES):
        middle = LEFT + (place + 0.5) * CELL
        at = bottom + ROW + 12
        marks.append(Text(middle, at, str(place), size=10, anchor="middle"))
    ring = box(LEFT + frame * CELL, TOP, LEFT + (frame + 1) * CELL, bottom + ROW)
    marks.append(Line(np.concatenate([ring, ring[:1]]), "ink", 1.3))
    width, height = LEFT + FRAMES * CELL + 4, bottom + ROW + 18
    return Sheet(tuple(marks), width, height, "what a latent or a frame depends on")


def draw(
    model: VideoAutoencoder,
    films: NDArray[np.uint8],
    share: NDArray[np.float64],
    frame: float,
    looks: str,
    end: str,
) -> Scene:
    """The scene for one frame; films: the clip and what comes back, (2, T, H, W, 3)."""
    k, whole, both = int(frame), end == "frame out", LOOKS[looks]
    rows = levels(model, k, whole, both)
    seen = [place for place in rows[-1].seen if place < FRAMES]
    latent = latent_count(fitting(k)) - 1
    ahead = max(seen) - k
    what = f"Frame {k} as it comes out" if whole else f"Latent {latent}, of frame {k},"
    text = f"{what} depends on frames {min(seen)} to {max(seen)}"
    text += f": {ahead} later than {k}." if ahead else ": none later."
    bars = share[latent] if both == 1 and not whole else None
    return Scene(
        (picture(rows, k, bars),),
        films[:, k],
        ("what went in", "what comes out"),
        text,
        "warn" if max(seen) > STRIDE * latent else "",
    )


def scrubber(model: VideoAutoencoder, film: NDArray[np.uint8]) -> Live:
    """Slide through a clip (17, H, W, 3): what each frame and its latent depend on.

    The cells follow from windows and strides; the green bars are gradients.
    """
    x = to_clip(torch.from_numpy(film[None]))
    films = np.concatenate([film[None], rebuilt(model, film[None])])
    share = felt(model, x)
    controls = {
        "frame": number("frame", 6, 0, FRAMES - 1, 1, "d"),
        "end": choice(["latent", "frame out"], "latent"),
        "looks": choice(list(LOOKS), "back"),
    }
    return Live(controls, partial(draw, model, films, share), "scrubber")

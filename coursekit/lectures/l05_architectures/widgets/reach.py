"""How far a network sees: grow it, and watch the spot of influence grow.

The influence is a gradient through a new network whose weights are all positive, so
that ways through it add up: what is drawn is how many ways lead from a pixel to the
place in the middle.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.teddy.looking_glass import halls
from coursekit.models.flops import receptive_field
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.theme import rgb
from coursekit.widgets.controls import choice, level
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SIDE = 96  # large enough for the widest network
HALL = 24
DOTS = 10  # of the picture for each pixel of the hall
Layers = tuple[tuple[int, float], ...]
Floats = NDArray[np.float64]


def layers_of(levels: int, blocks: int, kernel: int) -> Layers:
    """A U-Net's longest way: each level has `blocks` of two convolutions, down and up.

    Between two levels the picture is halved on the way down and doubled on the way up.
    """
    level: Layers = ((kernel, 1),) * (2 * blocks)
    down: Layers = level
    for _ in range(levels - 1):
        down = (*down, (kernel, 2), *level)
    up: Layers = ()
    for _ in range(levels - 1):
        up = (*up, (kernel, 0.5), *level)
    return down + up


@cache
def ways(levels: int, blocks: int, kernel: int) -> Floats:
    """The share of all ways that begin at each pixel, (SIDE, SIDE)."""
    parts: list[nn.Module] = []
    for width, stride in layers_of(levels, blocks, kernel):
        if stride < 1:
            parts.append(nn.Upsample(scale_factor=2))
        step = max(int(stride), 1)
        convolution = nn.Conv2d(1, 1, width, step, width // 2, bias=False)
        nn.init.constant_(convolution.weight, 1 / width**2)
        parts.append(convolution)
    x = torch.zeros(1, 1, SIDE, SIDE, requires_grad=True)
    y = nn.Sequential(*parts).requires_grad_(False)(x)
    middle = SIDE // 2
    (slope,) = torch.autograd.grad(y[0, 0, middle, middle], x)
    found = slope[0, 0].double().numpy()
    return np.asarray(found / found.sum())


@cache
def _hall() -> tuple[NDArray[np.uint8], tuple[int, int], float]:
    """A hall, the place of the reflection's hat, and how far the bear's hat is."""
    pictures, _, scenes = halls(40, HALL, 5, "test")
    wide = [i for i, s in enumerate(scenes) if s.bears[0].hat == "red"]
    i = max(wide, key=lambda n: scenes[n].distance)
    scene, bear = scenes[i], scenes[i].bears[0]
    side = scene.distance if bear.x < 0.5 else -scene.distance
    row = int((bear.y - 0.03 - 0.95 * bear.scale) * HALL)
    return pictures[i], (row, int((bear.x + side) * HALL)), scene.distance * HALL


def spot(levels: int, blocks: int, kernel: int, attention: bool) -> Floats:
    """The influence on the reflection's hat of each pixel of the hall, in [0, 1]."""
    _, (row, column), _ = _hall()
    middle = SIDE // 2
    share = ways(levels, blocks, kernel)
    here = share[
        middle - row : middle - row + HALL, middle - column : middle - column + HALL
    ]
    seen = here / here.max()
    if attention:
        return np.asarray(np.maximum(seen, 0.25))
    return np.asarray(seen)


def draw(levels: int, blocks: int, kernel: int, attention: bool) -> Scene:
    """The hall, lit where the network looks, and the influence along a row."""
    picture, (row, column), distance = _hall()
    seen = spot(levels, blocks, kernel, attention)
    # A millionth of the strongest influence is as dark as none.
    light = np.clip(1 + np.log10(np.maximum(seen, 1e-12)) / 6, 0, 1)[..., None]
    lit = picture * light + picture.mean(2, keepdims=True) * 0.22 * (1 - light)
    big = np.kron(np.clip(np.rint(lit), 0, 255), np.ones((DOTS, DOTS, 1)))
    top, left = row * DOTS, column * DOTS
    big[top : top + DOTS, left : left + DOTS] = rgb("pink")
    side = receptive_field(layers_of(levels, blocks, kernel))
    near = slice(SIDE // 2 - HALL, SIDE // 2 + HALL + 1)
    offsets = np.arange(-HALL, HALL + 1)
    profile = ways(levels, blocks, kernel).sum(0)[near]
    chart = Chart(
        [Curve("", offsets, (profile / profile.max()).clip(1e-7))],
        title="influence by distance",
        x_name="pixels to the left or right",
        x_limits=(-HALL, HALL),
        y_limits=(-6.0, 0.2),
        log_y=True,
        cursor=distance,
        width=360,
        height=240,
    )
    reach = (side - 1) // 2
    if attention:
        text, tone = "Attention: every place is one step away.", "good"
    elif reach < distance - 2:
        text = f"It sees {side} pixels, {reach} to each side. The bear's hat is "
        text, tone = f"{text}{distance:.0f} away: it must guess.", "bad"
    else:
        weight = float(np.interp(distance, offsets, profile / profile.max()))
        text = (
            f"It sees {side} pixels. The bear's hat, {distance:.0f} pixels away, has "
        )
        text += f"{weight:.1g} of the influence of a neighbour."
        tone = "good" if weight > 0.05 else "warn"
    return Scene((chart,), big.astype(np.uint8)[None], ("pink: who asks",), text, tone)


def reach_grower() -> Live:
    """Grow a convolutional network, and see how far it sees."""
    room = 110  # for a long label
    controls = {
        "levels": level("levels", (1, 2, 3), 1, room),
        "blocks": level("blocks a level", (1, 2, 3), 1, room),
        "kernel": level("kernel", (3, 5, 7), 3, room),
        "attention": choice([("convolutions only", False), ("with attention", True)]),
    }
    return Live(controls, draw, "reach_grower")

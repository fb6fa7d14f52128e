"""Pairings: strangers, the flow's own ends, or optimal transport, and their crossings.

On the left one dimension, time to the right, where a crossing can be seen. On the right
two dimensions, where lines have room to pass each other, and the price is their length.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.toys import ring
from coursekit.lectures.l03_flow_matching.experiments.crossings import (
    crossings,
    two_groups,
    ways,
)
from coursekit.lectures.l03_flow_matching.widgets.crowd import plane
from coursekit.plots.fields import Dots, Plane, Way
from coursekit.theory.couplings import ot_coupling, transport_cost
from coursekit.widgets.scene import Scene

PAIRINGS = ("strangers", "their flow", "reflow", "optimal transport")
LINE, PLANE = 32, 64  # pairs in one and in two dimensions
BATCHES = (1, 2, 4, 8, 16, 32)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ends:
    """Noise, its stranger, and the states of the exact flow (F, N, D)."""

    noise: Tensor
    data: Tensor
    states: Tensor


def begin(dim: int, count: int, seed: int) -> Ends:
    """`count` pairs of strangers in `dim` (1 or 2) dimensions, and the flow."""
    mixture = two_groups() if dim == 1 else ring()
    generator = torch.Generator().manual_seed(seed)
    data = mixture.sample(count, generator)
    noise = torch.randn(count, dim, generator=generator, dtype=torch.float64)
    return Ends(noise, data, torch.stack(ways(mixture, noise, 40)))


@cache
def both(seed: int) -> tuple[Ends, Ends]:
    """One and two dimensions."""
    return begin(1, LINE, seed), begin(2, PLANE, seed)


def dealt(ends: Ends, batch: int) -> Tensor:
    """The noise for each data point, dealt out again within batches of `batch`."""
    halves = (torch.split(each, batch) for each in (ends.data, ends.noise))
    parts = zip(*halves, strict=True)
    return torch.cat([ot_coupling(x0, eps) for x0, eps in parts])


def paths(ends: Ends, pairing: str, batch: int) -> Tensor:
    """The ways of all pairs, (F, N, D), from noise to data; straight but for a flow."""
    if pairing == PAIRINGS[1]:
        return ends.states
    noise, data = ends.noise, ends.data
    if pairing == PAIRINGS[2]:
        data = ends.states[-1]
    elif pairing == PAIRINGS[3]:
        noise = dealt(ends, batch)
    return torch.stack([noise, data])


def count_crossings(states: Tensor) -> int:
    """Pairs whose order differs between start and end. states: (F, N, 1)."""
    return crossings(states[-1, :, 0], states[0, :, 0])


def strip(states: Tensor) -> Plane:
    """One dimension against time, noise on the left."""
    time = np.linspace(1, 0, len(states))
    lines = tuple(
        Way(np.stack([1 - time, states[:, i, 0].numpy()], 1), "blue", 1.1, opacity=0.7)
        for i in range(states.shape[1])
    )
    ends = np.stack([np.ones(states.shape[1]), states[-1, :, 0].numpy()], 1)
    starts = ends * [0, 0] + np.stack([0 * ends[:, 0], states[0, :, 0].numpy()], 1)
    return Plane(
        [],
        title="one dimension: noise on the left, data on the right",
        x_name="1 - t",
        x_limits=(-0.03, 1.03),
        y_limits=(-3.0, 3.0),
        width=380,
        height=320,
        layers=(*lines, Dots(starts, "ink", 2.0, 0.8), Dots(ends, "orange", 2.5, 0.9)),
    )


def flat(states: Tensor) -> Plane:
    """Two dimensions, seen from above."""
    seen = states.numpy()
    lines = tuple(
        Way(seen[:, i], "blue", 1.0, opacity=0.6) for i in range(seen.shape[1])
    )
    dots = (Dots(seen[0], "ink", 1.8, 0.7), Dots(seen[-1], "orange", 2.5, 0.9))
    return plane("two dimensions, from above", (*lines, *dots))


def draw(seed: int, pairing: str, batch: int) -> Scene:
    """The scene for one pairing; `batch` matters for optimal transport only."""
    line, sheet = both(seed)
    one, two = paths(line, pairing, batch), paths(sheet, pairing, batch)
    crossed = count_crossings(one)
    cost = float(transport_cost(two[-1], two[0]))
    pairs = LINE * (LINE - 1) // 2
    text = (
        f"{crossed} of {pairs} pairs of ways cross on the left; on the right the mean "
        f"squared distance from noise to data is {cost:.2f}."
    )
    tone = "good" if crossed == 0 else "warn" if crossed < pairs / 8 else "bad"
    return Scene((strip(one), flat(two)), text=text, tone=tone)

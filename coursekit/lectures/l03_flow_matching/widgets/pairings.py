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
)
from coursekit.lectures.l03_flow_matching.experiments.crossings import (
    ways as flow_of,
)
from coursekit.lectures.l03_flow_matching.widgets.crowd import plane
from coursekit.plots.fields import Dots, Plane, ways
from coursekit.theory.couplings import ot_coupling, transport_cost
from coursekit.widgets.controls import choice, level, show
from coursekit.widgets.live import Live
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
    return Ends(noise, data, torch.stack(flow_of(mixture, noise, 40)))


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
    film = states[..., 0].numpy()
    there = np.ones(film.shape[1])
    return Plane(
        title="one dimension: noise on the left, data on the right",
        x_name="1 - t",
        x_limits=(-0.03, 1.03),
        y_limits=(-3.0, 3.0),
        width=380,
        height=320,
        layers=(
            *ways(film, "blue", 1.1, 0.7, ts=np.linspace(0, 1, len(film))),
            Dots(np.stack([0 * there, film[0]], 1), "ink", 2.0, 0.8),
            Dots(np.stack([there, film[-1]], 1), "orange", 2.5, 0.9),
        ),
    )


def flat(states: Tensor) -> Plane:
    """Two dimensions, seen from above."""
    seen = states.numpy()
    dots = (Dots(seen[0], "ink", 1.8, 0.7), Dots(seen[-1], "orange", 2.5, 0.9))
    lines = ways(seen, "blue", 1.0, 0.6)
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


def flow_couplings(*, seed: int = 0) -> Live:
    """Which noise belongs to which data: strangers, reflow, or optimal transport."""
    batches = level("batch", BATCHES, BATCHES[-1])

    def drawn(pairing: str, batch: int) -> Scene:
        show(batches, pairing == PAIRINGS[-1])
        return draw(seed, pairing, batch)

    controls = {"pairing": choice(PAIRINGS), "batch": batches}
    return Live(controls, drawn, "flow_couplings")

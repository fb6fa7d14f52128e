"""Figure 03.C: lines cross, ways of a flow do not, and the flow swaps the partners.

In one dimension, time to the right, two ways cross when they change their order: the
number of crossings is the number of inversions between the starts and the ends.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, ring
from coursekit.experiments.summary import Result, for_seeds
from coursekit.theory.couplings import ot_coupling, transport_cost
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import rk4, time_grid


def two_groups(std: float = 0.15) -> Mixture:
    """Two narrow groups on a line, at -1.5 and +1.5, with weights 0.4 and 0.6."""
    return Mixture(
        torch.tensor([0.4, 0.6]),
        torch.tensor([[-1.5], [1.5]]),
        torch.full((2,), std),
    )


class Crossings(NamedTuple):
    """Lines and ways in one dimension: states (F, N) at times ts (F,), from 1 to 0."""

    ts: Tensor
    lines: Tensor
    ways: Tensor
    paired: Tensor  # lines between the flow's own ends


def crossings(ends: Tensor, starts: Tensor) -> int:
    """How many pairs of straight lines from `starts` to `ends` cross. Both (N,)."""
    order = ends[starts.argsort()]
    later = order[None, :] < order[:, None]
    return int(torch.triu(later, diagonal=1).sum())


def ways(mixture: Mixture, start: Tensor, num_steps: int = 60) -> list[Tensor]:
    """The exact ways of the flow from noise to data."""
    predict = exact_predict(mixture, LinearPath())
    return list(rk4(predict, start, time_grid(num_steps)))


def drawn(
    mixture: Mixture, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Data and noise that are strangers, (N, D) each, and the ways from the noise."""
    x0 = mixture.sample(count, generator)
    start = fresh_noise(x0, generator)
    return x0, start, ways(mixture, start)


def one_dimension(seed: int = 0, count: int = 24) -> Crossings:
    """Lines to strangers, and the ways of the flow that they make."""
    generator = torch.Generator().manual_seed(seed)
    x0, start, states = drawn(two_groups(), count, generator)
    ts = time_grid(len(states) - 1)

    def line(end: Tensor) -> Tensor:
        return torch.stack([(1 - t) * end[:, 0] + t * start[:, 0] for t in ts])

    moved = torch.stack([state[:, 0] for state in states])
    return Crossings(ts, line(x0), moved, line(states[-1]))


def order_kept(states: Sequence[Tensor]) -> float:
    """Share of pairs that keep their order over the whole way. states: (N, 1) each."""
    first = states[0][:, 0].argsort()
    kept = [crossings(state[first, 0], torch.arange(len(first))) for state in states]
    pairs = len(first) * (len(first) - 1) / 2
    return 1 - max(kept) / pairs


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.C, with exact flows.

    In one dimension, `lines_crossed`, `ways_crossed`, `paired_crossed`: share of all
    pairs that cross (lines to strangers, ways of the flow, lines between the flow's own
    ends); `rewired`: share of starts whose end lies in another group than their
    stranger's. In two dimensions (the ring), `cost_strangers`, `cost_flow`,
    `cost_transport`: mean squared distance of noise and data under the three pairings.
    All with _std and _all.
    """
    count = 200 if quick else 1000

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        x0, start, states = drawn(two_groups(), count, generator)
        end, pairs = states[-1], count * (count - 1) / 2
        found = {
            "lines_crossed": crossings(x0[:, 0], start[:, 0]) / pairs,
            "ways_crossed": 1 - order_kept(states),
            "paired_crossed": crossings(end[:, 0], start[:, 0]) / pairs,
            "rewired": float(((x0 > 0) != (end > 0)).double().mean()),
        }
        x0, start, states = drawn(ring(), count, generator)
        return found | {
            "cost_strangers": float(transport_cost(x0, start)),
            "cost_flow": float(transport_cost(states[-1], start)),
            "cost_transport": float(transport_cost(x0, ot_coupling(x0, start))),
        }

    return {"points": count, **for_seeds(one, seeds)}

"""Figure 03.B: is anything lost? The continuity equation, kept and broken on purpose.

The density and the velocity of a finite data set with a blurred path are known exactly,
so the residual of dp/dt + div(p u) must be rounding. Four other fields are put in its
place: two that break the law, one that keeps it though it is another flow, and a
trained network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import SHAPES
from coursekit.experiments.summary import Result, columns, for_seeds, mean
from coursekit.lectures.l03_flow_matching.experiments.training import (
    points_again,
    train_flow,
)
from coursekit.theory.flow import (
    Density,
    Velocity,
    continuity_residual,
    marginal_density,
    marginal_velocity,
)
from coursekit.theory.score import divergence

BLUR = 0.2  # sigma_min: how wide each data point is at t = 0
TIMES = (0.05, 0.2, 0.4, 0.6, 0.9)
TOYS = ("two_moons", "spiral", "checkerboard")
LIMIT = 5.0  # the grid covers [-5, 5] squared: all but a millionth of the mass


def lattice(side: int) -> Tensor:
    """side * side places in the plane, (side^2, 2), float64."""
    line = torch.linspace(-LIMIT, LIMIT, side, dtype=torch.float64)
    return torch.cartesian_prod(line, line)


def crowd(data: Tensor) -> tuple[Density, Velocity]:
    """Density and velocity of a blurred data set, (x, t) -> (B,) and (B, 2)."""

    def density(x: Tensor, t: Tensor) -> Tensor:
        return marginal_density(x, t, data, BLUR)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return marginal_velocity(x, t, data, BLUR)

    return density, velocity


def swirled(density: Density, velocity: Velocity) -> Velocity:
    """The velocity with a swirl along the lines of equal density.

    The quarter turn of grad log p: its flux has no divergence, so the density stays.
    """

    def field(x: Tensor, t: Tensor) -> Tensor:
        if not x.requires_grad:  # a plain evaluation, outside of any derivative
            x = x.clone().requires_grad_()
        with torch.enable_grad():
            total = density(x, t).log().sum()
            (up,) = torch.autograd.grad(total, x, create_graph=True)
        turned = torch.stack([-up[:, 1], up[:, 0]], dim=1)
        return velocity(x, t) + turned

    return field


def residuals(data: Tensor, network: nn.Module, t: float, side: int) -> Result:
    """Largest residuals at one time, over the largest rate of change, and the mass."""
    density, velocity = crowd(data)
    x = lattice(side)
    now = torch.full((len(x),), t, dtype=torch.float64)
    rate = continuity_residual(density, lambda x, t: torch.zeros_like(x), x, now)

    def faster(x: Tensor, t: Tensor) -> Tensor:
        return 1.1 * velocity(x, t)

    def learnt(x: Tensor, t: Tensor) -> Tensor:
        answer: Tensor = network(x.float(), t.float())
        return answer.double()

    spread = divergence(lambda y: velocity(y, now), x)
    with torch.no_grad():
        p = density(x, now)
    near = x[p > 1e-3 * p.max()]
    swirl = swirled(density, velocity)
    fields: dict[str, Tensor] = {
        "right": continuity_residual(density, velocity, x, now),
        "wrong": rate + p * spread,
        "fast": continuity_residual(density, faster, x, now),
        "network": continuity_residual(density, learnt, x, now),
        "swirl": continuity_residual(density, swirl, near, now[: len(near)]),
    }
    scale = rate.abs().max()
    found = {name: float(each.abs().max() / scale) for name, each in fields.items()}
    cell = (2 * LIMIT / (side - 1)) ** 2
    return {
        **found,
        "worst": float(fields["right"].abs().max()),
        "scale": float(scale),
        "mass": float(p.sum() * cell),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.B: three data sets, one network for each seed, five times.

    `{field}_relative` with _std, _all: the largest residual over the largest rate of
    change, over all times and toys, once per seed; field is right, wrong (p div u
    instead of div(p u)), fast (velocity times 1.1), swirl or network; `{field}_median`:
    over all times and toys. `right_worst`: the same in density per unit time.
    `mass_mean`, `mass_off`: mean, and largest distance from 1. `points`: places looked
    at, all in all.
    """
    side, steps, count = (21, 100, 40) if quick else (61, 3000, 100)
    toys, times = (TOYS[:1], TIMES[1:3]) if quick else (TOYS, TIMES)
    every: dict[str, list[float]] = {}

    def one(seed: int) -> Result:
        rows = []
        for toy in toys:
            data = SHAPES[toy](count, torch.Generator().manual_seed(seed))
            draw = points_again(data.float())
            network = train_flow(draw, steps=steps, seed=seed, sigma_min=BLUR)
            rows += [residuals(data, network, t, side) for t in times]
        lists = columns(rows)
        for name in ("worst", "scale", "mass"):
            every.setdefault(name, []).extend(lists.pop(name))
        largest = {f"{name}_relative": max(each) for name, each in lists.items()}
        middle = len(rows) // 2
        return largest | {f"{n}_median": sorted(v)[middle] for n, v in lists.items()}

    return {
        "points": len(seeds) * len(toys) * len(times) * side**2,
        **for_seeds(one, seeds),
        "right_worst": max(every["worst"]),
        "scale_mean": mean(every["scale"]),
        "mass_mean": mean(every["mass"]),
        "mass_off": max(abs(m - 1) for m in every["mass"]),
    }

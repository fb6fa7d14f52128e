"""Figure 04.X: guidance on a line, where nothing has to be learnt.

Guidance adds up scores as if it sampled p(x | c)^w p(x)^(1 - w), the *sharpened* law.
It does so at every noise level, but the sharpened laws of the noise levels are not the
noised versions of one law. So what comes out is something else (Bradley & Nakkiran
2024), here with exact scores and exact flows.

In one dimension a flow keeps the order of its points. So the ends of evenly spaced
quantiles of the noise are the quantiles of what comes out: no sample is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.experiments.summary import Result, columns
from coursekit.theory.flow import Velocity, follow, heun_step
from coursekit.theory.guidance import guided
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import step_back, time_grid

SCALES = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
REACH = 9.0  # the line is shown from -REACH to REACH


def bell(mean: float, std: float) -> Mixture:
    """One Gaussian on a line."""
    return Mixture(torch.ones(1), torch.tensor([[mean]]), torch.tensor([std]))


@dataclass(frozen=True)
class World:
    """What is asked for, p(x | c), and everything there is, p(x)."""

    asked: Mixture
    everything: Mixture


def two_kinds() -> World:
    """Bears of two sorts, one of them among the cats; bears and cats equally many."""
    means, stds = [[-0.7], [1.7], [-1.6]], [0.35, 0.35, 0.45]
    bears = Mixture(
        torch.tensor([0.6, 0.4]), torch.tensor(means[:2]), torch.tensor(stds[:2])
    )
    everything = Mixture(
        torch.tensor([0.3, 0.2, 0.5]), torch.tensor(means), torch.tensor(stds)
    )
    return World(bears, everything)


def two_bells() -> World:
    """p(x | c) = N(0, 1) inside p(x) = N(0, 2): all laws have closed forms."""
    return World(bell(0.0, 1.0), bell(0.0, 2.0**0.5))


def guided_velocity(world: World, scale: float) -> Velocity:
    """Classifier-free guidance with both answers exact; (N, 1) and (N,) to (N, 1)."""

    asked, everything = (
        exact_predict(law, LinearPath()) for law in (world.asked, world.everything)
    )
    return lambda x, t: guided(asked(x, t).velocity, everything(x, t).velocity, scale)


def levels(count: int) -> Tensor:
    """Evenly spaced probabilities strictly between 0 and 1."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


@torch.no_grad()
def ways(world: World, scale: float, count: int = 400, steps: int = 100) -> Tensor:
    """The quantiles of the guided flow at each time from 1 to 0: (steps + 1, count)."""
    start = torch.special.ndtri(levels(count))[:, None]
    states = follow(guided_velocity(world, scale), start, time_grid(steps), heun_step)
    return torch.stack([state[:, 0] for state in states])


def line(points: int = 6001) -> Tensor:
    """Places on the line, (points,)."""
    return torch.linspace(-REACH, REACH, points, dtype=torch.float64)


def sharpened(world: World, scale: float, x: Tensor) -> Tensor:
    """The density p(x | c)^scale p(x)^(1 - scale), normalised on the places x (P,)."""
    places = x[:, None]
    asked, everything = (
        law.log_prob(places) for law in (world.asked, world.everything)
    )
    log_p = guided(asked, everything, scale)
    density = (log_p - log_p.max()).exp()
    return density / (density.sum() * (x[1] - x[0]))


def quantiles(density: Tensor, x: Tensor, count: int = 400) -> Tensor:
    """The `count` quantiles of a density given at evenly spaced places."""
    below = density.cumsum(0) / density.sum()
    wanted = levels(count)
    right = torch.searchsorted(below, wanted).clamp(1, len(x) - 1)
    low, high = below[right - 1], below[right]
    part = ((wanted - low) / (high - low).clamp(min=1e-300)).clamp(0, 1)
    found: Tensor = x[right - 1] + part * (x[right] - x[right - 1])
    return found


def distance(first: Tensor, second: Tensor) -> float:
    """Wasserstein-1 distance of two laws on a line, from their quantiles."""
    return float((first - second).abs().mean())


def noised_quantiles(x0: Tensor, t: float, count: int) -> Tensor:
    """Quantiles of (1 - t) x0 + t eps, for a law given by its quantiles x0."""
    x = line(1501)
    density = (-(((x[:, None] - (1 - t) * x0) / t) ** 2) / 2).exp().mean(1)
    return quantiles(density, x, count)


def gap_on_the_way(world: World, scale: float, times: Sequence[float]) -> list[float]:
    """How far the guided crowd is from the noised sharpened law, at each time."""
    x = line()
    goal = quantiles(sharpened(world, scale, x), x)
    film = ways(world, scale)
    gaps = []
    for t in times:
        right = goal if t == 0 else noised_quantiles(goal, t, len(goal))
        gaps.append(distance(film[round((1 - t) * (len(film) - 1))], right))
    return gaps


@torch.no_grad()
def variance_of_bells(scale: float, steps: int) -> float:
    """Variance of what guided *ancestral sampling* makes of `two_bells`.

    Every step is linear there, x to gain x + noise, so the variance can be followed
    without a sample: the gain is where the point 1 goes.
    """
    one, variance = torch.ones(1, 1, dtype=torch.float64), 1.0
    ask = guided_velocity(two_bells(), scale)
    for t, s in pairwise(time_grid(steps)):
        keep, pull, added = step_back(LinearPath(), t, s)
        x0 = 1 - float(t) * float(ask(one, t.expand(1)))  # xt - t velocity
        variance = (float(keep) + float(pull) * x0) ** 2 * variance + float(added)
    return variance


def measure(quick: bool = False) -> Result:
    """Everything of 04.X, with exact scores and without chance.

    Lists over `scales`. For N(0, 1) inside N(0, 2), variances: `bells_sharp` (of the
    sharpened law: 2 / (w + 1)), `bells_flow` (what the guided flow makes), `bells_sde`
    (what guided ancestral sampling makes). For bears among cats: `gap`, the
    Wasserstein-1 distance of the guided flow's law to the sharpened one; `rare_asked`,
    `rare_sharp`, `rare_flow`: share of the sort that lives apart from the cats;
    `width_flow`, `width_sharp`: standard deviations within that sort; `gap_times`, the
    same distance on the way at scale 3, at `times`, from the noised sharpened law.
    """
    count, steps, scales = (100, 25, (1.0, 3.0)) if quick else (2000, 400, SCALES)
    x, kinds, bells = line(), two_kinds(), two_bells()
    times = [0.9, 0.75, 0.5, 0.25, 0.0]

    def one(scale: float) -> dict[str, float]:
        sharp = quantiles(sharpened(kinds, scale, x), x, count)
        flow = ways(kinds, scale, count, steps)[-1]
        asked = quantiles(sharpened(kinds, 1.0, x), x, count)
        bells_sharp = quantiles(sharpened(bells, scale, x), x, count)
        found = {
            "bells_sharp": float(bells_sharp.var()),
            "bells_sde": variance_of_bells(scale, 4 * steps),
            "bells_flow": float(ways(bells, scale, count, steps)[-1].var()),
            "gap": distance(flow, sharp),
        }
        for name, places in (("asked", asked), ("sharp", sharp), ("flow", flow)):
            apart = places > 0.6
            found[f"rare_{name}"] = float(apart.double().mean())
            some = int(apart.sum()) > 1
            found[f"width_{name}"] = float(places[apart].std()) if some else 0.0
        return found

    return {
        "scales": list(scales),
        "times": times,
        **columns(one(scale) for scale in scales),
        "gap_times": gap_on_the_way(kinds, 3.0, times),
    }

"""Figure 06b.C: does a flow that rolls dice keep its crowd? Judged by exact laws.

Nothing is trained here. One law is a Gaussian, whose steps are linear, so that the
spread of its samples is a product of numbers. The other is the ring of the notebook,
with its exact velocity.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, prefixed
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    RING,
    judge,
)
from coursekit.theory.flow import Velocity, euler_step
from coursekit.theory.grpo import clipped_loss
from coursekit.theory.policy_steps import Transition, draw, kl, log_prob, transition
from coursekit.theory.solvers import spread_time, time_grid

Law = Callable[[Tensor, Tensor, Tensor, Tensor, float], Transition]
LEVELS = (0.0, 0.3, 0.7, 1.0)
COUNTS = (5, 10, 20, 40, 100, 200)
STD = 0.5  # of the Gaussian data


def shaken(v: Tensor, xt: Tensor, t: Tensor, s: Tensor, level: float) -> Transition:
    """The same dice on a plain Euler step: the pull of the score is forgotten."""
    still = euler_step(lambda x, t: v, xt, t, s)
    return transition(v, xt, t, s, level)._replace(mean=still)


def ring_velocity(x: Tensor, t: Tensor) -> Tensor:
    """The exact velocity of the ring's flow: E[eps - x0 | x_t]."""
    return RING.eps_hat(x, 1 - t, t) - RING.posterior_mean(x, 1 - t, t)


def gaussian_slope(t: Tensor, std: float) -> Tensor:
    """velocity(x, t) / x for data N(0, std^2)."""
    return (t - (1 - t) * std**2) / ((1 - t) ** 2 * std**2 + t**2)


def gaussian(
    level: float, steps: int, std: float = STD, law: Law = transition
) -> Result:
    """What becomes of N(0, 1) on the way to N(0, std^2), exactly.

    Keys: `std`, of the samples; `dice`, the part of their variance that the dice
    decide and not the first noise.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    kept, thrown = one[0], one[0] * 0  # variance from the first noise, and from dice
    for t, s in pairwise(time_grid(steps)):
        step = law(gaussian_slope(t, std) * one, one, t[None], s[None], level)
        gain = step.mean[0] ** 2
        kept, thrown = kept * gain, thrown * gain + step.std**2
    whole = float(kept + thrown)
    return {"std": whole**0.5, "dice": float(thrown) / whole}


def roll(
    velocity: Velocity,
    x: Tensor,
    ts: Tensor,
    level: float,
    generator: torch.Generator,
    law: Law = transition,
) -> list[Tensor]:
    """All states of a walk with dice, from x at ts[0]."""
    states = [x]
    for t, s in pairwise(ts):
        t, s = spread_time(t, x), spread_time(s, x)
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        x = draw(law(velocity(x, t), x, t, s, level), noise)
        states.append(x)
    return states


def _on_the_way(states: list[Tensor], ts: Tensor, stir: torch.Generator) -> list[float]:
    """Energy distances to the exact law at a fifth, two fifths, ... of the way."""
    found = []
    for fifth in (1, 2, 3, 4):
        at = (len(ts) - 1) * fifth // 5
        t = float(ts[at])
        there = RING.noised(1 - t, t).sample(len(states[at]), stir)
        found.append(energy_distance(states[at], there))
    return found


def _ring(level: float, steps: int, count: int, law: Law, look: bool) -> Result:
    """The judge's words on the ends of walks; with `look` also `way`, on the way."""
    stir = torch.Generator().manual_seed(7)
    eps = torch.randn(count, 2, generator=stir, dtype=torch.float64)
    ts = time_grid(steps)
    states = roll(ring_velocity, eps, ts, level, stir, law)
    verdict = judge(states[-1])
    found: Result = {key: verdict[key] for key in ("energy", "on", "tv")}
    return found | ({"way": _on_the_way(states, ts, stir)} if look else {})


def optimum(
    beta: float,
    spread: bool,
    steps: int = 300,
    count: int = 1000,
    std: float = STD,
    loss: Callable[..., Tensor] = clipped_loss,
) -> float:
    """How far a policy N(mean, std^2 I) moves along u for the reward u.x, |u| = 1.

    `clipped_loss` and beta times the KL to N(0, std^2 I), one update a batch.
    spread: divide the advantages by their standard deviation.
    """
    u = torch.tensor([0.6, 0.8], dtype=torch.float64)
    mean = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    stds = torch.full((count,), std, dtype=torch.float64)
    reference = Transition(torch.zeros(count, 2, dtype=torch.float64), stds)
    optimiser = torch.optim.Adam([mean], lr=0.05)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    stir = torch.Generator().manual_seed(0)
    for _ in range(steps):
        law = Transition(mean.expand(count, 2), stds)
        noise = torch.randn(count, 2, generator=stir, dtype=torch.float64)
        x = draw(law, noise).detach()
        reward = x @ u
        advantages = reward - reward.mean()
        if spread:
            advantages = advantages / reward.std()
        chance = log_prob(law, x, "sum")
        whole = loss(chance, chance, advantages, 0.2)
        whole = whole + beta * kl(law, reference, "sum").mean()
        optimiser.zero_grad()
        whole.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        fall.step()
    return float(mean.detach()[0] @ u)


def first_ratio(velocity: Velocity, half: bool, level: float = 0.7) -> list[float]:
    """The smallest and the largest ratio before any update, over ten steps of a walk.

    half: the states are kept in bfloat16 between rollout and update.
    """
    stir = torch.Generator().manual_seed(3)
    x, found = torch.randn(2000, 2, generator=stir), []
    for t, s in pairwise(time_grid(10)):
        t, s = spread_time(t, x), spread_time(s, x)
        law = transition(velocity(x, t), x, t, s, level)
        after = draw(law, torch.randn(x.shape, generator=stir))
        old = log_prob(law, after, "sum")
        if half:
            x, after = x.bfloat16().float(), after.bfloat16().float()
        again = transition(velocity(x, t), x, t, s, level)
        found.append((log_prob(again, after, "sum") - old).exp())
        x = after
    ratios = torch.cat(found)
    return [float(ratios.min()), float(ratios.max())]


def measure(quick: bool = False) -> Result:
    """Everything of 06b.C.

    Keys: `levels`, `counts` (of steps), `goal`, the std of the Gaussian data; for each
    level, as in `level_07`, lists over counts: `_std` and `_dice` (see `gaussian`), and
    of the ring `_energy`, `_on`, `_tv` (see `judge`) and `_way`, the energy distances
    at t = 0.8, 0.6, 0.4, 0.2 with 200 steps; `shaken_...`, the same at level 0.7
    without the pull; `floor`, the energy distance of real points to real points.
    `optimum_{beta}` and `spread_{beta}`: how far the mean moved for betas 0.5, 1 and 2,
    with plain and with standardised advantages. `ratio_float` and `ratio_half`:
    smallest and largest first ratio with states in float32 and in bfloat16.
    """
    counts, drawn = ((5, 10), 200) if quick else (COUNTS, 1000)
    runs: list[tuple[str, float, Law]] = [
        (f"level_{level:g}".replace(".", ""), level, transition) for level in LEVELS
    ]
    runs.append(("shaken", 0.7, shaken))
    stir = torch.Generator().manual_seed(8)
    result: Result = {
        "levels": list(LEVELS),
        "counts": list(counts),
        "goal": STD,
        "drawn": drawn,
        "floor": judge(RING.sample(drawn, stir))["energy"],
    }
    for name, level, law in runs:
        exact = [gaussian(level, n, law=law) for n in counts]
        rings = [_ring(level, n, drawn, law, n == counts[-1]) for n in counts]
        rows = {key: [row[key] for row in exact] for key in exact[0]}
        rows |= {key: [row[key] for row in rings] for key in ("energy", "on", "tv")}
        rows["way"] = rings[-1]["way"]
        result |= prefixed(name, rows)
    for beta in (0.5, 1.0, 2.0):
        steps = 5 if quick else 300
        result[f"optimum_{beta:g}".replace(".", "")] = optimum(beta, False, steps)
        result[f"spread_{beta:g}".replace(".", "")] = optimum(beta, True, steps)
    result["ratio_float"] = first_ratio(ring_velocity, False)
    result["ratio_half"] = first_ratio(ring_velocity, True)
    return result

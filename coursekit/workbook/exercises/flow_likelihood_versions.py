"""Wrong and right versions of 03.12 log_likelihood."""

from itertools import pairwise

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.flow import Velocity, euler_step, heun_step
from coursekit.theory.likelihood import Trace, frozen, normal_log_prob
from coursekit.theory.score import divergence
from coursekit.theory.solvers import spread_time


def _version(
    grid: Function | None = None,
    rule: Function | None = None,
    finish: Function | None = None,
    step: Function = heun_step,
    trace_of: Function | None = None,
    landing: Function = euler_step,
) -> Function:
    """A version of log_likelihood.

    grid: ts -> the times to walk; rule: (spread now, spread then) -> the mean spread of
    a step; finish: (x_0, x_1, integral) -> log p; landing: where the second is taken.
    """

    def log_likelihood(
        velocity: Velocity, x0: Tensor, ts: Tensor, trace: Trace = divergence
    ) -> Tensor:
        used = trace if trace_of is None else trace_of(trace)
        x, total = x0, x0.new_zeros(len(x0))
        for t, s in pairwise(ts.flip(0) if grid is None else grid(ts)):
            now, then = spread_time(t, x), spread_time(s, x)
            guess = landing(velocity, x, now, then)
            one = used(frozen(velocity, now), x)
            two = used(frozen(velocity, then), guess)
            spread = (one + two) / 2 if rule is None else rule(one, two)
            x, total = step(velocity, x, now, then), total + float(s - t) * spread
        found: Tensor = (finish or _finish)(x0, x, total)
        return found

    return log_likelihood


def _finish(x0: Tensor, x: Tensor, total: Tensor) -> Tensor:
    return normal_log_prob(x) + total


def _bare(x: Tensor) -> Tensor:
    return -(x.flatten(1) ** 2).sum(1) / 2


def _augmented(
    velocity: Velocity, x0: Tensor, ts: Tensor, trace: Trace = divergence
) -> Tensor:
    """State and integral in one vector, moved by one and the same Heun step."""

    def both(z: Tensor, t: Tensor) -> Tensor:
        x = z[:, :-1]
        spread = trace(lambda y: velocity(y, t), x)
        return torch.cat([velocity(x, t), spread[:, None]], dim=1)

    z = torch.cat([x0, torch.zeros_like(x0[:, :1])], dim=1)
    for i in range(len(ts) - 1, 0, -1):
        z = heun_step(both, z, spread_time(ts[i], z), spread_time(ts[i - 1], z))
    return normal_log_prob(z[:, :-1]) + z[:, -1]


def _distribution(
    velocity: Velocity, x0: Tensor, ts: Tensor, trace: Trace = divergence
) -> Tensor:
    """Everything is collected first; torch's own normal distribution at the end."""
    x, terms = x0, []
    for t, s in pairwise(reversed(ts.tolist())):
        now, then = x0.new_full((len(x),), t), x0.new_full((len(x),), s)
        slope = velocity(x, now)
        guess = x + (s - t) * slope
        terms += [
            (s - t) / 2 * trace(frozen(velocity, when), place)
            for place, when in ((x, now), (guess, then))
        ]
        x = x + (s - t) / 2 * (slope + velocity(guess, then))
    normal = torch.distributions.Normal(0.0, 1.0)
    noise: Tensor = normal.log_prob(x).sum(dim=1)  # type: ignore[no-untyped-call]
    return noise + torch.stack(terms).sum(dim=0)


MUTANTS = (
    Mutant(
        "minus the integral",
        _version(finish=lambda x0, x, total: normal_log_prob(x) - total),
        "the integral is subtracted: where the flow spreads on its way to noise, the "
        "data was denser",
    ),
    Mutant(
        "no integral",
        _version(finish=lambda x0, x, total: normal_log_prob(x)),
        "the integral of the divergence is missing: this is the density of the noise "
        "it ends in",
    ),
    Mutant(
        "noise at the data",
        _version(finish=lambda x0, x, total: normal_log_prob(x0) + total),
        "the density of the noise is taken at x0: take it where the walk ends",
    ),
    Mutant(
        "constant forgotten",
        _version(finish=lambda x0, x, total: _bare(x) + total),
        "the constant of the normal density is missing: -D/2 log(2 pi)",
    ),
    Mutant(
        "mean over dimensions",
        _version(
            finish=lambda x0, x, total: (normal_log_prob(x) + total) / x[0].numel()
        ),
        "it is divided by the number of dimensions: return the log density of the "
        "whole sample",
    ),
    Mutant(
        "from noise to data",
        _version(grid=lambda ts: ts),
        "the grid is walked from noise to data: x0 is data, so start at ts[-1]",
    ),
    Mutant(
        "last step missing",
        _version(grid=lambda ts: ts.flip(0)[:-1]),
        "the last step is missing: the walk ends at ts[0]",
    ),
    Mutant(
        "even grid",
        _version(grid=lambda ts: torch.linspace(0, 1, len(ts), dtype=ts.dtype)),
        "the steps are of even size: use the times of the grid as they are",
    ),
    Mutant(
        "divergence at the start",
        _version(rule=lambda one, two: one),
        "the integral takes the divergence at the start of each step only: take the "
        "mean of both ends",
    ),
    Mutant(
        "divergences added",
        _version(rule=lambda one, two: one + two),
        "the divergences of both ends are added: take their mean",
    ),
    Mutant(
        "state by Euler",
        _version(step=euler_step),
        "the state takes Euler steps: use the mean of both velocities for it too",
    ),
    Mutant(
        "landing not used",
        _version(landing=lambda velocity, x, now, then: x),
        "the second divergence is taken at the start of the step: take it where the "
        "Euler step lands",
    ),
    Mutant(
        "trace ignored",
        _version(trace_of=lambda trace: divergence),
        "`trace` is not used: call trace(field, x) instead of divergence",
    ),
)

VARIANTS = (
    Variant("one augmented state", _augmented),
    Variant("terms collected, torch's normal", _distribution),
)

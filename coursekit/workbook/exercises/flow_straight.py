"""Lecture 3, how straight the paths are: 03.10 straightness."""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import KINDS, array, must_equal, tensor
from coursekit.theory.flow import Velocity, follow
from coursekit.theory.solvers import spread_time
from coursekit.workbook.exercises.flow_batch import bend, flow_batch, grid, to_point


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "eps", "x0", "across")
    del inputs["t"]
    return inputs | {"ts": grid(rng, 5), "short": grid(rng, 4, 0.9, 0.2)}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("eps", "x0", "ts", "short", "across")
    eps, x0, ts, short, across = (tensor(inputs[name]) for name in names)

    def clock(x: Tensor, t: Tensor) -> Tensor:
        return across * t.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))

    return {
        "S": array(fn(bend, eps, ts), scalar=True),
        "S on a part of the time": array(fn(bend, eps, short), scalar=True),
        "S of straight paths": array(fn(to_point(x0), eps, ts), scalar=True),
        "S where the velocity grows with t": array(fn(clock, eps, short), scalar=True),
    }


def _straight(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["S of straight paths"],
        np.zeros(()),
        "paths that lead straight to one point each must have S = 0",
    )


def _growing(inputs: Inputs, outputs: Outputs) -> str | None:
    """velocity = a t: S is the mean of a^2 times the variance of the times."""
    ts = inputs["short"]
    weights = -np.diff(ts) / (ts[0] - ts[-1])
    variance = weights @ ts[:-1] ** 2 - (weights @ ts[:-1]) ** 2
    return must_equal(
        outputs["S where the velocity grows with t"],
        np.mean(inputs["across"].astype(float) ** 2) * variance,
        "where the velocity grows with t and does not depend on x, S must be the "
        "variance of the velocity over time",
    )


def _walk(velocity: Velocity, eps: Tensor, ts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Velocities (N, B, ...), overall (B, ...) and shares of the time (N, 1, .., 1)."""
    states = list(follow(velocity, eps, ts))
    used = torch.stack(
        [
            velocity(x, spread_time(t, x))
            for t, x in zip(ts[:-1], states[:-1], strict=True)
        ]
    )
    span = float(ts[0] - ts[-1])
    shares = (ts[:-1] - ts[1:]).to(eps.dtype) / span
    column = shares.reshape(-1, *[1] * eps.ndim)
    return used, (states[0] - states[-1]) / span, column


def _version(measure: Function) -> Function:
    """A version from (velocities, overall, shares, states' ends) -> S."""

    def straightness(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
        used, overall, shares = _walk(velocity, eps, ts)
        found: Tensor = measure(used, overall, shares, float(ts[0] - ts[-1]))
        return found

    return straightness


def _mean(values: Tensor, shares: Tensor) -> Tensor:
    """Over time with its weights, then over everything else."""
    return (shares * values).sum(0).mean()


def _against_data(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    used, _, shares = _walk(velocity, eps, ts)
    *_, x0 = follow(velocity, eps, ts)
    return _mean((used - x0) ** 2, shares)


def _at_the_start(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    """The velocities of the first state at all times: nothing moves."""
    _, overall, shares = _walk(velocity, eps, ts)
    used = torch.stack([velocity(eps, spread_time(t, eps)) for t in ts[:-1]])
    return _mean((used - overall) ** 2, shares)


def _lengths(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    states = list(follow(velocity, eps, ts))
    legs = [(a - b).flatten(1).norm(dim=1) for a, b in pairwise(states)]
    direct = (states[0] - states[-1]).flatten(1).norm(dim=1)
    found: Tensor = (torch.stack(legs).sum(0) / direct - 1).mean()
    return found


def _loop(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    """Its own walk, and the velocities as they come."""
    x, used, steps = eps, [], []
    for t, s in zip(ts[:-1].tolist(), ts[1:].tolist(), strict=True):
        used.append(velocity(x, torch.full((len(x),), t, dtype=x.dtype)))
        steps.append(t - s)
        x = x - (t - s) * used[-1]
    overall = (eps - x) / sum(steps)
    total = eps.new_zeros(())
    for h, u in zip(steps, used, strict=True):
        total = total + h * torch.nn.functional.mse_loss(u, overall)
    found: Tensor = total / sum(steps)
    return found


def _by_samples(velocity: Velocity, eps: Tensor, ts: Tensor) -> Tensor:
    """The spread of each path around its own mean velocity, then the mean of paths."""
    used, _, shares = _walk(velocity, eps, ts)
    centre = (shares * used).sum(0)
    each: Tensor = (shares * (used - centre).square()).flatten(2).sum(0).mean(1)
    return each.mean()


STRAIGHTNESS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("straight paths", _straight),
        Oracle("a velocity that grows with t", _growing),
    ),
    mutants=(
        Mutant(
            "steps count the same",
            _version(lambda u, o, w, span: ((u - o) ** 2).mean()),
            "all steps count the same: a long step stands for more time, so weight it "
            "with its length",
        ),
        Mutant(
            "not over the whole time",
            _version(lambda u, o, w, span: span * _mean((u - o) ** 2, w)),
            "the sum is not divided by the whole time t_0 - t_N: S is a mean over time",
        ),
        Mutant(
            "displacement for velocity",
            _version(lambda u, o, w, span: _mean((u - span * o) ** 2, w)),
            "the displacement is not divided by the time it took: compare velocities",
        ),
        Mutant(
            "wrong way",
            _version(lambda u, o, w, span: _mean((u + o) ** 2, w)),
            "the displacement has the wrong sign: the velocity points from data to "
            "noise, so it is the first state minus the last",
        ),
        Mutant(
            "against the data",
            _against_data,
            "the velocity is compared with the data: compare it with the displacement "
            "from data to noise",
        ),
        Mutant(
            "at the start",
            _at_the_start,
            "the velocity is looked up at the noise all the time: follow the path",
        ),
        Mutant(
            "no square",
            _version(lambda u, o, w, span: _mean((u - o).abs(), w)),
            "the differences are not squared",
        ),
        Mutant(
            "root",
            _version(lambda u, o, w, span: _mean((u - o) ** 2, w).sqrt()),
            "a root is taken: S is the mean square itself",
        ),
        Mutant(
            "dimensions added up",
            _version(lambda u, o, w, span: _mean((u - o) ** 2, w) * u[0, 0].numel()),
            "the dimensions are added up: take the mean over them, too",
        ),
        Mutant(
            "one for each sample",
            _version(
                lambda u, o, w, span: (w * (u - o) ** 2).sum(0).flatten(1).mean(1)
            ),
            "there is one value for each sample: average over the batch too",
        ),
        Mutant(
            "differences first",
            _version(lambda u, o, w, span: _mean(u - o, w) ** 2),
            "the differences are averaged before they are squared: they cancel",
        ),
        Mutant(
            "length of the way",
            _lengths,
            "this compares lengths: a path may be as short as the line and yet change "
            "its speed",
        ),
    ),
    variants=(
        Variant("its own walk", _loop),
        Variant("spread around the mean velocity", _by_samples),
    ),
)

"""How the exercises of lecture 6, second half, are tried: fresh inputs, and a look."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Net,
    Results,
    Tries,
    Watched,
    array,
    bend,
    column,
    count,
    draws,
    equals,
    generator,
    grid,
    pair,
)
from coursekit.theory.paths import CosinePath
from coursekit.theory.robust_losses import pseudo_huber

PROBES = Tries()
tried = PROBES.tried

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------


def _student_step(seed: int) -> Inputs:
    i = draws("xt", t=(0.3, 1), share=(0.0, 0.8))(seed)
    return i | {"s": i["t"] * i.pop("share")}


@tried("06b.40", _student_step)
def progressive_target(fn: Function, i: Any) -> Results:
    teacher = Watched()
    found = fn(teacher, i.xt, i.t, i.s)
    weight = torch.ones((), dtype=i.xt.dtype, requires_grad=True)
    learns = fn(lambda x, t: weight * bend(x, t), i.xt, i.t, i.s)
    return {
        "target": found,
        **teacher.asked(found, "teacher(x, t)"),
        "target where the teacher's velocity is t": fn(
            lambda x, t: column(t, x).expand_as(x), i.xt, i.t, i.s
        ),
        "whether a gradient reaches the teacher": count(learns.requires_grad),
    }


def _levels(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    lowest = (0.002, 0.0, 0.02)[seed % 3]
    sigma = lowest + np.exp(rng.uniform(-4, 4, ((9,), (3, 4), (1,))[seed % 3]))
    spread = float(rng.uniform(0.3, 0.8))
    return {"sigma": sigma.astype(dtype), "sigma_data": spread, "sigma_min": lowest}


def _wanted_variance(i: Inputs) -> Any:
    """Of what the network must say, for Gaussian data and an end at no noise."""
    return np.ones(9, dtype=np.float64)


@tried(
    "06b.43",
    _levels,
    cases=("the default end", "an end at no noise", "another end, one level"),
    oracles=(
        equals(
            "variance of what the network must say",
            _wanted_variance,
            "for data of standard deviation sigma_data and sigma_min = 0 the network "
            "must say (x0 - c_skip x) / c_out, and its variance must be 1 at every "
            "level: c_out has a factor sigma_data",
        ),
    ),
)
def boundary_scalings(fn: Function, i: Any) -> Results:
    skip, out = pair(fn(i.sigma, i.sigma_data, i.sigma_min))
    end = torch.full((2,), i.sigma_min, dtype=i.sigma.dtype)
    skip_end, out_end = pair(fn(end, i.sigma_data, i.sigma_min))
    levels = torch.logspace(-1, 1, 9, dtype=torch.float64)
    free_skip, free_out = pair(fn(levels, i.sigma_data, 0.0))
    data, noise = (1 - free_skip) * i.sigma_data, free_skip * levels
    default = pair(fn(i.sigma + 0.01))
    return {
        "c_skip": skip,
        "c_out": out,
        "c_skip at the end of the path": skip_end,
        "c_out at the end of the path": out_end,
        "variance of what the network must say": (data**2 + noise**2) / free_out**2,
        "c_out with the default constants": default[1],
    }


def _neighbours(seed: int) -> Inputs:
    i = draws("xt", "xs", t=(0.3, 1), share=(0.0, 0.8), weight=(0.4, 0.9))(seed)
    return i | {"s": i["t"] * i.pop("share")}


@tried("06b.44", _neighbours)
def consistency_loss(fn: Function, i: Any) -> Results:
    student, target = Net(i.weight, i.xt), Net(1.3 * i.weight, i.xt)
    found = fn(student, target, (i.xt, i.xs), i.t, i.s)
    array(found, scalar=True)
    if not target.times:
        raise BadResult("the target is never asked: call target(x_s, s)")
    if not found.requires_grad:
        raise BadResult("no gradient reaches the student: only the target is cut off")
    (leak,) = torch.autograd.grad(
        found.sum(), target.weight, allow_unused=True, retain_graph=True
    )
    both = Net(i.weight, i.xt)
    alone = fn(both, both, (i.xt, i.xs), i.t, i.s)
    return {
        **student.learns(found),
        "t that the target sees": target.times[0],
        "whether a gradient reaches the target": count(leak is not None),
        "gradient when the student is its own target": both.learns(alone)["gradient"],
        "loss with another distance": fn(
            student, target, (i.xt, i.xs), i.t, i.s, pseudo_huber
        ),
    }


def _jumps(seed: int) -> Inputs:
    shape = ((7, 2), (5, 3, 4, 6), (6, 2))[seed % 3]
    x = generator(seed).standard_normal(shape)
    return {
        "x": x.astype(np.float32 if len(shape) == 4 else np.float64),
        "ts": grid(seed, 4, 1.0, (0.0, 0.1, 0.0)[seed % 3]),
        "stir": 11 + abs(seed),
    }


def _states(found: Any, wanted: int) -> Tensor:
    """All states of a sampler, one after the other; BadResult, in words."""
    if not isinstance(found, Iterator | list | tuple):
        array(found)
        raise BadResult("it must return a generator: `yield` each state, first x")
    states = list(islice(iter(found), wanted + 5))
    for state in states:
        array(state)
    if len(states) != wanted:
        raise BadResult(
            f"it yields {len(states)} states for {wanted} times: the noise itself, and "
            "one after each jump"
        )
    return torch.stack(states)


@tried("06b.45", _jumps, cases=("points (B, 2)", "images, a last time above 0", "more"))
def consistency_sampler(fn: Function, i: Any) -> Results:
    f, ts = Watched(), i.ts.to(i.x.dtype)
    torch.manual_seed(i.stir + 1)  # only the generator that is handed over may matter

    def run(f: Any, ts: Tensor, **more: Any) -> Tensor:
        source = torch.Generator().manual_seed(i.stir)
        return _states(fn(f, i.x.clone(), ts, generator=source, **more), len(ts))

    film = run(f, ts)
    seen = {} if not f.times else f.asked(film)
    if not seen:
        raise BadResult("f is never asked: x0 = f(x, t)")
    return {
        "last state of one jump": run(bend, ts[[0, -1]])[-1],
        "states": film,
        **seen,
        "states on another path": run(bend, ts, path=CosinePath()),
    }


# --- 6.18 and 6.19: judges and average velocities -------------------------------------

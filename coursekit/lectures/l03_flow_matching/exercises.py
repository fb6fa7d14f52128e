"""How the exercises of lecture 3 are tried: fresh inputs, and what is looked at."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs
from coursekit.checks.tried import (
    Net,
    Results,
    Tries,
    Watched,
    bend,
    column,
    count,
    draws,
    equals,
    grid,
    pair,
    vectors,
)
from coursekit.theory.flow import heun_step, marginal_density, marginal_velocity
from coursekit.theory.likelihood import hutchinson
from coursekit.theory.prediction import Prediction

PROBES = Tries()
tried = PROBES.tried
PLANES = ("points (B, 2)", "points (B, 3)")


@tried("03.1", draws("x0", "eps", t=(0, 1), sigma_min=(0.1, 0.3)))
def conditional_path(fn: Function, i: Any) -> Results:
    return {
        "x_t": fn(i.x0, i.eps, i.t),
        "x_t with sigma_min": fn(i.x0, i.eps, i.t, i.sigma_min),
    }


def _held_away(i: Inputs, outputs: Outputs) -> str | None:
    """Where the noise level t that a velocity betrays stays above some number."""
    t, velocity = i["t"] / 500, outputs["velocity close to the data"]
    way, speed = (
        np.sqrt((x.astype(float) ** 2).reshape(len(t), -1).sum(1))
        for x in (i["xt"] - i["x0"], velocity)
    )
    level = way / speed
    held = np.allclose(level, np.maximum(t, level.min()), rtol=1e-2)
    return (
        "the noise level is kept away from 0: leave out the clamp, near the data the "
        "velocity is needed as it is"
        if held and level.min() > 1.01 * t.min()
        else None
    )


@tried(
    "03.2",
    draws("xt", "x0", "eps", t=(0.2, 1), sigma_min=(0.1, 0.3)),
    oracles=(Oracle("no clamp", _held_away),),
)
def conditional_velocity(fn: Function, i: Any) -> Results:
    return {
        "velocity": fn(i.xt, i.x0, i.t),
        "velocity with sigma_min": fn(i.xt, i.x0, i.t, i.sigma_min),
        "velocity close to the data": fn(i.xt, i.x0, i.t / 500),
    }


def _near_data(seed: int) -> Inputs:
    """Five data points, and noise that leaves several of them possible."""
    i = draws("xt", "data", t=(0.3, 1), sigma_min=(0.1, 0.3))(seed)
    i["data"] = (i["data"][:5] * 2 / np.sqrt(i["xt"][0].size)).astype(i["xt"].dtype)
    t, start = column(i["t"], i["xt"]), i["data"][[0, 1, 2, 3, 4, 0, 1]]
    return i | {"xt": ((1 - t) * start + t * i["xt"]).astype(i["xt"].dtype)}


@tried("03.3", _near_data)
def marginal(fn: Function, i: Any) -> Results:
    return {
        "velocity": fn(i.xt, i.t, i.data),
        "velocity with sigma_min": fn(i.xt, i.t, i.data, i.sigma_min),
        "velocity for one data point": fn(i.xt, i.t, i.data[:1]),
        "velocity far away": fn(100 * i.xt, i.t, i.data),
    }


@tried("03.4", draws("x0", "eps", t=(0, 1), weight=(0.4, 0.9), sigma_min=(0.1, 0.3)))
def cfm_loss(fn: Function, i: Any) -> Results:
    network, other = Net(i.weight, i.x0), Net(i.weight, i.x0)
    return network.learns(fn(network, i.x0, i.t, i.eps)) | {
        "loss with sigma_min": fn(other, i.x0, i.t, i.eps, i.sigma_min),
        "loss of a model that says 0": fn(lambda x, t: 0 * x, i.x0, i.t, i.eps),
    }


def _two_times(seed: int) -> Inputs:
    i = draws("x", t=(0.3, 1), share=(0.1, 0.8))(seed)
    return i | {"s": i["t"] * i.pop("share")}


@tried("03.5", _two_times)
@tried("03.6", _two_times)
def step(fn: Function, i: Any) -> Results:
    field = Watched()
    found = fn(field, i.x, i.t, i.s)
    return {
        "the step": found,
        **field.asked(found),
        "the step up, from s to t": fn(bend, i.x, i.s, i.t),
        "the step to time 0": fn(bend, i.x, i.t, 0 * i.s),
        "the step where the velocity is t": fn(
            lambda x, t: column(t, x).expand_as(x), i.x, i.t, i.s
        ),
    }


def _bump(seed: int) -> Inputs:
    """A Gaussian bump that drifts, and a linear field that does not fit it."""
    d = 2 + seed % 2
    return vectors(seed, x=(7, d), data=(4, d), drift=d, matrix=(d, d), shift=d) | {
        "t": np.random.default_rng(abs(seed)).uniform(0.35, 0.9, 7)
    }


def _apart(asked: Tensor, given: Tensor) -> bool:
    """Whether a density was asked beside the given times or places."""
    try:
        return not bool(torch.isin(asked.detach(), given).all())
    except RuntimeError:  # inside of vmap no number can be looked at
        return False


BESIDE = tuple(
    equals(
        f"density asked at another {what}",
        lambda i: np.zeros(1),
        f"the density is asked at other {what}s than it was given: take derivatives, "
        "with torch.autograd.grad and `divergence`, not differences",
    )
    for what in ("time", "place")
)


@tried("03.7", _bump, cases=PLANES, oracles=BESIDE)
def continuity(fn: Function, i: Any) -> Results:
    beside = [False, False]

    def exact(x: Tensor, t: Tensor) -> Tensor:
        beside[0] |= _apart(t, i.t)
        beside[1] |= _apart(x, i.x)
        return marginal_density(x, t, i.data)

    def bump(x: Tensor, t: Tensor) -> Tensor:
        way: Tensor = x - t[:, None] * i.drift
        return torch.exp(-way.square().sum(1) / 2)

    def linear(x: Tensor, t: Tensor) -> Tensor:
        moved: Tensor = x @ i.matrix.T + (1 + t[:, None]) * i.shift
        return moved

    return {
        "residual of the exact flow": fn(
            exact, lambda x, t: marginal_velocity(x, t, i.data), i.x, i.t
        ),
        "residual of a field that does not fit": fn(bump, linear, i.x, i.t),
        "residual when nothing moves": fn(bump, lambda x, t: 0 * x, i.x, i.t),
        "density asked at another time": count(beside[0]),
        "density asked at another place": count(beside[1]),
    }


@tried("03.9", draws("velocity", "xt", t=(0.2, 1)))
def from_velocity(fn: Function, i: Any) -> Results:
    found = fn(i.velocity, i.xt, i.t)
    names = Prediction._fields
    return dict(zip(names, pair(found, len(names)), strict=True)) | {
        "answers without a name": count(not isinstance(found, Prediction))
    }


def _walk(seed: int) -> Inputs:
    return draws("eps", "across", weight=(0.6, 1.4))(seed) | {
        "ts": grid(seed, 5),
        "short": grid(seed, 4, 0.9, 0.2),
    }


@tried("03.10", _walk)
def make_pairs(fn: Function, i: Any) -> Results:
    weight = torch.tensor(i.weight, dtype=i.eps.dtype, requires_grad=True)

    recorded = [0]

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        recorded[0] += x.requires_grad  # of the step before
        return weight * bend(x, t)

    x0, eps = pair(fn(velocity, i.eps, i.ts), 2)
    held = x0.requires_grad + recorded[0]
    return {
        "x0": x0,
        "eps": eps,
        "x0 with Heun steps": fn(velocity, i.eps, i.ts, heun_step)[0],
        "gradients recorded": count(held),
    }


@tried("03.11", _walk)
def straightness(fn: Function, i: Any) -> Results:
    return {
        "S": fn(bend, i.eps, i.ts),
        "S on a part of the time": fn(bend, i.eps, i.short),
        "S where the velocity grows with t": fn(
            lambda x, t: i.across * column(t, x), i.eps, i.short
        ),
    }


def _ways_to_pair(i: Inputs) -> list[tuple[int, ...]]:
    """The best pairs, and those of the usual mistakes."""
    from scipy.optimize import linear_sum_assignment  # slow to import, for one exercise

    a, b = (i[n].reshape(len(i[n]), -1).astype(float) for n in ("x0", "eps"))
    cost = ((a[:, None] - b) ** 2).sum(-1)
    first, best = np.abs(a[:, :1] - b[:, 0]), linear_sum_assignment(cost)[1]
    others = [linear_sum_assignment(c)[1] for c in (cost**0.5, -cost, first)]
    greedy, left = [], cost.copy()
    for row in left:
        greedy.append(row.argmin())
        left[:, greedy[-1]] = np.inf
    alike = [np.arange(len(a)), cost.argmin(1), np.argsort(best), greedy]
    return [tuple(map(int, w)) for w in (best, *others, *alike)]


def _batch_to_pair(seed: int) -> Inputs:
    """A batch on which all of these differ."""
    for again in range(seed, seed + 3 * 10**6, 3):
        i = draws("x0", "eps", "scale")(again)
        i["x0"] = i["x0"] * np.exp(1.2 * i.pop("scale"))
        if len(set(_ways_to_pair(i))) == 8:
            return i
    raise RuntimeError("no such batch")


@tried("03.12", _batch_to_pair)
def ot_coupling(fn: Function, i: Any) -> Results:
    return {
        "eps": fn(i.x0, i.eps),
        "eps, when it is paired already": fn(i.eps + i.x0 / 100, i.eps),
    }


def _data(seed: int) -> Inputs:
    d = 2 + seed % 2
    i = vectors(seed, x0=(7, d), matrix=(d, d), probe=(7, d))
    return i | {"ts": grid(seed, 5), "probe": np.sign(i["probe"])}


@tried("03.8", _data, cases=PLANES)
def log_likelihood(fn: Function, i: Any) -> Results:
    def stirred(x: Tensor, t: Tensor) -> Tensor:
        return bend(x @ i.matrix.T, t)

    return {
        "log p": fn(stirred, i.x0, i.ts),
        "log p when nothing moves": fn(lambda x, t: 0 * x, i.x0, i.ts),
        "log p with another trace": fn(stirred, i.x0, i.ts, hutchinson(i.probe)),
    }

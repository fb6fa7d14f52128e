"""How the exercises of lecture 6, second half, are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Net,
    Results,
    Tries,
    array,
    column,
    count,
    draws,
    equals,
    generator,
    grid,
    pair,
    refusal,
    slopes,
)

PROBES = Tries()
tried = PROBES.tried

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------
SURE = 400.0  # a difference whose sigmoid is 0 in any precision


def _opinions(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    better, worse = 1.5 * rng.standard_normal((2, 7 + seed % 2))
    return {"better": better.astype(dtype), "worse": worse.astype(dtype)}


@tried(
    "06b.1",
    _opinions,
    cases=("float64 rewards", "float32 rewards"),
    oracles=(
        equals(
            "loss",
            lambda i: (
                np.log1p(np.exp(i["worse"] - i["better"]))
                .mean(dtype="float64")
                .astype(i["better"].dtype)
            ),
            "the loss of one pair is log(1 + exp(worse - better)), and the mean is "
            "over the pairs",
        ),
    ),
)
def bradley_terry_loss(fn: Function, i: Any) -> Results:
    better, worse = i.better.requires_grad_(), i.worse.requires_grad_()
    loss = fn(better, worse)
    found = {"loss": loss, **slopes(loss, better=better, worse=worse)}
    sure = torch.tensor([SURE, -SURE], dtype=i.better.dtype, requires_grad=True)
    wrong = fn(sure, torch.zeros_like(sure))
    found["loss of a sure pair and of a very wrong one"] = wrong
    (slope,) = torch.autograd.grad(wrong, sure)
    return {**found, "gradient for a sure pair and for a very wrong one": slope}


def _pleasing(x0: Tensor) -> Tensor:
    """A bent reward: some samples are above the margins of `_climbs`, some below."""
    return torch.sin(3 * x0[:, 0]) + torch.cos(4 * x0[:, 1])


def _climbs(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        "eps": rng.standard_normal((9, 2)),
        "ts": grid(seed, 5),
        "stop": (3, 0, 4)[seed % 3],
        "weight": float(rng.uniform(0.5, 1.2)),
        "mean": float(rng.uniform(0.2, 0.4)),
        "std": float(rng.uniform(0.6, 0.9)),
        "margin": float(rng.uniform(0.1, 0.3)),
    }


@tried("06b.4", _climbs, cases=("three steps", "no step", "four steps"))
def refl_loss(fn: Function, i: Any) -> Results:
    flow, named = Net(i.weight, i.eps), {"mean": i.mean, "std": i.std}
    loss = fn(flow, _pleasing, i.eps, i.ts, i.stop, **named, margin=i.margin)
    found = {"loss": loss, **slopes(loss, velocity=flow.weight)}
    plain = fn(Net(i.weight, i.eps), _pleasing, i.eps, i.ts, i.stop)
    return {
        **found,
        "times asked": torch.stack([t.flatten()[0] for t in flow.times]),
        "loss with mean 0, std 1, margin 2": plain,
    }


class _Taught(Net):
    """A network that listens to a condition."""

    def __call__(self, x: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        answer = super().__call__(x, t)
        return answer if cond is None else answer + column(cond, answer)


_MODELS = {"first": (0.4, 0.9), "other": (1.1, 1.6), "beta": (2.0, 5.0)}


@tried("06b.6", draws("x0", "eps", t=(0, 1), **_MODELS))
def implicit_reward(fn: Function, i: Any) -> Results:
    model, reference = _Taught(i.first, i.x0), _Taught(i.other, i.x0)
    rewards = fn(model, reference, i.x0, i.t, i.eps, i.beta)
    weights = {"model": model.weight, "reference": reference.weight}
    return {
        "rewards": rewards,
        **slopes(rewards, **weights),
        "rewards with a condition": fn(
            model, reference, i.x0, i.t, i.eps, i.beta, 3 * i.t
        ),
        "refuses the model as its own reference": refusal(
            lambda: fn(model, model, i.x0, i.t, i.eps, i.beta)
        ),
    }


@tried("06b.7", draws("better", "worse", "eps", t=(0, 1), **_MODELS))
def dpo_loss(fn: Function, i: Any) -> Results:
    model, reference = _Taught(i.first, i.eps), _Taught(i.other, i.eps)
    given = (model, reference, i.better, i.worse, i.t, i.eps, i.beta)
    loss, margins = pair(fn(*given))
    if array(margins).dtype == bool:
        raise BadResult("margins are differences of rewards, not whether one is larger")
    told, _ = pair(fn(*given, 3 * i.t))
    return {
        "loss": loss,
        "margins": margins,
        **slopes(loss, model=model.weight),
        "margins carry a gradient": count(margins.requires_grad),
        "loss with a condition": told,
    }


# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------

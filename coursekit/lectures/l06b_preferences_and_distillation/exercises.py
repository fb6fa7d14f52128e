"""How the exercises of lecture 6, second half, are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    column,
    count,
    draws,
    equals,
    pair,
    slopes,
)

PROBES = Tries()
tried = PROBES.tried

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------


def _verdicts(seed: int) -> Inputs:
    made = draws("x", "x0_real", "x0_fake")(seed)
    made["x0_real"][3] = made["x"][3]  # the teacher leaves this one where it is
    made["x"][1] = 40 * made["x"][1]
    return made


def _each_in_its_unit(i: Inputs) -> Any:
    moved = np.abs(i["x"] - i["x0_real"]).reshape(len(i["x"]), -1).mean(1)
    unit = np.where(moved > 0, moved, np.inf)
    return (i["x0_fake"] - i["x0_real"]) / column(unit, i["x"]).astype(i["x"].dtype)


@tried(
    "06b.60",
    _verdicts,
    oracles=(
        equals(
            "gradient",
            _each_in_its_unit,
            "it must be x0_fake - x0_real, each sample divided by its own mean of "
            "|x - x0_real|, and 0 where that mean is 0",
        ),
    ),
)
def dmd_gradient(fn: Function, i: Any) -> Results:
    return {"gradient": fn(i.x, i.x0_real, i.x0_fake)}


class _Judge:
    """A velocity with a weight that must not learn here; it remembers what it saw."""

    def __init__(self, weight: float, like: Tensor) -> None:
        self.weight = torch.tensor(weight, dtype=like.dtype, requires_grad=True)
        self.seen: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.seen.append(x.detach())
        late: Tensor = 1 + column(t, x)
        return torch.tanh(x) * self.weight * late + 0.1 * late


@tried("06b.62", draws("x", "eps", t=(0.02, 0.98)))
def dmd_loss(fn: Function, i: Any) -> Results:
    real, fake = _Judge(0.9, i.x), _Judge(-0.6, i.x)
    x = i.x.clone().requires_grad_()
    loss = fn(real, fake, x, i.t, i.eps)
    array(loss, scalar=True)
    for judge, name in ((real, "real"), (fake, "fake")):
        if not judge.seen:
            raise BadResult(f"the {name} judge is never asked: call {name}(xt, t)")
    moved = slopes(loss, x=x, real=real.weight, fake=fake.weight)
    return {
        "what the real judge sees": real.seen[0],
        "what the fake judge sees": fake.seen[0],
        **moved,
        "loss": loss,
    }


class _Average:
    """An average velocity with a weight; it remembers its questions."""

    def __init__(self, like: Tensor) -> None:
        self.weight = torch.tensor(0.8, dtype=like.dtype, requires_grad=True)
        self.asked: list[tuple[Tensor, ...]] = []

    def __call__(self, x: Tensor, r: Tensor, t: Tensor) -> Tensor:
        self.asked.append((x, r, t))
        late: Tensor = column(t, x)
        gap: Tensor = column(t - r, x)
        return torch.tanh(x) * self.weight * (1 + late) + gap**2 * torch.sin(x + late)


def _interval(seed: int) -> Inputs:
    made = draws("xt", "velocity", t=(0.4, 1), share=(0, 0.9))(seed)
    made["r"] = made.pop("share") * made["t"]
    made["r"][2] = made["t"][2]  # an empty interval
    return made


@tried("06b.64", _interval)
def shortcut_target(fn: Function, i: Any) -> Results:
    u, xt = _Average(i.xt), i.xt.clone().requires_grad_()
    target = fn(u, xt, i.r, i.t)
    array(target)
    if len(u.asked) != 2:
        raise BadResult(
            f"u is asked {len(u.asked)} times: two half steps, two questions"
        )
    first, second = u.asked
    return {
        "end of the first half": first[1],
        "start of the second half": second[2],
        "where the second half begins": second[0],
        "target": target,
        "records a gradient": count(target.requires_grad),
    }


@tried("06b.66", _interval)
def meanflow_target(fn: Function, i: Any) -> Results:
    u = _Average(i.xt)
    said, target = pair(fn(u, i.xt, i.r, i.t, i.velocity))
    found = {"u": said, "target": target}
    if not said.requires_grad:
        raise BadResult("no gradient flows from u: it is what shall learn")
    return {
        **found,
        "target learns": count(target.requires_grad),
        **slopes((said - target).square(), u=u.weight),
    }


def _errors(seed: int) -> Inputs:
    made = draws("error", power=(0.2, 0.9))(seed)
    made["error"][1] = 0.02 * made["error"][1]  # where c counts
    made["error"][2] = 0.0
    return made


@tried("06b.68", _errors)
def power_weighted(fn: Function, i: Any) -> Results:
    error = i.error.clone().requires_grad_()
    loss = fn(error, i.power)
    return {
        "loss": loss,
        **slopes(loss, error=error),
        "loss for power 0": fn(i.error, 0.0),
        "loss for another c": fn(i.error, i.power, 0.3),
    }

"""Lecture 3, the pairs that a flow makes: 03.9 make_pairs."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    array,
    arrays,
    must_equal,
    tensor,
)
from coursekit.theory.flow import Step, Velocity, euler_step, follow, heun_step
from coursekit.theory.solvers import spread_time
from coursekit.workbook.exercises.flow_batch import (
    PAPER_SIGN,
    bend,
    flow_batch,
    grid,
    to_point,
)


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "eps", "x0")
    del inputs["t"]
    return inputs | {"ts": grid(rng, 5), "weight": float(rng.uniform(0.6, 1.4))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    eps, x0, ts = (tensor(inputs[name]) for name in ("eps", "x0", "ts"))
    weight = torch.tensor(inputs["weight"], dtype=eps.dtype, requires_grad=True)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return weight * bend(x, t)

    def growth(x: Tensor, t: Tensor) -> Tensor:
        return x

    found = fn(velocity, eps, ts)
    data, noise = arrays(found, 2) if isinstance(found, tuple) else _bad(found)
    twice = fn(velocity, eps, ts, heun_step)
    arrived, _ = fn(to_point(x0), eps, ts)
    shrunk, _ = fn(growth, eps, ts)
    shrunk_twice, _ = fn(growth, eps, ts, heun_step)
    recorded = any(bool(part.requires_grad) for part in found)
    return {
        "x0": data,
        "eps": noise,
        "x0 with Heun steps": array(twice[0]),
        "x0 of straight lines": array(arrived),
        "x0 where the velocity is x": array(shrunk),
        "the same with Heun steps": array(shrunk_twice),
        "gradients recorded": np.array([float(recorded)]),
    }


def _bad(found: object) -> tuple[np.ndarray, ...]:
    if found is None or isinstance(found, Tensor):
        return arrays(found, 2)
    raise BadResult(f"it returns a {type(found).__name__}, not the tuple (x0, eps)")


def _arrives(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["x0 of straight lines"],
        inputs["x0"].astype(float),
        "on straight lines to known points it must arrive at these points",
    )


def _shrinks(inputs: Inputs, outputs: Outputs) -> str | None:
    h, eps = np.diff(inputs["ts"]), inputs["eps"].astype(float)
    return must_equal(
        outputs["x0 where the velocity is x"],
        np.prod(1 + h) * eps,
        "where the velocity is x, each Euler step multiplies by 1 + s - t, and the "
        "whole grid must count",
    ) or must_equal(
        outputs["the same with Heun steps"],
        np.prod(1 + h + h**2 / 2) * eps,
        "where the velocity is x, each Heun step multiplies by 1 + h + h^2 / 2",
    )


def _kept(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["eps"],
        inputs["eps"].astype(float),
        "the noise of the pair must be the noise that the flow started from",
    )


def _free(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["gradients recorded"][0] == 0:
        return None
    return "gradients are recorded through the whole walk: use torch.no_grad()"


def _pairs(
    walk: Function | None = None, result: Function | None = None, record: bool = False
) -> Function:
    """A version from its walk (velocity, eps, ts, step) and what it returns."""

    def make_pairs(
        velocity: Velocity, eps: Tensor, ts: Tensor, step: Step = euler_step
    ) -> tuple[Tensor, Tensor]:
        with torch.set_grad_enabled(record):
            x0 = (walk or _last)(velocity, eps, ts, step)
            found: tuple[Tensor, Tensor] = (x0, eps)
            return found if result is None else result(x0, eps)

    return make_pairs


def _last(velocity: Velocity, eps: Tensor, ts: Tensor, step: Step) -> Tensor:
    *_, x0 = follow(velocity, eps, ts, step)
    return x0


def _even(velocity: Velocity, eps: Tensor, ts: Tensor, step: Step) -> Tensor:
    even = torch.linspace(float(ts[0]), float(ts[-1]), len(ts), dtype=ts.dtype)
    return _last(velocity, eps, even, step)


def _upwards(velocity: Velocity, eps: Tensor, ts: Tensor, step: Step) -> Tensor:
    # from nearly 0, so that fields that are infinite there still answer
    return _last(velocity, eps, ts.flip(0).clamp(min=1e-3), step)


def _papers(velocity: Velocity, eps: Tensor, ts: Tensor, step: Step) -> Tensor:
    return _last(lambda x, t: -velocity(x, t), eps, ts, step)


@torch.no_grad()
def _loop(
    velocity: Velocity, eps: Tensor, ts: Tensor, step: Step = euler_step
) -> tuple[Tensor, Tensor]:
    x = eps
    for i in range(len(ts) - 1):
        x = step(velocity, x, spread_time(ts[i], x), spread_time(ts[i + 1], x))
    return x, eps


def _cut(
    velocity: Velocity, eps: Tensor, ts: Tensor, step: Step = euler_step
) -> tuple[Tensor, Tensor]:
    """Gradients are cut at every step instead."""

    def silent(x: Tensor, t: Tensor) -> Tensor:
        return velocity(x, t).detach()

    return list(follow(silent, eps, ts, step))[-1], eps


MAKE_PAIRS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("straight lines", _arrives),
        Oracle("a velocity that is x", _shrinks),
        Oracle("the noise it started from", _kept),
        Oracle("no gradients", _free),
    ),
    mutants=(
        Mutant(
            "swapped",
            _pairs(result=lambda x0, eps: (eps, x0)),
            "the pair is swapped: data first, then noise, as in cfm_loss",
        ),
        Mutant(
            "fresh noise",
            _pairs(result=lambda x0, eps: (x0, torch.randn_like(eps))),
            "the pair has fresh noise: x0 belongs to the noise that it was made from",
        ),
        Mutant(
            "data shuffled",
            _pairs(result=lambda x0, eps: (x0.flip(0), eps)),
            "the pairs are mixed up: entry i of x0 comes from entry i of eps",
        ),
        Mutant(
            "one big step",
            _pairs(
                lambda velocity, eps, ts, step: _last(velocity, eps, ts[[0, -1]], step)
            ),
            "the walk takes one big step: use every time of the grid",
        ),
        Mutant(
            "first step only",
            _pairs(lambda velocity, eps, ts, step: _last(velocity, eps, ts[:2], step)),
            "the walk stops after its first step: keep the last state",
        ),
        Mutant(
            "last step missing",
            _pairs(lambda velocity, eps, ts, step: _last(velocity, eps, ts[:-1], step)),
            "the last step is missing: the walk ends at ts[-1]",
        ),
        Mutant(
            "even grid",
            _pairs(_even),
            "the steps are of even size: use the times of the grid as they are",
        ),
        Mutant(
            "upwards",
            _pairs(_upwards),
            "the grid is walked backwards: start at ts[0], where the noise is",
        ),
        Mutant("papers' sign", _pairs(_papers), PAPER_SIGN),
        Mutant(
            "step ignored",
            _pairs(
                lambda velocity, eps, ts, step: _last(velocity, eps, ts, euler_step)
            ),
            "`step` is not handed on: it always takes Euler steps",
        ),
        Mutant(
            "gradients recorded",
            _pairs(record=True),
            "gradients are recorded through all steps: wrap the walk in "
            "torch.no_grad(), or the memory fills up",
        ),
    ),
    variants=(
        Variant("a loop over the grid", _loop),
        Variant("detached at every step", _cut),
    ),
)

"""Lecture 3, learning the velocity: 03.4 cfm_loss."""

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
    column,
    must_equal,
    tensor,
)
from coursekit.theory.flow import Velocity, conditional_path, conditional_velocity
from coursekit.workbook.exercises.flow_batch import PAPER_SIGN, flow_batch


class _Network:
    """velocity = weight * tanh(xt) * (1 + t); remembers the times it was shown."""

    def __init__(self, weight: float, like: Tensor) -> None:
        self.weight = torch.tensor(weight, dtype=like.dtype, requires_grad=True)
        self.times: list[Tensor] = []

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        self.times.append(t.detach().double())
        column = t.to(xt.dtype).reshape(-1, *[1] * (xt.ndim - 1))
        return self.weight * torch.tanh(xt) * (1 + column)


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "x0", "eps")
    inputs["weight"] = float(rng.uniform(0.4, 0.9))
    return inputs | {"sigma_min": float(rng.uniform(0.1, 0.3))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x0, t, eps = (tensor(inputs[name]) for name in ("x0", "t", "eps"))
    network = _Network(inputs["weight"], x0)
    loss = fn(network, x0, t, eps)
    value = array(loss, scalar=True)
    if not network.times:
        raise BadResult("the model is never asked: call model(x_t, t)")
    if not loss.requires_grad:
        raise BadResult(
            "no gradient reaches the model: it is cut by detach, .data or no_grad"
        )
    (slope,) = torch.autograd.grad(loss.sum(), network.weight)
    other = _Network(inputs["weight"], x0)
    silent = fn(lambda xt, t: torch.zeros_like(xt), x0, t, eps)
    return {
        "loss": value,
        "t that the model sees": array(network.times[0]),
        "gradient": array(slope),
        "loss with sigma_min": array(fn(other, x0, t, eps, inputs["sigma_min"])),
        "loss of a model that says 0": array(silent, scalar=True),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    t, weight = column(inputs["t"], x0), inputs["weight"]
    said = must_equal(
        outputs["loss of a model that says 0"],
        np.mean((eps - x0) ** 2),
        "a model that says 0 must cost the mean of (eps - x0)**2",
    )
    for name, left in (("loss", 0.0), ("loss with sigma_min", inputs["sigma_min"])):
        point = x0 + t * (eps - x0) + left * (1 - t) * eps
        seen = np.tanh(point) * (1 + t)
        off = weight * seen - ((1 - left) * eps - x0)
        said = said or must_equal(
            outputs[name], np.mean(off**2), f"{name}: not the mean squared error"
        )
        if name == "loss":
            said = said or must_equal(
                outputs["gradient"], 2 * np.mean(off * seen), "the gradient is wrong"
            )
    return said


def _time(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["t that the model sees"],
        inputs["t"].astype(float),
        "the model must be told the time t itself",
    )


def _loss(
    seen: Function = conditional_path,
    target: Function | None = None,
    time: Function | None = None,
    reduce: Function | None = None,
) -> Function:
    """A version of cfm_loss from its four choices."""

    def cfm_loss(
        model: Velocity, x0: Tensor, t: Tensor, eps: Tensor, sigma_min: float = 0.0
    ) -> Tensor:
        xt = seen(x0, eps, t, sigma_min)
        goal = (1 - sigma_min) * eps - x0
        if target is not None:
            goal = target(x0, eps, t, sigma_min)
        off = model(xt, t if time is None else time(t)) - goal
        value: Tensor = (off**2).mean() if reduce is None else reduce(off)
        return value

    return cfm_loss


def _at_xt(x0: Tensor, eps: Tensor, t: Tensor, left: float) -> Tensor:
    return conditional_velocity(conditional_path(x0, eps, t, left), x0, t, left)


def _functional(
    model: Velocity, x0: Tensor, t: Tensor, eps: Tensor, sigma_min: float = 0.0
) -> Tensor:
    time = t[(...,) + (None,) * (x0.ndim - 1)]
    slope = torch.sub(eps, x0 + sigma_min * eps)
    start = x0 + sigma_min * eps
    return torch.nn.functional.mse_loss(model(start + time * slope, t), slope)


def _paper(
    model: Velocity, x0: Tensor, t: Tensor, eps: Tensor, sigma_min: float = 0.0
) -> Tensor:
    """On the papers' clock, where the network's answer changes its sign."""
    paper = (1 - t).view(-1, *[1] * (x0.ndim - 1))
    xt = (1 - (1 - sigma_min) * paper) * eps + paper * x0
    off = -model(xt, t) - (x0 - (1 - sigma_min) * eps)
    return off.flatten(1).square().mean(dim=1).sum() / len(x0)


CFM_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("mean squared error, by hand", _by_hand),
        Oracle("the time itself", _time),
    ),
    mutants=(
        Mutant(
            "papers' sign",
            _loss(target=lambda x0, eps, t, m: x0 - (1 - m) * eps),
            PAPER_SIGN,
        ),
        Mutant(
            "eps as target",
            _loss(target=lambda x0, eps, t, m: eps),
            "the network is asked for the noise: its target is the slope eps - x0",
        ),
        Mutant(
            "x0 as target",
            _loss(target=lambda x0, eps, t, m: x0),
            "the network is asked for x0: its target is the slope eps - x0",
        ),
        Mutant(
            "distance to go",
            _loss(target=lambda x0, eps, t, m: conditional_path(x0, eps, t, m) - x0),
            "the target is x_t - x0, the way so far: the slope is the whole way from "
            "x0 to eps, at every t",
        ),
        Mutant(
            "field at x_t",
            _loss(target=_at_xt),
            "the target is 0 / 0 at t = 0: eps is known here, so take the slope "
            "(1 - sigma_min) * eps - x0 itself",
        ),
        Mutant(
            "clean data shown",
            _loss(seen=lambda x0, eps, t, m: x0),
            "the network is shown the clean x0: show it x_t",
        ),
        Mutant(
            "path backwards",
            _loss(seen=lambda x0, eps, t, m: conditional_path(x0, eps, 1 - t, m)),
            "the path runs backwards: at t = 0 the network must see data, at t = 1 "
            "noise",
        ),
        Mutant(
            "time backwards",
            _loss(time=lambda t: 1 - t),
            "the network is told 1 - t: tell it t, as in the path",
        ),
        Mutant(
            "time in thousands",
            _loss(time=lambda t: 1000 * t),
            "the network is told 1000 t: its time is between 0 and 1",
        ),
        Mutant(
            "sigma_min not in the target",
            _loss(target=lambda x0, eps, t, m: eps - x0),
            "sigma_min is missing in the target: the slope is (1 - sigma_min) * eps - "
            "x0",
        ),
        Mutant(
            "sigma_min not in the path",
            _loss(seen=lambda x0, eps, t, m: conditional_path(x0, eps, t)),
            "sigma_min is not handed on to conditional_path",
        ),
        Mutant(
            "sum",
            _loss(reduce=lambda off: (off**2).sum()),
            "the errors are summed: take the mean, or the loss grows with the image "
            "size",
        ),
        Mutant(
            "one for each sample",
            _loss(reduce=lambda off: (off**2).flatten(1).mean(1)),
            "there is one loss for each sample: average over the batch too",
        ),
        Mutant(
            "absolute error",
            _loss(reduce=lambda off: off.abs().mean()),
            "the error is absolute: it should be squared",
        ),
        Mutant(
            "detached",
            _loss(reduce=lambda off: (off**2).mean().detach()),
            "no gradient reaches the model: leave out detach, .data and no_grad",
        ),
        Mutant(
            "a number",
            _loss(reduce=lambda off: float((off**2).mean())),
            "the loss is a Python number: return the tensor, so that gradients can "
            "flow",
        ),
    ),
    variants=(
        Variant("mse_loss, start plus slope", _functional),
        Variant("on the papers' clock", _paper),
    ),
)

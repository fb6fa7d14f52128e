"""Lecture 1, learning to guess noise: 01.9 loss_simple."""

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
    batch,
    column,
    must_equal,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import Model, as_time, q_sample
from coursekit.theory.ddpm_schedule import Schedule


class _Network:
    """eps_hat = weight * tanh(xt) * (1 + t); remembers the times it was shown."""

    def __init__(self, weight: float, like: Tensor) -> None:
        self.weight = torch.tensor(weight, dtype=like.dtype, requires_grad=True)
        self.times: list[Tensor] = []

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        self.times.append(t.detach().double())
        column = t.to(xt.dtype).reshape(-1, *[1] * (xt.ndim - 1))
        return self.weight * torch.tanh(xt) * (1 + column)


def _loss_inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "x0", "eps")
    return inputs | {"weight": float(rng.uniform(0.4, 0.9))}


def _loss_call(fn: Function, inputs: Inputs) -> Outputs:
    x0, k, eps = (tensor(inputs[name]) for name in ("x0", "k", "eps"))
    network = _Network(inputs["weight"], x0)
    loss = fn(network, x0, k, eps, schedule(inputs))
    value = array(loss, scalar=True)
    if not network.times:
        raise BadResult("the model is never asked: call model(xk, t)")
    if not loss.requires_grad:
        raise BadResult(
            "no gradient reaches the model: it is cut by detach, .data or no_grad"
        )
    (slope,) = torch.autograd.grad(loss.sum(), network.weight)
    silent = fn(lambda xt, t: torch.zeros_like(xt), x0, k, eps, schedule(inputs))
    return {
        "loss": value,
        "t that the model sees": array(network.times[0]),
        "gradient": array(slope),
        "loss of a model that says 0": array(silent, scalar=True),
    }


def _loss_oracle(inputs: Inputs, outputs: Outputs) -> str | None:
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    t = inputs["k"] / (len(inputs["beta"]) - 1)
    share = column(inputs["alpha_bar"][inputs["k"]], x0)
    seen = np.tanh(np.sqrt(share) * x0 + np.sqrt(1 - share) * eps) * (1 + column(t, x0))
    off = eps - inputs["weight"] * seen
    return (
        must_equal(
            outputs["loss of a model that says 0"],
            np.mean(eps**2),
            "a model that says 0 must cost the mean of eps**2",
        )
        or must_equal(outputs["loss"], np.mean(off**2), "not the mean squared error")
        or must_equal(
            outputs["gradient"], -2 * np.mean(off * seen), "the gradient is wrong"
        )
    )


def _loss(
    time: Function = as_time,
    target: Function | None = None,
    seen: Function = q_sample,
    reduce: Function | None = None,
) -> Function:
    """A version of loss_simple from its four choices."""

    def loss_simple(
        model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
    ) -> Tensor:
        guess = model(seen(x0, k, eps, schedule), time(k, x0, schedule))
        off: Tensor = guess - (eps if target is None else target(x0, eps))
        if reduce is None:
            return (off**2).mean()
        value: Tensor = reduce(off)
        return value

    return loss_simple


def _cut(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    loss: Tensor = _loss()(model, x0, k, eps, schedule)
    return loss.detach()


def _number(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> float:
    return float(_loss()(model, x0, k, eps, schedule))


def _loss_functional(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    share = schedule.alpha_bar[k].to(x0.dtype)
    share = share[(...,) + (None,) * (x0.ndim - 1)]
    guess = model(share.sqrt() * x0 + (1 - share).sqrt() * eps, k / schedule.num_steps)
    return torch.nn.functional.mse_loss(guess, eps)


def _loss_samples(
    model: Model, x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule
) -> Tensor:
    t = k.double() / (len(schedule.beta) - 1)
    off = (model(q_sample(x0, k, eps, schedule), t) - eps).flatten(1)
    return off.square().mean(dim=1).sum() / len(x0)


LOSS_SIMPLE = Probe(
    inputs=_loss_inputs,
    call=_loss_call,
    cases=KINDS,
    oracles=(Oracle("mean squared error, by hand", _loss_oracle),),
    # k / T may be float32 in any case: a network could not care less
    tolerances={"t that the model sees": (1e-5, 1e-6)},
    mutants=(
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
            "x0 as target",
            _loss(target=lambda x0, eps: x0),
            "the network is asked for x0: its target is the noise eps",
        ),
        Mutant(
            "clean image shown",
            _loss(seen=lambda x0, k, eps, schedule: x0),
            "the network is shown the clean x0: noise it to step k first",
        ),
        Mutant(
            "noise added unscaled",
            _loss(seen=lambda x0, k, eps, schedule: x0 + eps),
            "the network is shown x0 + eps: q_sample scales both according to k",
        ),
        Mutant(
            "k for t",
            _loss(time=lambda k, x0, schedule: k),
            "the network is given k: it wants the time t = k / T between 0 and 1",
        ),
        Mutant(
            "clock reversed",
            _loss(time=lambda k, x0, schedule: 1 - as_time(k, x0, schedule)),
            "the clock runs backwards: t = 0 is data and t = 1 is noise",
        ),
        Mutant(
            "(k - 1) / T",
            _loss(time=lambda k, x0, schedule: as_time(k - 1, x0, schedule)),
            "the time is (k - 1) / T: steps count from 1 here, so t = k / T",
        ),
        Mutant(
            "detached",
            _cut,
            "no gradient reaches the model: leave out detach, .data and no_grad",
        ),
        Mutant(
            "a number",
            _number,
            "the loss is a Python number: return the tensor, so that gradients can "
            "flow",
        ),
    ),
    variants=(
        Variant("mse_loss, k / T in float32", _loss_functional),
        Variant("mean of means", _loss_samples),
    ),
)

"""Lecture 1, one step of the forward process: 01.3 q_step."""

import math

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
from coursekit.checks.tensors import (
    KINDS,
    array,
    batch,
    column,
    equals,
    must_equal,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import at
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.workbook.exercises.diffusion_messages import EARLY, UNSHAPED


def _step_inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "x", "eps")
    shape = (len(inputs["beta"]) - 1, *inputs["x"].shape)
    inputs["noises"] = rng.standard_normal(shape).astype(inputs["x"].dtype)
    return inputs


def _step_call(fn: Function, inputs: Inputs) -> Outputs:
    table, x = schedule(inputs), tensor(inputs["x"])
    step = fn(x, tensor(inputs["k"]), tensor(inputs["eps"]), table)
    outputs = {"one step": array(step)}
    for k, noise in enumerate(tensor(inputs["noises"]), start=1):
        x = fn(x, torch.full((len(x),), k), noise, table)
    return outputs | {"the whole chain": array(x)}


def _chain_law(inputs: Inputs) -> np.ndarray:
    """All steps at once: each noise is shrunk by every later step."""
    keep = 1 - inputs["beta"][1:]
    later = np.array([math.prod(keep[i + 1 :]) for i in range(len(keep))])
    weights = np.sqrt(inputs["beta"][1:] * later)
    noise = np.tensordot(weights, inputs["noises"].astype(float), axes=1)
    found: np.ndarray = math.sqrt(math.prod(keep)) * inputs["x"] + noise
    return found


def _step_energy(inputs: Inputs, outputs: Outputs) -> str | None:
    x, eps = inputs["x"].astype(float), inputs["eps"].astype(float)
    beta = column(inputs["beta"][inputs["k"]], x)
    want = np.sqrt(1 - beta) * x + np.sqrt(beta) * eps
    return must_equal(
        outputs["one step"], want, "one step is not sqrt(1 - beta) x + sqrt(beta) eps"
    )


def _step(signal: Function, noise: Function) -> Function:
    """A version of q_step from two functions of (schedule, k)."""

    def q_step(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
        one = torch.ones_like(schedule.beta)
        return (
            at(one * signal(schedule), k, x) * x + at(one * noise(schedule), k, x) * eps
        )

    return q_step


def _shift(values: Tensor) -> Tensor:
    """The table one step too early: entry k holds the value of k - 1."""
    return torch.cat([values[:1], values[:-1]])


def _step_unshaped(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    beta = schedule.beta[k].to(x.dtype)
    return (1 - beta).sqrt() * x + beta.sqrt() * eps


def _step_loop(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    rows = []
    for i in range(len(x)):
        beta = float(schedule.beta[k[i]])
        rows.append(math.sqrt(1 - beta) * x[i] + math.sqrt(beta) * eps[i])
    return torch.stack(rows)


def _step_numpy(x: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    beta = column(schedule.beta.numpy()[k.numpy()], x.numpy())
    result = np.sqrt(1 - beta) * x.numpy() + np.sqrt(beta) * eps.numpy()
    return torch.from_numpy(result).to(x.dtype)


Q_STEP = Probe(
    inputs=_step_inputs,
    call=_step_call,
    cases=KINDS,
    oracles=(
        Oracle("one step by hand", _step_energy),
        equals(
            "the chain of all steps is q_sample",
            "the whole chain",
            _chain_law,
            "running all steps does not give the closed form of q_sample",
        ),
    ),
    mutants=(
        Mutant(
            "no square roots",
            _step(lambda s: 1 - s.beta, lambda s: s.beta),
            "the square roots are missing: beta is a variance, and a sample is scaled "
            "with standard deviations",
        ),
        Mutant(
            "noise not rooted",
            _step(lambda s: (1 - s.beta).sqrt(), lambda s: s.beta),
            "the noise is scaled with its variance beta: use the standard deviation",
        ),
        Mutant(
            "swapped",
            _step(lambda s: s.beta.sqrt(), lambda s: (1 - s.beta).sqrt()),
            "the two coefficients are swapped: a small step keeps most of x and adds "
            "little noise",
        ),
        Mutant(
            "alpha_bar for beta",
            _step(lambda s: s.alpha_bar.sqrt(), lambda s: (1 - s.alpha_bar).sqrt()),
            "alpha_bar jumps from step 0 to k; a single step needs beta",
        ),
        Mutant(
            "signal not shrunk",
            _step(lambda s: 1.0, lambda s: s.beta.sqrt()),
            "x is not shrunk: without that factor the variance grows at every step",
        ),
        Mutant(
            "off by one",
            _step(
                lambda s: (1 - _shift(s.beta)).sqrt(), lambda s: _shift(s.beta).sqrt()
            ),
            EARLY,
        ),
        Mutant(
            "minus",
            _step(lambda s: (1 - s.beta).sqrt(), lambda s: -s.beta.sqrt()),
            "the noise is subtracted: the forward process adds it",
        ),
        Mutant("not reshaped", _step_unshaped, UNSHAPED),
    ),
    variants=(Variant("a loop", _step_loop), Variant("numpy", _step_numpy)),
)

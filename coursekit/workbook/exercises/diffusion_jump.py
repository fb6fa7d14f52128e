"""Lecture 1, any noise level at once: 01.4 q_sample."""

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


def _sample_inputs(seed: int) -> Inputs:
    return batch(seed, "x0", "eps")[1]


def _sample_call(fn: Function, inputs: Inputs) -> Outputs:
    x0, k, eps = (tensor(inputs[name]) for name in ("x0", "k", "eps"))
    table = schedule(inputs)
    return {
        "x_k": array(fn(x0, k, eps, table)),
        "x_k without noise": array(fn(x0, k, torch.zeros_like(eps), table)),
    }


def _sample_law(inputs: Inputs) -> np.ndarray:
    keep = [math.prod(1 - inputs["beta"][1 : k + 1]) for k in inputs["k"]]
    share = column(np.array(keep), inputs["x0"])
    found: np.ndarray = (
        np.sqrt(share) * inputs["x0"] + np.sqrt(1 - share) * inputs["eps"]
    )
    return found


def _variance_kept(inputs: Inputs, outputs: Outputs) -> str | None:
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    clean = outputs["x_k without noise"]
    signal, noise = clean / x0, (outputs["x_k"] - clean) / eps
    # A float32 difference divided by a small number says little: skip those.
    sure = np.minimum(abs(x0), abs(eps)) > 0.1
    total = (signal**2 + noise**2)[sure]
    return must_equal(
        total.astype(outputs["x_k"].dtype),
        np.ones_like(total),
        "the squares of the two coefficients must add up to 1: the variance is kept",
    )


def _sample(signal: Function, noise: Function) -> Function:
    """A version of q_sample from two functions of the schedule."""

    def q_sample(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
        return at(signal(schedule), k, x0) * x0 + at(noise(schedule), k, x0) * eps

    return q_sample


def _sample_unshaped(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    share = schedule.alpha_bar[k].to(x0.dtype)
    return share.sqrt() * x0 + (1 - share).sqrt() * eps


def _sample_steps(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """Powers instead of roots, einsum instead of broadcasting, angles throughout."""
    angle = torch.acos(schedule.alpha_bar[k] ** 0.5).to(x0.dtype)
    return torch.einsum("b,b...->b...", angle.cos(), x0) + torch.einsum(
        "b,b...->b...", angle.sin(), eps
    )


def _sample_loop(x0: Tensor, k: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    out = torch.empty_like(x0)
    for i, step in enumerate(k.tolist()):
        share = math.prod((1 - schedule.beta[1 : step + 1]).tolist())
        out[i] = math.sqrt(share) * x0[i] + math.sqrt(1 - share) * eps[i]
    return out


Q_SAMPLE = Probe(
    inputs=_sample_inputs,
    call=_sample_call,
    cases=KINDS,
    oracles=(
        equals(
            "product of the betas",
            "x_k",
            _sample_law,
            "x_k is not what k single steps give",
        ),
        Oracle("variance is kept", _variance_kept),
    ),
    mutants=(
        Mutant(
            "beta for alpha_bar",
            _sample(lambda s: (1 - s.beta).sqrt(), lambda s: s.beta.sqrt()),
            "beta makes one step only; the jump from x0 to step k needs alpha_bar",
        ),
        Mutant(
            "no square roots",
            _sample(lambda s: s.alpha_bar, lambda s: 1 - s.alpha_bar),
            "the square roots are missing: alpha_bar and 1 - alpha_bar are variances, "
            "and samples are scaled with standard deviations",
        ),
        Mutant(
            "noise not rooted",
            _sample(lambda s: s.alpha_bar.sqrt(), lambda s: 1 - s.alpha_bar),
            "the noise is scaled with its variance 1 - alpha_bar: use the standard "
            "deviation",
        ),
        Mutant(
            "one minus the root",
            _sample(lambda s: s.alpha_bar.sqrt(), lambda s: 1 - s.alpha_bar.sqrt()),
            "1 - sqrt(alpha_bar) is not sqrt(1 - alpha_bar): the variances add up to "
            "1, the standard deviations do not",
        ),
        Mutant(
            "swapped",
            _sample(lambda s: (1 - s.alpha_bar).sqrt(), lambda s: s.alpha_bar.sqrt()),
            "the two coefficients are swapped: at small k almost everything is x0",
        ),
        Mutant(
            "off by one",
            _sample(
                lambda s: s.alpha_bar_previous.sqrt(),
                lambda s: (1 - s.alpha_bar_previous).sqrt(),
            ),
            EARLY,
        ),
        Mutant(
            "minus",
            _sample(lambda s: s.alpha_bar.sqrt(), lambda s: -(1 - s.alpha_bar).sqrt()),
            "the noise is subtracted: the forward process adds it",
        ),
        Mutant("not reshaped", _sample_unshaped, UNSHAPED),
    ),
    variants=(
        Variant("angles and einsum", _sample_steps),
        Variant("a loop over the betas", _sample_loop),
    ),
)

"""Lecture 1, the sampler of DDIM, one step of it: 01.12 ddim_step."""

import numpy as np
import torch

from coursekit.checks.spec import (
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
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
from coursekit.theory.ddpm import q_sample
from coursekit.workbook.exercises.diffusion_ddim_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.diffusion_posterior import bayes


def _inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "xk", "eps_hat", "noise", "x0")
    inputs["k_next"] = rng.integers(0, inputs["k"])
    # However the draw falls, the last sample jumps to 0 and another one does not.
    inputs["k_next"][-1] = 0
    first = int(np.argmax(inputs["k"]))
    inputs["k_next"][first] = max(inputs["k_next"][first], 3)
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("xk", "eps_hat", "k", "k_next", "noise", "x0")
    xk, eps_hat, k, k_next, noise, x0 = (tensor(inputs[name]) for name in names)
    table = schedule(inputs)
    share = column(inputs["alpha_bar"][inputs["k"]], inputs["xk"])
    point = (inputs["xk"] - np.sqrt(share) * inputs["x0"]) / np.sqrt(1 - share)
    to_point = torch.from_numpy(point).to(xk)
    noised = q_sample(x0, k, eps_hat, table)
    return {
        "step with eta = 0": array(fn(xk, eps_hat, k, k_next, noise, table, 0.0)),
        "step with eta = 0.5": array(fn(xk, eps_hat, k, k_next, noise, table, 0.5)),
        "step with eta = 1": array(fn(xk, eps_hat, k, k_next, noise, table, 1.0)),
        "less noise, same eps": array(
            fn(noised, eps_hat, k, k_next, noise, table, 0.0)
        ),
        "one data point": array(fn(xk, to_point, k, k - 1, noise, table, 1.0)),
    }


def _same_eps(inputs: Inputs, outputs: Outputs) -> str | None:
    """With the true noise and eta = 0, one q_sample turns into another."""
    share = column(inputs["alpha_bar"][inputs["k_next"]], inputs["x0"])
    return must_equal(
        outputs["less noise, same eps"],
        np.sqrt(share) * inputs["x0"] + np.sqrt(1 - share) * inputs["eps_hat"],
        "with the true noise and eta = 0 the step must lead from q_sample(x0, k, eps) "
        "to q_sample(x0, k_next, eps)",
    )


def _posterior_at_one(inputs: Inputs, outputs: Outputs) -> str | None:
    """With eta = 1 and k_next = k - 1 the step is DDPM's posterior."""
    mean, var = bayes(inputs, inputs["x0"].astype(float), inputs["xk"])
    return must_equal(
        outputs["one data point"],
        mean + np.sqrt(np.maximum(var, 0)) * inputs["noise"],
        "with eta = 1 and k_next = k - 1 the step must be a draw from q_posterior",
    )


DDIM_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("less noise, same eps", _same_eps),
        Oracle("DDPM's posterior at eta = 1", _posterior_at_one),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)

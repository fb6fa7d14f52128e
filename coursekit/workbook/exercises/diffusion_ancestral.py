"""Lecture 1, the sampler of DDPM: 01.11 ancestral_step."""

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
from coursekit.workbook.exercises.diffusion_ancestral_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.diffusion_posterior import bayes


def _inputs(seed: int) -> Inputs:
    return batch(seed, "xk", "eps_hat", "noise", "x0")[1]


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("xk", "eps_hat", "k", "noise")
    xk, eps_hat, k, noise = (tensor(inputs[name]) for name in names)
    table = schedule(inputs)
    share = column(inputs["alpha_bar"][inputs["k"]], inputs["xk"])
    unit = torch.from_numpy(np.sqrt(1 - share) * inputs["xk"]).to(xk)
    point = (inputs["xk"] - np.sqrt(share) * inputs["x0"]) / np.sqrt(1 - share)
    to_point = torch.from_numpy(point).to(xk)
    return {
        "step with beta": array(fn(xk, eps_hat, k, noise, table, variance="beta")),
        "step with beta_tilde": array(
            fn(xk, eps_hat, k, noise, table, variance="posterior")
        ),
        "normal data": array(fn(xk, unit, k, noise, table, variance="beta")),
        "one data point": array(
            fn(xk, to_point, k, noise, table, variance="posterior")
        ),
    }


def _normal_data(inputs: Inputs, outputs: Outputs) -> str | None:
    """If x0 is N(0, I), so is every x_k, and the step back mirrors the step forward."""
    beta = column(inputs["beta"][inputs["k"]], inputs["xk"])
    added = np.where(column(inputs["k"], inputs["xk"]) > 1, np.sqrt(beta), 0)
    return must_equal(
        outputs["normal data"],
        np.sqrt(1 - beta) * inputs["xk"] + added * inputs["noise"],
        "for data that is N(0, I), with the exact eps, the step must be sqrt(1 - beta) "
        "x_k + sqrt(beta) noise",
    )


def _one_data_point(inputs: Inputs, outputs: Outputs) -> str | None:
    """If all data is one point, the exact step back is q(x_(k-1) | x_k, x0)."""
    mean, var = bayes(inputs, inputs["x0"].astype(float), inputs["xk"])
    return must_equal(
        outputs["one data point"],
        mean + np.sqrt(np.maximum(var, 0)) * inputs["noise"],
        "when all data is one point, with the exact eps, the step must be the "
        "posterior",
    )


ANCESTRAL_STEP = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("normal data", _normal_data),
        Oracle("one data point", _one_data_point),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)

"""Lecture 1, the bound on the likelihood: 01.7 elbo_terms."""

import math

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import (
    KINDS,
    SHAPES,
    Array,
    array,
    chain,
    equals,
    generator,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import (
    VarianceKind,
)
from coursekit.workbook.exercises.diffusion_elbo_versions import MUTANTS, VARIANTS


def _guess(xt: Tensor, t: Tensor) -> Tensor:
    """A model that is neither right nor silly, and looks at the time."""
    return torch.tanh(xt) * (0.3 + t.to(xt.dtype).reshape(-1, *[1] * (xt.ndim - 1)))


def _terms_inputs(seed: int) -> Inputs:
    rng = generator(seed)
    inputs, shape = chain(rng, 4), SHAPES[seed % 3]
    inputs["x0"] = rng.standard_normal(shape)
    inputs["eps"] = rng.standard_normal((len(inputs["beta"]) - 1, *shape))
    return inputs


def _terms_call(fn: Function, inputs: Inputs) -> Outputs:
    x0, eps = tensor(inputs["x0"]), tensor(inputs["eps"])
    table = schedule(inputs)
    return {
        f"terms with {variance}": array(fn(_guess, x0, table, eps, variance=variance))
        for variance in ("beta", "posterior")
    }


def _terms_by_weight(inputs: Inputs, variance: VarianceKind) -> Array:
    """Another road: L_(k-1) is a weight times |eps - eps_hat|^2 (Ho et al., eq. 12)."""
    x0, beta, share = inputs["x0"], inputs["beta"], inputs["alpha_bar"]
    num_steps, dims = len(beta) - 1, x0[0].size
    columns = []
    for k in range(1, num_steps + 1):
        eps = inputs["eps"][k - 1]
        xk = math.sqrt(share[k]) * x0 + math.sqrt(1 - share[k]) * eps
        off = eps - np.tanh(xk) * (0.3 + k / num_steps)
        squares = (off**2).reshape(len(x0), -1).sum(axis=1)
        exact = (1 - share[k - 1]) / (1 - share[k]) * beta[k]
        var = beta[k] if variance == "beta" or k == 1 else exact
        weight = beta[k] ** 2 / (2 * var * (1 - beta[k]) * (1 - share[k]))
        if k == 1:
            constant = math.log(2 * math.pi * beta[1])
        else:
            constant = math.log(var / exact) + exact / var - 1
        columns.append(weight * squares + dims / 2 * constant)
    squares = (x0**2).reshape(len(x0), -1).sum(axis=1)
    last = share[-1]
    columns.append(0.5 * (last * squares - dims * (last + math.log(1 - last))))
    return np.stack(columns, axis=1)


ELBO_TERMS = Probe(
    inputs=_terms_inputs,
    call=_terms_call,
    cases=KINDS,
    # k / T may be float32
    tolerances={
        "terms with beta": (1e-5, 1e-5),
        "terms with posterior": (1e-5, 1e-5),
    },
    oracles=(
        equals(
            "weights times squared noise errors, beta",
            "terms with beta",
            lambda inputs: _terms_by_weight(inputs, "beta"),
            "the terms are not the weights of Ho et al. times |eps - eps_hat|^2, plus "
            "what the variances cost",
        ),
        equals(
            "weights times squared noise errors, beta_tilde",
            "terms with posterior",
            lambda inputs: _terms_by_weight(inputs, "posterior"),
            "with variance='posterior' the terms are not the weights of Ho et al. "
            "times |eps - eps_hat|^2",
        ),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)

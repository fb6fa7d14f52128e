"""Lecture 1, the distance of two Gaussians: 01.6 gaussian_kl."""

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
    must_equal,
    tensor,
)


def _kl_inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "mean_q", "mean_p")
    full = inputs["mean_q"].shape
    few = (full[0], *[1] * (len(full) - 1))
    for name, shape in (("var_q", few), ("var_p", full), ("shared_p", few)):
        inputs[name] = rng.uniform(0.3, 2.5, shape).astype(inputs["mean_q"].dtype)
    return inputs


def _kl_call(fn: Function, inputs: Inputs) -> Outputs:
    mean_q, var_q, mean_p = (tensor(inputs[n]) for n in ("mean_q", "var_q", "mean_p"))
    var_p, shared_p = tensor(inputs["var_p"]), tensor(inputs["shared_p"])
    return {
        "KL": array(fn(mean_q, var_q, mean_p, var_p)),
        "KL with one variance per sample": array(fn(mean_q, var_q, mean_p, shared_p)),
        "KL of q with itself": array(fn(mean_q, var_q, mean_q, var_q)),
    }


def _quadrature(inputs: Inputs, outputs: Outputs) -> str | None:
    """E_q[log q - log p] with three Gauss-Hermite nodes: exact for quadratics."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    mean_q, var_q = inputs["mean_q"].astype(float), inputs["var_q"].astype(float)
    mean_p = inputs["mean_p"].astype(float)
    for name, var_p in zip(
        outputs, (inputs["var_p"], inputs["shared_p"]), strict=False
    ):
        ratio = 0.0
        for z, w in zip(nodes, weights / weights.sum(), strict=True):
            x = mean_q + np.sqrt(var_q) * z
            log_q = -0.5 * (np.log(var_q) + (x - mean_q) ** 2 / var_q)
            log_p = -0.5 * (np.log(var_p) + (x - mean_p) ** 2 / var_p)
            ratio = ratio + w * (log_q - log_p)
        total = np.reshape(ratio, (len(mean_q), -1)).sum(axis=1)
        said = must_equal(outputs[name], total, "it is not the mean of log q - log p")
        if said is not None:
            return said
    itself = outputs["KL of q with itself"]
    return must_equal(itself, np.zeros_like(itself), "KL of q with itself must be 0")


def _kl(per_dimension: Function, reduce: Function | None = None) -> Function:
    """A version from the contribution of each dimension, and how they are collected."""

    def gaussian_kl(
        mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor
    ) -> Tensor:
        values: Tensor = per_dimension(var_q, var_p, (mean_q - mean_p) ** 2)
        found: Tensor = (reduce or _sum)(values)
        return found

    return gaussian_kl


def _sum(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1)


def _right(q: Tensor, p: Tensor, d: Tensor) -> Tensor:
    return 0.5 * ((p / q).log() + (q + d) / p - 1)


def _log_counted_once(
    mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor
) -> Tensor:
    rest = (var_q + (mean_q - mean_p) ** 2) / var_p - 1
    return 0.5 * (_sum((var_p / var_q).log()) + _sum(rest))


def _kl_torch(mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor) -> Tensor:
    q = torch.distributions.Normal(mean_q, var_q.sqrt().expand_as(mean_q))
    p = torch.distributions.Normal(mean_p, var_p.sqrt().expand_as(mean_p))
    found: Tensor = torch.distributions.kl_divergence(q, p)
    return found.sum(dim=tuple(range(1, mean_q.ndim)))


def _kl_log_std(mean_q: Tensor, var_q: Tensor, mean_p: Tensor, var_p: Tensor) -> Tensor:
    log_ratio = 0.5 * var_q.log() - 0.5 * var_p.log()
    gap = (mean_q - mean_p) / var_p.sqrt()
    total = -log_ratio + 0.5 * torch.expm1(2 * log_ratio) + 0.5 * gap * gap
    return torch.stack([row.sum() for row in total])


GAUSSIAN_KL = Probe(
    inputs=_kl_inputs,
    call=_kl_call,
    cases=KINDS,
    oracles=(Oracle("mean of the log ratio", _quadrature),),
    mutants=(
        Mutant(
            "arguments swapped",
            _kl(lambda q, p, d: _right(p, q, d)),
            "this is KL(p || q): the divergence is not symmetric, and the variance of "
            "p belongs in the denominator",
        ),
        Mutant(
            "no half",
            _kl(lambda q, p, d: 2 * _right(q, p, d)),
            "the factor 1/2 is missing",
        ),
        Mutant(
            "no minus one",
            _kl(lambda q, p, d: _right(q, p, d) + 0.5),
            "the -1 is missing: KL of a Gaussian with itself must be 0",
        ),
        Mutant(
            "log upside down",
            _kl(lambda q, p, d: 0.5 * ((q / p).log() + (q + d) / p - 1)),
            "the ratio in the logarithm is upside down: KL would become negative",
        ),
        Mutant(
            "variance taken for std",
            _kl(lambda q, p, d: _right(q**2, p**2, d)),
            "var is squared: the arguments are variances already, not standard "
            "deviations",
        ),
        Mutant(
            "distance not squared",
            _kl(lambda q, p, d: 0.5 * ((p / q).log() + (q + d.sqrt()) / p - 1)),
            "the distance of the means is not squared",
        ),
        Mutant(
            "mean over dimensions",
            _kl(_right, lambda v: v.flatten(1).mean(1)),
            "the dimensions are averaged: independent dimensions add up, so take the "
            "sum",
        ),
        Mutant(
            "sum over the batch",
            _kl(_right, lambda v: v.sum()),
            "the batch is summed too: keep one number for each sample, shape (B,)",
        ),
        Mutant(
            "last dimension only",
            _kl(_right, lambda v: v.sum(-1)),
            "only the last dimension is summed: for images all but the first must go",
        ),
        Mutant(
            "log counted once",
            _log_counted_once,
            "a shared variance of shape (B, 1, ..., 1) is counted once: add the terms "
            "first, so that its logarithm counts for every dimension",
        ),
    ),
    variants=(
        Variant("torch.distributions", _kl_torch),
        Variant("log standard deviations", _kl_log_std),
    ),
)

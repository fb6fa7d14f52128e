"""Lecture 4, the price of a bell: 04.2 kl_to_normal."""

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import KINDS, array, must_equal
from coursekit.workbook.exercises.latent_batch import draws, leaf, slopes


def _inputs(seed: int) -> Inputs:
    _, inputs = draws(seed, "mean", "log_var")
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    mean, log_var = leaf(inputs["mean"]), leaf(inputs["log_var"])
    kl = fn(mean, log_var)
    by_mean, by_log_var = slopes(kl, mean, log_var)
    normal = torch.zeros_like(mean)
    return {
        "kl": array(kl),
        "gradient for mean": by_mean,
        "gradient for log_var": by_log_var,
        "kl of the normal bell itself": array(fn(normal, normal)),
    }


def _by_quadrature(inputs: Inputs, outputs: Outputs) -> str | None:
    """E_q[log q - log p]: quadratic in z, so three nodes are exact."""
    mean, log_var = inputs["mean"].astype(float), inputs["log_var"].astype(float)
    nodes, shares = np.polynomial.hermite_e.hermegauss(3)
    total = np.zeros(mean.shape)
    for node, share in zip(nodes, shares / shares.sum(), strict=True):
        z = mean + np.exp(log_var / 2) * node
        total += share * (-(node**2) - log_var + z**2) / 2
    return must_equal(
        outputs["kl"],
        total.reshape(len(mean), -1).sum(axis=1),
        "it is not the mean of log q(z) - log p(z) under q, summed over the sample",
    )


def _at_home(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["kl of the normal bell itself"],
        np.zeros(len(inputs["mean"])),
        "the normal bell must be at distance 0 from itself",
    )


def _kl(each: Function, reduce: Function | None = None) -> Function:
    """A version from what one latent number costs, and how the costs are put together.

    each: of mean and log_var.
    """

    def kl_to_normal(mean: Tensor, log_var: Tensor) -> Tensor:
        costs = each(mean, log_var)
        found: Tensor = costs.flatten(1).sum(1) if reduce is None else reduce(costs)
        return found

    return kl_to_normal


def _right(mean: Tensor, log_var: Tensor) -> Tensor:
    return (mean**2 + log_var.exp() - 1 - log_var) / 2


def _by_torch(mean: Tensor, log_var: Tensor) -> Tensor:
    found = kl_divergence(
        Normal(mean, (log_var / 2).exp()),
        Normal(torch.zeros_like(mean), torch.ones_like(mean)),
    )
    return found.reshape(len(mean), -1).sum(-1)


def _sample_by_sample(mean: Tensor, log_var: Tensor) -> Tensor:
    found = []
    for m, spread in zip(mean, torch.exp(0.5 * log_var), strict=True):
        found.append(0.5 * (m * m + spread * spread).sum() - spread.log().sum())
    return torch.stack(found) - 0.5 * mean[0].numel()


KL_TO_NORMAL = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("by quadrature", _by_quadrature),
        Oracle("the normal bell", _at_home),
    ),
    mutants=(
        Mutant(
            "no half",
            _kl(lambda m, v: 2 * _right(m, v)),
            "twice too much: half the sum",
        ),
        Mutant(
            "minus",
            _kl(lambda m, v: -_right(m, v)),
            "the sign is flipped: a distance is never below 0",
        ),
        Mutant(
            "log_var added",
            _kl(lambda m, v: (m**2 + v.exp() - 1 + v) / 2),
            "log_var is added: take it away, for a narrow bell costs, and log_var is "
            "below 0 there",
        ),
        Mutant(
            "log of the std",
            _kl(lambda m, v: (m**2 + (2 * v).exp() - 1 - 2 * v) / 2),
            "log_var is read as the logarithm of the standard deviation: it is that "
            "of the variance",
        ),
        Mutant(
            "std for variance",
            _kl(lambda m, v: (m**2 + (v / 2).exp() - 1 - v) / 2),
            "the standard deviation stands where the variance belongs: exp(log_var)",
        ),
        Mutant(
            "no -1",
            _kl(lambda m, v: (m**2 + v.exp() - v) / 2),
            "the -1 is missing: the normal bell must be at distance 0",
        ),
        Mutant(
            "mean not squared",
            _kl(lambda m, v: (m.abs() + v.exp() - 1 - v) / 2),
            "the mean is not squared",
        ),
        Mutant(
            "other direction",
            _kl(lambda m, v: ((1 + m**2) / v.exp() - 1 + v) / 2),
            "this is KL(N(0, 1) || q), the other direction: the average is over q",
        ),
        Mutant(
            "averaged",
            _kl(_right, lambda costs: costs.flatten(1).mean(1)),
            "the latent numbers are averaged: what they cost adds up",
        ),
        Mutant(
            "over the batch too",
            _kl(_right, lambda costs: costs.sum()),
            "the samples are added up too: one number for each, shape (B,)",
        ),
        Mutant(
            "one for each number",
            _kl(_right, lambda costs: costs),
            "there is one value for each latent number: sum over all but the first "
            "axis",
        ),
    ),
    variants=(
        Variant("torch.distributions", _by_torch),
        Variant("sample by sample", _sample_by_sample),
    ),
)

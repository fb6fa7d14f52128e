"""Lecture 4, a draw with gradients: 04.1 reparameterize."""

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
from coursekit.checks.tensors import KINDS, array, must_equal, tensor
from coursekit.workbook.exercises.latent_batch import CUT, draws, leaf, slopes


def _inputs(seed: int) -> Inputs:
    _, inputs = draws(seed, "mean", "log_var", "eps")
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    mean, log_var = leaf(inputs["mean"]), leaf(inputs["log_var"])
    eps = tensor(inputs["eps"])
    draw = fn(mean, log_var, eps)
    by_mean, by_log_var = slopes(draw, mean, log_var)
    return {
        "draw": array(draw),
        "gradient for mean": by_mean,
        "gradient for log_var": by_log_var,
        "draw with eps = 0": array(fn(mean, log_var, torch.zeros_like(eps))),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    std = np.sqrt(np.exp(inputs["log_var"].astype(float)))
    said = must_equal(
        outputs["draw"],
        inputs["mean"] + std * inputs["eps"],
        "the draw is not mean + std * eps, with std^2 = exp(log_var)",
    )
    return said or must_equal(
        outputs["gradient for log_var"],
        std * inputs["eps"] / 2,
        "a larger variance must move the draw away from the mean, by std * eps / 2",
    )


def _middle(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["draw with eps = 0"],
        inputs["mean"].astype(float),
        "with eps = 0 the draw must be the mean",
    )


def _draw(spread: Function) -> Function:
    """A version from its standard deviation."""

    def reparameterize(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
        found: Tensor = mean + spread(log_var) * eps
        return found

    return reparameterize


def _sampled(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return torch.normal(mean, (log_var / 2).exp()).detach()


def _own_noise(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return mean + (log_var / 2).exp() * torch.randn_like(mean)


def _stiff(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return mean + (log_var / 2).exp().detach() * eps


def _minus(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return mean - (log_var / 2).exp() * eps


def _exchanged(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return (log_var / 2).exp() + mean * eps


def _location_scale(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    """torch's own way to move a standard normal."""
    move = torch.distributions.AffineTransform(mean, torch.exp(log_var).sqrt())
    found: Tensor = move(eps)
    return found


def _one_call(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    return torch.addcmul(mean, torch.exp(0.5 * log_var), eps)


REPARAMETERIZE = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("by hand", _by_hand), Oracle("no noise", _middle)),
    mutants=(
        Mutant(
            "variance for std",
            _draw(lambda log_var: log_var.exp()),
            "exp(log_var) is the variance: the standard deviation is exp(log_var / 2)",
        ),
        Mutant(
            "log_var for std",
            _draw(lambda log_var: log_var),
            "eps is multiplied by log_var itself: take exp(log_var / 2)",
        ),
        Mutant(
            "precision",
            _draw(lambda log_var: (-log_var / 2).exp()),
            "the spread shrinks where the variance grows: the sign in exp is flipped",
        ),
        Mutant(
            "root of log_var",
            _draw(lambda log_var: log_var.abs().sqrt()),
            "the root is taken of the logarithm: take exp first, then the root",
        ),
        Mutant(
            "unit spread",
            _draw(torch.ones_like),
            "eps is added as it is: multiply it by the standard deviation",
        ),
        Mutant(
            "own noise",
            _own_noise,
            "it draws noise of its own: use the eps it is given",
        ),
        Mutant(
            "eps subtracted",
            _minus,
            "eps is taken away: the law is the same, the draw is not",
        ),
        Mutant(
            "exchanged",
            _exchanged,
            "mean and standard deviation are exchanged: eps is multiplied by the "
            "standard deviation",
        ),
        Mutant(
            "spread detached",
            _stiff,
            "no gradient reaches log_var: the spread is learnt too, so do not detach "
            "it",
        ),
        Mutant("sampled", _sampled, CUT),
    ),
    variants=(
        Variant("an affine transform", _location_scale),
        Variant("addcmul", _one_call),
    ),
)

"""Scores and how to learn them: the slope of log p, without ever knowing p.

A score is a function score(x) -> like x. The score of a mixture of Gaussians is known
exactly; for anything else, four losses teach it to a network from samples alone.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.paths import expand_as

Field = Callable[[Tensor], Tensor]  # field(x) -> like x
NoisyField = Callable[[Tensor, Tensor], Tensor]  # field(x, sigma) -> like x


def mixture_score(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """The exact score of a mixture of Gaussians: the slope of log p at each x.

    Every component pulls towards its mean, the stronger the narrower it is, and counts
    as much as it is probable that x came from it:

        sum_j  r_j(x) * (mean_j - x) / std_j^2,
        r_j(x) proportional to weight_j * N(x; mean_j, std_j^2 I)

    x: (B, D); weights: (K,), positive, of sum 1; means: (K, D); stds: (K,), positive,
    the same in all D directions. Returns (B, D), like `x`, and finite far from every
    mean, where all K densities are too small to be represented.
    """
    offset = means - x[:, None]  # (B, K, D)
    squares = (offset**2).sum(-1) / stds**2
    log_joint = weights.log() - x.shape[1] * stds.log() - squares / 2
    share = log_joint.softmax(1) / stds**2
    return (share[..., None] * offset).sum(1)


def divergence(field: Field, x: Tensor) -> Tensor:
    """The divergence of a field, exact: the trace of its Jacobian at each sample.

        sum_i  d field(x)_i / d x_i

    One backward pass per dimension: field_i, summed over the batch, has the i-th row of
    every sample's Jacobian as its gradient, since samples do not look at each other.

    field(x) -> like `x`; x: (B, ...). Returns (B,); 0 for a field that ignores x, also
    for one that autograd knows nothing of, such as torch.ones_like. Where gradients are
    recorded, they can flow from the result, so that it may stand in a loss; under
    torch.no_grad() it works too, and records nothing.
    """
    record = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.enable_grad():
        y = x if x.requires_grad else x.detach().clone().requires_grad_()
        value = field(y).flatten(1)
        total = value.new_zeros(len(x))
        for i in range(value.shape[1] if value.requires_grad else 0):
            (row,) = torch.autograd.grad(
                value[:, i].sum(),
                y,
                create_graph=record,
                retain_graph=True,
                materialize_grads=True,  # a field that ignores x has no slope
            )
            total = total + row.flatten(1)[:, i]
    return total


def ism_loss(score: Field, x: Tensor) -> Tensor:
    """The loss of implicit score matching (Hyvarinen 2005).

    Up to a constant it is half the mean squared error against the true score, and it
    needs only samples x of the data:

        mean over the batch of  ( div score(x) + |score(x)|^2 / 2 )

    `divergence(score, x)` gives the first term. |.|^2 sums over all entries of a
    sample. score(x) -> like `x`; x: (B, ...). Returns a scalar that gradients can flow
    from; it may be negative.
    """
    size = (score(x) ** 2).flatten(1).sum(1)
    return (divergence(score, x) + size / 2).mean()


def ssm_loss(score: Field, x: Tensor, v: Tensor) -> Tensor:
    """The loss of sliced score matching, with reduced variance (Song et al. 2019).

    Implicit score matching, but with the trace of the Jacobian J estimated along one
    random direction v for each sample:

        mean over the batch of  ( v . J v  +  |score(x)|^2 / 2 )

    J is never built: v . score(x) is one number for each sample, its slope in x is
    J^T v, and the product of that with v is v . J v. Right on average when the entries
    of v are independent with mean 0 and variance 1. Reduced variance: the size of the
    score stands as it is, where the plain form has its square along v alone.

    score(x) -> like `x`; x, v: (B, ...). Returns a scalar that gradients can flow from.
    """
    x = x.detach().requires_grad_()
    value = score(x)
    (pulled,) = torch.autograd.grad((value * v).sum(), x, create_graph=True)
    trace = (pulled * v).flatten(1).sum(1)
    return (trace + (value**2).flatten(1).sum(1) / 2).mean()


def dsm_loss(score: Field, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
    """The loss of denoising score matching at one noise level (Vincent 2011).

    Spoil the data, x = x0 + sigma * eps, and ask for the way back. The score of that
    Gaussian around x0 is -eps / sigma:

        mean over the batch of  | score(x0 + sigma * eps) + eps / sigma |^2

    It is least for the score of the noised data, not of the data. |.|^2 sums over all
    entries of a sample. score(x) -> like `x`; x0, eps: (B, ...), eps standard normal;
    sigma: a positive number. Returns a scalar that gradients can flow from.
    """
    error = score(x0 + sigma * eps) + eps / sigma
    return (error**2).flatten(1).sum(1).mean()


def ncsn_loss(score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
    """The loss of a noise-conditional score network (Song & Ermon 2019).

    Denoising score matching with a noise level of its own for each sample, which the
    network is told. A target -eps / sigma is large where the noise is small, so each
    sample is weighted with sigma^2, and all levels count alike:

        mean over the batch of  sigma^2 * | score(x, sigma) + eps / sigma |^2,
        x = x0 + sigma * eps

    |.|^2 sums over all entries of a sample. (The paper has a factor 1/2 in front.)
    score(x, sigma) -> like `x`; x0, eps: (B, ...); sigma: (B,), positive. Returns a
    scalar that gradients can flow from.
    """
    level = expand_as(sigma, x0)
    error = score(x0 + level * eps, sigma) + eps / level
    weighted = sigma.to(x0.dtype) ** 2 * (error**2).flatten(1).sum(1)
    return weighted.mean()

"""Wrong and right versions of 02.1 mixture_score."""

import torch
from torch import Tensor, distributions

from coursekit.checks.spec import Function, Mutant, Variant


def _squares(x: Tensor, means: Tensor) -> Tensor:
    return ((x[:, None] - means) ** 2).sum(-1)


def _log_joint(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """log(weight_j N(x; j)) up to a constant, (B, K)."""
    width = x.shape[1] * stds.log()
    return weights.log() - width - _squares(x, means) / (2 * stds**2)


def _version(share: Function | None = None, pull: Function | None = None) -> Function:
    """A version from the shares r_j, (B, K), and the pulls, (B, K, D)."""

    def score(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
        if share is None:
            shares = _log_joint(x, weights, means, stds).softmax(1)
        else:
            shares = share(x, weights, means, stds)
        if pull is None:
            pulls = (means - x[:, None]) / stds[:, None] ** 2
        else:
            pulls = pull(means - x[:, None], stds[:, None])
        found: Tensor = (shares[..., None] * pulls).sum(1)
        return found

    return score


def _logs(log_joint: Function) -> Function:
    """A version whose shares are the softmax of these logarithms."""
    return _version(lambda *mixture: log_joint(*mixture).softmax(1))


def _densities(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """Without logarithms: exp of something hugely negative is 0."""
    heights = (-_squares(x, means) / (2 * stds**2)).exp()
    return weights * heights / stds ** x.shape[1]


def _plain(*mixture: Tensor) -> Tensor:
    p = _densities(*mixture)
    return p / p.sum(1, keepdim=True)


def _guarded(*mixture: Tensor) -> Tensor:
    p = _densities(*mixture)
    return p / (p.sum(1, keepdim=True) + 1e-30)


def _nearest(*mixture: Tensor) -> Tensor:
    logs = _log_joint(*mixture)
    return torch.nn.functional.one_hot(logs.argmax(1), logs.shape[1]).to(logs.dtype)


def _for_the_means(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """Learning's habit: the slope in the parameters, not in x."""
    centres = means.clone().requires_grad_()
    log_p = _log_joint(x, weights, centres, stds).logsumexp(1)
    return torch.autograd.grad(log_p.sum(), centres)[0]


def _shared_width(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """E[mean | x] - x over the mean variance: as if all were equally wide."""
    shares = _log_joint(x, weights, means, stds).softmax(1)
    return (shares @ means - x) / (shares @ stds**2)[:, None]


def _autograd(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    y = x.clone().requires_grad_()
    log_p = _log_joint(y, weights, means, stds).logsumexp(1)
    return torch.autograd.grad(log_p.sum(), y)[0]


def _loop(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """Component by component, with the largest logarithm taken out first."""
    logs = [
        w.log() - x.shape[1] * s.log() - ((x - m) / s).square().sum(1) / 2
        for w, m, s in zip(weights, means, stds, strict=True)
    ]
    top = torch.stack(logs).amax(0)
    total, score = torch.zeros_like(top), torch.zeros_like(x)
    for log, mean, std in zip(logs, means, stds, strict=True):
        vote = torch.exp(log - top)
        total = total + vote
        score = score + vote[:, None] * (mean - x) / std**2
    return score / total[:, None]


def _library(x: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> Tensor:
    """torch's own mixture, and the slope of its log density."""
    balls = distributions.Normal(means, stds[:, None].expand_as(means))
    parts = distributions.Independent(balls, 1)
    mixture = distributions.MixtureSameFamily(distributions.Categorical(weights), parts)
    y = x.clone().requires_grad_()
    log_p = mixture.log_prob(y)  # type: ignore[no-untyped-call]
    found: Tensor = torch.autograd.grad(log_p.sum(), y)[0]
    return found


MUTANTS = (
    Mutant(
        "no width in front",
        _logs(lambda x, w, m, s: w.log() - _squares(x, m) / (2 * s**2)),
        "the densities lack their width in front: divide by std ** D, or subtract "
        "D * log std before the softmax",
    ),
    Mutant(
        "width of one dimension",
        _logs(lambda x, w, m, s: w.log() - s.log() - _squares(x, m) / (2 * s**2)),
        "the density is divided by std once: in D dimensions it is std ** D",
    ),
    Mutant(
        "width of a plane",
        _logs(lambda x, w, m, s: w.log() - 2 * s.log() - _squares(x, m) / (2 * s**2)),
        "the density is divided by std ** 2 whatever the dimension: it is std ** D, "
        "with D = x.shape[1]",
    ),
    Mutant(
        "std in the pull",
        _version(pull=lambda offset, s: offset / s),
        "the pull is divided by std: divide by the variance, std ** 2",
    ),
    Mutant(
        "no width in the pull",
        _version(pull=lambda offset, s: offset),
        "the pull is mean - x alone: a narrow component pulls harder, so divide by "
        "std ** 2",
    ),
    Mutant(
        "std in the exponent",
        _logs(
            lambda x, w, m, s: w.log() - x.shape[1] * s.log() - _squares(x, m) / (2 * s)
        ),
        "the squared distance is divided by std in the exponent: it is 2 * std ** 2",
    ),
    Mutant(
        "no half",
        _logs(
            lambda x, w, m, s: w.log() - x.shape[1] * s.log() - _squares(x, m) / s**2
        ),
        "the exponent lacks its factor 1/2: a Gaussian falls with |x - mean|^2 / "
        "(2 * std^2)",
    ),
    Mutant(
        "exp underflows",
        _version(_plain),
        "far from all means it is nan: every density is 0 there, and 0 / 0 follows; "
        "take logarithms and a softmax",
    ),
    Mutant(
        "underflow swept away",
        _version(_guarded),
        "far from all means it is 0: a small number under the fraction hides 0 / 0 "
        "and loses the way; take logarithms and a softmax",
    ),
    Mutant(
        "sign",
        _version(pull=lambda offset, s: -offset / s**2),
        "the arrows point away from the means: the pull is mean - x, towards more "
        "probable places",
    ),
    Mutant(
        "weights ignored",
        _logs(lambda x, w, m, s: _log_joint(x, torch.ones_like(w), m, s)),
        "the weights are ignored: a heavy component counts more",
    ),
    Mutant(
        "weights without log",
        _logs(lambda x, w, m, s: w + _log_joint(x, torch.ones_like(w), m, s)),
        "the weights are added as they are: among logarithms it is log weight",
    ),
    Mutant(
        "weights alone",
        _version(lambda x, w, m, s: w.expand(len(x), -1)),
        "every component counts as its weight, wherever x is: it counts as much as it "
        "is probable that x came from it",
    ),
    Mutant(
        "the most probable alone",
        _version(_nearest),
        "only the most probable component pulls: all of them do, each with its share",
    ),
    Mutant(
        "softmax over the batch",
        _version(lambda *mixture: _log_joint(*mixture).softmax(0)),
        "the softmax runs over the points: the shares of the components add up to 1 "
        "at each x, so it is dimension 1",
    ),
    Mutant(
        "not shared out",
        _version(lambda *mixture: _log_joint(*mixture).exp()),
        "the densities are not divided by their sum: that is the slope of p, not of "
        "log p",
    ),
    Mutant(
        "shared width",
        _shared_width,
        "the means are averaged before the division: each pull has a variance of its "
        "own, so divide first",
    ),
    Mutant(
        "slope in the means",
        _for_the_means,
        "this is the slope in the means, the parameters: the score is the slope in x",
    ),
)

VARIANTS = (
    Variant("autograd of log p", _autograd),
    Variant("a loop over components", _loop),
    Variant("torch.distributions", _library),
)

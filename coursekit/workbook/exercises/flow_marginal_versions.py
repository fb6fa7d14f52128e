"""Wrong and right versions of 03.3 marginal_velocity."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.flow import conditional_velocity, log_joint
from coursekit.workbook.exercises.flow_batch import PAPER_SIGN


def _field(
    weights: Function | None = None,
    last: Function | None = None,
    joint: Function = log_joint,
) -> Function:
    """A version from its weights (a function of the logs) and its last line."""

    def marginal_velocity(
        xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0
    ) -> Tensor:
        logs = joint(xt, t, data, sigma_min)
        shares = logs.softmax(1) if weights is None else weights(logs)
        guess = torch.einsum("bn,n...->b...", shares, data.double()).to(xt.dtype)
        found: Tensor = (last or conditional_velocity)(xt, guess, t, sigma_min)
        return found

    return marginal_velocity


def _unscaled(xt: Tensor, t: Tensor, data: Tensor, sigma_min: float) -> Tensor:
    """The distance of x_t from the data, as if the data did not shrink."""
    offset = (xt.flatten(1)[:, None] - data.flatten(1)).double()
    noise = sigma_min + (1 - sigma_min) * t.double()
    return -(offset**2).sum(-1) / (2 * noise[:, None] ** 2)


def _wide(xt: Tensor, t: Tensor, data: Tensor, sigma_min: float) -> Tensor:
    """Unit variance at all times."""
    noise = sigma_min + (1 - sigma_min) * t.double()
    return log_joint(xt, t, data, sigma_min) * noise[:, None] ** 2


def _loop(xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0) -> Tensor:
    logs = log_joint(xt, t, data, sigma_min)
    shares = (logs - logs.logsumexp(1, keepdim=True)).exp().to(xt.dtype)
    total = torch.zeros_like(xt)
    for i, point in enumerate(data):
        share = shares[:, i].view(-1, *[1] * (xt.ndim - 1))
        here = conditional_velocity(xt, point.expand_as(xt), t, sigma_min)
        total = total + share * here
    return total


def _by_slope(xt: Tensor, t: Tensor, data: Tensor, sigma_min: float = 0.0) -> Tensor:
    """E[(1 - m) eps - x0], with the weights from distances alone."""
    x, points = xt.flatten(1).double(), data.flatten(1).double()
    time = t.double()[:, None, None]
    unit = x[:, None] - (1 - time) * points
    unit = unit / (sigma_min + (1 - sigma_min) * time)
    shares = torch.nn.functional.softmax(-unit.square().sum(2) / 2, dim=1)
    slopes = (1 - sigma_min) * unit - points
    return (shares[..., None] * slopes).sum(1).reshape(xt.shape).to(xt.dtype)


def _one_hot(logs: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(logs.argmax(1), logs.shape[1]).double()


MUTANTS = (
    Mutant(
        "softmax over the batch",
        _field(lambda logs: logs.softmax(0)),
        "the weights are normalised over the batch: those of all data points for one "
        "x_t must add up to 1",
    ),
    Mutant(
        "equal weights",
        _field(lambda logs: torch.ones_like(logs) / logs.shape[1]),
        "all data points have the same weight: those that x_t is likely to come from "
        "count more",
    ),
    Mutant(
        "nearest only",
        _field(_one_hot),
        "only the most likely data point counts: average over all of them",
    ),
    Mutant(
        "farthest most",
        _field(lambda logs: (-logs).softmax(1)),
        "the weights grow with the distance: the more likely a data point, the larger "
        "its weight",
    ),
    Mutant(
        "densities as weights",
        _field(lambda logs: logs.exp()),
        "the weights do not add up to 1: divide by the density of x_t",
    ),
    Mutant(
        "exp, then divided",
        _field(lambda logs: logs.exp() / logs.exp().sum(1, keepdim=True)),
        "far from all data every density underflows to 0, and 0 / 0 is NaN: take the "
        "softmax of the logarithms",
    ),
    Mutant(
        "softmax of densities",
        _field(lambda logs: logs.exp().softmax(1)),
        "softmax takes logarithms, not densities: it applies exp itself",
    ),
    Mutant(
        "data does not shrink",
        _field(joint=_unscaled),
        "the weights compare x_t with the data itself: at time t a data point has "
        "moved to (1 - t) * x0",
    ),
    Mutant(
        "variance 1",
        _field(joint=_wide),
        "the weights do not know the noise level at time t: the squared distance is "
        "divided by twice its square",
    ),
    Mutant(
        "E[x0]",
        _field(last=lambda xt, guess, t, m: guess),
        "this is the average data point E[x0 | x_t]: turn it into a velocity",
    ),
    Mutant(
        "papers' sign",
        _field(last=lambda xt, guess, t, m: -conditional_velocity(xt, guess, t, m)),
        PAPER_SIGN,
    ),
    Mutant(
        "sigma_min not handed on",
        _field(last=lambda xt, guess, t, m: conditional_velocity(xt, guess, t)),
        "sigma_min is not handed on to conditional_velocity",
    ),
    Mutant(
        "sigma_min not in the weights",
        _field(joint=lambda xt, t, data, m: log_joint(xt, t, data)),
        "sigma_min is not handed on to log_joint",
    ),
)

VARIANTS = (
    Variant("a loop over the data", _loop),
    Variant("average of the slopes", _by_slope),
)

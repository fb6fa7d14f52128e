"""Train score networks on points in the plane, in a few seconds."""

import math

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture
from coursekit.experiments.train_toy import fit, fresh
from coursekit.models.score_net import ScoreNet
from coursekit.theory.score import dsm_loss, ncsn_loss


def train_single(
    data: Mixture | Tensor, sigma: float, seed: int = 0, steps: int = 1500
) -> ScoreNet:
    """A network for one noise level, by denoising score matching (Vincent 2011)."""
    net, level = fresh(seed, ScoreNet), torch.tensor(sigma)

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        eps = torch.randn(x0.shape, generator=generator)
        return sigma**2 * dsm_loss(lambda x: net(x, level), x0, sigma, eps)

    fit(net, loss, data, steps, seed=seed + 1000)
    return net.eval()


def train_ncsn(
    data: Mixture | Tensor,
    sigma_min: float,
    sigma_max: float,
    seed: int = 0,
    steps: int = 3000,
) -> ScoreNet:
    """A network for all levels, drawn log-uniformly in every step (Song & Ermon 2019).

    The paper draws from a ladder of ten levels; a continuum serves any ladder.
    """
    net = fresh(seed, lambda: ScoreNet(sigma_min=sigma_min, sigma_max=sigma_max))
    low, high = math.log(sigma_min), math.log(sigma_max)

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        eps = torch.randn(x0.shape, generator=generator)
        u = torch.rand(len(x0), generator=generator)
        return ncsn_loss(net, x0, (low + u * (high - low)).exp(), eps)

    fit(net, loss, data, steps, seed=seed + 1000)
    return net.eval()

"""Train score networks on points in the plane, in a few seconds.

One loop for every loss of lecture 2: the loss is a function of the network, a batch of
clean points and a generator, and the caller decides what it does with them.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture
from coursekit.models.score_net import ScoreNet
from coursekit.theory.score import dsm_loss, ncsn_loss

Loss = Callable[[Tensor, torch.Generator], Tensor]  # (x0, generator) -> scalar


def fit(
    net: nn.Module,
    loss: Loss,
    data: Mixture | Tensor,
    steps: int,
    batch: int = 256,
    rate: float = 2e-3,
    seed: int = 0,
) -> list[float]:
    """Train `net` in place; returns the loss of every step.

    data: a mixture (fresh points in every step) or a finite set of points (N, D).
    Adam with a cosine decay of the rate to zero, gradients clipped at norm 1.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    history = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        if isinstance(data, Tensor):
            x0 = data[torch.randint(len(data), (batch,), generator=generator)]
        else:
            x0 = data.sample(batch, generator)
        value = loss(x0.float(), generator)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        history.append(float(value.detach()))
    return history


def fresh_net(seed: int, width: int = 128, depth: int = 3, **levels: Any) -> ScoreNet:
    """A `ScoreNet` initialised from a seed, without touching the caller's generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ScoreNet(width=width, depth=depth, **levels)


def train_single(
    data: Mixture | Tensor,
    sigma: float,
    seed: int = 0,
    steps: int = 1500,
    width: int = 128,
) -> ScoreNet:
    """A network for one noise level, by denoising score matching (Vincent 2011)."""
    net = fresh_net(seed, width)
    level = torch.tensor(sigma)

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
    width: int = 128,
) -> ScoreNet:
    """A network for all levels, drawn log-uniformly in every step (Song & Ermon 2019).

    The paper draws from a ladder of ten levels; a continuum serves any ladder.
    """
    net = fresh_net(seed, width, sigma_min=sigma_min, sigma_max=sigma_max)
    low, high = math.log(sigma_min), math.log(sigma_max)

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        eps = torch.randn(x0.shape, generator=generator)
        u = torch.rand(len(x0), generator=generator)
        return ncsn_loss(net, x0, (low + u * (high - low)).exp(), eps)

    fit(net, loss, data, steps, seed=seed + 1000)
    return net.eval()

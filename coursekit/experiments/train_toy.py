"""Train a small network in a few seconds: one loop for every toy of the course.

What a learner watches and what a claim rests on are the same thing. An experiment
brings a network, a loss and a seed; the loss says what is drawn in each step.
"""

import math
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture

Net = TypeVar("Net", bound=nn.Module)
Loss = Callable[[Tensor, torch.Generator], Tensor]  # (x0, generator) -> scalar


def fresh(seed: int, build: Callable[[], Net]) -> Net:
    """A network whose first weights follow from the seed, whatever came before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def descend(
    net: nn.Module,
    loss: Callable[[torch.Generator], Tensor],
    steps: int,
    rate: float = 2e-3,
    seed: int = 0,
    warmup: int = 1,
    optimiser: torch.optim.Optimizer | None = None,
) -> Iterator[float]:
    """Train `net` in place and yield the loss of every step.

    Adam, or another optimiser, gradients clipped at norm 1. The rate rises for `warmup`
    steps and falls to zero as a cosine. loss: a source of random numbers -> scalar.
    """
    generator = torch.Generator().manual_seed(seed)
    if optimiser is None:
        optimiser = torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    for step in range(steps):
        fall = 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / warmup) * fall
        value = loss(generator)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        yield float(value.detach())


def fit(
    net: nn.Module,
    loss: Loss,
    data: Mixture | Tensor,
    steps: int,
    batch: int = 256,
    rate: float = 2e-3,
    seed: int = 0,
) -> list[float]:
    """`descend` on batches of clean points; returns the loss of every step.

    data: a mixture (fresh points in every step) or a finite set of points (N, D).
    """

    like = next(net.parameters()).dtype

    def of_batch(generator: torch.Generator) -> Tensor:
        if isinstance(data, Tensor):
            x0 = data[torch.randint(len(data), (batch,), generator=generator)]
        else:
            x0 = data.sample(batch, generator)
        return loss(x0.to(like), generator)

    return list(descend(net, of_batch, steps, rate, seed))

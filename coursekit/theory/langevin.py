"""Langevin dynamics: samples from a score, by climbing and shaking.

Both walks are generators, like the solvers: the start comes out first, then the states
on the way, and the last one is the sample. Gradients are left to the caller.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from coursekit.theory.noise import fresh_noise

Score = Callable[[Tensor], Tensor]  # score(x) -> like x
NoisyScore = Callable[[Tensor, Tensor], Tensor]  # score(x, sigma) -> like x


def langevin(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Langevin dynamics (as in Song & Ermon 2019): walk up the score, and shake.

    Repeat num_steps times:

        x  <-  x + step / 2 * score(x) + sqrt(step) * noise

    For a small step the cloud settles at the density whose score it is.
    `fresh_noise(x, generator)` draws the noise, once for each step.

    score(x) -> like `x`; x: (B, ...), the start; step: a positive number. A generator:
    yields the start and then the state after each step, num_steps + 1 tensors. Leave
    the start itself unchanged.
    """
    yield x
    for _ in range(num_steps):
        x = x + step / 2 * score(x) + step**0.5 * fresh_noise(x, generator)
        yield x


def annealed_langevin(
    score: NoisyScore,
    x: Tensor,
    sigmas: Tensor,
    step: float = 0.002,
    num_steps: int = 100,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Annealed Langevin dynamics (Song & Ermon 2019): from much noise to little.

    For each level sigma of `sigmas`, the largest first, take num_steps steps of
    `langevin` with the score of that level, score(x, sigma), each of the size

        step * (sigma / last)^2,     last = sigmas[-1], the smallest level,

    so that a step moves a point by the same share of the noise at every level. One
    level begins where the one before it ended.

    score(x, sigma) -> like `x`, with sigma of shape (); x: (B, ...), the start; sigmas:
    (L,), from large to small; step: the size at the last level. A generator: yields the
    start and then the state after each level, L + 1 tensors.
    """
    yield x
    for sigma in sigmas:
        size = float(step * (sigma / sigmas[-1]) ** 2)
        *_, x = langevin(lambda y: score(y, sigma), x, size, num_steps, generator)  # noqa: B023
        yield x

"""Samplers for students that need one step, or a few.

Like those of `solvers`, they are generators: N + 1 states for a grid of N + 1
decreasing times, the first of them the noise itself.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.average_velocity import AverageVelocity
from coursekit.theory.consistency import Consistency
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath, Path
from coursekit.theory.solvers import spread_time


def consistency_sampler(
    f: Consistency,
    x: Tensor,
    ts: Tensor,
    path: Path | None = None,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Denoise, noise again, denoise (Song et al. 2023, algorithm 1).

    At each time t jump to the end, x0 = f(x, t); then, unless s is the last time, go
    back to the next time s with *fresh* noise, path.alpha(s) x0 + path.sigma(s) noise
    (`path.corrupt`). The last state is x0 as it stands. path: the straight one if None.

    x: (B, ...), noise at ts[0]; ts: (N + 1,) decreasing. N evaluations.
    """
    path = path or LinearPath()
    yield x
    for i, (t, s) in enumerate(pairwise(ts)):
        x = f(x, spread_time(t, x))
        if i < len(ts) - 2:
            x = path.corrupt(x, fresh_noise(x, generator), s.expand(len(x)))
        yield x


def average_velocity_sampler(
    u: AverageVelocity, x: Tensor, ts: Tensor
) -> Iterator[Tensor]:
    """Steps of any size with an average velocity: x - (t - s) u(x, s, t).

    (Geng et al. 2025; Frans et al. 2025.) x: (B, ...), noise at ts[0]; ts: (N + 1,)
    decreasing. N evaluations, no randomness.
    """
    yield x
    for t, s in pairwise(ts):
        x = x - float(t - s) * u(x, spread_time(s, x), spread_time(t, x))
        yield x

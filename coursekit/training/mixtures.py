"""Batches from several sources: whose turn it is, and how the shares change.

Nothing here has hidden state: the rows of a batch follow from (seed, step), as in
`training.data`, and so does an interrupted run.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.training.data import batch_indices, seed_of


def sources(shares: Tensor, size: int, luck: float) -> Tensor:
    """Which source each row of a batch comes from: systematic sampling.

    Divide the line from 0 to 1 among the sources, in their order, each with a stretch
    as long as its share of the whole. Row i comes from the source on whose stretch the
    point (i + luck) / size lies. So one draw is enough for all rows: a source with the
    share w has w size rows on average, and in no batch is it one whole row off.

    shares: (K,) float64, not negative, with any sum: (1, 3) means a quarter and three.
    luck: a uniform number from 0 to 1. Returns (size,) long, from 0 to K - 1.
    """
    ends = (shares / shares.sum()).cumsum(0)
    points = (torch.arange(size, dtype=torch.float64) + luck) / size
    return torch.searchsorted(ends[:-1].contiguous(), points, right=True)


def curriculum(
    first: Tensor, last: Tensor, progress: float, kind: str = "linear"
) -> Tensor:
    """The mixture on the way from one to another.

    Both mixtures are first made to sum to 1. Then the sources have the shares
    (1 - a) first + a last, where a is `progress` (kind "linear") or half of
    1 - cos(pi progress) ("cosine": slow at both ends). Before progress 0 it is the
    first mixture, after 1 the last one.

    first, last: (K,) float64, not negative, with any sum. Returns (K,), with sum 1.
    """
    done = min(max(progress, 0.0), 1.0)
    a = done if kind == "linear" else (1 - math.cos(math.pi * done)) / 2
    return (1 - a) * first / first.sum() + a * last / last.sum()


def mixed_indices(
    sizes: Sequence[int], shares: Tensor, batch: int, seed: int, step: int
) -> Tensor:
    """Which pictures step `step` sees, when several sources lie one after the other.

    sizes: how many pictures each source has. Each source is dealt from its own endless
    shuffle (`batch_indices`); how many of its next `batch` pictures are taken says
    `sources`, the others wait for another epoch. Returns (batch,) long.
    """
    generator = torch.Generator().manual_seed(seed_of(seed, 5, step))
    luck = float(torch.rand((), generator=generator, dtype=torch.float64))
    drawn, start, dealt = sources(shares, batch, luck), 0, []
    for k, size in enumerate(sizes):
        rows = int((drawn == k).sum())
        dealt.append(
            start + batch_indices(size, batch, seed_of(seed, 6, k), step)[:rows]
        )
        start += size
    return torch.cat(dealt)

"""Distances between two sets of points: energy distance and MMD.

Both are zero in the limit only when the two laws are equal, both need nothing but
samples, and both are unbiased here, so two samples of one law scatter around zero and
may come out slightly negative. Compare a value with the floor: the same distance
between two exact samples of the same size.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

CHUNK = 2000  # rows of a distance matrix held at once: 2000 x 20000 float64 = 320 MB
BANDWIDTHS = (0.25, 0.5, 1.0, 2.0)  # of the kernels, in units of the data's std


def _flat(x: Tensor) -> Tensor:
    """Rows of float64: the sums below cancel, and float32 would show it."""
    if x.ndim < 2 or len(x) < 2:
        raise ValueError(f"need two samples or more in rows, got {tuple(x.shape)}")
    return x.detach().reshape(len(x), -1).double()


def _pairs(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """Blocks of the distance matrix. The matmul form would give x-x a distance > 0."""
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK]
        yield torch.cdist(part, y, compute_mode="donot_use_mm_for_euclid_dist")


def _mean_distance(x: Tensor, y: Tensor, same: bool) -> float:
    """Mean Euclidean distance over pairs; over pairs of different rows if `same`."""
    total = math.fsum(float(block.sum()) for block in _pairs(x, y))
    return total / (len(x) * (len(x) - 1) if same else len(x) * len(y))


def energy_distance(x: Tensor, y: Tensor) -> float:
    """Squared energy distance 2 E|X-Y| - E|X-X'| - E|Y-Y'| (Székely & Rizzo 2013).

    `x` (N, ...) and `y` (M, ...) are samples in rows. The unbiased form: pairs of one
    row with itself are left out, so the value may be slightly negative.
    """
    x, y = _flat(x), _flat(y)
    inside = _mean_distance(x, x, same=True) + _mean_distance(y, y, same=True)
    return 2 * _mean_distance(x, y, same=False) - inside


def _mean_kernel(x: Tensor, y: Tensor, widths: Sequence[float], same: bool) -> float:
    total = 0.0
    for block in _pairs(x, y):
        squares = block.square()
        total += sum(float((squares / (-2 * w * w)).exp().sum()) for w in widths)
    if same:  # every row with itself gives exactly 1 per kernel
        return (total - len(widths) * len(x)) / (len(x) * (len(x) - 1))
    return total / (len(x) * len(y))


def mmd2(x: Tensor, y: Tensor, bandwidths: Sequence[float] | None = None) -> float:
    """Unbiased squared maximum mean discrepancy (Gretton et al. 2012).

    The kernel is the mean of Gaussian kernels exp(-|x-y|^2 / (2 w^2)); the widths are
    `bandwidths`, or BANDWIDTHS times the root mean variance of the coordinates of `y`.
    `x` (N, ...) and `y` (M, ...) are samples in rows.
    """
    x, y = _flat(x), _flat(y)
    if bandwidths is None:
        spread = float(y.var(0).mean().sqrt())
        bandwidths = [b * spread for b in BANDWIDTHS]
    if not bandwidths or min(bandwidths) <= 0:
        raise ValueError("bandwidths must be positive; are all points of y equal?")
    inside = _mean_kernel(x, x, bandwidths, same=True) + _mean_kernel(
        y, y, bandwidths, same=True
    )
    return (inside - 2 * _mean_kernel(x, y, bandwidths, same=False)) / len(bandwidths)

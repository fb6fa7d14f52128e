"""The Fréchet distance of two crowds, however few, and without the price of being few.

From N features each, the distance of one law from itself is not 0: for N(0, I) in D
dimensions it is about (D^2 + 5 D) / (2 N). So it shrinks like 1 / N, and a line through
values at several N says where it would end.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def _root(features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean (D,) and R (min(N, D), D) with R'R the covariance."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"need (N >= 2, D) features, got {tuple(features.shape)}")
    x = features.double()
    mean = x.mean(dim=0)
    triangle = torch.linalg.qr((x - mean) / (len(x) - 1) ** 0.5, mode="r").R
    return mean, triangle


def sample_frechet(x: Tensor, y: Tensor) -> float:
    """`frechet(x, y)` without covariances: as exact for fewer features than dimensions.

    With the centred features X and Y, the trace of the matrix root in
    `frechet_distance` is the sum of the singular values of X Y' (the nuclear norm) over
    sqrt((N - 1)(M - 1)). No root of a singular matrix is taken, so no rounding error is
    either; and with few features of many dimensions it is hundreds of times faster.

    x: (N, D), y: (M, D), two rows or more. Never negative.
    """
    (mean_x, root_x), (mean_y, root_y) = _root(x), _root(y)
    shift = (mean_x - mean_y).square().sum()
    spreads = root_x.square().sum() + root_y.square().sum()
    together = torch.linalg.svdvals(root_x @ root_y.T).sum()
    return max(0.0, float(shift + spreads - 2 * together))


def frechet_at(x: Tensor, y: Tensor, size: int) -> float:
    """The mean distance of `size` features from `size`, over parts without overlap.

    x: (N, D), y: (M, D), in random order: part i of x beside part i of y. What is left
    over at the end is not used. Raises ValueError for size below 2 or above N or M.
    """
    count = min(len(x), len(y))
    if not 2 <= size <= count:
        raise ValueError(f"size {size}: use 2 to {count}, as many as there are")
    starts = range(0, count - size + 1, size)
    parts = [sample_frechet(x[i : i + size], y[i : i + size]) for i in starts]
    return sum(parts) / len(parts)


def frechet_at_infinity(
    x: Tensor, y: Tensor, sizes: Sequence[int]
) -> tuple[float, float]:
    """What the Fréchet distance would be with endlessly many samples.

    The idea of FID_infinity (Chong & Forsyth 2020): over 1 / N, the distances at
    several sizes N lie nearly on a line, and its value at 1 / N = 0 is the answer. Here
    both crowds are cut to the same N, and the distance at N is `frechet_at(x, y, N)`,
    the mean over all parts there are, so that nothing is drawn. The line has the least
    squared error.

    x: (N, D), y: (M, D), in random order; sizes: two different ones or more, all well
    above D. Returns (limit, slope): the distance at N is about limit + slope / N. The
    limit may come out slightly negative. Raises ValueError for fewer sizes.
    """
    if len(set(sizes)) < 2:
        raise ValueError(f"sizes {list(sizes)}: a line needs two different ones")
    values = torch.tensor([frechet_at(x, y, n) for n in sizes], dtype=torch.float64)
    inverse = 1 / torch.tensor(list(sizes), dtype=torch.float64)
    off = inverse - inverse.mean()
    slope = (off * values).sum() / off.square().sum()
    return float(values.mean() - slope * inverse.mean()), float(slope)

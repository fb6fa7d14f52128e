"""What fits through few numbers: the data, or the velocity.

A network that is narrower than a patch answers with few directions only. Here it is the
best linear map of a rank, on one patch, and everything is known. Along a direction in
which the data have the variance lambda, xt = (1 - t) x0 + t eps has the variance

    s = (1 - t)^2 lambda + t^2,

and to say a x0 + b eps, least squares multiplies xt by ((1 - t) a lambda + t b) / s.
The best map of rank k does so along the k directions where its answer varies most, and
says the mean along the others (reduced-rank regression; Izenman 1975). Data vary along
few directions, noise along all.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.clean_prediction import LEAST
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import row


class Directions(NamedTuple):
    """Where data vary: variances (d,), falling, and unit vectors (d, d), in columns."""

    variances: Tensor
    vectors: Tensor


def principal_directions(rows: Tensor) -> Directions:
    """The directions along which data vary most, and by how much (PCA).

    They are the eigenvectors of the covariance of rows (N, d), the mean over all N of
    (row - mean)(row - mean)^T. The variances are its eigenvalues, the largest first,
    and never below 0, where rounding may lead. Column i of the vectors goes with
    variance i; its sign is free. float64, whatever comes in.
    """
    off = rows.double() - rows.double().mean(dim=0)
    variances, vectors = torch.linalg.eigh(off.mT @ off / len(off))
    return Directions(variances.flip(0).clamp(min=0), vectors.flip(1))


def mixture(says: str, t: float) -> tuple[float, float]:
    """(a, b) of what is said on the straight path, a x0 + b eps: see `row`."""
    a, b = row(says, LinearPath(), torch.tensor(t, dtype=torch.float64))
    return float(a), float(b)


def best_gains(variances: Tensor, t: float, says: str) -> Tensor:
    """By how much to multiply xt, along each direction, to guess what is said.

    What is said is a x0 + b eps with (a, b) = `mixture(says, t)`: "x0", "eps" or
    "velocity". Data have the mean 0 and these variances, noise the variance 1, and
    xt = (1 - t) x0 + t eps. Least squares divides the covariance of xt and of what is
    said by the variance of xt. variances: (d,), not negative; t in (0, 1). Returns
    (d,).
    """
    a, b = mixture(says, t)
    seen = (1 - t) ** 2 * variances + t**2
    return ((1 - t) * a * variances + t * b) / seen


def told(variances: Tensor, t: float, says: str) -> Tensor:
    """The variance of the best guess, along each direction: what it tells. (d,)."""
    seen = (1 - t) ** 2 * variances + t**2
    return best_gains(variances, t, says) ** 2 * seen


def open_gains(variances: Tensor, t: float, says: str, rank: int) -> Tensor:
    """The gains of the best map of a rank: 0 but along the directions that tell most.

    The arguments are those of `best_gains`. Returns (d,).
    """
    order = told(variances, t, says).argsort(descending=True, stable=True)
    gains = best_gains(variances, t, says)
    return gains.index_fill(0, order[rank:], 0.0)


def rank_errors(variances: Tensor, t: float, says: str, least: float = LEAST) -> Tensor:
    """The error of the velocity that the best linear map of each rank leaves.

    What is said, a x0 + b eps, has the variance a^2 lambda + b^2 along a direction. A
    map of rank k takes away `told` along the k directions that tell most. What is left,
    summed over all d directions and divided by d, is the mean squared error of what is
    said. As an error of the velocity it counts 1 / det^2 times, with the determinant
    det = (1 - t) b - t a; and (t / least)^2 times more where t is below `least`, as
    a loss that comes later, `clamped_velocity_loss`, has it (here it is one more
    factor). The arguments are those of `best_gains`. Returns
    (d + 1,), for the ranks 0 to d.
    """
    a, b = mixture(says, t)
    most = told(variances, t, says).sort(descending=True).values
    whole = (a**2 * variances + b**2).sum()
    left = whole - torch.cat([most.new_zeros(1), most.cumsum(0)])
    weight = t / max(t, least) / ((1 - t) * b - t * a)
    return weight**2 * left / len(variances)

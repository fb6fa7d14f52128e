"""What the tests of the formulas share: numbers, exact answers, and measurements."""

import math
from itertools import pairwise

import pytest
import torch

from coursekit.datasets.toys import exact_predict, lopsided
from coursekit.theory.paths import CosinePath, LinearPath, VEPath, VPPath

SHAPES = [(7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5)]  # the batch differs from the rest
MIXTURE = lopsided()
PATHS = {
    "linear": LinearPath(),
    "cosine": CosinePath(),
    "vp": VPPath(),
    "ve": VEPath(0.05, 5.0),
}
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=seeded(seed), dtype=dtype)


def times(n, low=0.0, high=1.0, seed=9):
    """One time per sample, even over [low, high]."""
    unit = torch.rand(n, generator=seeded(seed), dtype=torch.float64)
    return low + (high - low) * unit


def time(value):
    """One time for all samples."""
    return torch.tensor(value, dtype=torch.float64)


def last(film):
    *_, x = film
    return x


def walk(step):
    """A solver from a step of one time to the next."""

    def solver(predict, x, ts, path):
        yield x
        for t, s in pairwise(ts):
            x = step(predict, x, t, s, path)
            yield x

    return solver


def exact(xt, t):
    """The exact velocity of the lopsided mixture on the straight path."""
    return exact_predict(MIXTURE, LinearPath())(xt, t).velocity


def plane(reach, count):
    """A grid over the plane, and the area that each of its points stands for."""
    side = torch.linspace(-reach, reach, count, dtype=torch.float64)
    return torch.cartesian_prod(side, side), float(side[1] - side[0]) ** 2


def slope(function, at, h=1e-6):
    """The central finite difference of a function of one number (or one per sample)."""
    return (function(at + h) - function(at - h)) / (2 * h)


def gradient(function, x, h=1e-6):
    """The finite differences of one value per row, along each column of x."""
    rises = [
        function(x + step) - function(x - step)
        for step in h * torch.eye(x.shape[1], dtype=x.dtype)
    ]
    return torch.stack(rises, 1) / (2 * h)


def convergence(error, sizes):
    """The order p of error(n) ~ n^-p, measured between two sizes."""
    coarse, fine = (float(error(n)) for n in sizes)
    order = math.log(coarse / fine) / math.log(sizes[1] / sizes[0])
    print(f"errors {coarse:.1e}, {fine:.1e}: order {order:.2f}")
    return order


def assert_moments(x, law, mean, covariance):
    """Samples have the moments of a mixture, within two absolute tolerances."""
    torch.testing.assert_close(x.mean(0), law.mean(), rtol=0, atol=mean)
    torch.testing.assert_close(
        torch.cov(x.T), law.covariance(), rtol=0, atol=covariance
    )

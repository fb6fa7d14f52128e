"""Energy distance and MMD.

Authorities: closed forms on Gaussians (the mean of a Gaussian kernel under two
Gaussians; the 1-D energy distance as the integral of the squared difference of
distribution functions), and unbiasedness: the mean over repetitions of one law is zero.
"""

import math

import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from coursekit.evaluation.distances import energy_distance, mmd2


def draw(n: int, dims: int, shift: float, seed: int) -> torch.Tensor:
    gen = torch.Generator().manual_seed(seed)
    x = torch.randn(n, dims, generator=gen, dtype=torch.float64)
    x[:, 0] += shift
    return x


def test_mmd_of_two_shifted_gaussians_has_its_closed_form():
    # X - Y ~ N(m, 2 I), so the mean kernel is
    # (w^2 / (w^2 + 2))^(d/2) exp(-m^2 / (2 (w^2 + 2)))
    width, shift, dims = 1.0, 1.0, 2
    peak = (width**2 / (width**2 + 2)) ** (dims / 2)
    truth = 2 * peak * (1 - math.exp(-(shift**2) / (2 * (width**2 + 2))))
    got = mmd2(draw(4000, dims, 0, 0), draw(4000, dims, shift, 1), [width])
    assert got == pytest.approx(truth, rel=0.08)


def test_energy_distance_in_one_dimension_is_the_cramer_integral():
    truth = 2 * quad(lambda u: (norm.cdf(u) - norm.cdf(u - 1)) ** 2, -10, 11)[0]
    got = energy_distance(draw(4000, 1, 0, 0), draw(3000, 1, 1, 1))
    assert got == pytest.approx(truth, rel=0.08)


@pytest.mark.parametrize("distance", [energy_distance, mmd2])
def test_two_samples_of_one_law_average_to_zero(distance):  # type: ignore[no-untyped-def]
    values = torch.tensor(
        [distance(draw(100, 2, 0, s), draw(120, 2, 0, 1000 + s)) for s in range(200)]
    )
    assert abs(values.mean()) < 4 * values.std() / len(values) ** 0.5
    assert (values < 0).any()  # unbiased, so not clipped at zero


def test_chunks_change_nothing(monkeypatch):
    x, y = draw(50, 3, 0, 0), draw(40, 3, 0.5, 1)
    whole = energy_distance(x, y), mmd2(x, y)
    monkeypatch.setattr("coursekit.evaluation.distances.CHUNK", 7)
    assert (energy_distance(x, y), mmd2(x, y)) == pytest.approx(whole, rel=1e-12)

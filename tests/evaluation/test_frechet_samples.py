"""The Fréchet distance of two crowds, however few, and its limit.

Authorities: closed forms that hold for any number of samples, the covariance form where
that is exact, and the second-order bias (D^2 + 5 D) / (2 N) of two crowds of N(0, I_D).
"""

import pytest
import torch

from coursekit.evaluation.frechet import frechet, moments
from coursekit.evaluation.frechet_samples import (
    frechet_at,
    frechet_at_infinity,
    sample_frechet,
)


def normal(rows: int, dims: int, seed: int) -> torch.Tensor:
    gen = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dims, generator=gen, dtype=torch.float64)


@pytest.mark.parametrize(("rows", "dims"), [(32, 64), (2, 5), (40, 700), (90, 7)])
def test_closed_forms_hold_with_fewer_samples_than_features(rows, dims):
    x = normal(rows, dims, 0) + 1
    shift, (mean, cov) = normal(1, dims, 1), moments(x)
    size = float(mean.square().sum() + cov.trace())
    assert 0 <= sample_frechet(x, x) < 1e-12 * size
    assert sample_frechet(x, x + shift) == pytest.approx(float(shift.square().sum()))
    for c in (0.0, 0.5, 3.0, -1.0):  # of -1 only the means differ
        want = 4 * float(mean.square().sum()) if c == -1 else (c - 1) ** 2 * size
        assert sample_frechet(x, c * x) == pytest.approx(want, rel=1e-12)


def test_roots_of_singular_matrices_have_rounding_errors_and_this_has_not():
    x = normal(32, 64, 0) + 1
    mean, cov = moments(x)
    truth = 4 * float(mean.square().sum() + cov.trace())
    ours, by_roots = sample_frechet(x, 3 * x), frechet(x, 3 * x)
    assert abs(ours - truth) < 1e-11 < 1e-7 < abs(by_roots - truth) < 1e-4


def test_a_collapsed_crowd_is_measured_too():
    x, one = normal(50, 8, 0), torch.full((50, 8), 0.5, dtype=torch.float64)
    mean, cov = moments(x)
    want = float((mean - 0.5).square().sum() + cov.trace())
    assert sample_frechet(x, one) == pytest.approx(want) == sample_frechet(one, x)
    assert sample_frechet(one, one) == 0


@pytest.mark.parametrize(("n", "m"), [(200, 200), (150, 400), (41, 40)])
def test_it_is_the_distance_of_the_covariances(n, m):
    x, y = normal(n, 12, 0), 2 * normal(m, 12, 1) @ normal(12, 12, 2) + 1
    assert sample_frechet(x, y) == pytest.approx(frechet(x, y), rel=1e-10)


def test_bytes_and_single_rows():
    x = torch.tensor([[0], [2]], dtype=torch.uint8)
    assert sample_frechet(x, 3 * x) == pytest.approx(4 + 2 * 4)
    with pytest.raises(ValueError, match="N >= 2"):
        sample_frechet(x[:1], x)


def test_parts_are_cut_side_by_side_and_what_is_left_is_not_used():
    x, y = normal(25, 3, 0), normal(23, 3, 1)
    want = (sample_frechet(x[:10], y[:10]) + sample_frechet(x[10:20], y[10:20])) / 2
    assert frechet_at(x, y, 10) == pytest.approx(want, rel=1e-12)
    assert frechet_at(x, y, 23) == sample_frechet(x[:23], y)
    for size in (1, 24):
        with pytest.raises(ValueError, match="use 2 to 23"):
            frechet_at(x, y, size)


@pytest.mark.parametrize("dims", [8, 16])
def test_the_bias_of_normal_crowds_and_its_limit(dims):
    x, y = normal(16_000, dims, 0), normal(16_000, dims, 1)
    theory = (dims**2 + 5 * dims) / 2
    for size in (200, 500):
        assert frechet_at(x, y, size) == pytest.approx(theory / size, rel=0.1)
    limit, slope = frechet_at_infinity(x, y, [200, 400, 800, 1600])
    assert slope == pytest.approx(theory, rel=0.15)
    assert abs(limit) < 0.1 * theory / 1600 + 2e-3
    limit, _ = frechet_at_infinity(x, 1.5 * y + 0.25, [200, 400, 800, 1600])
    assert limit == pytest.approx(dims * (0.25 + 0.0625), rel=0.02)


def test_the_numbers_of_64_features():
    """About 11.0, 2.2 and 0.44 from 200, 1,000 and 5,000 samples of N(0, I)."""
    for size, want in ((200, 11.04), (1000, 2.208), (5000, 0.4416)):
        found = frechet_at(normal(5000, 64, 0), normal(5000, 64, 1), size)
        assert found == pytest.approx(want, rel=0.06)


def test_the_line_goes_through_its_two_points():
    x, y = normal(300, 3, 0), 2 * normal(300, 3, 1)
    limit, slope = frechet_at_infinity(x, y, [300, 60])
    for size in (60, 300):
        assert limit + slope / size == pytest.approx(frechet_at(x, y, size))
    with pytest.raises(ValueError, match="two different"):
        frechet_at_infinity(x, y, [100, 100])

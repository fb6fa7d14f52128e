"""The Fréchet distance.

Authorities: closed forms (equal Gaussians, a shift, commuting covariances, one
dimension), scipy's matrix square root, and invariance under rotation.
"""

import pytest
import torch
from scipy.linalg import sqrtm

from coursekit.evaluation.frechet import frechet, frechet_distance, moments


def covariance(dims: int, seed: int) -> torch.Tensor:
    gen = torch.Generator().manual_seed(seed)
    root = torch.randn(dims, dims, generator=gen, dtype=torch.float64)
    return root @ root.T / dims


def test_agrees_with_the_matrix_root_of_scipy():
    a, b = covariance(6, 0), covariance(6, 1)
    mean = torch.arange(6.0)
    root = torch.from_numpy(sqrtm((a @ b).numpy()).real)
    truth = 55 + (a + b - 2 * root).trace()
    assert frechet_distance(mean, a, 0 * mean, b) == pytest.approx(float(truth))


def test_commuting_covariances_compare_standard_deviations():
    a, b = torch.tensor([1.0, 4.0, 0.0]), torch.tensor([9.0, 1.0, 0.25])
    zero = torch.zeros(3)
    got = frechet_distance(zero, torch.diag(a), zero, torch.diag(b))
    assert got == pytest.approx(4 + 1 + 0.25)


def test_zero_for_equal_sets_and_the_shift_squared_for_moved_ones():
    x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    assert frechet(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet(x, x + 2) == pytest.approx(12, rel=1e-5)


@pytest.mark.parametrize("size", [2, 8, 32])
def test_rounding_makes_no_distance_negative(size):
    for seed in range(20):
        x = torch.randn(40, size, generator=torch.Generator().manual_seed(seed))
        assert 0 <= frechet(x, x) < 1e-9


def test_one_feature_works_and_one_sample_does_not():
    x = torch.tensor([[0.0], [2.0]])
    assert frechet(x, 3 * x) == pytest.approx(4 + 2 * 4)  # means 1, 3; variances 2, 18
    with pytest.raises(ValueError, match="N >= 2"):
        moments(x[:1])

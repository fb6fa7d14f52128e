"""How redundant pictures are. Authorities: a random walk with a known correlation, a
linear rule that neighbours obey exactly, data of known rank, and white noise."""

import pytest
import torch

from coursekit.lectures.l04_latent_space.experiments.redundancy import (
    autocorrelation,
    energy,
    measure,
    told_by_neighbours,
)


def smooth(count: int, rho: float) -> torch.Tensor:
    """(count, 1, 16, 16) with correlation rho^lag along rows and columns."""
    generator = torch.Generator().manual_seed(0)
    index = torch.arange(16)
    table = rho ** (index[:, None] - index).abs().double()
    root = torch.linalg.cholesky(table)
    noise = torch.randn(count, 1, 16, 16, generator=generator, dtype=torch.float64)
    return root @ noise @ root.T


def test_autocorrelation_of_a_known_process() -> None:
    found = autocorrelation(smooth(2000, 0.8), range(5))
    assert found == pytest.approx([0.8**lag for lag in range(5)], abs=0.02)
    white = autocorrelation(smooth(2000, 0.0) + 7.0, range(3))  # a mean is no news
    assert white == pytest.approx([1, 0, 0], abs=0.02)


def test_neighbours_that_tell_all_and_nothing() -> None:
    """A sum of a function of the row and one of the column is the mean of its four
    neighbours when both are linear: slopes are told exactly."""
    generator = torch.Generator().manual_seed(0)
    slopes = torch.randn(60, 2, 1, 1, generator=generator, dtype=torch.float64)
    index = torch.arange(12, dtype=torch.float64)
    planes = slopes[:, :1] * index[:, None] + slopes[:, 1:] * index
    assert told_by_neighbours(planes[:30], planes[30:]) == pytest.approx(1, abs=1e-6)
    white = smooth(400, 0.0)
    assert abs(told_by_neighbours(white[:200], white[200:])) < 0.02


def test_energy_of_data_with_a_known_rank() -> None:
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(64, 64, generator=generator))[0][:, :3]
    weights = torch.randn(3000, 3, generator=generator) * torch.tensor([3.0, 2.0, 1.0])
    x = (weights @ basis.T).reshape(3000, 1, 8, 8)
    share = energy(x[:1500], x[1500:])
    assert float(share[0]) == 0 and float(share[3]) == pytest.approx(1, abs=1e-4)
    assert share[1:4].tolist() == pytest.approx([9 / 14, 13 / 14, 1], abs=0.06)


def test_pictures_are_redundant_and_noise_is_not() -> None:
    result = measure(seeds=(0,), quick=True)
    assert result["teddy_corr"][1] > 0.5 and abs(result["noise_corr"][1]) < 0.05
    assert result["teddy_neighbours"] > 0.5 > abs(result["noise_neighbours"]) + 0.4
    assert result["teddy_k95_share"] < 0.5 < result["noise_k95_share"]

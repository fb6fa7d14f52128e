"""Models that learn from models. Authorities: chains drawn at random, whose means and
logarithms scatter around the closed forms by a known error; the limits of a share of
fresh data; and what a chain that ends at 0 or n must do."""

import math

import pytest
import torch

from coursekit.theory.collapse import (
    chance_lost,
    feed,
    fit,
    generations,
    pooled_variance,
    settled_variance,
    variance_after,
)

G, N, CHAINS = 12, 10, 20_000


@pytest.fixture(scope="module")
def noise() -> torch.Tensor:
    luck = torch.Generator().manual_seed(0)
    return torch.randn(G, 2, N, CHAINS, generator=luck, dtype=torch.float64)


def within(values: torch.Tensor, expected: float, errors: float = 4) -> bool:
    """Whether the mean of independent values is as expected, by its own error."""
    error = float(values.std()) / len(values) ** 0.5
    return abs(float(values.mean()) - expected) < errors * error


@pytest.mark.parametrize("unbiased", [False, True])
def test_the_variance_of_replaced_data(noise, unbiased):
    variances = generations("replace", noise[:6], unbiased=unbiased)
    for g in range(6):
        mean, typical = variance_after(N, g + 1, unbiased)
        assert within(variances[g], mean)
        assert within(variances[g].log(), math.log(typical))
        assert not within(variances[g].log(), math.log(0.9 * typical))
    mean, typical = variance_after(1000, 500, unbiased)
    assert mean == pytest.approx(1 if unbiased else 0.999**500)
    assert typical == pytest.approx(math.exp(-0.5 if unbiased else -1), rel=1e-3)


def test_the_median_is_near_the_typical_value(noise):
    variances = generations("replace", noise)
    assert float(variances[-1].median()) == pytest.approx(
        variance_after(N, G)[1], rel=0.1
    )
    assert float(variances[-1].median()) < 0.5 * variance_after(N, G)[0]


def test_the_variance_of_a_growing_pool(noise):
    variances = generations("accumulate", noise)
    for g in (0, 1, G - 1):
        assert within(variances[g], pooled_variance(N, g + 1))
    x = math.pi / math.sqrt(N)
    end = math.sin(x) / x
    assert pooled_variance(N, 100_000) == pytest.approx(end, rel=1e-5)
    assert pooled_variance(N, 100_000) > end


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_fresh_points_hold_the_variance(noise, share):
    variances = generations("fresh", noise, share)
    assert within(variances[-1], settled_variance(N, share))
    assert settled_variance(N, 1.0) == pytest.approx(1 - 1 / N)
    assert settled_variance(N, 0.0) == pytest.approx(0)
    shares = [settled_variance(N, s / 10) for s in range(10)]
    assert shares == sorted(shares)


def test_the_three_feeds():
    pool, drawn, fresh = torch.zeros(6, 2), torch.ones(4, 2), 2 * torch.ones(4, 2)
    assert feed("replace", pool, drawn, fresh) is drawn
    assert feed("accumulate", pool, drawn, fresh)[:, 0].tolist() == [0] * 6 + [1] * 4
    assert feed("fresh", pool, drawn, fresh, 0.25)[:, 1].tolist() == [1, 1, 1, 2]
    with pytest.raises(ValueError, match="replace"):
        feed("forget", pool, drawn, fresh)


def test_fit_is_that_of_torch_over_rows():
    data = torch.randn(7, 3)
    mean, variance = fit(data, unbiased=True)
    torch.testing.assert_close(torch.cov(data.T).diagonal(), variance)
    torch.testing.assert_close(((data - mean) ** 2).mean(dim=0), fit(data)[1])


def test_a_rare_kind_gets_lost():
    weight, n = 0.05, 30
    assert chance_lost(weight, n, 1) == pytest.approx((1 - weight) ** n)
    assert chance_lost(weight, n, 2000) == pytest.approx(1 - weight)
    luck = torch.Generator().manual_seed(1)
    share = torch.full((50_000,), weight, dtype=torch.float64)
    for _ in range(5):
        share = torch.binomial(torch.full_like(share, n), share, generator=luck) / n
    assert within((share == 0).double(), chance_lost(weight, n, 5))
    assert chance_lost(0.0, n, 3) == pytest.approx(1)
    assert chance_lost(1.0, n, 3) == pytest.approx(0, abs=1e-9)
    falling = [chance_lost(weight, n, g) for g in range(1, 9)]
    assert falling == sorted(falling)

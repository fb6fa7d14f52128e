"""Couplings. Authority: every permutation of small batches, the sorted order in one
dimension, and the closed form of the transport between two Gaussians."""

from itertools import permutations

import pytest
import torch
from support.theory import normal

from coursekit.theory.couplings import ot_coupling, transport_cost


@pytest.mark.parametrize("shape", [(6, 2), (6, 1, 3, 2), (6, 2, 1, 2, 2)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_no_permutation_is_cheaper(shape, seed):
    x0, eps = normal(*shape, seed=seed), normal(*shape, seed=seed + 50)
    costs = [transport_cost(x0, eps[list(p)]) for p in permutations(range(6))]
    found = transport_cost(x0, ot_coupling(x0, eps))
    torch.testing.assert_close(found, min(costs))


def test_in_one_dimension_the_order_is_kept():
    x0, eps = normal(50, 1), normal(50, 1, seed=1)
    dealt = ot_coupling(x0, eps)
    torch.testing.assert_close(dealt[x0[:, 0].argsort()], eps.sort(0).values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_noise_is_dealt_out_not_changed(dtype):
    x0, eps = normal(30, 2, dtype=dtype), normal(30, 2, seed=1, dtype=dtype)
    before = eps.clone()
    dealt = ot_coupling(x0, eps)
    assert torch.equal(eps, before) and dealt.dtype == dtype
    assert torch.equal(dealt[dealt[:, 0].argsort()], eps[eps[:, 0].argsort()])
    assert torch.equal(ot_coupling(eps, eps.flip(0)), eps)


def test_larger_batches_approach_the_distance_of_two_gaussians():
    """Squared 2-Wasserstein distance of N(0, s^2 I) and N(0, I) in 2-D: 2 (s - 1)^2.
    A finite batch costs more, and less so as it grows."""
    spread, gaps = 0.5, []
    for n in (16, 64, 256):
        pairs = [
            (spread * normal(n, 2, seed=seed), normal(n, 2, seed=seed + 100))
            for seed in range(20)
        ]
        costs = [transport_cost(x0, ot_coupling(x0, eps)) for x0, eps in pairs]
        gaps.append(float(torch.stack(costs).mean()) - 2 * (spread - 1) ** 2)
    print("cost above the Wasserstein distance:", gaps)
    assert 0 < gaps[2] < gaps[1] < gaps[0]
    assert gaps[2] < 0.15

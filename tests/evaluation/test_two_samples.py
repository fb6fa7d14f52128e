"""Authorities: the definition over pairs, the rank statistic of scipy, and crowds of
which the law is known to be equal, or not."""

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

from coursekit.evaluation.two_samples import auc, told_apart


def test_all_above_all_below_and_ties():
    low, high = torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0, 4.0])
    assert (auc(high, low), auc(low, high), auc(low, low)) == (1, 0, 0.5)
    assert auc(torch.tensor([1.0]), torch.tensor([0.0, 1.0, 2.0, 1.0])) == 0.5


@pytest.mark.parametrize("ties", [False, True])
def test_auc_is_mann_whitneys_u_over_all_pairs(ties):
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.4, 1, 37), rng.normal(0, 1, 21)
    if ties:
        a, b = a.round(), b.round()
    u = mannwhitneyu(a, b).statistic / (37 * 21)
    assert auc(torch.from_numpy(a), torch.from_numpy(b)) == pytest.approx(u)


def noise(seed, spread):
    rng = np.random.default_rng(seed)
    x = rng.normal(128, spread, (120, 8, 8, 3))
    return x.clip(0, 255).astype(np.uint8)


def test_one_law_is_not_told_apart_and_another_spread_is():
    """Of N and N scores of one law the standard deviation of the area is about
    sqrt((2 N + 1) / (12 N^2)): .065 for 40, .037 for the mean of three folds."""
    same = told_apart(noise(0, 30), noise(1, 30), steps=60)
    other = told_apart(noise(0, 30), noise(1, 60), steps=60)
    assert abs(np.mean(same) - 0.5) < 0.11 and len(same) == 3
    assert np.mean(other) > 0.95


def test_crowds_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="give equal ones"):
        told_apart(noise(0, 30), noise(1, 30)[:100])

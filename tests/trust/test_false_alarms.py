"""Authority: scipy's binomial law, the definition of Clopper and Pearson's bounds, and
scores whose law is known."""

import math
import random

import pytest
from scipy.stats import binom

from coursekit.trust.false_alarms import (
    clopper_pearson,
    threshold_at,
    threshold_of_bits,
)


@pytest.mark.parametrize(
    ("bits", "rate", "right", "true"),
    [(32, 0.01, 24, 0.0035), (48, 0.01, 33, 0.0066), (48, 1e-6, 41, 3.1e-7)],
)
def test_known_numbers_of_bits(bits, rate, right, true):
    found = threshold_of_bits(bits, rate)
    assert found.value == right
    assert found.rate == pytest.approx(binom.sf(right - 1, bits, 0.5))
    assert found.rate == pytest.approx(true, rel=0.05)
    assert binom.sf(right - 2, bits, 0.5) > rate  # one bit less is too few
    assert found.low == found.high == found.rate


def test_few_bits_are_right_by_luck():
    assert threshold_of_bits(8, 1 / 256)[:2] == (8, 1 / 256)
    with pytest.raises(ValueError, match="once in 256"):
        threshold_of_bits(8, 0.001)


@pytest.mark.parametrize(("hits", "count"), [(0, 16), (3, 16), (16, 16), (7, 1000)])
def test_bounds_by_their_definition(hits, count):
    low, high = clopper_pearson(hits, count)
    if hits:
        assert binom.sf(hits - 1, count, low) == pytest.approx(0.025)
    if hits < count:
        assert binom.cdf(hits, count, high) == pytest.approx(0.025)
    assert low <= hits / count <= high
    assert (low == 0) == (hits == 0) and (high == 1) == (hits == count)


def test_none_of_sixteen():
    assert clopper_pearson(0, 16, 0.9)[1] == pytest.approx(1 - 0.05 ** (1 / 16))
    assert clopper_pearson(0, 16, 0.9)[1] == pytest.approx(0.17, abs=0.003)
    assert clopper_pearson(0, 300, 0.9)[1] == pytest.approx(0.01, abs=0.0005)
    with pytest.raises(ValueError, match="not be greater"):
        clopper_pearson(3, 2)


def test_a_threshold_keeps_its_rate_on_fresh_scores():
    rng = random.Random(4)
    scores = [float(rng.getrandbits(32).bit_count()) for _ in range(1000)]
    found = threshold_at(scores, 0.01)
    assert found.rate <= 0.01 and found.rate == sum(
        s >= found.value for s in scores
    ) / len(scores)
    true = binom.sf(found.value - 1, 32, 0.5)
    assert found.low <= true <= found.high


def test_a_threshold_does_not_heed_the_order_and_is_the_smallest():
    scores = [3.0, 1.0, 2.0, 5.0, 4.0] * 2
    found = threshold_at(scores, 0.2)
    assert found[:2] == (5.0, 0.2) and threshold_at(sorted(scores), 0.2) == found
    assert threshold_at(scores, 0.5)[:2] == (4.0, 0.4)


def test_equal_scores_and_few_scores_have_no_observed_threshold():
    assert threshold_at([1.0] * 50, 0.01)[:2] == (math.nextafter(1.0, 2), 0)
    few = threshold_at([1.0, 2.0, 3.0], 0.01)
    assert few.value > 3 and few.rate == 0 and few.high > 0.5
    with pytest.raises(ValueError, match="no scores"):
        threshold_at([], 0.01)

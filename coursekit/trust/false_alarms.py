"""How large a score must be: a threshold for a stated rate of false alarms.

A threshold is chosen on things without a mark. Scores are larger where a mark is more
likely, and a score at the threshold counts as marked.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.stats import binomtest


class Threshold(NamedTuple):
    """From which score on a thing counts as marked, and how often that is wrong."""

    value: float
    rate: float  # of false alarms, at most the one that was asked for
    low: float  # bounds of the rate
    high: float


def clopper_pearson(
    hits: int, count: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Between what bounds a probability lies when `hits` of `count` came true.

    The exact interval of Clopper & Pearson 1934, as scipy has it: the lower bound is
    the p for which `hits` or more have the probability (1 - confidence) / 2, the upper
    one that for which `hits` or fewer do. Both hold at least as often as they say.
    Raises ValueError unless 0 <= hits <= count and count >= 1.
    """
    bounds = binomtest(hits, count).proportion_ci(confidence, "exact")
    return float(bounds.low), float(bounds.high)


def threshold_at(scores: Sequence[float], rate: float) -> Threshold:
    """The smallest of the scores that at most a share `rate` of them reaches.

    scores: of N things without a mark, at least one, in any order; 0 < rate < 1.
    Returns the threshold, the share that reaches it, and the bounds that
    `clopper_pearson` gives for that share. Where scores are equal the share may be
    smaller than `rate`. Where too many are equal to the largest one, or 1 / N is above
    `rate`, the threshold is the next float above the largest, and the share is 0.
    Raises ValueError without scores.
    """
    if not scores:
        raise ValueError("no scores: there is no null to choose a threshold from")
    count = len(scores)
    value, hits = math.nextafter(max(scores), math.inf), 0
    for score in sorted(set(scores), reverse=True):
        reached = sum(each >= score for each in scores)
        if reached > rate * count:
            break
        value, hits = score, reached
    return Threshold(value, hits / count, *clopper_pearson(hits, count))


def threshold_of_bits(bits: int, rate: float) -> Threshold:
    """How many of `bits` must be right, if luck may do so with a probability `rate`.

    Luck is a fair coin for each bit: k or more of n are right with the probability
    sum_{i >= k} C(n, i) / 2^n. Returns the smallest such k, as a float, and its true
    rate, which is known exactly: both bounds are the rate itself. Raises ValueError
    where even all bits are right too often, which is once in 2^bits.
    """
    ways, right = 0, bits + 1
    while right and (ways + math.comb(bits, right - 1)) / 2**bits <= rate:
        right -= 1
        ways += math.comb(bits, right)
    if right > bits:
        raise ValueError(f"luck gets all {bits} bits once in {2**bits}: take more bits")
    share = ways / 2**bits
    return Threshold(float(right), share, share, share)

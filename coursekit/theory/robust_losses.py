"""Losses that hear large errors less, and what they learn when the target is random.

Squared errors lead a network to the mean of its targets. A loss that grows more slowly
leads elsewhere: to the median, or to the heaviest mode. With one target for each input
(distillation of a solver's path) this does no harm. Where the target is random
(consistency training, MeanFlow), the heavy modes of the data win.

An error is answer minus target, (B, ...); each loss is (B,), one number for each
sample.
"""

import math

from torch import Tensor


def squared_l2(error: Tensor) -> Tensor:
    """The sum of the squares over all entries of a sample. error: (B, ...); (B,)."""
    return (error**2).flatten(1).sum(1)


def pseudo_huber(error: Tensor, c: float | None = None) -> Tensor:
    """A square for small errors, a length for large ones (Song & Dhariwal 2024, iCT).

        sqrt( |error|^2 + c^2 ) - c

    |error|^2 sums over all entries of a sample, so that the length is one for the
    whole sample and not one for each entry. c: above 0; None: 0.00054 sqrt(D) for D
    entries in a sample, the paper's choice. error: (B, ...). Returns (B,), with a
    finite gradient also where the error is 0.
    """
    if c is None:
        c = 0.00054 * math.sqrt(error[0].numel())
    return (squared_l2(error) + c**2).sqrt() - c


def power_weighted(error: Tensor, power: float, c: float = 0.01) -> Tensor:
    """The adaptive weight of MeanFlow (Geng et al. 2025; code: meanflow.py).

        square / sg( square + c )^power,      square = |error|^2

    sg stops the gradient: the weight is a number, not a thing to learn. |error|^2 sums
    over all entries of a sample. power 0 is `squared_l2`; the paper's pictures have 1.

    The gradient is that of |error|^(2 - 2 power): for power 1/2 the length, for power 1
    (up to a factor) the logarithm. So a random target is not averaged. If it has two
    values, at shares q and 1 - q, and c is tiny, then for power below 1/2 the minimum
    lies between them, and odds of distances follow odds of shares,

        u / (1 - u) = ( (1 - q) / q )^( 1 / (1 - 2 power) )

    u from the first in units of the gap: the mean for power 0, ever nearer the heavier
    value until power 1/2, where it is reached. From there on each value is a minimum.
    With independent entries in many dimensions |error|^2 is almost constant, and so is
    the weight: the bias fades.

    error: (B, ...); power: from 0 to 1; c: above 0, in units of the square. Returns
    (B,).
    """
    square = squared_l2(error)
    return square / (square.detach() + c) ** power

"""A reader that knows a set of pictures by heart: its belief is exact.

Given a noisy picture of the set, how likely is each of them? On the straight path the
answer is a softmax, and the belief about an attribute is a sum over the pictures that
have it. Nothing is learnt. It knows more than anybody who must read new pictures.
"""

import math

import torch
from torch import Tensor


def belief(xt: Tensor, t: float, pictures: Tensor) -> Tensor:
    """How likely each picture is, all equally likely before (B, N).

    xt: (B, D), one of `pictures` (N, D) with noise at time t, above 0.
    """
    a = 1 - t
    votes = a * xt @ pictures.T - a * a / 2 * pictures.square().sum(1)
    return torch.softmax(votes / t**2, dim=1)


def about(chances: Tensor, answers: Tensor, choices: int) -> Tensor:
    """The belief about an attribute (B, choices); answers: (N,) of the pictures."""
    return chances @ torch.nn.functional.one_hot(answers, choices).to(chances.dtype)


def bits(chances: Tensor) -> Tensor:
    """The entropy of each row, in bits (B,)."""
    entropy: Tensor = torch.special.entr(chances).sum(1) / math.log(2)
    return entropy

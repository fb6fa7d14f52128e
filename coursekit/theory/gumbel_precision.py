"""What float32 does to rare events: a calculation, since no small run can show it.

To draw a token or "stay hidden" in one go, samplers let exponential waiting times race:
the token waits E / p, staying waits E' / (1 - p), the shortest wins. E = -log(u), and
float32 uniforms u come in steps of 2^-24: E is never below 6e-8, so an event of that
probability comes too rarely (Zheng et al. 2024). With many steps *every* token is
rare, and rare words are the rarest: too little is shown, and too much the same.

(If u may be 0, E' may be infinite, and the token wins with probability 2^-24 whatever
its p: a fault of the other sign. Samplers add 1e-10 to u, and so does this model.)

The remedy is float64, or two draws: first whether a token is shown, then which.
"""

import torch
from torch import Tensor


def race_share(p: Tensor, bits: int = 24) -> Tensor:
    """The probability with which an event of probability p comes, divided by p.

    The sum over the steps k 2^-bits of E is geometric and gives x / (e^x - 1), with
    x = 2^-bits (1 - p) / p. p: in (0, 1), meant for small ones: E is taken as 1 - u.
    Returns float64, like p.
    """
    p = p.double()
    x = 2.0**-bits * (1 - p) / p
    return x / torch.expm1(x)


def raced(law: Tensor, steps: int, bits: int = 24) -> tuple[float, Tensor]:
    """What the first of `steps` even steps shows of tokens that have this law.

    In exact arithmetic token i appears with probability law_i / steps. law: (V,), sums
    to 1. Returns the share of tokens that appear after all, and their law (V,).
    """
    shown = law.double() * race_share(law.double() / steps, bits)
    return float(shown.sum()), shown / shown.sum()


def zipf(vocabulary: int) -> Tensor:
    """Token probabilities as in text: the i-th most frequent has 1 / i of the first.
    Returns (V,), float64."""
    weights = 1 / torch.arange(1, vocabulary + 1, dtype=torch.float64)
    return weights / weights.sum()


def entropy(law: Tensor) -> float:
    """Of a law (V,), in nats."""
    return float(torch.special.entr(law).sum())

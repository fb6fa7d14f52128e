"""Models that learn from models: what is left of a law after many generations.

The smallest case is a normal law. Each generation fits mean and variance to n points,
and the next one learns from points that this one draws:

    fit:  m' = mean of the points,  v' = their variance      draw:  x = m + sqrt(v) eps

If that is all, the variance goes to 0 with probability 1 (Shumailov et al. 2024,
Theorem 3.1, for the unbiased estimate; Alemohammad et al. 2023, section 3.1). Real
points in the pool stop it. Generation g is the g-th fit; the truth is N(0, 1), g = 0.
The closed forms below follow from the means of m^2 and v, one generation at a time.
"""

import math

import torch
from torch import Tensor

FEEDS = ("replace", "accumulate", "fresh")


def feed(
    how: str, pool: Tensor, drawn: Tensor, fresh: Tensor, share: float = 0.5
) -> Tensor:
    """What the next generation learns from; the examples are the rows.

    "replace": what the last model drew, and nothing else (the fully synthetic loop of
    Alemohammad et al. 2023, section 2.2). "accumulate": `pool`, all that the last model
    had learnt from, and what it drew behind it (Gerstgrasser et al. 2024). "fresh": as
    many rows as `drawn` has, n: the first of `drawn`, then the first round(share n) of
    `fresh` (a fresh data loop of constant size).

    pool: (N, ...); drawn, fresh: (n, ...), fresh ones are real; share: from 0 to 1.
    Raises ValueError for another way.
    """
    if how == "replace":
        return drawn
    if how == "accumulate":
        return torch.cat([pool, drawn])
    if how == "fresh":
        real = round(share * len(drawn))
        return torch.cat([drawn[: len(drawn) - real], fresh[:real]])
    raise ValueError(f"{how!r} is no way to feed a model: use one of {FEEDS}")


def fit(data: Tensor, unbiased: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance of the rows. data: (N, ...). Returns two of (...).

    unbiased: the squares are divided by N - 1 instead of N.
    """
    return data.mean(dim=0), data.var(dim=0, correction=int(unbiased))


def generations(
    how: str, noise: Tensor, share: float = 0.5, unbiased: bool = False
) -> Tensor:
    """The variance after each fit, in many families of normal laws at once.

    The pool of generation 1 is real. Each generation fits the pool, draws from its fit,
    and `feed` makes the next pool. noise: (G, 2, n, ...), standard normal: noise[g, 0]
    are the real points that are new when the g-th pool is made (g from 0), noise[g, 1]
    is what the model of that pool makes its own points from. Real points have mean 0
    and variance 1, so they need no scaling. Returns (G, ...).
    """
    pool, variances = noise[0, 0], []
    for g in range(len(noise)):
        mean, variance = fit(pool, unbiased)
        variances.append(variance)
        if g + 1 < len(noise):
            drawn = mean + variance.sqrt() * noise[g, 1]
            pool = feed(how, pool, drawn, noise[g + 1, 0], share)
    return torch.stack(variances)


def variance_after(n: int, count: int, unbiased: bool = False) -> tuple[float, float]:
    """The variance after `count` fits when each replaces the data: mean and typical.

    n v'/v (with unbiased (n - 1) v'/v) is a chi-squared number with n - 1 degrees of
    freedom, independent in each generation. So the mean is multiplied by its mean,
    1 - 1/n or 1. The typical value is exp(E log v): the logarithm grows by

        E log(v'/v) = digamma((n - 1)/2) + log 2 - log n    (log(n - 1) if unbiased)

    which is about -2/n, or -1/n if unbiased. The median is close to it: log v is a sum
    of equal parts. n: 2 or more points; the truth has variance 1. Returns two numbers.
    """
    divisor = n - 1 if unbiased else n
    half = torch.tensor((n - 1) / 2, dtype=torch.float64)
    step = float(torch.digamma(half)) + math.log(2 / divisor)
    return ((n - 1) / divisor) ** count, math.exp(count * step)


def settled_variance(n: int, share: float) -> float:
    """Where the mean variance settles if a share of each pool is fresh and real.

    n points a generation, share n of them real, from N(0, 1); variances divided by n.
    With keep, the share that was drawn, one generation changes two means:

        E[v + m^2]  becomes  keep E[v + m^2] + share
        E[m^2]      becomes  keep^2 E[m^2] + (keep E[v] + share) / n

    The first settles at 1; the second is a mean of keep n drawn points, which move with
    m, and of real ones, which do not. Solve for E[m^2] at rest; E[v] is what is left.

    n: 1 or more; share: from 0 to 1. Without real points it is 0.
    """
    keep = 1 - share
    return 1 - 1 / (n * (1 - keep**2) + keep)


def pooled_variance(n: int, count: int) -> float:
    """The mean variance after `count` fits when the pool keeps all, divided by N.

    In the k-th pool the mean moves by the mean of n new points over k, so the product
    of (1 - 1/(n k^2)) for k from 1 to `count` is left: never below
    sin(pi x)/(pi x) with x = 1/sqrt(n), about 1 - pi^2/(6 n).
    """
    return math.prod(1 - 1 / (n * k**2) for k in range(1, count + 1))


def chance_lost(weight: float, n: int, count: int) -> float:
    """The chance that a kind is gone after `count` generations that replace the data.

    A model draws n examples; each is of the kind with the chance that the kind has in
    the model. The next model gives the kind its share of these examples, exactly. From
    k of n examples the next number is binomial, (n, k/n), and from 0 there is no way
    back (a Markov chain that ends at 0 or n: Shumailov et al. 2024, "Discrete
    distributions with exact approximation"). After one generation it is (1 - weight)^n,
    in the end 1 - weight.

    weight: from 0 to 1, the share at the start; n and count: 1 or more.
    """
    ks = torch.arange(n + 1, dtype=torch.float64)
    share = torch.cat([torch.tensor([weight], dtype=torch.float64), ks / n])[:, None]
    ways = math.lgamma(n + 1) - torch.lgamma(ks + 1) - torch.lgamma(n - ks + 1)
    law = (ways + torch.xlogy(ks, share) + torch.xlogy(n - ks, 1 - share)).exp()
    first, steps = law[0], law[1:]
    return float((first @ torch.linalg.matrix_power(steps, count - 1))[0])

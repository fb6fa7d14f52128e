"""Right versions of the exercises on collapse, in other styles."""

import numpy as np
import torch


def by_a_dictionary(how, pool, drawn, fresh, share=0.5):
    size = drawn.shape[0]
    real = int(share * size + 0.5)
    ways = {
        "replace": lambda: drawn.clone(),
        "accumulate": lambda: torch.vstack((pool, drawn)),
        "fresh": lambda: torch.cat((drawn[: size - real], fresh[:real]), dim=0),
    }
    if how not in ways:
        raise ValueError(how)
    return ways[how]()


def by_sums(how, noise, share=0.5, unbiased=False):
    count, n, found, pool = len(noise), noise.shape[2], [], noise[0, 0]
    for g in range(count):
        size = pool.shape[0]
        mean = pool.sum(0) / size
        variance = ((pool - mean) ** 2).sum(0) / (size - 1 if unbiased else size)
        found.append(variance)
        drawn = mean + noise[g, 1] * variance**0.5
        real = noise[min(g + 1, count - 1), 0]
        kept = round(n * (1 - share))
        pool = {
            "replace": drawn,
            "accumulate": torch.cat([pool, drawn]),
            "fresh": torch.cat([drawn[:kept], real[: n - kept]]),
        }[how]
    return torch.stack(found)


def with_scipy(n, count, unbiased=False):
    from scipy.special import psi

    divided = n - bool(unbiased)
    log = psi((n - 1) / 2) + torch.tensor(2.0 / divided).double().log()
    return ((n - 1) / divided) ** count, torch.exp(count * log)


def by_waiting(n, share):
    square, total, keep = 0.0, 1.0, 1 - share
    for _ in range(4000):
        square = keep**2 * square + (keep * (total - square) + share) / n
    return total - square


def step_by_step(weight, n, count):
    from scipy.stats import binom

    counts = np.arange(n + 1)
    law = binom.pmf(counts, n, weight)
    for _ in range(count - 1):
        law = sum(law[k] * binom.pmf(counts, n, k / n) for k in counts)
    return float(law[0])


RIGHT = {
    "08c.8": (by_a_dictionary,),
    "08c.9": (by_sums,),
    "08c.11": (with_scipy,),
    "08c.13": (by_waiting,),
    "08c.15": (step_by_step,),
}

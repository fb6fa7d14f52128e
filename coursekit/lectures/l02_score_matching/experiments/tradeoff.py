"""How much noise should a score be learnt with? (figure 02.A)

A network trained with noise sigma answers for the score of the *noised* data. Its error
against the score of the data has two parts: the bias, which is the exact noised score
against the exact clean one and grows with sigma; and the estimation error, the network
against the exact noised score, which grows as sigma gets small. Both are measured where
the data are and where they are not.
"""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture, lopsided
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l02_score_matching.experiments.training import (
    train_ncsn,
    train_single,
)

SIGMAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
BOX = 2.5  # half the side of the square in which the empty regions are looked for
RARE = 0.01  # "empty": less dense than all but this share of the data


def places(data: Mixture, n: int, seed: int) -> dict[str, Tensor]:
    """Where errors are measured: "near", fresh data, and "far", empty places.

    "far": uniform in the box, kept where the density is below its RARE quantile over
    data. Both (n, 2), float64.
    """
    generator = torch.Generator().manual_seed(seed + 41_000)
    near = data.sample(n, generator)
    limit = data.log_prob(near).quantile(RARE)
    uniform = torch.rand(8 * n, 2, generator=generator, dtype=torch.float64)
    box = BOX * (2 * uniform - 1)
    return {"near": near, "far": box[data.log_prob(box) < limit][:n]}


def at_level(net: nn.Module, sigma: float) -> Callable[[Tensor], Tensor]:
    """The network's answer at one noise level: a function of x alone."""
    return lambda x: cast(Tensor, net(x, torch.tensor(sigma)))


@torch.no_grad()
def parts(
    score: Callable[[Tensor], Tensor], data: Mixture, sigma: float, x: Tensor
) -> dict[str, float]:
    """Total error, bias and estimation error of a score at x, relative.

    Each is a mean square over the points, divided by that of the true score: 1 is what
    the answer 0 would cost.
    """
    truth, target = data.score(x), data.noised(1.0, sigma).score(x)
    answer = score(x.float()).double()
    size = truth.square().mean()
    return {
        "total": float((answer - truth).square().mean() / size),
        "bias": float((target - truth).square().mean() / size),
        "estimation": float((answer - target).square().mean() / size),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """One network per level and seed, and one for all levels, equally long trained.

    Keys: sigmas; for place P in near, far: P_total, P_bias, P_estimation, P_ncsn (the
    total error of the network for all levels), each a list with P_x_std; P_best (the
    level with the least total error, +_std, _all), P_least (that error), P_interior
    (the number of seeds in which it lies inside the range), P_smallest and P_largest
    (the total error at both ends). All on 2,000 points. quick: one seed, a ninth of the
    steps.
    """
    seeds = seeds[:1] if quick else seeds
    data, steps = lopsided(), 500 if quick else 4500

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 17_000)
        points = data.sample(2000, generator)
        ncsn = train_ncsn(points, SIGMAS[0], SIGMAS[-1], seed, steps)
        singles = [train_single(points, sigma, seed, steps) for sigma in SIGMAS]
        found: Result = {}
        for place, x in places(data, 2000, seed).items():
            rows = []
            for sigma, net in zip(SIGMAS, singles, strict=True):
                many = parts(at_level(ncsn, sigma), data, sigma, x)["total"]
                rows.append(parts(at_level(net, sigma), data, sigma, x))
                rows[-1]["ncsn"] = many
            lists = columns(rows)
            total = lists["total"]
            ends = {"smallest": total[0], "largest": total[-1], "least": min(total)}
            best = SIGMAS[total.index(min(total))]
            found |= prefixed(place, {**lists, **ends, "best": best})
        return found

    result = for_seeds(one, seeds)
    for place in ("near", "far"):
        inside = [best in SIGMAS[1:-1] for best in result[f"{place}_best_all"]]
        result[f"{place}_interior"] = sum(inside)
    return result | {"sigmas": list(SIGMAS), "num_seeds": len(seeds)}

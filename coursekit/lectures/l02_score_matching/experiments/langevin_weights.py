"""What Langevin sampling gets right and what it cannot (figure 02.B).

Two far blobs of weights 0.2 and 0.8, as in Song & Ermon (2019). Between them the score
says nothing about the weights, so a walk that starts everywhere fills both alike.
Annealing starts where the noise has merged the blobs, and there the weights are felt.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.films import last
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l02_score_matching.experiments.training import train_ncsn
from coursekit.models.score_net import sigma_ladder
from coursekit.theory.langevin import annealed_langevin, langevin

SIGMA_MAX, SIGMA_MIN, LEVELS = 10.0, 0.1, 10
STEP = 0.05  # of the walks that are not annealed
SIZES = (0.05, 0.2, 0.5, 1.0)  # of steps, where the variance is looked at
Score = Callable[[Tensor, Tensor], Tensor]  # score(x, sigma)


def two_blobs(distance: float = 4.0, std: float = 0.5) -> Mixture:
    """Weights 0.2 and 0.8 on a diagonal, `distance` from the centre each way."""
    place = distance / 2**0.5
    return Mixture(
        torch.tensor([0.2, 0.8]),
        torch.tensor([[-place, -place], [place, place]]),
        torch.tensor([std, std]),
    )


def everywhere(n: int, generator: torch.Generator, side: float = 6.0) -> Tensor:
    """n points spread evenly over the square [-side, side]^2, float64."""
    return side * (2 * torch.rand(n, 2, generator=generator, dtype=torch.float64) - 1)


def light(x: Tensor) -> float:
    """The share of points on the side of the light blob, and not far from it."""
    return float((x.sum(1) < 0).double().mean())


def exact_score(data: Mixture) -> Score:
    """score(x, sigma): the exact score of the data with noise of that level."""

    def score(x: Tensor, sigma: Tensor) -> Tensor:
        return data.noised_score(x, torch.ones(len(x)), sigma.expand(len(x)))

    return score


def weights_found(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Start everywhere, walk with three scores, count who ends where.

    Keys, all with _std and _all: truth (share of exact samples in the light blob);
    plain, no_noise, annealed (exact scores), learned (annealed, a network's scores),
    learned_single (plain, the network's score at the smallest level); each also with
    _distance, the energy distance to exact samples.
    """
    data, exact = two_blobs(), exact_score(two_blobs())
    n, steps, training = (500, 300, 1000) if quick else (2000, 1000, 3000)
    sigmas = sigma_ladder(SIGMA_MAX, SIGMA_MIN, LEVELS)
    lowest = sigmas[-1].float()

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 5000)
        truth = data.sample(n, generator)
        start = everywhere(n, generator)
        frozen = start
        for _ in range(steps):
            frozen = frozen + STEP / 2 * data.score(frozen)
        walk = langevin(data.score, start, STEP, steps, generator)
        ends = {
            "truth": data.sample(n, generator),
            "plain": last(walk),
            "no_noise": frozen,
            "annealed": last(
                annealed_langevin(exact, start, sigmas, generator=generator)
            ),
        }
        net = train_ncsn(data, SIGMA_MIN, SIGMA_MAX, seed, training)
        first, own = start.float(), torch.Generator().manual_seed(seed)
        with torch.no_grad():
            ends["learned_single"] = last(
                langevin(lambda x: net(x, lowest), first, STEP, 500, generator)
            )
            ends["learned"] = last(annealed_langevin(net, first, sigmas, generator=own))
        found = {name: light(x) for name, x in ends.items()}
        for name, x in ends.items():
            found[f"{name}_distance"] = energy_distance(x, truth)
        return found

    return {"points": n, "steps": steps, **for_seeds(one, seeds)}


def step_size(seeds: Sequence[int] = (0, 1, 2)) -> Result:
    """Where Langevin walks settle on N(0, 1): variance by step, found and in theory.

    x <- (1 - step/2) x + sqrt(step) z settles at the variance 1 / (1 - step/4): right
    only as the step goes to zero. Keys: sizes, variance, variance_std, theory.
    """

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 9000)
        found = []
        for step in SIZES:
            start = torch.zeros(20_000, 1, dtype=torch.float64)
            walk = langevin(lambda x: -x, start, step, round(12 / step), generator)
            found.append(float(last(walk).var()))
        return {"variance": found}

    theory = [1 / (1 - step / 4) for step in SIZES]
    return {"sizes": list(SIZES), "theory": theory, **for_seeds(one, seeds)}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`weights_found`, and `step_size` with the prefix step_."""
    return weights_found(seeds, quick) | prefixed("step", step_size(seeds))

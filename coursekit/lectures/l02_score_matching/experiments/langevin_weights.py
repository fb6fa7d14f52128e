"""What Langevin sampling gets right and what it cannot (figure 02.B).

Two far blobs of weights 0.2 and 0.8, as in Song & Ermon (2019). Between them the score
says nothing about the weights, so a walk that starts everywhere fills both alike.
Annealing starts where the noise has merged the blobs, and there the weights are felt.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.lectures.l02_score_matching.experiments.training import train_ncsn
from coursekit.models.score_net import sigma_ladder
from coursekit.theory.langevin import annealed_langevin, langevin

SIGMA_MAX, SIGMA_MIN, LEVELS = 10.0, 0.1, 10
STEP = 0.05  # of the walks that are not annealed
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


def last(states: Iterable[Tensor]) -> Tensor:
    """The final state of a sampler."""
    *_, x = states
    return x


def exact_score(data: Mixture) -> Score:
    """score(x, sigma): the exact score of the data with noise of that level."""

    def score(x: Tensor, sigma: Tensor) -> Tensor:
        return data.noised_score(x, torch.ones(len(x)), sigma.expand(len(x)))

    return score


def weights_found(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False, learn: bool = True
) -> Result:
    """Start everywhere, walk with three scores, count who ends where.

    Keys, all with _std and _all: truth (share of exact samples in the light blob);
    plain, no_noise, annealed (exact scores), learned (annealed, a network's scores),
    learned_single (plain, the network's score at the smallest level); each also with
    _distance, the energy distance to exact samples; floor_distance.
    """
    data, exact = two_blobs(), exact_score(two_blobs())
    n, steps = (500, 300) if quick else (2000, 1000)
    sigmas = sigma_ladder(SIGMA_MAX, SIGMA_MIN, LEVELS)
    rows: dict[str, list[float]] = {}
    for seed in seeds:
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
        if learn:
            ends |= learned_ends(data, start, sigmas, seed, quick, generator)
        for name, x in ends.items():
            rows.setdefault(name, []).append(light(x))
            distance = energy_distance(x, truth)
            rows.setdefault(f"{name}_distance", []).append(distance)
    result: Result = {"points": n, "steps": steps}
    for name, values in rows.items():
        result |= over_seeds(name, values)
    return result


@torch.no_grad()
def walk_learned(net: Score, start: Tensor, sigmas: Tensor, seed: int) -> Tensor:
    """The end of an annealed walk with a network's scores; float32."""
    generator = torch.Generator().manual_seed(seed)
    return last(annealed_langevin(net, start.float(), sigmas, generator=generator))


def learned_ends(
    data: Mixture,
    start: Tensor,
    sigmas: Tensor,
    seed: int,
    quick: bool,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """The same walks with one trained network: annealed, and at its lowest level."""
    with torch.enable_grad():
        steps = 1000 if quick else 3000
        net = train_ncsn(data, SIGMA_MIN, SIGMA_MAX, seed, steps)
    lowest = sigmas[-1].float()
    with torch.no_grad():
        single = last(
            langevin(lambda x: net(x, lowest), start.float(), STEP, 500, generator)
        )
    return {
        "learned": walk_learned(net, start, sigmas, seed),
        "learned_single": single,
    }


def step_size(
    seeds: Sequence[int] = (0, 1, 2), steps: Sequence[float] = (0.05, 0.2, 0.5, 1.0)
) -> Result:
    """Where Langevin walks settle on N(0, 1): variance by step, found and in theory.

    x <- (1 - step/2) x + sqrt(step) z settles at the variance 1 / (1 - step/4): right
    only as the step goes to zero. Keys: sizes, variance, variance_std, theory.
    """
    rows = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 9000)
        row = []
        for step in steps:
            start = torch.zeros(20_000, 1, dtype=torch.float64)
            num_steps = round(12 / step)
            x = last(langevin(lambda x: -x, start, step, num_steps, generator))
            row.append(float(x.var()))
        rows.append(row)
    result: Result = {"sizes": list(steps), "theory": [1 / (1 - h / 4) for h in steps]}
    return result | curves("variance", rows)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`weights_found`, and `step_size` with the prefix step_."""
    result = weights_found(seeds, quick)
    return result | {f"step_{k}": v for k, v in step_size(seeds).items()}

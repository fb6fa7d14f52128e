"""Three ways to learn a score without knowing it: error and cost (figure 02.S).

Implicit score matching needs the trace of a Jacobian, sliced score matching one random
projection of it, denoising score matching nothing but noise. Their errors are compared
on a mixture with a known score, their cost as the dimension grows.
"""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture
from coursekit.experiments.summary import Result, mean_std, over_seeds
from coursekit.lectures.l02_score_matching.experiments.training import fit
from coursekit.models.mlp import EpsMLP
from coursekit.theory.score import dsm_loss, ism_loss, ssm_loss

DIMS = (2, 8, 32, 128)
SIGMA = 0.1  # the noise of denoising score matching
Score = Callable[[Tensor], Tensor]


def smooth_blobs() -> Mixture:
    """Three broad blobs: their score is finite, smooth and not too steep to learn."""
    return Mixture(
        torch.tensor([0.5, 0.3, 0.2]),
        torch.tensor([[-1.2, -0.4], [0.9, 1.1], [1.3, -1.0]]),
        torch.tensor([0.5, 0.35, 0.4]),
    )


def bare_net(dim: int, seed: int, width: int = 128) -> Score:
    """A network without a noise level: score(x)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EpsMLP(dim, width, time=False)
    return _Timeless(net)


class _Timeless(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x, torch.zeros(()))
        return out


def losses(score: Score) -> dict[str, Callable[[Tensor, torch.Generator], Tensor]]:
    """The three losses of one network, each of (x0, generator)."""

    def sliced(x: Tensor, generator: torch.Generator) -> Tensor:
        return ssm_loss(score, x, torch.randn(x.shape, generator=generator))

    def denoising(x: Tensor, generator: torch.Generator) -> Tensor:
        eps = torch.randn(x.shape, generator=generator)
        return dsm_loss(score, x, SIGMA, eps)

    return {
        "ism": lambda x, generator: ism_loss(score, x),
        "ssm": sliced,
        "dsm": denoising,
    }


def errors(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False, data: Mixture | None = None
) -> Result:
    """Train one network with each loss for equally many steps; relative errors.

    Keys, +_std and _all: ism, ssm, dsm: mean squared error against the score of the
    data, over that score's mean square; dsm_own: against the score it was asked for,
    that of the data with noise SIGMA; dsm_bias: between the two. steps, sigma.
    """
    mixture, steps = data or smooth_blobs(), 400 if quick else 2000
    rows: dict[str, list[float]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 23_000)
        x = mixture.sample(4000, generator)
        truth, noised = mixture.score(x), mixture.noised(1.0, SIGMA).score(x)
        size = truth.square().mean()
        found = {"dsm_bias": float((noised - truth).square().mean() / size)}
        for name in ("ism", "ssm", "dsm"):
            score = bare_net(2, seed)
            assert isinstance(score, nn.Module)
            fit(score, losses(score)[name], mixture, steps, seed=seed + 1000)
            with torch.no_grad():
                answer = score(x.float()).double()
            found[name] = float((answer - truth).square().mean() / size)
            if name == "dsm":
                own = (answer - noised).square().mean() / noised.square().mean()
                found["dsm_own"] = float(own)
        for name, value in found.items():
            rows.setdefault(name, []).append(value)
    result: Result = {"steps": steps, "sigma": SIGMA}
    for name, values in rows.items():
        result |= over_seeds(name, values)
    return result


def gradient_seconds(name: str, dim: int, batch: int = 128, repeats: int = 5) -> float:
    """Median seconds of one loss and its gradient, on one network of width 128."""
    score = bare_net(dim, 0)
    assert isinstance(score, nn.Module)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, dim, generator=generator)
    loss = losses(score)[name]
    spent = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        score.zero_grad()
        loss(x, generator).backward()  # type: ignore[no-untyped-call]
        spent.append(time.perf_counter() - start)
    return float(torch.tensor(spent[1:]).median())


def cost(dims: Sequence[int] = DIMS, rounds: int = 3) -> Result:
    """Seconds of one gradient by dimension, relative to denoising at that dimension.

    Keys: dims; ism, ssm, dsm (lists of ratios, means of `rounds` rounds), +_std.
    """
    result: Result = {"dims": list(dims)}
    ratios: dict[str, list[list[float]]] = {n: [] for n in ("ism", "ssm", "dsm")}
    for dim in dims:
        for name in ratios:
            ratios[name].append([])
        for _ in range(rounds):
            unit = gradient_seconds("dsm", dim)
            for name, found in ratios.items():
                seconds = unit if name == "dsm" else gradient_seconds(name, dim)
                found[-1].append(seconds / unit)
    for name, found in ratios.items():
        result[name] = [mean_std(row)[0] for row in found]
        result[f"{name}_std"] = [mean_std(row)[1] for row in found]
    return result


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`errors`, and `cost` with the prefix cost_ (quick: up to 8 dimensions)."""
    result = errors(seeds, quick)
    spent = cost(DIMS[:2] if quick else DIMS)
    return result | {f"cost_{key}": value for key, value in spent.items()}

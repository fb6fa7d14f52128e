"""Three ways to learn a score without knowing it: error and cost (figure 02.S).

Implicit score matching needs the trace of a Jacobian, sliced score matching one random
projection of it, denoising score matching nothing but noise. Their errors are compared
on a mixture with a known score, their cost as the dimension grows.
"""

from collections.abc import Callable, Sequence
from statistics import median

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture
from coursekit.experiments.compute import seconds
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed, sum_up
from coursekit.experiments.train_toy import fit, fresh
from coursekit.models.mlp import EpsMLP
from coursekit.theory.score import dsm_loss, ism_loss, ssm_loss

DIMS = (2, 8, 32, 128)
NAMES = ("ism", "ssm", "dsm")  # implicit, sliced, denoising
SIGMA = 0.1  # the noise of denoising score matching
Score = Callable[[Tensor], Tensor]
Losses = tuple[Callable[..., Tensor], Callable[..., Tensor], Callable[..., Tensor]]
OURS: Losses = (ism_loss, ssm_loss, dsm_loss)


def smooth_blobs() -> Mixture:
    """Three broad blobs: their score is finite, smooth and not too steep to learn."""
    return Mixture(
        torch.tensor([0.5, 0.3, 0.2]),
        torch.tensor([[-1.2, -0.4], [0.9, 1.1], [1.3, -1.0]]),
        torch.tensor([0.5, 0.35, 0.4]),
    )


class Bare(nn.Module):
    """A network without a noise level: score(x)."""

    def __init__(self, dim: int) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.net = EpsMLP(dim, time=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, dim) to (N, dim)."""
        out: Tensor = self.net(x, torch.zeros(()))
        return out


def losses(
    score: Score, own: Losses = OURS
) -> dict[str, Callable[[Tensor, torch.Generator], Tensor]]:
    """The three losses of one network, each of (x0, generator). own: who wrote them."""
    implicit, of_a_line, of_noise = own

    def sliced(x: Tensor, generator: torch.Generator) -> Tensor:
        return of_a_line(score, x, torch.randn(x.shape, generator=generator))

    def denoising(x: Tensor, generator: torch.Generator) -> Tensor:
        eps = torch.randn(x.shape, generator=generator)
        return of_noise(score, x, SIGMA, eps)

    return {
        "ism": lambda x, generator: implicit(score, x),
        "ssm": sliced,
        "dsm": denoising,
    }


def errors(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False, own: Losses = OURS
) -> Result:
    """Train one network with each loss for equally many steps; relative errors.

    own: the three losses, such as a learner's.
    Keys, +_std and _all: ism, ssm, dsm: mean squared error against the score of the
    data, over that score's mean square; dsm_own: against the score it was asked for,
    that of the data with noise SIGMA; dsm_bias: between the two. steps, sigma.
    """
    mixture, steps = smooth_blobs(), 400 if quick else 2000

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 23_000)
        x = mixture.sample(4000, generator)
        truth, noised = mixture.score(x), mixture.noised(1.0, SIGMA).score(x)
        answers = {"dsm_bias": noised}
        for name in NAMES:
            net = fresh(seed, lambda: Bare(2))
            fit(net, losses(net, own)[name], mixture, steps, seed=seed + 1000)
            with torch.no_grad():
                like = next(net.parameters()).dtype
                answers[name] = net(x.to(like)).double()
        size = truth.square().mean()
        found = {
            name: float((answer - truth).square().mean() / size)
            for name, answer in answers.items()
        }
        off = (answers["dsm"] - noised).square().mean() / noised.square().mean()
        return found | {"dsm_own": float(off)}

    return {"steps": steps, "sigma": SIGMA, **for_seeds(one, seeds)}


def gradients(dim: int, batch: int = 128) -> dict[str, Callable[[], None]]:
    """One loss and its gradient, for each of NAMES, on networks of width 128."""
    x = torch.randn(batch, dim, generator=torch.Generator().manual_seed(0))

    def run(name: str) -> Callable[[], None]:
        net, generator = fresh(0, lambda: Bare(dim)), torch.Generator().manual_seed(0)
        loss = losses(net)[name]

        def once() -> None:
            net.zero_grad()
            loss(x, generator).backward()  # type: ignore[no-untyped-call]

        return once

    return {name: run(name) for name in NAMES}


def cost(dims: Sequence[int] = DIMS, rounds: int = 3) -> Result:
    """Seconds of one gradient by dimension, relative to denoising at that dimension.

    Keys: dims; ism, ssm, dsm (lists of ratios, means of `rounds` rounds), +_std. A
    round takes the median of five.
    """

    def one(dim: int) -> dict[str, float]:
        spent = {n: median(each) for n, each in seconds(gradients(dim), 5).items()}
        return {name: each / spent["dsm"] for name, each in spent.items()}

    rows = [columns(one(dim) for dim in dims) for _ in range(rounds)]
    return {"dims": list(dims), **sum_up(rows)}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`errors`, and `cost` with the prefix cost_ (quick: up to 8 dimensions)."""
    spent = cost(DIMS[:2] if quick else DIMS)
    return errors(seeds, quick) | prefixed("cost", spent)

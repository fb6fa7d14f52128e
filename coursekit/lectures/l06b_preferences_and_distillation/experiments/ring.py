"""The plane of notebook 06b: eight clouds of unequal weight, and who draws them how.

The clouds stand on a circle. The heaviest holds a quarter of all points, the lightest
four in a hundred, so that a student who neglects the rare shows it. All is known
exactly: which points are real, how much each cloud weighs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, ring
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result
from coursekit.experiments.train_toy import descend, fresh
from coursekit.models.mlp import EpsMLP
from coursekit.theory.flow import cfm_loss, follow
from coursekit.theory.solvers import time_grid

WEIGHTS = (0.25, 0.20, 0.15, 0.12, 0.10, 0.08, 0.06, 0.04)
RING: Mixture = replace(ring(8), weights=torch.tensor(WEIGHTS))
BATCH = 256
STEPS = 4000  # of training, for the model that all methods start from
NEAR = 4.0  # standard deviations around a centre that still belong to a cloud

Sampler = Callable[[Tensor, int], Tensor]  # (eps, evaluations of a network) -> x0


def points(n: int, generator: torch.Generator) -> Tensor:
    """Real points, (n, 2), float32."""
    return RING.sample(n, generator).float()


def base_model(seed: int, steps: int = STEPS) -> EpsMLP:
    """The flow that all methods start from, and that teaches: a velocity network."""
    model = fresh(seed, EpsMLP)

    def loss(generator: torch.Generator) -> Tensor:
        x0 = points(BATCH, generator)
        t = torch.rand(BATCH, generator=generator)
        return cfm_loss(model, x0, t, torch.randn(x0.shape, generator=generator))

    for _ in descend(model, loss, steps, seed=seed + 1000):
        pass
    return model.eval().requires_grad_(False)


def walk(model: EpsMLP, eps: Tensor, evaluations: int) -> Tensor:
    """Euler steps of even size from noise to data, without gradients."""
    with torch.no_grad():
        *_, x0 = follow(model, eps, time_grid(evaluations))
    return x0


@dataclass(frozen=True)
class Student:
    """Someone who draws points in few steps, and what it took to train them.

    evals: how many times a sample went through a network in training, forwards; a
    backward pass counts as two. seconds: of training, on one thread.
    """

    sampler: Sampler
    evals: float
    seconds: float


def on_clouds(x: Tensor) -> Result:
    """Who is on which cloud: what `judge` says, without the distance.

    Keys: `on`, the share within NEAR standard deviations of a centre; `tv`, the total
    variation between the shares of the clouds and their true weights; `masses`, these
    shares, in the order of WEIGHTS (of the points that are on a cloud); `entropy` of
    the shares, in nats.
    """
    apart = torch.cdist(x.double(), RING.means)
    nearest, which = apart.min(1)
    on = nearest < NEAR * RING.stds[which]
    shares = torch.bincount(which[on], minlength=len(WEIGHTS)).double()
    shares = shares / shares.sum().clamp(min=1)
    return {
        "on": float(on.double().mean()),
        "tv": float((shares - RING.weights).abs().sum() / 2),
        "masses": shares.tolist(),
        "entropy": float(torch.special.entr(shares).sum()),
    }


def judge(x: Tensor, seed: int = 0) -> Result:
    """What a crowd of points is worth: `on_clouds`, and one key more.

    `energy`: the energy distance to as many real points.
    """
    real = points(len(x), torch.Generator().manual_seed(99_000 + seed))
    return {"energy": energy_distance(x, real), **on_clouds(x)}

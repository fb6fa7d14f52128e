"""Train a small network on the straight path, in a few seconds, whatever it predicts.

The caller says how data and noise are paired: strangers, partners from reflow, or dealt
out by optimal transport.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import SHAPES
from coursekit.experiments.train_toy import descend, fresh
from coursekit.models.mlp import EpsMLP
from coursekit.theory.couplings import ot_coupling
from coursekit.theory.flow import cfm_loss
from coursekit.training.objectives import Flow

Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]  # -> x0, eps
BATCH = 256


def strangers(shape: str) -> Draw:
    """Fresh points of a toy shape and fresh noise that know nothing of each other."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x0 = SHAPES[shape](n, generator).float()
        return x0, torch.randn(x0.shape, generator=generator)

    return draw


def partners(x0: Tensor, eps: Tensor) -> Draw:
    """Rows drawn from a fixed list of pairs: what reflow trains on."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(x0), (n,), generator=generator)
        return x0[rows], eps[rows]

    return draw


def points_again(data: Tensor) -> Draw:
    """Rows of a finite data set with fresh noise."""

    def draw(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x0 = data[torch.randint(len(data), (n,), generator=generator)]
        return x0, torch.randn(x0.shape, generator=generator)

    return draw


def dealt_out(shape: str) -> Draw:
    """Fresh data, and noise dealt out again by optimal transport in each batch."""
    draw = strangers(shape)

    def dealt(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x0, eps = draw(n, generator)
        return x0, ot_coupling(x0, eps)

    return dealt


def train_flow(
    draw: Draw,
    kind: str = "velocity",
    steps: int = 3000,
    seed: int = 0,
    start: nn.Module | None = None,
    sigma_min: float = 0.0,
    width: int = 128,
    depth: int = 3,
) -> EpsMLP:
    """Train an `EpsMLP` to predict `kind`, in eval mode. 5 seconds for 3000 steps.

    Times are uniform in [0, 1]. start: a network whose weights to begin with.
    sigma_min: a blur of the data end (velocity only).
    """
    model = fresh(seed, lambda: EpsMLP(2, width, depth))
    if start is not None:
        model.load_state_dict(start.state_dict())

    def loss(generator: torch.Generator) -> Tensor:
        x0, eps = draw(BATCH, generator)
        t = torch.rand(BATCH, generator=generator)
        if kind == "velocity":
            return cfm_loss(model, x0, t, eps, sigma_min)
        if kind == "score":
            t = t.clamp(min=1e-3)  # its target is infinite at t = 0
        return Flow(kind).loss(model, x0, t, eps)

    for _ in descend(model, loss, steps, seed=seed + 1000):
        pass
    return model.eval()

"""Train a small network on the straight path, in a few seconds, whatever it predicts.

One compact loop serves every 2-D experiment of lecture 3. The caller says how data and
noise are paired: strangers, partners from reflow, or dealt out by optimal transport.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import SHAPES
from coursekit.models.mlp import EpsMLP
from coursekit.theory.couplings import ot_coupling
from coursekit.theory.flow import cfm_loss
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath

Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]  # -> x0, eps


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


def loss_of(kind: str, model: nn.Module, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """The loss that trains a network to predict `kind`, a scalar.

    "score" is weighted with sigma^2, as Song & Ermon 2019 do, and keeps away from t = 0
    where its target is infinite; the others are plain mean squares.
    """
    if kind == "velocity":
        return cfm_loss(model, x0, t, eps)
    if kind == "score":
        t = t.clamp(min=1e-3)
    each = prediction_loss(model, LinearPath(), kind, x0, t, eps)
    return (each * t**2).mean() if kind == "score" else each.mean()


def train_flow(
    draw: Draw,
    kind: str = "velocity",
    steps: int = 3000,
    batch: int = 256,
    rate: float = 2e-3,
    width: int = 128,
    depth: int = 3,
    seed: int = 0,
    start: nn.Module | None = None,
    sigma_min: float = 0.0,
) -> tuple[nn.Module, list[float]]:
    """Train an `EpsMLP` to predict `kind`; the network in eval mode, all losses.

    Times are uniform in [0, 1]; Adam with a cosine decay of the rate to zero, gradients
    clipped at norm 1. start: a network whose weights to begin with. sigma_min: a blur
    of the data end (velocity only). About 5 seconds for 3000 steps on one core.
    """
    with torch.random.fork_rng(devices=[]):  # initialise without touching the caller
        torch.manual_seed(seed)
        model = EpsMLP(dim=2, width=width, depth=depth)
    if start is not None:
        model.load_state_dict(start.state_dict())
    generator = torch.Generator().manual_seed(seed + 1000)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    losses = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        x0, eps = draw(batch, generator)
        t = torch.rand(batch, generator=generator)
        if sigma_min:
            loss = cfm_loss(model, x0, t, eps, sigma_min)
        else:
            loss = loss_of(kind, model, x0, t, eps)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
    return model.eval(), losses

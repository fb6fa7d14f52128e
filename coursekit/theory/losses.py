"""Losses: how far a network's answer is from what it should have said."""

from torch import Tensor

from coursekit.theory.paths import Path
from coursekit.theory.prediction import AnyModel, mix


def prediction_loss(
    model: AnyModel,
    path: Path,
    kind: str,
    x0: Tensor,
    t: Tensor,
    eps: Tensor,
    cond: Tensor | None = None,
) -> Tensor:
    """The mean squared error of each sample, for any path and any kind of prediction.

    Corrupt x0 to xt = alpha x0 + sigma eps, ask the network, and compare its answer
    with the target a x0 + b eps of that kind (`row`). For kind "eps" on a DDPM path,
    the average over the batch is L_simple (Ho et al. 2020, eq. 14).

    x0, eps: (B, ...); t: (B,). Returns (B,): weight and average them as you like.
    """
    xt = path.corrupt(x0, eps, t)
    y = model(xt, t) if cond is None else model(xt, t, cond)
    return ((y - mix(kind, path, x0, eps, t)) ** 2).flatten(start_dim=1).mean(dim=1)

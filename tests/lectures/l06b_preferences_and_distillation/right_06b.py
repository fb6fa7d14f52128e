"""Right versions of lecture 06b's exercises in other styles: each must pass."""

from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, softplus

from coursekit.checks.spec import Function

# 6.11 to 6.13: votes and rewards


def two_classes(better: Tensor, worse: Tensor) -> Tensor:
    """The winner is the first of two classes."""
    first = torch.zeros(len(better), dtype=torch.long)
    return cross_entropy(torch.stack([better, worse], dim=1), first)


def soft_difference(better: Tensor, worse: Tensor) -> Tensor:
    return softplus(worse - better).sum() / better.numel()


def walk_by_hand(
    velocity, reward, eps, ts, stop, mean=0.0, std=1.0, margin=2.0
) -> Tensor:
    x = eps
    for step in range(stop):
        now = ts[step].to(x.dtype).repeat(len(x))
        x = (x + (ts[step + 1] - ts[step]) * velocity(x, now)).detach()
    t = ts[stop].to(x.dtype).repeat(len(x))
    guess = x - t[:, None] * velocity(x, t)
    lack = margin - (reward(guess) - mean) / std
    return torch.where(lack > 0, lack, torch.zeros_like(lack)).mean()


def watched_walk(
    velocity, reward, eps, ts, stop, mean=0.0, std=1.0, margin=2.0
) -> Tensor:
    """Gradients are cut where the walk ends."""
    x, early = eps.clone(), torch.no_grad()
    with early:
        for t, s in pairwise(ts[: stop + 1]):
            x += (s - t) * velocity(x, t.to(x).expand(len(x)))
    t = ts[stop].to(x).expand(len(x))
    x0 = x - velocity(x, t) * ts[stop].to(x)
    return (mean + margin * std - reward(x0)).clamp(min=0).mean() / std


def by_hand(model, reference, x0, t, eps, beta, cond=None) -> Tensor:
    if model is reference:
        raise ValueError("a frozen copy, please")
    late = t.view(-1, *[1] * (x0.ndim - 1))
    xt, told = (1 - late) * x0 + late * eps, () if cond is None else (cond,)
    gain = 0.0
    for network, sign in ((reference, 1), (model, -1)):
        off = network(xt, t, *told) - eps + x0
        gain = gain + sign * (off if sign < 0 else off.detach()).square()
    return beta / 2 * gain.flatten(1).mean(1)


def one_batch(model, reference, better, worse, t, eps, beta, cond=None):
    """Winners and losers in one batch of twice the size."""
    x0, late, noise = (
        torch.cat([better, worse]),
        torch.cat([t, t]),
        eps.repeat(2, *[1] * (eps.ndim - 1)),
    )
    told = None if cond is None else torch.cat([cond, cond])
    won, lost = by_hand(model, reference, x0, late, noise, beta, told).chunk(2)
    return softplus(lost - won).mean(), won.detach() - lost.detach()


def from_errors(model, reference, better, worse, t, eps, beta, cond=None):
    def error(network, x0):
        late = t.view(-1, *[1] * (x0.ndim - 1))
        xt = torch.lerp(x0, eps, late)
        seen = network(xt, t) if cond is None else network(xt, t, cond)
        return mse_loss(seen, eps - x0, reduction="none").flatten(1).mean(1)

    with torch.no_grad():
        known = error(reference, better) - error(reference, worse)
    inside = beta / 2 * (known - error(model, better) + error(model, worse))
    return -torch.nn.functional.logsigmoid(inside).mean(), inside.data


# 6.14 and 6.15: a flow that rolls dice

# 6.16 and 6.17: fewer steps

# 6.18 and 6.19: judges and average velocities

RIGHT: dict[str, tuple[Function, ...]] = {
    "06b.1": (two_classes, soft_difference),
    "06b.4": (walk_by_hand, watched_walk),
    "06b.6": (by_hand,),
    "06b.7": (one_batch, from_errors),
}

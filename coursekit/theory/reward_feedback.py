"""ReFL (Xu et al. 2023): climb the slope of a reward through one prediction.

A whole sampling run is too long to differentiate through. ReFL walks most of the way
without gradients, looks from there at the picture that is about to come, and asks the
reward about it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.flow import Velocity, follow, from_velocity
from coursekit.theory.solvers import spread_time

Reward = Callable[[Tensor], Tensor]  # reward(x0) -> (B,)


def hinge(reward: Tensor, mean: float, std: float, margin: float) -> Tensor:
    """What a reward lacks: max(0, margin - (reward - mean) / std).

    ReFL's map from a reward to a loss (Xu et al. 2023; ReFL.py of ImageReward, where
    the mean is 0.167, the std 1.033 and the margin 2). Mean and std are those of the
    reward on ordinary samples. A sample that is good enough has no gradient any more.
    Any shape.
    """
    return (margin - (reward - mean) / std).relu()


def refl_loss(
    velocity: Velocity,
    reward: Reward,
    eps: Tensor,
    ts: Tensor,
    stop: int,
    mean: float = 0.0,
    std: float = 1.0,
    margin: float = 2.0,
) -> Tensor:
    """The reward term of ReFL (Xu et al. 2023, reward feedback learning).

    Take `stop` Euler steps (`follow`) without gradients, from eps at ts[0] to ts[stop].
    There ask the velocity once more, now with gradients, for the x0 that
    `from_velocity` reads off it, and average the `hinge` of its reward. Gradients flow
    into the last answer only: through the reward, the prediction and the network.

    eps: (B, ...); ts: (N + 1,) decreasing times; stop: from 0 to N - 1, so that
    ts[stop] is above 0 (`late_stop` draws it). Returns a scalar.
    """
    with torch.no_grad():
        *_, xt = follow(velocity, eps, ts[: stop + 1])
    t = spread_time(ts[stop], xt)
    x0 = from_velocity(velocity(xt, t), xt, t).x0
    return hinge(reward(x0), mean, std, margin).mean()


def late_stop(steps: int, share: float, generator: torch.Generator) -> int:
    """Where to stop: an even draw from the last steps of a walk of `steps` steps.

    share: the part of the walk that counts as late, in (0, 1]; ReFL.py of ImageReward
    takes the last 10 of 40. Returns the number of steps to take before the prediction,
    from steps - round(share * steps) to steps - 1; at least one is always possible.
    """
    first = steps - max(round(share * steps), 1)
    return int(torch.randint(first, steps, (), generator=generator))

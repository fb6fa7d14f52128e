"""Guess the data, be judged by the velocity (Li & He 2025, "JiT").

A network that looks at large patches of pixels does well to answer with the data: a
clean patch is simple, a noisy one is not. Its loss and its sampler still want a
velocity. On the straight path xt - x0 = t (eps - x0), so it is (xt - x0) / t. That
division is why the weight is large where there is little noise, and it needs an end.
"""

from torch import Tensor

from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.prediction import AnyModel

LEAST = 0.05  # the smallest time that divides, by default (as in JiT's code)


def clamped_velocity(xt: Tensor, x0: Tensor, t: Tensor, least: float = LEAST) -> Tensor:
    """The velocity from xt away from the guess x0: (xt - x0) / max(t, least).

    From time `least` on it is the velocity of the straight path through both. Below, it
    is slower by t / least, and at t = 0 it is still finite (Li & He 2025, in their code
    with the clock turned round). xt, x0: (B, ...); t: (B,) or () in [0, 1]; least:
    above 0. Returns xt's shape.
    """
    return expand_as(1 / t.double().clamp(min=least), xt) * (xt - x0)


def clamped_velocity_loss(
    model: AnyModel,
    x0: Tensor,
    t: Tensor,
    eps: Tensor,
    cond: Tensor | None = None,
    least: float = LEAST,
) -> Tensor:
    """The mean squared error of the velocity, clamped on both sides (Li & He 2025).

    Corrupt x0 to xt = (1 - t) x0 + t eps, ask the network for a velocity, and compare
    it with `clamped_velocity` of xt and the true x0. The target needs the clamp as much
    as the answer does: against eps - x0, the right x0 would look wrong below `least`.
    An answer made of a guess of x0 has the guess's error, over max(t, least)^2. A
    network that says a velocity by itself is judged by the same numbers.

    x0, eps: (B, ...); t: (B,); cond is handed to the model only where it is given.
    Returns (B,): weight and average them as you like.
    """
    xt = LinearPath().corrupt(x0, eps, t)
    y = model(xt, t) if cond is None else model(xt, t, cond)
    off = y - clamped_velocity(xt, x0, t, least)
    return (off**2).flatten(start_dim=1).mean(dim=1)

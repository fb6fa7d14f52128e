"""A flow as a policy: its steps get noise, and with it a probability.

An Euler step goes to one place, so nothing can be said about how probable it was. The
SDE of Flow-GRPO (Liu et al. 2025) has the same crowd at every time, and each of its
steps is a draw from a normal law. What is drawn, how probable it was and how far two
policies are apart: all three are read off one `Transition`.
"""

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from coursekit.theory.paths import expand_as

Over = Literal["sum", "mean"]  # what becomes of the dimensions of a sample


class Transition(NamedTuple):
    """The normal law of the next state: N(mean, std^2), at least float32."""

    mean: Tensor  # (B, ...)
    std: Tensor  # (B,), the same for all dimensions of a sample


def precise(x: Tensor) -> Tensor:
    """x in float32 if it was in half precision, else as it is."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def transition(
    velocity: Tensor, xt: Tensor, t: Tensor, s: Tensor, noise_level: float
) -> Transition:
    """One step of Flow-GRPO's SDE from t to s < t, as a law (Liu et al. 2025).

        mean = x_t + (velocity + sigma^2 / (2 t) * (x_t + (1 - t) velocity)) (s - t)
        std  = sigma * sqrt(t - s),     sigma^2 = noise_level^2 * t / (1 - t)

    The bracket x_t + (1 - t) velocity is the predicted eps, and -eps / t is the score:
    it pulls back what the noise drives apart. At t = 1 sigma is infinite; there the 1 -
    t of sigma^2, and of nothing else, is 1 - s (sd3_sde_with_logprob.py of flow_grpo).
    With noise_level 0 it is an Euler step.

    Probabilities compare small differences, so all of it is in float32 or better, also
    for half-precision networks and inside autocast: use `precise` on what comes in.

    velocity, xt: (B, ...); t, s: (B,), t in (0, 1]; noise_level >= 0. Returns a
    `Transition`.
    """
    velocity, xt, t, s = map(precise, (velocity, xt, t, s))
    variance = noise_level**2 * t / (1 - torch.where(t == 1, s, t))
    eps = xt + expand_as(1 - t, xt) * velocity
    drift = velocity + expand_as(variance / (2 * t), xt) * eps
    return Transition(
        mean=xt + expand_as(s - t, xt) * drift,
        std=(variance * (t - s)).sqrt(),
    )


def draw(law: Transition, noise: Tensor) -> Tensor:
    """The next state: mean + std * noise. noise: standard normal, like the mean.

    Keep it as it is: rounded to half precision, it would be another state, with another
    probability.
    """
    return law.mean + expand_as(law.std, law.mean) * precise(noise)


def log_prob(law: Transition, x: Tensor, over: Over) -> Tensor:
    """The log density of the next state x under a `Transition`, for each sample.

    over="sum" adds the dimensions up: that is the density. over="mean" divides it by
    their number, as flow_grpo does; its probability ratios are much closer to 1, so
    they need a much narrower clip. No gradients flow through x: it is what happened.

    x: (B, ...). With std 0 there is no density: a ValueError. Returns (B,).
    """
    if not (law.std > 0).all():
        raise ValueError("a step without noise has no density: raise the noise level")
    std = expand_as(law.std, law.mean)
    error = (precise(x).detach() - law.mean) / std
    each = -(error**2) / 2 - std.log() - math.log(2 * math.pi) / 2
    return reduce(each, over)


def kl(law: Transition, reference: Transition, over: Over) -> Tensor:
    """The KL divergence of a step of the policy from the reference's, for each sample.

    Two normal laws with one std:  |mean - reference's mean|^2 / (2 std^2), with the std
    that the step samples with. (flow_grpo leaves the t - s out of it, so its penalty
    weighs less the more steps there are.)

    over: as for `log_prob`, and best the same as there. Other noise levels or times in
    the reference give another std: a ValueError. Returns (B,), 0 for equal laws.
    """
    if not torch.equal(law.std, reference.std):
        raise ValueError("both laws must belong to one step: their std differ")
    error = (law.mean - reference.mean) / expand_as(law.std, law.mean)
    return reduce(error**2 / 2, over)


def reduce(each: Tensor, over: Over) -> Tensor:
    """(B, ...) -> (B,): the sum or the mean over all dimensions but the first."""
    flat = each.flatten(1)
    return flat.sum(1) if over == "sum" else flat.mean(1)

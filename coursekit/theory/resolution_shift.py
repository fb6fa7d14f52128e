"""The same level of noise hides less of a larger picture: how times move with size.

On the straight path xt = (1 - t) x0 + t eps, n pixels that show one value c tell it
with the error t / ((1 - t) sqrt(n)) (Esser et al. 2024, section 5.3.2). Four times the
pixels halve it; at a later time it is as it was. All sizes are numbers of pixels, or of
latent places, not sides.
"""

import math

from torch import Tensor

from coursekit.theory.paths import expand_as


def estimate_value(xt: Tensor, t: Tensor) -> Tensor:
    """The best guess of the one value that all pixels of x0 show, for each sample.

    The mean of xt over the pixels, divided by 1 - t; its standard error is
    t / ((1 - t) sqrt(n)). xt: (B, ...); t: (B,) below 1. Returns (B,).
    """
    return xt.flatten(1).mean(1) / (1 - t)


def shift_factor(before: int, after: int) -> float:
    """sqrt(after / before): the factor of `shift_time` for as many pixels."""
    return math.sqrt(after / before)


def shift_time(t: Tensor, factor: float) -> Tensor:
    """The time at which `factor` times the noise stands before the data.

        factor t / (1 + (factor - 1) t)

    (Esser et al. 2024, section 5.3.2). It multiplies t / (1 - t) by `factor`: 0 and 1
    stay, shifts follow each other like products, and 1 / factor is the way back. With
    `shift_factor` a large picture is as uncertain at the new time as a small one at the
    old. It is also what a noise scale does: (1 - t) x0 + factor t eps, divided by
    1 + (factor - 1) t, lies on the straight path at the new time. Any shape.
    """
    return factor * t / (1 + (factor - 1) * t)


def without_noise_scale(xt: Tensor, t: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """A state with louder noise, as one of the straight path: what, and when.

    Of xt = (1 - t) x0 + scale t eps, the way HiDream-O1's code corrupts (scale 8):
    xt / (1 + (scale - 1) t), and `shift_time` of t by `scale`. Data and noise are the
    same ones, only both smaller. xt: (B, ...); t: (B,) or (); scale: above 0. Returns
    the shapes of xt and t.
    """
    return xt / expand_as(1 + (scale - 1) * t, xt), shift_time(t, scale)


def shift_time_exp(t: Tensor, mu: float) -> Tensor:
    """FLUX's form: e^mu / (e^mu + 1 / t - 1), which is `shift_time` by e^mu.

    t: above 0.
    """
    return math.exp(mu) / (math.exp(mu) + 1 / t - 1)

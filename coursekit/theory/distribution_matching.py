"""Distribution matching distillation (Yin et al. 2024): two judges and a one-step net.

A generator makes pictures. One judge, the teacher, knows the score of the real ones;
the other, the fake score, learns that of the generator's own as it changes. Their
difference says how each picture has to move to make the two laws equal: it is the
slope of a KL divergence.

Judges are velocities on the straight path: velocity(x, t) -> dx/dt.
"""

import torch
from torch import Tensor

from coursekit.theory.flow import Velocity, cfm_loss, conditional_path
from coursekit.theory.paths import expand_as
from coursekit.theory.robust_losses import squared_l2


def dmd_gradient(x: Tensor, x0_real: Tensor, x0_fake: Tensor) -> Tensor:
    """How the loss rises with a generated picture (Yin et al. 2024).

    What the fake judge holds for clean, minus what the real one does, in units of how
    far the real judge moves this picture:

        ( x0_fake - x0_real ) / mean| x - x0_real |

    The mean is over all entries of a sample, one number for each (code: DMD2,
    edm_guidance.py). A step *against* it goes towards the real data. For the same noisy
    picture a score is ((1 - t) x0 - x_t) / t^2 on the straight path: x0_fake - x0_real
    points like score_fake - score_real, and against eps_fake - eps_real.

    x: the generated picture, before the judges' noise; x0_real, x0_fake: what they say
    of the noisy one; each (B, ...). Returns the like of `x`; 0 where the real judge
    does not move the picture at all.
    """
    moved = (x - x0_real).abs().flatten(1).mean(1)
    return ((x0_fake - x0_real) / expand_as(moved, x)).nan_to_num(0.0, 0.0, 0.0)


def pseudo_loss(x: Tensor, gradient: Tensor) -> Tensor:
    """A loss whose gradient is the one given: |x - sg(x - gradient)|^2 / 2 a sample.

    sg stops the gradient. Each sample's loss has the slope `gradient` in x, so a mean
    over the batch has gradient / B. The value itself, |gradient|^2 / 2, says nothing
    about progress. |.|^2 sums over all entries. x, gradient: (B, ...). Returns (B,).
    """
    return squared_l2(x - (x - gradient).detach()) / 2


def dmd_loss(
    real: Velocity, fake: Velocity, x: Tensor, t: Tensor, eps: Tensor
) -> Tensor:
    """The generator's loss of distribution matching (Yin et al. 2024).

    Noise the generated picture, x_t = `conditional_path(x, eps, t)`; both judges say
    what is under the noise, x0 = x_t - t * velocity(x_t, t); their `dmd_gradient` is
    handed to x by `pseudo_loss`. Gradients flow into x and nowhere else: not into
    either judge, and not through them.

    x: (B, ...), the generator's; t: (B,), see `draw_judged_times`; eps: like `x`.
    Returns (B,).
    """
    with torch.no_grad():
        xt, level = conditional_path(x, eps, t), expand_as(t, x)
        x0_real = xt - level * real(xt, t)
        x0_fake = xt - level * fake(xt, t)
        gradient = dmd_gradient(x, x0_real, x0_fake)
    return pseudo_loss(x, gradient)


def fake_score_loss(fake: Velocity, x: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """The loss of the judge that learns the generator's law: flow matching on its x.

    `cfm_loss` with the generated pictures as data. The judge learns, the generator does
    not: no gradient reaches x. x, eps: (B, ...); t: (B,) in [0, 1]. Returns a scalar.
    """
    return cfm_loss(fake, x.detach(), t, eps)


def draw_judged_times(
    count: int,
    low: float = 0.02,
    high: float = 0.98,
    generator: torch.Generator | None = None,
) -> Tensor:
    """`count` uniform times from low to high, float32, for `dmd_loss`.

    The official code leaves out the lowest and highest 2 % of its levels: without noise
    there is nothing to judge, and in pure noise both judges see nothing.
    """
    return low + (high - low) * torch.rand(count, generator=generator)

"""An adversarial loss on a teacher's features (Sauer et al. 2024, LADD).

A critic tells real samples from generated ones, but it does not look at them: it reads
what a frozen diffusion network computes when it is shown them with noise. The noise
level decides what is compared, the large shapes or the fine detail.

A judge is a function judge(x_t, t) -> scores, of any shape, large for real: heads that
learn, on features of a network that does not.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.theory.flow import conditional_path
from coursekit.theory.vae import hinge_critic

Judge = Callable[[Tensor, Tensor], Tensor]  # judge(x_t, t) -> scores
Features = Callable[[Tensor, Tensor], list[Tensor]]  # features(x_t, t), (B, ...) each


def judge_of(features: Features, heads: list[Callable[[Tensor], Tensor]]) -> Judge:
    """One head for each layer's features; their scores in one row: (B, all scores).

    The weights behind `features` must not learn (`requires_grad_(False)`); gradients
    still flow through them to what is judged.
    """

    def judge(xt: Tensor, t: Tensor) -> Tensor:
        layers = zip(heads, features(xt, t), strict=True)
        return torch.cat([head(layer).flatten(1) for head, layer in layers], 1)

    return judge


def critic_loss(
    judge: Judge, real: Tensor, fake: Tensor, t: Tensor, eps: Tensor
) -> Tensor:
    """What the heads minimise: `hinge_critic` of real and generated samples in noise.

    Both are brought to the same times with the same noise (`conditional_path`), so that
    the samples are all that differs. No gradient reaches `fake`. real, fake, eps:
    (B, ...); t: (B,). Returns a scalar.
    """
    noisy_real = conditional_path(real, eps, t)
    noisy_fake = conditional_path(fake.detach(), eps, t)
    return hinge_critic(judge(noisy_real, t), judge(noisy_fake, t))


def generator_loss(judge: Judge, fake: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """What the generator minimises: minus the mean score of its samples in noise.

    The other half of the hinge game (Lim & Ye 2017): no margin here, so that it never
    stops pushing. Gradients flow through the judge into `fake`, and into the heads too,
    where they have to be thrown away. Returns a scalar.
    """
    return -judge(conditional_path(fake, eps, t), t).mean()

"""Diffusion-DPO (Wallace et al. 2023): learn from votes without a reward model.

What a network prefers can be read off its errors: it likes a picture better than a
frozen reference does where it predicts that picture's velocity better.
"""

import torch
from torch import Tensor

from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import AnyModel
from coursekit.theory.preferences import bradley_terry_loss


def implicit_reward(
    model: AnyModel,
    reference: AnyModel,
    x0: Tensor,
    t: Tensor,
    eps: Tensor,
    beta: float,
    cond: Tensor | None = None,
) -> Tensor:
    """How much better than the reference a velocity network knows each picture.

        -beta / 2 * ( error of the model - error of the reference )

    An error is that of `prediction_loss` (imported above), called as
    prediction_loss(model, LinearPath(), "velocity", x0, t, eps, cond): the mean square
    over the dimensions, one number for each row. Both errors are about the same t and
    eps. No gradients reach the reference.

    x0, eps: (B, ...); t: (B,); cond: (B, ...) or None. The reference is a frozen copy
    of the model; if it is the model itself, all rewards stay 0 for ever: a ValueError.
    Returns (B,).
    """
    if reference is model:
        raise ValueError("the reference must be a frozen copy, not the model itself")

    def error(network: AnyModel) -> Tensor:
        return prediction_loss(network, LinearPath(), "velocity", x0, t, eps, cond)

    with torch.no_grad():
        expected = error(reference)
    return -beta / 2 * (error(model) - expected)


def dpo_loss(
    model: AnyModel,
    reference: AnyModel,
    better: Tensor,
    worse: Tensor,
    t: Tensor,
    eps: Tensor,
    beta: float,
    cond: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The loss of Diffusion-DPO for a velocity network, and its margins.

    The `bradley_terry_loss` of the `implicit_reward`s of winner and loser. Both sides
    of a pair get the same t, the same eps and the same sentence, so that only the
    pictures differ (Wallace et al. 2023, with the flow's velocity for the noise;
    train.py of DiffusionDPO). beta is in units of 1 / (a mean square), so it depends on
    the scale of the data.

    better, worse, eps: (B, ...); t: (B,); cond: (B, ...) or None. Returns the tuple
    (loss, margins): a scalar with gradient, log 2 where the model is its reference; and
    (B,), reward of the winner minus that of the loser, without gradient. The share of
    margins above 0 is the implicit accuracy. (It says little: it is at its highest
    where a small beta has let the model fall apart.)
    """
    won = implicit_reward(model, reference, better, t, eps, beta, cond)
    lost = implicit_reward(model, reference, worse, t, eps, beta, cond)
    return bradley_terry_loss(won, lost), (won - lost).detach()

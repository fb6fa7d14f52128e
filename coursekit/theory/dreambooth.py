"""DreamBooth (Ruiz et al. 2023): learn one subject, and stay who you were."""

from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import AnyModel


class Rows(NamedTuple):
    """Some rows of a batch; row i of each belongs to picture i."""

    x0: Tensor  # (B, ...), the picture or its latent
    t: Tensor  # (B,)
    eps: Tensor  # like x0
    cond: Tensor  # (B, L), token ids of the sentence


def dreambooth_loss(
    model: AnyModel, subject: Rows, prior: Rows, weight: float
) -> Tensor:
    """The loss of DreamBooth for a velocity network (Ruiz et al. 2023, eq. 2).

    The mean of `prediction_loss` (imported above) over the subject's rows, plus weight
    times its mean over the prior's rows. It is called as prediction_loss(model,
    LinearPath(), "velocity", x0, t, eps, cond) and returns one error for each row.
    There may be more rows of one than of the other. All go through the network as one
    batch, in any order, and each keeps its own picture, time, noise and sentence. With
    weight 0 the network does not see the prior's rows: that is plain tuning, to the
    bit. Returns a scalar.
    """

    def errors(rows: Rows) -> Tensor:
        x0, t, eps, cond = rows
        return prediction_loss(model, LinearPath(), "velocity", x0, t, eps, cond)

    if weight == 0:
        return errors(subject).mean()
    both = Rows(*map(torch.cat, zip(subject, prior, strict=True)))
    each, count = errors(both), len(subject.x0)
    return each[:count].mean() + weight * each[count:].mean()

"""Few steps for masked diffusion: one step learns two of a teacher's.

Deschenaux & Gulcehre (2025, "Beyond autoregression", SDTT). A token that stays hidden
in the teacher's first step is predicted again in its second, from more text. The
student shall make that later prediction at once, from the text before. The predictions
it learns from are many, one for each way the first step may end, and the divergence
says which compromise it makes:

    forward, KL(teacher || student): their mean
    reverse, KL(student || teacher): their normalised geometric mean, where a token is
                                     likely only if it is likely in every one of them
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from coursekit.theory.masked_diffusion import Predict, uniforms
from coursekit.theory.unmasking import draw_tokens


class Targets(NamedTuple):
    """What the teacher's two steps say."""

    ids: Tensor  # (B, L), after the first step
    hidden: Tensor  # (B, L) bool, what is still hidden then
    log_p: Tensor  # (B, L, V), the later prediction where `hidden`, else the first


@torch.no_grad()
def two_step_targets(
    teacher: Predict,
    xt: Tensor,
    masked: Tensor,
    t: Tensor,
    s: Tensor,
    generator: torch.Generator | None = None,
) -> Targets:
    """The teacher's predictions on its way from t over the middle to s.

    Its first step shows each hidden token with the chance (t - m) / t, m = (t + s) / 2,
    drawn from its prediction; its second pass reads the result (Deschenaux & Gulcehre
    2025). A loss over `hidden` teaches the later predictions only; the published code
    averages over all of `masked`, where the shown tokens have the first one.

    xt: (B, L) int64; masked: (B, L) bool, what is hidden; t, s: (B,), s < t. No
    gradient reaches the teacher.
    """
    first = teacher(xt).log_softmax(-1)
    chance = ((t - s) / (2 * t)).to(xt.device).unsqueeze(1)
    shown = masked & (uniforms(tuple(xt.shape), xt.device, generator) < chance)
    ids, hidden = xt.clone(), masked & ~shown
    ids[shown] = draw_tokens(first[shown], 1.0, generator)
    later = teacher(ids).log_softmax(-1)
    return Targets(ids, hidden, torch.where(hidden[..., None], later, first))


def forward_kl(logits: Tensor, log_p: Tensor, where: Tensor) -> Tensor:
    """KL(teacher || student) = sum p (log p - log q): the mean is over the teacher.

    `kl_div(a, b)` is KL(b || a): it takes the student first. logits: (B, L, V), the
    student's; log_p: (B, L, V), the teacher's, normalised; where: (B, L) bool. Returns
    the mean over the tokens `where`, in nats; 0 if there are none.
    """
    log_q = logits[where].log_softmax(-1)
    each = kl_div(log_q, log_p[where], reduction="sum", log_target=True)
    return each / where.sum().clamp_min(1)


def reverse_kl(logits: Tensor, log_p: Tensor, where: Tensor) -> Tensor:
    """KL(student || teacher) = sum q (log q - log p): the mean is over the student.

    Arguments and result as in `forward_kl`.
    """
    log_q = logits[where].log_softmax(-1)
    each = kl_div(log_p[where], log_q, reduction="sum", log_target=True)
    return each / where.sum().clamp_min(1)

"""Fine-tuning on answers: what was asked is read, only the answer is learnt."""

from torch import Tensor

from coursekit.theory.masked_diffusion import token_losses


def answer_loss(logits: Tensor, ids: Tensor, counted: Tensor) -> Tensor:
    """The mean of -log p over the tokens of all answers, a scalar in nats.

    Logits i speak of the token in place i + 1; nothing speaks of the first token, and
    the last logits of none. Each counted token of the batch has the same weight, in
    long answers and short ones. logits: (B, L, V); ids: (B, L) long; counted: (B, L)
    bool, True on the answers' tokens, their <end> included.
    """
    nats = token_losses(logits[:, :-1], ids[:, 1:], counted[:, 1:])
    return nats.sum() / counted[:, 1:].sum()

"""Text from left to right: the chain rule p(x) = prod over i of p(x_i | x_0 .. x_i-1).

Every factor is a softmax over the words, so the product is a probability that is known
exactly: no bound, no integral.
"""

import math

from torch import Tensor

from coursekit.theory.masked_diffusion import token_losses


def next_token_bits(logits: Tensor, ids: Tensor, counted: Tensor) -> Tensor:
    """-log2 p(row) from left to right: the bits of its counted tokens, added up.

    Logits i speak of the token in place i + 1: when they are made, the tokens 0 .. i
    have been read. Nothing speaks of the first token, so it never counts, and the last
    logits speak of a token that is not there.

    logits: (B, L, V); ids: (B, L), below V where they count (elsewhere they are only
    read); counted: (B, L) bool. Gradients flow to the logits. Returns (B,) float64.
    """
    nats = token_losses(logits[:, :-1], ids[:, 1:], counted[:, 1:])
    return nats.double().sum(1) / math.log(2)

"""Block diffusion: left to right from block to block, masked diffusion inside each.

    -log p(x) = - sum over blocks k of log p( x_k | all blocks before k )

Each summand has the bound of masked diffusion, with a time of its own (Arriola et al.
2025, BD3-LM). Blocks of one place give the autoregressive model, one block for
everything gives the masked one. A finished block never changes, so its keys and values
can be kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.theory.masked_diffusion import masked_bound, stratified_times

Network = Callable[..., Tensor]  # as models.token_transformer.TokenTransformer


def block_mask(prompt: int, length: int, size: int) -> Tensor:
    """Who may look at whom in the doubled row [noisy; prompt; clean].

    A noisy block sees itself, the prompt and the clean blocks before it. A clean block
    sees itself, the prompt and the clean blocks before it, the prompt only itself
    (Arriola et al. 2025: their three masks in one table). So all blocks
    are trained in one pass, each with the true text before it.

    prompt, length: tokens of the prompt (0: none) and of the rest; size: tokens of a
    block, the last one may be shorter. Returns (T, T) bool, True where the row's token
    may look at the column's, T = length + prompt + length. Raises ValueError when size
    or length is below 1.
    """
    if size < 1 or length < 1:
        raise ValueError(f"blocks of {size} in a length of {length}: use 1 or more")
    noisy = torch.arange(length) // size
    clean = torch.cat([torch.full((prompt,), -1), noisy])  # the prompt comes before 0
    above = torch.cat([noisy[:, None] == noisy, noisy[:, None] > clean], dim=1)
    never = torch.zeros(len(clean), length, dtype=torch.bool)
    below = torch.cat([never, clean[:, None] >= clean], dim=1)
    return torch.cat([above, below])


class Doubled(NamedTuple):
    """What a network reads when it is trained on blocks."""

    ids: Tensor  # (B, T): noisy, prompt, clean
    places: Tensor  # (T,): a noisy token has the place of its clean one
    mask: Tensor  # (T, T): `block_mask`


def doubled(x0: Tensor, xt: Tensor, prompt: int, size: int) -> Doubled:
    """The noisy tokens, and the whole clean row behind them.

    x0, xt: (B, P + L) ids, the row and its noisy twin; prompt: P, the tokens before the
    first block, 0 or more; size: of a block. T = L + P + L, and what a network answers
    for the noisy tokens are its first L columns.
    """
    total = x0.shape[1]
    places = torch.arange(total, device=x0.device)
    return Doubled(
        torch.cat([xt[:, prompt:], x0], dim=1),
        torch.cat([places[prompt:], places]),
        block_mask(prompt, total - prompt, size).to(x0.device),
    )


def block_logits(
    network: Network, x0: Tensor, xt: Tensor, prompt: int, size: int
) -> Tensor:
    """What a network says of each noisy token, all blocks at once: (B, L, V).

    It is called as network(ids, places=..., mask=...); the rest as in `doubled`.
    """
    ids, places, mask = doubled(x0, xt, prompt, size)
    return network(ids, places=places, mask=mask)[:, : x0.shape[1] - prompt]


def block_times(
    rows: int,
    prompt: int,
    length: int,
    size: int,
    generator: torch.Generator | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Tensor:
    """One time for each block, spread evenly over all blocks of the batch.

    Chance says which block gets which of the `stratified_times`, so that a row has both
    noisy and clean blocks. (The published code leaves them in order and has no common
    shift: in a batch of one row the first blocks always have little noise and the last
    ones much.) With limits other than 0 and 1 the losses vary less (Arriola et al.
    2025: clipped schedules), but their mean is no bound any more. low = high = 1 hides
    everything.

    Returns (rows, prompt + length) float32 in [low, high], alike within a block; the
    prompt, which nothing hides, has time 1.
    """
    blocks = -(-length // size)
    count = rows * blocks
    t = stratified_times(count, generator)[torch.randperm(count, generator=generator)]
    t = (low + (high - low) * t).view(rows, blocks).repeat_interleave(size, dim=1)
    return torch.cat([t.new_ones(rows, prompt), t[:, :length]], dim=1)


def block_bound(
    network: Network,
    x0: Tensor,
    xt: Tensor,
    masked: Tensor,
    t: Tensor,
    prompt: int,
    size: int,
) -> Tensor:
    """One draw of the bound of -log p(row | prompt), for each row, in nats.

    Its mean over times and masks is a bound for every size (Arriola et al. 2025).
    Blocks of one place that are all hidden (t = 1) give the likelihood itself, left to
    right; one block for everything gives `masked_bound`.

    x0, xt, masked: (B, P + L), the row, and what `mask_tokens` made of it at the times
    t, (B, P + L), of `block_times`; nothing of the prompt is masked. Returns (B,), in
    the dtype of the logits (float32 at least). Gradients flow to the network.
    """
    logits = block_logits(network, x0, xt, prompt, size)
    return masked_bound(logits, *(a[:, prompt:] for a in (x0, masked, t)))

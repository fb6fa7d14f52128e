"""Masked diffusion of text: hide tokens, predict them, and bound the likelihood.

At time t every token is hidden with probability t, on its own (t = 0 is data, t = 1 is
all hidden; the schedule of Sahoo et al. 2024, MDLM, with alpha(t) = 1 - t). A network
sees what is left and predicts each hidden token. Weighed with 1 / t, its cross-entropy
is an upper bound of -log p(text):

    -log p(x0) <= E_t E_masks [ 1/t * sum over hidden places of -log p(x0_i | xt) ]

`predict` maps ids (B, L) to logits (B, L, V). V counts all ids but the mask, whose id
is V or more: it can be seen, and never predicted. Which places may be hidden is told by
`editable`, which are hidden by `masked`; neither is ever read off the ids, since a
reader may type the mask, too.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.theory.policy_steps import precise

Predict = Callable[[Tensor], Tensor]  # ids (B, L) -> logits (B, L, V)


class Masked(NamedTuple):
    """A text with holes."""

    xt: Tensor  # (B, L) ids, the mask at hidden places
    masked: Tensor  # (B, L) bool: the hidden places


def keep_share(t: Tensor) -> Tensor:
    """alpha(t) = 1 - t: the probability that a token is still seen at time t."""
    return 1 - t


def uniforms(
    shape: tuple[int, ...], device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Numbers in [0, 1), float32, drawn where the generator lives (None: on device)."""
    home = device if generator is None else generator.device
    return torch.rand(shape, generator=generator, device=home).to(device)


def stratified_times(
    count: int, generator: torch.Generator | None = None, floor: float = 0.0
) -> Tensor:
    """Times in [floor, 1), one in each of `count` equal strips (Kingma et al. 2021).

    One uniform number u moves all of them: (u + i / count) mod 1. Each time alone is
    uniform, and together they cover the interval, so a batch's mean loss is steadier.
    With a floor above 0 no weight 1 / t exceeds 1 / floor, and the mean is no longer
    the bound: the times below the floor are missing. Returns (count,), float32.
    """
    start = torch.rand((), generator=generator, dtype=torch.float64)
    strips = torch.arange(count, dtype=torch.float64) / count
    return (floor + (1 - floor) * ((start + strips) % 1)).float()


def mask_tokens(
    x0: Tensor,
    t: Tensor,
    editable: Tensor,
    mask_id: int,
    generator: torch.Generator | None = None,
) -> Masked:
    """Hide each editable token with probability t (Sahoo et al. 2024).

    x0: (B, L) ids; t: (B,), or (B, L) for other times at other places; editable: (B, L)
    bool. Other places stay as they are, whatever their id. Returns a `Masked`.
    """
    t = t.reshape(len(x0), -1).to(x0.device)
    masked = editable & (uniforms(tuple(x0.shape), x0.device, generator) < t)
    return Masked(x0.masked_fill(masked, mask_id), masked)


def mask_counts(
    x0: Tensor,
    count: Tensor,
    editable: Tensor,
    mask_id: int,
    generator: torch.Generator | None = None,
) -> Masked:
    """Hide exactly `count` editable tokens of each row, all choices alike.

    count: (B,), at most the editable places of the row. Returns a `Masked`.
    """
    order = uniforms(tuple(x0.shape), x0.device, generator)
    masked = first(order, editable, count)
    return Masked(x0.masked_fill(masked, mask_id), masked)


def first(order: Tensor, among: Tensor, count: Tensor) -> Tensor:
    """The `count` places with the lowest `order` of each row; ties: leftmost first.

    order: (B, L), finite; among: (B, L) bool, the places to choose from; count: (B,).
    If a row has fewer, all of them. Returns bool (B, L).
    """
    places = order.masked_fill(~among, torch.inf).argsort(dim=1, stable=True)
    rank = places.argsort(dim=1)  # the inverse permutation
    return among & (rank < count.unsqueeze(1))


def token_losses(logits: Tensor, x0: Tensor, masked: Tensor) -> Tensor:
    """-log p(x0_i | xt) at hidden places, 0 elsewhere, in nats.

    Logits i predict token i: nothing is shifted. logits: (B, L, V); x0: (B, L), ids
    below V at hidden places (elsewhere they are not read); masked: (B, L) bool.
    Returns (B, L), at least float32.
    """
    targets = x0.masked_fill(~masked, -100)  # what cross_entropy ignores
    flat = precise(logits).flatten(0, 1)
    losses = F.cross_entropy(flat, targets.flatten(), reduction="none")
    return losses.reshape(x0.shape)


def masked_bound(logits: Tensor, x0: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    """One draw of the bound of -log p(x0), for each row, in nats (Sahoo et al. 2024):
    the cross-entropies of hidden places, each divided by its t.

    t: (B,), or (B, L) where places have times of their own: what `mask_tokens` was
    given. Divide by the number of editable places for nats a token. The mean over
    hidden places, pooled over a batch, is no bound: it weighs a text with t.
    Gradients flow to the logits. Returns (B,), in their dtype (float32 at least).
    """
    losses = token_losses(logits, x0, masked)
    t = t.reshape(len(x0), -1).to(losses)
    weight = torch.where(masked, 1 / t, 0)  # t = 0 hides nothing: no 0 / 0
    return (losses * weight).sum(1)


def masked_count_bound(
    logits: Tensor, x0: Tensor, masked: Tensor, editable: Tensor
) -> Tensor:
    """The same bound from counts (Nie et al. 2025, LLaDA; get_log_likelihood.py): the
    mean cross-entropy of a row's hidden places, times its editable places.

    Right on average if the number of hidden places is uniform on 1, 2 .. all of them
    (`mask_counts`). It is `masked_bound` with the row's share of hidden places as its
    t. Returns (B,), nats.
    """
    share = masked.sum(1).double() / editable.sum(1).clamp(min=1)
    return masked_bound(logits, x0, masked, share)


def unweighted_loss(logits: Tensor, x0: Tensor, masked: Tensor) -> Tensor:
    """The control: the same sum without 1 / t. It trains, and it bounds nothing.
    Returns (B,)."""
    return token_losses(logits, x0, masked).sum(1)


@torch.no_grad()
def held_out_bits(
    predict: Predict,
    x0: Tensor,
    editable: Tensor,
    mask_id: int,
    draws: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The bound of each row in bits, `draws` times over: (draws, B), float64.

    Its mean over draws bounds the row's -log2 p(x0). The numbers of hidden places are
    spread evenly over 1 .. all of them, which takes most of the noise away; so the
    draws of a row are not independent, and an honest error comes from the spread of
    the means over *rows*. Two models given equal generators see equal holes: compare
    them draw by draw.

    `predict` is called `draws` times, with all rows. ValueError if a row has no
    editable place.
    """
    places = editable.sum(1)
    if not (places > 0).all():
        raise ValueError("a row has no editable place")
    # Row after row moves on by less than a strip, so that rows differ, too.
    strips = torch.arange(draws, dtype=torch.float64).unsqueeze(1) / draws
    luck = torch.rand(len(x0), generator=generator, dtype=torch.float64)
    shares = ((strips + luck) % 1).to(x0.device)
    counts = (shares * places).long() + 1  # (draws, B), uniform on 1 .. places
    found = []
    for count in counts:
        xt, masked = mask_counts(x0, count, editable, mask_id, generator)
        nats = masked_count_bound(predict(xt), x0, masked, editable)
        found.append(nats.double() / math.log(2))
    return torch.stack(found)

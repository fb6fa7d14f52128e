"""Writing with a cache: token by token, or block by block.

What is finished never changes, so its keys and values are computed once
(models.token_transformer.KVCache). Each call of the network has all rows, finished ones
too.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.masked_diffusion import token_losses
from coursekit.theory.unmasking import Rule, draw_tokens, unmask


class Written(NamedTuple):
    """Texts and their price."""

    ids: Tensor  # (B, length); after the first end of a row only ends
    passes: int  # calls of the network
    by_block: list[int]  # the same for each block (left to right: for each token)


def fill_after(ids: Tensor, end: int | None) -> Tensor:
    """Every token after the first `end` of its row becomes an `end`. ids: (B, L)."""
    if end is None:
        return ids
    return ids.masked_fill((ids == end).cumsum(1) > 0, end)


def joined(parts: list[Tensor], prompt: Tensor, length: int, end: int | None) -> Tensor:
    """The parts of each row one after the other, and ends up to `length`."""
    ids = prompt.new_full((len(prompt), length), 0 if end is None else end)
    written = fill_after(torch.cat(parts, dim=1), end)
    ids[:, : written.shape[1]] = written
    return ids


def write_left_to_right(
    model: TokenTransformer,
    prompt: Tensor,
    length: int,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    end: int | None = None,
) -> Written:
    """Token after token from a model that was trained to say the next one.

    The prompt is read in one pass, every later pass reads the token just written. Stops
    when each row has its `end`, or after `length` tokens. prompt: (B, P) ids, P >= 1;
    temperature 0: the most probable token. P + length places at most.
    """
    drawn: list[Tensor] = []
    with torch.inference_mode():
        cache = model.new_cache(len(prompt))
        done = torch.zeros(len(prompt), 1, dtype=torch.bool, device=prompt.device)
        new = prompt
        for _ in range(length):
            logits = model(new, causal=True, cache=cache)
            new = draw_tokens(logits[:, -1:], temperature, generator)
            drawn.append(new)
            if end is not None:
                done |= new == end
                if bool(done.all()):
                    break
    ids = joined(drawn, prompt, length, end)
    return Written(ids, len(drawn), [1] * len(drawn))


def write_blocks(
    model: TokenTransformer,
    prompt: Tensor,
    length: int,
    size: int,
    rule: Rule,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    end: int | None = None,
) -> Written:
    """Block after block, each by masked diffusion (Arriola et al. 2025, BD3-LM).

    A finished block is read once more, without holes, for its keys and values. This
    shares a pass with the first look at the next block, and the prompt with the first
    one's, so no pass is spent on it alone. (The published code spends one a block.) The
    rule starts anew in each block. A row that has its `end` is written no further; the
    writing stops when all have.

    prompt: (B, P) ids, P may be 0; size: tokens of a block, the last may be shorter.
    P + length places at most. Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"blocks of {size} tokens: use 1 or more")
    cache = model.new_cache(len(prompt))
    cache.keep = False
    unread = prompt  # finished, and not in the cache yet

    def predict(ids: Tensor) -> Tensor:
        """Logits of a block, after the cache and what is unread."""
        nonlocal unread
        first, mask = unread.shape[1], None
        if first:  # which sees no hole, only what came before it and itself
            held = cache.length + first
            mask = ids.new_ones(first + ids.shape[1], held + ids.shape[1]).bool()
            mask[:first, held:] = False
            ids = torch.cat([unread, ids], dim=1)
        logits: Tensor = model(ids, mask=mask, cache=cache)
        cache.length += first  # its keys and values are in place: keep them
        unread = unread[:, :0]
        return logits[:, first:]

    hidden = model.config.mask_id
    blocks, passes = list[Tensor](), list[int]()
    with torch.inference_mode():
        going = torch.ones(len(prompt), 1, dtype=torch.bool, device=prompt.device)
        for start in range(0, length, size):
            masked = going.expand(-1, min(size, length - start))
            empty = prompt.new_full(masked.shape, hidden if end is None else end)
            empty = empty.masked_fill(masked, hidden)
            found = unmask(predict, empty, masked, rule, temperature, generator)
            unread = found.ids
            blocks.append(unread)
            passes.append(found.passes)
            if end is not None:
                going = going & (unread != end).all(dim=1, keepdim=True)
                if not bool(going.any()):
                    break
    return Written(joined(blocks, prompt, length, end), sum(passes), passes)


@torch.no_grad()
def autoregressive_bits(
    model: TokenTransformer, rows: Tensor, prompt: int, counted: Tensor | None = None
) -> Tensor:
    """-log2 p(row | prompt) of a model that says the next token, exactly: (B,) float64.

    rows: (B, L) ids, the first `prompt` of them are only read; counted: (B, L) bool,
    which of the others count (all). Raises ValueError without a prompt: nothing
    predicts the first token.
    """
    if prompt < 1:
        raise ValueError("the first token is predicted by none: give it a start token")
    logits = model(rows[:, :-1], causal=True)[:, prompt - 1 :]
    told = rows[:, prompt:]
    where = torch.ones_like(told, dtype=torch.bool)
    if counted is not None:
        where = counted[:, prompt:]
    return token_losses(logits, told, where).double().sum(1) / math.log(2)

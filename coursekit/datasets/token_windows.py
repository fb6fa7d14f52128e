"""Windows of a stream of tokens: drawn to train on, laid side by side to judge.

A stream is one row of ids (T,): documents with an end token after each.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from coursekit.datasets.byte_pairs import BytePairs


def stream(texts: Iterable[str], pairs: BytePairs) -> Tensor:
    """All texts as ids (T,) int64, `pairs.end` after each."""
    end = torch.tensor([pairs.end])
    return torch.cat([part for text in texts for part in (pairs.encode(text), end)])


def draw(
    ids: Tensor, batch: int, length: int, generator: torch.Generator | None = None
) -> Tensor:
    """`batch` windows (B, length) that begin anywhere in a stream (T,).

    Raises ValueError for a stream shorter than a window.
    """
    if len(ids) < length:
        raise ValueError(f"a stream of {len(ids)} tokens has no window of {length}")
    begin = torch.randint(len(ids) - length + 1, (batch, 1), generator=generator)
    return ids[begin + torch.arange(length)]


def tile(ids: Tensor, length: int, end: int, context: int = 0) -> tuple[Tensor, Tensor]:
    """A stream (T,) as rows (N, length), and which places count, bool (N, length).

    Each token of the stream counts in exactly one row. With `context`, a row begins
    with that many tokens of the row before, which are there to be read only. The last
    row is filled up with `end`, which does not count.
    Raises ValueError for a context that leaves no room.
    """
    step = length - context
    if not 0 <= context < length:
        raise ValueError(f"context={context} must be from 0 to {length - 1}")
    rows = max(1, -(-(len(ids) - context) // step))
    places = step * torch.arange(rows)[:, None] + torch.arange(length)
    counted = places < len(ids)
    counted[1:, :context] = False
    filled = torch.cat([ids, ids.new_full((rows * step + context - len(ids),), end)])
    return filled[places], counted


def bits_a_character(
    nats: Tensor, rows: Tensor, counted: Tensor, pairs: BytePairs
) -> float:
    """Bits a character: -log p of every token that counts, over their characters.

    nats, rows, counted: (N, L). The end tokens cost bits and have no characters.
    """
    total = nats.double()[counted].sum() / torch.log(torch.tensor(2.0).double())
    return float(total / pairs.characters[rows[counted]].sum())

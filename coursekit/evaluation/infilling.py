"""Fill gaps: rows for a masked model, and the best of several answers."""

from collections.abc import Callable

import torch
from torch import Tensor

from coursekit.datasets.infilling import Gap


def hidden_row(
    gap: Gap, count: int, length: int, mask_id: int, end: int
) -> tuple[Tensor, Tensor]:
    """A window whose gap is `count` masks, (length,) ids, and where they are, bool.

    As in training, `end` comes first, and what is left of the row is filled with it.
    Raises ValueError for a row that is too short.
    """
    window = gap.filled(torch.full((count,), mask_id))
    if len(window) >= length:
        raise ValueError(f"{len(window) + 1} tokens in a row of {length}")
    row = torch.full((length,), end)
    row[1 : 1 + len(window)] = window
    places = torch.arange(length) - 1 - gap.start
    return row, (places >= 0) & (places < count)


def rescored(bits: Callable[[Tensor], Tensor], gap: Gap, candidates: Tensor) -> Tensor:
    """The candidate with which the whole window is likeliest.

    A model that writes left to right does not see what follows a gap when it writes
    into it. But it can say afterwards how likely all three parts are together.

    bits: gives -log2 p of rows of ids (N, L), as (N,); it is called once. candidates:
    (N, k) ids, k being any length. Returns one of them, (k,); of equals the first.
    """
    rows = torch.stack([gap.filled(each) for each in candidates])
    return candidates[bits(rows).argmin()]

"""Fill in the middle: a gap in a window of tokens, and rows that show it to a model.

A model that writes left to right sees what follows a gap if that comes first (Bavarian
et al. 2022, Sections 3 and 3.1). Its rows are, with marks that no text can hold,

    "psm":  <prefix> prefix <suffix> suffix <middle> middle <end>
    "spm":  <prefix> <suffix> suffix <middle> prefix middle <end>

"plain" is the window as it is, for a masked model and for training without a gap.

Windows have random lengths. With one length only, the sizes of prefix and suffix tell
how long the middle is, and a model that must find its end has been told. The paper cuts
between characters; here gaps are of whole tokens, which is easier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.token_windows import draw

ORDERS = ("plain", "psm", "spm")
MARKS = 4  # what the marks and the end add to a window


@dataclass(frozen=True)
class Gap:
    """A window of ids (n,) whose places start..stop - 1 are to be filled."""

    window: Tensor
    start: int
    stop: int

    @property
    def prefix(self) -> Tensor:
        """What stands before the gap."""
        return self.window[: self.start]

    @property
    def middle(self) -> Tensor:
        """The answer."""
        return self.window[self.start : self.stop]

    @property
    def suffix(self) -> Tensor:
        """What stands after the gap."""
        return self.window[self.stop :]

    def filled(self, answer: Tensor) -> Tensor:
        """The window with another middle, of any length."""
        return torch.cat([self.prefix, answer, self.suffix])


class Rows(NamedTuple):
    """Rows of ids (B, L), filled up with the end token, and two masks bool (B, L)."""

    ids: Tensor
    answer: Tensor  # the places of the middle
    used: Tensor  # what a loss counts: all but the filling


def draw_gaps(
    ids: Tensor,
    pairs: BytePairs,
    count: int,
    lengths: tuple[int, int],
    tokens: int | None = None,
    generator: torch.Generator | None = None,
) -> list[Gap]:
    """`count` gaps in windows of a stream (T,), each inside one document.

    lengths: the shortest and the longest window, all lengths being equally likely.
    tokens: the size of each gap, at any place of its window that leaves a token on both
    sides; None: between two cuts, each anywhere, so that any part may be empty.
    Raises ValueError where no window can be long enough.
    """
    least, most = lengths
    if not (tokens or 0) + 2 <= least <= most <= len(ids):
        raise ValueError(f"no gap of {tokens} in windows of {least} to {most} tokens")
    found: list[Gap] = []
    for _ in range(1000 * count):
        n = _between(least, most, generator)
        window = draw(ids, 1, n, generator)[0]
        if tokens is None:
            start, stop = sorted(_between(0, n, generator) for _ in range(2))
        else:
            start = _between(1, n - 1 - tokens, generator)
            stop = start + tokens
        if not bool((window >= pairs.end).any()):
            found.append(Gap(window, start, stop))
        if len(found) == count:
            return found
    raise ValueError(f"hardly a document has {least} tokens: take shorter windows")


def arrange(gap: Gap, pairs: BytePairs, order: str) -> tuple[Tensor, int]:
    """A gap as one row of ids, and the place where its middle begins.

    Up to that place it is the prompt of a model that writes left to right.
    """
    pre, suf, mid, end = (
        torch.tensor([mark])
        for mark in (pairs.prefix, pairs.suffix, pairs.middle, pairs.end)
    )
    if order == "plain":
        return gap.window, gap.start
    if order == "psm":
        before = [pre, gap.prefix, suf, gap.suffix, mid]
    elif order == "spm":
        before = [pre, suf, gap.suffix, mid, gap.prefix]
    else:
        raise ValueError(f"order must be one of {ORDERS}, not {order!r}")
    prompt = torch.cat(before)
    return torch.cat([prompt, gap.middle, end]), len(prompt)


def arrange_rows(
    gaps: Sequence[Gap], pairs: BytePairs, orders: Sequence[str], length: int
) -> Rows:
    """Gaps as rows (B, length), each in its own order.

    Raises ValueError for a row that is too long: a window and `MARKS`.
    """
    shape = (len(gaps), length)
    ids = torch.full(shape, pairs.end)
    answer, used = torch.zeros(2, *shape, dtype=torch.bool)
    for i, (gap, order) in enumerate(zip(gaps, orders, strict=True)):
        row, first = arrange(gap, pairs, order)
        if len(row) > length:
            raise ValueError(f"a row has {len(row)} tokens, {length} at most")
        ids[i, : len(row)] = row
        used[i, : len(row)] = True
        answer[i, first : first + len(gap.middle)] = True
    return Rows(ids, answer, used)


def training_rows(
    ids: Tensor,
    pairs: BytePairs,
    batch: int,
    length: int,
    share: float = 0.0,
    order: str = "spm",
    generator: torch.Generator | None = None,
) -> Rows:
    """Rows (batch, length) of a stream to train on: `share` in `order`, others plain.

    Windows have a quarter of `length` or more. A plain row's end is not counted: the
    window was cut there, the text went on.
    """
    lengths = (length // 4, length - MARKS)
    gaps = draw_gaps(ids, pairs, batch, lengths, None, generator)
    moved = torch.rand(batch, generator=generator) < share
    orders = [order if each else "plain" for each in moved.tolist()]
    return arrange_rows(gaps, pairs, orders, length)


def is_exact(answer: Tensor, gap: Gap, pairs: BytePairs) -> bool:
    """Whether an answer (k,) gives the text of the window, in whatever tokens."""
    if bool((answer >= pairs.end).any()):
        return False  # a special token is no text, though `decode` shows its name
    return pairs.decode(gap.filled(answer)) == pairs.decode(gap.window)


def _between(low: int, high: int, generator: torch.Generator | None) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))

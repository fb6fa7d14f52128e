"""Right versions of lecture 10's exercises in other styles: each must pass."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from coursekit.checks.spec import Function
from coursekit.datasets.infilling import ORDERS
from coursekit.evaluation.token_sampling import Written
from coursekit.theory.masked_diffusion import Masked
from coursekit.theory.unmasking import draw_tokens


def by_gathering(logits: Tensor, ids: Tensor, counted: Tensor) -> Tensor:
    log_p = logits.double().log_softmax(-1)
    told = torch.zeros_like(ids, dtype=torch.float64)
    for i in range(1, ids.shape[1]):
        known = ids[:, i].where(counted[:, i], 0)
        told[:, i] = log_p[:, i - 1].gather(1, known[:, None])[:, 0]
    return -told.where(counted, 0).sum(1) / math.log(2)


def column_by_column(model, prompt, length, temperature=1.0, generator=None, end=None):
    with torch.no_grad():
        cache = model.new_cache(len(prompt))
        text = prompt
        ended = torch.zeros(len(prompt), dtype=torch.bool)
        while text.shape[1] < prompt.shape[1] + length and not ended.all():
            start = cache.length
            logits = model(text[:, start:], None, None, True, cache)[:, -1]
            token = draw_tokens(logits, temperature, generator)
            if end is not None:
                token = torch.where(ended, end, token)
                ended = ended | (token == end)
            text = torch.cat([text, token[:, None]], 1)
    written = text[:, prompt.shape[1] :]
    rest = prompt.new_full((len(prompt), length - written.shape[1]), end or 0)
    passes = written.shape[1]
    return Written(torch.cat([written, rest], 1), passes, passes * [1])


def by_luck(x0, t, editable, mask_id, generator=None):
    seen = torch.ones(x0.shape).mul((1 - t).reshape(len(x0), -1))
    hidden = ~torch.bernoulli(seen, generator=generator).bool() & editable
    return Masked(torch.where(hidden, mask_id, x0), hidden)


def row_by_row(logits, x0, masked, t):
    t = t[:, None].expand(x0.shape) if t.ndim == 1 else t
    rows = []
    for row in range(len(x0)):
        here = masked[row]
        log_p = logits[row][here].log_softmax(-1)
        nats = nll_loss(log_p, x0[row][here], reduction="none")
        rows.append((nats / t[row][here].to(nats)).sum())
    return torch.stack(rows)


def around_the_clock(count, generator=None, floor=0.0):
    (start,) = torch.rand(1, generator=generator).tolist()
    around = [(start + i / count) % 1 for i in range(count)]
    return torch.tensor(around) * (1 - floor) + floor


def backwards(count, generator=None, floor=0.0):
    """The same strips, met in another order."""
    turned = 1 - (torch.rand((), generator=generator) + torch.arange(count) / count) % 1
    return floor + (1 - floor) * (turned % 1)


def in_lists(gap, pairs, order):
    before, after = gap.prefix.tolist(), gap.suffix.tolist()
    rows = {
        "plain": before,
        "psm": [pairs.prefix, *before, pairs.suffix, *after, pairs.middle],
        "spm": [pairs.prefix, pairs.suffix, *after, pairs.middle, *before],
    }
    if order not in ORDERS:
        raise ValueError(order)
    end = after if order == "plain" else [pairs.end]
    row = [*rows[order], *gap.middle.tolist(), *end]
    return torch.tensor(row), len(rows[order])


def by_writing(gap, pairs, order):
    if order == "plain":
        return gap.window.clone(), int(gap.start)
    long = torch.full((len(gap.window) + 4,), pairs.end)
    long[0] = pairs.prefix
    at = len(gap.suffix) + 2
    if order == "spm":
        long[1], long[2:at], long[at] = pairs.suffix, gap.suffix, pairs.middle
        long[at + 1 : at + 1 + gap.start] = gap.prefix
    else:
        long[1 : gap.start + 1], long[gap.start + 1] = gap.prefix, pairs.suffix
        long[gap.start + 2 : -len(gap.middle) - 2] = gap.suffix
        long[-len(gap.middle) - 2] = pairs.middle
    first = len(long) - len(gap.middle) - 1
    long[first:-1] = gap.middle
    return long, first


def one_table(bits, gap, candidates):
    n = len(candidates)
    before, after = gap.prefix.expand(n, -1), gap.suffix.expand(n, -1)
    scores = bits(torch.cat([before, candidates, after], dim=1))
    return candidates[int(scores.min(0).indices)]


def sorted_by_bits(bits, gap, candidates):
    rows = torch.stack([gap.filled(candidates[i]) for i in range(len(candidates))])
    return candidates[bits(rows).argsort(stable=True)][0]


def by_interp(costs, errors, level):
    reached = [i for i, error in enumerate(errors) if error <= level]
    if not reached:
        return float("inf")
    i = reached[0]
    if i == 0:
        return costs[0]
    ends = [errors[i], errors[i - 1]]
    return float(np.exp(np.interp(level, ends, np.log([costs[i], costs[i - 1]]))))


def by_powers(costs, errors, level):
    before = None
    for cost, error in zip(costs, errors, strict=True):
        if error <= level:
            if before is None:
                return cost
            way = (before[1] - level) / (before[1] - error)
            return before[0] * (cost / before[0]) ** way
        before = cost, error
    return math.inf


def by_cdist(images: Tensor, palette: Tensor) -> Tensor:
    pixels = images.reshape(len(images), -1, 3).double()
    return torch.cdist(pixels, palette.double()).argmin(2)


def in_numpy(images: Tensor, palette: Tensor) -> Tensor:
    flat = images.numpy().astype(int).reshape(len(images), -1, 1, 3)
    far = ((flat - palette.numpy().astype(int)) ** 2).sum(axis=3)
    return torch.from_numpy(far.argmin(axis=2))


RIGHT: dict[str, tuple[Function, ...]] = {
    "10.1": (by_gathering,),
    "10.3": (column_by_column,),
    "10.5": (by_luck,),
    "10.6": (row_by_row,),
    "10.8": (around_the_clock, backwards),
    "10.26": (in_lists, by_writing),
    "10.28": (one_table, sorted_by_bits),
    "10.30": (by_interp, by_powers),
    "10.32": (by_cdist, in_numpy),
}

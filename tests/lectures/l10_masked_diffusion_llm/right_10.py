"""Right versions of lecture 10's exercises in other styles: each must pass."""

import math

import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from coursekit.checks.spec import Function
from coursekit.evaluation.token_sampling import Written
from coursekit.theory.masked_diffusion import Masked
from coursekit.theory.unmasking import draw_tokens

# 10.1, 10.2: from left to right, and masked


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


RIGHT: dict[str, tuple[Function, ...]] = {
    "10.1": (by_gathering,),
    "10.3": (column_by_column,),
    "10.5": (by_luck,),
    "10.6": (row_by_row,),
    "10.8": (around_the_clock, backwards),
}

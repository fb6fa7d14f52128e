"""Right versions of the exercises of 8a.6 to 8a.8, in other styles."""

import math
from collections import Counter

import torch
import torch.nn.functional as F

from coursekit.checks.spec import Function
from coursekit.models.attention import merge_heads
from coursekit.models.rope import rotate


def by_comparing(words, others):
    """Row by row: who is a word, and who comes later?"""
    at = torch.arange(words + others)
    return (at[:, None] >= words) | (at[None, :] <= at[:, None])


def by_softmax(block, x, kept, angles):
    """The table of weights, written out."""
    q, k, v = block.project(block.norm1(x))
    keys = torch.cat((kept[0], rotate(k, angles)), -2)
    values = torch.cat((kept[1], v), -2)
    table = rotate(q, angles) @ keys.mT / q.shape[-1] ** 0.5
    y = x + block.out(merge_heads(table.softmax(-1) @ values))
    return y + block.mlp(block.norm2(y))


def by_zeros(model, loss):
    """A gradient for each free parameter, one call each."""
    parts = {}
    for name, p in model.named_parameters():
        part = name.split(".")[0]
        parts.setdefault(part, 0)
        if p.requires_grad:
            found = torch.autograd.grad(loss, p, retain_graph=True, allow_unused=True)
            parts[part] += 0 if found[0] is None else p.numel()
    return parts


def by_loop(before, after, size, edges):
    shares = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        here = [
            bool(a)
            for b, a, s in zip(before, after, size.tolist(), strict=True)
            if b and low <= s < high
        ]
        shares.append(here.count(False) / len(here) if here else math.nan)
    return torch.tensor(shares, dtype=torch.float64)


def by_rows(said, pool):
    named = [(i, w) for i, w in enumerate(said.tolist()) if w >= 0]
    rows = pool.tolist()
    wrong = [sum(row[i] != w for i, w in named) for row in rows]
    found = [list(r) for r, n in zip(rows, wrong, strict=True) if n == min(wrong)]
    for row in found:
        for i, w in named:
            row[i] = w
    return torch.tensor(found)


def by_pairs(said, seen):
    if len(said) != len(seen):
        raise ValueError("one for each picture")
    asked = sum(len(words) for words in said)
    shown = sum(
        len(words.items() & found.items())
        for words, found in zip(said, seen, strict=True)
    )
    return shown / asked if asked else 1.0


def by_partitions(options, draws):
    """Draw by draw: the law of the sorted counts, and the entropy of each."""
    law = {(): 1.0}
    for _ in range(draws):
        later = Counter()
        for counts, chance in law.items():
            later[(*counts, 1)] += chance * (options - len(counts)) / options
            for i, c in enumerate(counts):
                more = (*counts[:i], c + 1, *counts[i + 1 :])
                later[tuple(sorted(more, reverse=True))] += chance / options
        law = {tuple(sorted(counts, reverse=True)): 0.0 for counts in later}
        for counts, chance in later.items():
            law[tuple(sorted(counts, reverse=True))] += chance
    return sum(
        chance * sum(c / draws * math.log2(draws / c) for c in counts)
        for counts, chance in law.items()
    )


def by_torch(block, x, kept, angles):
    """Torch's own attention."""
    q, k, v = block.project(block.norm1(x))
    k = torch.cat([kept[0], rotate(k, angles)], 2)
    v = torch.cat([kept[1], v], 2)
    h = F.scaled_dot_product_attention(rotate(q, angles), k, v)
    x = x + block.out(merge_heads(h))
    return x + block.mlp(block.norm2(x))


RIGHT: dict[str, tuple[Function, ...]] = {
    "08a.22": (by_comparing,),
    "08a.24": (by_softmax, by_torch),
    "08a.26": (by_zeros,),
    "08a.27": (by_loop,),
    "08a.28": (by_rows,),
    "08a.30": (by_pairs,),
    "08a.31": (by_partitions,),
}

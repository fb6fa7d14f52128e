"""Bits from left to right. Authority: the chain rule on a table of all texts."""

import torch
from support.tables import random_table

from coursekit.theory.next_token import next_token_bits


def test_the_chain_rule():
    """A start token, then the table's own conditionals: each text has its -log2 p."""
    table = random_table(length=4)
    start = torch.zeros(len(table.texts), 1, dtype=torch.long)
    ids = torch.cat([start, table.texts], 1)
    logits = torch.zeros(*ids.shape, table.mask, dtype=torch.float64)
    for i in range(table.length):
        seen = table.texts.clone()
        seen[:, i:] = table.mask
        logits[:, i] = table.predict(seen)[:, i]
    bits = next_token_bits(logits, ids, torch.ones_like(ids, dtype=torch.bool))
    torch.testing.assert_close(bits, -table.p.log2(), rtol=0, atol=1e-10)


def test_what_counts_adds_up():
    """Any split of the counted tokens splits the bits; the first token has none."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 6, 5, generator=generator)
    ids = torch.randint(5, (3, 6), generator=generator)
    part = torch.rand(3, 6, generator=generator) < 0.5
    whole = next_token_bits(logits, ids, torch.ones_like(part))
    split = next_token_bits(logits, ids, part) + next_token_bits(logits, ids, ~part)
    torch.testing.assert_close(whole, split)
    first = torch.zeros_like(part)
    first[:, 0] = True
    assert (next_token_bits(logits, ids, first) == 0).all()

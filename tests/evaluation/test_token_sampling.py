"""Writing with a cache. Authority: full passes without one, counting, tables."""

import itertools
import math

import pytest
import torch
from support.theory import seeded
from support_models import EXACT, awake

from coursekit.evaluation.token_sampling import (
    autoregressive_bits,
    write_blocks,
    write_left_to_right,
)
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.theory.block_diffusion import block_bound, block_logits
from coursekit.theory.unmasking import (
    Ancestral,
    AtRandom,
    ByConfidence,
    EntropyBound,
    FirstHitting,
    Threshold,
)

WORDS, PROMPT, LENGTH, END = 5, 3, 7, 4
CONFIG = TokenConfig(WORDS, PROMPT + LENGTH, width=16, depth=3, heads=2)
NET = awake(TokenTransformer(CONFIG)).double()
PROMPTS = torch.tensor([[0, 1, 2], [2, 2, 1], [3, 0, 0], [1, 3, 2]])


class Watched:
    """Counts the calls of a network, and keeps what it was asked and said."""

    def __init__(self):
        self.config, self.new_cache, self.said = NET.config, NET.new_cache, []

    def __call__(self, ids, **how):
        logits = NET(ids, **how)
        self.said.append((ids.clone(), logits.clone()))
        return logits


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_cache_says_what_a_full_pass_says(temperature):
    """Logits of every step against one causal pass over the result."""
    net = Watched()
    ids, passes, by_block = write_left_to_right(
        net, PROMPTS, LENGTH, temperature, seeded()
    )
    assert passes == len(net.said) == LENGTH == sum(by_block)
    assert [asked.shape[1] for asked, _ in net.said] == [PROMPT] + [1] * (LENGTH - 1)
    with torch.no_grad():
        full = NET(torch.cat([PROMPTS, ids], dim=1), causal=True)[:, PROMPT - 1 : -1]
    steps = torch.stack([logits[:, -1] for _, logits in net.said], dim=1)
    torch.testing.assert_close(steps, full, **EXACT)
    if temperature == 0:
        assert torch.equal(ids, full.argmax(-1))
    assert not ids.is_inference()  # it can be trained on


def test_samples_follow_the_likelihood():
    """Texts of two tokens: each as often as its bits say (4.5 standard errors)."""
    n = 6_000
    ids, *_ = write_left_to_right(NET, PROMPTS[:1].expand(n, -1), 2, 1.0, seeded())
    every = torch.tensor(list(itertools.product(range(WORDS), repeat=2)))
    rows = torch.cat([PROMPTS[:1].expand(len(every), -1), every], dim=1)
    p = 2 ** -autoregressive_bits(NET, rows, PROMPT)
    assert float(p.sum()) == pytest.approx(1)
    share = (ids[:, None] == every).all(dim=2).double().mean(dim=0)
    assert ((share - p).abs() < 4.5 * (p * (1 - p) / n).sqrt()).all()


def test_bits_count_what_they_are_told_to():
    """Summed token by token; a place more or less changes the sum."""
    rows = torch.cat([PROMPTS, PROMPTS], dim=1)
    counted = torch.rand(rows.shape, generator=seeded()) < 0.5
    want = torch.zeros(len(rows), dtype=torch.float64)
    whole = want.clone()
    for i in range(PROMPT, 2 * PROMPT):
        p = NET(rows[:, :i], causal=True)[:, -1].detach().softmax(-1)
        bits = -p.gather(1, rows[:, i : i + 1])[:, 0].log2()
        whole += bits
        want += torch.where(counted[:, i], bits, 0)
    torch.testing.assert_close(autoregressive_bits(NET, rows, PROMPT), whole)
    torch.testing.assert_close(autoregressive_bits(NET, rows, PROMPT, counted), want)
    with pytest.raises(ValueError, match="first token"):
        autoregressive_bits(NET, rows, 0)


@pytest.mark.parametrize("prompt", [0, PROMPT])
@pytest.mark.parametrize("size", [1, 2, 3, LENGTH, 10])
def test_blocks_with_a_cache_are_the_doubled_row(prompt, size):
    """Every pass of the sampler against one joint pass over noisy and clean rows."""
    net, prompts = Watched(), PROMPTS[:, :prompt]
    ids, passes, by_block = write_blocks(
        net, prompts, LENGTH, size, FirstHitting(), 1.0, seeded()
    )
    assert passes == sum(by_block) == len(net.said) == LENGTH
    x0 = torch.cat([prompts, ids], dim=1)
    asked = iter(net.said)
    for start, count in zip(range(0, LENGTH, size), by_block, strict=True):
        for _ in range(count):
            seen, said = next(asked)
            end = min(start + size, LENGTH)
            xt = x0.clone()
            xt[:, prompt + start : prompt + end] = seen[:, start - end :]
            with torch.no_grad():
                joint = block_logits(NET, x0, xt, prompt, size)[:, start:end]
            torch.testing.assert_close(said[:, start - end :], joint, **EXACT)


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        (AtRandom(5), [3, 3, 1]),
        (ByConfidence(2), [2, 2, 1]),
        (Threshold(2.0), [3, 3, 1]),
        (EntropyBound(math.inf), [1, 1, 1]),
        (Ancestral(1), [1, 1, 1]),
    ],
    ids=str,
)
def test_passes_add_up(rule, want):
    """Length 7 in blocks of 3: no hole is left, and what is counted is called."""
    net = Watched()
    ids, passes, by_block = write_blocks(net, PROMPTS, LENGTH, 3, rule, 1.0, seeded())
    assert by_block == want
    assert passes == len(net.said) == sum(want)
    assert int(ids.max()) < WORDS


def test_blocks_of_one_are_left_to_right():
    """The most probable token each time: the same as full passes, one by one."""
    ids, passes, _ = write_blocks(NET, PROMPTS, LENGTH, 1, Threshold(2.0), 0.0)
    assert passes == LENGTH
    x0 = PROMPTS
    for _ in range(LENGTH):
        hole = torch.full((len(x0), 1), CONFIG.mask_id)
        row = torch.cat([x0, hole], dim=1)
        with torch.no_grad():
            new = block_logits(NET, row, row, PROMPT, 1)[:, -1].argmax(-1)
        x0 = torch.cat([x0, new.unsqueeze(1)], dim=1)
    assert torch.equal(ids, x0[:, PROMPT:])


@pytest.mark.parametrize("size", [1, 2])
def test_a_block_sampler_follows_its_likelihood(size):
    """Two tokens, one a pass: as often as the bound says, averaged over both orders."""
    n, prompts = 6_000, PROMPTS[:1]
    every = torch.tensor(list(itertools.product(range(WORDS), repeat=2)))
    x0 = torch.cat([prompts.expand(len(every), -1), every], dim=1)
    p = torch.zeros(len(every), dtype=torch.float64)
    holes = torch.full_like(every, CONFIG.mask_id)

    def chance(second_first):
        """Of each text, if one of its tokens is written after the other."""
        total = torch.zeros(len(every), dtype=torch.float64)
        noisy = holes.clone()
        for i in (1, 0) if second_first else (0, 1):
            xt = torch.cat([x0[:, :PROMPT], noisy], dim=1)
            with torch.no_grad():
                log_p = block_logits(NET, x0, xt, PROMPT, size)[:, i].log_softmax(-1)
            total += log_p.gather(1, every[:, i : i + 1])[:, 0]
            noisy[:, i] = every[:, i]
        return total.exp()

    p = chance(False) if size == 1 else (chance(False) + chance(True)) / 2
    ids, *_ = write_blocks(
        NET, prompts.expand(n, -1), 2, size, FirstHitting(), 1.0, seeded()
    )
    share = (ids[:, None] == every).all(dim=2).double().mean(dim=0)
    assert ((share - p).abs() < 4.5 * (p * (1 - p) / n).sqrt()).all()
    if size == 1:  # the bound of places that are all hidden is the likelihood
        hidden = torch.ones_like(x0, dtype=torch.bool)
        hidden[:, :PROMPT] = False
        xt, one = x0.masked_fill(hidden, CONFIG.mask_id), torch.ones(x0.shape)
        with torch.no_grad():
            nats = block_bound(NET, x0, xt, hidden, one, PROMPT, 1)
        torch.testing.assert_close((-nats).exp(), p)


def writers(end):
    """All ways to write."""
    yield lambda b: write_left_to_right(NET, b, LENGTH, 1.0, seeded(3), end)
    for size in (1, 3, LENGTH):
        yield lambda b, s=size: write_blocks(
            NET, b, LENGTH, s, AtRandom(2), 1.0, seeded(3), end
        )


def test_a_row_stops_at_its_end():
    """After an end only ends; the writing goes on until all rows have one."""
    many = PROMPTS.repeat(10, 1)
    for write in writers(END):
        ids, passes, by_block = write(many)
        after = (ids == END).cumsum(dim=1) > 0
        assert torch.equal(after, ids == END)
        assert 0 < int(after[:, -1].sum())
        assert passes == sum(by_block)


def test_no_pass_after_the_last_end():
    """A word that is drawn at once as the end: one pass, whatever the length."""
    sure = awake(TokenTransformer(CONFIG)).double()
    with torch.no_grad():
        sure.norm.bias.copy_(sure.token.weight[END] * 100)
        sure.norm.weight.zero_()
    assert write_left_to_right(sure, PROMPTS, LENGTH, 0.0, None, END).passes == 1
    for size in (1, 3):
        ids, passes, _ = write_blocks(
            sure, PROMPTS, LENGTH, size, Ancestral(1), 0.0, None, END
        )
        assert passes == 1
        assert (ids == END).all()


def test_the_end_of_one_row_changes_no_other():
    """Rows are written by themselves: greedy rows are the same alone."""
    rule = ByConfidence(2)
    together = write_blocks(NET, PROMPTS, LENGTH, 3, rule, 0.0, None, END).ids
    for row, prompt in zip(together, PROMPTS, strict=True):
        alone = write_blocks(NET, prompt[None], LENGTH, 3, rule, 0.0, None, END).ids
        assert torch.equal(alone[0], row)


def test_a_mask_in_the_prompt_is_read_and_kept():
    """Its id is a word like others there; as many tokens as the length asks for."""
    prompt = torch.tensor([[1, CONFIG.mask_id, 2]])
    ids, passes, _ = write_blocks(NET, prompt, 4, 2, Threshold(2.0), 0.0)
    assert passes == 4
    assert ids.shape == (1, 4)
    assert int(ids.max()) < WORDS
    with pytest.raises(ValueError, match="1 or more"):
        write_blocks(NET, prompt, 4, 0, Threshold(2.0))

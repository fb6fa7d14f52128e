"""Blocks of tokens. Authority: counting, perturbation, and an exact table of texts."""

import pytest
import torch
from numpy.polynomial.legendre import leggauss
from support.tables import all_masks, random_table, table_network
from support.theory import seeded
from support_models import awake

from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)
from coursekit.theory.block_diffusion import (
    block_bound,
    block_logits,
    block_mask,
    block_times,
    doubled,
)
from coursekit.theory.masked_diffusion import mask_tokens, masked_bound


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_the_mask_has_n_squared_plus_n_b_true_entries(size):
    """Arriola et al. 2025: both halves look back (n^2 - n b) / 2 + n b times or less.

    Noisy rows: n b for themselves, n (n - b) / 2 for what is before; clean rows:
    n (n + b) / 2. For n = 8: 80 for b = 2, 96 for b = 4.
    """
    mask = block_mask(0, 8, size)
    assert mask.dtype == torch.bool
    assert int(mask.sum()) == 64 + 8 * size


@pytest.mark.parametrize(
    ("prompt", "length", "size"), [(0, 6, 2), (3, 7, 3), (2, 5, 9)]
)
def test_the_mask_says_what_its_sentence_says(prompt, length, size):
    """Each entry from the definition in words; the last block is shorter."""
    columns = [("noisy", i // size) for i in range(length)]
    columns += [("prompt", -1)] * prompt
    columns += [("clean", i // size) for i in range(length)]

    def may(asker, asked):
        (who, own), (whom, other) = asker, asked
        if who == "prompt":
            return whom == "prompt"
        if whom == "prompt":
            return True
        if who == "clean":
            return whom == "clean" and other <= own
        return other == own if whom == "noisy" else other < own

    want = [[may(a, b) for b in columns] for a in columns]
    assert block_mask(prompt, length, size).tolist() == want


def test_no_block_without_tokens():
    """A size of 0 would divide by it; no length leaves nothing to look at."""
    for length, size in ((4, 0), (0, 4)):
        with pytest.raises(ValueError, match="1 or more"):
            block_mask(0, length, size)


def test_a_noisy_token_has_the_place_of_its_clean_one():
    """By hand."""
    x0, xt = torch.tensor([[7, 8, 1, 2, 3]]), torch.tensor([[7, 8, 0, 2, 0]])
    ids, places, mask = doubled(x0, xt, 2, 2)
    assert ids.tolist() == [[0, 2, 0, 7, 8, 1, 2, 3]]
    assert places.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
    assert torch.equal(mask, block_mask(2, 3, 2))


def test_times_are_spread_over_all_blocks():
    """One time in each twelfth; alike in a block; the last block is shorter."""
    t = block_times(4, 2, 8, 3, seeded())
    assert t.shape == (4, 10)
    assert (t[:, :2] == 1).all()
    starts = t[:, [2, 5, 8]]
    assert torch.equal(t[:, 2:], starts.repeat_interleave(3, dim=1)[:, :8])
    parts = starts.double().mul(12).floor().flatten().sort().values
    assert parts.tolist() == list(range(12))


def test_each_time_is_uniform_in_a_batch_of_one_row():
    """Mean 1/2 and variance 1/12 for each block, first or last (4 standard errors)."""
    generator, n = seeded(), 4000
    t = torch.cat([block_times(1, 0, 4, 1, generator) for _ in range(n)])
    assert ((t.mean(dim=0) - 0.5).abs() < 4 / (12 * n) ** 0.5).all()
    assert ((t.var(dim=0) - 1 / 12).abs() < 4 / (180 * n) ** 0.5).all()


def test_times_can_be_clipped():
    """The limits, and everything masked."""
    t = block_times(50, 0, 4, 2, seeded(), 0.3, 0.8)
    assert 0.3 <= float(t.min()) < 0.31
    assert 0.79 < float(t.max()) <= 0.8
    assert (block_times(5, 0, 4, 1, seeded(), 1.0, 1.0) == 1).all()


TABLE = random_table(2, 4)
TEXTS = torch.tensor([[0, 1, 1, 0], [1, 1, 0, 0]])


def nats(text, prompt=0):
    """-log p(text | its first `prompt` words)."""
    start = torch.full_like(text, TABLE.mask)
    start[:prompt] = text[:prompt]
    before, whole = TABLE.weights(torch.stack([start, text])).sum(dim=1)
    return before.log() - whole.log()


def all_holes(x0, prompt, count=5):
    """Every mask of a row's tokens at `count` times, weighed with its probability.

    Between 0 and 1 Gauss and Legendre's `count` times integrate polynomials up to
    degree 2 count - 1 exactly, and the bound has the degree of the longest block.
    """
    nodes, weights = map(torch.from_numpy, leggauss(count))
    length = len(x0) - prompt
    holes = all_masks(length)
    hole = torch.cat([torch.zeros(len(holes), prompt, dtype=torch.bool), holes], dim=1)
    t = ((nodes + 1) / 2).repeat_interleave(len(holes))
    masked = hole.repeat(count, 1)
    k = masked.sum(dim=1)
    p = t**k * (1 - t) ** (length - k) * (weights / 2).repeat_interleave(len(holes))
    whole = x0.expand(len(t), -1)
    return whole, whole.masked_fill(masked, TABLE.mask), masked, t, p


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("prompt", [0, 1])
def test_the_bound_of_a_perfect_model_is_the_likelihood(prompt, size):
    """Summed over all masks, integrated over the times, against the table itself.

    The chain rule holds in any order, so nothing is lost, whatever the size. The table
    answers from the tokens that the mask of the doubled row lets it see: one more or
    one fewer changes the sum. Every block sees the same time here, which the mean
    cannot tell from times of their own.
    """
    network = table_network(TABLE)
    for text in TEXTS:
        x0, xt, masked, t, p = all_holes(text, prompt)
        times = t[:, None].expand(-1, 4)
        each = block_bound(network, x0, xt, masked, times, prompt, size)
        torch.testing.assert_close((p * each).sum(), nats(text, prompt))


def test_drawn_times_and_masks_have_the_same_mean():
    """`block_times` and `mask_tokens` instead of sums (4 standard errors)."""
    n = 3000
    x0 = TEXTS[:1].repeat(n, 1)
    generator, everywhere = seeded(), torch.ones(n, 4, dtype=torch.bool)
    t = block_times(n, 0, 4, 2, generator)
    xt, masked = mask_tokens(x0, t, everywhere, TABLE.mask, generator)
    found = block_bound(table_network(TABLE), x0, xt, masked, t, 0, 2)
    wrong = float(found.mean() - nats(TEXTS[0]))
    assert abs(wrong) < 4 * float(found.std()) / n**0.5


def test_one_place_all_hidden_is_the_likelihood_and_any_other_time_is_not():
    """Without any mean; at t = 1/2 a token is counted twice or not at all."""
    x0, all_of = TEXTS[:1], torch.ones(1, 4, dtype=torch.bool)
    xt, t = torch.full((1, 4), TABLE.mask), torch.ones(1, 4)
    found = block_bound(table_network(TABLE), x0, xt, all_of, t, 0, 1)
    torch.testing.assert_close(found[0], nats(TEXTS[0]))
    xt, masked = mask_tokens(x0, t / 2, all_of, TABLE.mask, seeded())
    other = block_bound(table_network(TABLE), x0, xt, masked, t / 2, 0, 1)
    assert abs(float(other - found)) > 0.1


PROMPT, LENGTH, SIZE = 2, 7, 3
CONFIG = TokenConfig(5, PROMPT + LENGTH, width=16, depth=2, heads=2)


def network():
    """A small transformer with random numbers everywhere, float64."""
    return awake(TokenTransformer(CONFIG)).double()


def rows(seed=0):
    """Two rows of words, and their noisy twins: half of each hidden."""
    x0 = torch.randint(5, (2, PROMPT + LENGTH), generator=seeded(seed))
    masked = torch.rand(x0.shape, generator=seeded(seed + 1)) < 0.5
    masked[:, :PROMPT] = False
    return x0, x0.masked_fill(masked, CONFIG.mask_id), masked


def moved(net, changed):
    """Which noisy tokens another (x0, xt) moves, (LENGTH,) bool."""
    x0, xt, _ = rows()
    with torch.no_grad():
        before = block_logits(net, x0, xt, PROMPT, SIZE)
        after = block_logits(net, *changed(x0.clone(), xt.clone()), PROMPT, SIZE)
    return ((before - after).abs() > 1e-9).any(dim=2).any(dim=0)


@pytest.mark.parametrize("place", range(PROMPT + LENGTH))
def test_what_moves_a_noisy_block(place):
    """By perturbation: its own tokens, the prompt, clean tokens of earlier blocks."""
    net, block = network(), torch.arange(LENGTH) // SIZE

    def clean(x0, xt):
        x0[:, place] = (x0[:, place] + 1) % 5
        return x0, xt

    def noisy(x0, xt):
        xt[:, place] = (xt[:, place] + 1) % 6
        return x0, xt

    own = place - PROMPT
    later = block > (block[own] if own >= 0 else -1)
    assert torch.equal(moved(net, clean), later)
    if own >= 0:
        assert torch.equal(moved(net, noisy), block == block[own])


@pytest.mark.parametrize("size", [LENGTH, LENGTH + 5])
def test_one_block_for_everything_is_masked_diffusion(size):
    """A plain pass over the noisy row, the prompt read by itself."""
    net, (x0, xt, masked) = network(), rows()
    t = torch.tensor([0.4, 0.7]).unsqueeze(1).expand(2, PROMPT + LENGTH)
    plain = net(xt, mask=prompt_mask(PROMPT, PROMPT + LENGTH))
    want = masked_bound(plain, x0, masked, t)
    torch.testing.assert_close(block_bound(net, x0, xt, masked, t, PROMPT, size), want)

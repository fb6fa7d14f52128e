"""The masked loss. Authority: exact sums over masks and exact integrals over t, on
tables of texts whose entropy is known; expectations in closed form."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from support.tables import all_masks, random_table
from support.theory import seeded

from coursekit.theory.masked_diffusion import (
    held_out_bits,
    keep_share,
    mask_counts,
    mask_tokens,
    masked_bound,
    masked_count_bound,
    stratified_times,
    token_losses,
    unweighted_loss,
)

FLOAT32 = {"rtol": 1e-6, "atol": 0}


def integrated(predict, x0, mask_id, editable=None):
    """The expectation of `masked_bound`, exactly: a sum over masks of integrals over t.

    P(mask | t) / t is a polynomial of t: enough Gauss-Legendre nodes are exact.
    """
    editable = torch.ones_like(x0, dtype=torch.bool) if editable is None else editable
    places = int(editable[0].sum())
    nodes, weights = np.polynomial.legendre.leggauss(places + 1)
    total = torch.zeros(len(x0), dtype=torch.float64)
    for holes in all_masks(places)[1:]:
        masked = torch.zeros_like(editable)
        masked[editable] = holes.repeat(len(x0))
        logits = predict(x0.masked_fill(masked, mask_id))
        hidden = int(holes.sum())
        for node, weight in zip(nodes, weights, strict=True):
            t = (node + 1) / 2
            chance = t**hidden * (1 - t) ** (places - hidden) * weight / 2
            times = torch.full((len(x0),), t, dtype=torch.float64)
            total += chance * masked_bound(logits, x0, masked, times)
    return total


def test_the_perfect_model_has_no_gap():
    """Chain rule in any order: each text gives -log p, so their mean is the entropy."""
    table = random_table()
    found = integrated(table.predict, table.texts, table.mask)
    torch.testing.assert_close(found, -table.p.log(), rtol=0, atol=1e-10)
    assert float(table.p @ found) == pytest.approx(table.entropy(), abs=1e-10)


def test_counts_give_the_same_bound():
    table = random_table(seed=1)
    total = torch.zeros(len(table.texts), dtype=torch.float64)
    every = torch.ones_like(table.texts, dtype=torch.bool)
    for holes in all_masks(table.length)[1:]:
        masked = holes.expand(len(table.texts), -1)
        logits = table.predict(table.texts.masked_fill(masked, table.mask))
        n = int(holes.sum())
        chance = 1 / table.length / math.comb(table.length, n)
        total += chance * masked_count_bound(logits, table.texts, masked, every)
    torch.testing.assert_close(total, -table.p.log(), rtol=0, atol=1e-10)


def test_any_other_model_is_above():
    """Gibbs' inequality, for tables that know another law."""
    table = random_table()
    for seed in range(1, 6):
        found = integrated(random_table(seed=seed).predict, table.texts, table.mask)
        assert float(table.p @ found) > table.entropy() + 0.01


def test_a_gap_in_the_middle_is_conditioned_on_its_sides():
    """With fixed ends the bound is -log p(middle | ends)."""
    table = random_table()
    editable = torch.tensor([False, True, False]).expand(len(table.texts), 3)
    found = integrated(table.predict, table.texts, table.mask, editable)
    ends = table.p.reshape(3, 3, 3).sum(1, keepdim=True).expand(3, 3, 3).reshape(-1)
    torch.testing.assert_close(found, -(table.p / ends).log(), rtol=0, atol=1e-10)


def nth_losses(mask_id=2, places=8):
    """A predictor whose cross-entropy is n / 8 when n of the 8 tokens are hidden."""

    def predict(ids):
        nats = (ids == mask_id).sum(1).double() / places
        logits = torch.stack([-nats, torch.log(-torch.expm1(-nats))], -1)
        return logits.nan_to_num(neginf=-50).unsqueeze(1).expand(-1, ids.shape[1], -1)

    return predict


def test_the_mean_over_what():
    """The bound .5625; pooled .7083 and unweighted .3542 are none.

    By hand: the integral of the probability of n hidden tokens over t, divided by t, is
    1 / n, so the bound is the sum of n * (n / 8) / n, and 36 / 8 / 8 of it a token.
    """
    x0 = torch.zeros(1, 8, dtype=torch.long)
    predict = nth_losses()
    every, bounds, sums = torch.ones(1, 8, dtype=torch.bool), [], []
    for n in range(9):
        masked = (torch.arange(8) < n).unsqueeze(0)
        logits = predict(x0.masked_fill(masked, 2))
        bounds.append(float(masked_count_bound(logits, x0, masked, every)) / 8)
        sums.append(float(unweighted_loss(logits, x0, masked)))
    assert np.mean([8 * total / n for n, total in enumerate(sums) if n]) / 8 == (
        pytest.approx(0.5625)  # n uniform on 1 .. 8: sum over hidden, divided by n / 8
    )
    assert np.mean(bounds[1:]) == pytest.approx(0.5625)
    assert np.sum(sums) / 36 == pytest.approx(0.7083, abs=1e-4)  # pooled: over all n
    assert np.mean(sums) / 8 == pytest.approx(0.3542, abs=1e-4)  # n uniform on 0 .. 8


@pytest.mark.parametrize("copies", [False, True], ids=["uniform", "copies"])
def test_uniform_at_holes_is_log_v_a_token(copies):
    """Seen tokens are free, also for a predictor that is sure of them."""
    x0 = torch.tensor([[0, 3, 1, 4]])

    def predict(ids):
        logits = torch.zeros(1, 4, 5, dtype=torch.float64)
        seen = torch.nn.functional.one_hot(ids, 6)[..., :5].bool()
        surely = torch.where(seen, 0.0, -torch.inf)
        return (
            torch.where((ids < 5).unsqueeze(-1), surely, logits) if copies else logits
        )

    assert float(integrated(predict, x0, 5)) == pytest.approx(4 * math.log(5))


def test_the_share_over_t_is_one_on_average():
    """E[(1/t) hidden share] = 1, with variance ((ln 1/e) / (1 - e) - 1) / L."""
    rows, length, floor = 40_000, 20, 0.05
    x0 = torch.zeros(rows, length, dtype=torch.long)
    every = torch.ones_like(x0, dtype=torch.bool)
    t = stratified_times(rows, seeded(1), floor)
    _, masked = mask_tokens(x0, t, every, 1, seeded(2))
    share = masked.double().mean(1) / t
    variance = (math.log(1 / floor) / (1 - floor) - 1) / length
    assert float(share.mean()) == pytest.approx(1, abs=4 * math.sqrt(variance / rows))
    assert float(share.var()) == pytest.approx(variance, rel=0.05)


def test_each_token_is_hidden_on_its_own_with_probability_t():
    x0 = torch.zeros(50_000, 2, dtype=torch.long)
    every = torch.ones_like(x0, dtype=torch.bool)
    t = torch.tensor([0.3, 0.8]).expand(50_000, 2)  # a time for each place
    _, masked = mask_tokens(x0, t, every, 1, seeded(3))
    pairs = (masked[:, 0] * 2 + masked[:, 1].long()).bincount(minlength=4)
    keep = keep_share(torch.tensor([0.3, 0.8], dtype=torch.float64))
    law = torch.outer(
        torch.stack([keep[0], 1 - keep[0]]), torch.stack([keep[1], 1 - keep[1]])
    )
    assert stats.chisquare(pairs, law.reshape(-1) * 50_000).pvalue > 0.01
    _, all_hidden = mask_tokens(x0, torch.ones(50_000), every, 1, seeded(3))
    assert all_hidden.all()


def test_counts_hide_so_many_at_any_places():
    x0 = torch.zeros(20_000, 5, dtype=torch.long)
    editable = torch.tensor([True, True, False, True, True]).expand(20_000, 5)
    count = torch.arange(20_000) % 5
    xt, masked = mask_counts(x0, count, editable, 1, seeded(0))
    assert torch.equal(masked.sum(1), count) and not masked[:, 2].any()
    assert torch.equal(xt == 1, masked)
    two = masked[count == 2][:, [0, 1, 3, 4]]
    choice = (two * 2 ** torch.arange(4)).sum(1).bincount(minlength=16)
    assert stats.chisquare(choice[choice > 0]).pvalue > 0.01  # six pairs, all alike
    assert int((choice > 0).sum()) == 6


def test_one_time_in_each_strip():
    t = stratified_times(100, seeded(0)).sort().values
    assert ((t * 100).floor() == torch.arange(100)).all()
    starts = torch.stack([stratified_times(4, seeded(i))[0] for i in range(2000)])
    assert stats.kstest(starts.numpy(), "uniform").pvalue > 0.01
    high = stratified_times(1000, seeded(0), floor=0.3)
    assert 0.3 <= high.min() < 0.301 and 0.999 < high.max() < 1


def test_logits_of_a_place_are_about_that_place():
    x0 = torch.tensor([[1, 0, 2, 1]])
    masked = torch.tensor([[True, False, True, True]])
    logits = torch.randn(1, 4, 3, generator=seeded(0), dtype=torch.float64)
    before = token_losses(logits, x0, masked)
    for i in range(4):
        other = logits.clone()
        other[0, i] += torch.tensor([1.0, 2.0, 4.0])
        changed = token_losses(other, x0, masked) != before
        assert changed.nonzero()[:, 1].tolist() == ([i] if masked[0, i] else [])
    one = masked_bound(logits[:, :1], x0[:, :1], masked[:, :1], torch.tensor([0.5]))
    exact = -2 * logits[0, 0].log_softmax(-1)[1]
    assert float(one) == pytest.approx(float(exact))


def test_each_place_is_divided_by_its_own_time():
    x0 = torch.tensor([[1, 0, 2]])
    masked = torch.tensor([[True, False, True]])
    logits = torch.randn(1, 3, 3, generator=seeded(0), dtype=torch.float64)
    t = torch.tensor([[0.25, 0.5, 0.75]])
    each = token_losses(logits, x0, masked)[0]
    wanted = each[0] / 0.25 + each[2] / 0.75
    assert float(masked_bound(logits, x0, masked, t)) == pytest.approx(float(wanted))


def test_a_time_of_zero_costs_nothing_and_keeps_gradients_finite():
    x0 = torch.zeros(2, 3, dtype=torch.long)
    masked = torch.tensor([[False] * 3, [True, False, False]])
    logits = torch.randn(2, 3, 4, generator=seeded(0)).requires_grad_()
    bound = masked_bound(logits, x0, masked, torch.tensor([0.0, 0.5]))
    bound.sum().backward()
    assert bound[0] == 0 and bound[1] > 0
    assert logits.grad.isfinite().all()
    assert (logits.grad.abs().sum(-1) > 0).equal(masked)


def test_a_mask_that_was_typed_is_text():
    """The prompt holds the mask id: it is neither hidden, nor predicted, nor lost."""
    x0 = torch.tensor([[5, 0, 1]])  # 5: the mask; the vocabulary is 0 .. 4
    editable = torch.tensor([[False, True, True]])
    xt, masked = mask_tokens(x0, torch.ones(1), editable, 5, seeded(0))
    assert xt.tolist() == [[5, 5, 5]] and masked.equal(editable)
    bound = masked_bound(torch.zeros(1, 3, 5), x0, masked, torch.ones(1))
    assert float(bound) == pytest.approx(2 * math.log(5))


def test_held_out_bits_of_the_perfect_model():
    """-log2 p(text) on average, for each text; 4 standard errors."""
    table = random_table()
    rows = table.texts[table.p > 0.01]
    every = torch.ones_like(rows, dtype=torch.bool)
    bits = held_out_bits(table.predict, rows, every, table.mask, 1200, seeded(0))
    assert bits.shape == (1200, len(rows)) and bits.dtype == torch.float64
    exact = -table.p[table.p > 0.01].log2()
    error = bits.std(0) / math.sqrt(1200)
    assert ((bits.mean(0) - exact).abs() < 4 * error).all()


def test_held_out_bits_spread_the_counts_and_repeat_the_holes():
    seen = {}

    def watcher(name):
        def predict(ids):
            seen.setdefault(name, []).append(ids)
            torch.rand(3)  # a network may draw; the holes stay
            return torch.zeros(*ids.shape, 4)

        return predict

    x0 = torch.zeros(3, 6, dtype=torch.long)
    every = torch.ones_like(x0, dtype=torch.bool)
    for name in "ab":
        bits = held_out_bits(watcher(name), x0, every, 4, 12, seeded(5))
        torch.testing.assert_close(bits, torch.full((12, 3), 12.0).double(), **FLOAT32)
    ids = torch.stack(seen["a"])
    assert torch.equal(ids, torch.stack(seen["b"]))
    counts = (ids == 4).sum(-1)  # (12, 3): each number 1 .. 6 twice in every row
    assert all(c.bincount(minlength=7)[1:].eq(2).all() for c in counts.T)
    with pytest.raises(ValueError, match="editable"):
        held_out_bits(watcher("c"), x0, ~every, 4, 2)

"""Uniform noise. Authority: Bayes' rule on tables of pairs of tokens, the integral over
all noised texts and times, and the sampler's law by matrices."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats
from support.tables import random_table
from support.theory import seeded

from coursekit.theory.solvers import time_grid
from coursekit.theory.uniform_tokens import (
    corrupt,
    denoise_tokens,
    leave_one_out,
    noised,
    posterior,
    random_tokens,
    uniform_bound,
)

CPU = torch.device("cpu")


def chances(table, t):
    """q(xt | x0) for all pairs of texts: (x0, xt)."""
    same = table.texts.unsqueeze(1) == table.texts.unsqueeze(0)
    other = t / table.mask
    return torch.where(same, 1 - t + other, other).double().prod(-1)


class Noisy:
    """What a perfect network says about texts of a table under uniform noise."""

    def __init__(self, table, leave_out):
        self.table, self.leave_out = table, leave_out

    def __call__(self, xt, t):
        """log p(x0_i | xt), or without the place i."""
        texts, other = self.table.texts, t.reshape(-1, 1, 1) / self.table.mask
        same = xt.unsqueeze(1) == texts  # (B, N, L)
        each = torch.where(same, 1 - t.reshape(-1, 1, 1) + other, other)
        whole = each.prod(-1, keepdim=True) * self.table.p.reshape(1, -1, 1)
        weight = whole / each if self.leave_out else whole.expand_as(each)
        return torch.einsum("bnl,nlv->blv", weight, self.table.one_hot).log()


def integrated(predict, table):
    """The bound of each text, exactly: all noised texts, t by Gauss-Legendre after t =
    u^4, since the integrand has a logarithm at 0."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    n, every = len(table.texts), torch.ones_like(table.texts, dtype=torch.bool)
    total = torch.zeros(n, dtype=torch.float64)
    for node, weight in zip(nodes, weights, strict=True):
        u = (node + 1) / 2
        t = torch.full((n,), u**4, dtype=torch.float64)
        logits = predict(table.texts, t)
        q = chances(table, u**4)
        for k, x0 in enumerate(table.texts):
            nats = uniform_bound(logits, x0.expand(n, -1), table.texts, t, every)
            total[k] += float(q[k] @ nats) * 4 * u**3 * weight / 2
    return total


def test_forward_marginals():
    """alpha [same] + (1 - alpha) / V; other places stay."""
    x0 = torch.full((30_000, 2), 2)
    editable = torch.tensor([True, False]).expand(30_000, 2)
    xt = corrupt(x0, torch.full((30_000,), 0.6), editable, 5, seeded(0))
    law = torch.full((5,), 0.6 / 5, dtype=torch.float64)
    law[2] += 0.4
    seen = xt[:, 0].bincount(minlength=5)
    assert stats.chisquare(seen, law * 30_000).pvalue > 0.01
    assert (xt[:, 1] == 2).all()
    one_hot = torch.nn.functional.one_hot(torch.tensor([[2]]), 5).double()
    torch.testing.assert_close(noised(one_hot, torch.tensor([0.6]))[0, 0], law)
    ids = random_tokens((4_000, 5), 5, CPU, seeded(2))
    assert stats.chisquare(ids.flatten().bincount(minlength=5)).pvalue > 0.01


def test_the_posterior_is_bayes_rule():
    """q(xs | x0) q(xt | xs) / q(xt | x0), counted out for all ids."""
    size, t, s = 4, 0.7, 0.3
    eye = torch.eye(size, dtype=torch.float64)
    to_s = (1 - s) * eye + s / size
    to_t = (1 - t) * eye + t / size
    s_to_t = (1 - t) / (1 - s) * eye + (1 - (1 - t) / (1 - s)) / size
    torch.testing.assert_close(to_s @ s_to_t, to_t)
    times = torch.tensor([t]), torch.tensor([s])
    times = tuple(x.double() for x in times)
    for x0 in range(size):
        for xt in range(size):
            wanted = to_s[x0] * s_to_t[:, xt] / to_t[x0, xt]
            law = eye[x0].reshape(1, 1, -1)
            found = posterior(law, torch.tensor([[xt]]), *times)
            torch.testing.assert_close(found[0, 0], wanted)


def test_one_token_is_denoised_exactly_in_one_step():
    """With one place, all but that place is nothing: the law of the data itself."""
    law = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    predict = lambda ids, t: law.log().expand(*ids.shape, 4)  # noqa: E731
    for steps in (1, 3):
        xt = random_tokens((20_000, 1), 4, CPU, seeded(1))
        every = torch.ones_like(xt, dtype=torch.bool)
        *_, ids = denoise_tokens(predict, xt, every, time_grid(steps), seeded(steps))
        seen = ids[:, 0].bincount(minlength=4)
        assert stats.chisquare(seen, law * 20_000).pvalue > 0.01


def test_leave_one_out_by_bayes_rule():
    table, t = random_table(3, 2, seed=1), torch.full((9,), 0.4, dtype=torch.float64)
    whole = Noisy(table, leave_out=False)(table.texts, t)
    found = leave_one_out(whole, table.texts, t).softmax(-1)
    wanted = Noisy(table, leave_out=True)(table.texts, t).softmax(-1)
    torch.testing.assert_close(found, wanted)
    # It does not depend on the token that stands at the place.
    found = found.reshape(3, 3, 2, 3)
    torch.testing.assert_close(found[:, :, 0], found[:1, :, 0].expand(3, 3, 3))


def test_the_bound_is_tight_for_all_but_the_token_itself():
    """Then each text gives -log p; with p(x0_i | xt) instead the bound is loose."""
    table = random_table(3, 2, seed=1)
    tight = integrated(Noisy(table, leave_out=True), table)
    torch.testing.assert_close(tight, -table.p.log(), rtol=0, atol=1e-5)
    guess = Noisy(table, leave_out=False)
    loose = integrated(guess, table)
    assert float(table.p @ loose) > table.entropy() + 0.05
    mended = integrated(lambda ids, t: leave_one_out(guess(ids, t), ids, t), table)
    torch.testing.assert_close(mended, tight)


def test_any_other_model_is_above():
    """Gibbs' inequality; and the uniform law costs log V a token."""
    table = random_table(3, 2, seed=1)
    for seed in (2, 3):
        other = Noisy(random_table(3, 2, seed=seed), leave_out=True)
        assert float(table.p @ integrated(other, table)) > table.entropy() + 0.01
    flat = integrated(lambda ids, t: torch.zeros(*ids.shape, 3), table)
    wanted = torch.full((9,), 2 * math.log(3), dtype=torch.float64)
    torch.testing.assert_close(flat, wanted, rtol=0, atol=1e-5)


def test_the_bound_counts_editable_places_only():
    logits = torch.randn(2, 3, 4, generator=seeded(0), dtype=torch.float64)
    x0, xt = torch.tensor([[0, 1, 2]] * 2), torch.tensor([[0, 3, 2], [1, 1, 2]])
    t = torch.tensor([0.3, 0.8])
    first_two = torch.tensor([[True, True, False]] * 2)
    logits.requires_grad_()
    bound = uniform_bound(logits, x0, xt, t, first_two)
    bound.sum().backward()
    assert (logits.grad.abs().sum(-1) > 0).equal(first_two)
    short = uniform_bound(
        logits[:, :2], x0[:, :2], xt[:, :2], t, torch.ones(2, 2).bool()
    )
    torch.testing.assert_close(bound, short)


def chain_law(table, steps):
    """The law of the sampler's last state, by matrices over all texts."""
    predict, n = Noisy(table, leave_out=True), len(table.texts)
    law = torch.full((n,), 1 / n, dtype=torch.float64)
    ts = time_grid(steps)
    for t, s in pairwise(ts):
        now, then = t.expand(n), s.expand(n)
        p = predict(table.texts, now).softmax(-1)
        each = posterior(p, table.texts, now, then)  # (n, L, V)
        move = torch.ones(n, n, dtype=torch.float64)
        for i in range(table.length):
            move = move * each[:, i][:, table.texts[:, i]]
        law = law @ move
    return law


def test_the_sampler_comes_to_the_joint_law():
    """Its error is of first order: halved when the steps are doubled."""
    table = random_table(3, 2, seed=1)
    errors = [float((chain_law(table, n) - table.p).abs().sum()) for n in (32, 64, 128)]
    assert errors[2] < 0.02
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(2, abs=0.2)


def test_the_sampler_has_the_law_of_the_chain():
    table = random_table(3, 2, seed=1)
    xt = random_tokens((30_000, 2), 3, CPU, seeded(0))
    every = torch.ones_like(xt, dtype=torch.bool)
    states = list(
        denoise_tokens(Noisy(table, True), xt, every, time_grid(4), seeded(1))
    )
    assert len(states) == 5 and torch.equal(states[0], xt)
    seen = table.counts(states[-1])
    assert stats.chisquare(seen, chain_law(table, 4) * 30_000).pvalue > 0.01


def test_a_prompt_stays():
    table = random_table(3, 2, seed=1)
    xt = random_tokens((50, 2), 3, CPU, seeded(0))
    editable = torch.tensor([False, True]).expand(50, 2)
    *_, ids = denoise_tokens(Noisy(table, True), xt, editable, time_grid(6), seeded(1))
    assert torch.equal(ids[:, 0], xt[:, 0]) and not torch.equal(ids[:, 1], xt[:, 1])

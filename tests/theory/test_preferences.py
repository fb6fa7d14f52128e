"""Rewards from votes, and Diffusion-DPO. Authority: closed forms, finite differences,
and training that must leave the reference alone."""

import copy
import math

import pytest
import torch
from support.theory import gradient, normal, seeded, times
from torch import nn

from coursekit.theory.diffusion_dpo import dpo_loss, implicit_reward
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.preferences import (
    agreement,
    bradley_terry_loss,
    order_pairs,
    vote,
)

LN2 = math.log(2)


def test_votes_are_as_frequent_as_bradley_and_terry_say():
    """Within four standard errors of the binomial law, for three differences."""
    n = 40_000
    for difference in (-1.5, 0.0, 0.4):
        first = normal(n) + difference
        share = float(vote(first, first - difference, seeded(1)).double().mean())
        p = 1 / (1 + math.exp(-difference))
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_pairs_are_ordered_row_by_row():
    first, second = normal(7, 3, 2), normal(7, 3, 2, seed=1)
    wins = torch.tensor([True, False, False, True, True, False, True])
    better, worse = order_pairs(first, second, wins)
    for i, won in enumerate(wins):
        assert torch.equal(better[i], (first if won else second)[i])
        assert torch.equal(worse[i], (second if won else first)[i])


def test_the_loss_of_two_pairs_is_the_mean_of_their_losses():
    """Margins 4 and -4. The sigmoid of their mean would be log 2."""
    better, worse = torch.tensor([4.0, -1.0]), torch.tensor([0.0, 3.0])
    loss = bradley_terry_loss(better, worse)
    assert float(loss) == pytest.approx(2.01815, abs=1e-5)
    each = [bradley_terry_loss(better[i : i + 1], worse[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(loss, torch.stack(each).mean())


def test_only_differences_count_and_large_ones_are_finite():
    better, worse = normal(9), normal(9, seed=1)
    loss = bradley_terry_loss(better, worse)
    torch.testing.assert_close(bradley_terry_loss(better + 3, worse + 3), loss)
    assert float(bradley_terry_loss(better, better)) == pytest.approx(LN2)
    wrong = torch.tensor([-200.0], requires_grad=True)
    lost = bradley_terry_loss(wrong, torch.zeros(1))
    lost.backward()
    assert float(lost) == 200 and float(wrong.grad) == -1


def test_the_gradient_of_the_loss():
    """Closed form: (sigmoid(margin) - 1) / B for the winner, the opposite for the
    loser; on the whole it is 0. And finite differences."""
    better, worse = normal(6).requires_grad_(), normal(6, seed=1).requires_grad_()
    bradley_terry_loss(better, worse).backward()
    wanted = ((better - worse).sigmoid() - 1).detach() / 6
    torch.testing.assert_close(better.grad, wanted)
    torch.testing.assert_close(worse.grad, -wanted)
    fixed = worse.detach()[None]
    slopes = gradient(
        lambda x: torch.stack([bradley_terry_loss(row, fixed[0]) for row in x]),
        better.detach()[None],
    )
    torch.testing.assert_close(better.grad, slopes[0], rtol=1e-6, atol=1e-9)


def test_the_reward_is_found_again_from_its_votes():
    """The maximum of the likelihood tends to the truth: a linear reward in the plane
    from 20,000 votes, three standard errors being 0.06."""
    truth = torch.tensor([1.0, -0.5]).double()
    a, b = normal(20_000, 2), normal(20_000, 2, seed=1)
    better, worse = order_pairs(a, b, vote(a @ truth, b @ truth, seeded(2)))
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=30)

    def closure():
        optimizer.zero_grad()
        loss = bradley_terry_loss(better @ w, worse @ w)
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(w.detach(), truth, rtol=0, atol=0.06)


def test_agreement_counts_a_tie_half():
    better = torch.tensor([1.0, 2.0, 0.0, 5.0], requires_grad=True)
    share = agreement(better, torch.tensor([0.0, 2.0, 1.0, 4.0]))
    assert float(share) == (1 + 0.5 + 0 + 1) / 4 and not share.requires_grad


class Velocity(nn.Module):
    """A small network of a point and its time that remembers what it was shown."""

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.body = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
        self.double()
        self.seen = []

    def forward(self, x, t, cond=None):
        self.seen.append((x.detach(), t, cond))
        return self.body(torch.cat([x, t[:, None]], 1))


def pairs():
    return normal(8, 2), normal(8, 2, seed=1), times(8), normal(8, 2, seed=2)


def checksum(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_dpo_starts_at_log_2_without_margins():
    model = Velocity()
    loss, margins = dpo_loss(model, copy.deepcopy(model), *pairs(), 100.0)
    assert float(loss) == pytest.approx(LN2, abs=1e-12)
    assert torch.equal(margins, torch.zeros(8).double()) and not margins.requires_grad


def test_dpo_in_closed_form_and_swapped_pairs_turn_the_sign():
    """Errors are means over dimensions, written out; beta / 2 multiplies them."""
    model, reference = Velocity(), Velocity(1)
    better, worse, t, eps = pairs()
    loss, margins = dpo_loss(model, reference, better, worse, t, eps, 30.0)

    def error(network, x0):
        xt = (1 - t)[:, None] * x0 + t[:, None] * eps
        return ((network(xt, t) - (eps - x0)) ** 2).sum(1) / 2

    won, lost = (error(model, x) - error(reference, x) for x in (better, worse))
    torch.testing.assert_close(margins, (-15 * (won - lost)).detach())
    torch.testing.assert_close(loss, (1 + (15 * (won - lost)).exp()).log().mean())
    _, swapped = dpo_loss(model, reference, worse, better, t, eps, 30.0)
    torch.testing.assert_close(swapped, -margins)


def test_both_sides_of_a_pair_see_one_time_one_noise_and_one_sentence():
    """Excludes fresh noise for the loser: xt - (1 - t) x0 is t eps in all four."""
    model, reference = Velocity(), Velocity(1)
    better, worse, t, eps = pairs()
    cond = torch.arange(8)
    dpo_loss(model, reference, better, worse, t, eps, 1.0, cond)
    for network in (model, reference):
        shown = zip(network.seen, (better, worse), strict=True)
        for (xt, time, sentence), x0 in shown:
            noise = xt - (1 - t)[:, None] * x0
            torch.testing.assert_close(noise, t[:, None] * eps)
            assert torch.equal(time, t) and torch.equal(sentence, cond)


def test_twenty_steps_lower_the_loss_and_leave_the_reference():
    """Excludes a reference that is the model: its loss stays log 2 for ever."""
    model = Velocity()
    reference = copy.deepcopy(model)
    before, start = checksum(reference), checksum(model)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    batch = [row[:1] for row in pairs()]
    for _ in range(20):
        optimizer.zero_grad()
        loss, _ = dpo_loss(model, reference, *batch, 10.0)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < LN2 - 0.05
    assert torch.equal(checksum(reference), before)
    assert not torch.equal(checksum(model), start)
    assert all(p.grad is None for p in reference.parameters())
    with pytest.raises(ValueError, match="frozen copy"):
        dpo_loss(model, model, *batch, 10.0)


def test_the_implicit_reward_is_the_fall_of_the_error():
    model, reference = Velocity(), Velocity(1)
    x0, _, t, eps = pairs()
    reward = implicit_reward(model, reference, x0, t, eps, 8.0)
    errors = [
        prediction_loss(network, LinearPath(), "velocity", x0, t, eps)
        for network in (model, reference)
    ]
    torch.testing.assert_close(reward, 4 * (errors[1] - errors[0]))

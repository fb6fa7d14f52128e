"""Simulated raters. Authority: the logistic law, arithmetic on what they see, and
voters whose answers are certain."""

import math

import pytest
import torch
from support.theory import normal, seeded

from coursekit.theory.bradley_terry import fit
from coursekit.theory.raters import Rater

N = 40_000


def test_comparing_what_is_seen_votes_as_bradley_and_terry_say():
    """The difference of two looks is logistic: the same votes as `prefer`'s."""
    for noise, difference in ((1.0, 0.8), (2.0, 0.8), (1.0, -1.5)):
        rater = Rater(noise)
        a, b = torch.full((N,), difference).double(), torch.zeros(N).double()
        p = 1 / (1 + math.exp(-difference / noise))
        error = 4 * math.sqrt(p * (1 - p) / N)
        seen = rater.look(a, seeded(1)) > rater.look(b, seeded(2))
        assert abs(float(seen.double().mean()) - p) < error
        assert abs(float(rater.prefer(a, b, seeded(3)).double().mean()) - p) < error


def test_a_look_is_unbiased_and_as_noisy_as_said():
    """Gumbel's variance is pi^2 / 6; dtype and length are those of the quality."""
    seen = Rater(noise=2.0).look(torch.full((N,), 1.5), seeded())
    assert abs(float(seen.mean()) - 1.5) < 0.06 and seen.dtype == torch.float32
    assert float(seen.var()) == pytest.approx(4 * math.pi**2 / 6, rel=0.05)


def test_grades_are_whole_and_personal():
    """Without noise: 3 + spread q - harsh, rounded, from 1 to 5."""
    quality = torch.tensor([-9.0, -1.0, -0.2, 0.0, 0.7, 1.0, 9.0]).double()
    calm, harsh, wide = Rater(0), Rater(0, harsh=1), Rater(0, spread=2)
    assert calm.grade(quality).tolist() == [1, 2, 3, 3, 4, 4, 5]
    assert harsh.grade(quality).tolist() == [1, 1, 2, 2, 3, 3, 5]
    assert wide.grade(quality).tolist() == [1, 1, 3, 3, 4, 5, 5]
    assert calm.approve(quality).tolist() == [False] * 4 + [True] * 3
    assert harsh.approve(quality).tolist() == [False] * 6 + [True]


def test_harshness_and_spread_cancel_in_pairs():
    a, b = normal(500), normal(500, seed=1)
    calm = Rater().prefer(a, b, seeded())
    assert torch.equal(calm, Rater(harsh=2, spread=0.3).prefer(a, b, seeded()))


def test_fatigue_grows_with_the_answers():
    """After n answers the noise is 1 + fatigue n times what it was."""
    rater = Rater(noise=0.5, fatigue=0.01)
    answers = torch.tensor([0, 100, 300])
    assert rater.noise_after(answers).tolist() == pytest.approx([0.5, 1.0, 2.0])
    quality = torch.zeros(N).double()
    fresh, tired = Rater(), Rater(fatigue=1 / N)
    grown = tired.look(quality, seeded()) / fresh.look(quality, seeded())
    torch.testing.assert_close(grown, 1 + torch.arange(N).double() / N)
    one, other = torch.ones(N).double(), quality
    late = slice(-N // 4, None)
    votes = tired.prefer(one, other, seeded())[late].double().mean()
    p = 1 / (1 + math.exp(-1 / 1.875))  # the mean noise of the last quarter
    assert abs(float(votes) - p) < 0.02


def test_the_side_and_the_player_are_kept_apart():
    """Random sides, 1000 games: a voter who always wants A gives 1000 to 0, one who
    always says left 500 +- 50, and rating by player does not name the left."""
    on_left = torch.randint(2, (1000,), generator=seeded()).bool()
    left = torch.where(on_left, 0, 1)
    quality = torch.tensor([5000.0, 0.0])  # of A and B

    def wins_of_a(rater, quality):
        votes = rater.prefer(quality[left], quality[1 - left], seeded(1))
        return int((votes == on_left).sum()), votes

    assert wins_of_a(Rater(), quality)[0] == 1000
    count, votes = wins_of_a(Rater(side=1e6), quality)
    assert abs(count - 500) < 50 and votes.all()
    assert fit(left, 1 - left, votes.double(), "AB").abs().max() < 0.15


def test_all_answers_come_from_the_generator():
    quality, other = normal(50), normal(50, seed=1)
    rater = Rater()
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    for ask in (rater.look, rater.grade, rater.approve):
        assert torch.equal(ask(quality, seeded(4)), ask(quality, seeded(4)))
        assert not torch.equal(ask(quality, seeded(4)), ask(quality, seeded(5)))
    same = [rater.prefer(quality, other, seeded(4)) for _ in range(2)]
    assert torch.equal(*same) and torch.equal(state, torch.random.get_rng_state())

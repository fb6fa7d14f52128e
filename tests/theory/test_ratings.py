"""Win rates and Elo's system. Authority: the lecture's numbers, arithmetic, and sums
that stay."""

import pytest
import torch
from support.theory import seeded

from coursekit.theory.bradley_terry import ELO, fit
from coursekit.theory.ratings import (
    elo_update,
    expected_score,
    play_elo,
    win_rate,
)


def points(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_1000_against_600_as_in_the_lecture():
    """0.909 expected; a win surprises by +0.09, a tie by -0.41, a loss by -0.91."""
    strong, weak = points(1000, 1000, 1000), points(600, 600, 600)
    assert float(expected_score(strong, weak)[0]) == pytest.approx(10 / 11)
    scores = points(1, 0.5, 0)
    up, _ = elo_update(strong, weak, scores, k=1)
    assert [round(x, 2) for x in (up - strong).tolist()] == [0.09, -0.41, -0.91]


def test_the_expected_scores_of_both_sides_sum_to_1():
    """And 400 points are a factor of 10 in the odds; the scale is 400 / ln 10 a nat."""
    a, b = points(1500, 900, 1000), points(1100, 1300, 1000)
    e = expected_score(a, b)
    torch.testing.assert_close(e + expected_score(b, a), torch.ones(3).double())
    torch.testing.assert_close(e / (1 - e), points(10, 0.1, 1))
    torch.testing.assert_close(e, torch.sigmoid((a - b) / ELO))


def test_what_one_wins_the_other_loses():
    """K = 24 between equals moves 12 points; a tie between unequals moves some too."""
    a, b = points(1200, 1200), points(1200, 1000)
    new, other = elo_update(a, b, points(1, 0.5), k=24)
    torch.testing.assert_close(new + other, a + b)
    assert float(new[0]) == 1212 and float(new[1]) < 1200


def test_a_list_of_games_in_steps():
    """Written out; row 0 is the start, and a player who rests keeps the rating."""
    left, right = torch.tensor([0, 2, 0]), torch.tensor([1, 0, 1])
    rows = play_elo(left, right, points(1, 0.5, 0), 3, k=32)
    assert rows.shape == (4, 3) and rows[0].tolist() == [1000] * 3
    assert rows[1].tolist() == [1016, 984, 1000]
    move = 32 * (0.5 - 1 / (1 + 10 ** (16 / 400)))
    torch.testing.assert_close(rows[2], points(1016 - move, 984, 1000 + move))
    torch.testing.assert_close(rows.sum(1), torch.full((4,), 3000.0).double())


def games(n, players, seed=0):
    """Random pairs and random outcomes, ties among them."""
    g = seeded(seed)
    left = torch.randint(players, (n,), generator=g)
    right = (left + torch.randint(1, players, (n,), generator=g)) % players
    return left, right, torch.randint(3, (n,), generator=g) / 2


def test_elo_depends_on_order_and_k_and_bradley_terry_does_not():
    left, right, score = games(300, 5)
    back = torch.arange(299, -1, -1)
    ends = [play_elo(left, right, score, 5, k)[-1] for k in (8, 32)]
    turned = play_elo(left[back], right[back], score[back], 5, 32)[-1]
    assert (ends[0] - ends[1]).abs().max() > 5
    assert (ends[1] - turned).abs().max() > 5
    torch.testing.assert_close(
        fit(left, right, score, 5), fit(left[back], right[back], score[back], 5)
    )
    sides = fit(right, left, 1 - score, 5)
    torch.testing.assert_close(fit(left, right, score, 5), sides)


def test_win_rates_count_ties_half_and_leave_no_game_blank():
    """1 win and 1 tie of 2; the opponent has the rest; no game is not 50 %."""
    rate = win_rate(torch.tensor([0, 1]), torch.tensor([1, 0]), points(1, 0.5), 3)
    assert rate[:2].tolist() == [0.75, 0.25] and rate[2].isnan()

"""Ratings by Bradley and Terry. Authority: closed forms for two players and for tables
made of exact chances, finite differences, and simulated arenas whose truth is known."""

import math

import pytest
import torch
from support.theory import normal, seeded

from coursekit.theory.bradley_terry import (
    Unrated,
    chained,
    count_wins,
    find_groups,
    fit,
    fit_wins,
    information,
    intervals,
)
from coursekit.theory.preferences import vote


def table(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def played(*games):
    """Games as (left, right, score of the left)."""
    left, right, score = zip(*games, strict=True)
    return torch.tensor(left), torch.tensor(right), torch.tensor(score)


def arena(truth, games, generator):
    """Random pairs whose votes follow the model."""
    players = len(truth)
    left = torch.randint(players, (games,), generator=generator)
    right = left + torch.randint(1, players, (games,), generator=generator)
    right = right % players
    score = vote(truth[left], truth[right], generator).double()
    return left, right, score


@pytest.mark.parametrize("wins", [1, 3, 1e6])
def test_two_players_differ_by_the_log_of_their_odds(wins):
    """However far from the first guess."""
    high, low = fit_wins(table([0, wins], [1, 0])).tolist()
    assert high - low == pytest.approx(math.log(wins), abs=1e-9) and high == -low


def test_a_win_and_a_tie_are_ln_3():
    """Half a win each: 1.5 to 0.5. A tie worth two games would give ln 2."""
    high, low = fit(*played((0, 1, 1.0), (1, 0, 0.5)), players=2).tolist()
    assert high - low == pytest.approx(math.log(3))
    ties = played((0, 1, 0.5), (1, 2, 0.5), (2, 0, 0.5), (0, 1, 0.5))
    assert fit(*ties, players=3).abs().max() < 1e-12


def test_wins_and_wins_and_ties_are_the_games_of_each_pair():
    left, right = torch.tensor([0, 1, 0, 2]), torch.tensor([1, 0, 1, 1])
    wins = count_wins(left, right, torch.tensor([1.0, 0.5, 0.0, 1.0]), 3)
    assert wins.tolist() == [[0, 1.5, 0], [1.5, 0, 0], [0, 1, 0]]
    with pytest.raises(ValueError, match=r"1, 0\.5 or 0"):
        count_wins(left, right, torch.tensor([1.0, 2.0, 0.0, 1.0]), 3)


def test_exact_shares_give_back_the_truth():
    """wins[i, j] = n_ij sigmoid(r_i - r_j), unequal n: the slope is 0 at the truth."""
    truth = normal(6) * 2
    truth -= truth.mean()
    games = torch.tensor([[(i + j) % 5 + 1 for j in range(6)] for i in range(6)])
    wins = games * torch.sigmoid(truth[:, None] - truth)
    torch.testing.assert_close(fit_wins(wins), truth, rtol=0, atol=1e-9)
    both = fit_wins(torch.stack([wins, 7 * wins.mT]))  # two tables at once
    torch.testing.assert_close(both, torch.stack([truth, -truth]), rtol=0, atol=1e-9)


LOPSIDED = {
    "whole steps of Newton's overshoot": table(
        [0, 23, 697, 4, 6860],
        [101, 0, 613, 0, 0],
        [77, 0, 0, 0, 2],
        [0, 0, 75372, 0, 23],
        [0, 0, 0, 7046, 0],
    ),
    "steps end in rounding above 1e-9": table(
        [0, 1797, 0, 0, 0, 0],
        [1, 0, 35, 1480, 0, 0],
        [0, 1, 0, 312, 0, 0],
        [6, 1, 0, 0, 7, 0],
        [57609, 74, 0, 0, 0, 4],
        [0, 0, 0, 1, 0, 0],
    ),
}


@pytest.mark.parametrize("wins", LOPSIDED.values(), ids=LOPSIDED)
def test_lopsided_tables_are_fitted_too(wins):
    """Each player's wins are those expected of the ratings."""
    ratings = fit_wins(wins)
    expected = (wins + wins.mT) * torch.sigmoid(ratings[:, None] - ratings)
    torch.testing.assert_close(expected.sum(1), wins.sum(1), rtol=0, atol=1e-6)


def likelihood(ratings, wins):
    chance = torch.sigmoid(ratings[:, None] - ratings)
    return (wins * chance.log()).fill_diagonal_(0).sum()


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_the_slope_of_the_likelihood_is_0_at_the_fit(penalty):
    """And its second slopes are the information, by automatic differentiation."""
    wins = torch.randint(1, 9, (5, 5), generator=seeded()).double()
    found = fit_wins(wins, penalty).requires_grad_()
    value = likelihood(found, wins) - penalty / 2 * found.square().sum()
    (slope,) = torch.autograd.grad(value, found)
    assert slope.abs().max() < 1e-9 and abs(float(found.detach().sum())) < 1e-12
    hessian = torch.autograd.functional.hessian(
        lambda r: likelihood(r, wins), found.detach()
    )
    wins.fill_diagonal_(0)
    torch.testing.assert_close(information(found.detach(), wins), -hessian)


NO_MAXIMUM = {
    "five to nothing": (2, [(0, 1, 1.0)] * 5, "A never lost .* B never beat", 2),
    "never met": (4, [(0, 1, 0.5), (2, 3, 0.5)], "C, D never met", 2),
    "always beats": (
        4,
        [(0, 1, 0.5), (2, 3, 0.5), (1, 3, 1.0)],
        "C, D never beat .* rate A, B alone",
        2,
    ),
    "a chain": (3, [(0, 1, 1.0), (1, 2, 1.0)], "A never lost .* B .* C never beat", 3),
    "a newcomer": (3, [(0, 1, 0.5)], "C never met", 2),
    "no game": (2, [], "A never met", 2),
}


@pytest.mark.parametrize("players, games, said, count", NO_MAXIMUM.values())
def test_who_stands_in_the_way_is_named(players, games, said, count):
    """Ford 1957: finite iff all are joined by chains of wins. A penalty is finite."""
    names = "ABCD"[:players]
    given = played(*games) if games else [torch.zeros(0, dtype=torch.long)] * 3
    with pytest.raises(Unrated, match=said) as caught:
        fit(*given, names)
    assert len(caught.value.groups) == count
    everyone = [i for group in caught.value.groups for i in group]
    assert sorted(everyone) == list(range(players))
    assert fit(*given, names, penalty=0.1).abs().max() < 10
    with pytest.raises(Unrated, match=said):
        intervals(*given, names)


def test_chains_of_any_length_join():
    """A ring of seven: each beats the next. Without one win nobody is joined."""
    ring = torch.eye(7).roll(1, 1)
    assert chained(ring).all() and fit_wins(ring).abs().max() < 1e-9
    ring[3, 4] = 0
    assert torch.equal(chained(ring), torch.eye(7, dtype=torch.bool))
    assert len(find_groups(ring)) == 7


@pytest.mark.parametrize("seed", range(3))
def test_few_games_give_no_bar_of_thousands(seed):
    """Three players, two games a pair, 500 resamples: those without finite ratings are
    counted and left out. The share is that of the exact law: each pair's resampled
    games are enumerated. The rating lies in its own bar."""
    games = played(
        *[(i, j, s) for i, j in ((0, 1), (1, 2), (2, 0)) for s in (1.0, 0.0)]
    )
    found = intervals(*games, 3, generator=seeded(seed))
    assert abs(found.degenerate - lost_share(*games)) < 0.08
    assert 0 < found.degenerate < 1
    assert found.high.max() - found.low.min() < 8
    assert (found.low <= found.ratings).all() and (found.ratings <= found.high).all()


def lost_share(left, right, score):
    """The exact share of resamples of six games that are not chained: 6^6 draws."""
    picks = torch.cartesian_prod(*[torch.arange(6)] * 6)
    wins = count_wins(left[picks], right[picks], score[picks], 3)
    return 1 - float(chained(wins).flatten(1).all(1).double().mean())


def test_a_rating_lies_in_its_own_interval():
    """Also where a bar is so narrow that resamples miss the rating: level 1 %."""
    truth = torch.linspace(-2, 2, 6).double()
    for seed in range(5):
        games = arena(truth, 60, seeded(seed))
        found = intervals(*games, 6, 0.01, 50, 0.05, seeded(seed))
        assert (found.low <= found.ratings).all() and (
            found.ratings <= found.high
        ).all()
        torch.testing.assert_close(found.ratings, fit(*games, 6, 0.05))


def coverage(arenas, games=600, resamples=200):
    """The share of true ratings in their 95 % intervals, and of failed resamples."""
    truth = torch.linspace(-2, 2, 8).double()
    inside, failed = [], []
    for seed in range(arenas):
        g = seeded(seed)
        found = intervals(*arena(truth, games, g), 8, resamples=resamples, generator=g)
        inside.append((found.low <= truth) & (truth <= found.high))
        failed.append(found.degenerate)
    share = torch.stack(inside).double()
    print(f"coverage {share.mean():.3f}, worst player {share.mean(0).min():.3f}")
    return float(share.mean()), sum(failed) / arenas


def test_intervals_cover_the_truth_in_some_arenas():
    """Of 40 arenas; the long test below has 200. Half as wide bars cover 67 %."""
    assert 0.88 < coverage(40)[0] < 0.99


@pytest.mark.long
def test_intervals_cover_the_truth_in_90_to_97_percent():
    share, failed = coverage(200, resamples=500)
    assert 0.90 <= share <= 0.97 and failed < 0.01

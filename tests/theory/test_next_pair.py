"""Whom to ask next. Authority: the Gaussian law's entropy, determinants, and arenas in
which asking well must beat asking at random."""

import math

import pytest
import torch
from support.theory import normal, seeded, slope

from coursekit.theory.bradley_terry import fit_wins, information
from coursekit.theory.next_pair import game_information, information_gain, next_pair
from coursekit.theory.preferences import vote


def test_a_game_between_equals_tells_most():
    """p (1 - p), the slope of the chance: 1/4 at 0, and 10/121 at 400 points of Elo."""
    at = torch.tensor([0.0, math.log(10), -math.log(10), 3.0]).double()
    told = game_information(at)
    assert told[0] == 0.25 and float(told[1]) == pytest.approx(10 / 121)
    torch.testing.assert_close(told, slope(torch.sigmoid, at), rtol=1e-8, atol=1e-9)
    assert told[1] == pytest.approx(float(told[2]))


def test_the_gain_is_the_fall_of_the_entropy():
    """log det of the precision after one more game minus before, halved."""
    ratings, root = normal(4), normal(4, 4, seed=1)
    precision = root @ root.mT + torch.eye(4).double()
    gain = information_gain(ratings, precision.inverse())
    assert torch.equal(gain.diagonal(), torch.zeros(4).double())
    for i, j in ((0, 1), (2, 3), (3, 0)):
        game = torch.zeros(4, 4).double()
        game[i, j] = 1
        more = information(ratings, game)
        wanted = torch.logdet(precision + more) - torch.logdet(precision)
        assert float(gain[i, j]) == pytest.approx(float(wanted) / 2)
        assert gain[i, j] == pytest.approx(float(gain[j, i]))


def test_the_uncertainty_of_a_difference_counts():
    """Two players whose errors are one and the same need no game."""
    covariance = torch.tensor([[4.0, 4, 0], [4, 4, 0], [0, 0, 1]]).double()
    gain = information_gain(torch.zeros(3).double(), covariance)
    assert gain[0, 1] == 0 and gain[0, 2] > 0.3


def test_the_unknown_and_the_open_are_asked_for():
    """Nobody has played: the first pair. A newcomer is asked about; after that, not the
    match whose winner is known."""
    assert next_pair(torch.zeros(3, 3)) == (0, 1)
    known = torch.tensor([[0, 50, 0], [50, 0, 0], [0, 0, 0]])
    assert 2 in next_pair(known)
    even = torch.full((3, 3), 20.0)
    even[2] = torch.tensor([1.0, 1, 0])  # 2 loses nearly always
    even[:2, 2] = 39.0
    even[0, 1] = even[1, 0] = 20.0
    assert next_pair(even) == (0, 1)
    with pytest.raises(ValueError, match="above 0"):
        next_pair(even, penalty=0)


def misordered(truth, ask, games, seed):
    """The share of the pairs that stand in the wrong order after a number of games."""
    g, players = seeded(seed), len(truth)
    wins = torch.zeros(players, players).double()
    for _ in range(games):
        i, j = ask(wins, g)
        won = bool(vote(truth[i : i + 1], truth[j : j + 1], g))
        wins[(i, j) if won else (j, i)] += 1
    found = fit_wins(wins, 0.25)
    wrong = (found[:, None] - found) * (truth[:, None] - truth) < 0
    return float(wrong.double().sum()) / (players * (players - 1))


def at_random(wins, generator):
    i, j = torch.randperm(len(wins), generator=generator)[:2].tolist()
    return i, j


def test_asking_well_orders_better_than_asking_at_random():
    """Twelve players, 8 nats from the first to the last, 150 games, five arenas."""
    truth = torch.linspace(-4, 4, 12).double()
    chosen, drawn = (
        sum(misordered(truth, ask, 150, seed) for seed in range(5)) / 5
        for ask in (lambda wins, _: next_pair(wins), at_random)
    )
    print(f"misordered: chosen {chosen:.1%}, at random {drawn:.1%}")
    assert chosen < 0.6 * drawn

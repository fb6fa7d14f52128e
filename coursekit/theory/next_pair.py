"""Whom to ask about next: the game that will tell most about the ratings.

A game between equals is open and tells most; one whose winner is known tells nothing.
And it tells more about two players of whom less is known.
"""

import torch
from torch import Tensor

from coursekit.theory.bradley_terry import fit_wins, information


def game_information(difference: Tensor) -> Tensor:
    """What one game says about the difference of two ratings: p (1 - p).

    It is the Fisher information of a vote with p = sigmoid(difference): 1/4 between
    equals. difference: (...), in nats. Returns the same shape.
    """
    chance = torch.sigmoid(difference)
    return chance * (1 - chance)


def information_gain(ratings: Tensor, covariance: Tensor) -> Tensor:
    """The nats that a game of each pair is expected to tell (MacKay 1992).

        gain = 1/2 log( 1 + p (1 - p) var ),   var = c_ii + c_jj - 2 c_ij

    with p = sigmoid(r_i - r_j): the logarithm of how much the volume of uncertainty
    shrinks, for ratings whose errors follow a normal law. The variance of the
    *difference* counts: two players who are unsure only together need no game.

    ratings: (P,); covariance: (P, P), of their errors. Returns (P, P), symmetric, 0 on
    the diagonal.
    """
    own = covariance.diagonal()
    variance = own[:, None] + own - 2 * covariance
    told = game_information(ratings[:, None] - ratings)
    return torch.log1p(told * variance) / 2


def next_pair(wins: Tensor, penalty: float = 0.25) -> tuple[int, int]:
    """The pair whose next game is expected to tell most, given a table of wins.

    wins: (P, P), see `bradley_terry.py`; it may be empty. penalty: 1 / the variance
    that ratings are thought to have before any game; ValueError unless it is above 0.
    Returns two players i < j; of equally good pairs the first one.
    """
    if penalty <= 0:
        raise ValueError(f"penalty {penalty}: it must be above 0, try 0.25")
    players = len(wins)
    ratings = fit_wins(wins, penalty)
    precision = information(ratings, wins) + penalty * torch.eye(players).double()
    gain = information_gain(ratings, precision.inverse())
    best = int(gain.triu(1).argmax())
    return best // players, best % players

"""A rating from votes, one game after the other: win rates, and Elo's system.

A game has a left and a right side and a score of the left one: 1 for a win, 0.5 for a
tie, 0 for a loss. `bradley_terry.py` rates all games at once.
"""

import torch
from torch import Tensor


def win_rate(left: Tensor, right: Tensor, score: Tensor, players: int) -> Tensor:
    """The share of its games that each player won; a tie is half a win for each side.

    left, right: (N,), int64, from 0 to players - 1; score: (N,), of the left side.
    Returns (players,), float64; NaN for a player without a game, who has no rate.
    """
    score = score.double()
    who = torch.cat([left, right])
    won = torch.bincount(who, torch.cat([score, 1 - score]), players)
    return won / torch.bincount(who, minlength=players)


def expected_score(rating: Tensor, other: Tensor) -> Tensor:
    """What Elo's system expects of a game against the other (Elo 1978).

        E = 1 / ( 1 + 10^((other - rating) / 400) )

    400 points more make the odds ten times as good. rating, other: (B,). Returns (B,),
    between 0 and 1; the other player's expected score is 1 - E.
    """
    return 1 / (1 + 10 ** ((other - rating) / 400))


def elo_update(
    rating: Tensor, other: Tensor, score: Tensor, k: float = 32.0
) -> tuple[Tensor, Tensor]:
    """Both ratings after a game (Elo 1978): they move by K times the surprise.

        surprise = score - E,   rating + K surprise,   other - K surprise

    What one player wins the other loses, so their sum stays. rating, other: (B,),
    before the game; score: (B,), of the first one, 1, 0.5 or 0; k: how far one game
    can move a rating, in points. Returns both, (B,).
    """
    move = k * (score - expected_score(rating, other))
    return rating + move, other - move


def play_elo(
    left: Tensor,
    right: Tensor,
    score: Tensor,
    players: int,
    k: float = 32.0,
    start: float = 1000.0,
) -> Tensor:
    """Elo's ratings before and after each of a list of games, played in order.

    left, right: (N,), int64, from 0 to players - 1; score: (N,), of the left side.
    Returns (N + 1, players), float64: row 0 is the start, row n is after n games.
    """
    ratings = torch.full((len(left) + 1, players), start, dtype=torch.float64)
    for n, (i, j) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        now = ratings[n]
        ratings[n + 1] = now
        ratings[n + 1, i], ratings[n + 1, j] = elo_update(now[i], now[j], score[n], k)
    return ratings

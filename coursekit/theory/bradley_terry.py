"""Ratings from games, all games at once: the model of Bradley & Terry 1952.

    P( i beats j ) = sigmoid( r_i - r_j )

Only differences count, so ratings here have mean 0. They are in nats, like the rewards
of `preferences.py`; times ELO they are on Elo's scale. The order of the games does not
matter, so a table of wins holds all there is to know: wins (P, P), where wins[i, j]
says how often player i beat player j. A tie is half a win for each side.

Not every table has a best fit. Someone who never lost would be rated without end, and
so would a group that always beats the others, or that never met them: ratings are
finite if and only if each player is joined to each other one by a chain of wins (Ford
1957).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

ELO = 400 / math.log(10)  # points of Elo's scale in one nat
STEPS = 500  # of Newton's method; twenty are many


class Unrated(ValueError):
    """No finite ratings; `groups` has the lists of players who can be compared."""

    def __init__(self, message: str, groups: list[list[int]]) -> None:
        """Say it, and keep the groups."""
        super().__init__(message)
        self.groups = groups


@dataclass(frozen=True)
class Intervals:
    """Ratings (P,), where their intervals begin and end, and how many draws failed."""

    ratings: Tensor
    low: Tensor
    high: Tensor
    degenerate: float  # the share of the resamples that have no finite ratings


def count_wins(left: Tensor, right: Tensor, score: Tensor, players: int) -> Tensor:
    """The table of wins of a list of games.

    left, right: (N,), int64, who played, from 0 to players - 1; score: (N,), of the
    left side: 1 for a win, 0.5 for a tie, 0 for a loss. A tie counts half a win for
    each. Rows of several lists, (..., N), make several tables.

    Returns wins (..., P, P), float64: wins[i, j] is how often i beat j. Raises
    ValueError for another score.
    """
    if not torch.isin(score, torch.tensor([0, 0.5, 1])).all():
        raise ValueError("a score is 1, 0.5 or 0: won, a tie, or lost by the left side")
    score = score.double()
    shape = left.shape[:-1]
    cells = score.new_zeros(*shape, players * players)
    cells.scatter_add_(-1, left * players + right, score)
    cells.scatter_add_(-1, right * players + left, 1 - score)
    return cells.reshape(*shape, players, players)


def chained(wins: Tensor) -> Tensor:
    """Who is joined to whom, both ways, by chains of wins (Ford 1957).

    wins: (..., P, P). Returns (..., P, P), bool. Ratings are finite if all are True.
    """
    players = wins.shape[-1]
    reach = (wins > 0) | torch.eye(players, dtype=torch.bool)
    for _ in range(players.bit_length()):  # chains of twice the length each time
        reach = (reach.double() @ reach.double()) > 0
    return reach & reach.mT


def find_groups(wins: Tensor) -> list[list[int]]:
    """The groups of players whose ratings can be compared, the largest first."""
    rows = dict.fromkeys(tuple(row) for row in chained(wins).tolist())
    groups = [[i for i, joined in enumerate(row) if joined] for row in rows]
    return sorted(groups, key=len, reverse=True)


def _explain(wins: Tensor, groups: list[list[int]], names: Sequence[str]) -> str:
    """Why there are no finite ratings, and what to do."""
    main = groups[0] if len(groups[0]) > 1 else []
    said = []
    for group in groups[bool(main) :]:
        rest = [i for i in range(len(names)) if i not in group]
        won = bool(wins[group][:, rest].sum())
        lost = bool(wins[rest][:, group].sum())
        who = ", ".join(names[i] for i in group)
        said.append(
            {
                (False, False): f"{who} never met the others",
                (False, True): f"{who} never beat any of the others",
                (True, False): f"{who} never lost to any of the others",
                (True, True): f"no chain of wins joins {who} to the others both ways",
            }[won, lost]
        )
    some = f"rate {', '.join(names[i] for i in main)} alone, " if main else ""
    return (
        f"no finite ratings: {'; '.join(said)}; "
        f"let them play more, {some}or give a penalty"
    )


def information(ratings: Tensor, wins: Tensor) -> Tensor:
    """What the games say about the ratings: minus the log-likelihood's second slopes.

    A game of i and j adds p (1 - p) to [i, i] and [j, j] and takes it from [i, j] and
    [j, i], with p = sigmoid(r_i - r_j): much where the two are close, hardly anything
    where the winner was known before.

    ratings: (..., P); wins: (..., P, P). Returns (..., P, P); its rows sum to 0.
    """
    chance = torch.sigmoid(ratings[..., :, None] - ratings[..., None, :])
    weight = (wins + wins.mT) * chance * (1 - chance)
    return torch.diag_embed(weight.sum(-1)) - weight


def fit_wins(wins: Tensor, penalty: float = 0.0) -> Tensor:
    """The ratings under which the table of wins is most probable, by Newton's method.

    The log-likelihood of Bradley & Terry 1952 is

        sum over i, j of  wins[i, j] log sigmoid( r_i - r_j )

    and its slope along r_i is the wins of i minus those expected. Each step solves
    (information) step = slope, with information for minus the second derivatives. A
    whole step may overshoot where the first guess is far off; log(1 + d) / d of it
    never lowers the likelihood, with d the largest minus the smallest entry of the
    step, because sigmoid's slope changes by at most its own size for each nat.

    wins: (..., P, P), chained: wins lead from every player to every other, perhaps over
    others; the diagonal does not count. penalty: takes penalty / 2 times |r|^2 off, as
    a normal prior of variance 1 / penalty does; above 0 it makes all ratings finite.
    Returns (..., P), float64, with mean 0.
    """
    wins = wins.double()
    wins = wins - torch.diag_embed(wins.diagonal(dim1=-2, dim2=-1))
    players = wins.shape[-1]
    ratings = wins.new_zeros(wins.shape[:-1])
    # All ratings may shift together: ones on the matrix fix that, and leave the rest.
    fixed = torch.ones_like(wins) + penalty * torch.eye(players, dtype=wins.dtype)
    for _ in range(STEPS):
        chance = torch.sigmoid(ratings[..., :, None] - ratings[..., None, :])
        slope = (wins * (1 - chance) - wins.mT * chance).sum(-1) - penalty * ratings
        step: Tensor = torch.linalg.solve(information(ratings, wins) + fixed, slope)
        reach = (step.amax(-1) - step.amin(-1))[..., None].clamp(min=1e-12)
        ratings = ratings + step * torch.log1p(reach) / reach
        if float(reach.max()) < 1e-7:  # the error is then of its square's order
            break
    else:
        raise RuntimeError(f"no fit after {STEPS} steps: are all players chained?")
    return ratings - ratings.mean(-1, keepdim=True)


def fit(
    left: Tensor,
    right: Tensor,
    score: Tensor,
    players: int | Sequence[str],
    penalty: float = 0.0,
) -> Tensor:
    """Bradley-Terry ratings of a list of games: `fit_wins`, or who stands in its way.

    left, right: (N,), int64; score: (N,), of the left side, 1, 0.5 or 0. players: their
    number P, or their names, which an error then uses. Returns (P,), float64, mean 0.
    Raises Unrated where ratings are not finite and there is no penalty.
    """
    names = list(map(str, range(players) if isinstance(players, int) else players))
    wins = count_wins(left, right, score, len(names))
    groups = find_groups(wins)
    if len(groups) > 1 and not penalty:
        raise Unrated(_explain(wins, groups, names), groups)
    return fit_wins(wins, penalty)


def intervals(
    left: Tensor,
    right: Tensor,
    score: Tensor,
    players: int | Sequence[str],
    level: float = 0.95,
    resamples: int = 500,
    penalty: float = 0.0,
    generator: torch.Generator | None = None,
) -> Intervals:
    """`fit`, with percentile intervals from resampled games (Efron 1979).

    A resample draws N of the N games with replacement and rates the players anew; the
    interval leaves out (1 - level) / 2 of these ratings at each end. Without a penalty,
    resamples without finite ratings are left out of it, and their share is returned: an
    interval of which much is left out is too narrow. The rating itself always lies in
    its interval, which is stretched to it if need be.

    Raises Unrated like `fit`, and where no resample has finite ratings.
    """
    ratings = fit(left, right, score, players, penalty)
    shape = (resamples, len(left))
    pick = torch.randint(len(left), shape, generator=generator)
    wins = count_wins(left[pick], right[pick], score[pick], len(ratings))
    if not penalty:
        wins = wins[chained(wins).flatten(1).all(1)]
        if not len(wins):
            raise Unrated("no resample has finite ratings: there are too few games", [])
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    low, high = fit_wins(wins, penalty).quantile(ends, dim=0)
    return Intervals(
        ratings,
        torch.minimum(low, ratings),
        torch.maximum(high, ratings),
        1 - len(wins) / resamples,
    )

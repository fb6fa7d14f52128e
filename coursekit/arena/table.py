"""The table of an arena: Bradley-Terry ratings of the votes so far, with intervals."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from coursekit.arena.store import Vote
from coursekit.theory.bradley_terry import (
    ELO,
    Unrated,
    count_wins,
    find_groups,
    fit,
    intervals,
)

MIDDLE = 1000  # the mean rating of those who have one
RESAMPLES = 200
MOST_LOST = 0.1  # of the resamples may rate nobody, or there are no intervals
SCORE = {"left": 1.0, "right": 0.0, "tie": 0.5}  # of the picture on the left


@dataclass(frozen=True)
class Row:
    """A model: its rating with a 95 % interval, or why it has none yet."""

    name: str
    games: int
    rating: float | None = None
    low: float | None = None
    high: float | None = None
    said: str = ""


@dataclass(frozen=True)
class Table:
    """Rated models from the best down, then those without a rating."""

    rows: list[Row]
    votes: int
    lost: float = 0.0  # the share of the resamples without finite ratings

    @property
    def caption(self) -> str:
        """What the numbers are."""
        said = f"Bradley-Terry ratings after {self.votes} vote{'s' * (self.votes != 1)}"
        if self.lost > MOST_LOST:
            return f"{said}; too few for intervals"
        return said + (f"; {self.lost:.1%} of the resamples left out" * (self.lost > 0))

    def as_json(self) -> dict[str, Any]:
        """As the page wants it."""
        return {"caption": self.caption, "rows": [asdict(row) for row in self.rows]}

    def as_text(self) -> str:
        """As the terminal wants it."""
        wide = max((len(row.name) for row in self.rows), default=0)
        lines = [self.caption]
        for row in self.rows:
            value = row.said if row.rating is None else f"{row.rating:.0f}"
            if row.low is not None and row.high is not None:
                value += f"  ({row.low:.0f} to {row.high:.0f})"
            lines.append(f"  {row.name:<{wide}}  {row.games:5d} votes  {value}")
        return "\n".join(lines)


def table(votes: Sequence[Vote], players: Sequence[str]) -> Table:
    """Everyone in `players` or in `votes`, rated by Bradley-Terry on Elo's scale.

    Rated is the largest group of models of which each beat each other one, if only
    through others. A resample that breaks the chain is left out of the intervals; where
    more than MOST_LOST of them do, there are none.
    """
    names = list(
        dict.fromkeys([*players, *(n for v in votes for n in (v.left, v.right))])
    )
    at = {name: i for i, name in enumerate(names)}
    left = torch.tensor([at[v.left] for v in votes], dtype=torch.int64)
    right = torch.tensor([at[v.right] for v in votes], dtype=torch.int64)
    score = torch.tensor([SCORE[v.won] for v in votes], dtype=torch.float64)
    wins = count_wins(left, right, score, len(names))
    group = find_groups(wins)[0] if names else []
    games = (wins + wins.T).sum(1)
    group = group if len(group) > 1 else []
    numbers, lost = _rate(left, right, score, group) if group else ([], 0.0)
    found = dict(zip(group, numbers, strict=True))
    rows = []
    for i in sorted(range(len(names)), key=lambda i: -found.get(i, [-math.inf])[0]):
        said = "" if i in found else _why(float(wins[i].sum()), float(games[i]))
        rating, low, high = (*found.get(i, []), None, None, None)[:3]
        rows.append(Row(names[i], int(games[i]), rating, low, high, said))
    return Table(rows, len(votes), lost)


def _rate(
    left: Tensor, right: Tensor, score: Tensor, group: list[int]
) -> tuple[list[list[float]], float]:
    """[rating, low, high] of each of a group, or [rating]; the share left out."""
    ids = torch.tensor(group)
    inside = torch.isin(left, ids) & torch.isin(right, ids)
    left, right = (torch.searchsorted(ids, side[inside]) for side in (left, right))
    games = (left, right, score[inside], len(group))
    try:
        found = intervals(
            *games, resamples=RESAMPLES, generator=torch.Generator().manual_seed(0)
        )
    except Unrated:  # in every resample
        return (MIDDLE + ELO * fit(*games))[:, None].tolist(), 1.0
    shown = [found.ratings, found.low, found.high]
    if found.degenerate > MOST_LOST:
        shown = shown[:1]
    return (MIDDLE + ELO * torch.stack(shown, 1)).tolist(), found.degenerate


def _why(points: float, games: float) -> str:
    """Why a model has no rating."""
    if not games:
        return "no vote yet"
    if points == games:
        return "won every vote: no finite rating"
    if not points:
        return "lost every vote: no finite rating"
    return "no chain of wins to the others and back"

"""Figure 07.M: what noise, fatigue and a favourite side do to three ways of asking.

Simulated people judge two models, of which the better one is ahead by GAP nats. Each
of KINDS differs from a calm person in one thing. A sitting is so many answers without a
rest.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.experiments.summary import (
    Result,
    columns,
    for_seeds,
    prefixed,
    ratios,
)
from coursekit.theory.raters import Rater

GAP, SITTING = 0.5, 200
KINDS = {
    "calm": Rater(),
    "noisy": Rater(noise=3.0),
    "tired": Rater(fatigue=0.04),
    "leaning": Rater(side=0.8),
}
VOTES = (10, 20, 50, 100, 200, 500, 1000)
SHARING = 10  # people, each with a sitting of their own
SEEDS, TRIES = (0, 1, 2, 3, 4), 1000  # tries for each seed
# curve -> who votes, how many share the votes, and whether chance picks the sides
CURVES = {
    "calm": ("calm", 1, True),
    "noisy": ("noisy", 1, True),
    "tired": ("tired", 1, True),
    "shared": ("tired", SHARING, True),
    "leaning": ("leaning", 1, True),
    "one_side": ("leaning", 1, False),
}


def marks(rater: Rater, count: int, stir: torch.Generator) -> dict[str, list[float]]:
    """Mean `grades` and shares of "good", `yes`, of the better and the worse model.

    Each from a sitting in which chance picks whose picture comes next.
    """
    better = torch.rand(count, generator=stir) < 0.5
    quality = GAP * better.double()
    found = {}
    for way, ask in (("grades", rater.grade), ("yes", rater.approve)):
        given = ask(quality, stir).double()
        found[way] = [float(given[better].mean()), float(given[~better].mean())]
    return found


def right_votes(
    rater: Rater, count: int, stir: torch.Generator, random_sides: bool = True
) -> Tensor:
    """Whether each of `count` votes of a sitting goes to the better model; (count,).

    random_sides: otherwise the better model stands on the right, always.
    """
    on_left = (torch.rand(count, generator=stir) < 0.5) & random_sides
    left = GAP * on_left.double()
    return rater.prefer(left, GAP - left, stir) == on_left


def in_order(
    rater: Rater, people: int, random_sides: bool, stir: torch.Generator
) -> Tensor:
    """After each of VOTES, whether the better model is ahead; a tie is a half."""
    each = max(VOTES) // people
    won = [right_votes(rater, each, stir, random_sides) for _ in range(people)]
    ahead = (torch.stack(won, dim=1).flatten().double() - 0.5).cumsum(0)
    return (ahead[torch.tensor(VOTES) - 1].sign() + 1) / 2


def one(tries: int, seed: int) -> Result:
    """One seed of 07.M."""
    stir = torch.Generator().manual_seed(seed)
    found: Result = {}
    gaps: dict[str, list[float]] = {}  # as grades, "good" and pairs see them
    for kind, rater in KINDS.items():
        tried = columns(marks(rater, SITTING, stir) for _ in range(tries))
        sittings = [right_votes(rater, SITTING, stir) for _ in range(tries)]
        wins = float(torch.stack(sittings).double().mean())
        means = {way: np.mean(rows, axis=0).tolist() for way, rows in tried.items()}
        found |= prefixed(kind, {**means, "wins": wins})
        gaps[kind] = [a - b for a, b in (*means.values(), (wins, 0.5))]
    for kind, seen in gaps.items():
        found[f"{kind}_kept"] = ratios(seen, gaps["calm"])
    for name, (kind, people, random_sides) in CURVES.items():
        rater = KINDS[kind]
        ends = [in_order(rater, people, random_sides, stir) for _ in range(tries)]
        found[f"{name}_right"] = torch.stack(ends).mean(0).tolist()
    return found


def measure(seeds: Sequence[int] = SEEDS, quick: bool = False) -> Result:
    """Everything of 07.M.

    Keys, with _std over seeds: for each of KINDS what `marks` finds, means over
    sittings; `{kind}_wins`, the share of votes for the better model, sides by chance;
    `{kind}_kept`, how far apart grades, "good" and pairs see the models, as a share of
    what calm people's do; for each of CURVES `{curve}_right`: how often the better
    model is ahead, over VOTES. And `votes`, `gap`, `sitting`, `sharing`, `tries` for
    each seed, and the faults: `noise`, `fatigue`, `side`.
    """
    seeds, tries = (seeds[:1], 5) if quick else (seeds, TRIES)
    return {
        "votes": list(VOTES),
        "gap": GAP,
        "sitting": SITTING,
        "sharing": SHARING,
        "tries": tries,
        "noise": KINDS["noisy"].noise,
        "fatigue": KINDS["tired"].fatigue,
        "side": KINDS["leaning"].side,
        **for_seeds(one, seeds, tries),
    }

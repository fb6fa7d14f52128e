"""Figures 07.A and 07.B: win rates and ratings, and three ways to ask people.

Everybody is simulated. In A one model meets the weakest, all, or the strongest of seven
others, who have met each other; its true rating is known. In B raters who differ in
severity compare two models whose qualities differ by a little. A look at one picture is
the unit of their time: a grade or a yes costs one look, a comparison two.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.experiments.summary import Result, columns, for_seeds
from coursekit.theory.bradley_terry import intervals
from coursekit.theory.preferences import vote
from coursekit.theory.raters import Rater
from coursekit.theory.ratings import play_elo, win_rate

QUALITY = torch.linspace(-1.5, 1.5, 8, dtype=torch.float64)  # in nats
OURS, VOTES, OTHERS = 4, 400, 2000
MIXES = {"weakest": [0, 1], "all": [0, 1, 2, 3, 5, 6, 7], "strongest": [6, 7]}
KS = (4.0, 16.0, 32.0, 64.0)
ORDERS = 20
ARENAS, FEW = 200, 600  # whose intervals are checked, and the votes in each
LOOKS = (20, 50, 100, 200, 500, 1000)
AT = 3  # 200 looks
GAP, RATERS, TRIES = 0.3, 10, 200
SEVERE = (0.7, 2.0)  # how much raters differ, in grades
Games = tuple[Tensor, Tensor, Tensor]


def games(who: Tensor, rival: Tensor, stir: torch.Generator) -> Games:
    """Votes on pairs of players, on sides that chance picks."""
    turn = torch.rand(len(who), generator=stir) < 0.5
    left, right = torch.where(turn, who, rival), torch.where(turn, rival, who)
    return left, right, vote(QUALITY[left], QUALITY[right], stir).double()


def among(players: Sequence[int], count: int, stir: torch.Generator) -> Games:
    """Votes on random pairs of different players."""
    order = torch.rand(count, len(players), generator=stir).argsort(1)[:, :2]
    pair = torch.tensor(list(players))[order]
    return games(pair[:, 0], pair[:, 1], stir)


def pooled(seed: int, quick: bool) -> Result:
    """One seed of 07.A, without the coverage."""
    stir = torch.Generator().manual_seed(seed)
    players = len(QUALITY)
    found: Result = {}
    votes, others = (40, 200) if quick else (VOTES, OTHERS)
    rest = [i for i in range(players) if i != OURS]
    pool = among(rest, others, stir)
    truth = float(QUALITY[OURS] - QUALITY.mean())
    for name, rivals in MIXES.items():
        rival = torch.tensor(rivals)[
            torch.randint(len(rivals), (votes,), generator=stir)
        ]
        own = games(torch.full((votes,), OURS), rival, stir)
        left, right, score = (torch.cat(pair) for pair in zip(pool, own, strict=True))
        few = 0.01 if quick else 0.0  # so that few votes are rated, too
        rated = intervals(left, right, score, players, penalty=few, generator=stir)
        low, high = float(rated.low[OURS]), float(rated.high[OURS])
        found |= {
            f"{name}_rate": float(win_rate(*own, players)[OURS]),
            f"{name}_rating": float(rated.ratings[OURS]),
            f"{name}_half": (high - low) / 2,
            f"{name}_holds": float(low <= truth <= high),
        }
    return found | elo_spread(stir, quick)


def elo_spread(stir: torch.Generator, quick: bool) -> Result:
    """How far the order of the same votes moves a rating of Elo's, by K."""
    left, right, score = among(range(len(QUALITY)), 60 if quick else 600, stir)
    spread = []
    for k in KS:
        ends = []
        for _ in range(3 if quick else ORDERS):
            o = torch.randperm(len(left), generator=stir)
            ends.append(play_elo(left[o], right[o], score[o], len(QUALITY), k)[-1])
        spread.append(float(torch.stack(ends).std(0).mean()))
    return {"elo_spread": spread}


def covered(quick: bool) -> float:
    """The share of true ratings that lie in their intervals of 95 %, many arenas."""
    hits = []
    for seed in range(2 if quick else ARENAS):
        stir = torch.Generator().manual_seed(10_000 + seed)
        played = among(range(len(QUALITY)), FEW, stir)
        rated = intervals(*played, len(QUALITY), resamples=200, generator=stir)
        truth = QUALITY - QUALITY.mean()
        hits.append(((rated.low <= truth) & (truth <= rated.high)).double().mean())
    return float(torch.stack(hits).mean())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.A.

    Keys: `truth`, the rating of ours in nats; for each of MIXES `{mix}_rate`, its win
    rate, `{mix}_rating`, `{mix}_half`, half the width of its interval, and
    `{mix}_holds`, 1 if that has the truth in it, with _std and _all over seeds;
    `ks` and `elo_spread`, the standard deviation of Elo's ratings over orders of the
    same votes, in points; `covered` over `arenas`; `votes` of ours.
    """
    seeds = seeds[:1] if quick else seeds
    return {
        "truth": float(QUALITY[OURS] - QUALITY.mean()),
        "votes": VOTES,
        "ks": list(KS),
        "arenas": ARENAS,
        "covered": covered(quick),
        **for_seeds(lambda seed: pooled(seed, quick), seeds),
    }


def orders_right(
    looks: int, severe: float, stir: torch.Generator, tries: int
) -> dict[str, float]:
    """How often each way of asking puts the better of two models first.

    A tie counts half. Pictures of both models are handed out by chance, so that a
    severe rater may get more of one than of the other.
    """
    each = max(1, looks // RATERS)  # pictures that a rater looks at
    wins = dict.fromkeys(("grades", "yes", "pairs"), 0.0)
    for _ in range(tries):
        better, grades, yes, pairs = [], [], [], 0.0
        for harsh in (severe * torch.randn(RATERS, generator=stir)).tolist():
            rater = Rater(harsh=harsh)
            own = torch.rand(each, generator=stir) < 0.5
            better.append(own)
            grades.append(rater.grade(GAP * own.double(), stir))
            yes.append(rater.approve(GAP * own.double(), stir).double())
            two = torch.full((each // 2,), GAP, dtype=torch.float64)
            pairs += float(rater.prefer(two, 0 * two, stir).double().sub(0.5).sum())
        own = torch.cat(better)
        for way, marks in (("grades", torch.cat(grades)), ("yes", torch.cat(yes))):
            lead = marks[own].mean() - marks[~own].mean()
            wins[way] += float(lead > 0) + 0.5 * float(lead == 0)
        wins["pairs"] += float(pairs > 0) + 0.5 * float(pairs == 0)
    return {way: count / tries for way, count in wins.items()}


def measure_ways(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.B.

    Keys: `looks`; `severe`; for the i-th of these `grades_{i}`, `yes_{i}` and
    `pairs_{i}`: how often each way of asking puts the better model first, over looks,
    with _std over seeds; `lead_{i}`, by how much pairs are ahead of grades at LOOKS[AT]
    looks, with _std and _all; `gap`, `raters`, `tries` for each seed.
    """
    seeds, tries = (seeds[:1], 5) if quick else (seeds, TRIES)

    def one(seed: int) -> Result:
        found: Result = {}
        for i, severe in enumerate(SEVERE):
            stir = torch.Generator().manual_seed(seed)
            rows = columns(orders_right(n, severe, stir, tries) for n in LOOKS)
            found |= {f"{way}_{i}": list(row) for way, row in rows.items()}
            found[f"lead_{i}"] = rows["pairs"][AT] - rows["grades"][AT]
        return found

    told = {"looks": list(LOOKS), "severe": list(SEVERE), "gap": GAP}
    return {**told, "raters": RATERS, "tries": tries, **for_seeds(one, seeds)}

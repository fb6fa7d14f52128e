"""Figure 07.L: a leaderboard of everybody who draws bears, and nobody had to vote.

Everyone draws the same held-out sentences about one bear from the same seed. Then a
reader votes as a person does in the arena: on two pictures of one sentence, of which it
takes the one that holds more of what the sentence says.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.arena.simulate import marks, simulate
from coursekit.arena.store import Store
from coursekit.arena.table import MIDDLE, RESAMPLES, table
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.prompts import SEED
from coursekit.experiments.summary import Result
from coursekit.pipeline.contestants import contestant, contestants
from coursekit.theory.bradley_terry import ELO, chained, fit_wins

HURRIED = ("teddy-64-progressive@1", "teddy-64-meanflow@1")  # students in one step
SENTENCES, VOTES = 150, 4000
REAL = "real pictures"


def over_sentences(found: Sequence[NDArray[np.float64]]) -> Any:
    """95 % intervals (2, P) of the ratings of P players, from resampled sentences.

    found: the marks (N,) of each. In a resample everybody meets everybody on each of N
    sentences drawn with replacement: what is left when votes cost nothing.
    """
    marked = np.stack(found)
    n = marked.shape[1]
    score = (np.sign(marked[:, None] - marked[None]) + 1) / 2
    times = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    wins = torch.from_numpy(np.einsum("ijn,rn->rij", score, times))
    wins = wins[chained(wins).flatten(1).all(1)]
    ratings = MIDDLE + ELO * fit_wins(wins).numpy()
    return np.percentile(ratings, (2.5, 97.5), axis=0)


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 07.L, from one seed of noise.

    Keys, in the order of the table: `names`, `ratings`, `low` and `high` (resampled
    votes), `least` and `most` (resampled sentences), `games`, `marks` (mean, of 8) and
    `obeyed` (share of the pictures with all marks); `sentences`, `votes`, `ties`
    (share), `left` (share of the decided votes that the left side won) and `lost`
    (share of the resamples without finite ratings). Real pictures of the scenes play,
    too: how far a perfect model would get.
    """
    count = 8 if quick else SENTENCES
    asked, scenes = prompts(count, "heldout", SEED, "solo")
    found = {REAL: marks(render(scenes, 64), scenes)}
    for name in (*contestants(), *HURRIED):
        images = contestant(name).in_bf16().draw(asked, seeds[0])
        found[name] = marks(images, scenes)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "votes.sqlite")
        simulate(store, found, asked, 300 if quick else VOTES, seeds[0])
        votes = store.votes()
    board = table(votes, list(found))
    sides = [vote.won for vote in votes]
    decided = max(1, len(sides) - sides.count("tie"))
    result: Result = {
        "sentences": count,
        "votes": len(votes),
        "ties": sides.count("tie") / len(sides),
        "left": sides.count("left") / decided,
        "lost": board.lost,
        "names": [row.name for row in board.rows],
        "ratings": [row.rating for row in board.rows],
        "low": [row.low for row in board.rows],
        "high": [row.high for row in board.rows],
        "games": [row.games for row in board.rows],
    }
    rated = [row.name for row in board.rows if row.rating is not None]
    ends = over_sentences([found[name] for name in rated]).tolist()
    absent = [None] * (len(board.rows) - len(rated))
    result["least"], result["most"] = ([*end, *absent] for end in ends)
    result["marks"] = [float(np.mean(found[row.name])) for row in board.rows]
    result["obeyed"] = [float(np.mean(found[row.name] == 8)) for row in board.rows]
    return result

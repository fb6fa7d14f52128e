"""An arena without people: a reader of pictures votes, for a leaderboard of all."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from coursekit.arena.store import Store, Vote
from coursekit.datasets.teddy.reader import read
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.prompt_alignment import hits

Images = NDArray[np.uint8]


def marks(images: Images, scenes: Sequence[Scene]) -> NDArray[np.float64]:
    """How much of its scene the second reader finds in each picture, (N,).

    One point for each attribute that is read as it was asked for, and one for a valid
    picture: 8 at most for one bear. All pictures are read at 32 pixels.
    """
    found = []
    for scene, reading in zip(scenes, read(images, "second"), strict=True):
        right = hits(scene, reading)
        found.append(sum(right.values()) - right["all"] + reading.valid)
    return np.array(found, float)


def simulate(
    store: Store,
    found: Mapping[str, NDArray[np.float64]],
    asked: Sequence[str],
    votes: int,
    seed: int = 0,
) -> None:
    """Cast votes of a rater who takes the picture with more marks, or a tie.

    found: model -> its marks (N,) on the N prompts asked. Each vote is on a prompt, a
    pair and sides drawn by chance.
    """
    rng, names = np.random.default_rng(seed), list(found)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    cast = []
    for _ in range(votes):
        i = int(rng.integers(len(asked)))
        left, right = map(str, rng.permutation(names)[:2])
        gap = found[left][i] - found[right][i]
        won = "tie" if gap == 0 else "left" if gap > 0 else "right"
        cast.append(Vote(now, asked[i], seed, left, right, won))
    store.add(cast)

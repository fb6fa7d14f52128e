"""Bears from the same noise with more and more evaluations, Euler and Heun."""

from collections.abc import Sequence

import torch

from coursekit.lectures.l03_flow_matching.experiments.pictures import METHODS, ladder
from coursekit.widgets.film_player import FilmPlayer, noise_player
from coursekit.widgets.reel import Axis, Reel
from coursekit.widgets.samples import sample_table


def flow_bears(
    name: str = "teddy-flow",
    *,
    count: int = 4,
    nfes: Sequence[int] = (1, 2, 4, 8, 16),
    seed: int = 0,
) -> FilmPlayer:
    """Pictures from the same noise with more and more evaluations, Euler and Heun.

    The button draws other noise.
    """
    axes = (
        Axis("evaluations", tuple(map(str, nfes)), "how often it is asked"),
        Axis("method", tuple(METHODS)),
    )
    twice = " (one Euler step: Heun asks twice)"
    captions = [
        f"{n} network evaluation{'s' * (n > 1)} with {method}"
        + twice * (n < 2 and method == "Heun")
        for n in nfes
        for method in METHODS
    ]

    def reel(player: FilmPlayer) -> Reel:
        noise = seed + player.presses
        table = [ladder(name, count, tuple(nfes), noise, m) for m in METHODS]
        cells = torch.stack([row[i] for i in range(len(nfes)) for row in table])
        start = 2 * (len(nfes) // 2)
        return sample_table(cells, axes, captions, tile=112, start=start)

    return noise_player(reel, "flow_bears")

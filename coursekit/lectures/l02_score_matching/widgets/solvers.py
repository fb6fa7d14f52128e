"""A table of solvers and numbers of evaluations, all from the same noise.

Compute only. Frames come out in C order: number of evaluations first, then the solver.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from coursekit.lectures.l02_score_matching.experiments.solver_walks import (
    NAMES,
    steps_of,
    walk,
)
from coursekit.theory.paths import Path
from coursekit.theory.prediction import Predict
from coursekit.widgets.film_player import FilmPlayer, noise_player
from coursekit.widgets.reel import Axis, Reel
from coursekit.widgets.reverse import starting_noise
from coursekit.widgets.samples import sample_table

Progress = Callable[[int, int], None]


def solver_results(
    predict: Predict,
    path: Path,
    start: Tensor,
    nfes: Sequence[int],
    solvers: Sequence[str],
    seed: int = 0,
    ends: tuple[float, float] = (0.99, 0.002),
    progress: Progress = lambda done, total: None,
) -> Tensor:
    """The end of every walk: (len(nfes) * len(solvers), B, ...), solver fastest.

    ends: where walks start and stop; with few steps a cosine path must not start at 1,
    where the noise guess says nothing about x0. progress(done, total) counts cells.
    """
    total, cells = len(nfes) * len(solvers), []
    with torch.no_grad():
        for nfe in nfes:
            for name in solvers:
                generator = torch.Generator().manual_seed(seed)
                states = walk(name, predict, start, nfe, path, generator, *ends)
                *_, x = states
                cells.append(x)
                progress(len(cells), total)
    return torch.stack(cells).float()


def solver_reel(
    table: Tensor, nfes: Sequence[int], solvers: Sequence[str], *, target: Any = None
) -> Reel:
    """A slider for the evaluations and one for the solver."""
    axes = (
        Axis("evaluations", tuple(map(str, nfes)), "how often the network is asked"),
        Axis("solver", tuple(NAMES[name] for name in solvers)),
    )
    captions = (
        f"{NAMES[name]}: {steps_of(name, nfe)} steps, {nfe} network evaluations"
        for nfe in nfes
        for name in solvers
    )
    start = len(nfes) // 2 * len(solvers)
    return sample_table(
        table,
        axes,
        captions,
        tile=104,
        start=start,
        coloured=table[-1],
        target=target,
    )


def solver_table(
    predict: Predict,
    path: Path,
    shape: Sequence[int] = (2,),
    *,
    nfes: Sequence[int] = (4, 8, 16, 32),
    solvers: Sequence[str] = ("em", "euler", "dpm1", "dpm2", "dpm2m"),
    count: int | None = None,
    seed: int = 0,
    target: Any = None,
) -> FilmPlayer:
    """One starting noise, every solver, every number of evaluations: two sliders.

    predict: see `denoiser`.  shape: of one sample, (2,) or (C, H, W).  solvers: names
    of `coursekit.lectures.l02_score_matching.experiments.solver_walks.NAMES`.
    """
    how_many = count or (400 if len(shape) == 1 else 6)

    def sample(player: FilmPlayer) -> Reel:
        chosen = seed + player.presses
        noise = starting_noise((how_many, *shape), chosen)
        said = partial(player.count, what="pictures done")
        table = solver_results(
            predict, path, noise, nfes, solvers, chosen, progress=said
        )
        return solver_reel(table, nfes, solvers, target=target)

    return noise_player(sample, "solver_table")

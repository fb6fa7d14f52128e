"""A table of solvers and numbers of evaluations, all from the same noise.

Compute only. Frames come out in C order: number of evaluations first, then the solver.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.lectures.l02_score_matching.experiments.solver_walks import (
    NAMES,
    steps_of,
    walk,
)
from coursekit.theory.paths import Path
from coursekit.theory.prediction import Predict
from coursekit.widgets.forward import sectors, to_pixels
from coursekit.widgets.reel import Axis, Reel

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
    captions = tuple(
        f"{NAMES[name]}: {steps_of(name, nfe)} steps, {nfe} network evaluations"
        for nfe in nfes
        for name in solvers
    )
    begin = len(nfes) // 2 * len(solvers)
    if table.ndim == 5:
        columns = min(8, table.shape[1])
        tiles = to_pixels(table)
        return Reel(tiles, axes, columns, captions=captions, tile=104, start=begin)
    shown = table[:, None].nan_to_num(1e3).clamp(-1e3, 1e3)
    return Reel(
        np.ascontiguousarray(shown.numpy()),
        axes,
        captions=captions,
        start=begin,
        limit=3.0,
        groups=sectors(table[-1]),
        ghost=None if target is None else np.asarray(target, dtype=np.float32)[:400],
    )

"""Langevin walks as films: with noise and without, for several step sizes.

Compute only: each function turns states into a `Reel`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.plots.images import pick
from coursekit.widgets.forward import sectors
from coursekit.widgets.reel import Axis, Reel

Score = Callable[[Tensor], Tensor]


def climb(score: Score, x: Tensor, step: float, num_steps: int) -> list[Tensor]:
    """Langevin's walk with its noise switched off: only uphill."""
    states = [x]
    for _ in range(num_steps):
        x = x + step / 2 * score(x)
        states.append(x)
    return states


def langevin_table(
    score: Score,
    start: Tensor,
    steps: Sequence[float],
    num_steps: int,
    frames: int,
    seed: int = 0,
) -> Tensor:
    """Films for every step size: (len(steps) * frames, 2 panels, N, 2), float32.

    Panel 0 walks with noise, panel 1 without. Frames lie in time order, step slowest.
    """
    from coursekit.theory.langevin import langevin

    chosen = pick(num_steps + 1, frames)
    films = []
    for step in steps:
        generator = torch.Generator().manual_seed(seed)
        noisy = list(langevin(score, start, step, num_steps, generator))
        noisy = [start, *noisy] if len(noisy) == num_steps else noisy
        quiet = climb(score, start, step, num_steps)
        films += [torch.stack([noisy[i], quiet[i]]) for i in chosen]
    return torch.stack(films).float()


def langevin_reel(
    score: Score,
    start: Tensor,
    steps: Sequence[float] = (0.002, 0.02, 0.2),
    *,
    num_steps: int = 200,
    frames: int = 51,
    target: Any = None,
    limit: float = 3.0,
    seed: int = 0,
) -> Reel:
    """A slider for the step size and one for the number of steps taken."""
    table = langevin_table(score, start, steps, num_steps, frames, seed)
    chosen = pick(num_steps + 1, frames)
    axes = (
        Axis("step size", tuple(f"{s:g}" for s in steps), "of the Langevin walk"),
        Axis("steps taken", tuple(map(str, chosen))),
    )
    captions = tuple(
        f"{i} steps of size {step:g}: the same start, the same score"
        for step in steps
        for i in chosen
    )
    safe = table.nan_to_num(1e3, 1e3, -1e3).clamp(-1e3, 1e3)
    return Reel(
        np.ascontiguousarray(safe.numpy()),
        axes,
        row_names=("with noise: Langevin", "without noise: only uphill"),
        captions=captions,
        limit=limit,
        groups=sectors(start),
        ghost=None if target is None else np.asarray(target, dtype=np.float32)[:400],
        start=len(steps) // 2 * len(chosen),
    )


def walks_reel(
    films: Mapping[str, Sequence[Tensor]],
    *,
    target: Any = None,
    limit: float = 3.0,
    frames: int = 81,
    colour_by: str = "start",
    trails: bool = True,
    labels: Sequence[str] = (),
) -> Reel:
    """Several walks of the same points side by side, one slider for them all.

    films: name -> states (N, 2), all equally many.  colour_by: "start" or "end" (of the
    first film).  labels: one for each state, such as its time; by default its number.
    """
    lengths = {name: len(states) for name, states in films.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the films differ in length: {lengths}")
    total = next(iter(lengths.values()))
    chosen = pick(total, frames)
    names = labels or [str(i) for i in range(total)]
    stack = [torch.stack([film[i] for film in films.values()]) for i in chosen]
    first = next(iter(films.values()))
    shown = torch.stack(stack).float().nan_to_num(1e3).clamp(-1e3, 1e3)
    return Reel(
        np.ascontiguousarray(shown.numpy()),
        (Axis("t" if labels else "step", tuple(names[i] for i in chosen)),),
        row_names=tuple(films),
        captions=tuple(f"step {i} of {total - 1}" for i in chosen),
        limit=limit,
        groups=sectors(first[0 if colour_by == "start" else -1]),
        ghost=None if target is None else np.asarray(target, dtype=np.float32)[:400],
        trails=trails,
    )

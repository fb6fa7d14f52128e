"""Walks as films: Langevin's with noise and without, and any others side by side."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.plots.images import pick
from coursekit.theory.langevin import langevin
from coursekit.widgets.film_player import FilmPlayer, noise_player
from coursekit.widgets.reel import Axis, Reel
from coursekit.widgets.samples import point_panels

Score = Callable[[Tensor], Tensor]
FRAMES = 51  # of Langevin's walk, for each step size
SHOWN = 81  # frames of other walks


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
    chosen = pick(num_steps + 1, frames)
    films = []
    for step in steps:
        generator = torch.Generator().manual_seed(seed)
        noisy = list(langevin(score, start, step, num_steps, generator))
        noisy = [start, *noisy] if len(noisy) == num_steps else noisy
        quiet = climb(score, start, step, num_steps)
        films += [torch.stack([noisy[i], quiet[i]]) for i in chosen]
    return torch.stack(films).float()


def langevin_player(
    score: Score,
    start: Tensor,
    steps: Sequence[float] = (0.002, 0.02, 0.2),
    *,
    target: Any = None,
    num_steps: int = 200,
) -> FilmPlayer:
    """Langevin's walk with its noise and without, for several step sizes.

    score: score(x (N, 2)) -> (N, 2).  start: (N, 2).  target: points behind.
    """
    chosen = pick(num_steps + 1, FRAMES)
    axes = (
        Axis("step size", tuple(f"{s:g}" for s in steps), "of the Langevin walk"),
        Axis("steps taken", tuple(map(str, chosen))),
    )
    captions = tuple(
        f"{i} steps of size {step:g}: the same start, the same score"
        for step in steps
        for i in chosen
    )

    def reel(player: FilmPlayer) -> Reel:
        seed = player.presses
        return point_panels(
            langevin_table(score, start, steps, num_steps, FRAMES, seed),
            axes,
            row_names=("with noise: Langevin", "without noise: only uphill"),
            captions=captions,
            coloured=start,
            target=target,
            start=len(steps) // 2 * len(chosen),
        )

    return noise_player(reel, "langevin_player")


def walks(
    films: Mapping[str, Sequence[Tensor]],
    *,
    target: Any = None,
    colour_by: str = "start",
    trails: bool = True,
    limit: float = 3.0,
    labels: Sequence[str] = (),
) -> FilmPlayer:
    """Several films of the same points side by side, with their trails.

    films: name -> list of states (N, 2), all equally long.  colour_by: "start" or "end"
    (of the first film).  labels: one for each state, such as its time; by default its
    number.  Raises ValueError for films of different lengths.
    """
    lengths = {name: len(states) for name, states in films.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the films differ in length: {lengths}")
    first = next(iter(films.values()))
    total = len(first)
    chosen = pick(total, SHOWN)
    names = labels or [str(i) for i in range(total)]
    shown = [torch.stack([film[i] for film in films.values()]) for i in chosen]
    reel = point_panels(
        torch.stack(shown),
        (Axis("t" if labels else "step", tuple(names[i] for i in chosen)),),
        row_names=tuple(films),
        captions=tuple(f"step {i} of {total - 1}" for i in chosen),
        coloured=first[0 if colour_by == "start" else -1],
        target=target,
        limit=limit,
        trails=trails,
    )
    return FilmPlayer(reel, name="walks")

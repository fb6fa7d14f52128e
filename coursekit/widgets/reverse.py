"""The way back as films: what the sampler holds, and what the network sees in it.

A film is what `coursekit.experiments.films.record` makes, or any record like it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.experiments.films import Film
from coursekit.plots.images import pick
from coursekit.theory.ddpm_samplers import ddim, respaced
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import pixel_noise
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Reel
from coursekit.widgets.samples import point_panels, sample_table, time_axis, to_pixels

Model = Callable[[Tensor, Tensor], Tensor]


def sculptor(film: Film, *, count: int = 6) -> FilmPlayer:
    """The way back: x_t above the network's guess of x0, scrubbed from noise to data.

    film: states and estimates (B, C, H, W) at the same times.
    """
    return FilmPlayer(sculptor_reel(film, count=count), name="sculptor")


def _told(film: Film, chosen: Sequence[int]) -> dict[str, Any]:
    """The slider and the captions of the states that were chosen."""
    total = len(film.states) - 1
    said = tuple(f"{i} of {total} network evaluations done" for i in chosen)
    return {"axes": time_axis(film.ts[i] for i in chosen), "captions": said}


def sculptor_reel(film: Film, *, count: int = 6, frames: int = 101) -> Reel:
    """x_t above the network's guess of x0, for `count` pictures side by side."""
    chosen = pick(len(film.states), frames)
    rows = [
        torch.cat([film.states[i][:count], film.estimates[i][:count]]) for i in chosen
    ]
    return Reel(
        to_pixels(torch.stack(rows).float()),
        **_told(film, chosen),
        columns=min(count, len(film.states[0])),
        row_names=("x_t, what the sampler holds", "x̂0, what the network sees in it"),
        tile=96,
    )


def point_reel(
    film: Film, *, target: Any = None, frames: int = 101, limit: float = 3.0
) -> Reel:
    """Points on their way from noise to data, next to the guesses of x0.

    target: points of the data set (M, 2), drawn pale behind both panels. Colours show
    where each point ends.
    """
    chosen = pick(len(film.states), frames)
    pairs = [torch.stack([film.states[i], film.estimates[i]]) for i in chosen]
    return point_panels(
        torch.stack(pairs),
        **_told(film, chosen),
        coloured=film.states[-1],
        target=target,
        limit=limit,
        row_names=("x_t, what the sampler holds", "x̂0, the guess from there"),
        trails=True,
    )


def ddim_table(
    model: Model,
    start: Tensor,
    schedule: Schedule,
    steps: Sequence[int],
    etas: Sequence[float],
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Samples from the same starting noise for every pair (steps, eta).

    start: (B, ...) noise. Returns (len(steps) * len(etas), B, ...), eta fastest.
    progress(done, total) counts network evaluations.
    """
    total, before = sum(steps) * len(etas), 0
    cells = []
    for n in steps:
        for eta in etas:
            generator = torch.Generator().manual_seed(seed)
            x, ks = start, respaced(schedule.num_steps, n)
            walk = ddim(model, start, ks, schedule, eta, generator)
            for done, x in enumerate(walk):  # noqa: B007
                progress(before + done, total)
            before += n
            cells.append(x)
    return torch.stack(cells).float()


def ddim_reel(
    table: Tensor, steps: Sequence[int], etas: Sequence[float], *, target: Any = None
) -> Reel:
    """The table of `ddim_table` with a slider for the steps and one for eta."""
    axes = (
        Axis("steps", tuple(str(n) for n in steps), "network evaluations"),
        Axis(
            "η", tuple(f"{e:g}" for e in etas), "0: no fresh noise, 1: as much as DDPM"
        ),
    )
    captions = (
        f"{n} network evaluation{'s' * (n > 1)}, "
        + ("no fresh noise on the way" if e == 0 else f"fresh noise at η = {e:g}")
        + ": the same starting noise in every position"
        for n in steps
        for e in etas
    )
    start = len(steps) // 2 * len(etas)  # with one step, eta changes nothing
    return sample_table(
        table,
        axes,
        captions,
        start=start,
        coloured=table[-len(etas)],
        target=target,
    )


def starting_noise(shape: Sequence[int], seed: int) -> Tensor:
    """Standard normal noise of the given shape; the same seed, the same noise."""
    return pixel_noise(shape, torch.Generator().manual_seed(seed))


def noise_reel(shape: Sequence[int], seed: int) -> Reel:
    """One frame, the noise that everything will start from: there is no slider yet."""
    caption = "the noise that every sample will start from"
    return sample_table(starting_noise(shape, seed)[None], (), [caption])

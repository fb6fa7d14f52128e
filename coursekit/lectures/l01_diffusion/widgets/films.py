"""The films of notebook 01: the way to noise, the way back, and the table of DDIM.

What they show is computed in `coursekit.widgets.forward` and `.reverse`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from coursekit.experiments.films import Film
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.widgets import forward, reverse
from coursekit.widgets.film_player import FilmPlayer, noise_player
from coursekit.widgets.reel import Reel


def forward_process(
    images: Any,
    schedule: Schedule,
    reader: forward.Reader | None = None,
    *,
    frames: int = 101,
    seed: int = 0,
) -> FilmPlayer:
    """Pictures on their way to noise: slider t, ᾱ, SNR, and what a reader still reads.

    images: up to about 12, uint8 (N, H, W[, 3]) or model space (N, C, H, W).
    reader: `coursekit.datasets.teddy.reader.read`, or any function like it.
    The button draws other noise for the same pictures.
    """

    def draw(player: FilmPlayer) -> Reel:
        noise = seed + player.presses
        return forward.image_reel(images, schedule, reader, frames=frames, seed=noise)

    return noise_player(draw, "forward_process")


def forward_2d(points: Any, schedule: Schedule, *, seed: int = 0) -> FilmPlayer:
    """2-D points on their way to noise. points: (N, 2), a few hundred."""
    return FilmPlayer(
        forward.point_reel(points, schedule, seed=seed), name="forward_2d"
    )


def reverse_2d(film: Film, *, target: Any = None) -> FilmPlayer:
    """2-D points on their way back, with their trails, and the guess of x0 from there.

    film: as for `sculptor`, states (N, 2).  target: points (M, 2) drawn pale behind.
    """
    return FilmPlayer(reverse.point_reel(film, target=target), name="reverse_2d")


def ddim_steps(
    model: reverse.Model,
    schedule: Schedule,
    shape: Sequence[int] = (2,),
    *,
    steps: Sequence[int] = (1, 2, 5, 10, 20, 50),
    etas: Sequence[float] = (0.0, 0.5, 1.0),
    count: int | None = None,
    seed: int = 0,
    target: Any = None,
    start: bool | None = None,
) -> FilmPlayer:
    """One starting noise, every number of steps and every η: two sliders.

    shape: of one sample, (2,) for points or (C, H, W) for images.  count: samples
    (default 400 points or 16 images).  target: points (M, 2) to compare with.
    start: sample at once (default for points) or when the button is pressed (images).
    """
    points = len(shape) == 1
    how_many = count or (400 if points else 16)
    evaluations = "network evaluations"

    def sample(player: FilmPlayer) -> Reel:
        chosen = seed + player.presses
        noise = reverse.starting_noise((how_many, *shape), chosen)
        said = partial(player.count, what=evaluations)
        table = reverse.ddim_table(model, noise, schedule, steps, etas, chosen, said)
        return reverse.ddim_reel(table, steps, etas, target=target)

    if points if start is None else start:
        return noise_player(sample, "ddim_steps")
    cost = f"{sum(steps) * len(etas)} {evaluations} of {how_many} samples each"
    before = reverse.noise_reel((how_many, *shape), seed)
    return FilmPlayer(
        before,
        action="sample the table",
        on_action=sample,
        note=cost,
        name="ddim_steps",
    )

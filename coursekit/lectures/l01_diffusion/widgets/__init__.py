"""The widgets of notebook 01.

Thin shells: what they compute is in forward, reverse and schedule_scene, and is tested
without a browser.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coursekit.widgets import outcome as outcome
from coursekit.widgets import predict as predict
from coursekit.widgets.reverse import sculptor as sculptor

if TYPE_CHECKING:
    from coursekit.theory.ddpm_schedule import Schedule
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.forward import Reader
    from coursekit.widgets.live import Live
    from coursekit.widgets.reverse import Film, Model


def forward_process(
    images: Any,
    schedule: "Schedule",
    reader: "Reader | None" = None,
    *,
    frames: int = 101,
    seed: int = 0,
) -> "FilmPlayer":
    """Pictures on their way to noise: slider t, ᾱ, SNR, and what a reader still reads.

    images: up to about 12, uint8 (N, H, W[, 3]) or model space (N, C, H, W).
    reader: `coursekit.datasets.teddy.reader.read`, or any function like it.
    The button draws other noise for the same pictures.
    """
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.forward import image_reel

    def again(player: FilmPlayer) -> Any:
        other = seed + player.presses
        return image_reel(images, schedule, reader, frames=frames, seed=other)

    reel = image_reel(images, schedule, reader, frames=frames, seed=seed)
    return FilmPlayer(
        reel, action="other noise", on_action=again, name="forward_process"
    )


def ddim_steps(
    model: "Model",
    schedule: "Schedule",
    shape: Sequence[int] = (2,),
    *,
    steps: Sequence[int] = (1, 2, 5, 10, 20, 50),
    etas: Sequence[float] = (0.0, 0.5, 1.0),
    count: int | None = None,
    seed: int = 0,
    target: Any = None,
    start: bool | None = None,
) -> "FilmPlayer":
    """One starting noise, every number of steps and every η: two sliders.

    shape: of one sample, (2,) for points or (C, H, W) for images.  count: samples
    (default 400 points or 16 images).  target: points (M, 2) to compare with.
    start: sample at once (default for points) or when the button is pressed (images).
    """
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.reverse import (
        ddim_reel,
        ddim_table,
        noise_reel,
        starting_noise,
    )

    points = len(shape) == 1
    how_many = count or (400 if points else 16)

    def sample(player: FilmPlayer | None) -> Any:
        chosen = seed + (player.presses if player else 0)
        noise = starting_noise((how_many, *shape), chosen)

        def progress(done: int, total: int) -> None:
            if player and (done % max(total // 20, 1) == 0 or done == total):
                player.note = f"{done} of {total} network evaluations" * (done < total)

        table = ddim_table(model, noise, schedule, steps, etas, chosen, progress)
        return ddim_reel(table, steps, etas, target=target)

    begun = points if start is None else start
    cost = sum(steps) * len(etas)
    return FilmPlayer(
        sample(None) if begun else noise_reel((how_many, *shape), seed),
        action="other noise" if begun else "sample the table",
        on_action=sample,
        note="" if begun else f"{cost} network evaluations of {how_many} samples each",
        name="ddim_steps",
    )


def schedule_editor(image: Any = None) -> "Live":
    """Shape a schedule: ᾱ, SNR, what is left at the end, and an alarm if too much is.

    image: one picture to noise, uint8 or model space; without it, charts only.
    """
    import ipywidgets as w

    from coursekit.lectures.l01_diffusion.widgets.schedule import KINDS, draw
    from coursekit.widgets.live import Live

    wide = {"style": {"description_width": "80px"}, "layout": {"width": "440px"}}
    controls = {
        "kind": w.ToggleButtons(options=KINDS),
        "num_steps": w.IntSlider(
            1000, min=10, max=1000, step=10, description="steps T", **wide
        ),
        "beta_max": w.FloatSlider(
            0.02,
            min=0.002,
            max=0.05,
            step=0.001,
            readout_format=".3f",
            description="last β",
            **wide,
        ),
        "offset": w.FloatSlider(
            0.008,
            min=0.0,
            max=0.1,
            step=0.002,
            readout_format=".3f",
            description="offset s",
            **wide,
        ),
    }

    def drawn(**state: Any) -> Any:
        cosine = state["kind"] == "cosine"  # a slider that does nothing is hidden
        controls["beta_max"].layout.display = "none" if cosine else ""
        controls["offset"].layout.display = "" if cosine else "none"
        return draw(image=image, **state)

    return Live(controls, drawn, "schedule_editor")


def forward_2d(points: Any, schedule: "Schedule", *, seed: int = 0) -> "FilmPlayer":
    """2-D points on their way to noise. points: (N, 2), a few hundred."""
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.forward import point_reel

    return FilmPlayer(point_reel(points, schedule, seed=seed), name="forward_2d")


def reverse_2d(film: "Film", *, target: Any = None) -> "FilmPlayer":
    """2-D points on their way back, with their trails, and the guess of x0 from there.

    film: as for `sculptor`, states (N, 2).  target: points (M, 2) drawn pale behind.
    """
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.reverse import point_reel

    return FilmPlayer(point_reel(film, target=target), name="reverse_2d")

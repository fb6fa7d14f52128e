"""Pictures that move: the widgets of the notebooks.

    from coursekit.workbook import widgets
    widgets.forward_process(teddies, schedule, read)

Every widget is a thin shell around a plain function that is tested without a browser,
carries a still picture of itself, and never raises from a callback. Nothing heavy is
imported before a widget is made.

To add one: write a function that returns a `Reel` (all frames at once, scrubbed in the
browser) or a `Scene` (one state, drawn in a few milliseconds), test it, and hand it to
`FilmPlayer` or to `Live`. tests/browser then moves its sliders in a real JupyterLab.
"""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.theory.ddpm_schedule import Schedule
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.forward import Reader
    from coursekit.workbook.widgets.live import Live
    from coursekit.workbook.widgets.prediction import Prediction
    from coursekit.workbook.widgets.progress_bars import ProgressView
    from coursekit.workbook.widgets.reverse import Film, Model

__all__ = [
    "ddim_steps",
    "forward_2d",
    "forward_process",
    "outcome",
    "predict",
    "progress_view",
    "reverse_2d",
    "schedule_editor",
    "sculptor",
    "tour",
]

# Widgets of later lectures: name -> the module below this package that makes it.
_LATER = {
    "compass": "score",
    "flow_bears": "flow",
    "flow_couplings": "flow",
    "flow_field": "flow",
    "flow_steps": "flow",
    "flow_votes": "flow",
    "one_belief": "flow",
    "langevin_player": "score",
    "sde_paths": "score",
    "solver_table": "score",
    "walks": "score",
}


def __getattr__(name: str) -> Any:
    """Import a later lecture's widget when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"there is no widget {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)


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
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.forward import image_reel

    def again(player: FilmPlayer) -> Any:
        other = seed + player.presses
        return image_reel(images, schedule, reader, frames=frames, seed=other)

    reel = image_reel(images, schedule, reader, frames=frames, seed=seed)
    return FilmPlayer(
        reel, action="other noise", on_action=again, name="forward_process"
    )


def sculptor(film: "Film", *, count: int = 6) -> "FilmPlayer":
    """The way back: x_t above the network's guess of x0, scrubbed from noise to data.

    film: a record with states, estimates and ts (`coursekit.experiments.films.record`).
    """
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.reverse import sculptor_reel

    return FilmPlayer(sculptor_reel(film, count=count), name="sculptor")


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
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.reverse import (
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

    from coursekit.workbook.widgets.live import Live
    from coursekit.workbook.widgets.schedule_scene import KINDS, draw

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
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.forward import point_reel

    return FilmPlayer(point_reel(points, schedule, seed=seed), name="forward_2d")


def reverse_2d(film: "Film", *, target: Any = None) -> "FilmPlayer":
    """2-D points on their way back, with their trails, and the guess of x0 from there.

    film: as for `sculptor`, states (N, 2).  target: points (M, 2) drawn pale behind.
    """
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.reverse import point_reel

    return FilmPlayer(point_reel(film, target=target), name="reverse_2d")


def predict(prediction_id: str, question: str, options: Sequence[str]) -> "Prediction":
    """Write a prediction down before an experiment; `outcome` compares it later."""
    from coursekit.workbook.widgets.prediction import Prediction

    return Prediction(prediction_id, question, options)


def outcome(prediction_id: str, right: str, because: str = "") -> Any:
    """One line after the experiment: what was predicted, what was measured."""
    from html import escape

    from IPython.display import HTML

    from coursekit.workbook.plot_theme import colour
    from coursekit.workbook.widgets.prediction import outcome_line

    text, tone = outcome_line(prediction_id, right, because)
    edge = colour({"good": "green", "bad": "orange"}.get(tone, "ink"))
    style = f"border-left:4px solid {edge};padding:4px 12px"
    return HTML(f'<div style="{style}">{escape(text)}</div>')  # type: ignore[no-untyped-call]


def progress_view() -> "ProgressView":
    """What is solved, notebook by notebook, with a button that looks again."""
    from coursekit.workbook.widgets.progress_bars import ProgressView

    return ProgressView()


def tour(image: Any = None, *, frames: int = 101) -> "FilmPlayer":
    """The smallest widget: one teddy bear, one slider, more and more noise.

    image: any picture; without one a teddy is rendered.
    """
    from coursekit.theory.ddpm_schedule import make_schedule
    from coursekit.workbook.widgets.film_player import FilmPlayer
    from coursekit.workbook.widgets.forward import tour_reel

    if image is None:
        from coursekit.datasets.teddy.sample import teddies

        image = teddies(1, 64, seed=4)[0]
    return FilmPlayer(
        tour_reel(image, make_schedule("cosine", 1000), frames), name="tour"
    )

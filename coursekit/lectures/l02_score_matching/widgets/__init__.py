"""The widgets of notebook 02.

Thin shells: what they compute is in score_field, score_walks, score_paths and
score_solvers, and is tested without a browser.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as w
from torch import Tensor

from coursekit.datasets.toys import Mixture
from coursekit.theory.paths import Path
from coursekit.theory.prediction import Predict
from coursekit.widgets import outcome as outcome
from coursekit.widgets import predict as predict
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.live import Live

_WIDE: dict[str, Any] = {
    "style": {"description_width": "80px"},
    "layout": {"width": "440px"},
}


def compass(
    mixture: Mixture, score: Callable[[Tensor, float], Tensor] | None = None
) -> Live:
    """The score as arrows: sliders for the noise and for where a traveller stands.

    score: the learner's own, score(x (N, 2), sigma); by default the exact one.
    """
    from coursekit.lectures.l02_score_matching.widgets.field import (
        SIGMAS,
        Compass,
        draw,
    )

    made = Compass.of(mixture, score)
    place = {"min": -2.5, "max": 2.5, "step": 0.1, "readout_format": ".1f"}
    controls = {
        "sigma": w.SelectionSlider(
            options=[(f"{s:g}", s) for s in SIGMAS],
            value=min(SIGMAS, key=lambda s: abs(s - 0.3)),
            description="noise σ",
            **_WIDE,
        ),
        "x": w.FloatSlider(0.4, description="go right", **place, **_WIDE),
        "y": w.FloatSlider(-0.6, description="go up", **place, **_WIDE),
    }
    return Live(controls, lambda **state: draw(made, **state), "compass")


def langevin_player(
    score: Callable[[Tensor], Tensor],
    start: Tensor,
    steps: Sequence[float] = (0.002, 0.02, 0.2),
    *,
    target: Any = None,
    num_steps: int = 200,
) -> FilmPlayer:
    """Langevin's walk with its noise and without, for several step sizes.

    score: score(x (N, 2)) -> (N, 2).  start: (N, 2).  target: points behind.
    """
    from coursekit.lectures.l02_score_matching.widgets.langevin import langevin_reel

    def again(player: FilmPlayer) -> Any:
        return reel(player.presses)

    def reel(seed: int) -> Any:
        return langevin_reel(
            score, start, steps, num_steps=num_steps, target=target, seed=seed
        )

    return FilmPlayer(
        reel(0), action="other noise", on_action=again, name="langevin_player"
    )


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

    films: name -> list of states (N, 2).  labels: one for each state, such as its time.
    """
    from coursekit.lectures.l02_score_matching.widgets.langevin import walks_reel

    reel = walks_reel(
        films,
        target=target,
        colour_by=colour_by,
        trails=trails,
        limit=limit,
        labels=labels,
    )
    return FilmPlayer(reel, name="walks")


def sde_paths(seed: int = 0) -> Live:
    """The churn dial: ragged or smooth ways, and the same crowd at every time."""
    from coursekit.lectures.l02_score_matching.widgets.paths import CHURNS, draw, walk

    walked = walk(seed=seed)
    controls = {
        "churn": w.SelectionSlider(
            options=[(f"{c:g}", c) for c in CHURNS],
            value=1.0,
            description="churn",
            **_WIDE,
        ),
        "time": w.FloatSlider(
            0.0,
            min=0.0,
            max=1.0,
            step=0.02,
            readout_format=".2f",
            description="time t",
            **_WIDE,
        ),
    }
    return Live(controls, lambda **state: draw(walked, **state), "sde_paths")


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
    from coursekit.lectures.l02_score_matching.widgets.solvers import (
        solver_reel,
        solver_results,
    )
    from coursekit.widgets.reverse import starting_noise

    how_many = count or (400 if len(shape) == 1 else 6)

    def sample(chosen: int, player: FilmPlayer | None = None) -> Any:
        noise = starting_noise((how_many, *shape), chosen)

        def progress(done: int, total: int) -> None:
            if player is not None:
                player.note = f"{done} of {total} pictures done" * (done < total)

        table = solver_results(
            predict, path, noise, nfes, solvers, chosen, progress=progress
        )
        return solver_reel(table, nfes, solvers, target=target)

    return FilmPlayer(
        sample(seed),
        action="other noise",
        on_action=lambda player: sample(seed + player.presses, player),
        name="solver_table",
    )

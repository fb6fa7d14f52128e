"""The widgets of notebook 03.

Thin shells: what they compute is in flow_crowd, flow_ballot, flow_ladder, flow_pairings
and flow_belief, and is tested without a browser.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as w
import torch

from coursekit.datasets.toys import Mixture
from coursekit.widgets import outcome as outcome
from coursekit.widgets import predict as predict
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.live import Live
from coursekit.widgets.reverse import sculptor as sculptor

_WIDE: dict[str, Any] = {
    "style": {"description_width": "80px"},
    "layout": {"width": "440px"},
}


def _time(value: float = 1.0, low: float = 0.0) -> w.FloatSlider:
    """A slider for t, from noise on the left to data on the right of the notebook."""
    return w.FloatSlider(value, min=low, max=1.0, step=0.02, description="t", **_WIDE)


def _choice(options: Sequence[str], label: str = "") -> w.ToggleButtons:
    return w.ToggleButtons(options=options, description=label)


def flow_field(mixture: Mixture, *, seed: int = 0) -> Live:
    """A crowd on its way from noise to data: people and arrows, and the density.

    mixture: the data, whose exact flow is followed.
    """
    from coursekit.lectures.l03_flow_matching.widgets.crowd import Crowd, draw

    crowd = Crowd.of(mixture, seed=seed)
    return Live({"t": _time(0.6)}, lambda t: draw(crowd, t), "flow_field")


def flow_votes(*, seed: int = 0) -> Live:
    """The field of one picture against that of all; who votes for what, and where."""
    from coursekit.lectures.l03_flow_matching.widgets.ballot import FIELDS, Votes, draw

    votes = Votes.of(seed=seed)
    place = {"min": -2.5, "max": 2.5, "step": 0.1, "readout_format": ".1f"}
    controls = {
        "field": w.ToggleButtons(options=FIELDS, value=FIELDS[1]),
        "t": _time(0.5, 0.02),
        "x": w.FloatSlider(0.3, description="stand right", **place, **_WIDE),
        "y": w.FloatSlider(0.4, description="stand up", **place, **_WIDE),
    }
    return Live(controls, lambda **state: draw(votes, **state), "flow_votes")


def flow_steps(
    flows: Mapping[str, Any], *, target: Any, count: int = 500, seed: int = 0
) -> Live:
    """The ways a solver walks with 1 to 64 steps, Euler or Heun.

    flows: name -> velocity(x, t).  target: points (M, 2) of the data.
    """
    from coursekit.lectures.l03_flow_matching.experiments.pictures import METHODS
    from coursekit.lectures.l03_flow_matching.widgets.ladder import STEPS, Ladder, draw

    ladder = Ladder.of(flows, target, count, seed)
    controls = {
        "flow": _choice(list(flows)),
        "method": _choice(list(METHODS)),
        "steps": w.SelectionSlider(
            options=STEPS, value=4, description="steps", **_WIDE
        ),
    }
    if len(flows) == 1:
        controls["flow"].layout.display = "none"
    return Live(controls, lambda **state: draw(ladder, **state), "flow_steps")


def flow_couplings(*, seed: int = 0) -> Live:
    """Which noise belongs to which data: strangers, reflow, or optimal transport."""
    from coursekit.lectures.l03_flow_matching.widgets.pairings import (
        BATCHES,
        PAIRINGS,
        draw,
    )

    controls = {
        "pairing": _choice(PAIRINGS),
        "batch": w.SelectionSlider(
            options=BATCHES, value=BATCHES[-1], description="batch", **_WIDE
        ),
    }

    def drawn(pairing: str, batch: int) -> Any:
        dealt = pairing == PAIRINGS[-1]  # a slider that does nothing is hidden
        controls["batch"].layout.display = "" if dealt else "none"
        return draw(seed, pairing, batch)

    return Live(controls, drawn, "flow_couplings")


def one_belief() -> Live:
    """One belief in five languages: path, moment, and what the network says."""
    from coursekit.lectures.l03_flow_matching.widgets.belief import KINDS, PATHS, draw

    number = {"min": -2.0, "max": 2.0, "step": 0.1, "readout_format": ".1f"}
    controls = {
        "path": _choice(list(PATHS), "path"),
        "heard": w.ToggleButtons(
            options=KINDS, value="velocity", description="it says"
        ),
        "t": _time(0.5),
        "x0": w.FloatSlider(0.8, description="true x0", **number, **_WIDE),
        "eps": w.FloatSlider(-1.2, description="true eps", **number, **_WIDE),
    }
    return Live(controls, lambda **state: draw(**state), "one_belief")


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
    from coursekit.lectures.l03_flow_matching.experiments.pictures import (
        METHODS,
        ladder,
    )
    from coursekit.widgets.forward import to_pixels
    from coursekit.widgets.reel import Axis, Reel

    def reel(chosen: int) -> Reel:
        table = [ladder(name, count, tuple(nfes), chosen, m) for m in METHODS]
        frames = [row[i] for i in range(len(nfes)) for row in table]
        return Reel(
            to_pixels(torch.stack(frames).float()),
            (
                Axis("evaluations", tuple(map(str, nfes)), "how often it is asked"),
                Axis("method", tuple(METHODS)),
            ),
            columns=count,
            captions=tuple(
                f"{n} network evaluation{'s' * (n > 1)} with {m}"
                + (
                    " (one Euler step: Heun asks twice)"
                    if n < 2 and m == "Heun"
                    else ""
                )
                for n in nfes
                for m in METHODS
            ),
            tile=112,
            start=2 * (len(nfes) // 2),
        )

    return FilmPlayer(
        reel(seed),
        action="other noise",
        on_action=lambda player: reel(seed + player.presses),
        name="flow_bears",
    )

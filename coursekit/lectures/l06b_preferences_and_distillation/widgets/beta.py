"""One number of Diffusion-DPO: what stored trainings came to at each beta."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import points
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Meter, Reel
from coursekit.widgets.samples import point_panels

CLOUDS = 8


def dpo_reel(stored: Mapping[str, Any]) -> Reel:
    """The trainings of figure 06b.B: winners only, then every beta; first seed."""
    betas = [f"{beta:g}" for beta in stored["betas"]]
    runs = ["winners", *(f"beta_{beta}" for beta in betas)]
    film = torch.tensor([stored[f"{run}_shown"] for run in runs])
    captions = ["supervised training on the winners alone"]
    captions += [f"DPO, beta = {beta}" for beta in betas]
    for i, run in enumerate(runs):
        won, lost = (stored[f"{run}_{side}_all"][0] for side in ("won", "lost"))
        captions[i] += f": error about winners {won:+.2f}, about losers {lost:+.2f}"

    def meter(name: str, key: str, colour: str) -> Meter:
        values = [float(stored[f"{run}_{key}_all"][0]) for run in runs]
        if key == "entropy":
            values = [math.exp(value) / CLOUDS for value in values]
        return Meter(name, tuple(values), tuple(f"{v:.0%}" for v in values), colour)

    return point_panels(
        film.reshape(len(runs), 1, -1, 2),
        (Axis("beta", ("winners only", *betas)),),
        target=points(400, torch.Generator().manual_seed(3)),
        captions=tuple(captions),
        meters=(
            meter("implicit accuracy", "accuracy", "blue"),
            meter("mean reward", "reward", "green"),
            meter("on a cloud", "on", "orange"),
            meter("clouds in use", "entropy", "purple"),
        ),
        start=len(runs) - 1,
    )


def dpo_beta() -> FilmPlayer:
    """What the same pairs teach at each beta. Bars and points are of one seed."""
    return FilmPlayer(dpo_reel(load_measured("06b.B")), name="dpo_beta")

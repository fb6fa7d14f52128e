"""What the best linear map of a rank makes of noisy patches: live, and exact."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.models.patches import patchify, unpatchify
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.low_rank import (
    Directions,
    mixture,
    open_gains,
    principal_directions,
    rank_errors,
)
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import convert
from coursekit.widgets.controls import choice, level, number, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SIDES, RANKS = (2, 4, 8, 16), tuple(2**n for n in range(10))
NAMES = {"x0": "the data", "eps": "the noise", "velocity": "the velocity"}
SHOWN = 12  # pictures to choose from; the law is that of all others


class Album(NamedTuple):
    """A few pictures, noise of their own, and the law of other pictures' patches."""

    x0: Tensor  # (SHOWN, 3, 32, 32), as eps
    eps: Tensor
    means: dict[int, Tensor]  # of the patches of each side
    laws: dict[int, Directions]

    @classmethod
    def of(cls, count: int = 1500) -> "Album":
        """The law of `count` pictures."""
        pictures = to_model(teddies(SHOWN + count, 32, seed=6)[0]).double()
        x0, others = pictures[:SHOWN], pictures[SHOWN:]
        rows = {side: patchify(others, side).flatten(0, 1) for side in SIDES}
        stir = torch.Generator().manual_seed(0)
        return cls(
            x0,
            torch.randn(x0.shape, generator=stir, dtype=x0.dtype),
            {side: each.mean(dim=0) for side, each in rows.items()},
            {side: principal_directions(each) for side, each in rows.items()},
        )


def guess(
    album: Album, side: int, rank: int, t: float, says: str, which: int
) -> tuple[Tensor, Tensor]:
    """Picture `which` at time t, and the x0 that the best map's answer implies."""
    x0, eps = album.x0[which : which + 1], album.eps[which : which + 1]
    xt, mean = (1 - t) * x0 + t * eps, album.means[side]
    variances, vectors = album.laws[side]
    off = (patchify(xt, side) - (1 - t) * mean) @ vectors
    gains = open_gains(variances, t, says, rank)
    y = mixture(says, t)[0] * mean + off * gains @ vectors.mT
    said = unpatchify(y, side, *xt.shape[2:])
    return xt, convert(said, xt, torch.tensor([t]), LinearPath(), says).x0


def draw(album: Album, says: str, side: int, rank: int, t: float, which: int) -> Scene:
    """The picture, with noise, and guessed; the error over the rank."""
    variances = album.laws[side].variances
    size, open_ = len(variances), min(rank, len(variances))
    errors = {kind: rank_errors(variances, t, kind).numpy() for kind in NAMES}
    chart = Chart(
        [
            Curve(NAMES[kind], np.log2(np.arange(1, size + 1)), each[1:])
            for kind, each in errors.items()
        ],
        title="error of the velocity",
        x_name="log₂ of the rank",
        x_limits=(0.0, float(np.log2(3 * SIDES[-1] ** 2))),
        y_limits=(-1.0, 1.0),
        log_y=True,
        cursor=float(np.log2(open_)),
        width=520,
        height=230,
    )
    xt, found = guess(album, side, open_, t, says, which)
    tiles = to_uint8(torch.cat([album.x0[which : which + 1], xt, found]))
    now, best = float(errors[says][open_]), float(errors[says][-1])
    text = (
        f"A patch has {size} numbers, {open_} fit through. Saying {NAMES[says]} leaves "
        f"{now:.2f}, with all of them open {best:.2f}."
    )
    names = ("x0", f"xt, t = {t:.2f}", f"x0, from {NAMES[says]}")
    return Scene((chart,), tiles, names, text, "good" if now < 1.1 * best else "warn")


def narrow_patches() -> Live:
    """Buttons for what is said, sliders for the patch, the rank, t and the picture."""
    controls = {
        "says": choice([(name, says) for says, name in NAMES.items()], "x0"),
        "side": level("patch side", SIDES, 8),
        "rank": level("rank", RANKS, 64),
        "t": time(0.5, 0.04, 0.96),
        "which": number("picture", 0, 0, SHOWN - 1, 1, "d"),
    }
    return Live(controls, partial(draw, Album.of()), "narrow_patches")

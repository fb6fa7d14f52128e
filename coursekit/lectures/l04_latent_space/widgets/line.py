"""Guidance on a line: the law that seems to be sampled, and the one that is.

All ways are walked once, for every scale of the slider; a scene only draws.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.lectures.l04_latent_space.experiments.guidance_exact import (
    World,
    distance,
    levels,
    line,
    quantiles,
    sharpened,
    two_kinds,
)
from coursekit.lectures.l04_latent_space.experiments.guidance_exact import (
    ways as flow_of,
)
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Plane, ways
from coursekit.widgets.controls import number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SCALES = tuple(i / 2 for i in range(17))  # 0, 0.5, ..., 8
LIMIT, COUNT, STEPS, SHOWN = 3.6, 300, 60, 30
APART = 0.6  # to the right of it live the bears that are far from all cats
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Densities at places (P,), and for each scale the ways (F, COUNT) of the flow."""

    world: World
    places: Tensor
    films: dict[float, Tensor]

    @classmethod
    def of(cls, world: World | None = None) -> "Line":
        """Walk the guided flow of a world for every scale."""
        world = world or two_kinds()
        films = {scale: flow_of(world, scale, COUNT, STEPS) for scale in SCALES}
        return cls(world, line(2001), films)

    def nearest(self, scale: float) -> float:
        """The scale of the films that is nearest to `scale`."""
        return min(self.films, key=lambda each: abs(each - scale))


def density_of(found: Tensor, places: Floats, width: float = 0.06) -> Floats:
    """A smooth density of quantiles: a small bell on each, (P,)."""
    bells = np.exp(-((places[:, None] - found.numpy()) ** 2) / (2 * width**2))
    return np.asarray(bells.mean(1) / (width * np.sqrt(2 * np.pi)))


def densities(made: Line, scale: float) -> dict[str, Floats]:
    """The three laws at places between -LIMIT and LIMIT, and the places, "x"."""
    x = np.linspace(-LIMIT, LIMIT, 241)
    all_places = made.places.numpy()
    sharp = sharpened(made.world, scale, made.places).numpy()
    asked = sharpened(made.world, 1.0, made.places).numpy()
    return {
        "x": x,
        "asked": np.interp(x, all_places, asked),
        "sharp": np.interp(x, all_places, sharp),
        "flow": density_of(made.films[scale][-1], x),
    }


def shares(made: Line, scale: float) -> dict[str, float]:
    """Share of the bears that live apart from the cats, under each law, and the gap."""
    sharp = quantiles(sharpened(made.world, scale, made.places), made.places, COUNT)
    found = made.films[scale][-1]
    return {
        "sharp": float((sharp > APART).double().mean()),
        "flow": float((found > APART).double().mean()),
        "gap": distance(found, sharp),
    }


def draw(made: Line, scale: float) -> Scene:
    """The scene for one scale: laws on the left, ways on the right."""
    scale = made.nearest(scale)
    laws, share = densities(made, scale), shares(made, scale)
    top = max(1.0, *(float(laws[name].max()) for name in ("asked", "sharp", "flow")))
    x = laws["x"]
    chart = Chart(
        [
            Curve("asked", x, laws["asked"], "grid", fill=True),
            Curve("sharpened", x, laws["sharp"], "orange", dashed=True),
            Curve("guided flow", x, laws["flow"], "blue"),
        ],
        title="laws",
        x_name="bears among cats (left), bears apart (right)",
        x_limits=(-LIMIT, LIMIT),
        y_limits=(0.0, 1.08 * top),
        width=440,
        height=250,
    )
    film = made.films[scale].numpy()
    chosen = np.linspace(0, COUNT - 1, SHOWN).round().astype(int)
    begin = torch.special.ndtri(levels(COUNT)).numpy()[chosen]
    chosen = chosen[np.abs(begin) < LIMIT]
    apart = film[-1, chosen] > APART
    time = np.linspace(0, 1, len(film))
    plane = Plane(
        title="ways, from noise to data",
        x_name="1 - t  (left: noise, right: data)",
        y_limits=(-LIMIT, LIMIT),
        width=300,
        height=250,
        layers=(
            *ways(film[:, chosen[~apart]], "purple", 1.1, 0.7, ts=time),
            *ways(film[:, chosen[apart]], "blue", 1.1, 0.7, ts=time),
        ),
    )
    if scale == 0:
        text = "scale 0: nothing is asked for; the flow makes all of p(x), cats too."
    elif scale == 1:
        text = "scale 1: no guidance. All three laws are one."
    else:
        text = (
            f"scale {scale:g}: {share['flow']:.0%} of what comes out are bears apart; "
            f"the sharpened law has {share['sharp']:.0%}. "
            f"The two laws lie {share['gap']:.2f} apart."
        )
    tone = "good" if scale == 1 else "warn" if share["gap"] > 0.1 else ""
    return Scene((chart, plane), text=text, tone=tone)


def guidance_line() -> Live:
    """Guidance with exact scores on a line: which law comes out at which scale?"""
    scale = number("scale", 3.0, SCALES[0], SCALES[-1], SCALES[1] - SCALES[0])
    return Live({"scale": scale}, partial(draw, Line.of()), "guidance_line")

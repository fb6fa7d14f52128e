"""A tap on every skip of a trained U-Net: close one, and see what is missing."""

from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l05_architectures.experiments.skips import (
    BANDS,
    close_skips,
    power,
)
from coursekit.models.unet import UNet
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.solvers import spread_time
from coursekit.widgets.controls import choice, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

COUNT = 3
Floats = NDArray[np.float64]


@dataclass
class Taps:
    """A velocity U-Net, some pictures it never saw, and fixed noise."""

    net: UNet
    x0: Tensor
    eps: Tensor

    @classmethod
    def of(cls, net: nn.Module, seed: int = 0) -> "Taps":
        """`net` predicts the velocity of 32-pixel teddies."""
        x0 = to_model(teddies(COUNT, 32, seed=40 + seed, split="test")[0])
        eps = fresh_noise(x0, torch.Generator().manual_seed(seed))
        return cls(cast(UNet, net), x0, eps)

    def choices(self) -> dict[str, tuple[int, ...]]:
        """What one can close: name -> levels, 0 the finest."""
        levels = len(self.net.config.widths)
        size = 32 // self.net.config.patch
        sides = [f"{size >> i} x {size >> i}" for i in range(levels)]
        one = {f"closed at {side}": (i,) for i, side in enumerate(sides)}
        return {"all open": ()} | one | {"all closed": tuple(range(levels))}

    @torch.no_grad()
    def guess(self, t: float, closed: tuple[int, ...]) -> Tensor:
        """The picture that the network sees under the noise, with some taps closed."""
        now = spread_time(torch.tensor(t), self.x0)
        xt = LinearPath().corrupt(self.x0, self.eps, now)
        handles = close_skips(self.net, closed)
        try:
            velocity: Tensor = self.net(xt, now)
        finally:
            for handle in handles:
                handle.remove()
        return xt - t * velocity


def draw(taps: Taps, t: float, closed: str) -> Scene:
    """Noisy, guessed and real pictures, and the error by frequency."""
    xt = LinearPath().corrupt(taps.x0, taps.eps, spread_time(torch.tensor(t), taps.x0))
    levels = taps.choices()[closed]
    guess = taps.guess(t, levels)
    open_guess = guess if not levels else taps.guess(t, ())
    middles = (np.arange(BANDS) + 0.5) / BANDS / 2
    there = power(taps.x0)
    lines = {"all open": open_guess, closed: guess}
    curves = [
        Curve(name, middles, (power(g - taps.x0) / there).numpy().clip(1e-3))
        for name, g in lines.items()
    ]
    chart = Chart(
        curves,
        title="error / power",
        x_name="spatial frequency (cycles a pixel)",
        x_limits=(0.0, 0.5),
        y_limits=(-3.0, 2.0),
        log_y=True,
        level=(0.0, "as wrong as grey"),
        width=420,
        height=230,
    )
    pictures = to_uint8(torch.cat([taps.x0[:2], xt[:2], guess[:2]]))
    order = [0, 2, 4, 1, 3, 5]
    names = ["real", f"noisy, t = {t:.2f}", "what it sees"] * 2
    ratio = float(
        ((guess - taps.x0) ** 2).mean() / ((open_guess - taps.x0) ** 2).mean()
    )
    text, tone = "All skips are open.", "good"
    if levels:
        text = (
            f"{closed.capitalize()}: the squared error is {ratio:.1f} times as large."
        )
        tone = "bad" if ratio > 2 else "warn"
    return Scene((chart,), pictures[order], names, text, tone)


def skip_taps(net: nn.Module) -> Live:
    """Close the skips of a trained U-Net, one by one.

    net: a U-Net that predicts the velocity of 32-pixel teddies.
    """
    taps = Taps.of(net)
    controls = {"closed": choice(list(taps.choices())), "t": time(0.3, 0.02, 0.98)}
    return Live(controls, partial(draw, taps), "skip_taps")

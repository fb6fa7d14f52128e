"""A law of training times, drawn over what there is to learn at each time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.experiments.measure import load_measured
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.training_times import TimeLaw
from coursekit.widgets.controls import number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

T = np.linspace(0.002, 0.998, 250)
Floats = NDArray[np.float64]
MakeLaw = Callable[[float, float], TimeLaw]


def decided(stored: dict[str, Any]) -> tuple[Floats, Floats]:
    """How fast an exact reader learns of a scene as t falls: times, bits per t."""
    t, left = np.array(stored["fine"]), np.array(stored["unknown_sum"])
    speed = np.gradient(left * stored["unknown_bits"], t)
    return t, speed.clip(min=0.0)


def draw(make: MakeLaw, stored: dict[str, Any], mean: float, std: float) -> Scene:
    """The density, the reader's curve on the same scale, and who gets how much."""
    law = make(mean, std)
    density = law.density(torch.from_numpy(T)).numpy()
    t, speed = decided(stored)
    area = float(np.trapezoid(speed, t))
    drawn = law.sample(20_000, torch.Generator().manual_seed(0)).numpy()
    done = np.cumsum(speed) / speed.sum()
    low, high = (float(np.interp(q, done, t)) for q in (0.1, 0.9))
    inside = float(((drawn > low) & (drawn < high)).mean())
    late = float((drawn > 0.98).mean())
    chart = Chart(
        [
            Curve("the law's density", T, density, fill=True),
            Curve("where bits are decided", t, speed / area, "orange"),
        ],
        title="each of area 1",
        x_name="t, from data to noise",
        y_limits=(0.0, 8.0),
        width=560,
        height=240,
    )
    text = (
        f"{inside:.0%} of the draws fall between t = {low:.2f} and {high:.2f}, where "
        f"80 % of all bits are decided; {late:.2%} fall beyond 0.98."
    )
    return Scene((chart,), text=text, tone="good" if inside > high - low else "warn")


def time_law(make: MakeLaw) -> Live:
    """Move a law of times over the times at which a scene is decided.

    make: from a mean and a std to a law, such as `LogitNormal`.
    """
    controls = {
        "mean": number("mean", 0.0, -2.0, 3.0),
        "std": number("std", 1.0, 0.2, 2.0),
    }
    return Live(controls, partial(draw, make, load_measured("06a.A")), "time_law")

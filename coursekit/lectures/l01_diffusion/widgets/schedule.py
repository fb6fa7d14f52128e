"""The schedule editor: shape a chain, and see whether it still ends in pure noise.

A sampler starts from N(0, I). If the chain stops while signal is left, training never
saw such a start: the prior mismatch. The editor shows what one x0 leaves of it: the KL
divergence of q(x_T | x0) from N(0, I) per dimension, which is L_T of the bound in Ho et
al. 2020, for data of variance 1.
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.plots.chart import Chart, Curve
from coursekit.plots.images import as_uint8
from coursekit.theory.ddpm_schedule import (
    Schedule,
    beta_from_alpha_bar,
    cosine_alpha_bar,
    schedule_from_beta,
)
from coursekit.theory.noise import fresh_noise
from coursekit.widgets.controls import choice, number, show
from coursekit.widgets.forward import model_space
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

KINDS = ("linear", "linear-short", "cosine")
WARN, ALARM = 1e-3, 1e-2  # alpha_bar_T: 3 % and 10 % of the picture's contrast left


def edited(kind: str, num_steps: int, beta_max: float, offset: float) -> Schedule:
    """One of the three schedules with free ends.

    kind: see KINDS.  beta_max: last beta of "linear", (1e-4, 1); "linear-short" then
    multiplies every beta by 1000 / T.  offset: of "cosine", 0.008 in the paper.
    Raises ValueError for another kind.
    """
    if kind == "cosine":
        return schedule_from_beta(
            beta_from_alpha_bar(cosine_alpha_bar(num_steps, offset))
        )
    if kind not in KINDS:
        raise ValueError(f"unknown schedule {kind!r}: use one of {KINDS}")
    beta = torch.linspace(1e-4, beta_max, num_steps, dtype=torch.float64)
    scale = 1000 / num_steps if kind == "linear-short" else 1.0
    return schedule_from_beta((beta * scale).clamp(max=0.999))


def mismatch(alpha_bar: float) -> float:
    """KL( q(x_T | x0) || N(0, I) ), nats per dimension, for data of variance 1.

    Averaged over x0 = +-1 with x_T = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps:
    the trace and the mean term add up to 1, and -log(1 - alpha_bar) / 2 is left.
    """
    return -0.5 * math.log1p(-alpha_bar)


def verdict(schedule: Schedule) -> tuple[str, str]:
    """One sentence about the end of the chain, and its tone."""
    left = float(schedule.alpha_bar[-1])
    nats = mismatch(left)
    share = f"ᾱ_T = {left:.2g}: {100 * math.sqrt(left):.2g} % of the contrast is left"
    cost = f"one x0 leaves {nats:.2g} nats per dimension of mismatch"
    if left > ALARM:
        return (
            f"{share}, {cost}. Sampling from N(0, I) starts where no chain ended.",
            "bad",
        )
    if left > WARN:
        return f"{share}, {cost}. Nearly noise; brightness can still drift.", "warn"
    return f"{share}, {cost}. The chain ends in noise.", "good"


def end_of_chain(image: Any, schedule: Schedule, seed: int = 0) -> NDArray[np.uint8]:
    """x0, one x_T, and the mean of all x_T: three images uint8 (3, H, W, C)."""
    x0 = model_space(image)[:1]
    left = float(schedule.alpha_bar[-1])
    eps = fresh_noise(x0, torch.Generator().manual_seed(seed))
    one = math.sqrt(left) * x0 + math.sqrt(1 - left) * eps
    return as_uint8(torch.cat([x0, one, math.sqrt(left) * x0]))


def draw(
    kind: str, num_steps: int, beta_max: float, offset: float, image: Any = None
) -> Scene:
    """The scene for one state of the editor's sliders."""
    schedule = edited(kind, num_steps, beta_max, offset)
    text, tone = verdict(schedule)
    kept = schedule.alpha_bar.numpy()
    t = np.linspace(0, 1, num_steps + 1)
    usual = edited("cosine" if kind != "cosine" else "linear", 1000, 0.02, 0.008)
    other = usual.alpha_bar.numpy()
    s = np.linspace(0, 1, len(other))
    thin = np.unique(np.linspace(0, num_steps, 101).round().astype(int))
    few = np.linspace(0, 1000, 101).round().astype(int)
    name = "cosine" if kind != "cosine" else "linear"
    end = (float(kept[-1]), f"left at the end: {kept[-1]:.2g}")
    charts = (
        Chart(
            [
                Curve(name, s[few], other[few], "grid", dashed=True),
                Curve("this one", t[thin], kept[thin], "blue", fill=True),
            ],
            title="signal ᾱ",
            x_name="t = k / T",
            y_limits=(0.0, 1.02),
            level=end if end[0] > ALARM else None,
        ),
        Chart(
            [
                Curve(name, s[few[1:]], _ratio(other[few[1:]]), "grid", dashed=True),
                Curve("this one", t[thin[1:]], _ratio(kept[thin[1:]]), "orange"),
            ],
            title="SNR",
            x_name="t = k / T",
            y_limits=(-6.0, 4.0),
            log_y=True,
        ),
    )
    if image is None:
        return Scene(charts, text=text, tone=tone)
    names = ("x0", f"one x_T  (T = {num_steps})", "mean of all x_T")
    pictures = end_of_chain(image, schedule)
    return Scene(charts, pictures, names, text, tone)


def _ratio(alpha_bar: NDArray[np.float64]) -> NDArray[np.float64]:
    return alpha_bar / np.maximum(1 - alpha_bar, 1e-300)


def schedule_editor(image: Any = None) -> Live:
    """Shape a schedule: ᾱ, SNR, what is left at the end, and an alarm if too much is.

    image: one picture to noise, uint8 or model space; without it, charts only.
    """
    controls = {
        "kind": choice(KINDS),
        "num_steps": number("steps T", 1000, 10, 1000, 10, "d"),
        "beta_max": number("last β", 0.02, 0.002, 0.05, 0.001, ".3f"),
        "offset": number("offset s", 0.008, 0.0, 0.1, 0.002, ".3f"),
    }

    def drawn(kind: str, **state: Any) -> Scene:
        show(controls["beta_max"], kind != "cosine")
        show(controls["offset"], kind == "cosine")
        return draw(kind, image=image, **state)

    return Live(controls, drawn, "schedule_editor")

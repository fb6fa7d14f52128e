"""The forward process as films: pictures or points on their way to noise.

Compute only: each function turns data and a schedule into a `Reel`.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.plots.chart import Chart, Curve
from coursekit.plots.images import as_uint8
from coursekit.theory.ddpm import q_sample
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import fresh_noise
from coursekit.widgets.reel import Meter, Reel
from coursekit.widgets.samples import point_panels, time_axis, to_pixels
from coursekit.widgets.samples import sectors as sectors  # notebook 03 asks here

UNREADABLE = "unreadable"  # what the teddy reader says of an attribute it cannot tell
WORN = ("hat", "glasses")  # attributes whose word says nothing without their name

Reader = Callable[[NDArray[np.uint8]], Sequence[Any]]


def steps_shown(num_steps: int, frames: int) -> list[int]:
    """The steps k that a film stops at, from 0 to T, evenly spaced, none twice."""
    raw = np.linspace(0, num_steps, min(frames, num_steps + 1))
    return sorted({round(float(k)) for k in raw})


def noised(x0: Tensor, ks: Sequence[int], schedule: Schedule, seed: int) -> Tensor:
    """The same data and the same noise at every step of `ks`: (F, B, ...) float32."""
    generator = torch.Generator().manual_seed(seed)
    eps = fresh_noise(x0, generator)
    film = [
        q_sample(x0, torch.full((len(x0),), k), eps, schedule) if k else x0 for k in ks
    ]
    return torch.stack(film)


def model_space(images: Any) -> Tensor:
    """uint8 images or model-space tensors as float32 (N, C, H, W) in [-1, 1]."""
    pixels = as_uint8(images).astype(np.float32)
    return torch.from_numpy(
        np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) / 127.5 - 1)
    )


def decibel(ratio: float) -> str:
    """A signal-to-noise ratio in words: the number and its decibels."""
    if math.isinf(ratio):
        return "no noise"
    if ratio <= 0:
        return "no signal"
    return f"{ratio:.3g}  ({10 * math.log10(ratio):+.0f} dB)"


def schedule_chart(schedule: Schedule) -> Chart:
    """alpha_bar, the share of signal variance, over t."""
    bars = schedule.alpha_bar.numpy()
    t = np.linspace(0, 1, len(bars))
    thin = np.unique(np.linspace(0, len(bars) - 1, 101).round().astype(int))
    return Chart(
        [Curve("ᾱ", t[thin], bars[thin], fill=True)],
        title="Signal that is left",
        x_name="t = k / T",
        y_limits=(0.0, 1.02),
        cursor=0.0,
    )


def meters(schedule: Schedule, ks: Sequence[int]) -> tuple[Meter, ...]:
    """Bars for alpha_bar and the signal-to-noise ratio (30 dB is full, -30 empty)."""
    kept = [float(schedule.alpha_bar[k]) for k in ks]
    ratio = [a / (1 - a) if a < 1 else math.inf for a in kept]
    height = [
        1.0 if math.isinf(r) else (10 * math.log10(max(r, 1e-12)) + 30) / 60
        for r in ratio
    ]
    return (
        Meter("signal ᾱ", tuple(kept), tuple(f"{a:.4f}" for a in kept)),
        Meter(
            "signal-to-noise",
            tuple(min(max(h, 0.0), 1.0) for h in height),
            tuple(map(decibel, ratio)),
            "orange",
        ),
    )


def verdict(now: Any, clean: Any) -> str:
    """What a reader still gets right, as a note: "+brown|-red hat|?park".

    now, clean: its readings of the noisy and of the clean picture, two records of the
    same kind. Each word that it read in the clean picture is marked "+" (still read),
    "-" (taken for something else) or "?" (unreadable); "none" is not a word. The flag
    `valid` is left alone: it asks for a clean scene, which noise takes away at once.
    """
    before, after = vars(clean), vars(now)
    notes = []
    for name, word in before.items():
        if isinstance(word, str) and word not in ("none", UNREADABLE):
            seen = after.get(name)
            sign = "+" if seen == word else "?" if seen == UNREADABLE else "-"
            said = str(seen) if sign == "-" else word
            said = f"no {name}" if said == "none" else said
            worn = name in WORN and not said.startswith("no ")
            notes.append(sign + (f"{said} {name}" if worn else said))
    return "|".join(notes)


def verdicts(
    pixels: NDArray[np.uint8], reader: Reader | None
) -> tuple[tuple[str, ...], ...]:
    """A note for each frame and image; empty without a reader."""
    if reader is None:
        return ()
    count, n = pixels.shape[:2]
    flat = list(reader(pixels.reshape(count * n, *pixels.shape[2:])))
    clean = flat[:n]
    return tuple(
        tuple(verdict(flat[f * n + i], clean[i]) for i in range(n))
        for f in range(count)
    )


def image_reel(
    images: Any,
    schedule: Schedule,
    reader: Reader | None = None,
    *,
    frames: int = 101,
    seed: int = 0,
    columns: int = 4,
) -> Reel:
    """Pictures on their way to noise, with what a reader can still make of them.

    images: up to about 12, uint8 or model space. reader: uint8 (N, H, W, 3) -> one
    record for each, with a flag `valid` and attributes.
    """
    ks = steps_shown(schedule.num_steps, frames)
    pixels = to_pixels(noised(model_space(images), ks, schedule, seed))
    total = schedule.num_steps
    return Reel(
        pixels,
        time_axis(k / total for k in ks),
        columns=min(columns, pixels.shape[1]),
        captions=tuple(
            f"step k = {k} of {total} · x_k = {schedule.alpha_bar[k] ** 0.5:.3f} x0 "
            f"+ {(1 - schedule.alpha_bar[k]) ** 0.5:.3f} eps"
            for k in ks
        ),
        notes=verdicts(pixels, reader),
        meters=meters(schedule, ks),
        chart=schedule_chart(schedule),
        chart_x=tuple(k / total for k in ks),
        start=len(ks) // 4,
        tile=112,
    )


def point_reel(
    points: Any, schedule: Schedule, *, frames: int = 101, seed: int = 0
) -> Reel:
    """2-D points on their way to noise; each keeps the colour of where it started."""
    x0 = torch.as_tensor(np.asarray(points), dtype=torch.float32)
    ks = steps_shown(schedule.num_steps, frames)
    film = noised(x0, ks, schedule, seed)
    total = schedule.num_steps
    return point_panels(
        film[:, None],
        time_axis(k / total for k in ks),
        coloured=x0,
        target=np.round(x0.numpy(), 3),
        limit=3.5,
        captions=tuple(f"step k = {k} of {total}" for k in ks),
        meters=meters(schedule, ks),
        chart=schedule_chart(schedule),
        chart_x=tuple(k / total for k in ks),
    )


def tour_reel(image: Any, schedule: Schedule, frames: int = 101) -> Reel:
    """One large picture and one slider, for the start page."""
    reel = image_reel(image, schedule, frames=frames)
    total = len(reel.axes[0].values) - 1
    words = [
        "a teddy bear" if f == 0 else f"{round(100 * f / total)} % of the way to noise"
        for f in range(total + 1)
    ]
    return dataclasses.replace(
        reel,
        captions=tuple(words),
        meters=(),
        chart=None,
        chart_x=(),
        tile=224,
        start=0,
    )

"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    number,
    pair,
    slopes,
)
from coursekit.datasets.teddy.reader import UNREADABLE

PROBES = Tries()
tried = PROBES.tried


# --- V1
# --- V2
# --- V3
# --- V4
def _few_frames(seed: int) -> Inputs:
    return {"frames": (2, 6)[seed % 2] + int(generator(seed).integers(4))}


@tried("09.30", _few_frames, cases=("a few frames", "more frames"))
def past_mask(fn: Function, i: Any) -> Results:
    found = fn(i.frames)
    if array(found).dtype != np.bool_:
        raise BadResult(f"the dtype is {found.dtype}, and must be bool: who may look")
    return {"mask": found.int(), "mask of one frame": fn(1).int()}


SIZES = ((5, 3, 2), (5, 3, 2, 4, 6))


def _noisy_clips(seed: int) -> Inputs:
    """Clips with a level for each frame, some of them clean."""
    rng, shape = generator(seed), SIZES[seed % 2]
    levels = rng.uniform(0.1, 0.9, shape[:2])
    levels[:2, 0], levels[0, 1] = 0, 0
    levels[4] = 1
    return {
        "x0": rng.standard_normal(shape),
        "eps": rng.standard_normal(shape),
        "levels": levels,
        "pull": 0.5 * rng.standard_normal(shape[2:]),
    }


@tried("09.31", _noisy_clips, cases=("points (B, T, D)", "clips (B, T, C, H, W)"))
def forcing_loss(fn: Function, i: Any) -> Results:
    pull = i.pull.requires_grad_()
    asked: list[Tensor] = []

    def velocities(xt: Tensor, levels: Tensor) -> Tensor:
        asked.append(levels)
        if xt.shape != i.x0.shape or levels.shape != i.levels.shape:
            raise BadResult(
                f"velocities is asked for {tuple(xt.shape)} at {tuple(levels.shape)}: "
                "it must be the whole clips (B, T, ...), and their levels (B, T)"
            )
        past = xt.cumsum(1) - xt
        late = levels.reshape(*levels.shape, *[1] * (xt.ndim - 2))
        return torch.tanh(xt + pull * past) * (0.4 + late)

    loss = fn(velocities, i.x0, i.levels, i.eps)
    if array(loss, scalar=True).ndim:
        return {"loss": loss}
    if not asked:
        raise BadResult("the network is never asked: call velocities(xt, levels)")
    return {"loss": loss, **slopes(loss, weights=pull)}


def _beginnings(seed: int) -> Inputs:
    rng, frames = generator(seed), 2 + seed % 2
    shape = (4, frames, 2) if seed % 2 else (4, frames, 3, 2)
    return {
        "given": rng.standard_normal(shape),
        "frames": frames + 3,
        "jumps": 1 + seed % 3,
        "stir": int(rng.integers(1000)),
    }


def _looking_back(x: Tensor, levels: Tensor, *_: Any) -> Tensor:
    """Columns that see those before them, of which each counts in its own way."""
    late = levels.reshape(*levels.shape, *[1] * (x.ndim - 2))
    seen = (x * (1 + late)).cumsum(1).roll(1, 1)
    seen[:, 0] = 0
    place = torch.arange(x.shape[1], dtype=x.dtype).reshape(-1, *[1] * (x.ndim - 2))
    return torch.tanh(x) * (0.3 + late) + 0.3 * torch.sin(seen + place)


@tried("09.33", _beginnings, cases=("one jump", "two jumps", "three jumps"))
def roll_out(fn: Function, i: Any) -> Results:
    def on(frames: int, name: str) -> Results:
        stir, times = torch.Generator().manual_seed(i.stir), (1.0, 0.6, 0.3)[: i.jumps]
        clip, starts = pair(fn(_looking_back, i.given, frames, times, stir))
        return {f"clip {name}": clip, f"starts {name}": starts}

    return {
        **on(i.given.shape[1] + 1, "with one frame more"),
        **on(i.frames, "with three frames more"),
    }


COLOURS = np.array(["red", "blue", "none", UNREADABLE])


def _seen(seed: int) -> Inputs:
    """Words by number; the last one cannot be read."""
    rng = generator(seed)
    return {"seen": rng.choice(4, (6 + seed % 2, 9), p=(0.5, 0.1, 0.1, 0.3))}


@tried("09.36", _seen, cases=("six clips", "seven clips"))
def flicker_rate(fn: Function, i: Any) -> Results:
    seen = i.seen.numpy()
    every = np.where(seen == 3, 0, seen)
    unread = np.full((2, 5), UNREADABLE)
    nothing = fn(unread)
    number(nothing)
    return {
        "rate": number(fn(COLOURS[seen])),
        "rate where all can be read": number(fn(COLOURS[every])),
        "rate of clips of two frames": number(fn(COLOURS[every[:, :2]])),
        "rate of words that never change": number(fn(COLOURS[0 * every])),
        "nan where nothing can be read": count(math.isnan(nothing)),
    }


def _bytes(seed: int) -> Inputs:
    rng = generator(seed)
    shape = (3, 5, 4, 6, 3) if seed % 2 else (2, 2, 8, 8, 3)
    return {"clips": rng.integers(0, 256, shape, dtype=np.uint8)}


@tried("09.37", _bytes, cases=("pairs of frames", "clips of five frames"))
def motion(fn: Function, i: Any) -> Results:
    clips = i.clips.numpy()
    frozen = np.repeat(clips[:, :1], 4, axis=1)
    swings = np.zeros((1, 3, 4, 4, 3), np.uint8)
    swings[:, 1] = 255
    return {
        "motion": number(fn(clips)),
        "motion of a frozen clip": number(fn(frozen)),
        "motion of black, white, black": number(fn(swings)),
        "motion backwards": number(fn(np.ascontiguousarray(clips[:, ::-1]))),
    }

"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    count,
    generator,
    number,
    refusal,
    vectors,
)

PROBES = Tries()
tried = PROBES.tried


# --- V1
# --- V2
# --- V3
def _beginnings(seed: int) -> Inputs:
    shape, known, made = (((3, 2), 1, 4), ((4, 3), 3, 2))[seed % 2]
    found = vectors(seed, context=(*shape, known, 2, 1), x=(*shape, made, 2, 1))
    return {**found, "t": generator(seed).uniform(0.1, 0.9, shape[0])}


@tried("09.20", _beginnings, cases=("one clean frame", "three clean frames"))
def after_context(fn: Function, i: Any) -> Results:
    asked: list[tuple[Tensor, Tensor]] = []

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        asked.append((x, t))
        late = t[:, None] if t.ndim == 1 else t
        late = late.expand(len(x), x.shape[2])[:, None, :, None, None]
        return torch.tanh(x) * (0.3 + late) + x.mean(dim=2, keepdim=True) + late

    flow = fn(velocity, i.context)
    if not callable(flow):
        raise BadResult("it must return a velocity: a function of (x, t)")
    found = flow(i.x, i.t)
    if not asked:
        raise BadResult("the velocity is never asked: call velocity(clip, levels)")
    (clip, levels), times = asked[-1], count(len(asked))
    return {
        "velocity": found,
        "clip that the network sees": clip,
        "times that it sees": levels,
        "evaluations": times,
    }


def _clips(seed: int) -> Inputs:
    stride, shape = ((4, (3, 2, 4, 2, 1)), (2, (2, 1, 5, 1, 3)))[seed % 2]
    return {**vectors(seed, latents=shape), "stride": stride}


@tried("09.21", _clips, cases=("four frames a latent", "two frames a latent"))
def last_frames(fn: Function, i: Any) -> Results:
    """A causal autoencoder by hand: every frame and latent hears all before it."""
    stride, given = i.stride, list[Tensor]()

    def decode(z: Tensor) -> Tensor:
        heard = z.cumsum(dim=2)
        more = heard[:, :, 1:].repeat_interleave(stride, dim=2)
        frames = torch.cat([heard[:, :, :1], more], dim=2)
        steps = 0.1 * torch.arange(frames.shape[2], dtype=z.dtype)
        return frames + steps[:, None, None]

    def encode(x: Tensor) -> Tensor:
        given.append(x)
        more = -(x.shape[2] - 1) % stride
        x = torch.cat([x, x[:, :, -1:].expand(-1, -1, more, -1, -1)], dim=2)
        means = torch.stack(x[:, :, 1:].split(stride, dim=2)).mean(dim=3)
        means = means.movedim(0, 2)
        heard = torch.cat([x[:, :, :1], means], dim=2).cumsum(dim=2)
        return torch.tanh(heard)

    found: dict[str, Any] = {}
    for many in (1, 2, i.latents.shape[2]):
        made = fn(i.latents, many, encode, decode, stride)
        found[f"context of {many}"] = made
    plain = i.latents[:, :, :3]
    found["context of 2, usual stride"] = (
        fn(plain, 2, encode, decode) if stride == 4 else fn(plain, 2, encode, decode, 2)
    )
    encoded = given[-1] if given else torch.zeros(0, dtype=torch.float64)
    return {**found, "frames that are encoded": encoded}


def _shares(seed: int) -> Inputs:
    rng = generator(seed)
    of = int(rng.integers(5, 60))
    right = (int(rng.integers(1, of)), 0, of)[seed % 3]
    return {"right": right, "of": of, "confidence": float(rng.uniform(0.6, 0.99))}


@tried("09.24", _shares, cases=("some are right", "none is right", "all are right"))
def wilson_interval(fn: Function, i: Any) -> Results:
    found: dict[str, Tensor] = {}
    for name, more in (("usual", ()), ("any", (i.confidence,))):
        ends = fn(i.right, i.of, *more)
        if not isinstance(ends, tuple | list) or len(ends) != 2:
            raise BadResult("it must return two numbers: the lower and the upper bound")
        for end, value in zip(("lower", "upper"), ends, strict=True):
            found[f"{end} bound, {name} confidence"] = number(value)
    return {
        **found,
        "refuses more right than there are": refusal(lambda: fn(i.of + 1, i.of)),
        "refuses none of nothing": refusal(lambda: fn(0, 0)),
    }


def _labels(seed: int) -> Inputs:
    rng, many = generator(seed), 40
    truth = rng.integers(0, 6, many)
    known = rng.random(many) < 0.4
    favourite = rng.choice([2, 2, 2, 5], many)
    guess = (rng.integers(0, 6, many), favourite)[seed % 2]
    seen = np.where(known, truth, guess)
    seen[rng.random(many) < 0.3] = -1
    return {"seen": seen, "truth": truth}


@tried("09.25", _labels, cases=("even guesses", "a favourite colour"))
def pedestrian_recall(fn: Function, i: Any) -> Results:
    seen, truth = i.seen.numpy(), i.truth.numpy()
    found: dict[str, Tensor] = {}
    for name, labels in (("", seen), (" when nobody returns", np.full_like(seen, -1))):
        recall = fn(labels, truth)
        for key in ("count", "returned", "right", "chance"):
            if not hasattr(recall, key):
                raise BadResult("it must return a Recall")
            value = number(getattr(recall, key))
            found[key + name] = value.nan_to_num(-1.0)  # nan is equal to nothing
        for key in ("returned_between", "right_between"):
            low, high = getattr(recall, key)
            found[f"{key}, low{name}"] = number(low)
            found[f"{key}, high{name}"] = number(high)
    return {**found, "refuses two lengths": refusal(lambda: fn(seen, truth[1:]))}


# --- V4

"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, array, generator, pair, refusal
from coursekit.models.space_time import GROUPS

PROBES = Tries()
tried = PROBES.tried

# --- V1
# --- V2
PATCHES = ((2, (4, 6)), (1, (3, 2)), (3, (6, 3)))  # patch, sides of a frame


def _clips(seed: int) -> Inputs:
    patch, sides = PATCHES[seed % 3]
    x = generator(seed).standard_normal((2, 3, 5, *sides))
    return {"x": x.astype(np.float32 if seed % 3 == 1 else np.float64), "patch": patch}


@tried("09.10", _clips, cases=("patches of 2", "patches of 1", "patches of 3"))
def patchify_clip(fn: Function, i: Any) -> Results:
    return {
        "tokens": fn(i.x, i.patch),
        "tokens of one frame": fn(i.x[:, :, :1], i.patch),
        "refuses patches that do not fit": refusal(lambda: fn(i.x, 5)),
    }


def _places(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        **{"frames": 4, "rows": 2, "columns": 3},
        **{"dim": (20, 12, 40)[seed % 3], "start": int(rng.integers(3, 30))},
    }


@tried("09.11", _places, cases=("a head of 20", "a head of 12", "a head of 40"))
def clip_angles(fn: Function, i: Any) -> Results:
    return {
        "angles": fn(i.frames, i.rows, i.columns, i.dim),
        "angles of a clip that begins later": fn(
            i.frames, i.rows, i.columns, i.dim, i.start
        ),
        "angles of one frame": fn(1, i.rows, i.columns, i.dim, i.start),
    }


def _heard(seed: int) -> Inputs:
    frames = (3, 4)[seed % 2]
    x = generator(seed).standard_normal((2 * frames, 5, 3))
    return {"x": x.astype((np.float64, np.float32)[seed % 2]), "frames": frames}


@tried("09.13", _heard, cases=("clips of 3 frames", "clips of 4 frames"))
def grouped(fn: Function, i: Any) -> Results:
    return {
        **{f'tokens for "{kind}"': fn(i.x, i.frames, kind) for kind in GROUPS},
        "refuses another kind": refusal(lambda: fn(i.x, i.frames, "row")),
    }


def _masks(seed: int) -> Inputs:
    rng = generator(seed)
    return {"frames": int(rng.integers(5, 8)), "tokens": (3, 1)[seed % 2]}


@tried("09.15", _masks, cases=("three tokens a frame", "one token a frame"))
def causal_mask(fn: Function, i: Any) -> Results:
    def seen(*window: int) -> Any:
        found = fn(i.frames, i.tokens, *window)
        if array(found).dtype != np.bool_:
            raise BadResult(
                f"the dtype is {found.dtype}, and must be bool: who may look"
            )
        return found.int()

    windows = {f"who looks with a window of {n}": seen(n) for n in (1, 3, 20)}
    return {"who looks": seen(), **windows}


def _chunks(seed: int) -> Inputs:
    """Keys and values of seven frames, two heads; how many frames come in each pass."""
    rng, tokens = generator(seed), (3, 2)[seed % 2]
    k, v = rng.standard_normal((2, 2, 2, 7 * tokens, 4))
    return {"k": k, "v": v, "tokens": tokens}


PLAN = (1, 2, 1, 1, 2)  # frames in each pass


@tried("09.17", _chunks, cases=("three tokens a frame", "two tokens a frame"))
def extended(fn: Function, i: Any) -> Results:
    found: dict[str, Any] = {}
    for window in (0, 1, 3):
        cache, at, name = fn(2, i.tokens, window), 0, f"with a window of {window}"
        if not hasattr(cache, "extended"):
            raise BadResult("it must return a cache: keep the class as handed out")
        heard, counted = [], []
        for frames in PLAN:
            part = slice(at * i.tokens, (at + frames) * i.tokens)
            new = i.k[:, :, part], i.v[:, :, part]
            cache.keep = False  # noise: it looks back, and is not remembered
            heard += [pair(cache.extended(0, -new[0], -new[1]))]
            cache.passed(frames)
            cache.keep = True
            for block in (0, 1):
                heard += [pair(cache.extended(block, *new))]
            cache.passed(frames)
            counted += [cache.frames, cache.held]
            at += frames
        for word, which in (("keys", 0), ("values", 1)):
            for said, first in (("noise", 0), ("finished frames", 1)):
                rows = [each[which] for each in heard[first::3]]
                found[f"{word} that {said} look at {name}"] = torch.cat(rows, dim=-2)
        found[f"frames that passed, and are held, {name}"] = torch.tensor(counted)
    return found


# --- V3
# --- V4

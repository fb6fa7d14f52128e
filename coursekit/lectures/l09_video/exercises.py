"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

import math
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    loaded,
    number,
    pair,
    refusal,
    slopes,
    vectors,
    weights,
)
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.models.causal_video import (
    CausalConv3d,
    Chain,
    Double,
    Halve,
    Memory,
    Norm,
)
from coursekit.models.space_time import GROUPS
from coursekit.models.video_autoencoder import in_chunks

PROBES = Tries()
tried = PROBES.tried


def _said(found: Any, what: str) -> Any:
    """Bools as whole numbers. Raises BadResult for anything else."""
    if array(found).dtype != np.bool_:
        raise BadResult(f"the dtype is {found.dtype}, and must be bool: {what}")
    return found.int()


def _films(seed: int) -> Inputs:
    """Clips that stand, but for steps around the threshold, of one colour or more."""
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    still = rng.uniform(-0.5, 0.5, (5, 3, 1, 6, 4))
    size = np.array([0.06, 0.12, 0.27, 0.45])
    step = rng.choice(size, (5, 3, 7, 6, 4)) * rng.choice([-1, 1], (5, 3, 7, 6, 4))
    moves = rng.random((5, 3, 7, 6, 4)) < 0.25
    moves[:, :, 0] |= rng.random((5, 3, 6, 4)) < 0.4  # so the first frame is no ground
    return {"x": (still + step * moves).astype(dtype)}


@tried("09.1", _films, cases=("float64 clips", "float32 clips"))
def is_moving(fn: Function, i: Any) -> Results:
    return {"moving": _said(fn(i.x), "does a pixel move?")}


LAYERS = ((3, 1), (3, 2), (4, 2), (2, 2))  # frames in the window, stride


def _layer(seed: int) -> Inputs:
    time, stride = LAYERS[seed % 4]
    i = weights(CausalConv3d(3, 4, time, 3, stride), seed)
    return i | vectors(seed + 1, x=(2, 3, 9, 5, 4)) | {"time": time, "stride": stride}


def _crowded() -> Memory:
    """The memory of a clip that has gone through another layer."""
    memory = Memory()
    memory.keep(nn.Identity(), torch.ones(1, 1, 2, 1, 1), 1)
    return memory


@tried(
    "09.2",
    _layer,
    cases=(
        "stride 1",
        "stride 2",
        "a window of four frames, stride 2",
        "a window as long as the stride",
    ),
)
def causal_conv(fn: Function, i: Any) -> Results:
    config = {
        **{"inputs": 3, "outputs": 4, "time": i.time, "space": 3},
        **{"stride": i.stride},
    }
    layer, memory, crowded = loaded(fn, config, i), Memory(), _crowded()
    found = {"of the whole clip": layer(i.x), "of one frame": layer(i.x[:, :, :1])}
    array(found["of the whole clip"])
    for n, chunk in enumerate(in_chunks(i.x, (1, 4, 4))):
        found[f"of chunk {n}"] = layer(chunk, memory)
    for n, chunk in enumerate(in_chunks(-i.x, (1, 4))):
        found[f"of chunk {n} of a second clip"] = layer(chunk, crowded)
    kept = memory.frames.get(layer, torch.zeros(0))
    return {
        **found,
        "what is remembered in the end": kept,
        "bytes that were remembered at once": count(memory.peak),
        "of the whole clip, again": layer(i.x),
    }


NORMED = ("frame", "rms", "time", "none")


def _to_normalise(seed: int) -> Inputs:
    kind = NORMED[seed % 4]
    i = weights(Norm(kind, 6, 2), seed) | {"kind": seed % 4}
    x = vectors(seed + 1, x=(2, 6, 5, 4, 3))["x"]
    bright = generator(seed).uniform(-1, 3, (2, 1, 5, 1, 1))
    x = x * (1 + bright**2) + bright
    x[:, :, 1, 2, 1] *= 1e-3  # so little that 1e-6 counts
    return i | {
        "x": x,
        "weight scale": i.get("weight scale", np.ones(1)) + 0.5 * (kind == "rms"),
    }


@tried(
    "09.4",
    _to_normalise,
    cases=("by frame", "by position", "over time", "not at all"),
)
def norm(fn: Function, i: Any) -> Results:
    layer = loaded(fn, {"kind": NORMED[i.kind], "width": 6, "groups": 2}, i)
    found = {
        "normed": layer(i.x),
        "normed, the first three frames": layer(i.x[:, :, :3]),
    }
    x = i.x.clone().requires_grad_()
    return found | slopes((layer(1 * x) * i.x.flip(2)).sum(), x=x)


def _any_length(seed: int) -> Inputs:
    dtype = np.float32 if seed % 2 else np.float64
    i = vectors(seed, **{f"x{t}": (2, 3, t, 4, 5) for t in range(1, 10)})
    return {name: value.astype(dtype) for name, value in i.items()}


@tried("09.5", _any_length, cases=("float64 clips", "float32 clips"))
def fit_length(fn: Function, i: Any) -> Results:
    found: dict[str, Any] = {}
    for t in range(1, 10):
        answer = fn(i[f"x{t}"])
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise BadResult("it must return two things: the clip, and how many frames")
        if isinstance(answer[1], float):
            raise BadResult("it must return a whole number of frames, no float")
        found[f"a clip of {t} frames, made longer"] = answer[0]
        found[f"how many were added to {t} frames"] = number(answer[1])
    return found


def _to_double(seed: int) -> Inputs:
    plan = ((1, 2, 1), (3, 1), (4,))[seed % 3]
    return (
        weights(Double(3, 4), seed)
        | vectors(seed + 1, x=(2, 3, 4, 5, 4))
        | {"plan": np.array(plan)}
    )


@tried("09.7", _to_double, cases=("1, 2 and 1 latents", "3 and 1", "all four"))
def double(fn: Function, i: Any) -> Results:
    layer, memory = loaded(fn, {"inputs": 3, "outputs": 4}, i), Memory()
    found = {"the whole": layer(i.x), "one latent": layer(i.x[:, :, :1])}
    others = {"": (i.x, memory), " of a second clip": (-i.x, Memory())}
    others[" behind another layer"] = i.x.flip(2), _crowded()
    for name, (x, told) in others.items():
        for n, chunk in enumerate(in_chunks(x, i.plan.tolist())):
            found[f"chunk {n}{name}"] = layer(chunk, told)
    return found


class _Encoder(nn.Module):
    """What a stream asks of an autoencoder: 1 + 4 k frames to 1 + k latents."""

    def __init__(self) -> None:
        """Three layers; how many frames were seen so far is noted."""
        super().__init__()
        layers = [Halve(2, 3), CausalConv3d(3, 3), Halve(3, 3)]
        self.layers, self.seen = Chain(layers), 0

    def encode(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """The latents of a clip, with a memory of a chunk."""
        self.seen += x.shape[2]
        found: Tensor = self.layers(x, memory)
        return found


def _to_stream(seed: int) -> Inputs:
    plan = ((1, 4, 4, 8), (5, 8, 4))[seed % 2]
    return (
        weights(_Encoder(), seed)
        | vectors(seed + 1, x=(2, 2, 17, 3, 4))
        | {"plan": np.array(plan)}
    )


@tried("09.8", _to_stream, cases=("chunks of 1, 4, 4, 8", "chunks of 5, 8, 4"))
def encode_stream(fn: Function, i: Any) -> Results:
    model, asked, made, early = loaded(_Encoder, {}, i), 0, [], []
    gone, still = list[weakref.ref[Tensor]](), 0

    def chunks() -> Iterator[Tensor]:
        nonlocal asked, still
        for chunk in in_chunks(i.x, i.plan.tolist()):
            # A loop holds the chunk that it had last: that one may stay.
            still = max(still, sum(each() is not None for each in gone[:-1]))
            gone.append(weakref.ref(chunk))
            asked += 1
            yield chunk

    found = fn(model, chunks())
    if not hasattr(found, "__iter__") or isinstance(found, Tensor):
        raise BadResult("it must return a generator: `yield` the latents of each chunk")
    for latents in found:
        array(latents)
        made.append(latents)
        early.append(float(asked))
    if not made:
        raise BadResult("it yields nothing: one answer for each chunk")
    seen, again = model.seen, fn(model, in_chunks(-i.x, i.plan.tolist()))
    return {
        **{f"latents of chunk {n}": each for n, each in enumerate(made)},
        **{f"chunk {n} of a second clip": each for n, each in enumerate(again)},
        "chunks asked for at each answer": torch.tensor(early),
        "frames that the encoder saw": count(seen),
        "chunks that are kept after the next one": count(still),
        "answers that keep a graph": count(sum(each.requires_grad for each in made)),
    }


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
        "refuses patches too high": refusal(lambda: fn(torch.ones(1, 2, 1, 6, 5), 5)),
        "refuses patches too wide": refusal(lambda: fn(torch.ones(1, 2, 1, 5, 6), 5)),
    }


def _places(seed: int) -> Inputs:
    rng = generator(seed)
    return {
        **{"frames": 4, "rows": 2, "columns": 3},
        **{"dim": (20, 12, 40)[seed % 3], "start": int(rng.integers(3, 30))},
    }


@tried("09.12", _places, cases=("a head of 20", "a head of 12", "a head of 40"))
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
        return _said(fn(i.frames, i.tokens, *window), "who may look")

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


def _beginnings(seed: int) -> Inputs:
    shape, known, made = (((3, 2), 1, 4), ((4, 3), 3, 3), ((4, 2), 0, 3))[seed % 3]
    found = vectors(seed, context=(*shape, known, 2, 1), x=(*shape, made, 2, 1))
    t = generator(seed).uniform(0.1, 0.9, (2, shape[0]))
    return {**found, "t": t[0], "later": t[1]}


@tried(
    "09.18",
    _beginnings,
    cases=("one clean frame", "three clean frames", "no clean frame"),
)
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
    found: dict[str, Any] = {}
    for name, x, t in (("", i.x, i.t), (" in the second call", -i.x, i.later)):
        found[f"velocity{name}"] = flow(x, t)
        if not asked:
            raise BadResult("the velocity is never asked: call velocity(clip, levels)")
        found[f"clip that the network sees{name}"] = asked[-1][0]
        found[f"times that it sees{name}"] = asked[-1][1]
    return {**found, "evaluations": count(len(asked))}


def _clips_to_go_on(seed: int) -> Inputs:
    stride, shape = ((4, (3, 2, 4, 2, 1)), (2, (2, 1, 5, 1, 3)))[seed % 2]
    return {**vectors(seed, latents=shape), "stride": stride}


@tried("09.19", _clips_to_go_on, cases=("four frames a latent", "two frames a latent"))
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
        groups = (*x.shape[:2], x.shape[2] // stride, stride, *x.shape[3:])
        means = x[:, :, 1:].reshape(groups).mean(dim=3)
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


@tried("09.22", _shares, cases=("some are right", "none is right", "all are right"))
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
        "refuses fewer than none": refusal(lambda: fn(-1, i.of)),
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


@tried("09.23", _labels, cases=("even guesses", "a favourite colour"))
def pedestrian_recall(fn: Function, i: Any) -> Results:
    seen, truth = i.seen.numpy(), i.truth.numpy()
    found: dict[str, Tensor] = {}
    for name, labels in (("", seen), (" when nobody returns", np.full_like(seen, -1))):
        recall = fn(labels, truth)
        for key in ("count", "returned", "right", "chance"):
            if not hasattr(recall, key):
                raise BadResult("it must return a Recall")
            value = number(getattr(recall, key))
            found[key + name] = value.nan_to_num(0.0)  # nan is equal to nothing
            found[f"is {key} unknown{name}?"] = value.isnan().double()
        for key in ("returned_between", "right_between"):
            low, high = getattr(recall, key)
            found[f"{key}, low{name}"] = number(low)
            found[f"{key}, high{name}"] = number(high)
    return {
        **found,
        "refuses two lengths": refusal(lambda: fn(seen, truth[1:])),
        "refuses no films": refusal(lambda: fn(seen[:0], truth[:0])),
    }


def _few_frames(seed: int) -> Inputs:
    return {"frames": (2, 6)[seed % 2] + int(generator(seed).integers(4))}


@tried("09.25", _few_frames, cases=("a few frames", "more frames"))
def past_mask(fn: Function, i: Any) -> Results:
    found = {"mask": i.frames, "mask of one frame": 1}
    return {name: _said(fn(many), "who may look") for name, many in found.items()}


SIZES = ((5, 3, 2), (5, 3, 2, 4, 6))


def _noisy_clips(seed: int) -> Inputs:
    """Clips with a level for each frame, some of them clean."""
    rng, shape = generator(seed), SIZES[seed % 2]
    levels = rng.uniform(0.1, 0.9, shape[:2])
    levels[:2, 0], levels[0, 1] = 0, 0
    levels[2, 1], levels[4] = 0.01, 1
    return {
        "x0": rng.standard_normal(shape),
        "eps": rng.standard_normal(shape),
        "levels": levels,
        "pull": 0.5 * rng.standard_normal(shape[2:]),
    }


@tried("09.26", _noisy_clips, cases=("points (B, T, D)", "clips (B, T, C, H, W)"))
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


def _own_beginnings(seed: int) -> Inputs:
    rng, frames = generator(seed), 2 + seed % 2
    shape = (4, frames, 2) if seed % 2 else (4, frames, 3, 2)
    return {
        "given": rng.standard_normal(shape),
        "frames": frames + 3,
        "jumps": 1 + seed % 3,
        "stir": int(rng.integers(1000)),
    }


def _looking_back(x: Tensor, levels: Tensor, *_: Any) -> Tensor:
    """Columns that see those before them, and how many there are in all."""
    late = levels.reshape(*levels.shape, *[1] * (x.ndim - 2))
    seen = (x * (1 + late)).cumsum(1).roll(1, 1)
    seen[:, 0] = 0
    place = torch.arange(x.shape[1], dtype=x.dtype).reshape(-1, *[1] * (x.ndim - 2))
    crowd = 0.05 * x.shape[1]
    return torch.tanh(x) * (0.3 + late) + 0.3 * torch.sin(seen + place) + crowd


@tried("09.27", _own_beginnings, cases=("one jump", "two jumps", "three jumps"))
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


@tried("09.32", _seen, cases=("six clips", "seven clips"))
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


@tried("09.34", _bytes, cases=("pairs of frames", "clips of five frames"))
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

"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

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
    vectors,
    weights,
)
from coursekit.models.causal_video import (
    CausalConv3d,
    Chain,
    Double,
    Halve,
    Memory,
    Norm,
)
from coursekit.models.video_autoencoder import in_chunks

PROBES = Tries()
tried = PROBES.tried

# --- V1


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
    found = fn(i.x)
    array(found)
    return {"moving": found + 0}  # bools become whole numbers, anything else stays


LAYERS = ((3, 1), (3, 2), (4, 2))  # frames in the window, stride


def _layer(seed: int) -> Inputs:
    time, stride = LAYERS[seed % 3]
    i = weights(CausalConv3d(3, 4, time, 3, stride), seed)
    return i | vectors(seed + 1, x=(2, 3, 9, 5, 4)) | {"time": time, "stride": stride}


@tried(
    "09.2", _layer, cases=("stride 1", "stride 2", "a window of four frames, stride 2")
)
def causal_conv(fn: Function, i: Any) -> Results:
    config = {
        **{"inputs": 3, "outputs": 4, "time": i.time, "space": 3},
        **{"stride": i.stride},
    }
    layer = loaded(fn, config, i)
    memory = Memory()
    found = {"of the whole clip": layer(i.x), "of one frame": layer(i.x[:, :, :1])}
    array(found["of the whole clip"])
    for n, chunk in enumerate(in_chunks(i.x, (1, 4, 4))):
        found[f"of chunk {n}"] = layer(chunk, memory)
    kept = memory.frames.get(layer, torch.zeros(0))
    return {
        **found,
        "what is remembered in the end": kept,
        "of the whole clip, again": layer(i.x),
    }


NORMED = ("frame", "rms", "time", "none")


def _to_normalise(seed: int) -> Inputs:
    kind = NORMED[seed % 4]
    i = weights(Norm(kind, 6, 2), seed) | {"kind": seed % 4}
    x = vectors(seed + 1, x=(2, 6, 5, 4, 3))["x"]
    bright = generator(seed).uniform(-1, 3, (2, 1, 5, 1, 1))
    return i | {
        "x": x * (1 + bright**2) + bright,
        "weight scale": i.get("weight scale", np.ones(1)) + 0.5 * (kind == "rms"),
    }


@tried(
    "09.4",
    _to_normalise,
    cases=("by frame", "by position", "over time", "not at all"),
)
def norm(fn: Function, i: Any) -> Results:
    layer = loaded(fn, {"kind": NORMED[i.kind], "width": 6, "groups": 2}, i)
    found = layer(i.x)
    return {"normed": found, "normed, the first three frames": layer(i.x[:, :, :3])}


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
    for n, chunk in enumerate(in_chunks(i.x, i.plan.tolist())):
        found[f"chunk {n}"] = layer(chunk, memory)
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
        return self.layers(x, memory)


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

    def chunks() -> Iterator[Tensor]:
        nonlocal asked
        for chunk in in_chunks(i.x, i.plan.tolist()):
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
    return {
        **{f"latents of chunk {n}": each for n, each in enumerate(made)},
        "chunks asked for at each answer": torch.tensor(early),
        "frames that the encoder saw": count(model.seen),
        "answers that keep a graph": count(sum(each.requires_grad for each in made)),
    }


# --- V2
# --- V3
# --- V4

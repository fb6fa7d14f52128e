"""How the exercises of lecture 5 are tried: fresh inputs, and what is looked at."""

from typing import Any

import numpy as np
import torch
from torch import nn

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Draw,
    Results,
    Tries,
    count,
    equals,
    generator,
    loaded,
    number,
    pair,
    refusal,
    slopes,
    taught,
    vectors,
    weights,
)
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock

PROBES = Tries()
tried = PROBES.tried
_STRIDES = (
    (1, 1, 1, 1),
    (1, 2, 1, 3, 1, 2),
    (1, 2, 2, 1, 0.5, 1, 1, 1, 1, 1, 0.5, 1),
)


def _convolutions(seed: int) -> Inputs:
    strides = np.asarray(_STRIDES[seed % 3], float)
    kernels = generator(seed).choice([3, 5], len(strides))
    kernels[strides < 1] = 5
    kernels[-1] = 3  # then an even number is halved on the way: rounding shows
    return {"kernels": kernels, "strides": strides}


@tried(
    "05.1",
    _convolutions,
    cases=("plain convolutions", "with strides", "down and up again"),
)
def receptive_field(fn: Function, i: Any) -> Results:
    # Whole strides are whole numbers, as people write them.
    strides = [int(s) if s >= 1 else s for s in i.strides.tolist()]
    layers = list(zip(i.kernels.tolist(), strides, strict=True))
    handed = list(layers)
    found = number(fn(handed))
    if handed != layers:
        raise BadResult(
            "it changes the list that it is given: reversed(layers) walks back through "
            "it and leaves it as it is"
        )
    return {
        "receptive field": found,
        "receptive field of the first three layers": number(fn(layers[:3])),
        "receptive field of nothing": number(fn([])),
    }


def _in_dtype(seed: int, single: bool, **shapes: Any) -> Inputs:
    """Normal arrays of the given shapes, float32 if `single`."""
    dtype = np.float32 if single else np.float64
    return {n: v.astype(dtype) for n, v in vectors(seed, **shapes).items()}


def _feature_map(seed: int) -> Inputs:
    b, c, *sides = (5, 4, 2, 3) if seed % 2 else (7, 3, 4, 6)
    return _in_dtype(seed, seed % 2 == 1, h=(b, c, *sides), knobs=(b, 2 * c))


def _by_channel(i: Inputs) -> Any:
    scale, shift = np.split(i["knobs"][:, :, None, None], 2, axis=1)
    return i["h"] * (1 + scale) + shift


@tried(
    "05.2",
    _feature_map,
    cases=("a feature map (B, C, H, W)", "another shape, float32"),
    oracles=(
        equals(
            "features",
            _by_channel,
            "channel c must be h (1 + scale) + shift with the scale knobs[:, c] and "
            "the shift knobs[:, C + c]",
        ),
    ),
)
def scale_shift(fn: Function, i: Any) -> Results:
    h, knobs = i.h.requires_grad_(), i.knobs.requires_grad_()
    found = fn(h, knobs)
    return {"features": found, **slopes(found, h=h, knobs=knobs)}


_CUT_PICTURES = (((7, 3, 4, 6), 2), ((5, 2, 9, 6), 3), ((4, 3, 4, 8), 2))


def _cut_pictures(seed: int) -> Inputs:
    (b, c, height, width), patch = _CUT_PICTURES[seed % 3]
    shape = (b, height * width // patch**2, c * patch**2)
    sizes = {"patch": patch, "height": height, "width": width}
    return _in_dtype(seed, seed % 3 == 2, tokens=shape) | sizes


def _patch_by_patch(i: Inputs) -> Any:
    patch, height, width = i["patch"], i["height"], i["width"]
    split = (len(i["tokens"]), height // patch, width // patch, -1, patch, patch)
    tiles = i["tokens"].reshape(split).transpose(0, 3, 1, 4, 2, 5)
    return tiles.reshape(len(tiles), -1, height, width)


@tried(
    "05.3",
    _cut_pictures,
    cases=("patches of 2", "patches of 3", "wide pictures, float32"),
    oracles=(
        equals(
            "pictures",
            _patch_by_patch,
            "token 0 is the top left patch, token 1 its right neighbour, and each "
            "holds channel after channel, row by row",
        ),
    ),
)
def unpatchify(fn: Function, i: Any) -> Results:
    tokens = i.tokens.requires_grad_()
    found = fn(tokens, i.patch, i.height, i.width)
    return {"pictures": found, **slopes(found, tokens=tokens)}


def _addresses(seed: int) -> Inputs:
    rng = generator(seed)
    if seed % 2:
        return {"positions": rng.uniform(-6, 6, (9, 2)).astype(np.float32), "dim": 12}
    grid = np.indices((3, 5)).reshape(2, -1).T + rng.integers(0, 9, 2)
    return {"positions": grid.astype(float), "dim": 8}


@tried("05.4", _addresses, cases=("a grid", "places between, float32"))
def sincos_2d(fn: Function, i: Any) -> Results:
    return {
        "features": fn(i.positions, i.dim),
        "refuses 6 features": refusal(lambda: fn(i.positions, 6)),
        "refuses 9 features": refusal(lambda: fn(i.positions, 9)),
    }


def _to_modulate(seed: int) -> Inputs:
    return _in_dtype(seed, seed % 2 == 1, x=(7, 5, 6), scale=(7, 6), shift=(7, 6))


@tried("05.5", _to_modulate, cases=("tokens (B, T, D)", "float32"))
def modulate(fn: Function, i: Any) -> Results:
    leaves = {name: i[name].requires_grad_() for name in ("x", "scale", "shift")}
    found = fn(*leaves.values())
    return {"tokens": found, **slopes(found, **leaves)}


_DIT_SHAPE: dict[str, Any] = {"width": 12, "cond_width": 10, "heads": 3, "ratio": 2.0}
_CROSS_SHAPE = _DIT_SHAPE | {"context_width": 12}


def _block_told(network: type[nn.Module], shape: dict[str, Any]) -> Draw:
    """Weights of a block, tokens, and all that it can be told."""

    def inputs(seed: int) -> Inputs:
        b = 1 if seed % 2 else 7
        sizes = {"x": (b, 5, 12), "c": (b, 10), "context": (b, 4, 12), "angles": (5, 2)}
        # Another seed, or the tokens would be the numbers of the weights.
        return weights(network(**shape), seed) | vectors(seed + 1, **sizes)

    return inputs


def _first_step(new: nn.Module, unmoved: Any) -> dict[str, Any]:
    """How many weights of a new network get a gradient, though its gates are 0."""
    (moved,) = taught(new, unmoved).values()
    return {"weights of a new block that learn": count(int((moved != 0).sum()))}


@tried(
    "05.6",
    _block_told(DiTBlock, _DIT_SHAPE),
    cases=("a batch", "one sample"),
    oracles=(
        equals(
            "tokens of a new block",
            lambda i: i["x"],
            "a new block, all knobs at 0, must give its tokens back as they are",
        ),
    ),
)
def dit_block(fn: Function, i: Any) -> Results:
    block, new = loaded(fn, _DIT_SHAPE, i), fn(**_DIT_SHAPE).double()
    found, unmoved = block(i.x, i.c), new(i.x, i.c)
    return {
        "tokens": found,
        "tokens with angles": block(i.x, i.c, i.context, i.angles),
        "tokens of a new block": unmoved,
        **taught(block, found),
        **_first_step(new, unmoved),
    }


@tried(
    "05.10",
    _block_told(CrossBlock, _CROSS_SHAPE),
    cases=("a batch", "one sample"),
    oracles=(
        equals(
            "tokens of a new block",
            lambda i: i["x"],
            "a new block must give its tokens back as they are",
        ),
    ),
)
def cross_block(fn: Function, i: Any) -> Results:
    block, new = loaded(fn, _CROSS_SHAPE, i), fn(**_CROSS_SHAPE).double()
    found = block(i.x, i.c, i.context, i.angles)
    unmoved = new(i.x, i.c, i.context, i.angles)
    return {
        "tokens": found,
        "tokens of a new block": unmoved,
        **taught(block, found),
        **_first_step(new, unmoved),
    }


def _in_sequence(seed: int) -> Inputs:
    sizes = {"x": (7, 5, 6), "angles": (5, 2), "vector": (7, 6), "tokens": (7, 4, 6)}
    return _in_dtype(seed, seed % 2 == 1, **sizes)


def _three_things(answer: Any) -> tuple[Any, Any, Any]:
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise BadResult(
            "it must return three things: the sequence, the angles, and how many"
        )
    return answer[0], answer[1], answer[2]


@tried(
    "05.11",
    _in_sequence,
    cases=("with and without a prompt", "float32"),
    oracles=(
        equals(
            "sequence",
            lambda i: np.hstack([i["vector"][:, None], i["tokens"], i["x"]]),
            "the sequence must be the vector as one token, the prompt's tokens, the "
            "patches, in this order",
        ),
        equals(
            "angles",
            lambda i: np.pad(i["angles"], ((5, 0), (0, 0))),
            "the angles must be 0 for all that was put in front, then the patches'",
        ),
    ),
)
def in_context(fn: Function, i: Any) -> Results:
    x, vector, tokens = (i[name].requires_grad_() for name in ("x", "vector", "tokens"))
    sequence, angles, before = _three_things(fn(x, i.angles, vector, tokens))
    short, few, one = _three_things(fn(i.x, i.angles, i.vector, None))
    still, none, _ = _three_things(fn(i.x, None, i.vector, i.tokens))
    return {
        "sequence": sequence,
        **slopes(sequence, x=x, vector=vector, tokens=tokens),
        "angles": angles,
        "how many": number(before),
        "sequence without a prompt": short,
        "angles without a prompt": few,
        "how many without a prompt": number(one),
        "sequence without angles": still,
        "angles are None": count(none is None),
    }


def _on_a_line(seed: int) -> Inputs:
    rng = generator(seed)
    whole = rng.permutation(np.arange(1.0, 8.0)) + rng.integers(0, 5)
    between = rng.uniform(-9, 9, 6).astype(np.float32)
    places, dim = (between, 8) if seed % 2 else (whole, 10)
    return {"places": places, "dim": dim, "base": rng.uniform(50, 1000)}


@tried(
    "05.7",
    _on_a_line,
    cases=("whole places", "places between, float32"),
    oracles=(
        equals(
            "refuses 7 features",
            lambda i: [1.0],
            "an odd dim must raise ValueError: features turn in pairs",
        ),
    ),
)
def rope_angles(fn: Function, i: Any) -> Results:
    return {
        "angles": fn(i.places, i.dim),
        "angles with another base": fn(i.places, i.dim, i.base),
        "refuses 7 features": refusal(lambda: fn(i.places, 7)),
    }


def _to_turn(seed: int) -> Inputs:
    batch = ((), (7,), (4, 3))[seed % 3]
    i = vectors(seed, x=(*batch, 5, 8), angles=(5, 4))
    return i | {"x": i["x"].astype(np.float32)} if seed % 3 == 2 else i


@tried(
    "05.8",
    _to_turn,
    cases=("one sequence", "a batch (B, T, d)", "heads (B, h, T, d), float32"),
    tolerances={"turned far, in half precision": (0.05, 0.05)},
)
def rotate(fn: Function, i: Any) -> Results:
    x, far = i.x.requires_grad_(), 100 * i.angles.float()
    found, half = fn(x, i.angles), fn(i.x.detach().bfloat16(), far)
    return {
        "turned": found,
        **slopes(found, x=x),
        "turned far, in half precision": half.float(),
        "half precision stays": count(half.dtype == torch.bfloat16),
    }


def _on_axes(seed: int) -> Inputs:
    rng, dims = generator(seed), ((4, 6), (4, 6, 2))[seed % 2]
    places = rng.uniform(-9, 9, (12, len(dims)))
    return {
        "places": places.astype(np.float32 if seed % 2 else np.float64),
        "dims": np.array(dims),
        "base": rng.uniform(50, 1000),
    }


@tried("05.9", _on_axes, cases=("two axes", "three axes, float32"))
def axial_angles(fn: Function, i: Any) -> Results:
    dims = tuple(i.dims.tolist())
    return {
        "angles": fn(i.places, dims),
        "angles with another base": fn(i.places, dims, i.base),
        "refuses one share too few": refusal(lambda: fn(i.places, dims[:-1])),
        "refuses one share too many": refusal(lambda: fn(i.places, (*dims, 2))),
    }


def _prompt_and_picture(seed: int) -> Inputs:
    rng = generator(seed)
    short, more = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    height = short + (more, 0, 1)[seed % 3]
    width = short + (0, more, 1)[seed % 3]
    return {"text": int(rng.integers(3, 7)), "height": height, "width": width}


@tried(
    "05.12",
    _prompt_and_picture,
    cases=("a tall picture", "a wide picture", "a square one"),
)
def joint_positions(fn: Function, i: Any) -> Results:
    return {"places": fn(i.text, i.height, i.width)}


MMDIT: dict[str, Any] = {"width": 12, "heads": 3, "ratio": 2.0}


def _two_streams(seed: int) -> Inputs:
    last = seed % 2 == 1
    tokens = vectors(seed, text=(7, 4, 12), image=(7, 5, 12), c=(7, 12), angles=(9, 2))
    return weights(DoubleBlock(**MMDIT, last=last), seed) | tokens | {"last": last}


@tried("05.13", _two_streams, cases=("two streams", "the last block"))
def double_block(fn: Function, i: Any) -> Results:
    block = loaded(fn, MMDIT | {"last": i.last}, i)
    words, patches = pair(block(i.text, i.image, i.c))
    size = words.square().sum() + patches.square().sum()
    turned_words, turned_patches = pair(block(i.text, i.image, i.c, i.angles))
    return {
        "words": words,
        "patches": patches,
        **taught(block, size),
        "words with angles": turned_words,
        "patches with angles": turned_patches,
    }


def _one_stream(seed: int) -> Inputs:
    normed = seed % 2 == 0
    tokens = vectors(seed, x=(7, 5, 12), c=(7, 12), angles=(5, 2))
    block = SingleBlock(**MMDIT, qk_norm=normed)
    return weights(block, seed) | tokens | {"normed": normed}


@tried(
    "05.14",
    _one_stream,
    cases=("with normalised queries and keys", "without"),
    oracles=(
        equals(
            "tokens of a new block",
            lambda i: i["x"],
            "a new block must give its tokens back as they are",
        ),
    ),
)
def single_block(fn: Function, i: Any) -> Results:
    block, new = loaded(fn, MMDIT | {"qk_norm": i.normed}, i), fn(**MMDIT).double()
    found, unmoved = block(i.x, i.c), new(i.x, i.c, i.angles)
    return {
        "tokens": found,
        "tokens with angles": block(i.x, i.c, i.angles),
        "tokens of a new block": unmoved,
        **taught(block, found),
        **_first_step(new, unmoved),
    }


def _dit_sizes(seed: int) -> Inputs:
    rng = generator(seed)
    patch, low, high = int(rng.integers(2, 5)), *((5, 12), (90, 200))[seed % 2]
    return {
        "side": patch * int(rng.integers(7, 12)),
        "patch": patch,
        "width": int(rng.integers(low, high)),
        "depth": int(rng.integers(2, 13)),
    }


@tried(
    "05.15",
    _dit_sizes,
    cases=("many tokens", "wide tokens"),
    oracles=(
        equals(
            "tokens",
            lambda i: [(i["side"] // i["patch"]) ** 2],
            "a token is a patch: (side / patch) squared of them",
        ),
    ),
)
def dit_flops(fn: Function, i: Any) -> Results:
    answer = fn(i.side, i.patch, i.width, i.depth)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise BadResult("it must return two numbers: tokens and FLOPs")
    return {"tokens": number(answer[0]), "FLOPs": number(answer[1])}

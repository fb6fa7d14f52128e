"""Lecture 4, a distance between pictures: 04.5 perceptual_distance."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal, tensor

_SIZES = ((7, 4, 6, 5), (7, 8, 3, 2))  # two layers


def _inputs(seed: int) -> Inputs:
    rng, found = generator(seed), {}
    dtype = np.float32 if seed % 2 else np.float64
    for layer, size in enumerate(_SIZES):
        for name in ("a", "b"):
            maps = np.maximum(rng.standard_normal(size) + 0.3, 0)
            found[f"{name}{layer}"] = maps.astype(dtype)
    found["a0"][2, :, 1, 3] = 0  # a place where the network sees nothing
    return found


def _call(fn: Function, inputs: Inputs) -> Outputs:
    a = [tensor(inputs[f"a{layer}"]) for layer in range(2)]
    b = [tensor(inputs[f"b{layer}"]) for layer in range(2)]
    louder = [3 * maps for maps in a]
    return {
        "distance": array(fn(a, b)),
        "distance of the first layer": array(fn(a[:1], b[:1])),
        "distance to itself, three times as loud": array(fn(louder, a)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    total = np.zeros(_SIZES[0][0])
    for layer in range(2):
        a, b = (inputs[f"{n}{layer}"].astype(float) for n in ("a", "b"))
        for row in range(len(a)):
            places = []
            for y, x in np.ndindex(a.shape[2:]):
                pair = [v[row, :, y, x] for v in (a, b)]
                units = [v / (np.linalg.norm(v) or 1.0) for v in pair]
                places.append(((units[0] - units[1]) ** 2).sum())
            total[row] += np.mean(places)
    return must_equal(
        outputs["distance"],
        total,
        "not the squared distance of the unit vectors, averaged over the places of a "
        "layer and summed over the layers",
    )


def _loudness(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["distance to itself, three times as loud"],
        np.zeros(_SIZES[0][0]),
        "how large the features are must not matter, only their direction",
    )


def _squares(a: Tensor, b: Tensor) -> Tensor:
    return (normalize(a, dim=1) - normalize(b, dim=1)).square()


def _far(
    layer: Function | None = None,
    join: Function | None = None,
) -> Function:
    """A version from the distance of one layer, (B,), and how layers are joined."""

    def perceptual_distance(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
        each = [
            _squares(a, b).sum(1).mean((1, 2)) if layer is None else layer(a, b)
            for a, b in zip(maps, others, strict=True)
        ]
        found: Tensor = torch.stack(each).sum(0) if join is None else join(each)
        return found

    return perceptual_distance


def _divided(a: Tensor, b: Tensor) -> Tensor:
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    return (a - b).square().sum(1).mean((1, 2))


def _whole(a: Tensor, b: Tensor) -> Tensor:
    """Each picture's whole map as one vector."""
    places = a[0, 0].numel()
    off = normalize(a.flatten(1), dim=1) - normalize(b.flatten(1), dim=1)
    return off.square().sum(1) / places


def _by_channel(a: Tensor, b: Tensor) -> Tensor:
    """Each channel as a vector over its places."""
    off = normalize(a.flatten(2), dim=2) - normalize(b.flatten(2), dim=2)
    return off.square().sum(1).mean(1)


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    return (1 - torch.cosine_similarity(a, b, dim=1)).mean((1, 2))


def _running(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """As in the code of LPIPS: a small number under the fraction, a running sum."""
    total = torch.zeros(len(maps[0]), dtype=maps[0].dtype)
    for a, b in zip(maps, others, strict=True):
        sizes = [v.square().sum(1, keepdim=True).sqrt() + 1e-10 for v in (a, b)]
        total += (a / sizes[0] - b / sizes[1]).pow(2).sum(1).flatten(1).mean(1)
    return total


def _products(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """|a - b|^2 = |a|^2 + |b|^2 - 2 a b, place by place."""
    found = []
    for a, b in zip(maps, others, strict=True):
        u, v = (normalize(m.flatten(2), dim=1) for m in (a, b))
        square = torch.einsum("bcp,bcp->bp", u, u) + torch.einsum("bcp,bcp->bp", v, v)
        found.append((square - 2 * torch.einsum("bcp,bcp->bp", u, v)).mean(-1))
    return sum(found, torch.zeros_like(found[0]))


PERCEPTUAL_DISTANCE = Probe(
    inputs=_inputs,
    call=_call,
    cases=("features in float64", "features in float32"),
    tolerances={"distance to itself, three times as loud": (0.0, 1e-5)},
    oracles=(Oracle("by hand", _by_hand), Oracle("loudness", _loudness)),
    mutants=(
        Mutant(
            "not scaled",
            _far(lambda a, b: (a - b).square().sum(1).mean((1, 2))),
            "the features are compared as they are: scale the vector of each place to "
            "length 1 first",
        ),
        Mutant(
            "0 / 0",
            _far(_divided),
            "where all features of a place are 0 it is 0 / 0: `normalize` leaves such "
            "a vector at 0",
        ),
        Mutant(
            "one vector",
            _far(_whole),
            "the whole map is scaled at once: each place has a vector of its own, over "
            "the channels",
        ),
        Mutant(
            "over places",
            _far(_by_channel),
            "each channel is scaled over its places: scale each place over its "
            "channels, dim=1",
        ),
        Mutant(
            "mean of channels",
            _far(lambda a, b: _squares(a, b).mean((1, 2, 3))),
            "the channels are averaged: a squared distance sums over them",
        ),
        Mutant(
            "sum of places",
            _far(lambda a, b: _squares(a, b).sum((1, 2, 3))),
            "the places are summed, so large maps count most: average over them",
        ),
        Mutant(
            "root",
            _far(lambda a, b: _squares(a, b).sum(1).sqrt().mean((1, 2))),
            "this is the distance, not its square",
        ),
        Mutant(
            "cosine",
            _far(_cosine),
            "1 - cosine is half of it: for unit vectors the squared distance is "
            "2 - 2 cosine",
        ),
        Mutant(
            "mean of layers",
            _far(join=lambda each: torch.stack(each).mean(0)),
            "the layers are averaged: add them up",
        ),
        Mutant(
            "last layer",
            _far(join=lambda each: each[-1]),
            "only the last layer counts: add up all of them",
        ),
        Mutant(
            "batch",
            _far(join=lambda each: torch.stack(each).sum(0).mean()),
            "the batch is averaged: one distance for each pair, shape (B,)",
        ),
    ),
    variants=(
        Variant("as in LPIPS's code", _running),
        Variant("products", _products),
    ),
)

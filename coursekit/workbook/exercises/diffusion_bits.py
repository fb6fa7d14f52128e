"""Lecture 1, from nats to bits: 01.14 bits_per_dim."""

import math

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    array,
    generator,
    must_equal,
    tensor,
)


def _bits_inputs(seed: int) -> Inputs:
    rng = generator(seed)
    shape = ((7,), (7, 13), (7, 2, 3))[seed % 3]
    return {"nats": rng.uniform(-5, 90, shape), "dims": int(rng.integers(2, 60))}


def _bits_call(fn: Function, inputs: Inputs) -> Outputs:
    nats, dims = tensor(inputs["nats"]), inputs["dims"]
    bytes_at_random = torch.full((3,), dims * math.log(256), dtype=torch.float64)
    return {
        "bits": array(fn(nats, dims)),
        "bits of random bytes": array(fn(bytes_at_random, dims)),
    }


def _bytes_are_eight_bits(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["bits of random bytes"],
        np.full(3, 8.0),
        "a random byte must cost 8 bits",
    ) or must_equal(
        np.exp2(outputs["bits"] * inputs["dims"] / 50),
        np.exp(inputs["nats"] / 50),
        "2 ** (all bits) must be e ** (all nats)",
    )


def _bits(formula: Function) -> Function:
    """A version from a formula of (nats, dims)."""

    def bits_per_dim(nats: Tensor, dims: int) -> Tensor:
        found: Tensor = formula(nats, dims)
        return found

    return bits_per_dim


BITS_PER_DIM = Probe(
    inputs=_bits_inputs,
    call=_bits_call,
    cases=("shape (B,)", "shape (B, T + 1)", "rank 3"),
    oracles=(Oracle("a byte has 8 bits", _bytes_are_eight_bits),),
    mutants=(
        Mutant(
            "times log 2",
            _bits(lambda nats, dims: nats * math.log(2) / dims),
            "multiplied by log 2: a nat is more than a bit, so divide",
        ),
        Mutant(
            "not per dimension",
            _bits(lambda nats, dims: nats / math.log(2)),
            "these are bits per sample: divide by the number of dimensions too",
        ),
        Mutant(
            "still nats",
            _bits(lambda nats, dims: nats / dims),
            "these are nats per dimension: divide by log 2 too",
        ),
        Mutant(
            "minus",
            _bits(lambda nats, dims: -nats / (dims * math.log(2))),
            "the sign is flipped: nats is a cost already (minus a log-likelihood)",
        ),
        Mutant(
            "decimal logarithm",
            _bits(lambda nats, dims: nats / (dims * math.log10(2))),
            "divided by the decimal logarithm of 2: nats belong to the natural one",
        ),
        Mutant(
            "mean",
            _bits(lambda nats, dims: nats.mean() / (dims * math.log(2))),
            "the samples are averaged: keep the shape of nats",
        ),
    ),
    variants=(
        Variant("log2 of e", _bits(lambda nats, dims: nats * math.log2(math.e) / dims)),
        Variant(
            "in numpy",
            _bits(lambda n, d: torch.from_numpy(n.numpy() / np.log(2.0) / d)),
        ),
    ),
)

"""Lecture 1, the noise level as features: 01.8 timestep_embedding."""

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
from coursekit.checks.tensors import array, generator, tensor

_SIZES = ((7, 16), (9, 2), (5, 64))
_CLOSE = 2e-3  # angles reach 1000, where float32 frequencies cost three digits


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    size, dim = _SIZES[seed % 3]
    return {
        "t": rng.uniform(0, 0.9, size),
        "later": float(rng.uniform(0.001, 0.01)),
        "dim": dim,
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    t, dim = tensor(inputs["t"]), inputs["dim"]
    return {
        "embedding": array(fn(t, dim)),
        "embedding a moment later": array(fn(t + inputs["later"], dim)),
        "embedding of float32 times": array(fn(t.float(), dim)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    half = inputs["dim"] // 2
    want = [
        [
            f(1000 * t * 10_000 ** (-i / half))
            for f in (math.cos, math.sin)
            for i in range(half)
        ]
        for t in inputs["t"]
    ]
    if np.allclose(outputs["embedding"], want, atol=_CLOSE):
        return None
    return "the columns are cos(1000 t f_i) first, then sin(1000 t f_i)"


def _moving_on(inputs: Inputs, outputs: Outputs) -> str | None:
    """Moving on by the same time turns every pair by the same angle, wherever t is."""
    a, b = outputs["embedding"], outputs["embedding a moment later"]
    if a.shape != b.shape or np.ptp((a * b).sum(axis=1)) > _CLOSE * inputs["dim"]:
        return "how alike two times are must depend on their distance only"
    if np.allclose((a * a).sum(axis=1), inputs["dim"] / 2, rtol=1e-3):
        return None
    return "cos and sin of the same angle must have squares that add up to 1"


def _embed(
    angle: Function | None = None,
    power: Function | None = None,
    join: Function | None = None,
) -> Function:
    """A version from the angle, the exponents and the way of joining."""

    def timestep_embedding(t: Tensor, dim: int) -> Tensor:
        half = dim // 2
        i = torch.arange(half, dtype=t.dtype)
        frequency = 10_000.0 ** (-i / half if power is None else power(i, half))
        a = 1000 * t[:, None] * frequency if angle is None else angle(t, frequency)
        if join is not None:
            joined: Tensor = join(a)
            return joined
        return torch.cat([a.cos(), a.sin()], dim=1)

    return timestep_embedding


def _interleaved(a: Tensor) -> Tensor:
    return torch.stack([a.cos(), a.sin()], dim=2).flatten(1)


def _complex(t: Tensor, dim: int) -> Tensor:
    frequency = torch.logspace(0, -4, dim // 2 + 1, dtype=torch.float64)[:-1]
    turn = torch.polar(
        torch.ones(1, dim // 2).double(), 1000 * torch.outer(t.double(), frequency)
    )
    return torch.cat([turn.real, turn.imag], dim=1).to(t.dtype)


def _numpy(t: Tensor, dim: int) -> Tensor:
    half = dim // 2
    rate = np.exp(-np.log(10_000) * np.arange(half) / half)
    angle = t.numpy().reshape(-1, 1) * 1000 * rate
    return torch.tensor(np.hstack([np.cos(angle), np.sin(angle)]), dtype=t.dtype)


def _single(t: Tensor, dim: int) -> Tensor:
    """Frequencies in float32, as most people write it."""
    frequency = torch.exp(torch.arange(dim // 2) * (-math.log(10_000) / (dim // 2)))
    angle = torch.einsum("b,f->bf", t.to(torch.float32) * 1000, frequency)
    return torch.cat((torch.cos(angle), torch.sin(angle)), -1).to(t.dtype)


TIMESTEP_EMBEDDING = Probe(
    inputs=_inputs,
    call=_call,
    cases=("dim 16", "dim 2", "dim 64"),
    tolerances={
        "embedding": (0.0, _CLOSE),
        "embedding a moment later": (0.0, _CLOSE),
        "embedding of float32 times": (0.0, _CLOSE),
    },
    oracles=(Oracle("by hand", _by_hand), Oracle("moving on", _moving_on)),
    mutants=(
        Mutant(
            "sin first",
            _embed(join=lambda a: torch.cat([a.sin(), a.cos()], dim=1)),
            "the sines come first: put the cosines in front",
        ),
        Mutant(
            "interleaved",
            _embed(join=_interleaved),
            "cos and sin alternate: put all cosines in front of all sines",
        ),
        Mutant(
            "sin twice",
            _embed(join=lambda a: torch.cat([a.sin(), a.sin()], dim=1)),
            "both halves are sines: two times with the same sine look alike, so use "
            "the cosine too",
        ),
        Mutant(
            "not stretched",
            _embed(angle=lambda t, f: t[:, None] * f),
            "the factor 1000 is missing: t in [0, 1] hardly moves the slow frequencies",
        ),
        Mutant(
            "growing frequencies",
            _embed(power=lambda i, half: i / half),
            "the frequencies grow up to 10000: they should fall from 1",
        ),
        Mutant(
            "half - 1",
            _embed(power=lambda i, half: -i / max(half - 1, 1)),
            "the exponent is divided by dim/2 - 1 (as Ho et al. do in their code): "
            "here it is dim/2",
        ),
        Mutant(
            "dim for dim / 2",
            _embed(power=lambda i, half: -i / (2 * half)),
            "the exponent is divided by dim: there are dim/2 frequencies",
        ),
        Mutant(
            "transposed",
            _embed(join=lambda a: torch.cat([a.cos(), a.sin()], dim=1).T),
            "the result is transposed: one row for each time, shape (B, dim)",
        ),
    ),
    variants=(
        Variant("complex numbers", _complex),
        Variant("numpy", _numpy),
        Variant("float32 frequencies", _single),
    ),
)

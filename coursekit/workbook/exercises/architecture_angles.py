"""Lecture 5, an angle for every place: 05.9 rope_angles."""

import math
from collections.abc import Callable

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
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.rope import rope_angles
from coursekit.workbook.exercises.architecture_batch import refusal


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    between = rng.uniform(-9, 9, 6).astype(np.float32)
    whole = rng.permutation(np.arange(1.0, 8.0)) + rng.integers(0, 5)
    positions: Array = between if seed % 2 else whole
    base = float(rng.choice([50.0, 100.0, 1000.0]))
    return {"positions": positions, "dim": 8 if seed % 2 else 10, "base": base}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    positions, dim = tensor(inputs["positions"]), inputs["dim"]
    return {
        "angles": array(fn(positions, dim)),
        "angles with another base": array(fn(positions, dim, inputs["base"])),
        "refuses 7 features": refusal(lambda: fn(positions, 7)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    positions, dim = inputs["positions"], inputs["dim"]
    for name, base in (
        ("angles", 10_000.0),
        ("angles with another base", inputs["base"]),
    ):
        rows = [
            [
                float(p) * math.exp(-2 * i / dim * math.log(base))
                for i in range(dim // 2)
            ]
            for p in positions
        ]
        want = np.asarray(rows, positions.dtype)
        said = must_equal(
            outputs[name], want, "pair i of place p turns by p base^(-2 i / dim)"
        )
        if said is not None:
            return said
    return None


def _refused(inputs: Inputs, outputs: Outputs) -> str | None:
    fine = outputs["refuses 7 features"] == 1
    return None if fine else "an odd dim must raise ValueError: features turn in pairs"


def _checked(dim: int) -> None:
    if dim % 2:
        raise ValueError("dim must be even")


def _version(
    exponent: Callable[[Tensor, int], Tensor] | None = None, shift: float = 0.0
) -> Function:
    """A version from the exponent of 1 / base, given i = 0..dim/2 - 1 and dim."""

    def angles(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
        _checked(dim)
        i = torch.arange(dim // 2, dtype=positions.dtype)
        power = 2 * i / dim if exponent is None else exponent(i, dim)
        return (positions[:, None] + shift) * base**-power

    return angles


def _fixed_base(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    return rope_angles(positions, dim)


def _twice(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    return rope_angles(positions, dim, base).repeat_interleave(2, dim=1)


def _turns(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    return rope_angles(positions, dim, base) * (2 * math.pi)


def _transposed(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    return rope_angles(positions, dim, base).T


def _trusting(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    exponent = torch.arange(0, dim, 2, dtype=positions.dtype)
    return positions[:, None] * base ** (-exponent / dim)


def _outer(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    if dim % 2 == 1:
        raise ValueError(dim)
    slow = torch.tensor([base ** (-2 * i / dim) for i in range(dim // 2)])
    return torch.outer(positions, slow.to(positions.dtype))


def _logs(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    half, rest = divmod(dim, 2)
    if rest:
        raise ValueError("odd")
    i = torch.arange(half, dtype=torch.float64)
    speed = torch.exp(-math.log(base) * i / half)
    return torch.einsum("t,d->td", positions.double(), speed).to(positions.dtype)


ROPE_ANGLES = Probe(
    inputs=_inputs,
    call=_call,
    cases=("whole places", "places between, float32"),
    oracles=(Oracle("angle by angle", _by_hand), Oracle("refusal", _refused)),
    mutants=(
        Mutant(
            "i over dim",
            _version(lambda i, dim: i / dim),
            "the exponent is -i / dim: it is -2 i / dim, so that the pairs spread over "
            "the whole range of speeds",
        ),
        Mutant(
            "faster and faster",
            _version(lambda i, dim: -2 * i / dim),
            "the exponent has the wrong sign: later pairs turn more slowly",
        ),
        Mutant(
            "to the end",
            _version(lambda i, dim: i / (dim // 2 - 1)),
            "the last pair turns at 1 / base: i / (dim / 2) stops one step before",
        ),
        Mutant(
            "from one",
            _version(lambda i, dim: 2 * (i + 1) / dim),
            "i begins at 1: pair 0 turns by p itself",
        ),
        Mutant(
            "one speed",
            _version(lambda i, dim: 0 * i),
            "all pairs turn at the same speed: each has its own power of the base",
        ),
        Mutant(
            "positions from one",
            _version(shift=1.0),
            "the places are counted from 1: take the positions as they are",
        ),
        Mutant(
            "base 10,000 always",
            _fixed_base,
            "`base` is not used: another base turns at other speeds",
        ),
        Mutant(
            "an angle for each feature",
            _twice,
            "there is an angle for each feature: one for each pair, (T, dim / 2)",
        ),
        Mutant(
            "whole turns",
            _turns,
            "the angles are multiplied by 2 pi: they are radians already",
        ),
        Mutant(
            "transposed",
            _transposed,
            "rows and columns are exchanged: a row is a place",
        ),
        Mutant(
            "refuses nothing",
            _trusting,
            "an odd dim does not raise ValueError: features turn in pairs",
        ),
    ),
    variants=(
        Variant("outer product", _outer),
        Variant("logarithms", _logs),
    ),
)

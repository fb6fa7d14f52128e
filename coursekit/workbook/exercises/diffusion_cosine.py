"""Lecture 1, the cosine schedule: 01.2 cosine_alpha_bar."""

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
from coursekit.checks.tensors import array, generator, must_equal

_LENGTHS = ("a long chain", "a short chain", "a very short chain")
_DOUBLE = torch.float64


def _cosine_inputs(seed: int) -> Inputs:
    rng = generator(seed)
    ranges = ((400, 1001), (40, 200), (3, 12))
    num_steps = int(rng.integers(*ranges[seed % 3]))
    return {"num_steps": num_steps, "offset": float(rng.uniform(0.02, 0.2))}


def _cosine_call(fn: Function, inputs: Inputs) -> Outputs:
    num_steps = inputs["num_steps"]
    return {
        "alpha_bar": array(fn(num_steps)),
        "alpha_bar with another offset": array(fn(num_steps, inputs["offset"])),
    }


def _straight_angle(inputs: Inputs, outputs: Outputs) -> str | None:
    """Undo the cosine: the angle must grow in equal steps up to a right angle."""
    both = zip(outputs.values(), (0.008, inputs["offset"]), strict=True)
    for alpha_bar, offset in both:
        start = offset / (1 + offset) * math.pi / 2
        if abs(alpha_bar[0] - 1) > 1e-9:
            return "alpha_bar_0 must be exactly 1: clean data is clean"
        angle = np.arccos(np.sqrt(np.abs(alpha_bar)) * math.cos(start))
        want = np.linspace(start, math.pi / 2, inputs["num_steps"] + 1)
        said = must_equal(
            angle, want, "the angle does not grow evenly from the offset to pi / 2"
        )
        if said is not None:
            return said
    return None


def _cosine(f: Function, normalise: bool = True, first: int = 0) -> Function:
    """A version from f(fraction of the way, offset)."""

    def cosine_alpha_bar(num_steps: int, offset: float = 0.008) -> Tensor:
        k = torch.arange(first, num_steps + 1, dtype=_DOUBLE)
        values: Tensor = f(k / num_steps, offset)
        return (
            values / f(torch.zeros(1, dtype=_DOUBLE), offset) if normalise else values
        )

    return cosine_alpha_bar


def _angle(u: Tensor, offset: float) -> Tensor:
    return (u + offset) / (1 + offset) * math.pi / 2


def _cosine_double_angle(num_steps: int, offset: float = 0.008) -> Tensor:
    k = np.arange(num_steps + 1)
    f = 0.5 + 0.5 * np.cos((k / num_steps + offset) * math.pi / (1 + offset))
    return torch.from_numpy(f / f[0])


def _cosine_list(num_steps: int, offset: float = 0.008) -> Tensor:
    right = math.pi / 2 / (1 + offset)
    start = math.cos(offset * right)
    values = [
        (math.cos((k / num_steps + offset) * right) / start) ** 2
        for k in range(num_steps + 1)
    ]
    return torch.tensor(values, dtype=_DOUBLE)


COSINE_ALPHA_BAR = Probe(
    inputs=_cosine_inputs,
    call=_cosine_call,
    cases=_LENGTHS,
    oracles=(Oracle("the angle grows evenly", _straight_angle),),
    mutants=(
        Mutant(
            "not normalised",
            _cosine(lambda u, s: _angle(u, s).cos() ** 2, normalise=False),
            "alpha_bar_0 is not 1: divide by f(0), so that step 0 is clean data",
        ),
        Mutant(
            "not squared",
            _cosine(lambda u, s: _angle(u, s).cos()),
            "the cosine is not squared: alpha_bar is a variance",
        ),
        Mutant(
            "offset ignored",
            _cosine(lambda u, s: _angle(u, 0.0).cos() ** 2),
            "the offset is ignored: it keeps the first steps from being too small",
        ),
        Mutant(
            "offset fixed",
            _cosine(lambda u, s: _angle(u, 0.008).cos() ** 2),
            "the offset is fixed at 0.008: use the argument",
        ),
        Mutant(
            "not divided by 1 + offset",
            _cosine(lambda u, s: ((u + s) * math.pi / 2).cos() ** 2),
            "the angle runs past pi / 2 at k = T: divide by 1 + offset",
        ),
        Mutant(
            "half the angle",
            _cosine(lambda u, s: (_angle(u, s) / 2).cos() ** 2),
            "the angle stops at pi / 4, and half of the signal is left at k = T: it "
            "should reach pi / 2",
        ),
        Mutant(
            "from 1",
            _cosine(lambda u, s: _angle(u, s).cos() ** 2, first=1),
            "one entry is missing: alpha_bar has T + 1 of them, from step 0 to step T",
        ),
    ),
    variants=(
        Variant("the double angle, numpy", _cosine_double_angle),
        Variant("a list", _cosine_list),
    ),
)

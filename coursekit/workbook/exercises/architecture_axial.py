"""Lecture 5, rows and columns share the features: 05.11 axial_angles."""

from collections.abc import Sequence

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
from coursekit.checks.tensors import array, generator, must_equal, tensor
from coursekit.models.rope import rope_angles
from coursekit.workbook.exercises.architecture_batch import refusal

_DIMS = ((4, 6), (4, 6, 2))


def _inputs(seed: int) -> Inputs:
    rng, dims = generator(seed), _DIMS[seed % 2]
    grid = np.indices((3, 4) if len(dims) == 2 else (2, 3, 4))
    places = grid.reshape(len(dims), -1).T + rng.uniform(0.5, 5, len(dims))
    dtype = np.float32 if seed % 2 else np.float64
    base = float(rng.choice([50.0, 100.0, 1000.0]))
    return {
        "positions": places.astype(dtype),
        "dims": np.asarray(dims, np.int64),
        "base": base,
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    positions = tensor(inputs["positions"])
    dims = tuple(int(d) for d in inputs["dims"])
    return {
        "angles": array(fn(positions, dims)),
        "angles with another base": array(fn(positions, dims, inputs["base"])),
        "refuses one share too few": refusal(lambda: fn(positions, dims[:-1])),
        "refuses one share too many": refusal(lambda: fn(positions, (*dims, 2))),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    for name, base in (
        ("angles", 10_000.0),
        ("angles with another base", inputs["base"]),
    ):
        columns = [
            inputs["positions"][:, axis].astype(float) / base ** (2 * i / dim)
            for axis, dim in enumerate(inputs["dims"])
            for i in range(dim // 2)
        ]
        want = np.stack(columns, axis=1).astype(inputs["positions"].dtype)
        said = must_equal(
            outputs[name],
            want,
            "the first dims[0] / 2 angles must be those of the first axis, then come "
            "those of the second",
        )
        if said is not None:
            return said
    return None


def _refused(inputs: Inputs, outputs: Outputs) -> str | None:
    fine = [v == 1 for name, v in outputs.items() if name.startswith("refuses")]
    return None if all(fine) else "as many shares as axes, else ValueError"


def _checked(positions: Tensor, dims: Sequence[int]) -> None:
    if positions.shape[1] != len(dims):
        raise ValueError("as many shares as axes, please")


def _reversed(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    _checked(positions, dims)
    axes = positions.flip(1).unbind(1)
    parts = [rope_angles(p, d, base) for p, d in zip(axes, dims, strict=True)]
    return torch.cat(parts, dim=1)


def _shares_reversed(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    _checked(positions, dims)
    axes, shares = positions.unbind(1), dims[::-1]
    parts = [rope_angles(p, d, base) for p, d in zip(axes, shares, strict=True)]
    return torch.cat(parts, dim=1)


def _first_axis(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    _checked(positions, dims)
    return torch.cat([rope_angles(positions[:, 0], d, base) for d in dims], dim=1)


def _one_range(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    """All axes share one ladder of speeds."""
    _checked(positions, dims)
    speeds = rope_angles(positions.new_ones(1), sum(dims), base)[0]
    count = torch.tensor([d // 2 for d in dims])
    return positions.repeat_interleave(count, dim=1) * speeds


def _whole_each(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    _checked(positions, dims)
    axes = positions.unbind(1)
    return torch.cat([rope_angles(p, sum(dims), base) for p in axes], dim=1)


def _doubled(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    """dims taken for numbers of angles."""
    _checked(positions, dims)
    axes = positions.unbind(1)
    parts = [rope_angles(p, 2 * d, base) for p, d in zip(axes, dims, strict=True)]
    return torch.cat(parts, dim=1)


def _summed(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    _checked(positions, dims)
    return rope_angles(positions.sum(1), sum(dims), base)


def _fixed_base(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    _checked(positions, dims)
    axes = positions.unbind(1)
    parts = [rope_angles(p, d) for p, d in zip(axes, dims, strict=True)]
    return torch.cat(parts, dim=1)


def _rows_below(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    _checked(positions, dims)
    width = max(dims)
    parts = [
        torch.nn.functional.pad(rope_angles(p, d, base), (0, (width - d) // 2))
        for p, d in zip(positions.unbind(1), dims, strict=True)
    ]
    return torch.cat(parts, dim=0)


def _trusting(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    axes = positions.unbind(1)
    parts = [rope_angles(p, d, base) for p, d in zip(axes, dims, strict=False)]
    return torch.cat(parts, dim=1)


def _asserted(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    assert positions.shape[1] == len(dims)
    return _trusting(positions, dims, base)


def _speeds(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    """One table of speeds, each with its axis."""
    if len(dims) != positions.size(1):
        raise ValueError(f"{len(dims)} shares")
    axis = [a for a, d in enumerate(dims) for _ in range(d // 2)]
    speed = [base ** (-2 * i / d) for d in dims for i in range(d // 2)]
    return positions[:, axis] * torch.tensor(speed, dtype=positions.dtype)


def _filled(positions: Tensor, dims: Sequence[int], base: float = 10_000.0) -> Tensor:
    if len(dims) != positions.size(1):
        raise ValueError("wrong number of shares")
    found, done = positions.new_empty(len(positions), sum(dims) // 2), 0
    for i, dim in enumerate(dims):
        found[:, done : done + dim // 2] = rope_angles(positions[:, i], dim, base)
        done += dim // 2
    return found


AXIAL_ANGLES = Probe(
    inputs=_inputs,
    call=_call,
    cases=("two axes", "three axes, float32"),
    oracles=(Oracle("column by column", _by_hand), Oracle("refusal", _refused)),
    mutants=(
        Mutant(
            "axes reversed",
            _reversed,
            "the axes are reversed: the first column of positions turns the first "
            "share",
        ),
        Mutant(
            "shares reversed",
            _shares_reversed,
            "the shares are given out in reverse: axis i gets dims[i] features",
        ),
        Mutant(
            "first axis for all",
            _first_axis,
            "all shares are turned by the first axis: each has an axis of its own",
        ),
        Mutant(
            "one ladder of speeds",
            _one_range,
            "the axes share one ladder of speeds, so the later ones turn slowly only: "
            "each begins at speed 1",
        ),
        Mutant(
            "all features for each",
            _whole_each,
            "each axis turns all features: they share them as dims says",
        ),
        Mutant(
            "shares in angles",
            _doubled,
            "dims are features, and two features share an angle: dims[i] / 2 angles "
            "for axis i",
        ),
        Mutant(
            "summed",
            _summed,
            "the positions of the axes are added: (1, 2) and (2, 1) would be one place",
        ),
        Mutant(
            "base 10,000 always",
            _fixed_base,
            "`base` is not used: hand it on to `rope_angles`",
        ),
        Mutant(
            "below each other",
            _rows_below,
            "the axes stand below each other: join them along the features",
        ),
        Mutant(
            "refuses nothing",
            _trusting,
            "more or fewer shares than axes do not raise ValueError",
        ),
        Mutant(
            "asserts",
            _asserted,
            "more or fewer shares than axes raise AssertionError: raise ValueError, "
            "with a reason",
        ),
    ),
    variants=(
        Variant("a table of speeds", _speeds),
        Variant("filled", _filled),
    ),
)

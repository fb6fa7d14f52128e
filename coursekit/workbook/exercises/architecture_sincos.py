"""Lecture 5, an address for every patch: 05.4 sincos_2d."""

from typing import Any

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
from coursekit.models.positions import sincos
from coursekit.workbook.exercises.architecture_batch import refusal

_DIMS = (8, 12)


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    if seed % 2:
        positions = rng.uniform(-6, 6, (9, 2)).astype(np.float32)
    else:
        rows, columns = np.meshgrid(np.arange(3.0), np.arange(5.0), indexing="ij")
        positions = np.stack([rows.ravel(), columns.ravel()], axis=1)
        positions = positions + rng.integers(0, 9, 2)
    return {"positions": positions, "dim": _DIMS[seed % 2]}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    positions, dim = tensor(inputs["positions"]), inputs["dim"]
    return {
        "features": array(fn(positions, dim)),
        "refuses 6 features": refusal(lambda: fn(positions, 6)),
    }


def _waves(places: Array, dim: int) -> Array:
    half = dim // 2
    rows = []
    for place in places.astype(float):
        angles = [place / 10_000 ** (i / half) for i in range(half)]
        rows.append([*np.sin(angles), *np.cos(angles)])
    return np.asarray(rows)


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    positions, half = inputs["positions"], inputs["dim"] // 2
    want = np.hstack([_waves(positions[:, 1], half), _waves(positions[:, 0], half)])
    return must_equal(
        outputs["features"],
        want,
        "not the waves of the columns, then those of the rows, dim/2 features each",
    )


def _refused(inputs: Inputs, outputs: Outputs) -> str | None:
    fine = outputs["refuses 6 features"] == 1
    return None if fine else "a dim that is no multiple of 4 must raise ValueError"


def _checked(dim: int) -> None:
    if dim % 4:
        raise ValueError(f"dim must be a multiple of 4, not {dim}")


def _version(make: Any) -> Function:
    """A version from rows, columns and dim to features, which refuses as it should."""

    def sincos_2d(positions: Tensor, dim: int) -> Tensor:
        _checked(dim)
        row, column = positions.unbind(dim=1)
        found: Tensor = make(row, column, dim)
        return found

    return sincos_2d


def _both(first: Tensor, second: Tensor, dim: int) -> Tensor:
    return torch.cat([sincos(first, dim // 2), sincos(second, dim // 2)], dim=1)


def _by_turns(row: Tensor, column: Tensor, dim: int) -> Tensor:
    pair = torch.stack([sincos(column, dim // 2), sincos(row, dim // 2)], dim=2)
    return pair.flatten(1)


def _sines_first(row: Tensor, column: Tensor, dim: int) -> Tensor:
    a, b = sincos(column, dim // 2), sincos(row, dim // 2)
    q = dim // 4
    return torch.cat([a[:, :q], b[:, :q], a[:, q:], b[:, q:]], dim=1)


def _cosines_first(row: Tensor, column: Tensor, dim: int) -> Tensor:
    a, b = sincos(column, dim // 2), sincos(row, dim // 2)
    q = dim // 4
    return torch.cat([a[:, q:], a[:, :q], b[:, q:], b[:, :q]], dim=1)


def _trusting(positions: Tensor, dim: int) -> Tensor:
    waves = [sincos(positions[:, i], dim // 2 // 2 * 2) for i in (1, 0)]
    return torch.cat(waves, dim=1)


def _by_formula(positions: Tensor, dim: int) -> Tensor:
    if dim % 4 != 0:
        raise ValueError("sine and cosine of two axes: dim must divide by 4")
    i = torch.arange(dim // 4, dtype=positions.dtype)
    angle = positions.flip(1)[..., None] / 10_000.0 ** (4 * i / dim)  # (T, 2, dim/4)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def _filled(positions: Tensor, dim: int) -> Tensor:
    if dim % 4:
        raise ValueError(dim)
    found = positions.new_empty(len(positions), dim)
    found[:, : dim // 2] = sincos(positions[:, 1], dim // 2)
    found[:, dim // 2 :] = sincos(positions[:, 0], dim // 2)
    return found


SINCOS_2D = Probe(
    inputs=_inputs,
    call=_call,
    cases=("a grid", "places between, float32"),
    oracles=(Oracle("wave by wave", _by_hand), Oracle("refusal", _refused)),
    mutants=(
        Mutant(
            "rows first",
            _version(lambda r, c, d: _both(r, c, d)),
            "rows and columns are exchanged: the first half tells the column, the "
            "second element of a position",
        ),
        Mutant(
            "columns twice",
            _version(lambda r, c, d: _both(c, c, d)),
            "both halves tell the column: its patches would all get one address",
        ),
        Mutant(
            "rows twice",
            _version(lambda r, c, d: _both(r, r, d)),
            "both halves tell the row: its patches would all get one address",
        ),
        Mutant(
            "added",
            _version(lambda r, c, d: sincos(c, d) + sincos(r, d)),
            "the waves of both axes are added: (1, 2) and (2, 1) would get one address",
        ),
        Mutant(
            "full width each",
            _version(lambda r, c, d: _both(c, r, 2 * d)),
            "each axis gets dim features: they share them, dim/2 each",
        ),
        Mutant(
            "by turns",
            _version(_by_turns),
            "the features of column and row take turns: all of the column come first",
        ),
        Mutant(
            "sines first",
            _version(_sines_first),
            "the sines of both axes come before the cosines of both: one axis after "
            "the other",
        ),
        Mutant(
            "cosines first",
            _version(_cosines_first),
            "the cosines come first: `sincos` gives the sines first",
        ),
        Mutant(
            "one long row",
            _version(lambda r, c, d: sincos(r * (c.max() + 1) + c, d)),
            "the places are numbered in one row: a patch and the one below it would "
            "be far apart",
        ),
        Mutant(
            "refuses nothing",
            _trusting,
            "a dim that is no multiple of 4 does not raise ValueError: two axes share "
            "it, a sine and a cosine each",
        ),
    ),
    variants=(
        Variant("the formula", _by_formula),
        Variant("a table filled", _filled),
    ),
)

"""The tour's exercise, 00.1 expand_as."""

import numpy as np
from torch import Tensor

from coursekit.workbook.exercise_spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.workbook.exercises.tensors import (
    KINDS,
    SHAPES,
    array,
    generator,
    tensor,
)


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    shape = SHAPES[seed % len(SHAPES)]
    x = rng.standard_normal(shape).astype(np.float32)
    return {"coef": rng.uniform(0.1, 1.0, shape[0]), "x": x}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    return {"the result": array(fn(tensor(inputs["coef"]), tensor(inputs["x"])))}


def _each_its_own(inputs: Inputs, outputs: Outputs) -> str | None:
    got, coef, x = outputs["the result"], inputs["coef"], inputs["x"]
    if got.ndim != x.ndim or got.shape[0] != len(coef) or got.size != len(coef):
        return (
            f"the shape is {got.shape}, which does not give each sample its own number"
        )
    rows = np.stack([np.float32(c) * row for c, row in zip(coef, x, strict=True)])
    if not np.allclose(got * x, rows, rtol=1e-6):
        return "multiplying with x does not scale sample i by number i"
    return None


def _plain(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x)


def _in_front(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x).reshape(*[1] * (x.ndim - 1), -1)


def _one_too_many(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x).reshape(-1, *[1] * x.ndim)


def _dtype_kept(coef: Tensor, x: Tensor) -> Tensor:
    return coef.reshape(-1, *[1] * (x.ndim - 1))


def _loop(coef: Tensor, x: Tensor) -> Tensor:
    result = coef.to(x)
    while result.ndim < x.ndim:
        result = result.unsqueeze(-1)
    return result


def _view(coef: Tensor, x: Tensor) -> Tensor:
    return coef.type_as(x)[(...,) + (None,) * (x.ndim - 1)]


EXPAND_AS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("each sample its own number", _each_its_own),),
    mutants=(
        Mutant(
            "not reshaped",
            _plain,
            "the shape is still (B,): add one dimension of size 1 for each dimension "
            "of x after the batch",
        ),
        Mutant(
            "ones in front",
            _in_front,
            "the ones are in front: then the numbers line up with the last dimension "
            "of x, not with the batch",
        ),
        Mutant(
            "one too many",
            _one_too_many,
            "one dimension too many: the batch itself is already one of x's dimensions",
        ),
        Mutant(
            "dtype kept",
            _dtype_kept,
            "the shape is right but the dtype is still that of coef: float64 numbers "
            "would turn float32 pictures into float64",
        ),
    ),
    variants=(Variant("unsqueeze in a loop", _loop), Variant("indexing", _view)),
)

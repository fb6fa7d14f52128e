"""The start page: 00.1 expand_as."""

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
from coursekit.checks.tensors import KINDS, array, batch, tensor


def _inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "x")
    size = len(inputs["x"])
    return {"x": inputs["x"], "coef": rng.uniform(0.1, 0.9, size)}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    return {"result": array(fn(tensor(inputs["coef"]), tensor(inputs["x"])))}


def _scales_each(inputs: Inputs, outputs: Outputs) -> str | None:
    """Multiplying by the result must scale sample i by coefficient i, whatever B is."""
    result = outputs["result"]
    try:
        scaled = result * inputs["x"]
    except ValueError:
        return "the result cannot be multiplied with x"
    want = [c * x for c, x in zip(inputs["coef"], inputs["x"], strict=True)]
    if scaled.shape == inputs["x"].shape and np.allclose(scaled, want, rtol=1e-5):
        return None
    return "times x, it must scale each sample with its own number"


def _as_it_is(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x.dtype)


def _pictures_only(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x.dtype)[:, None, None, None]


def _in_front(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x.dtype).reshape(*[1] * (x.ndim - 1), -1)


def _one_for_all(coef: Tensor, x: Tensor) -> Tensor:
    return x.new_full((len(coef), *[1] * (x.ndim - 1)), float(coef[0]))


def _keeps_dtype(coef: Tensor, x: Tensor) -> Tensor:
    return coef.reshape(-1, *[1] * (x.ndim - 1))


def _one_too_many(coef: Tensor, x: Tensor) -> Tensor:
    return coef.to(x.dtype).reshape(-1, *[1] * x.ndim)


def _blown_up(coef: Tensor, x: Tensor) -> Tensor:
    return _keeps_dtype(coef, x).to(x.dtype).expand(x.shape)


def _unsqueeze(coef: Tensor, x: Tensor) -> Tensor:
    while coef.ndim < x.ndim:
        coef = coef.unsqueeze(-1)
    return coef.type_as(x)


def _index(coef: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("b...->b...", coef[(...,) + (None,) * (x.ndim - 1)]).to(x)


EXPAND_AS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("scales each sample", _scales_each),),
    mutants=(
        Mutant(
            "as it is",
            _as_it_is,
            "the shape is still (B,): put ones behind it, as many as x has further "
            "dimensions",
        ),
        Mutant(
            "pictures only",
            _pictures_only,
            "three ones fit pictures only: count the dimensions of x",
        ),
        Mutant(
            "ones in front",
            _in_front,
            "the ones stand in front: B is the first dimension, so they go behind",
        ),
        Mutant(
            "one for all",
            _one_for_all,
            "every sample gets the first number: each has its own",
        ),
        Mutant(
            "one too many",
            _one_too_many,
            "there is a 1 too many: B is one of the dimensions of x already",
        ),
        Mutant(
            "dtype kept",
            _keeps_dtype,
            "the dtype is that of coef: a float64 number would turn a float32 picture "
            "into float64",
        ),
        Mutant(
            "blown up",
            _blown_up,
            "the result is as large as x: (B, 1, ..., 1) is enough",
        ),
    ),
    variants=(Variant("unsqueeze", _unsqueeze), Variant("indexing with None", _index)),
)

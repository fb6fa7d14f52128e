"""Lecture 5, what a DiT costs: 05.15 dit_flops."""

from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import generator
from coursekit.workbook.exercises.architecture_batch import number

_CASES = ("many tokens", "wide tokens")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    patch, rows = int(rng.integers(2, 5)), int(rng.integers(7, 12))
    width = int(rng.integers(5, 12)) if seed % 2 == 0 else int(rng.integers(90, 200))
    depth = int(rng.integers(2, 13))
    return {"side": patch * rows, "patch": patch, "width": width, "depth": depth}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    numbers = (inputs[name] for name in ("side", "patch", "width", "depth"))
    answer = fn(*numbers)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise BadResult("it must return two numbers: tokens and FLOPs")
    return {"tokens": number(answer[0]), "FLOPs": number(answer[1])}


def _products(tokens: int, width: int) -> list[tuple[int, int, int]]:
    """Every matrix product of a block for one sample: (n, k) times (k, m)."""
    return [
        (tokens, width, width),  # queries
        (tokens, width, width),  # keys
        (tokens, width, width),  # values
        (tokens, width, tokens),  # q k^T
        (tokens, tokens, width),  # the table times v
        (tokens, width, width),  # out
        (tokens, width, 4 * width),
        (tokens, 4 * width, width),
        (1, width, 6 * width),  # knobs
    ]


def _count(inputs: Inputs, outputs: Outputs) -> str | None:
    want = (inputs["side"] // inputs["patch"]) ** 2
    fine = float(outputs["tokens"]) == want
    return None if fine else "a token is a patch: (side / patch) squared of them"


def _cost(inputs: Inputs, outputs: Outputs) -> str | None:
    tokens = (inputs["side"] // inputs["patch"]) ** 2
    products = _products(tokens, inputs["width"])
    want = inputs["depth"] * sum(2 * n * k * m for n, k, m in products)
    fine = float(outputs["FLOPs"]) == want
    return None if fine else "not 2 FLOPs for each multiply-add of all matrix products"


def _formula(
    cost: Callable[[int, int], float],
    tokens: Callable[[int, int], int] = lambda side, patch: (side // patch) ** 2,
) -> Function:
    """A version from the FLOPs of a block (tokens, width) and the tokens."""

    def dit_flops(side: int, patch: int, width: int, depth: int) -> tuple[int, Any]:
        count = tokens(side, patch)
        return count, depth * cost(count, width)

    return dit_flops


def _right(t: int, d: int) -> float:
    return 24 * t * d**2 + 4 * t**2 * d + 12 * d**2


def _one_block(side: int, patch: int, width: int, depth: int) -> tuple[int, float]:
    tokens = (side // patch) ** 2
    return tokens, _right(tokens, width)


def _flops_only(side: int, patch: int, width: int, depth: int) -> float:
    return depth * _right((side // patch) ** 2, width)


def _added(side: int, patch: int, width: int, depth: int) -> tuple[int, int]:
    tokens = side * side // patch // patch
    found = 0
    for _ in range(depth):
        for n, k, m in _products(tokens, width):
            found += 2 * n * k * m
    return tokens, found


def _closed(side: int, patch: int, width: int, depth: int) -> tuple[float, float]:
    tokens = (side / patch) ** 2
    per_token = width * (24 * width + 4 * tokens)
    return tokens, np.float64(depth * (tokens * per_token + 12 * width * width))


DIT_FLOPS = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("tokens", _count), Oracle("product by product", _cost)),
    mutants=(
        Mutant(
            "multiply-adds",
            _formula(lambda t, d: _right(t, d) / 2),
            "these are multiply-adds: each is two FLOPs",
        ),
        Mutant(
            "tokens of a side",
            _formula(_right, lambda side, patch: side // patch),
            "these are the tokens of one side: square them",
        ),
        Mutant(
            "patch not squared",
            _formula(_right, lambda side, patch: side**2 // patch),
            "a patch is `patch` pixels high and wide: divide by patch squared",
        ),
        Mutant(
            "no knobs",
            _formula(lambda t, d: _right(t, d) - 12 * d**2),
            "the knobs are missing: once for a sample, width to 6 width",
        ),
        Mutant(
            "knobs for each token",
            _formula(lambda t, d: _right(t, d) + 12 * (t - 1) * d**2),
            "the knobs are counted for every token: they are made once for a sample",
        ),
        Mutant(
            "no attention",
            _formula(lambda t, d: _right(t, d) - 4 * t**2 * d),
            "the attention's own products are missing: every token meets every token",
        ),
        Mutant(
            "one product",
            _formula(lambda t, d: _right(t, d) - 2 * t**2 * d),
            "attention makes two products: q k^T, and the table times v",
        ),
        Mutant(
            "linear in the tokens",
            _formula(lambda t, d: 24 * t * d**2 + 4 * t * d + 12 * d**2),
            "the attention's products grow with the tokens squared",
        ),
        Mutant(
            "no way out",
            _formula(lambda t, d: _right(t, d) - 2 * t * d**2),
            "the map out of the attention is missing, width to width",
        ),
        Mutant(
            "half an MLP",
            _formula(lambda t, d: _right(t, d) - 8 * t * d**2),
            "the MLP has two maps: it widens four-fold, and narrows again",
        ),
        Mutant(
            "an MLP as wide as the tokens",
            _formula(lambda t, d: _right(t, d) - 12 * t * d**2),
            "the MLP widens four-fold in between",
        ),
        Mutant("one block", _one_block, "this is one block: there are `depth` of them"),
        Mutant(
            "one number",
            _flops_only,
            "it must return two numbers: tokens and FLOPs",
        ),
    ),
    variants=(
        Variant("product by product", _added),
        Variant("a closed form", _closed),
    ),
)

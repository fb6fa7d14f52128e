"""Lecture 5, how far a network sees: 05.1 receptive_field."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import generator, must_equal
from coursekit.workbook.exercises.architecture_batch import number

Layers = Sequence[tuple[int, float]]
_CASES = ("plain convolutions", "with strides", "down and up again")
_STRIDES = (
    (1, 1, 1, 1),
    (1, 2, 1, 3, 1, 2),
    (1, 2, 2, 1, 0.5, 1, 1, 1, 1, 1, 0.5, 1),
)


def _inputs(seed: int) -> Inputs:
    rng, strides = generator(seed), _STRIDES[seed % 3]
    kernels = rng.choice([3, 5], len(strides))
    kernels[np.asarray(strides) < 1] = 5
    return {"kernels": kernels.astype(np.int64), "strides": np.asarray(strides, float)}


def _layers(inputs: Inputs) -> list[tuple[int, float]]:
    """Whole strides as whole numbers, as people write them."""
    return [
        (int(k), int(s) if s >= 1 else float(s))
        for k, s in zip(inputs["kernels"], inputs["strides"], strict=True)
    ]


def _call(fn: Function, inputs: Inputs) -> Outputs:
    layers = _layers(inputs)
    return {
        "receptive field": number(fn(layers)),
        "receptive field of the first three layers": number(fn(layers[:3])),
        "receptive field of nothing": number(fn([])),
    }


def _sets(layers: Layers) -> float:
    """By following each place back to the set of places that it depends on."""
    largest = 0
    for place in range(512, 520):
        seen = {place}
        for kernel, stride in reversed(layers):
            step, half = max(1, int(stride)), (kernel - 1) // 2
            seen = {p * step + j - half for p in seen for j in range(kernel)}
            if stride < 1:
                seen = {p // 2 for p in seen}
        largest = max(largest, len(seen))
    return float(largest)


def _followed(inputs: Inputs, outputs: Outputs) -> str | None:
    layers = _layers(inputs)
    parts = {"": layers, " of the first three layers": layers[:3], " of nothing": []}
    return must_equal(
        np.stack([outputs[f"receptive field{part}"] for part in parts]),
        np.asarray([_sets(part) for part in parts.values()]),
        "not the number of input positions that one output position depends on",
    )


def _back(step: Callable[[int, int, float], float]) -> Function:
    """A version from one step of the walk back: (n, kernel, stride) -> n."""

    def receptive_field(layers: Layers) -> float:
        n: float = 1
        for kernel, stride in reversed(layers):
            n = step(int(n), kernel, stride)
        return n

    return receptive_field


def _right(n: int, kernel: int, stride: float) -> int:
    if stride < 1:
        return (n + kernel - 1) // 2 + 1
    return (n - 1) * int(stride) + kernel


def _not_doubled(rule: Callable[[int, int, float], float]) -> Function:
    """A version that is wrong where nothing is doubled, and right elsewhere."""
    return _back(lambda n, k, s: _right(n, k, s) if s < 1 else rule(n, k, s))


def _doubled(rule: Callable[[int, int], float]) -> Function:
    """A version that is wrong where a layer doubles, and right elsewhere."""
    return _back(lambda n, k, s: rule(n, k) if s < 1 else _right(n, k, s))


def _forwards(layers: Layers) -> int:
    n = 1
    for kernel, stride in layers:
        n = _right(n, kernel, stride)
    return n


def _product(layers: Layers) -> int:
    return math.prod(kernel for kernel, _ in layers)


def _intervals(layers: Layers) -> int:
    """The first and last place, for every place of the output that could differ."""
    widths = []
    for place in range(2 ** sum(stride < 1 for _, stride in layers)):
        low = high = place
        for kernel, stride in layers[::-1]:
            if stride < 1:
                low, high = low - kernel // 2, high + kernel - 1 - kernel // 2
                low, high = low // 2, high // 2
            else:
                low, high = low * int(stride), high * int(stride) + kernel - 1
        widths.append(high - low + 1)
    return max(widths)


def _recursive(layers: Layers) -> int:
    def behind(n: int, rest: list[tuple[int, float]]) -> int:
        if not rest:
            return n
        kernel, stride = rest.pop()
        if stride == 0.5:
            return behind(math.floor((n + kernel - 1) / 2) + 1, rest)
        return behind(n * int(stride) + (kernel - int(stride)), rest)

    return behind(1, list(layers))


RECEPTIVE_FIELD = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("place by place", _followed),),
    mutants=(
        Mutant(
            "strides ignored",
            _not_doubled(lambda n, k, s: n + k - 1),
            "the strides are not used: n positions stand (n - 1) stride apart in the "
            "layer before",
        ),
        Mutant(
            "n times stride",
            _not_doubled(lambda n, k, s: n * int(s) + k),
            "n positions span (n - 1) strides, not n: one position alone sees one "
            "kernel",
        ),
        Mutant(
            "no kernel of its own",
            _not_doubled(lambda n, k, s: (n - 1) * int(s) + k - 1),
            "the last of the n positions sees a whole kernel, not kernel - 1",
        ),
        Mutant(
            "stride for all",
            _not_doubled(lambda n, k, s: (n + k - 2) * int(s) + 1),
            "the stride also spreads the layer's own kernel: it moves the kernel, it "
            "does not stretch it",
        ),
        Mutant(
            "kernels multiplied",
            _product,
            "the kernels are multiplied: two 3x3 convolutions see 5 positions, not 9",
        ),
        Mutant(
            "forwards",
            _forwards,
            "this walks from the input to the output: a stride acts on the layers "
            "after it, so walk back",
        ),
        Mutant(
            "stride 0.5 as 0",
            _doubled(lambda n, k: k),
            "int(0.5) is 0: a layer that doubles needs a rule of its own",
        ),
        Mutant(
            "doubling ignored",
            _doubled(lambda n, k: n + k - 1),
            "the doubling is not used: two neighbours of the doubled input are copies "
            "of one position",
        ),
        Mutant(
            "halved",
            _doubled(lambda n, k: (n + k - 1) // 2),
            "half of the doubled positions is too few: they may begin with the second "
            "copy of one position and end with the first of another",
        ),
        Mutant(
            "doubling without kernel",
            _doubled(lambda n, k: n // 2 + 1),
            "a layer that doubles convolves as well: n positions see n + kernel - 1 "
            "doubled ones",
        ),
        Mutant(
            "halved before the kernel",
            _doubled(lambda n, k: n // 2 + k),
            "the order is turned round: it doubles first and convolves then, so walk "
            "back through the kernel first",
        ),
    ),
    variants=(
        Variant("intervals", _intervals),
        Variant("recursion", _recursive),
    ),
)

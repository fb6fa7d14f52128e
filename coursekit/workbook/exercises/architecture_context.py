"""Lecture 5, the condition sits among the patches: 05.8 in_context."""

from typing import Any

import numpy as np

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import array, generator, must_equal, tensor
from coursekit.workbook.exercises.architecture_batch import number
from coursekit.workbook.exercises.architecture_context_versions import (
    MUTANTS,
    TRIPLE,
    VARIANTS,
)


def _inputs(seed: int) -> Inputs:
    rng, dtype = generator(seed), np.float32 if seed % 2 else np.float64
    found = {
        "x": rng.standard_normal((7, 5, 6)),
        "angles": rng.uniform(0.5, 3, (5, 2)),
        "vector": rng.standard_normal((7, 6)),
        "tokens": rng.standard_normal((7, 4, 6)),
    }
    return {name: values.astype(dtype) for name, values in found.items()}


def _three(answer: Any) -> tuple[Any, Any, Any]:
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise BadResult(TRIPLE)
    return answer[0], answer[1], answer[2]


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, angles, vector, tokens = (
        tensor(inputs[name]) for name in ("x", "angles", "vector", "tokens")
    )
    with_prompt = _three(fn(x, angles, vector, tokens))
    without = _three(fn(x, angles, vector, None))
    bare = _three(fn(x, None, vector, tokens))
    return {
        "sequence": array(with_prompt[0]),
        "angles": array(with_prompt[1]),
        "how many": number(with_prompt[2]),
        "sequence without a prompt": array(without[0]),
        "angles without a prompt": array(without[1]),
        "how many without a prompt": number(without[2]),
        "sequence without angles": array(bare[0]),
        "angles are None": np.asarray(float(bare[1] is None)),
    }


def _sequence(inputs: Inputs, outputs: Outputs) -> str | None:
    x, vector, tokens = inputs["x"], inputs["vector"][:, None], inputs["tokens"]
    complaint = (
        "the sequence must be the vector as one token, the prompt's tokens, the "
        "patches, in this order"
    )
    for name, parts in (
        ("sequence", (vector, tokens, x)),
        ("sequence without a prompt", (vector, x)),
        ("sequence without angles", (vector, tokens, x)),
    ):
        said = must_equal(outputs[name], np.concatenate(parts, axis=1), complaint)
        if said is not None:
            return said
    return None


def _still(inputs: Inputs, outputs: Outputs) -> str | None:
    complaint = "the angles must be 0 for all that was put in front, then the patches'"
    for name, count in (("angles", 5), ("angles without a prompt", 1)):
        zeros = np.zeros((count, 2), inputs["angles"].dtype)
        want = np.concatenate([zeros, inputs["angles"]])
        said = must_equal(outputs[name], want, complaint)
        if said is not None:
            return said
    return None if outputs["angles are None"] else "without angles there are none"


def _count(inputs: Inputs, outputs: Outputs) -> str | None:
    counts = float(outputs["how many"]), float(outputs["how many without a prompt"])
    if counts == (5.0, 1.0):
        return None
    return "how many tokens were put in front: 1 + S with a prompt, 1 without"


IN_CONTEXT = Probe(
    inputs=_inputs,
    call=_call,
    cases=("with and without a prompt", "float32"),
    oracles=(
        Oracle("the sequence", _sequence),
        Oracle("the angles", _still),
        Oracle("how many", _count),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)

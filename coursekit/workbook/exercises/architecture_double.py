"""Lecture 5, two streams and one attention: 05.13 DoubleBlock.forward."""

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
from coursekit.checks.tensors import (
    Array,
    array,
    generator,
    must_equal,
    tensor,
)
from coursekit.models.mmdit_blocks import DoubleBlock
from coursekit.workbook.exercises.architecture_batch import built
from coursekit.workbook.exercises.architecture_double_steps import VARIANTS
from coursekit.workbook.exercises.architecture_double_versions import MUTANTS
from coursekit.workbook.exercises.architecture_numpy import (
    Weights,
    heads_of,
    heard,
    normed,
    rms_normed,
    turned,
)
from coursekit.workbook.exercises.latent_batch import weights

_SHAPE = {"width": 12, "heads": 3, "ratio": 2.0}
_NAMES = ("text", "image", "c", "angles")
_PAIR = "it must return both streams: the prompt's tokens and the picture's"


def _inputs(seed: int) -> Inputs:
    rng, last = generator(seed), seed % 2
    return weights(DoubleBlock(**_SHAPE, last=bool(last)), rng) | {  # type: ignore[arg-type]
        "text": rng.standard_normal((7, 4, 12)),
        "image": rng.standard_normal((7, 5, 12)),
        "c": rng.standard_normal((7, 12)),
        "angles": rng.uniform(-3, 3, (9, 2)),
        "last": last,
    }


def _two(answer: Any) -> tuple[Any, Any]:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise BadResult(_PAIR)
    return answer[0], answer[1]


def _call(fn: Function, inputs: Inputs) -> Outputs:
    block = built(fn, _SHAPE | {"last": bool(inputs["last"])}, inputs)
    text, image, c, angles = (tensor(inputs[name]) for name in _NAMES)
    plain, with_angles = (
        _two(block(text, image, c)),
        _two(block(text, image, c, angles)),
    )
    new = _two(fn(**_SHAPE).double()(text, image, c, angles))
    return {
        "words": array(plain[0]),
        "patches": array(plain[1]),
        "words with angles": array(with_angles[0]),
        "patches with angles": array(with_angles[1]),
        "words of a new block": array(new[0]),
        "patches of a new block": array(new[1]),
    }


class _Stream:
    """One stream of one sample in numpy."""

    def __init__(self, weights: Weights, x: Array, c: Array, last: bool) -> None:
        self.weights, self.x = weights, x
        shift, scale, *self.rest = weights.knobs(c, 2 if last else 6)
        h = normed(x) * (1 + scale) + shift
        parts = np.split(weights.linear("project.qkv", h), 3, axis=1)
        q, k, self.v = (heads_of(part, 3) for part in parts)
        self.q = [rms_normed(one, weights.get("project.norm_q.weight")) for one in q]
        self.k = [rms_normed(one, weights.get("project.norm_k.weight")) for one in k]

    def finish(self, listened: Array) -> Array:
        """The tokens after attention and MLP."""
        if not self.rest:
            return self.x
        gate1, shift2, scale2, gate2 = self.rest
        z = self.x + gate1 * self.weights.linear("out", listened)
        h = normed(z) * (1 + scale2) + shift2
        found: Array = z + gate2 * self.weights.mlp("mlp", h)
        return found


def _by_hand(inputs: Inputs, angles: Array | None) -> tuple[Array, Array]:
    words, patches = [], []
    rows = (inputs[name] for name in ("text", "image", "c"))
    for text, image, c in zip(*rows, strict=True):
        one = _Stream(Weights(inputs, "text."), text, c, bool(inputs["last"]))
        two = _Stream(Weights(inputs, "image."), image, c, last=False)
        q, k, v = (
            [np.concatenate(pair) for pair in zip(a, b, strict=True)]
            for a, b in ((one.q, two.q), (one.k, two.k), (one.v, two.v))
        )
        heads = [
            heard(turned(q[i], angles), turned(k[i], angles), v[i]) for i in range(3)
        ]
        listened = np.hstack(heads)
        words.append(one.finish(listened[: len(text)]))
        patches.append(two.finish(listened[len(text) :]))
    return np.stack(words), np.stack(patches)


def _formula(inputs: Inputs, outputs: Outputs) -> str | None:
    words, patches = _by_hand(inputs, None)
    return must_equal(
        outputs["words"],
        words,
        "the prompt's tokens: own queries, keys and values, one attention over all "
        "tokens, then own share and own MLP",
    ) or must_equal(
        outputs["patches"],
        patches,
        "the picture's tokens: own queries, keys and values, one attention over all "
        "tokens, then own share and own MLP",
    )


def _turned(inputs: Inputs, outputs: Outputs) -> str | None:
    words, patches = _by_hand(inputs, inputs["angles"])
    complaint = "the joined queries and keys must be turned, the words' in front"
    return must_equal(outputs["words with angles"], words, complaint) or must_equal(
        outputs["patches with angles"], patches, complaint
    )


def _identity(inputs: Inputs, outputs: Outputs) -> str | None:
    complaint = "a new block must give both streams back as they are"
    return must_equal(
        outputs["words of a new block"], inputs["text"], complaint
    ) or must_equal(outputs["patches of a new block"], inputs["image"], complaint)


DOUBLE_BLOCK = Probe(
    inputs=_inputs,
    call=_call,
    cases=("two streams", "the last block"),
    oracles=(
        Oracle("in numpy", _formula),
        Oracle("with angles", _turned),
        Oracle("identity", _identity),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)

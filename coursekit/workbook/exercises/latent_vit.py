"""Lecture 4, a transformer that reads pictures: 04.9 ViT.tokens."""

from typing import Any

import numpy as np
from scipy.special import ndtr

from coursekit.checks.spec import (
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
from coursekit.models.vit import ViT, ViTConfig
from coursekit.workbook.exercises.latent_batch import built, weights
from coursekit.workbook.exercises.latent_vit_versions import MUTANTS, VARIANTS

_SMALL = ViTConfig(channels=2, size=6, patch=3, width=12, depth=2, heads=3)
_CASES = ("a batch of pictures", "one picture")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    count = 1 if seed % 2 else 7
    found = weights(ViT(_SMALL), rng)
    return found | {"x": rng.uniform(-1, 1, (count, 2, 6, 6))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    model: Any = built(fn, _SMALL, inputs)
    x = tensor(inputs["x"])
    return {
        "tokens": array(model.tokens(x)),
        "vector of the picture": array(model(x)),
    }


def _linear(inputs: Inputs, name: str, x: Array) -> Array:
    found: Array = x @ inputs[f"weight {name}.weight"].T + inputs[f"weight {name}.bias"]
    return found


def _norm(inputs: Inputs, name: str, x: Array) -> Array:
    away = x - x.mean(axis=-1, keepdims=True)
    unit = away / np.sqrt((away**2).mean(axis=-1, keepdims=True) + 1e-5)
    found: Array = (
        unit * inputs[f"weight {name}.weight"] + inputs[f"weight {name}.bias"]
    )
    return found


def _attention(inputs: Inputs, name: str, x: Array) -> Array:
    """Of one picture's tokens, (T, width), head by head."""
    heads, width = _SMALL.heads, _SMALL.width // _SMALL.heads
    parts = _linear(inputs, f"{name}.project.qkv", x)
    heard = []
    for head in range(heads):
        q, k, v = (
            parts[:, (third * heads + head) * width :][:, :width] for third in range(3)
        )
        shares = np.exp(q @ k.T / np.sqrt(width))
        heard.append(shares / shares.sum(axis=1, keepdims=True) @ v)
    return _linear(inputs, f"{name}.out", np.concatenate(heard, axis=1))


def _mlp(inputs: Inputs, name: str, x: Array) -> Array:
    h = _linear(inputs, f"{name}.wide", x)
    return _linear(inputs, f"{name}.narrow", h * ndtr(h))  # GELU


def _by_hand(inputs: Inputs) -> Array:
    """The whole transformer, in numpy, one picture at a time."""
    found, side = [], _SMALL.patch
    for picture in inputs["x"]:
        rows = [inputs["weight cls"]]
        for top in range(0, _SMALL.size, side):
            for left in range(0, _SMALL.size, side):
                patch = picture[:, top : top + side, left : left + side].ravel()
                rows.append(_linear(inputs, "embed.project", patch))
        z = np.stack(rows) + inputs["weight position"]
        for i in range(_SMALL.depth):
            block = f"blocks.{i}"
            h = _norm(inputs, f"{block}.norm1", z)
            z = z + _attention(inputs, f"{block}.attention", h)
            h = _norm(inputs, f"{block}.norm2", z)
            z = z + _mlp(inputs, f"{block}.mlp", h)
        found.append(_norm(inputs, "norm", z))
    return np.stack(found)


def _whole(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["tokens"],
        _by_hand(inputs),
        "not [cls; patches] + positions, then the blocks, then the norm",
    )


def _front(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["vector of the picture"],
        _by_hand(inputs)[:, 0],
        "`forward` takes token 0: the class token must stand in front",
    )


VIT = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("in numpy", _whole), Oracle("in front", _front)),
    mutants=MUTANTS,
    variants=VARIANTS,
)

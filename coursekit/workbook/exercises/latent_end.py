"""Lecture 4, one vector for a prompt: 04.10 at_end."""

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

_CASES = ("prompts of many lengths", "prompts without padding")
_BATCH, _LENGTH, _WIDTH = 7, 9, 4


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    end = int(rng.integers(2, 5))
    words = [i for i in range(1, 30) if i != end]
    ids = rng.choice(words, (_BATCH, _LENGTH))
    middle = rng.integers(1, _LENGTH - 1, _BATCH - 2)
    places = rng.permutation(np.concatenate([[1, _LENGTH - 2], middle]))
    if seed % 2:
        places[:] = _LENGTH - 1
    for row, place in enumerate(places):
        ids[row, place + 1 :] = 0
        ids[row, place] = end
    dtype = np.float32 if seed % 2 else np.float64
    tokens = rng.standard_normal((_BATCH, _LENGTH, _WIDTH)).astype(dtype)
    return {"tokens": tokens, "ids": ids.astype(np.int64), "end": end}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    tokens, ids, end = tensor(inputs["tokens"]), tensor(inputs["ids"]), inputs["end"]
    odd = torch.where(ids == 0, 40 + torch.arange(ids.shape[1]), ids)
    return {
        "vectors": array(fn(tokens, ids, end)),
        "vectors with other padding": array(fn(tokens, odd, end)),
        "vector of one prompt": array(fn(tokens[:1], ids[:1], end)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    pairs = zip(inputs["tokens"], inputs["ids"].tolist(), strict=True)
    rows = [tokens[ids.index(inputs["end"])] for tokens, ids in pairs]
    return must_equal(
        outputs["vectors"],
        np.stack(rows),
        "row i must be the vector at the place where ids[i] is `end`",
    )


def _padding(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["vectors with other padding"],
        outputs["vectors"],
        "what stands behind the end token must not matter",
    )


def _at(place: Function) -> Function:
    """A version from the places, (B,), as a function of ids and end."""

    def at_end(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
        return tokens[torch.arange(len(ids)), place(ids, end)]

    return at_end


def _first(ids: Tensor, end: int) -> Tensor:
    return (ids == end).int().argmax(1)


def _every(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return tokens[:, _first(ids, end)]


def _mean(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    place = torch.arange(ids.shape[1])
    seen = (place <= _first(ids, end)[:, None]).to(tokens.dtype)
    return (tokens * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)


def _kept(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return tokens[:, _first(ids, end)].diagonal().T[:, None]


def _gathered(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    place = torch.nonzero(ids == end)[:, 1]
    index = place[:, None, None].expand(-1, 1, tokens.shape[-1])
    return tokens.gather(1, index).squeeze(1)


def _chosen(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return tokens[ids == end]


def _summed(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return torch.einsum("bld,bl->bd", tokens, (ids == end).to(tokens.dtype))


AT_END = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("row by row", _by_hand), Oracle("padding", _padding)),
    mutants=(
        Mutant(
            "last place",
            lambda tokens, ids, end: tokens[:, -1],
            "this is the last place, which is padding in most prompts: find `end`",
        ),
        Mutant(
            "first place",
            lambda tokens, ids, end: tokens[:, 0],
            "this is the start token, which has seen nothing but itself: find `end`",
        ),
        Mutant(
            "largest id",
            _at(lambda ids, end: ids.argmax(1)),
            "this is the place of the largest id (as in OpenAI's code, where the end "
            "has it): look for `end`",
        ),
        Mutant(
            "before the padding 0",
            _at(lambda ids, end: (ids != 0).sum(1) - 1),
            "it counts what is not 0, but padding may have any id: look for `end`",
        ),
        Mutant(
            "one before",
            _at(lambda ids, end: _first(ids, end) - 1),
            "this is the last word: one place further is the end token",
        ),
        Mutant(
            "the first prompt's place",
            _at(lambda ids, end: _first(ids, end)[:1].expand(len(ids))),
            "the end of the first prompt is used for all: each has its own place",
        ),
        Mutant(
            "every place of every prompt",
            _every,
            "tokens[:, place] takes all places of each prompt: pair row i with place "
            "i, as in tokens[torch.arange(B), place]",
        ),
        Mutant(
            "mean",
            _mean,
            "this is the mean of the prompt: take the vector at the end token alone",
        ),
        Mutant(
            "axis kept",
            _kept,
            "an axis of length 1 is left over: the shape is (B, D)",
        ),
    ),
    variants=(
        Variant("gather", _gathered),
        Variant("a mask", _chosen),
        Variant("einsum", _summed),
    ),
)

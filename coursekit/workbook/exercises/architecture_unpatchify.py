"""Lecture 5, from tokens back to a picture: 05.3 unpatchify."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import fold

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

_SIZES = (((7, 3, 4, 6), 2), ((5, 2, 9, 6), 3), ((4, 3, 4, 8), 2))


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    (b, c, height, width), patch = _SIZES[seed % 3]
    count = height * width // patch**2
    dtype = np.float32 if seed % 3 == 2 else np.float64
    tokens = rng.standard_normal((b, count, c * patch**2)).astype(dtype)
    return {"tokens": tokens, "patch": patch, "height": height, "width": width}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    tokens = tensor(inputs["tokens"])
    sides = inputs["height"], inputs["width"]
    return {"pictures": array(fn(tokens, inputs["patch"], *sides))}


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    tokens, patch = inputs["tokens"], inputs["patch"]
    height, width = inputs["height"], inputs["width"]
    channels = tokens.shape[2] // patch**2
    want = np.empty((len(tokens), channels, height, width), tokens.dtype)
    place = 0
    for top in range(0, height, patch):
        for left in range(0, width, patch):
            tile = tokens[:, place].reshape(-1, channels, patch, patch)
            want[:, :, top : top + patch, left : left + patch] = tile
            place += 1
    return must_equal(
        outputs["pictures"],
        want,
        "token 0 is the top left patch, token 1 its right neighbour, and each holds "
        "channel after channel, row by row",
    )


def _put(split: str, order: str = "bcrpqs") -> Function:
    """A version from the axes of the tokens and those of the pictures.

    Letters: b batch, r rows of patches, q columns of patches, c channels, p and s rows
    and columns in a patch.
    """

    def unpatchify(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
        rows, columns = height // patch, width // patch
        sizes = {"b": len(tokens), "r": rows, "q": columns, "p": patch, "s": patch}
        sizes["c"] = tokens.shape[2] // patch**2
        tiles = tokens.reshape([sizes[letter] for letter in split])
        turned = torch.einsum(f"{split}->{order}", tiles)
        return turned.reshape(len(tokens), -1, height, width)

    return unpatchify


def _reshaped(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    return tokens.reshape(len(tokens), -1, height, width)


def _channels_last(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    found: Tensor = _put("brqcps")(tokens, patch, height, width)
    return found.permute(0, 2, 3, 1)


def _square(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    side = int(tokens.shape[1] ** 0.5)
    found: Tensor = _put("brqcps")(
        tokens[:, : side**2], patch, side * patch, side * patch
    )
    return found


def _one_channel(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    found: Tensor = _put("brqcps")(tokens, patch, height, width)
    return found[:, :1]


def _folded(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    columns = tokens.transpose(1, 2)
    return fold(columns, (height, width), patch, stride=patch)


def _glued(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    tiles = tokens.reshape(*tokens.shape[:2], -1, patch, patch).unbind(1)
    count = width // patch
    rows = [
        torch.cat(tiles[i * count : (i + 1) * count], dim=3)
        for i in range(height // patch)
    ]
    return torch.cat(rows, dim=2)


UNPATCHIFY = Probe(
    inputs=_inputs,
    call=_call,
    cases=("patches of 2", "patches of 3", "wide pictures, float32"),
    oracles=(Oracle("patch by patch", _by_hand),),
    mutants=(
        Mutant(
            "reshape alone",
            _reshaped,
            "a reshape alone spreads each token over a stripe: split the axes, then "
            "permute",
        ),
        Mutant(
            "column by column",
            _put("bqrcps"),
            "the patches are put column by column: fill a whole row first",
        ),
        Mutant(
            "rows and columns exchanged",
            _put("bqrcps", "bcqprs"),
            "there are height / patch rows of patches and width / patch columns: they "
            "are exchanged",
        ),
        Mutant(
            "channels last in a token",
            _put("brqpsc"),
            "the tokens are read with the channels of a pixel side by side: a token "
            "holds one channel after the other",
        ),
        Mutant(
            "patch transposed",
            _put("brqcsp"),
            "the pixels of a patch are put column by column: go through them row by "
            "row",
        ),
        Mutant(
            "axes not brought together",
            _put("brqcps", "bcrqps"),
            "the rows of patches and the rows in a patch must stand side by side "
            "before they are flattened",
        ),
        Mutant(
            "patch outside",
            _put("brqcps", "bcprsq"),
            "the patch is the outer axis: a row of the picture is made of rows of "
            "neighbouring patches",
        ),
        Mutant(
            "channels last",
            _channels_last,
            "the channels come last: the shape is (B, C, height, width)",
        ),
        Mutant(
            "square",
            _square,
            "a square picture is assumed: rows and columns follow from height and "
            "width",
        ),
        Mutant(
            "one channel",
            _one_channel,
            "one channel is left: C is the tokens' last axis over patch^2",
        ),
    ),
    variants=(
        Variant("fold", _folded),
        Variant("glue the patches", _glued),
    ),
)

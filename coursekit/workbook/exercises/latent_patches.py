"""Lecture 4, a picture as a sequence: 04.8 patchify."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import unfold

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

_CASES = ("patches of 2", "patches of 3", "one patch for all")
_SIZES = (((7, 3, 4, 6), 2), ((5, 2, 6, 9), 3), ((4, 3, 2, 2), 2))


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    size, patch = _SIZES[seed % 3]
    dtype = np.float32 if seed % 3 == 0 else np.float64
    return {"x": rng.standard_normal(size).astype(dtype), "patch": patch}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, patch = tensor(inputs["x"]), inputs["patch"]
    found: Outputs = {"tokens": array(fn(x, patch))}
    for name, odd in (("rows", x[:, :, 1:]), ("columns", x[..., 1:])):
        try:
            fn(odd, patch)
            refused = 0.0
        except ValueError:
            refused = 1.0
        except Exception:
            refused = 0.5
        found[f"refuses {name} that do not fit"] = np.asarray(refused)
    return found


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    x, patch = inputs["x"], inputs["patch"]
    rows = []
    for picture in x:
        tokens = []
        for top in range(0, x.shape[2], patch):
            for left in range(0, x.shape[3], patch):
                tile = picture[:, top : top + patch, left : left + patch]
                tokens.append([number for channel in tile for number in channel.flat])
        rows.append(tokens)
    return must_equal(
        outputs["tokens"],
        np.asarray(rows, x.dtype),
        "token 0 must be the top left patch, token 1 its right neighbour, and each "
        "holds channel after channel, row by row",
    )


def _refusal(inputs: Inputs, outputs: Outputs) -> str | None:
    refused = [v for name, v in outputs.items() if name.startswith("refuses")]
    if all(v == 1 for v in refused):
        return None
    return "patches that do not tile the picture must raise ValueError"


def _cut(order: str) -> Function:
    """A version from the order of axes in the end, letters of `brpcqs`.

    b batch, r and q rows of patches and in them, c channels, p and s columns.
    """

    def patchify(x: Tensor, patch: int) -> Tensor:
        b, c, height, width = x.shape
        if height % patch or width % patch:
            raise ValueError("patches do not fit")
        tiles = x.reshape(b, c, height // patch, patch, width // patch, patch)
        turned = torch.einsum(f"bcrqps->{order}", tiles)
        return turned.reshape(b, -1, c * patch**2)

    return patchify


def _reshaped(x: Tensor, patch: int) -> Tensor:
    b, c, height, width = x.shape
    if height % patch or width % patch:
        raise ValueError("patches do not fit")
    return x.reshape(b, -1, c * patch**2)


def _channels(x: Tensor, patch: int) -> Tensor:
    """A token for each patch of each channel."""
    b, c, *_ = x.shape
    whole: Tensor = _cut("brpcqs")(x, patch)
    return whole.reshape(b, -1, c, patch**2).transpose(1, 2).flatten(1, 2)


def _transposed(x: Tensor, patch: int) -> Tensor:
    found: Tensor = _cut("brpcqs")(x, patch)
    return found.transpose(1, 2)


def _cropped(x: Tensor, patch: int) -> Tensor:
    height, width = (size // patch * patch for size in x.shape[2:])
    found: Tensor = _cut("brpcqs")(x[:, :, :height, :width], patch)
    return found


def _trusting(x: Tensor, patch: int) -> Tensor:
    b, c, height, width = x.shape
    tiles = x.reshape(b, c, height // patch, patch, width // patch, patch)
    return tiles.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * patch**2)


def _asserted(x: Tensor, patch: int) -> Tensor:
    assert all(side % patch == 0 for side in x.shape[2:])
    return _trusting(x, patch)


def _unfolded(x: Tensor, patch: int) -> Tensor:
    if any(side % patch for side in x.shape[2:]):
        raise ValueError
    return unfold(x, patch, stride=patch).transpose(1, 2)


def _loop(x: Tensor, patch: int) -> Tensor:
    if x.shape[2] % patch != 0 or x.shape[3] % patch != 0:
        raise ValueError(f"sides must be multiples of {patch}")
    tokens = [
        tile.flatten(1)
        for row in torch.split(x, patch, dim=2)
        for tile in torch.split(row, patch, dim=3)
    ]
    return torch.stack(tokens, dim=1)


PATCHIFY = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("patch by patch", _by_hand), Oracle("refusal", _refusal)),
    mutants=(
        Mutant(
            "reshape alone",
            _reshaped,
            "a reshape alone cuts the picture into stripes: split both sides in two "
            "axes, then permute",
        ),
        Mutant(
            "column by column",
            _cut("bprcqs"),
            "the patches come column by column: take a whole row of them first",
        ),
        Mutant(
            "channels last",
            _cut("brpqsc"),
            "the channels of a pixel stand together: a token holds one channel after "
            "the other",
        ),
        Mutant(
            "patch transposed",
            _cut("brpcsq"),
            "the pixels of a patch come column by column: go through them row by row",
        ),
        Mutant(
            "both transposed",
            _cut("bprcsq"),
            "rows and columns are exchanged, in the picture and in the patches",
        ),
        Mutant(
            "axes not brought together",
            _cut("brqpsc"),
            "the two axes inside a patch must stand side by side before they are "
            "flattened",
        ),
        Mutant(
            "one channel each",
            _channels,
            "there is a token for each channel: the channels of a patch share one",
        ),
        Mutant(
            "tokens last",
            _transposed,
            "tokens and features are exchanged: the shape is (B, T, C patch^2)",
        ),
        Mutant(
            "cropped",
            _cropped,
            "what does not fit is cut off in silence: raise ValueError",
        ),
        Mutant(
            "unchecked",
            _trusting,
            "sides that are no multiples of `patch` raise RuntimeError from inside "
            "torch: raise ValueError, with a reason",
        ),
    ),
    variants=(
        Variant("unfold", _unfolded),
        Variant("split", _loop),
    ),
)

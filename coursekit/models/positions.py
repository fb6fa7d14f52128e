"""Where a token is: grids of positions, and fixed sinusoids that are added to tokens.

Without them attention is blind to order: shuffle the patches, and the answer is the
same, shuffled.
"""

import torch
from torch import Tensor

BASE = 10_000.0


def grid_positions(height: int, width: int, centred: bool = False) -> Tensor:
    """(row, column) of each token of a height x width grid, row by row.

    Returns (height width, 2) float64: 0, 1, 2, ... on each axis, or, centred, with 0 in
    the middle: a grid of 4 then runs from -1.5 to 1.5. Centred grids of different sizes
    share their middle, so a larger picture adds positions on all sides.
    """
    rows = torch.arange(height, dtype=torch.float64)
    columns = torch.arange(width, dtype=torch.float64)
    if centred:
        rows, columns = rows - (height - 1) / 2, columns - (width - 1) / 2
    return torch.cartesian_prod(rows, columns)


def sincos(positions: Tensor, dim: int) -> Tensor:
    """Sines, then cosines, of the positions at dim/2 frequencies (Vaswani et al. 2017).

    The frequencies are 10000^(-i / (dim/2)), i = 0..dim/2 - 1. positions: (T,) float.
    Returns (T, dim). Raises ValueError when dim is odd.
    """
    if dim % 2:
        raise ValueError(f"dim must be even (a sine and a cosine each), not {dim}")
    half = dim // 2
    exponent = torch.arange(half, dtype=positions.dtype, device=positions.device)
    angle = positions[:, None] * BASE ** (-exponent / half)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def sincos_2d(positions: Tensor, dim: int) -> Tensor:
    """Half of the features tell the column, the other half the row (as in DiT's code).

    The first dim/2 features are `sincos` of the columns, the rest `sincos` of the rows.
    positions: (T, 2) of (row, column), float. Returns (T, dim) in their dtype. Raises
    ValueError when dim is not a multiple of 4.
    """
    if dim % 4:
        raise ValueError(f"dim must be a multiple of 4, not {dim}")
    row, column = positions.unbind(dim=1)
    return torch.cat([sincos(column, dim // 2), sincos(row, dim // 2)], dim=1)


def joint_positions(text: int, height: int, width: int) -> Tensor:
    """Places for a prompt and a picture in one plane (after MSRoPE, Wu et al. 2025).

    The picture is a centred grid of height x width tokens. The words stand on the
    diagonal, row and column equal, from one step beyond the picture's longer side on:
    word i at (max(height, width) + 1) / 2 + i. Returns (text + height width, 2) float64
    of (row, column), the words first.

    Qwen-Image's own code counts in whole numbers, with 0 just behind the middle: on a
    square picture its places are these, all moved by the same 0.5 or 1, which RoPE does
    not see. It has a third axis, too, the frame: 0 for patches, for a word the same
    number as its row.
    """
    beyond = (max(height, width) + 1) / 2
    words = beyond + torch.arange(text, dtype=torch.float64)
    picture = grid_positions(height, width, centred=True)
    return torch.cat([words[:, None].expand(text, 2), picture])

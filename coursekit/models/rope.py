"""Rotary positions (Su et al. 2021): turn queries and keys by their place.

Two vectors turned by angles p and q have a dot product that depends on p - q only. So
attention sees how far apart two tokens are, and never where they are.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def rope_angles(positions: Tensor, dim: int, base: float = 10_000.0) -> Tensor:
    """The angle of each position in each pair of features: p base^(-2 i / dim).

    (Su et al. 2021, eq. 15.) positions: (T,) float, any real numbers; dim: even, the
    features of a head. Returns (T, dim / 2) in the dtype of `positions`. Raises
    ValueError when dim is odd.
    """
    if dim % 2:
        raise ValueError(f"dim must be even (features turn in pairs), not {dim}")
    exponent = torch.arange(0, dim, 2, dtype=positions.dtype, device=positions.device)
    return positions[:, None] * base ** (-exponent / dim)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turn the pairs of features (0, 1), (2, 3), ... by their angles.

    (a, b) becomes (a cos - b sin, a sin + b cos): as a complex number, a + i b times
    e^(i angle). x: (..., T, d); angles: (T, d / 2). Returns x's shape and dtype; the
    angles may have another.
    """
    # One complex product: several times faster on a CPU than four real ones.
    wide = torch.promote_types(x.dtype, torch.float32)  # half has no complex numbers
    pairs = torch.view_as_complex(x.to(wide).reshape(*x.shape[:-1], -1, 2))
    angles = angles.to(torch.promote_types(angles.dtype, torch.float32))
    turn = torch.polar(torch.ones_like(angles), angles).to(pairs.dtype)
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def axial_angles(
    positions: Tensor, dims: Sequence[int], base: float = 10_000.0
) -> Tensor:
    """Several axes: each turns a share of the features of its own (Heo et al. 2024).

    Axis i gets `rope_angles` of its own positions for dims[i] features. positions:
    (T, A) float, one column for each axis; dims: A even numbers that sum to the
    features of a head. Returns (T, sum(dims) / 2), axis after axis, in the dtype of
    `positions`. Raises ValueError when there are more or fewer dims than axes.
    """
    if positions.shape[1] != len(dims):
        raise ValueError(f"{positions.shape[1]} axes, but {len(dims)} shares: {dims}")
    axes = positions.unbind(dim=1)
    parts = [rope_angles(p, d, base) for p, d in zip(axes, dims, strict=True)]
    return torch.cat(parts, dim=1)

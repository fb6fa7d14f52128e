"""Adaptive layer norm (Peebles & Xie 2023): the condition turns the knobs of a block.

Every token is normalised, then scaled and shifted by numbers that a small linear map
reads off the condition: the same for all tokens of a sample. A gate decides how much of
a branch is added. All of it starts at zero, so a new block does nothing at all.
"""

from torch import Tensor, nn
from torch.nn.functional import silu

from coursekit.models.layers import zero_init


def modulate(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Scale and shift the features of all tokens: x (1 + scale) + shift.

    x: (B, T, D); scale, shift: (B, D), one each for a sample. Returns (B, T, D).
    """
    return x * (1 + scale[:, None]) + shift[:, None]


def gated(x: Tensor, gate: Tensor, branch: Tensor) -> Tensor:
    """Add a branch, as much of it as the gate lets through: x + gate branch.

    x, branch: (B, T, D); gate: (B, D). Returns (B, T, D).
    """
    return x + gate[:, None] * branch


class Knobs(nn.Module):
    """The condition to `count` vectors, each (B, width): SiLU, then one linear map."""

    def __init__(self, cond_width: int, width: int, count: int, zero: bool) -> None:
        """zero: start at zero (adaLN-Zero)."""
        super().__init__()
        self.count = count
        self.linear = nn.Linear(cond_width, count * width)
        if zero:
            zero_init(self.linear)

    def forward(self, c: Tensor) -> tuple[Tensor, ...]:
        """c: (B, cond_width)."""
        vectors: tuple[Tensor, ...] = self.linear(silu(c)).chunk(self.count, dim=-1)
        return vectors


def bare_norm(width: int) -> nn.LayerNorm:
    """A layer norm without gains of its own: the condition brings them."""
    return nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)

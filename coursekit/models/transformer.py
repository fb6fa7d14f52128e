"""The plain transformer block, and a stack of them: for prompts and for ViT."""

from typing import cast

from torch import Tensor, nn

from coursekit.models.attention import SelfAttention


class MLP(nn.Module):
    """Each token by itself: widen, bend, narrow again."""

    def __init__(self, width: int, ratio: float = 4.0) -> None:
        """Widen `ratio`-fold in between."""
        super().__init__()
        hidden = int(width * ratio)
        self.wide = nn.Linear(width, hidden)
        # The exact form: DiT and SD3 take the tanh one, which is slower on a CPU.
        self.act = nn.GELU()
        self.narrow = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same shape."""
        return cast(Tensor, self.narrow(self.act(self.wide(x))))


class Block(nn.Module):
    """Attention, then MLP, each on normalised tokens and beside a skip.

    The norm comes first, which is called pre-LN:

    x + attention(norm(x)), then x + mlp(norm(x)) (Dosovitskiy et al. 2021, eqs. 2, 3).
    """

    def __init__(self, width: int, heads: int, ratio: float = 4.0) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp = MLP(width, ratio)

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        """x: (B, T, width); causal: tokens look back only. Returns the same shape."""
        x = x + self.attention(self.norm1(x), causal=causal)
        return cast(Tensor, x + self.mlp(self.norm2(x)))

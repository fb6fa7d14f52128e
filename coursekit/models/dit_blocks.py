"""Three ways to tell a transformer block its condition (Peebles & Xie 2023, fig. 3).

`DiTBlock` turns knobs (adaLN-Zero), `CrossBlock` also listens to the condition's own
tokens, `ContextBlock` has no special way: the condition stands in the sequence.
All have one face: block(x, c, context, angles).
"""

from torch import Tensor, nn

from coursekit.models.attention import CrossAttention, SelfAttention
from coursekit.models.layers import zero_init
from coursekit.models.modulation import Knobs, bare_norm, gated, modulate
from coursekit.models.transformer import MLP


class DiTBlock(nn.Module):
    """Attention and MLP, each modulated and gated by the condition (adaLN-Zero)."""

    def __init__(
        self, width: int, cond_width: int, heads: int, ratio: float, zero: bool = True
    ) -> None:
        """zero: start as the identity; without, the knobs start at random."""
        super().__init__()
        self.norm1, self.norm2 = bare_norm(width), bare_norm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp = MLP(width, ratio)
        self.knobs = Knobs(cond_width, width, 6, zero)

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        """x + gate1 attention(norm1(x)), then x + gate2 mlp(norm2(x)), norms modulated.

        The six vectors that `knobs` makes of c are, in this order: shift, scale and
        gate of the attention; shift, scale and gate of the MLP (as in DiT's code). Each
        norm's answer goes through `modulate` before its branch, and each branch is
        added by `gated`. x: (B, T, width) tokens; c: (B, cond_width), time and
        condition in one vector; angles: (T, d / 2) of RoPE or None, the second argument
        of `self.attention`; context is not used. Returns x's shape.
        """
        shift1, scale1, gate1, shift2, scale2, gate2 = self.knobs(c)
        h = self.attention(modulate(self.norm1(x), scale1, shift1), angles)
        x = gated(x, gate1, h)
        h = self.mlp(modulate(self.norm2(x), scale2, shift2))
        return gated(x, gate2, h)


class CrossBlock(nn.Module):
    """A DiT block that, between attention and MLP, listens to the prompt's tokens."""

    def __init__(
        self, width: int, cond_width: int, context_width: int, heads: int, ratio: float
    ) -> None:
        """The way in from the prompt starts at zero, as the gates do."""
        super().__init__()
        self.norm1, self.norm2 = bare_norm(width), bare_norm(width)
        self.norm_cross = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.cross = CrossAttention(width, context_width, heads)
        zero_init(self.cross.out)
        self.mlp = MLP(width, ratio)
        self.knobs = Knobs(cond_width, width, 6, zero=True)

    def forward(
        self, x: Tensor, c: Tensor, context: Tensor, angles: Tensor | None = None
    ) -> Tensor:
        """As `DiTBlock.forward`, with x + cross(norm_cross(x), context) in the middle.

        Between attention and MLP, and neither modulated nor gated. x: (B, T, width);
        c: (B, cond_width); context: (B, S, context_width), the tokens of the prompt;
        angles: of RoPE, for the attention over x only. Returns x's shape.
        """
        shift1, scale1, gate1, shift2, scale2, gate2 = self.knobs(c)
        h = self.attention(modulate(self.norm1(x), scale1, shift1), angles)
        x = gated(x, gate1, h)
        x = x + self.cross(self.norm_cross(x), context)
        h = self.mlp(modulate(self.norm2(x), scale2, shift2))
        return gated(x, gate2, h)


class ContextBlock(nn.Module):
    """A plain ViT block. What it is told comes as more tokens in x ("in context")."""

    def __init__(self, width: int, heads: int, ratio: float) -> None:
        """`width` must be a multiple of `heads`."""
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp = MLP(width, ratio)

    def forward(
        self,
        x: Tensor,
        c: Tensor | None = None,
        context: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        """x: (B, S + T, width), condition and patches; the rest is not used."""
        x = x + self.attention(self.norm1(x), angles)
        branch: Tensor = self.mlp(self.norm2(x))
        return x + branch

"""Three ways to tell a block of a U-Net its condition.

Add it to the features (Ho et al. 2020, for the time), scale and shift the features with
it (FiLM, Perez et al. 2018), or let every place of the picture listen to the tokens of
a prompt (Rombach et al. 2022). The first two say the same thing at every place.
"""

from torch import Tensor, nn

from coursekit.models.attention import CrossAttention
from coursekit.models.layers import zero_init


def add_vector(h: Tensor, vector: Tensor) -> Tensor:
    """Add one number to each channel, the same at every place: h + vector.

    h: (B, C, H, W); vector: (B, C). Returns h's shape.
    """
    return h + vector[:, :, None, None]


def scale_shift(h: Tensor, knobs: Tensor) -> Tensor:
    """Scale and shift each channel, the same at every place: h (1 + scale) + shift.

    (FiLM, Perez et al. 2018; with the 1, so that knobs at 0 do nothing.) h: (B, C, H,
    W), normalised features; knobs: (B, 2 C), the scales of all channels first, then the
    shifts. Returns h's shape.
    """
    scale, shift = knobs[:, :, None, None].chunk(2, dim=1)
    return h * (1 + scale) + shift


class Listen(nn.Module):
    """Every place of a feature map listens to the tokens of a prompt, beside a skip."""

    def __init__(self, channels: int, context: int, heads: int, groups: int) -> None:
        """`channels` a multiple of heads and groups; tokens have `context` features."""
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.cross = CrossAttention(channels, context, heads)
        zero_init(self.cross.out)

    def forward(self, h: Tensor, tokens: Tensor) -> Tensor:
        """h: (B, C, H, W); tokens: (B, S, context). Returns h's shape."""
        places = self.norm(h).flatten(2).transpose(1, 2)  # (B, H W, C)
        heard: Tensor = self.cross(places, tokens)
        return h + heard.transpose(1, 2).reshape(h.shape)

"""Two judges of rebuilt pictures that look at more than pixels.

A patch critic (PatchGAN, Isola et al. 2017) says of every patch whether it looks real.
A perceptual distance compares what a trained network sees in two pictures.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class PatchCritic(nn.Module):
    """A score for each patch, not one for the picture: (B, C, H, W) to (B, 1, h, w).

    Two strided convolutions and one more: a score sees 18 x 18 pixels (and the norm's
    mean and spread, which come from all of them).
    """

    def __init__(self, channels: int = 3, width: int = 32) -> None:
        """`width` channels after the first convolution, twice that after the second."""
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.GroupNorm(1, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W) in [-1, 1], sides multiples of 4."""
        scores: Tensor = self.net(x)
        return scores


def feature_maps(layers: Sequence[nn.Module], x: Tensor) -> list[Tensor]:
    """What each layer says, one after the other, as far as they are still maps."""
    maps = []
    for layer in layers:
        x = layer(x)
        if x.ndim != 4:
            break
        maps.append(x)
    return maps


def perceptual_distance(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """How differently a network sees two pictures (LPIPS, Zhang et al. 2018, eq. 1).

    At every place of a layer, the vector of its C features is scaled to length 1 (a
    vector of zeros stays zero). The squared distance of the two vectors is averaged
    over the places, then summed over the layers. The paper's learnt weights of the
    channels are left at 1.

    maps, others: for each layer l, feature maps (B, C_l, H_l, W_l). Returns (B,).
    """
    distances = [
        (normalize(a, dim=1) - normalize(b, dim=1)).square().sum(dim=1).mean(dim=(1, 2))
        for a, b in zip(maps, others, strict=True)
    ]
    return torch.stack(distances).sum(dim=0)

"""A discriminator that judges patches: which of them look real? (Isola et al. 2017)"""

from torch import Tensor, nn


class PatchDiscriminator(nn.Module):
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

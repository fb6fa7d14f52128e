"""Pictures as sequences: cut into patches, put together again."""

from typing import cast

from torch import Tensor, nn


def patchify(x: Tensor, patch: int) -> Tensor:
    """Cut pictures into square patches, one token each (Dosovitskiy et al. 2021).

    x: (B, C, H, W) with H and W multiples of `patch`. Returns tokens (B, T, C patch^2)
    with T = (H / patch) (W / patch). The patches come row by row, as one reads. A token
    holds its patch channel after channel, and each channel row by row. Raises
    ValueError when the patches do not fit.
    """
    b, c, height, width = x.shape
    if height % patch or width % patch:
        raise ValueError(f"patches of {patch} do not tile {height} x {width}")
    tiles = x.reshape(b, c, height // patch, patch, width // patch, patch)
    # (B, rows, columns, C, patch, patch)
    return tiles.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def unpatchify(tokens: Tensor, patch: int, height: int, width: int) -> Tensor:
    """The way back from `patchify`: tokens (B, T, C patch^2) to pictures.

    T = (height / patch) (width / patch); the patches come row by row, and a token holds
    its patch channel after channel, each channel row by row. C follows from the
    tokens' last axis. Returns (B, C, height, width).
    """
    rows, columns = height // patch, width // patch
    tiles = tokens.reshape(len(tokens), rows, columns, -1, patch, patch)
    return tiles.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


class PatchEmbedding(nn.Module):
    """Patches to tokens of a chosen width: one linear map, the same for all patches."""

    def __init__(self, channels: int, patch: int, width: int) -> None:
        """Patches of `channels` x `patch` x `patch` to `width` features."""
        super().__init__()
        self.patch = patch
        self.project = nn.Linear(channels * patch**2, width)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W). Returns (B, T, width)."""
        return cast(Tensor, self.project(patchify(x, self.patch)))


class BottleneckEmbedding(nn.Module):
    """Patches to tokens through few features: two linear maps (Li & He 2025).

    Between them stand fewer numbers than a patch has, so the tokens keep what pictures
    have in common and leave out most of the noise.
    """

    def __init__(self, channels: int, patch: int, bottleneck: int, width: int) -> None:
        """Patches of `channels` x `patch` x `patch` to `bottleneck`, then `width`."""
        super().__init__()
        self.patch = patch
        self.narrow = nn.Linear(channels * patch**2, bottleneck, bias=False)
        self.wide = nn.Linear(bottleneck, width)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, C, H, W). Returns (B, T, width)."""
        return cast(Tensor, self.wide(self.narrow(patchify(x, self.patch))))

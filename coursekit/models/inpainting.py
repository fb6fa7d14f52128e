"""Finishing a picture: most of it is given, the rest is drawn by a flow.

The given pixels are put in clean at every step, so the network always sees them as they
are, beside one more channel that says which pixels are missing. It names the clean
picture: then its few numbers need not carry the noise through.
"""

import torch
from torch import Tensor, nn


def blanked(x0: Tensor, missing: Tensor) -> Tensor:
    """What a `Inpainter` is told: the given pixels, 0 elsewhere, and what is missing.

    x0: (B, C, H, W); missing: (B, H, W) bool or float. Returns (B, C + 1, H, W).
    """
    hole = missing[:, None].to(x0.dtype)
    return torch.cat([x0 * (1 - hole), hole], dim=1)


class Inpainter(nn.Module):
    """A picture network of C + 1 channels as model(xt, t, cond) of C channels."""

    def __init__(self, net: nn.Module) -> None:
        """net(x, t): (B, C + 1, H, W) to the same shape; its last channel is unused."""
        super().__init__()
        self.net = net

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """The clean picture x0 that is seen in xt; the given pixels as they are given.

        xt: (B, C, H, W); t: (B,); cond: (B, C + 1, H, W), from `blanked`.
        """
        given, hole = cond[:, :-1], cond[:, -1:]
        answer: Tensor = self.net(torch.cat([given + hole * xt, hole], dim=1), t)
        return given + hole * answer[:, :-1]

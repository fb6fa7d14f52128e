"""MM-DiT (Esser et al. 2024) and its hybrid with single-stream blocks (as in FLUX.1).

First some blocks in which prompt and picture keep weights of their own, then some in
which they are one sequence. `double=6, single=0` is Stable Diffusion 3's kind,
`double=2, single=4` FLUX's. Both know places by their differences only (RoPE); with
`sines=True` sinusoids are added to the patches as well, as Stable Diffusion 3 does, and
each patch knows where in the picture it is.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.conditioning import Conditioner
from coursekit.models.dit import Head, Places
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.patches import PatchEmbedding, unpatchify
from coursekit.models.positions import joint_positions
from coursekit.models.rope import axial_angles
from coursekit.models.text_encoder import TextConfig


@dataclass(frozen=True)
class MMDiTConfig:
    """The shape of an MM-DiT."""

    text: TextConfig
    channels: int = 4
    size: int = 8  # side of the pictures or latents it is made for
    patch: int = 1
    width: int = 128
    heads: int = 4
    double: int = 4  # blocks with two streams
    single: int = 0  # blocks with one stream, after them
    ratio: float = 4.0
    qk_norm: bool = True
    sines: bool = False  # add the places to the patches, too


class MMDiT(nn.Module):
    """Latents, a time and a prompt in, latents of the same shape out; zero at first."""

    def __init__(self, config: MMDiTConfig) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.config = config
        width, heads = config.width, config.heads
        self.embed = PatchEmbedding(config.channels, config.patch, width)
        self.conditioner = Conditioner(width, text=config.text)
        self.two_streams = nn.ModuleList(
            DoubleBlock(
                width,
                heads,
                config.ratio,
                config.qk_norm,
                last=not config.single and i == config.double - 1,
            )
            for i in range(config.double)
        )
        self.one_stream = nn.ModuleList(
            SingleBlock(width, heads, config.ratio, config.qk_norm)
            for _ in range(config.single)
        )
        self.head = Head(width, config.channels * config.patch**2)
        self.places = Places("sincos", width, heads, config.patch)
        self._angles: dict[tuple[int, int, int, str], Tensor] = {}

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, C, H, W), sides multiples of patch; t: (B,) or () in [0, 1].

        cond: (B, L) token ids; None for no prompt. Returns (B, C, H, W).
        """
        told = self.conditioner(t, cond, xt)
        text, image = cast(Tensor, told.tokens), self.embed(xt)
        added, angles = self.places(xt)[0], self.angles(text.shape[1], xt)
        if self.config.sines and added is not None:
            image = image + added
        for block in self.two_streams:
            text, image = block(text, image, told.vector, angles)
        if self.config.single:
            x, words = torch.cat([text, image], dim=1), text.shape[1]
            for block in self.one_stream:
                x = block(x, told.vector, angles)
            image = x[:, words:]
        y = self.head(image, told.vector)
        return unpatchify(y, self.config.patch, xt.shape[-2], xt.shape[-1])

    def angles(self, words: int, xt: Tensor) -> Tensor:
        """The angles of all tokens, words first, on one plane: (S + T, d / 2)."""
        patch, head = self.config.patch, self.config.width // self.config.heads
        rows, columns = xt.shape[-2] // patch, xt.shape[-1] // patch
        key = (words, rows, columns, str(xt.device))
        if key not in self._angles:
            half = head // 4 * 2  # an even number of features for the rows
            places = joint_positions(words, rows, columns)
            angles = axial_angles(places, (half, head - half)).float()
            self._angles[key] = angles.to(xt.device)
        return self._angles[key]

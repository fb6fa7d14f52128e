"""DiT (Peebles & Xie 2023): a transformer in the U-Net's place.

Patches become tokens, blocks let all of them talk, and at the end each token says what
its patch should be. Far patches are one step apart.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.conditioning import Conditioner
from coursekit.models.dit_blocks import ContextBlock, CrossBlock, DiTBlock
from coursekit.models.layers import zero_init
from coursekit.models.modulation import Knobs, bare_norm, modulate
from coursekit.models.patches import PatchEmbedding, unpatchify
from coursekit.models.positions import grid_positions, sincos_2d
from coursekit.models.rope import axial_angles
from coursekit.models.text_encoder import TextConfig

TOLD = ("adaln", "cross", "context")
POSITIONS = ("sincos", "rope", "rope-centred", "none")


@dataclass(frozen=True)
class DiTConfig:
    """The shape of a DiT."""

    channels: int = 3
    size: int = 32  # side of the pictures it is made for
    patch: int = 4
    width: int = 128
    depth: int = 6
    heads: int = 4
    ratio: float = 4.0  # of the MLP's hidden width to `width`
    told: str = "adaln"  # how blocks are told: see TOLD
    positions: str = "sincos"  # see POSITIONS; "rope-centred" moves all patches alike,
    # so it differs from "rope" only where other tokens are in the sequence ("context")
    zero: bool = True  # start every block as the identity (adaLN-Zero)
    num_classes: int = 0
    text: TextConfig | None = None


class Head(nn.Module):
    """The last layer: modulated norm, then each token to its patch; zero at first."""

    def __init__(self, width: int, outputs: int) -> None:
        """`outputs` numbers for each token."""
        super().__init__()
        self.norm = bare_norm(width)
        self.knobs = Knobs(width, width, 2, zero=True)
        self.linear = zero_init(nn.Linear(width, outputs))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """x: (B, T, width); c: (B, width). Returns (B, T, outputs)."""
        shift, scale = self.knobs(c)
        return cast(Tensor, self.linear(modulate(self.norm(x), scale, shift)))


class Places(nn.Module):
    """Where the patches are: something to add to them, or angles to turn them by."""

    def __init__(self, kind: str, width: int, heads: int, patch: int) -> None:
        """kind: one of POSITIONS; ValueError for another."""
        super().__init__()
        if kind not in POSITIONS:
            raise ValueError(f"positions={kind!r}: use one of {', '.join(POSITIONS)}")
        self.kind, self.width, self.head = kind, width, width // heads
        self.patch = patch
        self._kept: dict[tuple[int, int, str], Tensor] = {}

    def forward(self, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """For pictures x (B, C, H, W): (T, width) to add or None, angles or None."""
        if self.kind == "none":
            return None, None
        key = (x.shape[-2] // self.patch, x.shape[-1] // self.patch, str(x.device))
        if key not in self._kept:
            self._kept[key] = self._make(key[0], key[1]).to(x.device)
        values = self._kept[key]
        return (values, None) if self.kind == "sincos" else (None, values)

    def _make(self, rows: int, columns: int) -> Tensor:
        grid = grid_positions(rows, columns, centred=self.kind == "rope-centred")
        if self.kind == "sincos":
            return sincos_2d(grid, self.width).float()
        half = self.head // 4 * 2  # an even number of features for the rows
        return axial_angles(grid, (half, self.head - half)).float()


class DiT(nn.Module):
    """Pictures and a time in, pictures of the same shape out; zero at the start."""

    def __init__(self, config: DiTConfig) -> None:
        """Fresh weights; ValueError for words that TOLD or POSITIONS do not hold."""
        super().__init__()
        if config.told not in TOLD:
            raise ValueError(f"told={config.told!r}: use one of {', '.join(TOLD)}")
        if config.told == "cross" and config.text is None:
            raise ValueError("told='cross' listens to a prompt: give the config a text")
        self.config = config
        width = config.width
        self.embed = PatchEmbedding(config.channels, config.patch, width)
        self.places = Places(config.positions, width, config.heads, config.patch)
        self.conditioner = Conditioner(
            width, config.num_classes, config.text, tokens=config.told != "adaln"
        )
        self.blocks = nn.ModuleList(self._block() for _ in range(config.depth))
        self.head = Head(width, config.channels * config.patch**2)

    def _block(self) -> nn.Module:
        c = self.config
        if c.told == "cross":
            return CrossBlock(c.width, c.width, c.width, c.heads, c.ratio)
        if c.told == "context":
            return ContextBlock(c.width, c.heads, c.ratio)
        return DiTBlock(c.width, c.width, c.heads, c.ratio, c.zero)

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """xt: (B, C, H, W), sides multiples of patch; t: (B,) or () in [0, 1].

        cond: (B,) labels, (B, L) token ids, or None for no condition. Other sizes than
        the config's are possible, but not trained for. Returns (B, C, H, W).
        """
        told = self.conditioner(t, cond, xt)
        added, angles = self.places(xt)
        x = self.embed(xt)
        if added is not None:
            x = x + added
        before = 0
        if self.config.told == "context":
            x, angles, before = in_context(x, angles, told.vector, told.tokens)
        for block in self.blocks:
            x = block(x, told.vector, told.tokens, angles)
        y = self.head(x[:, before:], told.vector)
        return unpatchify(y, self.config.patch, xt.shape[-2], xt.shape[-1])


def in_context(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> tuple[Tensor, Tensor | None, int]:
    """The condition as tokens before the patches ("in context").

    First the vector, as one token, then the prompt's tokens if there are any, then the
    patches. What was put in front stands at angle 0, where nothing turns.
    x: (B, T, D) patches; angles: (T, d / 2) of RoPE, or None; vector: (B, D); tokens:
    (B, S, D) or None. Returns the sequence (B, 1 + S + T, D), the angles (1 + S + T,
    d / 2) or None, and how many tokens were put in front: 1 + S.
    """
    extra = [vector[:, None]] if tokens is None else [vector[:, None], tokens]
    before = sum(part.shape[1] for part in extra)
    if angles is not None:
        angles = torch.cat([angles.new_zeros(before, angles.shape[1]), angles])
    return torch.cat([*extra, x], dim=1), angles, before

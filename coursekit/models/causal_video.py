"""Layers for clips that never look ahead, and that can be fed in pieces.

A layer that looks at k frames looks at its own frame and at the k - 1 before it; in
front of the first frame stand zeros. So a clip can come in chunks: what a layer must
remember of the chunks before are its last frames, and a `Memory` holds them. (Wan team
2025, "Wan", section 4.1; the same in their code, wan/modules/vae.py.)
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu

NORMS = ("none", "rms", "frame", "time")


class Memory:
    """The last frames that each layer has seen, and whether anything came before."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.frames: dict[nn.Module, Tensor] = {}
        self.peak = 0  # the largest number of bytes held at once

    @property
    def nbytes(self) -> int:
        """The bytes that are held now."""
        return sum(kept.numel() * kept.element_size() for kept in self.frames.values())

    def keep(self, layer: nn.Module, x: Tensor, count: int) -> None:
        """Remember the last `count` frames of x (B, C, T, H, W)."""
        # A view would keep the whole chunk alive.
        self.frames[layer] = x[:, :, x.shape[2] - count :].clone()
        self.peak = max(self.peak, self.nbytes)


class CausalConv3d(nn.Module):
    """A convolution over time and space that sees its own frame and the past only.

    Its layer `conv` pads space, never time. (Wan team 2025, section 4.1.)
    """

    def __init__(
        self, inputs: int, outputs: int, time: int = 3, space: int = 3, stride: int = 1
    ) -> None:
        """time: frames it looks at; space: odd side of its window; stride: in time."""
        super().__init__()
        self.conv = nn.Conv3d(
            *(inputs, outputs, (time, space, space)),
            stride=(stride, 1, 1),
            padding=(0, space // 2, space // 2),
        )

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """x: (B, C, T, H, W), with a memory the next chunk. Returns (B, C', T', H, W).

        T' = T without a stride. With stride s the frames 0, s, 2 s, .. are answered: a
        whole clip has 1 + s k frames, and so has the first chunk; a later one has s k.
        In front of a clip stand time - 1 zeros, stride or not, and nothing behind it.
        In front of a later chunk stands what `memory.frames` has under this layer: of
        all that `conv` was given before, the last time - s frames, which the next
        chunk needs (`memory.keep`). Without a memory nothing is kept.
        """
        conv = self.conv
        kept = memory.frames.get(self) if memory is not None else None
        size, stride = conv.kernel_size[0], conv.stride[0]
        if kept is None:
            whole = pad(x, (0, 0, 0, 0, size - 1, 0))
        else:
            whole = torch.cat([kept, x], dim=2)
        if memory is not None:
            memory.keep(self, whole, size - stride)
        made: Tensor = conv(whole)
        return made


class Norm(nn.Module):
    """A normalisation of (B, C, T, H, W) by its kind, see NORMS.

    "rms": each position is divided by the root of its channels' mean square (with 1e-6
    under the root), times `scale` (Zhang and Sennrich 2019; Wan); "frame": `groups`,
    a GroupNorm, of each frame alone; "time": `groups` over all frames, which tells
    early frames what comes later: it is here to be caught; "none": as it was.
    """

    def __init__(self, kind: str, width: int, groups: int = 8) -> None:
        """ValueError for another kind."""
        super().__init__()
        if kind not in NORMS:
            raise ValueError(f"norm={kind!r}: use one of {', '.join(NORMS)}")
        self.kind = kind
        self.groups = nn.GroupNorm(groups, width) if kind in ("frame", "time") else None
        self.scale = nn.Parameter(torch.ones(width, 1, 1, 1)) if kind == "rms" else None

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        if self.scale is not None:
            return x * (x.square().mean(1, keepdim=True) + 1e-6).rsqrt() * self.scale
        if self.groups is None:
            return x
        if self.kind == "time":
            whole: Tensor = self.groups(x)
            return whole
        frames = x.transpose(1, 2)  # every frame is a sample of its own
        normed: Tensor = self.groups(frames.flatten(0, 1))
        return normed.reshape(frames.shape).transpose(1, 2)


class CausalBlock(nn.Module):
    """Two causal convolutions beside a skip."""

    def __init__(self, width: int, norm: str = "none") -> None:
        """`width` channels; norm: see NORMS."""
        super().__init__()
        self.norm1, self.norm2 = Norm(norm, width), Norm(norm, width)
        self.conv1, self.conv2 = (CausalConv3d(width, width) for _ in range(2))
        nn.init.zeros_(self.conv2.conv.weight)  # deep nets start as shallow ones
        nn.init.zeros_(cast(Tensor, self.conv2.conv.bias))

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """x: (B, width, T, H, W), or a chunk of it. Returns the same shape."""
        h = self.conv1(silu(self.norm1(x)), memory)
        return cast(Tensor, x + self.conv2(silu(self.norm2(h)), memory))


class Halve(nn.Module):
    """1 + 2 k frames to 1 + k: the first stays alone, the others go in pairs."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Channels before and after."""
        super().__init__()
        self.conv = CausalConv3d(inputs, outputs, stride=2)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C, 1 + 2 k, H, W) to (B, C', 1 + k, H, W); later chunks 2 k to k."""
        return cast(Tensor, self.conv(x, memory))


class Double(nn.Module):
    """1 + k frames to 1 + 2 k, the way back: the first once, each other twice."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Channels before and after."""
        super().__init__()
        self.conv = CausalConv3d(inputs, outputs)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C, 1 + k, H, W) to (B, C', 1 + 2 k, H, W); later chunks k to 2 k.

        Frames are repeated, then `conv` looks at them. A chunk is a later one when the
        memory holds something of `conv`; an empty memory is that of a first chunk.
        """
        begun = memory is not None and self.conv in memory.frames
        twice = x.repeat_interleave(2, dim=2)
        made: Tensor = self.conv(twice if begun else twice[:, :, 1:], memory)
        return made


class Frames(nn.Module):
    """A layer for pictures, used on every frame of a clip alone."""

    def __init__(self, layer: nn.Module) -> None:
        """layer: (N, C, H, W) to (N, C', H', W')."""
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C, T, H, W) to (B, C', T, H', W')."""
        frames = x.transpose(1, 2)
        made = self.layer(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return cast(Tensor, made.transpose(1, 2))


class Chain(nn.ModuleList):
    """Such layers one after the other, with one memory for all."""

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """(B, C, T, H, W), or a chunk of it, through all layers."""
        for layer in self:
            x = layer(x, memory)
        return x

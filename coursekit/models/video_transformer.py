"""A DiT for clips: tokens are patches of latent frames, heard through time too.

One network for four ways to hear: all tokens of a clip ("full"), those of earlier
frames too but of no later one ("causal"), a frame and then a place through time
("factorised"), or a frame by itself ("frames"). To the last, blocks that look through
time can be added, which do nothing at first.
"""

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.attention import SelfAttention, fast_attention, merge_heads
from coursekit.models.dit import Head
from coursekit.models.frame_cache import FrameCache
from coursekit.models.layers import TimeEmbedding
from coursekit.models.modulation import Knobs, bare_norm, gated, modulate
from coursekit.models.rope import rotate
from coursekit.models.space_time import (
    causal_mask,
    clip_angles,
    group_angles,
    grouped,
    patchify_clip,
    ungrouped,
    unpatchify_clip,
)
from coursekit.models.transformer import MLP
from coursekit.models.word_pairs import WordPairs

ATTENTIONS = ("full", "causal", "factorised", "frames")


@dataclass(frozen=True)
class VideoDiTConfig:
    """The shape of a video DiT."""

    channels: int = 16  # of the latents
    patch: int = 2
    width: int = 160
    depth: int = 6
    heads: int = 4
    ratio: float = 4.0  # of the MLP's hidden width to `width`
    attention: str = "full"  # see ATTENTIONS
    times: int = 0  # blocks along time added to "frames", evenly between the others
    time_ratio: float = 2.0  # of their MLP: most of what they do is to listen
    narrow: int = 48  # what time and words pass through before a block's knobs
    words: int = 0  # how many its captions know; 0: it is told nothing


def block_kinds(config: VideoDiTConfig) -> list[str]:
    """How each block groups the tokens (`space_time.grouped`); added blocks last."""
    kinds = {"factorised": ("space", "time"), "frames": ("space", "space")}
    pair = kinds.get(config.attention, ("full", "full"))
    return [pair[i % 2] for i in range(config.depth)] + ["time"] * config.times


class VideoBlock(nn.Module):
    """A DiT block (adaLN-Zero) whose tokens hear each other in groups."""

    def __init__(
        self, width: int, heads: int, ratio: float, kind: str, narrow: int
    ) -> None:
        """kind: of `grouped`; narrow: see `VideoDiTConfig`."""
        super().__init__()
        self.kind = kind
        self.norm1, self.norm2 = bare_norm(width), bare_norm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp = MLP(width, ratio)
        # Knobs that read the whole condition would be a third of all weights: this is
        # the low-rank adaLN of Cosmos (NVIDIA 2025), here without its shared part.
        self.knobs = nn.Sequential(
            nn.Linear(width, narrow), Knobs(narrow, width, 6, zero=True)
        )

    def forward(
        self,
        x: Tensor,
        c: Tensor,
        frames: int,
        angles: Tensor,
        mask: Tensor | None = None,
        cache: FrameCache | None = None,
        block: int = 0,
    ) -> Tensor:
        """As `DiTBlock.forward`, on frames: each has a vector c of its own.

        x: (B T, P, width), T = frames; c: (B T, width); angles: (T P, d / 2); mask:
        (T P, S) bool; cache, block: where keys and values are kept. Returns x's shape.
        """
        shift1, scale1, gate1, shift2, scale2, gate2 = self.knobs(c)
        h = grouped(modulate(self.norm1(x), scale1, shift1), frames, self.kind)
        q, k, v = self.attention.project(h)
        angles = group_angles(angles, x.shape[1], self.kind)
        q, k = rotate(q, angles), rotate(k, angles)
        if cache is not None:
            k, v = cache.extended(block, k, v)
        h = self.attention.out(merge_heads(fast_attention(q, k, v, mask)))
        x = gated(x, gate1, ungrouped(h, frames, x.shape[1], self.kind))
        return gated(x, gate2, self.mlp(modulate(self.norm2(x), scale2, shift2)))


class VideoDiT(nn.Module):
    """Noisy latents of clips and their times in, velocities out; zero at the start."""

    def __init__(self, config: VideoDiTConfig) -> None:
        """Fresh weights; ValueError for an attention that ATTENTIONS does not hold."""
        super().__init__()
        c = config
        if c.attention not in ATTENTIONS:
            known = ", ".join(ATTENTIONS)
            raise ValueError(f"attention={c.attention!r}: use one of {known}")
        if c.times and (c.attention != "frames" or c.depth % c.times):
            raise ValueError(
                f"{c.times} blocks along time: they join attention='frames', evenly "
                f"between its {c.depth} blocks"
            )
        self.config = config
        self.enter = nn.Linear(c.channels * c.patch**2, c.width)
        self.time = TimeEmbedding(128, c.width)
        self.words = WordPairs(c.words, c.width) if c.words else None
        kinds, end = block_kinds(c), c.depth
        self.blocks = nn.ModuleList(
            VideoBlock(c.width, c.heads, c.ratio, kind, c.narrow)
            for kind in kinds[:end]
        )
        self.times = nn.ModuleList(
            VideoBlock(c.width, c.heads, c.time_ratio, kind, c.narrow)
            for kind in kinds[end:]
        )
        self.head = Head(c.width, c.channels * c.patch**2)

    def new_cache(self, tokens: int, window: int = 0) -> FrameCache:
        """An empty cache for a causal network. tokens: of a frame; window: see there.

        Raises ValueError for another network: later frames change earlier ones there.
        """
        if self.config.attention != "causal":
            raise ValueError(
                "only attention='causal' leaves settled frames as they are"
            )
        return FrameCache(self.config.depth, tokens, window)

    def forward(
        self,
        xt: Tensor,
        t: Tensor,
        cond: Tensor | None = None,
        cache: FrameCache | None = None,
    ) -> Tensor:
        """The velocity of every latent, like `xt`.

        xt: (B, C, T, H, W), sides multiples of patch; t: () or (B,), one time for the
        clip, or (B, T), one for each frame, 0 for a clean one; cond: (B, L) token ids,
        or None for no words. cache: of `new_cache`; xt are then the frames behind those
        that passed.
        """
        c, (frames, height, width) = self.config, xt.shape[2:]
        start = cache.frames if cache is not None else 0
        dim = c.width // c.heads
        angles = clip_angles(frames, height // c.patch, width // c.patch, dim, start)
        angles = angles.to(xt.device)
        x = self.enter(patchify_clip(xt, c.patch))
        x = x.unflatten(1, (frames, -1)).flatten(0, 1)  # (B T, P, width)
        told = self.told(xt, t, cond)
        mask = self._mask(frames, x.shape[1], cache, xt.device)
        every = c.depth // c.times if c.times else 0
        for i, block in enumerate(self.blocks):
            x = block(x, told, frames, angles, mask, cache, i)
            if every and (i + 1) % every == 0:
                x = self.times[i // every](x, told, frames, angles)
        if cache is not None:
            cache.passed(frames)
        y = self.head(x, told).unflatten(0, (-1, frames)).flatten(1, 2)
        return unpatchify_clip(y, c.patch, frames, height, width)

    def told(self, xt: Tensor, t: Tensor, cond: Tensor | None) -> Tensor:
        """Time and words of each frame in one vector: (B T, width)."""
        levels = t[:, None] if t.ndim == 1 else t
        levels = levels.expand(len(xt), xt.shape[2]).to(xt.dtype)
        vector = cast(Tensor, self.time(levels.flatten()))
        if self.words is None:
            return vector
        ids = self.words.nothing(xt.device) if cond is None else cond
        said: Tensor = self.words(ids).expand(len(xt), -1)
        return vector + said.repeat_interleave(xt.shape[2], dim=0)

    def _mask(
        self, frames: int, tokens: int, cache: FrameCache | None, device: torch.device
    ) -> Tensor | None:
        """Who looks where; None where everybody may look at all."""
        if self.config.attention != "causal":
            return None
        held, window = (cache.held, cache.window) if cache is not None else (0, 0)
        mask = causal_mask(held + frames, tokens, window)[held * tokens :]
        return mask.to(device)


def add_time(frame_model: VideoDiT, blocks: int = 3) -> VideoDiT:
    """Let a model of frames look through time: new blocks between its own.

    (As the motion modules of AnimateDiff, Guo et al. 2024, section 4.2, which close
    their last layer where this closes a gate.) The new blocks have gates of zero, so
    the answer is that of the frame model, bit for bit, until they learn. The weights of
    the frame model are copied. blocks: divides its depth. Raises ValueError for a model
    that is not one of frames.
    """
    config = replace(frame_model.config, times=blocks)
    model = VideoDiT(config).to(frame_model.enter.weight)  # its dtype and device
    model.load_state_dict({**model.state_dict(), **frame_model.state_dict()})
    return model.train(frame_model.training)

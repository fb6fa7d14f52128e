"""Keys and values of frames that are settled, so that a clip can go on behind them."""

import torch
from torch import Tensor


class FrameCache:
    """What a causal video transformer remembers of earlier frames, block by block.

    Keys are kept turned by the angle of their own frame. So frames are counted as they
    pass, not as they are kept: `frames` is the number of the next one, also when a
    window has dropped the first. A noisy frame must not be remembered: set `keep` to
    False while it is made, and pass the finished one once with `keep` True.
    """

    def __init__(self, blocks: int, tokens: int, window: int = 0) -> None:
        """tokens: of a frame; window: frames to look at, the new one counted; 0: all.

        Raises ValueError for a window below 0.
        """
        if window < 0:
            raise ValueError(f"window={window}: 0 for all frames, or at least 1")
        self.tokens, self.window, self.keep = tokens, window, True
        self.frames = 0  # that passed
        self._kept: list[tuple[Tensor, Tensor] | None] = [None] * blocks

    @property
    def held(self) -> int:
        """How many frames are kept."""
        first = self._kept[0]
        return 0 if first is None else first[0].shape[2] // self.tokens

    def extended(self, block: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """What is kept, then the new: k and v are (B, heads, S, d), turned already."""
        before = self._kept[block]
        if before is not None:
            k = torch.cat([before[0], k], dim=2)
            v = torch.cat([before[1], v], dim=2)
        if self.keep:
            # The next frame looks at itself too, so one fewer of the past is needed.
            most = (self.window - 1) * self.tokens if self.window else k.shape[2]
            first = max(0, k.shape[2] - most)
            self._kept[block] = (k[:, :, first:].detach(), v[:, :, first:].detach())
        return k, v

    def passed(self, frames: int) -> None:
        """Count frames whose pass is over; frames that are not kept do not count."""
        if self.keep:
            self.frames += frames

    def reset(self) -> None:
        """Forget all, as a new cache."""
        self.frames, self._kept = 0, [None] * len(self._kept)
